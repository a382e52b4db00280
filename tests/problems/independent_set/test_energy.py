"""The differentiable side against the exact one on every binary point, and the repair."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.kernels.choice import KERNELS
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.independent_set.energy import SetEnergy
from tests.problems.independent_set.test_exact import PROBLEMS, points, random_graph


def build(problem, graph, **more):
    settings = {"kernel": "ell", "dtype": "float64", "covers": problem.covers} | more
    energy = SetEnergy(**settings)
    return energy, energy.prepare(problem.shown(graph))


@pytest.mark.parametrize("p", [0.2, 0.8])  # the second has the sparser complement
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
@pytest.mark.parametrize("kernel", [k for k in KERNELS if k != "dense_bf16"])
def test_equals_the_objective_where_feasible_and_the_penalty_elsewhere(kernel, problem, p):
    graph = random_graph(1, n=7, p=p, weighted=True)
    sign = -1 if problem.sense == "max" else 1
    with x64(True):
        energy, data = build(problem, graph, kernel=kernel, penalty=1.5)
        x = points(7)
        for form in (energy.energy, energy.qubo):
            values = np.asarray(jax.vmap(form, in_axes=(0, None))(jnp.asarray(x, float), data))
            for z, value in zip(x, values, strict=True):
                verdict = problem.verify(z, graph, None)
                if verdict.feasible:
                    assert value == pytest.approx(sign * verdict.objective, abs=1e-12)
                elif problem.name != "mwis":
                    size = float(z.sum())
                    assert value == pytest.approx(sign * size + 1.5 * verdict.violation)
        assert min(values) == pytest.approx(
            min(sign * v.objective for z in x if (v := problem.verify(z, graph, None)).feasible)
        )


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_gradient_agrees_with_finite_differences(problem):
    graph = random_graph(2, n=8, p=0.2, weighted=True)
    with x64(True):
        energy, data = build(problem, graph)
        x = jnp.asarray(np.random.default_rng(0).uniform(size=8))
        ours = jax.grad(energy.energy)(x, data)
        for i in range(8):
            step = jnp.zeros_like(x).at[i].set(1e-6)
            slope = (energy.energy(x + step, data) - energy.energy(x - step, data)) / 2e-6
            assert float(ours[i]) == pytest.approx(float(slope), abs=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("penalty", [1.001, 2.0])
@pytest.mark.parametrize("p", [0.15, 0.8])
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_repair_leaves_feasible_parts_of_what_was_chosen(problem, p, penalty, dtype):
    graph = random_graph(3, n=40, p=p, weighted=True)
    x = np.random.default_rng(0).uniform(size=(50, 40))
    with x64(dtype == "float64"):
        energy, data = build(problem, graph, penalty=penalty, dtype=dtype)
        keys = jax.random.split(jax.random.key(1), 50)
        merit = jnp.zeros((), dtype)
        rounded = jax.vmap(energy.round_score, in_axes=(0, None, None, 0))
        zs, scores = rounded(jnp.asarray(x, dtype), merit, data, keys)
    sign = -1 if problem.sense == "max" else 1
    assert np.all(np.asarray(scores.violation) == 0)
    kept = 0
    for given, z, cost in zip(x, np.asarray(zs), np.asarray(scores.cost), strict=True):
        verdict = problem.verify(z, graph, None)
        assert verdict.feasible
        assert problem.answer(z).any()
        assert verdict.objective == pytest.approx(sign * cost, rel=1e-6)
        before = problem.answer((given > 0.5).astype(np.uint8))
        assert np.all(problem.answer(z) <= before)
        kept += problem.answer(z).sum()
    # What is left is not far from maximal independent sets, and not a random leftover.
    complete = [problem.answer(problem.random(graph, np.random.default_rng(i))) for i in range(50)]
    assert kept > 0.6 * np.sum(complete)


def test_repair_keeps_what_is_feasible_and_takes_the_worse_end():
    problem, graph = PROBLEMS[0], random_graph(4, n=10)
    energy, data = build(problem, graph, dtype="float32")
    key, merit = jax.random.key(0), jnp.zeros(())
    rounded = jax.jit(energy.round_score)
    for z in points(10)[::7]:
        if problem.verify(z, graph, None).feasible:
            again, score = rounded(jnp.asarray(z, jnp.float32), merit, data, key)
            np.testing.assert_array_equal(again, z)
            assert score.cost == -int(z.sum())
    star = random_graph(0, n=6, p=0.0)
    star = type(star)(6, np.array([[0, i] for i in range(1, 6)], np.int32), np.ones(5, np.int64))
    energy, data = build(problem, star, dtype="float32")
    z, _ = energy.round_score(jnp.ones(6), merit, data, key)
    np.testing.assert_array_equal(z, [0, 1, 1, 1, 1, 1])


def test_without_repair_violations_are_counted():
    for problem in PROBLEMS:
        if problem.name == "mwis":
            continue
        graph = random_graph(6, n=9)
        energy, data = build(problem, graph, dtype="float32", repair="none")
        for z in points(9)[::5]:
            x = jnp.asarray(z, jnp.float32)
            again, score = energy.round_score(x, jnp.zeros(()), data, jax.random.key(0))
            np.testing.assert_array_equal(again, z)
            verdict = problem.verify(z, graph, None)
            assert float(score.violation) == 2 * verdict.violation
            assert abs(float(score.cost)) == z.sum()


@pytest.mark.parametrize("complemented", [False, True])
def test_coupling_sums(complemented):
    graph = random_graph(7, n=9, p=0.3)
    conflicts = Conflicts(graph, complemented, np.ones(9, np.int64))
    energy = SetEnergy("dense", "float32", penalty=3.0)
    matrix = 1.5 * conflicts.adjacency.toarray()
    np.testing.assert_allclose(energy.coupling_sums(conflicts), matrix.sum(1))
    np.testing.assert_allclose(energy.coupling_squares(conflicts), (matrix**2).sum(1))
    x = np.random.default_rng(0).normal(size=9).astype(np.float32)
    product = energy.conflicts(jnp.asarray(x), energy.prepare(conflicts))
    np.testing.assert_allclose(product, conflicts.adjacency @ x, rtol=1e-5, atol=1e-5)
