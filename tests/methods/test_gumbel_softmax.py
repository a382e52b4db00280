"""GSO beside a dense transcription in two classes, its temperatures, and its samples."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.engine.gradient import GradState
from dnnbench.methods.gumbel_softmax import GumbelSoftmax, logistic
from dnnbench.problems.cut.energy import MaxCutEnergy
from tests.methods.dense import FIELD, Adam, context, couplings, double, slope, walk

HP = {
    "learning_rate": 0.5,
    "tau_start": 20.0,
    "tau_end": 1.0,
    "weight_penalty": 1e-3,
    "init_scale": 0.1,
}


def two_class_loss(x, noise, tau, field):
    """Loss of the Gumbel-softmax sample over (up, down), as published, for one copy.

    `noise` is the difference of the two classes' Gumbel variables.
    """
    p = 1 / (1 + np.exp(-x))
    up = np.exp((np.log(p) + noise) / tau)
    down = np.exp(np.log(1 - p) / tau)
    s = 2 * up / (up + down) - 1
    w = couplings()
    scale = np.sqrt(np.mean(np.sum(w**2, axis=1)))
    return (0.5 * s @ w @ s - field @ s) / scale / 10 + 1e-3 * np.sum(x**2) / 10


@pytest.mark.parametrize("fielded", [False, True])
def test_steps_equal_a_dense_transcription(fielded):
    field = FIELD if fielded else np.zeros(10)
    with x64(True):
        moments = walk(GumbelSoftmax(double(fielded), 5), HP, 5)
        noise = [np.array(logistic(m.ctx.key, m.before.params)) for m in moments]
    x, adam = np.array(moments[0].before.params), Adam(0.5)
    for t, (moment, draw) in enumerate(zip(moments, noise, strict=True)):
        tau = 20 - 19 * t / 5
        value = two_class_loss(x, draw, tau, field)
        assert float(moment.info.merit) == pytest.approx(value, abs=1e-10)
        x = adam.step(x, slope(partial(two_class_loss, noise=draw, tau=tau, field=field), x))
        np.testing.assert_allclose(moment.after.params, x, atol=1e-6)


def test_temperatures():
    method = GumbelSoftmax(MaxCutEnergy("ell", "float32"), 2000)
    hp = {"tau_start": jnp.float32(20), "tau_end": jnp.float32(1)}
    taus = [float(method.tau(jnp.int32(t), hp)) for t in (0, 1000, 1999)]
    np.testing.assert_allclose(taus, [20, 10.5, 1.0095], rtol=1e-5)


def test_hard_samples_are_up_with_probability_sigmoid():
    with x64(True):
        method = GumbelSoftmax(double(False), 5)
        ctx = context(method, HP, 0)
        x = jnp.linspace(-3, 3, 10)
        keys = jax.random.split(jax.random.key(1), 20_000)
        bits = jax.vmap(lambda k: method.readout(GradState(x, (), ()), ctx._replace(key=k)))(keys)
        bits = np.array(bits)
    assert set(np.unique(bits)) == {0.0, 1.0}
    p = 1 / (1 + np.exp(-np.linspace(-3, 3, 10)))
    assert np.abs(bits.mean(axis=0) - p).max() < 5 * 0.5 / np.sqrt(20_000)
