"""The free-energy graph network: its network and its gradient beside dense transcriptions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.methods.fem_gnn import FreeEnergyGNN, falling_rmsprop
from tests.methods.dense import FIELD, context, couplings, double

HP = {"hot": 0.9, "cold": 0.1, "out_scale": 1.7}


def made(graph=True, skip=True, fielded=False):
    """(method, ctx at step 3 of 5, parameters, aux) in float64."""
    method = FreeEnergyGNN(double(fielded), 3, 4, graph, skip, 5, 0.5)
    ctx = context(method, HP, 3)
    return method, ctx, *method.start(ctx)


def dense_output(params, graph, skip):
    """The network's formula with NumPy matrices."""
    a = couplings()
    d = 1 / np.sqrt(np.abs(a).sum(1))
    b = d[:, None] * a * d
    p = jax.tree.map(np.asarray, params["params"])
    e, kernels = p["embedding"], [p[k] for k in sorted(p) if k.startswith("Dense")]
    out = np.zeros(len(a))
    if graph:
        first, second, third, fourth = kernels[:4]
        x = e @ first["kernel"] + first["bias"] + b @ e @ second["kernel"]
        x = np.maximum(x, 0)
        out = (x @ third["kernel"] + b @ x @ fourth["kernel"])[:, 0]
    if skip:
        last = kernels[-1]
        out = out + (e @ last["kernel"])[:, 0]
    return out


@pytest.mark.parametrize(("graph", "skip"), [(True, True), (True, False), (False, True)])
def test_the_network_is_its_formula(graph, skip):
    with x64(True):
        method, ctx, params, aux = made(graph, skip)
        _, fields = method.loss(params, aux, ctx)
    np.testing.assert_allclose(fields, 1.7 * dense_output(params, graph, skip), rtol=1e-9)


@pytest.mark.parametrize("fielded", [False, True])
def test_the_gradient_is_that_of_the_free_energy(fielded):
    """With the embedding's way out alone, whose outputs have known derivatives."""
    with x64(True):
        method, ctx, params, aux = made(graph=False, fielded=fielded)
        gradient = jax.grad(lambda p: method.loss(p, aux, ctx)[0])(params)["params"]
        h = np.asarray(method.loss(params, aux, ctx)[1])
        own = jax.tree.map(np.asarray, params["params"])
    field = FIELD if fielded else np.zeros(10)
    temperature = 0.9 + (0.1 - 0.9) * 3 / 4
    unit = 1 / np.sqrt(np.square(couplings()).sum(1) + field**2)
    p = 1 / (1 + np.exp(-h))
    energy = couplings() @ (2 * p - 1) - field
    entropy = np.log(1 - p) - np.log(p)
    of_output = 1.7 * p * (1 - p) * (unit * energy - temperature * entropy)
    weights = own["Dense_0"]["kernel"][:, 0]
    np.testing.assert_allclose(gradient["embedding"], np.outer(of_output, weights), atol=1e-12)
    expected = own["embedding"].T @ of_output
    np.testing.assert_allclose(gradient["Dense_0"]["kernel"][:, 0], expected, atol=1e-12)


def test_the_step_size_falls_to_zero():
    rule = falling_rmsprop(4).make(
        {"learning_rate": jnp.float32(0.1), "alpha": jnp.float32(0.9), "momentum": jnp.float32(0)}
    )
    params = jnp.ones(2)
    state, sizes = rule.init(params), []
    for _ in range(5):
        update, state = rule.update(jnp.ones(2), state, params)
        sizes.append(float(-update[0]))
    normal = 1 / np.sqrt(1 - 0.9 ** np.arange(1, 6))
    np.testing.assert_allclose(sizes, 0.1 * np.array([1, 0.75, 0.5, 0.25, 0]) * normal, rtol=1e-4)


def test_a_network_without_any_path_to_the_output_is_refused():
    with pytest.raises(UserError, match="cannot both be off"):
        FreeEnergyGNN(double(False), 3, 4, False, False, 5, 0.5)
