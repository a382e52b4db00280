"""pCQO-MIS beside a dense transcription with two products, and its test of maximality."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.config.compose import compose
from dnnbench.engine.compat import x64
from dnnbench.engine.contract import Ctx, Data
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.instances.digest import in_memory
from dnnbench.instances.generators.random_graphs import gnp
from dnnbench.instances.graph import Graph
from dnnbench.methods.pcqo_mis import PCQO
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.independent_set.energy import SetEnergy
from dnnbench.runner.spec import make_spec
from dnnbench.runner.trial import run_trial

N, LANES, BATCH, BATCHES = 14, 7, 12, 5
HP = {
    "learning_rate": 0.004,
    "momentum": 0.8,
    "gamma": 9.0,
    "gamma_prime": 1.5,
    "init_std": 0.7,
}


def conflicts_of(graph, complemented=False):
    return Conflicts(graph, complemented, np.ones(graph.num_vertices, np.int64))


def context(method, conflicts, hp=HP):
    dtype = method.energy.dtype
    data = Data(method.energy.prepare(conflicts), method.prepare(conflicts)[0])
    values = {key: jnp.asarray(value, dtype) for key, value in hp.items()}
    return Ctx(data, None, values, jnp.int32(0), jax.random.key(1))


def key_of(ctx, lane, t):
    return jax.random.fold_in(jax.random.fold_in(ctx.key, lane), t)


def accepted(z, a, abar):
    """Whether one projected step from z, with n and 1 for the weights, leaves it where it is."""
    moved = np.clip(z - 0.1 * (-1 + len(z) * (a @ z) - abar @ z), 0, 1)
    return bool(np.array_equal(moved, z))


class Transcription:
    """One of the published program's points, in NumPy, with the draws that it is given."""

    def __init__(self, a, draw):
        self.a, self.abar = a, 1 - np.eye(len(a)) - a
        degrees = a.sum(axis=0)
        self.x = 1 - degrees / degrees.max() + HP["init_std"] * draw
        self.v, self.best = np.zeros(len(a)), np.zeros(len(a))
        self.tests = self.accepted = 0

    def step(self):
        gradient = -1 + HP["gamma"] * (self.x @ self.a) - HP["gamma_prime"] * (self.x @ self.abar)
        self.v = HP["momentum"] * self.v + HP["learning_rate"] * gradient
        self.x = np.clip(self.x - self.v, 0, 1)

    def end_of_batch(self, draw):
        z = (self.x > 0.5).astype(float)
        self.tests += 1
        if accepted(z, self.a, self.abar):
            self.accepted += 1
            if z.sum() > self.best.sum():
                self.best = z
        self.x = self.x + HP["init_std"] * draw


@pytest.mark.parametrize("complemented", [False, True])
def test_batches_equal_a_dense_transcription(complemented):
    """Also where the complement's edges are the conflicts and products go by the graph."""
    graph = gnp(N, 0.35, 5)
    conflicts = conflicts_of(graph, complemented)
    assert conflicts.implicit == complemented
    a = conflicts.adjacency.toarray().astype(float)
    with x64(True):
        method = PCQO(SetEnergy("ell", "float64", penalty=3.0), BATCH, BATCHES, False)
        ctx = context(method, conflicts)
        (phase,) = method.phases
        assert (phase.steps, phase.outer_every) == (BATCH * BATCHES, BATCH)
        lanes = jnp.arange(LANES)

        def batched(f):
            return jax.jit(
                lanes_last(
                    lambda s, lane, t: f(s, phase, ctx._replace(key=key_of(ctx, lane, t), t=t)),
                    (True, True, False),
                )
            )

        step, outer = batched(method.step), batched(method.outer)
        draws = {
            t: np.array(
                [jax.random.normal(key_of(ctx, i, t), (N,), jnp.float64) for i in range(LANES)]
            )
            for t in range(0, BATCH * BATCHES, BATCH)
        }
        points = [Transcription(a, draws[0][i]) for i in range(LANES)]
        state = lanes_last(
            lambda lane: method.init(ctx._replace(key=key_of(ctx, lane, 0))), (True,)
        )(lanes)
        for t in range(BATCH * BATCHES):
            if t and t % BATCH == 0:
                state = outer(state, lanes, t)
                for i, point in enumerate(points):
                    point.end_of_batch(draws[t][i])
            state, info = step(state, lanes, t)
            for point in points:
                point.step()
            if t % BATCH in (0, 1, 5, BATCH - 1):
                for name in ("x", "v", "best"):
                    theirs = np.stack([getattr(p, name) for p in points], axis=1)
                    np.testing.assert_allclose(getattr(state, name), theirs, atol=1e-9)
        readout = lanes_last(lambda s: method.readout(s, ctx), (True,))(state)
    np.testing.assert_array_equal(state.tests, [BATCHES - 1] * LANES)
    np.testing.assert_array_equal(state.accepted, [p.accepted for p in points])
    assert 0 < int(state.accepted.sum()) < LANES * (BATCHES - 1)  # both outcomes were seen
    assert bool(np.all(info.finite))
    for point, answer in zip(points, np.array(readout).T, strict=True):
        point.end_of_batch(0)
        np.testing.assert_array_equal(answer, point.best)


