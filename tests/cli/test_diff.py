"""`dnnbench diff` as typed, on two small stores."""

import csv
import io
import json
from dataclasses import replace

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.store import Store
from dnnbench.sweep import manifest
from tests.cli.command import dnnbench

STEPS = {"seconds": None, "steps": 100, "restarts": None, "target": None, "cores": 2}
COMMITS = {"old": "0123456789ab", "new": "0129999999ab"}
MACHINE = {"cpu_model": "Example CPU", "cores_logical": 2, "machine": "x86_64"}


def record(number, seed, value, side, **changes):
    own = {
        "trial_id": f"{number:020x}",
        "seed": seed,
        "value": value,
        "budget": STEPS,
        "solve_seconds": 1.0 if side == "old" else 1.5,
        "environment": {**MACHINE, "git_commit": COMMITS[side], "git_dirty": side == "new"},
    }
    return example_record(**own | changes)


def fill(root, side, *, first, values, **changes):
    store = Store(root)
    records = [
        record(first + seed, seed, value, side, **changes) for seed, value in enumerate(values)
    ]
    for one in records:
        store.put(one)
    return [one.trial_id for one in records]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """`old` and `new`: pi_gnn lost 1 %, pqqa repeats exactly; heo was added."""
    monkeypatch.chdir(tmp_path)
    for side, value in (("old", 1000), ("new", 990)):
        fill(side, side, first=0, values=[value] * 8)
        fill(side, side, first=100, values=[1000] * 8, solver="pqqa")
    fill("new", "new", first=200, values=[1000] * 2, solver="heo")
    return tmp_path


def rows(said):
    assert said.code == 0, said.err
    return list(csv.DictReader(io.StringIO(said.out)))


def test_two_folders(cli, place):
    said = cli("diff", "old", "new")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    (worse,) = [line for line in lines if line.strip().startswith("worse") and "G14" in line]
    assert worse.split()[:6] == ["worse", "gset/G14", "pi_gnn", "1000", "990", "-1"]
    assert "A: old (16 records). B: new (18 records)." in said.out
    assert "2 cells (a solver on an instance): 1 worse, 0 better, 0 undecided, 1 equiv" in said.out
    assert "Without a counterpart: 0 trials of A, 2 of B: heo in B: the solver is not" in said.out


def test_swapped(cli, place):
    said = cli("diff", "new", "old", "-f", "csv")
    outcomes = [(r["scope"], r["solver"], r["outcome"]) for r in rows(said)]
    assert outcomes == [
        ("cell", "pi_gnn", "better"),
        ("cell", "pqqa", "equivalent"),
        ("overall", "pi_gnn", "better"),
        ("overall", "pqqa", "equivalent"),
        ("alone", "heo", "unpaired"),
    ]


@pytest.mark.parametrize("style", ["terminal", "markdown", "csv", "json"])
def test_the_exit_code(cli, place, style):
    words = ("diff", "old", "new", "-f", style)
    assert cli(*words).code == 0
    said = cli(*words, "--fail-on", "worse")
    assert said.code == 1
    assert "pi_gnn" in said.out
    assert cli("diff", "new", "old", "-f", style, "--fail-on", "worse").code == 0
    assert cli("diff", "old", "old", "-f", style, "--fail-on", "worse").code == 0


def test_the_margin_and_the_level_decide(cli, place):
    def outcome(*words):
        return rows(cli("diff", "old", "new", "-f", "csv", *words))[0]["outcome"]

    assert outcome() == "worse"
    assert outcome("--margin", "0.02") == "equivalent"
    assert outcome("--margin", "relative=0.02") == "equivalent"
    assert outcome("--margin", "decades=0.02") == "worse"
    assert outcome("--level", "0.005") == "undecided"  # 2 / 2^8 is the least p


def test_times(cli, place):
    found = rows(cli("diff", "old", "new", "--metric", "time", "-f", "csv"))
    assert [row["outcome"] for row in found[:2]] == ["worse", "worse"]
    words = ("diff", "old", "new", "--metric", "time", "--fail-on", "worse")
    assert cli(*words).code == 1
    assert cli(*words, "--margin", "0.6").code == 0


