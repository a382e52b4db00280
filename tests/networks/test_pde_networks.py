"""Networks on jets against their formulas, differentiated by nested automatic differentiation."""

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.kernels.taylor import Directions, seed
from dnnbench.networks.dgm import DeepGalerkinNet
from dnnbench.networks.fourier import FourierFeatures, PeriodicFeatures
from dnnbench.networks.mlp import ACTIVATIONS, Mlp, draw, parameter_count
from dnnbench.networks.modified_mlp import FACTOR, ModifiedMlp
from dnnbench.networks.residual import DeepRitzNet
from tests.kernels.nested import close, nested, once

VALUES = Directions(2, False, ())
D = Directions(2, True, (((0, 0, 1.0), (1, 1, 1.0)), ((0, 1, 1.0),)))
POINTS = np.random.default_rng(0).uniform(-1, 1, (5, 2))
PLAIN = {"tanh": jnp.tanh, "sin": jnp.sin, "cubed_relu": lambda x: jnp.maximum(x, 0) ** 3}
F64 = {"dtype": jnp.float64}


def affine(layer, x):
    if "direction" in layer:
        return x @ layer["direction"] @ jnp.diag(jnp.exp(layer["log_scale"])) + layer["bias"]
    return x @ layer["kernel"] + layer.get("bias", 0)


def depth(p, prefix):
    return sum(name.startswith(prefix) for name in p)


def mlp(p, f, x):
    for i in range(depth(p, "layer_")):
        x = f(affine(p[f"layer_{i}"], x))
    return affine(p["output"], x)


def modified_mlp(p, f, x):
    u, v = f(affine(p["encoder_u"], x)), f(affine(p["encoder_v"], x))
    for i in range(depth(p, "layer_")):
        z = f(affine(p[f"layer_{i}"], x))
        x = (1 - z) * u + z * v
    return affine(p["output"], x)


def dgm(p, f, x):
    def gate(name, s):
        return f(affine(p[name]["input"], x) + affine(p[name]["state"], s))

    s = f(affine(p["first"], x))
    for i in range(depth(p, "h_")):
        z, g, r = (gate(f"{name}_{i}", s) for name in "zgr")
        s = (1 - g) * gate(f"h_{i}", s * r) + z * s
    return affine(p["output"], s)


def deep_ritz(p, f, x):
    s = affine(p["first"], x)
    for i in range(depth(p, "outer_")):
        s = s + f(affine(p[f"outer_{i}"], f(affine(p[f"inner_{i}"], s))))
    return affine(p["output"], s)


NETWORKS = {
    "mlp": (Mlp(5, 2, 2, **F64), mlp, "tanh"),
    "mlp of sines": (Mlp(5, 1, 1, "sin", **F64), mlp, "sin"),
    "modified mlp": (ModifiedMlp(5, 1, 1, factor=FACTOR, **F64), modified_mlp, "tanh"),
    "dgm": (DeepGalerkinNet(5, 1, 1, **F64), dgm, "tanh"),
    "deep ritz": (DeepRitzNet(5, 1, 1, **F64), deep_ritz, "cubed_relu"),
}


def drawn(network, seed_=0):
    """Parameters with biases that are not zero."""
    x = seed(jnp.asarray(POINTS), VALUES)
    factor = getattr(network, "factor", None)
    make = partial(draw, network, weight_init="glorot_normal", factor=factor)
    leaves, structure = jax.tree.flatten(once(make, jax.random.key(seed_), x))
    rng = np.random.default_rng(3)
    leaves = [a + 0.1 * rng.normal(size=a.shape).astype(a.dtype) for a in leaves]
    return jax.tree.unflatten(structure, leaves)


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_and_parameter_gradients_equal_nested_differentiation(name):
    network, formula, f = NETWORKS[name]
    with x64(True):
        params = drawn(network)
        shape = (D.blocks * len(POINTS), network.outputs)
        weights = jnp.asarray(np.random.default_rng(1).normal(size=shape))

        def by_jets(params, points):
            return network.apply(params, seed(points, D)).rows

        def by_nesting(params, points):
            return nested(lambda p: formula(params["params"], PLAIN[f], p), points, D)

        def both(params, points, weights):
            def value(params, rows):
                found = rows(params, points)
                return jnp.sum(weights * found**2), found

            return [jax.grad(value, has_aux=True)(params, r) for r in (by_jets, by_nesting)]

        (mine, got), (other, wanted) = once(both, params, jnp.asarray(POINTS), weights)
        close(got, wanted)
        scale = max(float(np.abs(leaf).max()) for leaf in jax.tree.leaves(other))
        for a, b in zip(jax.tree.leaves(mine), jax.tree.leaves(other), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * scale)