@pytest.mark.parametrize("density", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("complemented", [False, True])
def test_maximality_is_the_published_fixed_point(density, complemented):
    conflicts = conflicts_of(gnp(8, density, 3), complemented)
    a = conflicts.adjacency.toarray()
    method = PCQO(SetEnergy("ell", "float32"), 5, 2, False)
    ctx = context(method, conflicts)
    sets = np.array(list(itertools.product([0.0, 1.0], repeat=8)))
    test = jax.vmap(lambda x: method._tested(x, ctx.problem))
    z, ok = test(jnp.asarray(0.4 + 0.2 * sets, jnp.float32))
    np.testing.assert_array_equal(z, sets)
    expected = [accepted(s, a, 1 - np.eye(8) - a) for s in sets]
    np.testing.assert_array_equal(ok, expected)
    inside, outside = np.einsum("ki,ij,kj->k", sets, a, sets), sets @ a
    maximal = (inside == 0) & np.all((outside > 0) | (sets == 1), axis=1)
    np.testing.assert_array_equal(ok, maximal)
    assert maximal.any()


@pytest.mark.parametrize(("gamma", "gamma_prime"), [(1.2, 0.0), (4.5, 1.0), (0.7, 0.3)])
def test_sets_stay_where_the_landscape_says(gamma, gamma_prime):
    """S is a strict local minimum of f iff no flip of a coordinate lowers the gradient's way.

    Outside: gamma d(i) > 1 + gamma' (|S| - d(i)); inside the other way round with |S| - 1.
    """
    conflicts = conflicts_of(gnp(8, 0.4, 7))
    a = conflicts.adjacency.toarray()
    method = PCQO(SetEnergy("ell", "float32"), 5, 2, False)
    hp = HP | {"gamma": gamma, "gamma_prime": gamma_prime, "momentum": 0.0}
    ctx = context(method, conflicts, hp)
    sets = np.array(list(itertools.product([0.0, 1.0], repeat=8)))
    d, size = sets @ a, sets.sum(axis=1, keepdims=True)
    slope = gamma * d - 1 - gamma_prime * (size - sets - d)
    stays = np.all(np.where(sets == 1, slope < 0, slope > 0), axis=1)

    def moved(x):
        s = method.init(ctx)._replace(x=x)
        return method.step(s, method.phases[0], ctx)[0].x

    after = jax.vmap(moved)(jnp.asarray(sets, jnp.float32))
    np.testing.assert_array_equal(np.all(np.array(after) == sets, axis=1), stays)
    independent = np.einsum("ki,ij,kj->k", sets, a, sets) == 0
    assert stays.any()
    if gamma < 1:
        assert np.any(stays & ~independent)  # a penalty this weak lets infeasible sets stand
    if gamma_prime == 0 and gamma > 1:
        maximal = independent & np.all((d > 0) | (sets == 1), axis=1)
        np.testing.assert_array_equal(stays, maximal)


def test_a_step_takes_one_product():
    """Two in the published program; the complement's is made from the sum."""
    method = PCQO(SetEnergy("ell", "float32"), 5, 2, False)
    ctx = context(method, conflicts_of(gnp(30, 0.2, 1)))
    state = method.init(ctx)
    jaxpr = jax.make_jaxpr(lambda s, c: method.step(s, method.phases[0], c))(state, ctx)
    assert str(jaxpr).count("spmm[") == 1


def test_graph_without_conflicts_is_its_own_answer():
    graph = Graph(5, np.zeros((0, 2), np.int32), np.zeros(0, np.int64))
    method = PCQO(SetEnergy("ell", "float32"), 5, 2, False)
    ctx = context(method, conflicts_of(graph), HP | {"init_std": 0.0})
    np.testing.assert_array_equal(method.readout(method.init(ctx), ctx), np.ones(5))


@pytest.mark.parametrize("problem", ["mis", "max_clique", "vertex_cover"])
def test_trials_end_in_maximal_sets(problem):
    """Without repair and polish, and with figures of how often a batch was accepted."""
    words = [
        *(f"problem={problem}", "method=pcqo_mis", "hardware=cpu", "budget.steps=200"),
        *("problem.repair=none", "problem.polish=none", "plan.lanes=32", "plan.score_every=20"),
        *("method.learning_rate=0.004", "method.gamma=20", "method.gamma_prime=1"),
        *("method.batch_steps=50", "method.momentum=0.8"),
    ]
    graph = gnp(24, 0.5, 9)
    result = run_trial(make_spec(compose(words), in_memory("small", "graph", graph)), None)
    record = result.record
    assert record.status.ok
    assert record.feasible
    assert record.metrics["maximal"] == 1
    assert record.claimed_value == record.value
    figures = record.diagnostics
    assert figures["batches"] == 3
    assert 0 <= figures["accepted_share"] <= 1
