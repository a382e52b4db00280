import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.networks.siren import Siren, coordinates, draw_siren
from tests.networks.fit import count, disc, losses

X = coordinates(6, 5)


def by_numpy(params, x):
    """The network in float64."""
    leaves = jax.tree.map(lambda a: np.asarray(a, np.float64), params["params"])
    y = np.asarray(x, np.float64)
    for i in range(4):
        layer = leaves[f"layer_{i}"]
        y = np.sin(30 * (y @ layer["kernel"] + layer["bias"]))
    return y @ leaves["output"]["kernel"] + leaves["output"]["bias"]


def test_output_equals_the_formula():
    network = Siren(2, width=32)
    params = draw_siren(network, jax.random.key(0), X)
    got = network.apply(params, X)
    assert got.shape == (6, 5, 2)
    np.testing.assert_allclose(got, by_numpy(params, X), atol=2e-4)


def test_number_of_parameters_and_bounds():
    params = draw_siren(Siren(1), jax.random.key(0), X)
    assert count(params) == 3 * 256 + 3 * (256 * 256 + 256) + 257
    first, inner = params["params"]["layer_0"], params["params"]["layer_2"]
    last = params["params"]["output"]
    bound = (6 / 256) ** 0.5 / 30
    for leaf, most in (
        (first["kernel"], 0.5),
        (first["bias"], 2**-0.5),
        (inner["kernel"], bound),
        (inner["bias"], 1 / 16),
        (last["kernel"], bound),
    ):
        assert 0.9 * most < np.abs(leaf).max() <= most


def test_drawn_parameters_have_the_structure_of_init():
    network = Siren(1, width=8, hidden=1)
    own = jax.eval_shape(network.init, jax.random.key(0), X)
    drawn = draw_siren(network, jax.random.key(0), X)
    assert jax.tree.map(lambda a: a.shape, own) == jax.tree.map(lambda a: a.shape, drawn)


def test_coordinates_span_the_square():
    grid = np.asarray(coordinates(3, 5))
    assert grid.shape == (3, 5, 2)
    np.testing.assert_allclose(grid[:, 0, 0], [-1, 0, 1])
    np.testing.assert_allclose(grid[0, :, 1], [-1, -0.5, 0, 0.5, 1])


@pytest.mark.parametrize("compute", [None, jnp.bfloat16])
def test_adam_reduces_the_loss_and_keeps_float32(compute):
    network = Siren(1, width=32, hidden=1, compute_dtype=compute)
    x = coordinates(12, 11)
    params = draw_siren(network, jax.random.key(0), x)
    values, last = losses(network, params, x, disc(12, 11), 60, 1e-3)
    assert values[-1] < 0.5 * values[0]
    assert {leaf.dtype.name for leaf in jax.tree.leaves(last)} == {"float32"}
