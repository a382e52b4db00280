"""`dnnbench.solve(in_process=True)`: the same trial without a child process."""

import os
import threading

import networkx as nx
import numpy as np
import pytest

import dnnbench
from dnnbench.config import catalog
from dnnbench.runner import pool, process

GRAPH = nx.random_regular_graph(3, 20, seed=1)
STEPS = {"steps": 60, "cores": 1}
SOLVERS = [{"method": "simulated_bifurcation"}, {"baseline": "greedy"}]


@pytest.fixture
def no_children(monkeypatch):
    monkeypatch.setattr(process.subprocess, "Popen", None)
    monkeypatch.setattr(pool, "Worker", None)


@pytest.fixture
def plugin(monkeypatch, tmp_path):
    """A baseline whose `solve` has this body; what `solve` is called with to use it."""
    monkeypatch.setattr(catalog, "_LOADED", {})

    def make(body):
        path = tmp_path / "guess.py"
        path.write_text(
            "from dataclasses import dataclass\n"
            "from typing import ClassVar\n"
            "from dnnbench.baselines.base import Baseline\n"
            "from dnnbench.errors import UserError\n"
            "DNNBENCH = '''\nbaseline:\n  guess:\n    _about: {title: Guess, "
            "implementation: Guess, kind: classical, problems: [maxcut]}\n'''\n"
            "@dataclass(frozen=True)\n"
            "class Guess(Baseline):\n"
            "    version: ClassVar[int] = 1\n"
            "    def solve(self, problem, public, rng, limits, search):\n"
            "        z = problem.random(public, rng)\n"
            "        claim = float(problem.verify(z, public, None).objective)\n"
            f"        {body}\n"
        )
        catalog.load_plugins([path])
        return {"baseline": "guess", "budget": STEPS, "in_process": True}

    return make


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_it_is_the_trial_of_a_child(solver):
    inside = dnnbench.solve(GRAPH, **solver, budget=STEPS, hardware="cpu", in_process=True)
    child = dnnbench.solve(GRAPH, **solver, budget=STEPS, hardware="cpu")
    assert inside.record.trial_id == child.record.trial_id
    assert inside.solution.tobytes() == child.solution.tobytes()
    for name in ("value", "raw_value", "claimed_value", "status", "steps", "restarts", "plan"):
        assert getattr(inside.record, name) == getattr(child.record, name)
    assert [row[1:] for row in inside.record.trace][-1] == child.record.trace[-1][1:]
    diagnostics = dict(child.record.diagnostics)
    assert inside.record.diagnostics == diagnostics
    assert inside.record.hardware["processes"] == 1


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_no_process_is_started(solver, no_children):
    result = dnnbench.solve(
        GRAPH, **solver, budget={"steps": 20}, hardware="cpu", in_process=True, problem="maxcut"
    )
    z = result.solution
    assert result.record.value == sum(z[u] != z[v] for u, v in GRAPH.edges)
    assert result.record.feasible
    assert result.record.budget["cores"] == 1
    assert result.record.environment["concurrent"] == 1


def test_a_second_run_compiles_nothing(no_children):
    def reused(**changes):
        values = {"method": "mean_field", "budget": STEPS, "hardware": "cpu", "in_process": True}
        record = dnnbench.solve(GRAPH, **values | changes).record
        return record.environment["program_reused"]

    settings = {"num_steps": 77}  # a program of this test's own
    assert not reused(settings=settings)
    assert reused(settings=settings)
    assert reused(settings=settings | {"learning_rate": 0.5}, seed=3)
    assert not reused(settings={"num_steps": 78})
    elsewhere = []
    thread = threading.Thread(target=lambda: elsewhere.append(reused(settings=settings)))
    thread.start()
    thread.join()
    assert elsewhere == [False]  # threads share no programs


def test_a_reused_program_changes_no_result(no_children):
    def run(seed):
        values = {"method": "simulated_bifurcation", "hardware": "cpu", "in_process": True}
        return dnnbench.solve(GRAPH, **values, budget=STEPS, seed=seed)

    first, other, again = run(0), run(1), run(0)
    assert first.solution.tobytes() == again.solution.tobytes()
    assert first.record.diagnostics == again.record.diagnostics
    assert other.record.trial_id != first.record.trial_id


def test_a_target_and_a_time_end_it(no_children):
    values = {"baseline": "greedy", "in_process": True}
    hit = dnnbench.solve(GRAPH, **values, budget={"target": 1, "restarts": 50})
    assert (hit.record.status, hit.record.restarts) == ("target", 1)
    timed = dnnbench.solve(GRAPH, **values, budget=0.05)
    assert timed.record.status == "budget"
    assert timed.record.budget["seconds"] == 0.05
    assert timed.record.environment["exclusive"] is True


def test_an_error_keeps_the_last_answer(plugin, no_children):
    words = plugin("search.offer(z, claim, 3, 1); raise ArithmeticError('no such number')")
    result = dnnbench.solve(GRAPH, **words)
    record = result.record
    assert (record.status, record.message) == ("error", "ArithmeticError: no such number")
    assert record.value == record.claimed_value
    assert result.solution.shape == (20,)
    assert len(record.trace) == 1


def test_an_error_without_an_answer(plugin, no_children):
    result = dnnbench.solve(GRAPH, **plugin("raise ArithmeticError('at once')"))
    assert (result.record.status, result.record.value) == ("error", None)
    assert result.solution is None


def test_memory_that_runs_out(plugin, no_children):
    record = dnnbench.solve(GRAPH, **plugin("raise MemoryError")).record
    assert (record.status, record.message) == ("out_of_memory", "no memory")


def test_what_the_user_did_wrong_is_raised(plugin, no_children):
    with pytest.raises(dnnbench.UserError, match="not like this"):
        dnnbench.solve(GRAPH, **plugin("raise UserError('not like this')"))


def test_ctrl_c_is_the_caller_s(plugin, no_children):
    with pytest.raises(KeyboardInterrupt):
        dnnbench.solve(GRAPH, **plugin("raise KeyboardInterrupt"))


def test_a_wrong_answer_is_found_out(plugin, no_children):
    record = dnnbench.solve(GRAPH, **plugin("search.offer(z, claim + 9, 1, 1)")).record
    assert record.claimed_value == record.raw_value + 9
    assert any("the solver claimed" in note for note in record.diagnostics["notes"])


def test_nothing_is_stored_and_the_process_is_left_as_it_was(no_children, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    dnnbench.solve(GRAPH, **SOLVERS[0], budget=STEPS, hardware="cpu", in_process=True)
    assert not list(tmp_path.iterdir())
    assert dict(os.environ) == before
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
