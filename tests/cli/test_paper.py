"""`dnnbench paper` as a user types it: tiny instances, budgets in steps."""

import shlex
from dataclasses import replace

import pytest

from dnnbench.cli.progress import Progress
from dnnbench.records.status import Status
from dnnbench.records.store import Store
from dnnbench.report.layouts.latex import escape
from dnnbench.studies.paper.description import read_description

EXPERIMENT = """
blocks:
  - - problem=maxcut
    - baseline=greedy,random
    - instance=gen/random_regular-n20-d3-s1,gen/random_regular-n24-d3-s1
    - seed=0,1
    - budget.steps=20
profiles:
  one: [seed=0]
"""
PAPER = r"""
title: Cuts \input{/etc/passwd} of 50 %
text: An introduction.
profiles: [small, one]
families:
  cuts:
    title: Maximum cut
    sweep:
      small: experiment=mine.yaml
      one: experiment=mine.yaml profile=one
    table:
      problem: maxcut
      columns: [kind, values, gap, failed]
      caption: Cuts of a_b & c
    figure: {kind: gaps, caption: 100 % of it, width: column}
  formulas:
    sweep:
      small: problem=sat baseline=walksat instance=gen/planted_ksat-n20-k3-r3-s1 budget.steps=200
      one: problem=sat baseline=walksat instance=gen/planted_ksat-n20-k3-r3-s1 budget.steps=200
    table: {problem: sat, columns: [kind, seeds, solved, par2]}
"""


@pytest.fixture
def paper(tmp_path):
    """A paper of two families, nine trials, beside its experiment."""
    (tmp_path / "mine.yaml").write_text(EXPERIMENT)
    path = tmp_path / "paper.yaml"
    path.write_text(PAPER)
    return path


@pytest.fixture(autouse=True)
def without_tex(monkeypatch):
    """Sources only: what TeX makes of them is another test's matter."""
    monkeypatch.setattr("dnnbench.studies.paper.compile.ENGINES", ())


def rows(output, name):
    """The body of a table in LaTeX, by its first column."""
    text = (output / "tables" / f"{name}.tex").read_text()
    body = text.partition(r"\midrule")[2].partition(r"\bottomrule")[0]
    lines = [line.removesuffix(r" \\") for line in body.strip().splitlines()]
    return {line.split(" & ")[0]: line for line in lines}


def test_nothing_on_record(cli, paper, tmp_path):
    out = tmp_path / "out"
    done = cli("paper", paper, "--no-run", "-o", out)
    assert done.code == 0
    assert not (out / "store").exists()  # it only reads
    text = (out / "main.tex").read_text()
    assert "Profile small: 0 of 9 trials are on record." in text
    assert "8 of 8 trials were not run (how long they would take is not known)." in text
    assert "There is no figure: none of its trials is on record." in text
    found = rows(out, "cuts")
    assert list(found) == ["greedy", "random"]
    assert all(row.count("not run") == 3 for row in found.values())  # two graphs and the gap
    assert "not run" in rows(out, "formulas")["walksat"]
    assert "sources only" in done.err


def test_only_what_is_missing_is_run_and_the_commands_make_the_same(
    cli, paper, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    first = cli("paper", paper, "-o", out)
    assert first.code == 0, first.err
    assert "cuts: 8 done, 0 on record, 0 failed" in first.out
    assert "not run" not in (out / "tables" / "cuts.tex").read_text()
    assert "trials were not run" not in (out / "main.tex").read_text()
    before = {p.name: p.read_bytes() for p in (out / "tables").iterdir()}
    assert (out / "figures" / "cuts.pdf").read_bytes()[:4] == b"%PDF"

    store = Store(out / "store")
    store.path(next(iter(store.ids()))).unlink()
    again = cli("paper", paper, "-o", out)
    assert "together: 1 trials to run" in again.out
    assert {p.name: p.read_bytes() for p in (out / "tables").iterdir()}.keys() == before.keys()
    assert cli("paper", paper, "-o", out, "--no-run", "--quiet").code == 0
    before = {p.name: p.read_bytes() for p in (out / "tables").iterdir()}

    from dnnbench.studies.paper.document import commands
    from dnnbench.studies.paper.parts import evidence, plan_parts
    from dnnbench.studies.paper.write import Section

    monkeypatch.chdir(out)
    described = read_description(str(paper))
    parts = plan_parts(
        described, "small", out / "store", data_dir=None, cache_dir=tmp_path / "cache"
    )
    for part in parts:
        section = Section(evidence(part, store), "", "", "", "")
        for command in commands(section, "small", "store")[1:]:  # the sweep's is run above
            done = cli(*shlex.split(command)[1:])
            assert done.code == 0, (command, done.err)
            assert escape(command) in (out / "main.tex").read_text()
    assert {p.name: p.read_bytes() for p in (out / "tables").iterdir()} == before


def test_an_interrupted_one_goes_on(cli, paper, tmp_path, monkeypatch):
    out = tmp_path / "out"
    ended = Progress.ended
    count = iter(range(100))

    def interrupts(self, event):
        ended(self, event)
        if next(count) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "ended", interrupts)
    done = cli("paper", paper, "-o", out)
    assert done.code == 130
    assert "the same command goes on from here" in done.err
    monkeypatch.undo()
    monkeypatch.setattr("dnnbench.studies.paper.compile.ENGINES", ())
    cli("paper", paper, "-o", out, "--no-run")
    assert "5 of 8 trials were not run" in (out / "main.tex").read_text()
    done = cli("paper", paper, "-o", out)
    assert done.code == 0
    assert "cuts: 5 done, 3 on record, 0 failed" in done.out


