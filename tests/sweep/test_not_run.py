"""What an experiment's manifest says of trials that have no record."""

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.trial_id import trial_id
from dnnbench.sweep.manifest import Manifest
from dnnbench.sweep.not_run import not_run
from dnnbench.sweep.planning import expand_blocks, plan_tasks

BLOCKS = (
    ("method=pi_gnn,rlsa", "instance=gen/random_regular-n20-d3-s1", "seed=0,1", "problem=mis"),
    ("baseline=greedy", "instance=gen/random_regular-n20-d3-s2", "budget.seconds=5"),
)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return plan_tasks(expand_blocks(BLOCKS), data_dir=None, cache_dir=cache)


def experiment(tasks, **changes):
    fields = {"name": "mine", "blocks": BLOCKS, "plugins": (), "created": ""}
    return Manifest(**fields | {"trials": tuple(t.trial_id for t in tasks)} | changes)


def record(task):
    problem = "maxcut" if task.solver == "greedy" else "mis"
    changes = {"trial_id": task.trial_id, "solver": task.solver, "problem": problem}
    return example_record(**changes, instance=task.instance, seed=task.seed)


def test_all_on_record(tasks):
    assert not_run(experiment(tasks), map(record, tasks)) == []


def test_each_trial_is_named_as_it_was_planned(tasks):
    assert len(tasks) == 5
    for task in tasks:
        others = [record(other) for other in tasks if other is not task]
        (missing,) = not_run(experiment(tasks), others)
        found = (missing.solver, missing.instance, missing.seed)
        assert found == (task.solver, task.instance, task.seed)
        assert missing.role == ("baseline" if task.solver == "greedy" else "method")
        assert missing.problem == ("maxcut" if task.solver == "greedy" else "mis")
    assert not_run(experiment(tasks), [])[-1].settings.keys() >= {"problem"}


def test_settings_are_those_of_the_words(tasks):
    found = {plan.solver: plan.settings for plan in not_run(experiment(tasks), [])}
    assert found["greedy"]["budget.seconds"] == "5"


def test_the_instance_is_called_as_in_the_records(tasks):
    renamed = [example_record(**vars(record(task)) | {"instance": "other"}) for task in tasks[1:]]
    (missing,) = not_run(experiment(tasks), renamed)
    assert missing.instance == "other"


@pytest.mark.parametrize(
    "changes",
    [
        {"blocks": BLOCKS[:1]},
        {"blocks": (BLOCKS[1], BLOCKS[0])},
        {"blocks": (("method=nobody",),)},
        {"blocks": (("suite=nothing", "baseline=greedy"),)},
    ],
)
def test_words_that_no_longer_mean_the_same(tasks, changes):
    assert not_run(experiment(tasks, **changes), map(record, tasks[1:])) is None


def test_an_id_that_was_never_planned(tasks):
    trials = (*(t.trial_id for t in tasks), trial_id({"a": 1}))
    assert not_run(experiment(tasks, trials=trials), map(record, tasks)) is None
