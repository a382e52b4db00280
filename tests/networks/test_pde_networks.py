"""Networks on jets against their formulas, differentiated by nested automatic differentiation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.kernels.taylor import Directions, seed
from dnnbench.networks.dgm import DeepGalerkinNet
from dnnbench.networks.fourier import FourierFeatures, PeriodicFeatures
from dnnbench.networks.mlp import ACTIVATIONS, Mlp, parameter_count
from dnnbench.networks.modified_mlp import FACTOR, ModifiedMlp
from dnnbench.networks.residual import DeepRitzNet
from tests.kernels.nested import close, nested

D = Directions(2, True, (((0, 0, 1.0), (1, 1, 1.0)), ((0, 1, 1.0),)))
POINTS = np.random.default_rng(0).uniform(-1, 1, (5, 2))
PLAIN = {"tanh": jnp.tanh, "sin": jnp.sin, "cubed_relu": lambda x: jnp.maximum(x, 0) ** 3}
F64 = {"dtype": jnp.float64}


def affine(layer, x):
    if "direction" in layer:
        return x @ layer["direction"] @ jnp.diag(jnp.exp(layer["log_scale"])) + layer["bias"]
    return x @ layer["kernel"] + layer.get("bias", 0)


def mlp(p, f, x):
    for i in range(3):
        x = f(affine(p[f"layer_{i}"], x))
    return affine(p["output"], x)


def modified_mlp(p, f, x):
    u, v = f(affine(p["encoder_u"], x)), f(affine(p["encoder_v"], x))
    for i in range(2):
        z = f(affine(p[f"layer_{i}"], x))
        x = (1 - z) * u + z * v
    return affine(p["output"], x)


def dgm(p, f, x):
    def gate(name, s):
        return f(affine(p[name]["input"], x) + affine(p[name]["state"], s))

    s = f(affine(p["first"], x))
    for i in range(2):
        z, g, r = (gate(f"{name}_{i}", s) for name in "zgr")
        s = (1 - g) * gate(f"h_{i}", s * r) + z * s
    return affine(p["output"], s)


def deep_ritz(p, f, x):
    s = affine(p["first"], x)
    for i in range(2):
        s = s + f(affine(p[f"outer_{i}"], f(affine(p[f"inner_{i}"], s))))
    return affine(p["output"], s)


NETWORKS = {
    "mlp": (Mlp(6, 3, 2, **F64), mlp, "tanh"),
    "mlp sin": (Mlp(6, 3, 2, "sin", "glorot_normal", **F64), mlp, "sin"),
    "mlp cubed": (Mlp(6, 3, 1, "cubed_relu", **F64), mlp, "cubed_relu"),
    "modified mlp": (ModifiedMlp(6, 2, 2, **F64), modified_mlp, "tanh"),
    "factorised": (ModifiedMlp(6, 2, 2, factor=FACTOR, **F64), modified_mlp, "tanh"),
    "dgm": (DeepGalerkinNet(6, 2, 2, **F64), dgm, "tanh"),
    "deep ritz": (DeepRitzNet(6, 2, 2, **F64), deep_ritz, "cubed_relu"),
    "deep ritz tanh": (DeepRitzNet(6, 2, 1, "tanh", **F64), deep_ritz, "tanh"),
}


def drawn(network, points=POINTS, seed_=0):
    """Parameters with biases that are not zero."""
    params = network.init(jax.random.key(seed_), seed(jnp.asarray(points), D))
    leaves, structure = jax.tree.flatten(params)
    rng = np.random.default_rng(3)
    leaves = [a + 0.1 * rng.normal(size=a.shape).astype(a.dtype) for a in leaves]
    return jax.tree.unflatten(structure, leaves)


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_and_parameter_gradients_equal_nested_differentiation(name):
    network, formula, f = NETWORKS[name]
    with x64(True):
        points = jnp.asarray(POINTS)
        params = drawn(network)

        def by_jets(params):
            return network.apply(params, seed(points, D)).rows

        def by_nesting(params):
            return nested(lambda p: formula(params["params"], PLAIN[f], p), points, D)

        close(by_jets(params), by_nesting(params))
        weights = jnp.asarray(np.random.default_rng(1).normal(size=by_jets(params).shape))
        mine, other = (
            jax.jit(jax.grad(lambda p, rows=rows: jnp.sum(weights * rows(p) ** 2)))(params)
            for rows in (by_jets, by_nesting)
        )
        scale = max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(other))
        for a, b in zip(jax.tree.leaves(mine), jax.tree.leaves(other), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * scale)


def test_forward_mode_and_points_one_at_a_time():
    network = NETWORKS["mlp"][0]
    with x64(True):
        points, params = jnp.asarray(POINTS), drawn(network)

        def laplacian(params, points):
            return network.apply(params, seed(points, D)).second(0)

        forward = jax.jit(jax.jacfwd(laplacian))(params, points)
        reverse = jax.jit(jax.vmap(jax.jacrev(lambda p, x: laplacian(p, x[None])[0]), (None, 0)))
        both = zip(*map(jax.tree.leaves, (forward, reverse(params, points))), strict=True)
        for a, b in both:
            close(a, b)


def test_lanes_under_vmap_and_map_are_those_alone():
    network = NETWORKS["mlp"][0]
    with x64(True):
        points = jnp.asarray(POINTS)
        each = [drawn(network, seed_=k) for k in (0, 1)]
        stacked = jax.tree.map(lambda *a: jnp.stack(a), *each)

        def gradient(params):
            return jax.grad(lambda p: jnp.sum(network.apply(p, seed(points, D)).rows ** 2))(params)

        alone = [gradient(p) for p in each]
        for lanes in (jax.vmap(gradient)(stacked), jax.lax.map(gradient, stacked)):
            for k, wanted in enumerate(alone):
                pairs = zip(jax.tree.leaves(lanes), jax.tree.leaves(wanted), strict=True)
                for a, b in pairs:
                    close(a[k], b)


@pytest.mark.parametrize("init", ["glorot_uniform", "glorot_normal"])
def test_weights_follow_glorot_and_biases_are_zero(init):
    network = Mlp(400, 2, 100, weight_init=init)
    x = seed(jnp.zeros((1, 2)), Directions(2, False, ()))
    params = jax.jit(network.init)(jax.random.key(0), x)["params"]
    for layer, (a, b) in {"layer_1": (400, 400), "output": (400, 100)}.items():
        kernel, deviation = np.asarray(params[layer]["kernel"]), (2 / (a + b)) ** 0.5
        assert kernel.shape == (a, b)
        assert abs(kernel.mean()) < 5 * deviation / kernel.size**0.5
        assert kernel.std() == pytest.approx(deviation, rel=0.02)
        largest = np.abs(kernel).max() / deviation
        if init == "glorot_uniform":
            assert 0.99 * 3**0.5 < largest <= 3**0.5 * (1 + 1e-6)
        else:
            assert largest > 2
            share = (np.abs(kernel) < deviation).mean()  # uniform: 0.577
            assert share > 0.62
        assert not np.asarray(params[layer]["bias"]).any()
    assert not np.array_equal(params["layer_1"]["kernel"][:, :100], params["output"]["kernel"])


def test_factorised_weights_begin_as_glorot_with_log_normal_scales():
    x = seed(jnp.zeros((1, 2)), Directions(2, False, ()))
    params = ModifiedMlp(500, 2, 1, factor=(1.0, 0.1)).init(jax.random.key(0), x)["params"]
    layer = params["layer_1"]
    assert layer["log_scale"].mean() == pytest.approx(1, abs=0.02)
    assert layer["log_scale"].std() == pytest.approx(0.1, rel=0.15)
    kernel = np.asarray(layer["direction"]) * np.exp(layer["log_scale"])
    assert kernel.std() == pytest.approx((2 / 1000) ** 0.5, rel=0.02)


def test_fourier_features_are_fixed_and_exact():
    features = FourierFeatures(8, 2.0, jnp.float64)
    with x64(True):
        points = jnp.asarray(POINTS)
        variables = features.init(jax.random.key(0), seed(points, D))
        assert set(variables) == {"fixed"}
        b = variables["fixed"]["frequencies"]

        def formula(p):
            return jnp.concatenate([jnp.cos(p @ b), jnp.sin(p @ b)])

        close(features.apply(variables, seed(points, D)).rows, nested(formula, points, D))
        wide = FourierFeatures(20000, 3.0, jnp.float64)
        wide = wide.init(jax.random.key(1), seed(points, D))["fixed"]["frequencies"]
        assert wide.std() == pytest.approx(3, rel=0.02)


def test_periodic_features_are_exact_and_periodic():
    features = PeriodicFeatures(((1, 0.5),), 3)
    with x64(True):
        points = jnp.asarray(POINTS)

        def formula(p):
            phase = 4 * jnp.pi * p[1] * jnp.arange(1, 4)
            return jnp.concatenate([p[:1], jnp.cos(phase), jnp.sin(phase)])

        rows = features.apply({}, seed(points, D)).rows
        close(rows, nested(formula, points, D))
        shifted = points + jnp.asarray([0.0, 0.5])
        np.testing.assert_allclose(features.apply({}, seed(shifted, D)).value, rows[:5], atol=1e-13)


def test_embeddings_stand_before_any_network():
    import flax.linen as nn

    parts = (PeriodicFeatures(((0, 2.0),), 2), FourierFeatures(16, 1.0), ModifiedMlp(8, 2, 1))
    network = nn.Sequential(parts)
    x = seed(jnp.asarray(POINTS, jnp.float32), D)
    variables = network.init(jax.random.key(0), x)
    assert set(variables) == {"fixed", "params"}
    assert network.apply(variables, x).rows.shape == (D.blocks * 5, 1)
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
    x = seed(jnp.zeros((1, 2)), Directions(2, False, ()))
    params = network.init(jax.random.key(0), x)
    assert parameter_count(params) == count
    assert {leaf.dtype.name for leaf in jax.tree.leaves(params)} == {"float32"}
    assert network.apply(params, x).rows.dtype == jnp.float32


def test_unknown_names_give_the_nearest():
    x = seed(jnp.zeros((1, 2)), Directions(2, False, ()))
    with pytest.raises(UserError, match="unknown activation 'tahn'.*'tanh'"):
        Mlp(4, 1, 1, "tahn").init(jax.random.key(0), x)
    with pytest.raises(UserError, match="unknown initialisation 'glorot'.*'glorot_uniform'"):
        Mlp(4, 1, 1, weight_init="glorot").init(jax.random.key(0), x)
    with pytest.raises(ValueError, match="pairs"):
        FourierFeatures(3, 1.0).init(jax.random.key(0), x)
    assert set(ACTIVATIONS) == set(PLAIN)
