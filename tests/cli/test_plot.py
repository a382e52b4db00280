"""`dnnbench plot` of solvers that are compared: files, options, and what is said of bad ones."""

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.store import Store


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Four solvers on two graphs, eight seeds each."""
    folder = tmp_path_factory.mktemp("compared") / "results"
    store = Store(folder)
    for k, solver in enumerate(("a", "b", "c", "d")):
        for number in range(16):
            graph, seed = divmod(number, 8)
            value = 3000 - 10 * k - seed
            store.put(
                example_record(
                    trial_id=f"{k:02d}{number:018d}",
                    solver=solver,
                    instance=f"graph{graph}",
                    instance_sha256=f"{graph}" * 64,
                    seed=seed,
                    value=value,
                    raw_value=value,
                    trace=[[0.1 * (k + 1), 1, value]],
                )
            )
    return folder


@pytest.mark.parametrize(
    ("words", "suffix", "within"),
    [
        (("profile", "--gap", "2.5"), "svg", "gap ≤ 2.5 %"),
        (("ecdf", "--target", "2990"), "svg", "value 2990"),
        (("ttt",), "svg", "seeds at gap ≤ 1 %"),
        (("ranks",), "pdf", "%PDF"),
        (("gaps", "--width", "column"), "svg", 'width="237.6pt"'),  # 3.3 inches
        (("quality",), "png", "PNG"),
    ],
)
def test_every_kind_is_drawn_without_a_limit_of_trials(
    cli, results, tmp_path, words, suffix, within
):
    path = tmp_path / f"figure.{suffix}"
    done = cli("plot", words[0], results, *words[1:], "-o", path)
    assert (done.code, done.out) == (0, f"{path}: 64 trials\n"), done.err
    assert within in path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("anytime",), "64 trials are too many for a figure (at most 60)"),
        (("gaps", "--gap", "1"), "plot gaps: --gap and --target are for profile, ecdf, ttt"),
        (("ecdf", "--gap", "1", "--target", "2"), "--gap or --target: give one of them"),
        (("ttt", "--gap", "1", "--gap", "2"), "plot ttt: it draws the times to one target"),
        (("profile", "--gap", "-1"), "--gap: from 0 to 100 %"),
        (("strip", "--width", "page"), "plot strip: its size follows what is drawn"),
        (("ranks", "--solver", "a"), "plot ranks: Friedman's test needs three solvers"),
        (("profile", "--target", "9000"), "plot profile: no solver reached the target"),
    ],
)
def test_what_cannot_be_drawn_is_said(cli, results, words, message):
    kind, *options = words
    done = cli("plot", kind, results, *options)
    assert done.code == 2
    assert message in done.err
