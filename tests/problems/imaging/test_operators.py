"""Operators and their adjoints, against SciPy's, Pillow's and scikit-image's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from skimage.data import shepp_logan_phantom
from skimage.transform import downscale_local_mean

from dnnbench.instances.measurement import Measurement
from dnnbench.problems.imaging import filters, operators
from dnnbench.problems.imaging.energy import ImagingEnergy

ENERGY = ImagingEnergy("none", "float32")
PHANTOM = shepp_logan_phantom()[:384, 8:392, None]


def shrinking(name, factor, h, w, c=1):
    values = np.zeros((h // factor, w // factor, c), np.float32)
    return Measurement(values, h, w, kernel=filters.taps(name, factor), factor=factor)


def masked(h, w, c, rng):
    return Measurement(np.zeros((h, w, c), np.float32), h, w, mask=rng.random((h, w)) < 0.6)


KINDS = [("mask", 1), *((name, f) for name in filters.FILTERS for f in (2, 3, 4, 8))]


@pytest.mark.parametrize(("kind", "factor"), KINDS)
def test_the_adjoint_is_one_and_jax_agrees(kind, factor):
    rng = np.random.default_rng(1)
    h, w, c = 3 * max(factor, 4), 5 * max(factor, 4), 3
    h, w = h - h % factor, w - w % factor
    public = masked(h, w, c, rng) if kind == "mask" else shrinking(kind, factor, h, w, c)
    x, y = rng.random((h, w, c)), rng.random(public.values.shape)
    there = operators.forward(x, public)
    back = operators.adjoint(y, public)
    np.testing.assert_allclose(np.vdot(there, y), np.vdot(x, back), rtol=1e-12)
    data = ENERGY.prepare(public)

    def measured(picture):
        return ENERGY.forward(picture, data) * data.seen

    ours, pull = jax.vjp(measured, jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(ours, there, atol=1e-6)
    np.testing.assert_allclose(pull(jnp.asarray(y, jnp.float32))[0], back, atol=1e-6)


@given(
    name=st.sampled_from(filters.FILTERS),
    factor=st.integers(1, 8),
    h=st.integers(1, 4),
    w=st.integers(1, 4),
)
@settings(max_examples=40, deadline=None)
def test_a_constant_picture_stays_constant_at_any_size(name, factor, h, w):
    public = shrinking(name, factor, h * factor, w * factor)
    small = operators.forward(np.full((h * factor, w * factor, 1), 0.3), public)
    assert small.shape == (h, w, 1)
    np.testing.assert_allclose(small, 0.3, rtol=1e-12)


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_box_is_the_local_mean(factor):
    public = shrinking("box", factor, *PHANTOM.shape[:2])
    ours = operators.forward(PHANTOM, public)[..., 0]
    np.testing.assert_allclose(ours, downscale_local_mean(PHANTOM[..., 0], (factor, factor)))


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_bicubic_is_pillows_away_from_the_borders(factor):
    h, w = PHANTOM.shape[:2]
    picture = Pillow.fromarray(PHANTOM[..., 0].astype(np.float32))
    theirs = picture.resize((w // factor, h // factor), Pillow.Resampling.BICUBIC)
    ours = operators.forward(PHANTOM, shrinking("bicubic", factor, h, w))[..., 0]
    inside = (slice(2, -2), slice(2, -2))
    np.testing.assert_allclose(ours[inside], np.asarray(theirs)[inside], atol=1e-5)


def test_lanczos2_taps_are_symmetric_and_sum_to_one():
    for factor in (1, 2, 3, 4, 8):
        taps = filters.taps("lanczos2", factor)
        assert len(taps) % 2 == factor % 2
        np.testing.assert_allclose(taps, taps[::-1], atol=1e-15)
        assert taps.sum() == pytest.approx(1)
        assert (taps < 0).any() == (factor > 1)


def test_the_energy_is_the_mean_square_over_what_is_seen():
    rng = np.random.default_rng(2)
    public = masked(9, 11, 3, rng)
    values = rng.random((9, 11, 3)).astype(np.float32)
    public = Measurement(values, 9, 11, mask=public.mask)
    x = rng.random((9, 11, 3)).astype(np.float32)
    expected = np.mean(np.square(x - values)[public.mask])
    data = ENERGY.prepare(public)
    assert float(ENERGY.energy(jnp.asarray(x), data)) == pytest.approx(expected, rel=1e-5)
    z, score = ENERGY.round_score(2 * jnp.asarray(x) - 0.5, 0.25, data, jax.random.key(0))
    assert (float(z.min()), float(z.max())) == (0, 1)
    assert (float(score.violation), float(score.cost)) == (0, 0.25)
