"""Which trials a sweep means, in which order, and how long they will take."""

import pytest

from dnnbench.errors import UserError
from dnnbench.records.example import example_record
from dnnbench.sweep.estimate import estimate_seconds
from dnnbench.sweep.planning import Task, expand_blocks, plan_tasks

A, B = "gen/gnp-n12-p0.5-s1", "gen/gnp-n12-p0.5-s2"


@pytest.fixture
def plan(tmp_path):
    def make(*blocks):
        return plan_tasks(expand_blocks(blocks), data_dir=None, cache_dir=tmp_path)

    return make


def test_seed_by_seed_then_instance_by_instance(plan):
    block = [f"instance={A},{B}", "baseline=random,greedy", "seed=1,0", "budget.steps=5"]
    assert [(t.seed, t.instance, t.solver) for t in plan(block)] == [
        (seed, instance, solver)
        for seed in (1, 0)
        for instance in (A, B)
        for solver in ("random", "greedy")
    ]


def test_each_trial_once(plan):
    one = ["baseline=random", f"instance={A}", "seed=0,1", "budget.steps=5"]
    other = ["baseline=random,greedy", f"instance={A}", "seed=0", "budget.steps=5"]
    found = plan(one, other, one)
    assert len(found) == len({task.trial_id for task in found}) == 3
    assert plan([*one[:2], "seed=0,0,0", "budget.steps=5,5"]) == found[:1]


def test_ids_are_those_of_single_runs(plan):
    (first, second) = plan(["baseline=random", f"instance={A}", "seed=0,1", "budget.steps=5"])
    (alone,) = plan(["baseline=random", f"instance={A}", "seed=1", "budget.steps=5"])
    assert second.trial_id == alone.trial_id != first.trial_id


def test_without_an_instance_the_problem_s_own(plan):
    (task,) = plan(["baseline=random", "budget.seconds=3"])
    assert task.instance == "gset/G14"
    assert task.seconds == 3
    assert task.title == "random gset/G14 seed 0"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("instance=gset/G1x", "gset/G1"),
        ("baseline=greedi", r"unknown baseline 'greedi' \(did you mean 'greedy'"),
        ("baseline=greedy,pi_gnn", "'pi_gnn' is a method: write method=pi_gnn"),
        ("budget.secnds=1,2", "budget has no option 'secnds'.*seconds"),
        ("budget.steps=1,0", "budget.steps must be an integer >= 1.*, not 0"),
        ("launcher.jobs=2", "launcher"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(plan, word, said):
    block = {"baseline": "baseline=random", "instance": f"instance={A}"}
    block[word.partition("=")[0]] = word
    with pytest.raises(UserError, match=said) as error:
        plan(list(block.values()))
    assert "\n" not in str(error.value)


def task(solver="random", instance=A, seconds=None):
    return Task((), instance, 0, "0" * 20, solver, seconds)


def record(solver, instance, solve, compile_=0.0):
    times = {"load_seconds": 0.0, "compile_seconds": compile_, "verify_seconds": 0.0}
    return example_record(solver=solver, instance=instance, solve_seconds=solve, **times)


def test_estimate_prefers_the_same_instance():
    records = [record("random", A, 2.0), record("random", A, 4.0), record("random", B, 100.0)]
    assert estimate_seconds([task(), task()], records) == (6.0, 0)


def test_estimate_falls_back_on_the_solver_s_other_instances():
    assert estimate_seconds([task()], [record("random", B, 5.0)]) == (5.0, 0)


def test_what_is_not_known_is_counted():
    assert estimate_seconds([task(), task("greedy")], [record("greedy", A, 1.0)]) == (1.0, 1)


def test_a_budget_in_seconds_is_known_beforehand():
    assert estimate_seconds([task(seconds=10.0)] * 3, []) == (30.0, 0)
    assert estimate_seconds([task(seconds=10.0)], [record("random", A, 10.0, 3.0)]) == (13.0, 0)