def test_both_modes_single_points_and_lanes():
    network = NETWORKS["mlp"][0]

    def rows(params, points):
        return network.apply(params, seed(points, D)).second(0)

    def each(params, other, points):
        stacked = jax.tree.map(lambda *a: jnp.stack(a), other, params)
        reverse = jax.jacrev(rows)(params, points)
        one = jax.vmap(jax.jacrev(lambda p, x: rows(p, x[None])[0]), (None, 0))
        lanes = jax.vmap(jax.jacrev(rows), (0, None))(stacked, points)
        mapped = jax.lax.map(lambda p: jax.jacrev(rows)(p, points), stacked)
        second = [jax.tree.map(lambda a: a[1], tree) for tree in (lanes, mapped)]
        return reverse, [jax.jacfwd(rows)(params, points), one(params, points), *second]

    with x64(True):
        params, other = drawn(network), drawn(network, seed_=1)
        wanted, found = once(each, params, other, jnp.asarray(POINTS))
        for tree in found:
            for a, b in zip(jax.tree.leaves(tree), jax.tree.leaves(wanted), strict=True):
                close(a, b)


def check_glorot(kernel, init, fans):
    """Mean, deviation and shape of the distribution of weights [w, v]."""
    kernel, deviation = np.asarray(kernel), (2 / sum(fans)) ** 0.5
    assert kernel.shape == fans
    assert abs(kernel.mean()) < 5 * deviation / kernel.size**0.5
    assert kernel.std() == pytest.approx(deviation, rel=0.02)
    if init == "glorot_uniform":
        assert 0.99 * 3**0.5 < np.abs(kernel).max() / deviation < 3**0.5
    else:
        assert (np.abs(kernel) < deviation).mean() == pytest.approx(0.683, abs=0.01)
        assert np.abs(kernel).max() > 3.5 * deviation


@pytest.mark.parametrize("init", ["glorot_uniform", "glorot_normal"])
def test_weights_follow_glorot_and_biases_are_zero(init):
    network = Mlp(400, 2, 100, weight_init=init)
    x = seed(jnp.zeros((1, 2)), VALUES)
    for make in (network.init, partial(draw, network, weight_init=init)):
        params = once(make, jax.random.key(0), x)["params"]
        check_glorot(params["layer_1"]["kernel"], init, (400, 400))
        check_glorot(params["output"]["kernel"], init, (400, 100))
        assert not any(np.asarray(layer["bias"]).any() for layer in params.values())
        some, other = params["layer_1"]["kernel"][:, :100], params["output"]["kernel"]
        assert abs(np.corrcoef(np.ravel(some), np.ravel(other))[0, 1]) < 0.03


def test_factorised_weights_begin_as_glorot_with_log_normal_scales():
    network = ModifiedMlp(500, 2, 1, factor=(1.0, 0.1))
    one_draw = partial(draw, network, weight_init="glorot_normal", factor=(1.0, 0.1))
    for make in (network.init, one_draw):
        params = once(make, jax.random.key(0), seed(jnp.zeros((1, 2)), VALUES))["params"]
        layer = params["layer_1"]
        assert layer["log_scale"].mean() == pytest.approx(1, abs=0.02)
        assert layer["log_scale"].std() == pytest.approx(0.1, rel=0.15)
        kernel = np.asarray(layer["direction"]) * np.exp(layer["log_scale"])
        check_glorot(kernel, "glorot_normal", (500, 500))


@pytest.mark.parametrize("seed_", [0, 1])
def test_one_draw_has_the_structure_of_init_and_follows_its_key(seed_):
    embedding = FourierFeatures(16, 2.0)
    network = nn.Sequential((embedding, DeepGalerkinNet(8, 2, 1)))
    x = seed(jnp.zeros((1, 2)), VALUES)
    made = draw(network, jax.random.key(seed_), x, "glorot_normal", scale=2.0)
    own = jax.eval_shape(network.init, jax.random.key(0), x)
    shapes = [jax.tree.map(lambda a: (a.shape, a.dtype), tree) for tree in (made, own)]
    assert shapes[0] == shapes[1]
    other = draw(network, jax.random.key(1 - seed_), x, "glorot_normal", scale=2.0)
    assert not np.array_equal(*(tree["fixed"]["layers_0"]["frequencies"] for tree in (made, other)))
    with pytest.raises(ValueError, match="no rule for the parameter params/Dense_0/extra"):
        draw(Extra(), jax.random.key(0), x, "glorot_normal")


