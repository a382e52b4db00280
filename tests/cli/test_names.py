"""`--help`, `list`, `show` and completion: what there is to choose from."""

import json
import subprocess
import sys

import pytest

from dnnbench.cli.completion import complete_override
from dnnbench.config import catalog
from dnnbench.instances import registry
from tests.cli.command import dnnbench, environment

THINGS = ["methods", "baselines", "problems", "instances", "suites", "hardware"]
THINGS += ["experiments", "launchers"]
CONTRACT = {"name", "kind", "taxonomy", "problems", "paper", "licence"}


WORDS = (
    "run list show table plot sweep resume status compare diff regress accept paper stack export"
)
VERBS = [(verb,) for verb in WORDS.split()]
VERBS += [(), ("rerun",), ("check",), ("data", "export")]


@pytest.mark.parametrize("verb", VERBS)
def test_help(cli, verb):
    said = cli(*verb, "--help")
    assert said.code == 0
    assert "Usage: dnnbench" in said.out
    assert said.err == ""


def test_version_and_a_bare_command_line():
    assert dnnbench("--version").stdout == "0.1.0\n"
    bare = dnnbench()
    assert bare.returncode == 2
    assert "Usage: dnnbench" in bare.stdout + bare.stderr


@pytest.mark.parametrize("thing", THINGS)
def test_list_prints_a_line_for_each(cli, thing):
    names = [row["name"] for row in json.loads(cli("list", thing, "--json").out)]
    said = cli("list", thing)
    assert said.code == 0
    assert names
    if thing in ("methods", "baselines", "problems", "hardware"):
        assert set(names) == set(catalog.entries(thing.removesuffix("s")))
    assert all(name in said.out for name in names)


@pytest.mark.parametrize("thing", ["methods", "baselines"])
def test_list_json_has_the_contract_s_keys(cli, thing):
    for row in json.loads(cli("list", thing, "--json").out):
        assert row.keys() >= CONTRACT
        assert isinstance(row["problems"], list)
        assert row["taxonomy"] in ("architecture-agnostic", "architecture-specific", "none")
        assert all(row[key] for key in CONTRACT)


def test_list_alone_shows_all_but_instances(cli):
    said = cli("list")
    for group in ("method", "baseline", "problem", "hardware"):
        assert all(name in said.out for name in catalog.entries(group))


def test_list_instances_of_a_suite(cli):
    said = cli("list", "instances", "--suite", "gset")
    lines = said.out.splitlines()
    assert len(lines) == 71
    assert lines[0].split() == ["gset/G1", "n", "800", "m", "19176", "best", "known", "11624"]


def test_list_into_a_pipe_that_closes_is_no_error():
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m dnnbench list instances | head -1"],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.stdout.startswith("gset/G1 ")
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("group", catalog.GROUPS)
def test_show_every_option(cli, group):
    for entry in catalog.entries(group).values():
        said = cli("show", entry.name)
        assert said.code == 0
        assert f"{entry.name} ({group})" in said.out
        for key in entry.defaults:
            assert f"{group}.{key} = {json.dumps(entry.defaults[key])}" in said.out


def test_show_says_paper_kind_licence_and_units(cli):
    said = cli("show", "pi_gnn").out
    for part in ("kind: network", "arXiv 2107.01188", "licence: Apache-2.0", "[steps]", "> 0"):
        assert part in said


@pytest.mark.parametrize("name", ["gset/G14", "gset"])
def test_show_instances_and_suites(cli, name):
    said = cli("show", name)
    assert said.code == 0
    assert "gset" in said.out


@pytest.mark.parametrize(
    ("typed", "completions"),
    [
        ("meth", ["method="]),
        ("method=simulated", ["method=simulated_bifurcation"]),
        ("baseline=gr", ["baseline=greedy"]),
        ("hardware=gpu", ["hardware=gpu", "hardware=gpu_all"]),
        ("budget.se", ["budget.seconds="]),
        ("hardware.thr", ["hardware.threads="]),
        ("method.learn", ["method.learning_rate="]),
        (
            "instance=gset/G7",
            ["instance=gset/G7", "instance=gset/G70", "instance=gset/G72", "instance=gset/G77"],
        ),
        ("see", ["seed="]),
        ("nothing", []),
        ("seed=", []),
    ],
)
def test_completion(typed, completions):
    assert complete_override(typed) == completions


def test_completion_of_an_empty_word_offers_all_groups():
    assert {f"{group}=" for group in catalog.GROUPS} <= set(complete_override(""))
    assert len(complete_override("instance=")) == len(registry.registry())


def test_the_shell_can_ask_for_completions():
    done = dnnbench(
        _DNNBENCH_COMPLETE="complete_bash", COMP_WORDS="dnnbench run method=pq", COMP_CWORD="2"
    )
    assert "method=pqqa" in done.stdout
