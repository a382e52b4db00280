import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.networks.deep_decoder import DeepDecoder, input_size
from dnnbench.networks.draw import draw_parameters
from tests.networks.fit import count, disc, losses


def number(k, outputs):
    z = jax.ShapeDtypeStruct((16, 16, k), jnp.float32)
    return count(jax.eval_shape(DeepDecoder(512, 512, outputs).init, jax.random.key(0), z))


@pytest.mark.parametrize(("k", "factor"), [(128, 7.85), (64, 30.8)])
def test_published_compression_factors(k, factor):
    assert 512 * 512 * 3 / number(k, 3) == pytest.approx(factor, abs=0.005)


def test_numbers_of_parameters():
    assert number(128, 3) == 100_224
    assert number(256, 4) == 397_312  # the published inpainting count; it fits four channels only


@pytest.mark.parametrize("size", [(32, 32), (45, 61), (1, 3)])
def test_any_size_comes_out_in_the_unit_interval(size):
    network = DeepDecoder(*size, 2, doublings=3)
    z = jax.random.uniform(jax.random.key(0), (*input_size(*size, 3), 8))
    y = np.asarray(network.apply(draw_parameters(network, jax.random.key(1), z), z))
    assert y.shape == (*size, 2)
    assert np.all((y > 0) & (y < 1))


def test_wrong_inputs_are_refused():
    network = DeepDecoder(32, 40, 1, doublings=3)
    with pytest.raises(ValueError, match=r"expected an input \[4, 5, k\]"):
        network.init(jax.random.key(0), jnp.zeros((5, 4, 8)))
    with pytest.raises(ValueError, match="0 x 4"):
        input_size(0, 4, 3)


@pytest.mark.parametrize("compute", [None, jnp.bfloat16])
def test_adam_reduces_the_loss_and_keeps_float32(compute):
    network = DeepDecoder(30, 32, 1, doublings=3, compute_dtype=compute)
    z = 0.1 * jax.random.uniform(jax.random.key(0), (*input_size(30, 32, 3), 12))
    params = draw_parameters(network, jax.random.key(1), z)
    values, last = losses(network, params, z, disc(30, 32), 60, 0.02)
    assert values[-1] < 0.5 * values[0]
    assert {leaf.dtype.name for leaf in jax.tree.leaves(last)} == {"float32"}
