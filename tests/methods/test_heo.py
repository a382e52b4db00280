"""HeO beside a dense transcription of its equations, and its heat kernel."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from dnnbench.engine.compat import x64
from dnnbench.methods.heo import HeatDiffusion, coarse_uniform
from dnnbench.problems.cut.energy import MaxCutEnergy
from tests.methods.dense import FIELD, couplings, double, slope, walk


def smoothed(theta, u, sigma, field):
    """U at x = erf((theta - u) / (sqrt(2) sigma)); scipy's erf takes complex arguments."""
    x = erf((theta - u) / (np.sqrt(2) * sigma))
    return 0.5 * x @ couplings() @ x - field @ x


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("fielded", [False, True])
def test_steps_equal_a_dense_transcription(momentum, fielded):
    hp = {"learning_rate": 0.02, "momentum": momentum}
    field = FIELD if fielded else np.zeros(10)
    with x64(True):
        moments = walk(HeatDiffusion(double(fielded), 5, 1, "energy"), hp, 5)
        draws = [jax.random.bits(m.ctx.key, (10,), jnp.uint16) for m in moments]
    theta, velocity = np.full(10, 0.5), np.zeros(10)
    np.testing.assert_array_equal(moments[0].before.theta, theta)
    clipped = False
    for t, (moment, draw) in enumerate(zip(moments, draws, strict=True)):
        u, sigma = (np.array(draw) + 0.5) / 65536, 1 - t / 5
        velocity = momentum * velocity + slope(
            partial(smoothed, u=u, sigma=sigma, field=field), theta
        )
        moved = theta - 0.02 * velocity
        theta = np.clip(moved, 0, 1)
        clipped |= bool((theta != moved).any())
        np.testing.assert_allclose(moment.after.theta, theta, atol=1e-9)
    assert clipped or momentum == 0  # the clamp was at work in one case at least


def test_heat_kernel_narrows_from_one_to_a_step():
    method = HeatDiffusion(MaxCutEnergy("ell", "float32"), 50, 1, "energy")
    widths = [float(method.sigma(jnp.int32(t), jnp.float32)) for t in (0, 25, 49)]
    np.testing.assert_allclose(widths, [1, 0.5, 0.02], rtol=1e-5)


def test_coarse_uniform_is_uniform():
    u = np.asarray(coarse_uniform(jax.random.key(0), (200_000,), jnp.float32))
    assert 0 < u.min() < 1e-3
    assert 1 - 1e-3 < u.max() < 1
    counts = np.histogram(u, bins=20, range=(0, 1))[0]
    assert np.abs(counts - 10_000).max() < 5 * np.sqrt(10_000)
