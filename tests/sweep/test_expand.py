"""Words with several values become the points they mean."""

import pytest

from dnnbench.errors import UserError
from dnnbench.instances import registry
from dnnbench.sweep.expand import expand, overlay, suite_members


def words(*block):
    return [point.words for point in expand(block)]


def test_methods_and_baselines_are_one_axis():
    assert words("method=pi_gnn,mean_field", "baseline=greedy") == [
        ("method=pi_gnn",),
        ("method=mean_field",),
        ("baseline=greedy",),
    ]


def test_other_axes_multiply_the_last_one_fastest():
    found = words("baseline=greedy", "budget.steps=1,2", "budget.cores=3,4")
    assert [w[1:] for w in found] == [
        ("budget.steps=1", "budget.cores=3"),
        ("budget.steps=1", "budget.cores=4"),
        ("budget.steps=2", "budget.cores=3"),
        ("budget.steps=2", "budget.cores=4"),
    ]


def test_what_belongs_to_a_role_multiplies_that_role_only():
    found = words(
        "method=mean_field", "baseline=greedy", "plan.lanes=2,4", "baseline.order=random,degree"
    )
    assert found == [
        ("method=mean_field", "plan.lanes=2"),
        ("method=mean_field", "plan.lanes=4"),
        ("baseline=greedy", "baseline.order=random"),
        ("baseline=greedy", "baseline.order=degree"),
    ]


@pytest.mark.parametrize("word", ["baseline.order=random", "method.x=1", "plan.lanes=2"])
def test_a_setting_of_a_role_nobody_has(word):
    solver = "method=mean_field" if word.startswith("baseline") else "baseline=greedy"
    with pytest.raises(UserError, match=f"'{word.split('=')[0]}' is given, but no .* is named"):
        expand([solver, word])


@pytest.mark.parametrize(
    ("word", "seeds"),
    [
        ("seed=range(0,3)", (0, 1, 2)),
        ("seed=range(1,8,3)", (1, 4, 7)),
        ("seed=5,2", (5, 2)),
        ("seed=choice(1,2)", (1, 2)),
        ("seed=7", (7,)),
    ],
)
def test_seeds(word, seeds):
    (point,) = expand(["baseline=greedy", word])
    assert point.seeds == seeds


def test_the_default_seed_is_0():
    assert expand(["baseline=greedy"])[0].seeds == (0,)


@pytest.mark.parametrize("seed", ["-1", "1.5", "x", "range(-1,2)", "1,-2"])
def test_wrong_seeds(seed):
    with pytest.raises(UserError, match="seed must be an integer >= 0, not "):
        expand(["baseline=greedy", f"seed={seed}"])


def test_globs_choose_among_names():
    names = {w[0] for w in words("method=glob(simulated_*)")}
    assert "method=simulated_bifurcation" in names
    assert all(name.startswith("method=simulated_") for name in names)
    left = {w[0] for w in words("baseline=glob(*,exclude=[g*])")}
    assert "baseline=random" in left
    assert "baseline=greedy" not in left


def test_a_glob_of_nothing_names_no_solver():
    with pytest.raises(UserError, match="no solver is named"):
        expand(["method=glob(zzz*)"])


def test_quoted_values_stay_whole():
    (point,) = expand(["baseline=greedy", "instance='a,b',c", "results='my, folder'"])
    assert point.instances == ("a,b", "c")
    assert point.words == ("baseline=greedy", "results=my, folder")


def test_a_file_with_a_comma_in_its_name_is_one_instance(tmp_path):
    path = tmp_path / "a,b.mtx"
    path.write_text("x")
    assert expand(["baseline=greedy", f"instance={path}"])[0].instances == (str(path),)


def test_instances_of_suites_come_after_those_named():
    suite = sorted(registry.suites())[0]
    (point,) = expand(["baseline=greedy", f"suite={suite}", "instance=gset/G1"])
    assert point.instances == ("gset/G1", *registry.suite(suite))
    assert suite_members(suite) == registry.suite(suite)


def test_several_suites_in_a_row():
    first, second = sorted(registry.suites())[:2]
    (point,) = expand(["baseline=greedy", f"suite={first},{second}"])
    assert point.instances == (*registry.suite(first), *registry.suite(second))


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ([], "no solver is named: give method="),
        (["instance=gset/G1"], "no solver is named"),
        (["baseline=greedy", "budget.seconds=interval(1,2)"], "an interval has no end of values"),
        (["baseline=greedy", "~seed"], "nothing can be taken out"),
        (["pi_gnn"], r"did you mean 'method=pi_gnn'\?"),
        (["baseline=greedy", "budget.steps=[1"], r"cannot read 'budget.steps=\[1'"),
    ],
)
def test_wrong_words(block, said):
    with pytest.raises(UserError, match=said) as error:
        expand(block)
    assert "\n" not in str(error.value)


def test_an_unknown_suite_names_the_nearest():
    suite = sorted(registry.suites())[0]
    with pytest.raises(UserError, match=f"unknown suite '{suite}x' .did you mean .*'{suite}'"):
        expand(["baseline=greedy", f"suite={suite}x"])


def test_of_two_words_with_one_key_the_last_counts():
    assert words("baseline=greedy", "budget.steps=1,2", "budget.steps=3") == [
        ("baseline=greedy", "budget.steps=3")
    ]


def test_null_chooses_no_solver_of_a_role():
    assert words("method=null", "baseline=greedy") == [("baseline=greedy",)]


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        (["budget.steps=9"], ["method=a", "baseline=b", "instance=i", "budget.steps=9"]),
        (["method=c"], ["instance=i", "budget.steps=1", "method=c"]),
        (["suite=s"], ["method=a", "baseline=b", "budget.steps=1", "suite=s"]),
        (["+budget.steps=9"], ["method=a", "baseline=b", "instance=i", "+budget.steps=9"]),
        ([], ["method=a", "baseline=b", "instance=i", "budget.steps=1"]),
    ],
)
def test_overlay(changes, result):
    block = ["method=a", "baseline=b", "instance=i", "budget.steps=1"]
    assert overlay([block], changes) == [result]


def test_words_of_a_role_leave_blocks_of_the_other_alone():
    blocks = [["method=a", "seed=1"], ["baseline=b", "seed=1"]]
    changed = overlay(blocks, ["method.x=3", "seed=2"])
    assert changed == [["method=a", "method.x=3", "seed=2"], ["baseline=b", "seed=2"]]
    with pytest.raises(UserError, match=r"'baseline\.x' is given, but no baseline is named"):
        overlay(blocks[:1], ["baseline.x=3"])