class Extra(nn.Module):
    @nn.compact
    def __call__(self, x):
        return Inner(name="Dense_0")(x)


class Inner(nn.Module):
    @nn.compact
    def __call__(self, x):
        return x * self.param("extra", nn.initializers.ones, ())


def test_fourier_features_are_fixed_and_exact():
    features = FourierFeatures(8, 2.0, jnp.float64)
    wide = FourierFeatures(20000, 3.0, jnp.float64)

    def both(points, b):
        def formula(p):
            return jnp.concatenate([jnp.cos(p @ b), jnp.sin(p @ b)])

        rows = features.apply({"fixed": {"frequencies": b}}, seed(points, D)).rows
        return rows, nested(formula, points, D)

    with x64(True):
        points = jnp.asarray(POINTS)
        variables = features.init(jax.random.key(0), seed(points, VALUES))
        assert set(variables) == {"fixed"}
        close(*once(both, points, variables["fixed"]["frequencies"]))
        for b in (
            wide.init(jax.random.key(1), seed(points, VALUES)),
            draw(wide, jax.random.key(1), seed(points, VALUES), "glorot_normal", scale=3.0),
        ):
            assert b["fixed"]["frequencies"].std() == pytest.approx(3, rel=0.02)


def test_periodic_features_are_exact_and_periodic():
    features = PeriodicFeatures(((1, 0.5),), 3)

    def each(points):
        def formula(p):
            phase = 4 * jnp.pi * p[1] * jnp.arange(1, 4)
            return jnp.concatenate([p[:1], jnp.cos(phase), jnp.sin(phase)])

        moved = features.apply({}, seed(points + jnp.asarray([0.0, 0.5]), VALUES)).value
        return features.apply({}, seed(points, D)).rows, nested(formula, points, D), moved

    with x64(True):
        rows, wanted, moved = once(each, jnp.asarray(POINTS))
        close(rows, wanted)
        np.testing.assert_allclose(moved, rows[:5], atol=1e-13)


def test_embeddings_stand_before_any_network():
    parts = (PeriodicFeatures(((0, 2.0),), 2), FourierFeatures(16, 1.0), ModifiedMlp(8, 2, 1))
    network = nn.Sequential(parts)
    x = seed(jnp.asarray(POINTS, jnp.float32), D)
    variables = jax.eval_shape(network.init, jax.random.key(0), x)
    assert set(variables) == {"fixed", "params"}
    values = jax.eval_shape(lambda v, x: network.apply(v, x).value, variables, x)
    assert values.shape == (5, 1)
    assert parameter_count(variables) == 2 * (17 * 8) + 17 * 8 + 9 * 8 + 9


@pytest.mark.parametrize(
    ("network", "count"),
    [
        (Mlp(50, 4, 1), 3 * 50 + 3 * 2550 + 51),
        (Mlp(20, 3, 1), 3 * 20 + 2 * 420 + 21),
        (DeepGalerkinNet(50, 3, 1), 150 + 3 * 4 * (100 + 2500 + 50) + 51),
        (DeepRitzNet(10, 4, 1), 30 + 8 * 110 + 11),
    ],
)
def test_number_and_type_of_parameters(network, count):
    x = seed(jnp.zeros((1, 2)), VALUES)
    params = jax.eval_shape(network.init, jax.random.key(0), x)
    assert parameter_count(params) == count
    assert {leaf.dtype.name for leaf in jax.tree.leaves(params)} == {"float32"}
    assert jax.eval_shape(lambda p: network.apply(p, x).value, params).dtype == jnp.float32


def test_unknown_names_give_the_nearest():
    x = seed(jnp.zeros((1, 2)), VALUES)
    with pytest.raises(UserError, match=r"unknown activation 'tahn'.*'tanh'"):
        Mlp(4, 1, 1, "tahn").init(jax.random.key(0), x)
    with pytest.raises(UserError, match=r"unknown initialisation 'glorot'.*'glorot_uniform'"):
        Mlp(4, 1, 1, weight_init="glorot").init(jax.random.key(0), x)
    with pytest.raises(ValueError, match="pairs"):
        FourierFeatures(3, 1.0).init(jax.random.key(0), x)
    assert set(ACTIVATIONS) == set(PLAIN)