def test_times_of_other_hardware(cli, place):
    other = {"environment": {**MACHINE, "cpu_model": "Another CPU"}}
    fill("far", "new", first=0, values=[1000] * 8, **other)
    said = cli("diff", "old", "far", "--metric", "time")
    assert (said.code, said.out) == (2, "")
    assert "times of different hardware cannot be compared: A ran on cpu (Example CPU)" in said.err
    assert "B on cpu (Another CPU)" in said.err
    assert cli("diff", "old", "far").code == 0


def test_a_changed_setting_is_said(cli, place):
    fill("tuned", "new", first=0, values=[1000] * 8, settings={"learning_rate": 0.5})
    said = cli("diff", "old", "tuned", "-f", "markdown")
    assert "pi_gnn: learning_rate 0.01 -> 0.5, layers [64,32] -> absent." in said.out
    assert rows(cli("diff", "old", "tuned", "-f", "csv"))[0]["outcome"] == "equivalent"


def test_budgets_that_differ(cli, place):
    fill("long", "new", first=0, values=[1000] * 8, budget={**STEPS, "steps": 500})
    said = cli("diff", "old", "long")
    assert (said.code, said.out) == (2, "")
    assert "budgets differ: pi_gnn on gset/G14 had steps=100, cores=2 in A and" in said.err
    assert "budget.steps 100 -> 500" in cli("diff", "old", "long", "--any-budget").out


def test_where(cli, place):
    fill("old", "old", first=300, values=[1] * 2, budget={**STEPS, "steps": 7})
    fill("new", "new", first=300, values=[1] * 2, budget={**STEPS, "steps": 7})
    assert len(rows(cli("diff", "old", "new", "-f", "csv"))) == 7
    found = rows(cli("diff", "old", "new", "-f", "csv", "--where", "budget.steps=7"))
    assert [(r["scope"], r["pairs"]) for r in found] == [("cell", "2"), ("overall", "2")]
    for word, said in (
        ("budget.steps", "write KEY=VALUE"),
        ("budget.stops=7", "did you mean 'budget.steps'"),
        ("budget.steps=8", "no records of old match"),
    ):
        done = cli("diff", "old", "new", "--where", word)
        assert (done.code, done.out) == (2, "")
        assert said in done.err


def test_experiments(cli, place):
    ids = {side: fill("results", side, first=0 if side == "old" else 50, values=[value] * 8)
           for side, value in (("old", 1000), ("new", 990))}  # fmt: skip
    for name, trials in (("first", ids["old"]), ("second", [*ids["new"], "f" * 20])):
        manifest.write(place / "results", name, [["a"]], [], trials)
    said = cli("diff", "first", "second")
    assert said.code == 0
    assert "A: experiment first in results (8 records). B: experiment second in" in said.out
    assert "Experiment second: 1 of 9 trials were not run." in said.out
    for words in (
        ("results:first", "results:second"),
        ("old", "second"),
        ("first", "second", "--results", place / "results"),
    ):
        assert rows(cli("diff", *words, "-f", "csv"))[0]["outcome"] == "worse"


