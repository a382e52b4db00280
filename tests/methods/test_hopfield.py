"""The Hopfield network beside a dense Euler integration, its gain, and where it settles."""

import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.methods.hopfield import Hopfield
from dnnbench.problems.cut.energy import MaxCutEnergy
from tests.methods.dense import FIELD, couplings, double, walk

HP = {"gain_start": 2.0, "gain_end": 50.0, "tau": 0.7, "dt": 0.05, "init_scale": 0.1}


@pytest.mark.parametrize("fielded", [False, True])
def test_steps_equal_a_dense_transcription(fielded):
    field = FIELD if fielded else np.zeros(10)
    with x64(True):
        moments = walk(Hopfield(double(fielded), 5), HP, 5)
    w = couplings()
    scale = np.sqrt(np.mean(np.sum(w**2, axis=1)))
    u = np.array(moments[0].before.u)
    assert 0 < np.abs(u).max() <= 0.1 / 2.0
    for moment, gain in zip(moments, np.geomspace(2, 50, 5), strict=True):
        v = np.tanh(u * gain)
        u = u + 0.05 * (-u / 0.7 + (field - w @ v) / scale)
        np.testing.assert_allclose(moment.after.u, u, atol=1e-9)


def test_gain_is_geometric_and_constant_by_default():
    method = Hopfield(MaxCutEnergy("ell", "float32"), 5)

    def gains(first, last):
        hp = {"gain_start": jnp.float32(first), "gain_end": jnp.float32(last)}
        return [float(method.gain(jnp.int32(t), hp)) for t in range(5)]

    np.testing.assert_allclose(gains(2, 50), np.geomspace(2, 50, 5), rtol=1e-5)
    np.testing.assert_allclose(gains(50, 50), np.full(5, 50), rtol=1e-6)


def test_at_high_gain_it_settles_where_no_flip_helps():
    hp = {"gain_start": 50.0, "gain_end": 50.0, "tau": 1.0, "dt": 0.005, "init_scale": 0.1}
    with x64(True):
        u = np.array(walk(Hopfield(double(True), 2000), hp, 2000)[-1].after.u)
    spins = np.sign(u)
    assert np.all(spins * (FIELD - couplings() @ spins) > 0)