def test_a_profile_and_a_family(cli, paper, tmp_path):
    out = tmp_path / "out"
    done = cli("paper", paper, "-o", out, "--profile", "one", "--only", "cuts", "--dry-run")
    assert done.out.splitlines() == [
        "cuts: 4 trials, 4 to run, about 0 s, 4 of which nothing is known",
        "together: 4 trials to run, about 0 s",
    ]
    assert not out.exists()
    assert (
        cli("paper", paper, "-o", out, "--profile", "one", "--only", "cuts", "--no-run").code == 0
    )
    assert "formulas" not in (out / "main.tex").read_text()


def test_what_is_not_here_keeps_only_its_family_from_being_run(cli, paper, tmp_path):
    text = PAPER.replace("gen/planted_ksat-n20-k3-r3-s1", "satlib/uf50-01")
    paper.write_text(text)
    out = tmp_path / "out"
    done = cli("paper", paper, "-o", out, "--profile", "one")
    assert done.code == 1
    assert "formulas is not run: satlib/uf50-01 is not here" in done.err
    text = (out / "main.tex").read_text()
    assert "1 of 1 trials were not run: satlib/uf50-01 is not here" in text
    assert "not run" in rows(out, "formulas")["walksat"]
    assert "not run" not in (out / "tables" / "cuts.tex").read_text()


def test_a_failure_stands_in_the_table(cli, paper, tmp_path):
    out = tmp_path / "out"
    assert cli("paper", paper, "-o", out, "--only", "cuts").code == 0
    store = Store(out / "store")
    record = next(r for r in store.records() if r.solver == "greedy")
    nothing = {"feasible": None, "value": None, "raw_value": None, "polish": None}
    store.put(replace(record, status=Status.ERROR, **nothing), replace=True)
    done = cli("paper", paper, "-o", out, "--only", "cuts")
    assert done.code == 0  # a failure is a result
    assert "cuts: 0 done, 8 on record, 1 failed" in done.out
    assert "1/2 failed" in rows(out, "cuts")["greedy"]
    assert rows(out, "cuts")["greedy"].endswith("1/4")


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        ((), ("--profile", "smal"), "did you mean 'small'?"),
        ((), ("--only", "cut"), "did you mean 'cuts'?"),
        (("title: Cuts", "titel: Cuts"), (), "did you mean 'title'?"),
        (("    figure: {kind", "    figur: {kind"), (), "did you mean 'figure'?"),
        (("kind: gaps", "kind: gap"), (), "did you mean 'gaps'?"),
        (("width: column", "wdth: column"), (), "did you mean 'width'?"),
        (("columns: [kind, v", "columns: [kinds, v"), (), "did you mean 'kind'"),
        (("width: column", "gap: 1"), (), "--gap and --target are for"),
        (("profile=one", "profile=on"), ("--profile", "one"), "did you mean 'one'?"),
        (("=walksat", "=walkst"), (), "did you mean 'walksat'?"),
        (("gen/planted_ksat", "gen/planted_sat"), (), "did you mean 'planted_ksat'"),
        (("budget.steps=200", "results=x"), (), "must not name results="),
        (("  cuts:", "  ../cuts:"), (), "letters, digits"),
        (("      one: experiment", "      two: experiment"), (), "unknown profile in `sweep`"),
        (("[small, one]", "[small, one, big]"), (), "nothing of the profile 'big'"),
    ],
)
def test_wrong_use(cli, paper, tmp_path, change, arguments, said):
    if change:
        assert change[0] in PAPER
        paper.write_text(PAPER.replace(*change))
    done = cli("paper", paper, "-o", tmp_path / "out", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (tmp_path / "out").exists()


def test_an_unknown_paper(cli, tmp_path):
    done = cli("paper", "survy", "-o", tmp_path / "out")
    assert done.code == 2
    assert "did you mean 'survey'?" in done.err
    assert cli("paper", tmp_path / "no.yaml").code == 2
