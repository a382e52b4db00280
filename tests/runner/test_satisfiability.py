"""Trials on formulas: the goal as target, proofs as results, several processes."""

from dataclasses import replace

import numpy as np
import pytest

from dnnbench.config.compose import compose
from dnnbench.instances.digest import in_memory
from dnnbench.instances.formula import clauses
from dnnbench.instances.graph import Graph
from dnnbench.instances.quadratic import QuadraticModel
from dnnbench.problems.satisfiability.exact import MaxSat, Sat
from dnnbench.problems.satisfiability.tiny import tiny_formulas
from dnnbench.runner.api import _instance
from dnnbench.runner.messages import Final
from dnnbench.runner.spec import make_spec
from dnnbench.runner.supervise import Report
from dnnbench.runner.trial import _merge, run_trial

SOLVABLE = clauses(30, [(v, v % 30 + 1) for v in range(1, 31)] + [(-v,) for v in range(1, 31, 2)])
"""Odd variables are false and even ones true."""


def sat(*words, public=SOLVABLE, problem="sat"):
    """A trial of `baseline=random`, which is told that it may be asked this."""
    config = compose(["baseline=random", f"problem={problem}", *words])
    config["baseline"]["_about"]["problems"] = [problem]
    return make_spec(config, in_memory("formula", "cnf", public))


@pytest.fixture
def by(naughty):
    """A trial solved by a class of `tests.runner.solvers`."""

    def make(name, *words, **more):
        about = naughty(name).about  # also makes the workers find it
        return replace(sat(*words, **more), about=about)

    return make


@pytest.mark.parametrize("problem", ["sat", "max_sat"])
def test_the_goal_is_the_target_where_none_is_given(problem):
    budget = sat(problem=problem).budget
    assert (budget.target, budget.seconds) == (0.0, 10.0)
    assert sat("budget.target=3", problem=problem).budget.target == 3.0
    assert sat().trial_id == sat("budget.target=0").trial_id != sat("budget.target=3").trial_id


def test_other_problems_get_no_target(spec):
    assert spec("baseline=random").budget.target is None


def test_a_proof_is_a_status(by, pool):
    words = ("budget.cores=1", "budget.seconds=10", "problem.polish=none")
    record = run_trial(by("Refutes", *words, public=tiny_formulas()["unsatisfiable"]), pool).record
    assert record.status == "unsat"
    assert record.status.succeeded(record.value is not None)
    assert record.diagnostics["proved_unsatisfiable"] is True
    assert record.instance_size == {"n": 6, "m": 10}
    assert (record.feasible, record.metric, record.sense) == (True, "violated", "min")


def test_a_solution_comes_before_any_proof(by, pool):
    words = ("budget.cores=1", "budget.seconds=10", "problem.polish=none")
    record = run_trial(by("Refutes", *words, public=clauses(2, [(1, -1)])), pool).record
    assert (record.status, record.value) == ("target", 0)


def test_what_the_polish_reaches_is_reached(by, pool):
    words = ("budget.cores=1", "budget.steps=1")
    record = run_trial(by("GivesUp", *words), pool).record
    assert record.raw_value > 0
    assert (record.value, record.status) == (0, "target")
    assert record.polish["name"] == "walksat"
    bare = run_trial(by("GivesUp", *words, "problem.polish=none"), pool).record
    assert (bare.value, bare.status) == (record.raw_value, "budget")


def test_one_process_s_proof_ends_the_others(by, pool, monkeypatch):
    monkeypatch.setattr("dnnbench.config.hardware.available_cores", lambda: 2)
    words = ("budget.cores=2", "budget.seconds=30", "problem.polish=none")
    spec = by("RefutesFirst", *words, public=tiny_formulas()["unsatisfiable"])
    spec = replace(spec, about=spec.about | {"threads": 1})
    record = run_trial(spec, pool).record
    assert record.hardware["processes"] == 2
    assert (record.status, record.value is None) == ("unsat", False)
    assert record.solve_seconds < 30
    # The next trial of the same workers is not stopped by what was sent to this one.
    plain = by("GivesUp", "budget.cores=2", "budget.steps=3", "problem.polish=none")
    plain = replace(plain, about=plain.about | {"threads": 1})
    assert run_trial(plain, pool).record.status == "budget"


@pytest.mark.parametrize(
    ("statuses", "together"),
    [
        (("interrupted", "unsat"), "unsat"),
        (("budget", "unsat"), "unsat"),
        (("unsat", "target"), "target"),
        (("budget", "interrupted"), "interrupted"),
    ],
)
def test_several_processes_words_in_one(statuses, together):
    z = np.zeros(30, np.uint8)
    finals = {i: Final(z, z, 15.0, s, 1, 1, 0, 0, 0) for i, s in enumerate(statuses)}
    assert _merge(Report(finals=finals), Sat(), sat()).status == together


def test_of_several_processes_an_answer_that_keeps_hard_constraints_is_the_best():
    f = clauses(2, [(1,), (-1,), (2,)])
    f = replace(f, hard=np.array([True, False, False]))
    keeps, breaks = np.array([1, 0], np.uint8), np.array([0, 1], np.uint8)
    finals = {i: Final(z, z, 0.0, "budget", 1, 1, 0, 0, 0) for i, z in enumerate((breaks, keeps))}
    spec = sat(public=f, problem="max_sat")
    assert np.array_equal(_merge(Report(finals=finals), MaxSat(), spec).z, keeps)


def test_objects_in_memory_have_their_family(tmp_path):
    graph = Graph(2, np.array([[0, 1]], np.int32), np.ones(1, np.int64))
    given = {
        "cnf": SOLVABLE,
        "qubo": QuadraticModel("bits", graph, np.zeros(2, np.int64), 0),
        "ising": QuadraticModel("spins", graph, np.zeros(2, np.int64), 0),
        "graph": graph,
    }
    for family, public in given.items():
        instance = _instance(public, None, tmp_path)
        assert (instance.family, instance.name) == (family, "memory")
        assert instance.public is public