def test_commits(cli, place):
    for side, first, value in (("old", 0, 1000), ("new", 50, 990)):
        fill("results", side, first=first, values=[value] * 8)
    said = cli("diff", "@01234", "@01299")
    assert said.code == 0
    assert "A: commit 0123456789ab in results (8 records)." in said.out
    assert "Commit 0129999999ab: 8 of 8 records were made with changed files." in said.out
    for word in ("old@0123", f"old@{COMMITS['old']}{'7' * 28}"):
        assert rows(cli("diff", word, "results@0129", "-f", "csv"))[0]["outcome"] == "worse"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["old"], "Missing argument 'B'"),
        (["old", "nothing"], "'nothing' is neither a results folder nor an experiment in"),
        (["old", "sekond"], "did you mean 'second'"),
        (["old", "old:second"], "no experiment 'second' in old"),
        (["old", "nowhere:second"], "'nowhere:second' is neither a results folder nor"),
        (["old", "empty"], "no records in empty"),
        (["old", "both"], "'both' is a folder and an experiment in results; write ./both or"),
        (["old", "old@"], "give at least four digits of a commit; there are: 0123456789ab (16)"),
        (["old", "old@xyz0"], "'@xyz0': give at least four digits of a commit"),
        (["old", "old@ffff"], "no record in old of a commit that begins with 'ffff'; there are"),
        (["old", "mixed@012a"], "records of 2 commits in mixed of a commit that begins with"),
        (["old", "new", "--level", "0"], "--level 0: choose a probability between 0 and 1"),
        (["old", "new", "--level", "nan"], "--level nan: choose"),
        (["old", "new", "--margin", "-1"], "--margin '-1': write a number that is at least 0"),
        (["old", "new", "--margin", "x"], "--margin 'x': write a number"),
        (["old", "new", "--margin", "inf"], "--margin 'inf': write a number"),
        (["old", "new", "--margin", "decade=1"], "did you mean 'decades'"),
        (["old", "new", "--metric", "speed"], "'speed' is not one of"),
        (["old", "new", "--fail-on", "better"], "'better' is not one of"),
        (["old", "new", "-f", "latex"], "'latex' is not one of"),
    ],
)
def test_wrong_use(cli, place, words, said):
    manifest.write(place / "results", "second", [["a"]], [], ["0" * 20])
    manifest.write(place / "results", "both", [["a"]], [], ["0" * 20])
    for name in ("both", "empty"):
        (place / name).mkdir()
    for commit, number in (("012a00000000", 1), ("012a11111111", 2)):
        environment = {**MACHINE, "git_commit": commit}
        fill("mixed", "old", first=number * 10, values=[1], environment=environment)
    done = cli("diff", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert done.err.count("\n") <= 2


def test_nothing_in_common(cli, place):
    fill("other", "new", first=0, values=[1], solver="heo")
    done = cli("diff", "old", "other")
    assert (done.code, done.out) == (2, "")
    assert "A and B have no trial in common (pi_gnn of A: the solver is not there;" in done.err


def test_a_damaged_record_is_named_and_left_out(cli, place):
    Store("new").path(f"{0:020x}").write_text("{")
    said = cli("diff", "old", "new", "-f", "csv")
    assert f"record {0:020x} is damaged" in said.err
    assert rows(said)[0]["pairs"] == "7"


def test_nothing_is_written(cli, place):
    before = sorted(path for path in place.rglob("*"))
    for style in ("terminal", "json"):
        cli("diff", "old", "new", "-f", style)
    assert sorted(path for path in place.rglob("*")) == before


def test_names_in_records_are_text(cli, place):
    for side, value in (("old", 1000), ("new", 990)):
        fill("x" + side, side, first=0, values=[value] * 8, solver="<b>|\x1b[31m")
    text = cli("diff", "xold", "xnew", "-f", "markdown").out
    assert "<b>" not in text
    assert "&lt;b>\\|[U+001B][31m" in text
    assert "\x1b" not in cli("diff", "xold", "xnew").out


def test_in_a_process_of_its_own(place):
    """The whole table on a terminal of 80 columns; JSON for programs; exit codes."""
    done = dnnbench("diff", "old", "new", "--fail-on", "worse", cwd=place, COLUMNS="80")
    assert (done.returncode, done.stderr) == (1, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    done = dnnbench("diff", "old", "new", "-f", "json", cwd=place)
    data = json.loads(done.stdout)
    assert (done.returncode, data["worse"], len(data["cells"])) == (0, True, 2)


def test_records_of_one_trial_run_again(cli, place):
    """An older repeat of a seed counts for nothing, and is said."""
    again = record(400, 0, 1000, "new", created="2026-03-01T00:00:00Z")
    Store("new").put(replace(again, value=1000))
    said = cli("diff", "old", "new", "-f", "markdown")
    assert "7 of 8" in said.out
    assert "Left out: 1 older repeats of a seed." in said.out
