"""`dnnbench table --experiment` and `--report`; records files of others."""

import csv
import io
import json

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.store import Store
from dnnbench.sweep import manifest

BLOCKS = [["problem=maxcut", "baseline=greedy,random", "instance=gset/G14", "seed=0,1"]]
REPORT = "problem: maxcut\nsolvers: [{name: greedy, print: <b>Greedy}]\nformat: html\n"


def trial(number, solver, seed, **changes):
    own = {"trial_id": f"{number:020x}", "role": "baseline", "kind": "classical"}
    return example_record(**own | {"solver": solver, "seed": seed} | changes)


@pytest.fixture
def results(tmp_path):
    """An experiment of four trials, of which `random` lacks one; and a trial beside it."""
    root = tmp_path / "results"
    store = Store(root)
    plan = [(s, solver) for s in (0, 1) for solver in ("greedy", "random")]
    for number, (seed, solver) in enumerate(plan[:3]):
        store.put(trial(number, solver, seed))
    store.put(trial(9, "tabu", 0))
    manifest.write(root, "mine", BLOCKS, [], [f"{number:020x}" for number in range(4)])
    return root


def test_only_an_experiment_s_trials_and_what_was_not_run(cli, results):
    rows = list(csv.DictReader(io.StringIO(cli("table", results, "-f", "csv").out)))
    assert [row["solver"] for row in rows] == ["greedy", "random", "tabu"]
    text = cli("table", results, "--experiment", "mine", "-f", "csv").out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["solver"], row["seeds"]) for row in rows] == [
        *(("greedy", "2"), ("random", "1"), ("random", "0"))
    ]
    text = cli("table", results, "--experiment", "mine", "-f", "markdown").out
    (line,) = [line for line in text.splitlines() if "not run" in line and line[0] == "|"]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:6] == ["gset/G14", "random", "-", "1", "-", "not run"]
    assert "Experiment mine: 1 of 4 trials were not run." in text


def test_not_run_in_a_wide_table(cli, results):
    text = cli("table", results, "--experiment", "mine", "--wide", "-f", "markdown").out
    assert "1 not run" in text
    assert "| tabu" not in text


def test_what_was_not_run_follows_the_other_choices(cli, results):
    arguments = ("table", results, "--experiment", "mine", "-f", "csv")
    assert cli(*arguments, "--solver", "greedy").out.count("random") == 0
    assert cli(*arguments, "--instance", "gset/G14").out.count("random") == 2
    assert cli(*arguments, "--where", "budget.seconds=10").out.count("random") == 2


def test_what_was_not_run_with_another_budget_is_left_out(cli, results):
    words = ["baseline=greedy", "instance=gset/G14", "seed=0,1", "budget.seconds=10,60"]
    ids = [f"{number:020x}" for number in (0, 97, 2, 99)]  # 10 s, 60 s, for each seed
    manifest.write(results, "two", [words], [], ids)
    arguments = ("table", results, "--experiment", "two", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(cli(*arguments).out)))
    assert [row["seeds"] for row in rows] == ["2", "0"]
    rows = cli(*arguments, "--where", "budget.seconds=10").out.splitlines()
    assert len(rows) == 2


def test_an_experiment_nobody_started(cli, results):
    said = cli("table", results, "--experiment", "mime")
    assert (said.code, said.out) == (2, "")
    assert "no experiment 'mime'" in said.err
    assert "did you mean 'mine'" in said.err
    said = cli("table", results, "--experiment", "mine", "--solver", "tabu")
    assert "no trial of experiment 'mine'" in said.err


def test_a_report(cli, results, tmp_path):
    path = tmp_path / "report.yaml"
    path.write_text(REPORT)
    page = cli("table", results, "--report", path).out
    assert page.startswith("<!DOCTYPE html>")
    assert "&lt;b&gt;Greedy" in page
    assert cli("table", results, "--report", path, "-f", "markdown").out.startswith("| solver")
    page = cli("table", results, "--report", path, "--experiment", "mine").out
    assert "Experiment mine: 1 of 4 trials were not run." in page
    assert "random" not in page


def test_a_report_of_a_suite(cli, results, tmp_path):
    path = tmp_path / "report.yaml"
    path.write_text("problem: maxcut\nsuite: gset_small\nformat: csv\n")
    text = cli("table", results, "--report", path).out
    assert len({row["instance"] for row in csv.DictReader(io.StringIO(text))}) > 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--report", "nothing"], "unknown report 'nothing'"),
        (["--report", "cliques", "--wide"], "--report and --wide are different tables"),
        (["--report", "cliques"], "no records in "),
    ],
)
def test_wrong_use(cli, results, arguments, said):
    done = cli("table", results, *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def damaged(text):
    data = json.loads(text)
    return {
        "truncated": text[: len(text) // 2],
        "empty": "",
        "binary": "\x80\x04\x95cos\nsystem\n",
        "another object": "[1, 2]",
        "a field too many": json.dumps({**data, "__class__": "os.system"}),
        "a wrong type": json.dumps({**data, "value": {"py/object": "os.system"}}),
        "a deep nest": text.replace('"trace": [', '"trace": [' + "[" * 100_000, 1),
    }


@pytest.mark.parametrize("what", list(damaged(example_record().dumps())))
def test_a_damaged_records_file_is_named_and_left_out(cli, results, what):
    path = Store(results).path(f"{11:020x}")
    path.write_text(damaged(trial(11, "evil", 0).dumps())[what])
    done = cli("table", results, "-f", "html")
    assert done.code == 0
    assert "evil" not in done.out
    assert f"record {11:020x} is damaged" in done.err


def test_names_in_a_records_file_are_text(cli, results):
    names = {"solver": "<script>alert(1)</script>", "instance": r"\input{/etc/passwd}"}
    Store(results).put(example_record(**names, trial_id=f"{12:020x}"))
    assert "<script" not in cli("table", results, "-f", "html").out
    assert r"\input" not in cli("table", results, "-f", "latex").out
    Store(results).put(example_record(solver="\x1b]0;evil\x07", trial_id=f"{13:020x}"))
    assert "\x1b" not in cli("table", results).out
