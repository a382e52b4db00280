import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.networks.draw import draw_parameters
from dnnbench.networks.resample import enlarge, upsample
from dnnbench.networks.skip import SkipNetwork, SkipSetting, skip_setting
from tests.networks.fit import count, disc, losses

TINY = SkipSetting(3, (4, 6), (4, 5), (0, 2))


def shapes(setting, outputs, h=64, w=64):
    z = jax.ShapeDtypeStruct((h, w, setting.input_channels), jnp.float32)
    return jax.eval_shape(SkipNetwork(setting, outputs).init, jax.random.key(0), z)


@pytest.mark.parametrize(
    ("name", "outputs", "number"),
    [("large", 1, 2_217_573), ("large", 3, 2_217_831), ("small", 1, 572_809)],
)
def test_published_numbers_of_parameters(name, outputs, number):
    assert count(shapes(skip_setting(name), outputs)) == number


@pytest.mark.parametrize("size", [(45, 61), (64, 64), (2, 70)])
@pytest.mark.parametrize("name", ["large", "small"])
def test_any_size_comes_out(name, size):
    network = SkipNetwork(skip_setting(name), 2)
    z = jax.ShapeDtypeStruct((*size, network.setting.input_channels), jnp.float32)
    out = jax.eval_shape(lambda k, z: network.init_with_output(k, z)[0], jax.random.key(0), z)
    assert out.shape == (*size, 2)


@pytest.mark.parametrize("size", [(45, 61), (3, 2)])
def test_output_lies_in_the_unit_interval_and_is_finite(size):
    z = jax.random.uniform(jax.random.key(0), (*size, 3))
    network = SkipNetwork(TINY, 1)
    y = jax.jit(lambda k, z: network.apply(draw_parameters(network, k, z), z))(jax.random.key(1), z)
    assert y.shape == (*size, 1)
    assert np.all((np.asarray(y) > 0) & (np.asarray(y) < 1))
    assert np.std(y) > 1e-3


def test_one_pixel_wide_and_wrong_channels_are_refused():
    network = SkipNetwork(TINY, 1)
    with pytest.raises(ValueError, match="1 x 9 pixels is too small"):
        network.init(jax.random.key(0), jnp.zeros((1, 9, 3)))
    with pytest.raises(ValueError, match=r"expected an input \[h, w, 3\]"):
        network.init(jax.random.key(0), jnp.zeros((9, 9, 4)))
    with pytest.raises(ValueError, match="one entry a scale"):
        SkipSetting(3, (4, 4), (4,), (0, 0))
    with pytest.raises(UserError, match="large"):
        skip_setting("larg")


def test_first_parameters_are_uniform_within_their_bounds():
    setting = skip_setting("small")
    network = SkipNetwork(setting, 1)
    z = jax.ShapeDtypeStruct((64, 64, 3), jnp.float32)
    drawn = jax.jit(lambda k: draw_parameters(network, k, z))(jax.random.key(3))
    want = shapes(setting, 1)
    assert jax.tree.structure(drawn) == jax.tree.structure(want)
    assert jax.tree.all(jax.tree.map(lambda a, b: a.shape == b.shape, drawn, want))
    block = drawn["params"]["scales"]["down_1"]
    bound = (9 * 8) ** -0.5
    for leaf in (block["conv"]["kernel"], block["conv"]["bias"]):
        assert np.abs(leaf).max() <= bound
    np.testing.assert_allclose(np.std(block["conv"]["kernel"]), bound / 3**0.5, rtol=0.1)
    np.testing.assert_array_equal(block["norm"]["scale"], 1)
    np.testing.assert_array_equal(block["norm"]["bias"], 0)


@pytest.mark.parametrize("compute", [None, jnp.bfloat16])
def test_adam_reduces_the_loss_and_keeps_float32(compute):
    network = SkipNetwork(TINY, 1, compute_dtype=compute)
    z = 0.1 * jax.random.uniform(jax.random.key(0), (16, 15, 3))
    params = draw_parameters(network, jax.random.key(1), z)
    values, last = losses(network, params, z, disc(16, 15), 25, 0.02)
    assert values[-1] < 0.5 * values[0]
    assert {leaf.dtype.name for leaf in jax.tree.leaves(last)} == {"float32"}


def test_lanes_are_independent():
    network = SkipNetwork(TINY, 1)
    zs = jax.random.uniform(jax.random.key(0), (2, 8, 8, 3))
    params = [draw_parameters(network, jax.random.key(i), zs[0]) for i in range(2)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *params)
    together = jax.jit(jax.vmap(network.apply))(stacked, zs)
    for i in range(2):
        alone = jax.jit(network.apply)(params[i], zs[i])
        np.testing.assert_allclose(together[i], alone, atol=2e-5)


def test_bilinear_doubling_has_half_pixel_centres():
    x = jnp.asarray([[0.0, 4.0]])[..., None]
    want = [[0, 1, 3, 4], [0, 1, 3, 4]]
    np.testing.assert_array_equal(upsample(x, "bilinear")[..., 0], want)
    np.testing.assert_array_equal(upsample(x, "nearest")[..., 0], [[0, 0, 4, 4]] * 2)
    with pytest.raises(UserError, match="bilinear"):
        upsample(x, "bilinaer")


@pytest.mark.parametrize("kind", ["bilinear", "nearest"])
def test_gradient_of_doubling_is_its_transpose(kind):
    x = jax.random.normal(jax.random.key(0), (3, 4, 2))
    g = jax.random.normal(jax.random.key(1), (6, 8, 2))
    y, back = jax.vjp(lambda x: upsample(x, kind), x)
    basis = jax.vmap(lambda e: upsample(e.reshape(x.shape), kind).ravel())(jnp.eye(x.size))
    np.testing.assert_allclose(back(g)[0].ravel(), basis @ g.ravel(), atol=1e-5)
    np.testing.assert_allclose(y.ravel(), x.ravel() @ basis, atol=1e-5)


def test_enlarging_reflects_as_often_as_needed():
    x = jnp.arange(3.0)[:, None, None] * jnp.ones((1, 9, 1))
    np.testing.assert_array_equal(enlarge(x, 8)[:, 0, 0], [0, 1, 2, 1, 0, 1, 2, 1])
