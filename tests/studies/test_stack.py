"""Many instances as one run: one compilation, records of their own, equal shapes."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from dnnbench.cli.main import main
from dnnbench.config.compose import compose
from dnnbench.engine import compiled
from dnnbench.errors import UserError
from dnnbench.instances.load import load_instance
from dnnbench.instances.serialise import from_arrays, to_arrays
from dnnbench.instances.stack import FAMILY, Stack
from dnnbench.runner import stack as runner
from dnnbench.runner.inprocess import solve_in_process
from dnnbench.runner.spec import make_spec
from dnnbench.studies.stack import names, stack

WORDS = (
    "method=projection_nn problem=lp hardware=cpu budget.target=1e-3 budget.steps=8000 "
    "instance=gen/dense_lp-n6-m4-s3 count=6"
).split()
NAMES = [f"gen/dense_lp-n6-m4-s{s}" for s in range(3, 9)]


def solve(folder, *more, words=WORDS):
    return stack([*words, *more, f"results={folder}"], data_dir=None, cache_dir=folder)


def specs(words, instances):
    loaded = [load_instance(name, cache_dir=None) for name in instances]
    rest = [w for w in words if not w.startswith(("instance=", "count="))]
    return runner.of_instances(make_spec(compose(rest), loaded[0]), loaded)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return solve(tmp_path_factory.mktemp("stack"))


def test_a_record_for_each_instance_of_one_run(found):
    records = found.records
    assert [r.instance for r in records] == NAMES
    assert found.solved == 6
    assert all(r.stacked for r in records)
    assert len({r.run_id for r in records}) == 1
    assert len({r.trial_id for r in records}) == 6
    assert len({r.solve_seconds for r in records}) == 1
    assert len({r.instance_sha256 for r in records}) == 6
    for record in records:
        assert record.status == "target"
        assert record.value <= 1e-3
        assert record.claimed_value == pytest.approx(record.value, rel=1e-6)
        assert record.trace[-1][2] == record.value
        assert record.diagnostics["time"] > 0


def test_each_answer_is_that_of_its_own_instance(found):
    from dnnbench.problems.program.exact import LinearProgram

    for record in found.records:
        z = found.store.solution(record.trial_id)
        for name in NAMES:
            public = load_instance(name, cache_dir=None).public
            error = LinearProgram().verify(z, public, None).objective
            assert (error <= 1e-3) == (name == record.instance)


def test_what_is_on_record_is_not_solved_again(found, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["stack", *WORDS, f"results={found.store.root}", "-q"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "projection_nn on 6 instances" in shown
    assert "ended by: target 6" in shown
    assert "all of them on record" in shown


@pytest.mark.parametrize(
    "name",
    [
        "projection_nn",
        *(pytest.param(n, marks=pytest.mark.full) for n in ("pdhg", "mlp_reparam", "kennedy_chua")),
    ],
)
def test_a_stack_is_compiled_once_and_finds_what_single_runs_find(name, monkeypatch):
    calls = []
    original = compiled.compile_run
    monkeypatch.setattr(
        "dnnbench.engine.run.compile_run", lambda *a, **k: calls.append(1) or original(*a, **k)
    )
    words = [f"method={name}", "problem=lp", "hardware=cpu", "budget.steps=60"]
    if name == "mlp_reparam":
        words += ["method.width=8", "method.inputs=4"]
    trials = specs(words, NAMES[:4])
    run = runner.joined(trials)
    run = replace(run, plan=replace(run.plan, micro_batch=2))
    results = solve_in_process(run, "min").finals[0].z
    assert len(calls) == 1
    for trial, result in zip(trials, results, strict=True):
        single = solve_in_process(make_spec(compose(words), trial.instance), "min").finals[0]
        np.testing.assert_allclose(result, single.z, rtol=1e-6, atol=1e-9)
    assert len(calls) == 2  # of all single runs


def test_what_is_equal_in_all_instances_is_shared():
    from dnnbench.runner.solve_stack import _load

    trials = specs(["method=projection_nn", "problem=lp", "hardware=cpu"],
                   [f"gen/transport-m3-n4-s{s}" for s in (1, 2, 3)])  # fmt: skip
    publics = tuple(t.instance.public for t in trials)
    job = {**trials[0].job(0), "stack": [{}] * 3}
    _, data, items, _ = _load(job, Stack("program", publics), trials[0].plan)
    matrix = len(jax.tree.leaves(data.problem.matrix))
    assert items[:matrix] == (None,) * matrix
    assert items[matrix].shape == (3, 12)
    np.testing.assert_array_equal(items[matrix][2], publics[2].cost)


def test_a_stack_travels_as_arrays():
    publics = tuple(load_instance(name, cache_dir=None).public for name in NAMES[:3])
    back = from_arrays(FAMILY, to_arrays(FAMILY, Stack("program", publics)))
    assert back.family == "program"
    for public, own in zip(publics, back.publics, strict=True):
        np.testing.assert_array_equal(public.matrix.toarray(), own.matrix.toarray())
        np.testing.assert_array_equal(public.cost, own.cost)
        assert own.offset == public.offset


def test_names():
    assert names(["instance=gen/dense_lp-n6-m4-s9", "count=2"]) == (
        "gen/dense_lp-n6-m4-s9",
        "gen/dense_lp-n6-m4-s10",
    )
    assert names(["instance=a,b,a"]) == ("a", "b")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["instance=gen/dense_lp-n6-m4-s1"], "a stack has 2 to 10000 instances"),
        (["instance=gen/dense_lp-n6-m4-s1", "count=x"], "count=x is no whole number"),
        (["instance=gen/hamming-n4-d2", "count=2"], "no seed"),
        (["instance=net,lib", "count=2"], "count repeats one generator"),
        (["instance=gen/dense_lp-n6-m4-s1,gen/dense_lp-n6-m5-s1"],
         "dense_lp-n6-m5-s1 and gen/dense_lp-n6-m4-s1 differ in shape, n=6 m=5"),
        (["instance=gen/dense_lp-n6-m4-s1", "count=2", "problem.polish=crossover"],
         "nothing is polished"),
    ],
)  # fmt: skip
def test_a_wrong_stack_is_said(words, message, tmp_path):
    base = ["method=projection_nn", "problem=lp", "hardware=cpu"]
    with pytest.raises(UserError, match=message):
        solve(tmp_path, *words, words=base)


def test_a_baseline_is_no_stack(tmp_path):
    with pytest.raises(UserError, match="a stack is a method's"):
        solve(tmp_path, words=["baseline=highs_simplex", "problem=lp", *WORDS[-2:]])


def test_how_many_are_stepped_together():
    assert runner._share(1000, 10) == 10
    assert runner._share(1000, 13) == 10
    assert runner._share(997, 10) == 1
    assert runner._share(997, 100) == 997
