"""dNN-MIS beside the network with a unit for every pair, and the points where it ends."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.engine.contract import Ctx, Data
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.instances.generators.random_graphs import gnp
from dnnbench.instances.graph import Graph
from dnnbench.methods.dnn_mis import DNNMIS
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.independent_set.energy import SetEnergy

HP = {"learning_rate": 0.01, "temperature": 0.5, "init_noise": 1.0}


def conflicts_of(graph, complemented=False):
    return Conflicts(graph, complemented, np.ones(graph.num_vertices, np.int64))


def context(method, hp, conflicts):
    """What a restart of the method sees in its first step."""
    dtype = method.energy.dtype
    data = Data(method.energy.prepare(conflicts), method.prepare(conflicts)[0])
    values = {key: jnp.asarray(value, dtype) for key, value in hp.items()}
    return Ctx(data, None, values, jnp.int32(0), jax.random.key(3))


def network(conflicts, temperature):
    """The published layers as a function of theta: all ones times theta, pairs and nodes, sum."""
    n = conflicts.num_vertices
    matrix = conflicts.adjacency.toarray()
    pairs = list(itertools.combinations(range(n), 2))
    incidence = np.zeros((n, len(pairs)))
    for column, (i, j) in enumerate(pairs):
        incidence[[i, j], column] = 1
    inside = np.array([matrix[i, j] for i, j in pairs])
    weights = np.concatenate([np.eye(n), incidence], axis=1)
    biases = np.concatenate([np.full(n, -0.5), np.full(len(pairs), -1.0)])
    last = np.concatenate([np.full(n, -1.0), np.where(inside, n, -temperature)])

    def f(theta):
        return jnp.asarray(last) @ jax.nn.relu((jnp.ones(n) * theta) @ weights + biases)

    return f


def beside(conflicts, theta, temperature):
    """((value, gradient) of the method, those of the network) at theta, in float64."""
    with x64(True):
        method = DNNMIS(SetEnergy("ell", "float64"), 10)
        ctx = context(method, HP | {"temperature": temperature}, conflicts)
        theta = jnp.asarray(theta, jnp.float64)
        mine = jax.value_and_grad(lambda t: method.loss(t, (), ctx)[0])(theta)
        theirs = jax.value_and_grad(network(conflicts, temperature))(theta)
        return jax.tree.map(np.array, (mine, theirs))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 0.0])
@pytest.mark.parametrize("complemented", [False, True])
@pytest.mark.parametrize("density", [0.2, 0.7])
def test_value_and_gradient_are_the_network_s(density, complemented, temperature):
    """The complement of the sparse graph is not stored, that of the dense one is."""
    conflicts = conflicts_of(gnp(12, density, 1), complemented)
    assert conflicts.implicit == (complemented and density < 0.5)
    rng = np.random.default_rng(0)
    kinks = (np.full(12, 0.5), np.round(rng.random(12) * 4) / 4, rng.integers(0, 2, 12))
    for theta in (rng.random(12), rng.random(12) / 2, rng.random(12) / 2 + 0.5, *kinks):
        (value, gradient), (network_value, network_gradient) = beside(conflicts, theta, temperature)
        np.testing.assert_allclose(value, network_value, atol=1e-12)
        np.testing.assert_array_equal(gradient, network_gradient)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_binary_minimisers_are_the_maximum_independent_sets(temperature):
    conflicts = conflicts_of(gnp(9, 0.4, 2))
    matrix = conflicts.adjacency.toarray()
    points = np.array(list(itertools.product([0.0, 1.0], repeat=9)))
    with x64(True):
        method = DNNMIS(SetEnergy("ell", "float64"), 10)
        ctx = context(method, HP | {"temperature": temperature}, conflicts)
        found = np.array(jax.vmap(lambda t: method.loss(t, (), ctx)[0])(jnp.asarray(points)))
    sizes, inside = points.sum(axis=1), np.einsum("ki,ij,kj->k", points, matrix, points) / 2
    alpha = sizes[inside == 0].max()
    assert found.min() == -alpha / 2 - temperature * alpha * (alpha - 1) / 2
    np.testing.assert_array_equal(found == found.min(), (inside == 0) & (sizes == alpha))


# The half-integral minimum -----------------------------------------------------------------------


def vertex_beside_clique(h):
    """An isolated vertex 0 and a clique of h."""
    pairs = [(i, j) for i in range(1, h + 1) for j in range(i + 1, h + 1)]
    return Graph(h + 1, np.array(pairs, np.int32), np.ones(len(pairs), np.int64))


def trained(graph, hp, steps, lanes):
    """(theta [n, lanes] after training, last losses [lanes])."""
    method = DNNMIS(SetEnergy("ell", "float32"), steps)
    ctx = context(method, hp, conflicts_of(graph))

    def begin(lane):
        return method.init(ctx._replace(key=jax.random.fold_in(ctx.key, lane)))

    advance = lanes_last(lambda s: method.step(s, method.phases[0], ctx), (True,))

    @jax.jit
    def run(lanes):
        first = lanes_last(begin, (True,))(lanes)
        last = jax.lax.fori_loop(0, steps, lambda _, s: advance(s)[0], first)
        return last.params, advance(last)[1].merit

    return jax.tree.map(np.array, run(jnp.arange(lanes)))


def test_a_clique_beside_a_vertex_ends_at_one_half():
    """The relaxation is not exact: -1/2 - h/2 is below the -2 of the maximum independent sets."""
    hp = {"learning_rate": 1e-3, "temperature": 1.0, "init_noise": 1.0}
    theta, losses = trained(vertex_beside_clique(8), hp, 3000, 6)
    assert np.all(theta[0] > 0.99)
    np.testing.assert_allclose(theta[1:], 0.5, atol=0.02)
    np.testing.assert_allclose(losses, -4.5, atol=0.3)
    assert losses.min() < -4.0


def test_without_noise_vertices_of_the_largest_degree_never_move():
    hp = {"learning_rate": 1e-3, "temperature": 1.0, "init_noise": 0.0}
    theta, losses = trained(vertex_beside_clique(8), hp, 500, 2)
    np.testing.assert_array_equal(theta[1:], 0)
    np.testing.assert_array_equal(theta[0], 1)
    np.testing.assert_allclose(losses, -0.5)


def test_starts_are_those_of_the_degrees_with_noise_cut_back_to_the_cube():
    graph = gnp(30, 0.3, 4)
    conflicts = conflicts_of(graph)
    expected = 1 - graph.degrees / graph.degrees.max()
    method = DNNMIS(SetEnergy("ell", "float32"), 10)
    for noise in (0.0, 0.3):
        ctx = context(method, HP | {"init_noise": noise}, conflicts)
        theta = np.array(method.init(ctx).params)
        assert theta.min() >= 0
        assert theta.max() <= 1
        extra = theta - expected
        assert np.all((extra >= -1e-6) & ((extra < noise + 1e-6) | (theta == 1)))
        assert (np.ptp(extra) > 0.1) == (noise > 0)


def test_covers_are_read_out_as_the_rest():
    conflicts = conflicts_of(gnp(10, 0.4, 1))
    state = {}
    for covers in (False, True):
        method = DNNMIS(SetEnergy("ell", "float32", covers=covers), 10)
        ctx = context(method, HP, conflicts)
        state[covers] = np.array(method.readout(method.init(ctx), ctx))
    np.testing.assert_allclose(state[True], 1 - state[False], atol=1e-6)


def test_nothing_of_the_size_of_all_pairs_is_made():
    n = 300
    conflicts = conflicts_of(gnp(n, 0.02, 1))
    method = DNNMIS(SetEnergy("ell", "float32"), 10)
    ctx = context(method, HP, conflicts)
    step = jax.jit(lambda s, c: method.step(s, method.phases[0], c))
    memory = step.lower(method.init(ctx), ctx).compile().memory_analysis()
    assert memory.temp_size_in_bytes < n * n  # one float for every second pair
