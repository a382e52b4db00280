"""Rank-k: steps beside dense NumPy, and what random hyperplanes make of the vectors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.engine.gradient import GradState
from dnnbench.instances.graph import Graph
from dnnbench.methods.rank_k import RankK, Stall
from tests.methods.dense import FIELD, Adam, context, couplings, double, slope, walk

HP = {"learning_rate": 0.05, "tolerance": 0.01}
ALPHA = 0.87856  # Goemans & Williamson 1995


def relaxed(vectors, field):
    """U of the normalised rows, densely."""
    unit = vectors / np.sqrt(np.sum(vectors * vectors, axis=1, keepdims=True))
    return 0.5 * np.sum(couplings() * (unit @ unit.T)) - field @ unit[:, 0]


@pytest.mark.parametrize("rank", [2, 4])
@pytest.mark.parametrize("fielded", [False, True])
def test_steps_equal_a_dense_transcription(rank, fielded):
    field = FIELD if fielded else np.zeros(10)
    with x64(True):
        moments = walk(RankK(double(fielded), rank, 4, 100, 50), HP, 5)
    x, adam = np.array(moments[0].before.params), Adam(0.05)
    for moment in moments:
        assert float(moment.info.merit) == pytest.approx(relaxed(x, field), abs=1e-9)
        x = adam.step(x, slope(lambda z: relaxed(z, field), x))
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        np.testing.assert_allclose(moment.after.params, x, atol=1e-7)


def test_the_default_rank_is_the_bound_of_barvinok_and_pataki():
    with x64(True):
        method = RankK(double(False), None, 4, 100, 50)
        assert method.init(context(method, HP, -1)).params.shape == (10, 5)  # sqrt(20) = 4.47


def test_a_restart_ends_after_so_many_steps_without_progress():
    with x64(True):
        method = RankK(double(False), 2, 4, 100, 3)
        ctx = context(method, HP, 0)
        aux = Stall(jnp.asarray(jnp.inf), jnp.zeros((), jnp.int32))
        ends = []
        for value in (5.0, 4.0, 3.995, 4.5, 3.0, 3.0, 3.2, 2.995):
            aux, done = method.converged(jnp.asarray(value), aux, ctx)
            ends.append(bool(done))
    assert ends == [False] * 7 + [True]


@pytest.mark.parametrize("fielded", [False, True])
def test_rounding_gives_the_sides_of_hyperplanes(fielded):
    with x64(True):
        method = RankK(double(fielded), 3, 50, 100, 50)
        ctx = context(method, HP, 4)
        state = method.init(context(method, HP, -1))
        bits = np.array(method.readout(state, ctx))
        normals = np.array(jax.random.normal(ctx.key, (3, 50), jnp.float64))
    vectors = np.array(state.params)
    for plane in range(50):
        side = np.sign(vectors @ normals[:, plane]) * np.sign(normals[0, plane])
        np.testing.assert_array_equal(2 * bits[:, plane] - 1, side)


@pytest.mark.parametrize("steps", [0, 200])
def test_expected_cut_is_at_least_0_878_of_the_relaxed_one(steps):
    """For vectors fresh and trained; and it is sum w arccos(v_i . v_j) / pi, the known mean."""
    rng = np.random.default_rng(4)
    edges = np.array([(i, j) for i in range(40) for j in range(i + 1, 40) if rng.random() < 0.2])
    weights = rng.integers(1, 10, len(edges))
    graph = Graph(40, edges.astype(np.int32), weights.astype(np.int64))
    planes = 20_000
    with x64(True):
        method = RankK(double(False), 6, planes, 1000, 1000)
        state = walk(method, HP, steps, graph)[-1].after if steps else None
        ctx = context(method, HP, -1, graph)
        state = method.init(ctx) if state is None else state
        bits = np.array(method.readout(state, ctx._replace(key=jax.random.key(7))))
    assert bits.shape == (40, planes)
    cuts = weights @ (bits[edges[:, 0]] != bits[edges[:, 1]])
    v = np.array(state.params)
    inner = np.clip(np.sum(v[edges[:, 0]] * v[edges[:, 1]], axis=1), -1, 1)
    value = weights @ (1 - inner) / 2
    error = np.std(cuts) / np.sqrt(planes)
    assert abs(cuts.mean() - weights @ np.arccos(inner) / np.pi) < 5 * error
    assert cuts.mean() >= ALPHA * value
    if steps:  # trained: well above the half of all weight that fresh vectors cut
        assert value > 0.7 * weights.sum()


def test_adam_state_and_vectors_survive_the_sphere():
    with x64(True):
        last = walk(RankK(double(True), 3, 4, 100, 50), HP, 5)[-1].after
    assert isinstance(last, GradState)
    np.testing.assert_allclose(np.linalg.norm(last.params, axis=1), 1, atol=1e-12)
