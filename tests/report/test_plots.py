"""Figures: what is drawn, at which places; nothing is compared pixel by pixel."""

import numpy as np
import pytest
from PIL import Image

from dnnbench.records.example import example_record
from dnnbench.report.best_known import BestKnown, no_best_known
from dnnbench.report.plots.anytime import anytime
from dnnbench.report.plots.strip import strip
from dnnbench.report.plots.trajectory import bands, trajectory
from tests.report.test_rules import trial


def labels(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_anytime_draws_a_step_line_for_each_trial_and_a_dot_for_the_answer():
    records = [example_record(seed=0), example_record(seed=1, solver="heo", instance="gset/G22")]
    figure = anytime(records, no_best_known)
    assert [ax.get_title() for ax in figure.axes] == ["gset/G14", "gset/G22"]
    assert labels(figure) == ["heo", "pi_gnn"]
    line, dot = figure.axes[0].get_lines()[:2]
    np.testing.assert_allclose(line.get_xdata(), [0.2, 10.0, 10.02])
    np.testing.assert_allclose(line.get_ydata(), [2980, 3031, 3031])
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (10.02, 3040)


def test_anytime_draws_gaps_where_the_best_value_is_known():
    figure = anytime([example_record()], lambda instance, problem: BestKnown(3040, "optimal", "x"))
    line, dot = figure.axes[0].get_lines()[:2]
    np.testing.assert_allclose(line.get_ydata(), [100 * 60 / 3040, 900 / 3040, 900 / 3040])
    assert 0 < dot.get_ydata()[0] < 0.01  # no gap stands at the foot of a logarithmic axis
    assert figure.axes[0].get_yscale() == "log"


def curves(**changes):
    record = trial(**changes)
    found = dict(record.diagnostics)
    found["oracle_psnr"] = {**found["oracle_psnr"], "curve": [[10, 20.0], [20, 24.0], [30, 22.0]]}
    found["oracle_bands"] = {"bands": 2, "curve": [[10, 0.9, 1.0], [20, 0.2, 0.8]]}
    return trial(**changes, diagnostics=found)


def test_trajectories_have_the_curve_and_a_mark_for_each_rule():
    figure = trajectory([curves(), curves(sigma=50.0)])
    (ax,) = figure.axes
    line, *marks = ax.get_lines()[:4]
    np.testing.assert_allclose(line.get_ydata(), [20, 24, 22])
    places = {(float(m.get_xdata()[0]), float(m.get_ydata()[0])) for m in marks}
    assert places == {(3000, 25.0), (700, 26.5), (900, 27.0)}
    assert "denoise (sigma=50.0)" in labels(figure)


def test_bands_are_lines_of_their_own():
    figure = bands([curves()])
    lines = figure.axes[0].get_lines()[:2]
    np.testing.assert_allclose([line.get_ydata() for line in lines], [[0.9, 0.2], [1.0, 0.8]])
    assert labels(figure) == ["0.0 to 0.5 of Nyquist", "0.5 to 1.0 of Nyquist"]


def test_strips_show_every_picture_once_with_its_figure(tmp_path):
    names = ("clean", "measured", "step_1000", "step_30", "es_emv", "answer")
    for name in names:
        Image.fromarray(np.full((4, 4), 128, np.uint8)).save(tmp_path / f"{name}.png")
    found = {name: tmp_path / f"{name}.png" for name in names}
    figure = strip([trial()], lambda record: found)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["clean", "measured", "step 30", "step 1000", "es_emv, step 700\n26.50 dB"]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: anytime([example_record(trace=[])], no_best_known), "trace"),
        (lambda: trajectory([example_record()]), "oracle=true"),
        (lambda: bands([trial()]), "bands=5"),
        (lambda: strip([trial()], lambda record: {}), "pictures"),
    ],
)
def test_what_cannot_be_drawn_is_said(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_a_baselines_answer_is_shown_beside_the_rules_of_a_network(tmp_path):
    for name in ("clean", "measured", "es_emv", "answer", "latest"):
        Image.fromarray(np.full((4, 4), 128, np.uint8)).save(tmp_path / f"{name}.png")

    def pictures(record):
        names = ["clean", "measured", "answer"]
        names += ["es_emv", "latest"] if record.role == "method" else []
        return {name: tmp_path / f"{name}.png" for name in names}

    plain = trial(solver="nonlocal_means", role="baseline", diagnostics={})
    figure = strip([trial(), plain], pictures)
    shown = [ax.get_title().splitlines()[0] for ax in figure.axes if ax.images]
    assert sorted(shown) == sorted(["clean", "measured"] * 2 + ["es_emv, step 700", "answer"])
