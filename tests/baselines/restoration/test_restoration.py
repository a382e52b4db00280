"""Classical restoration on phantoms made here: better than the input, by a margin."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from dnnbench.baselines.restoration.biharmonic import biharmonic
from dnnbench.baselines.restoration.bm3d import bm3d
from dnnbench.baselines.restoration.harmonic import harmonic
from dnnbench.baselines.restoration.nearest import nearest
from dnnbench.baselines.restoration.nonlocal_means import nonlocal_means
from dnnbench.baselines.restoration.total_variation import total_variation
from dnnbench.baselines.restoration.upscaling import bicubic, lanczos
from dnnbench.baselines.restoration.wavelet_shrinkage import wavelet_shrinkage
from dnnbench.errors import UserError
from dnnbench.instances.load import load_instance

DENOISERS = {"tv": total_variation, "nlm": nonlocal_means, "wavelet": wavelet_shrinkage}
INPAINTERS = {"nearest": nearest, "harmonic": harmonic, "biharmonic": biharmonic}
UPSCALERS = {"bicubic": bicubic, "lanczos": lanczos}


def phantom(channels, height=80, width=96):
    """Smooth shading with a disc and a bar on it, float64 [h, w, c] in [0.1, 0.9]."""
    y, x = np.mgrid[:height, :width] / 96
    picture = 0.35 + 0.2 * np.sin(5 * x) * np.cos(4 * y)
    picture[(x - 0.35) ** 2 + (y - 0.4) ** 2 < 0.05] = 0.8
    picture[10:70, 70:80] = 0.15
    scales = np.array([1.0, 0.8, 0.6])[:channels]
    return picture[..., None] * scales + 0.1


def psnr(picture, reference):
    return -10 * np.log10(np.mean((picture - reference) ** 2))


def noisy(reference, sigma):
    return reference + sigma * np.random.default_rng(5).standard_normal(reference.shape)


def assert_picture(found, shape):
    assert found.shape == shape
    assert found.dtype == np.float64
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sigma", [10 / 255, 25 / 255, 50 / 255])
@pytest.mark.parametrize(("name", "margin"), [("tv", 5.0), ("nlm", 7.0), ("wavelet", 5.0)])
def test_denoising_gains_decibels(name, margin, sigma, channels):
    clean = phantom(channels)
    given = noisy(clean, sigma)
    kept = given.copy()
    found = DENOISERS[name](given, sigma)
    assert_picture(found, clean.shape)
    assert psnr(found, clean) > psnr(given, clean) + margin
    np.testing.assert_array_equal(given, kept)


@pytest.mark.parametrize("name", sorted(DENOISERS))
@pytest.mark.parametrize("channels", [1, 3])
def test_denoising_depends_on_the_noise_level_it_is_told(name, channels):
    clean = phantom(channels)
    given = noisy(clean, 25 / 255)
    right = psnr(DENOISERS[name](given, 25 / 255), clean)
    assert right > psnr(DENOISERS[name](given, 6 / 255), clean) + 2
    assert right > psnr(DENOISERS[name](given, 120 / 255), clean) + 1


@pytest.mark.parametrize(
    ("module", "constant", "denoise"),
    [("total_variation", "WEIGHT", total_variation), ("nonlocal_means", "H", nonlocal_means)],
)
def test_the_rules_are_near_their_best_on_photographs(
    monkeypatch, tmp_path, module, constant, denoise
):
    names = ("camera", "coffee", "coins")
    clean = [
        load_instance(f"skimage/{name}@crop96", cache_dir=tmp_path).sealed.unit for name in names
    ]
    given = [noisy(picture, 20 / 255) for picture in clean]
    place = f"dnnbench.baselines.restoration.{module}"
    rule = getattr(sys.modules[place], constant)

    def mean_psnr(multiple):
        monkeypatch.setattr(f"{place}.{constant}", multiple * rule)
        found = [denoise(picture, 20 / 255) for picture in given]
        return np.mean([psnr(*pair) for pair in zip(found, clean, strict=True)])

    best = mean_psnr(1.0)
    assert best > np.mean([psnr(*pair) for pair in zip(given, clean, strict=True)]) + 5
    assert best > mean_psnr(0.6) + 0.3
    assert best > mean_psnr(1.6) + 0.3


@pytest.mark.parametrize("name", sorted(DENOISERS))
@pytest.mark.parametrize("shape", [(40, 33, 1), (40, 33, 3), (3, 4, 1), (1, 1, 3)])
def test_a_constant_stays_as_it_is_whatever_the_size(name, shape):
    found = DENOISERS[name](np.full(shape, 0.3), 0.1)
    assert_picture(found, shape)
    np.testing.assert_allclose(found, 0.3, atol=1e-9)


@pytest.mark.parametrize("name", sorted(DENOISERS))
def test_without_noise_nothing_changes_but_the_range(name):
    given = np.linspace(-0.2, 1.2, 192, dtype=np.float32).reshape(8, 8, 3)
    found = DENOISERS[name](given, 0.0)
    np.testing.assert_array_equal(found, np.clip(given.astype(np.float64), 0, 1))


def test_shifts_make_wavelets_better_and_indifferent_to_the_grid():
    clean = phantom(1)
    given = noisy(clean, 25 / 255)
    plain, shifted = (wavelet_shrinkage(given, 25 / 255, shifts) for shifts in (1, 4))
    assert psnr(shifted, clean) > psnr(plain, clean) + 0.3

    def moved_apart(shifts):
        moved = wavelet_shrinkage(np.roll(given, 1, axis=1), 25 / 255, shifts)
        return abs(np.roll(moved, -1, axis=1) - wavelet_shrinkage(given, 25 / 255, shifts)).mean()

    assert moved_apart(4) < 0.5 * moved_apart(1)


def half_seen(shape):
    return np.random.default_rng(8).random(shape[:2]) < 0.5


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("name", "least"), [("nearest", 24.0), ("harmonic", 27.0), ("biharmonic", 27.0)]
)
def test_half_of_the_pixels_come_back(name, least, channels):
    clean = phantom(channels)
    mask = half_seen(clean.shape)
    given = np.where(mask[..., None], clean, np.nan)  # what is unseen must not count
    found = INPAINTERS[name](given, mask)
    assert_picture(found, clean.shape)
    assert psnr(found, clean) > least
    np.testing.assert_allclose(found[mask], clean[mask], atol=1e-12)


def test_smoother_inpainting_is_better_on_smooth_pictures():
    y, x = np.mgrid[:60, :60] / 60
    clean = (0.5 + 0.3 * np.sin(4 * x + 3 * y))[..., None]
    mask = half_seen(clean.shape)
    values = [
        psnr(fill(clean * mask[..., None], mask), clean) for fill in (nearest, harmonic, biharmonic)
    ]
    assert values[0] + 5 < values[1]
    assert values[1] + 5 < values[2]


def test_nearest_is_the_nearest():
    mask = np.zeros((5, 7), bool)
    mask[0, 0] = mask[4, 6] = True
    values = np.zeros((5, 7, 1))
    values[0, 0], values[4, 6] = 0.25, 0.75
    found = nearest(values, mask)[..., 0]
    y, x = np.mgrid[:5, :7]
    first, last = y**2 + x**2, (y - 4) ** 2 + (x - 6) ** 2
    assert (found[first < last] == 0.25).all()
    assert (found[first > last] == 0.75).all()


def test_harmonic_pixels_are_the_means_of_their_neighbours():
    clean = phantom(3, 20, 30)
    mask = half_seen(clean.shape)
    mask[5:15, 0:9] = False  # a hole at the border
    found = harmonic(clean * mask[..., None], mask)
    for row, column in np.argwhere(~mask):
        beside = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        inside = [found[r, c] for r, c in beside if 0 <= r < 20 and 0 <= c < 30]
        np.testing.assert_allclose(found[row, column], np.mean(inside, axis=0), atol=1e-12)


def test_harmonic_on_a_line_is_linear():
    mask = np.zeros((1, 9), bool)
    mask[0, [0, 8]] = True
    values = np.zeros((1, 9, 1))
    values[0, 8] = 0.8
    np.testing.assert_allclose(harmonic(values, mask).ravel(), np.linspace(0, 0.8, 9), atol=1e-12)


@pytest.mark.parametrize("name", sorted(INPAINTERS))
def test_inpainting_of_constants_and_of_extreme_masks(name):
    fill = INPAINTERS[name]
    mask = half_seen((12, 9))
    constant = np.full((12, 9, 3), 0.7)
    np.testing.assert_allclose(fill(constant * mask[..., None], mask), 0.7, atol=1e-6)
    one = np.zeros((12, 9), bool)
    one[4, 4] = True
    np.testing.assert_allclose(fill(constant * one[..., None], one), 0.7, atol=1e-6)
    everything = np.ones((12, 9), bool)
    np.testing.assert_array_equal(fill(constant, everything), constant)


@pytest.mark.parametrize("name", sorted(INPAINTERS))
@pytest.mark.parametrize("mask", [np.zeros((4, 4), bool), np.ones((4, 5), bool), np.ones((4, 4))])
def test_masks_that_cannot_be(name, mask):
    with pytest.raises(ValueError, match=r"no pixel was seen|a mask is bool \(4, 4\)"):
        INPAINTERS[name](np.zeros((4, 4, 1)), mask)


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", sorted(UPSCALERS))
def test_upscaling_beats_repeated_pixels(name, channels, factor):
    clean = phantom(channels)
    h, w, c = clean.shape
    small = clean.reshape(h // factor, factor, w // factor, factor, c).mean((1, 3))
    found = UPSCALERS[name](small, factor)
    assert_picture(found, clean.shape)
    repeated = small.repeat(factor, 0).repeat(factor, 1)
    assert psnr(found, clean) > psnr(repeated, clean) + 0.5


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("name", sorted(UPSCALERS))
def test_pixels_of_an_enlarged_ramp_lie_at_half_pixels(name, factor):
    count = 16
    ramp = np.tile(np.arange(count) / count, (5, 1))[..., None]
    found = UPSCALERS[name](ramp, factor)[2 * factor, :, 0] * count
    wanted = (np.arange(factor * count) + 0.5) / factor - 0.5
    inner = slice(4 * factor, -4 * factor)
    # Lanczos' weights are normalised but do not reproduce a ramp exactly.
    assert abs(found - wanted)[inner].max() < (1e-5 if name == "bicubic" else 0.03)
    turned = UPSCALERS[name](ramp.swapaxes(0, 1), factor).swapaxes(0, 1)
    np.testing.assert_allclose(UPSCALERS[name](ramp, factor), turned, atol=1e-6)


@pytest.mark.parametrize("name", sorted(UPSCALERS))
def test_upscaling_of_a_constant_and_by_one(name):
    enlarge = UPSCALERS[name]
    np.testing.assert_allclose(enlarge(np.full((1, 3, 3), 0.3), 4), 0.3, atol=1e-6)
    small = phantom(3, 6, 7)
    np.testing.assert_allclose(enlarge(small, 1), small, atol=1e-6)
    with pytest.raises(ValueError, match="a factor is 1 or more"):
        enlarge(small, 0)


def test_bm3d_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "bm3d", None)
    with pytest.raises(UserError, match=r"non-commercial.*pip install 'dnnbench\[noncommercial\]'"):
        bm3d(np.zeros((8, 8, 1)), 0.1)


@pytest.mark.parametrize(("channels", "asked"), [(1, "bm3d"), (3, "bm3d_rgb")])
def test_bm3d_hands_over_gray_planes_or_colours(monkeypatch, channels, asked):
    calls = []

    def stand_in(name):
        return lambda z, sigma: calls.append((name, z.shape, sigma)) or z + 0.5

    package = SimpleNamespace(bm3d=stand_in("bm3d"), bm3d_rgb=stand_in("bm3d_rgb"))
    monkeypatch.setitem(sys.modules, "bm3d", package)
    clean = phantom(channels)
    found = bm3d(clean, 0.1)
    assert calls == [(asked, clean.shape[:2] if channels == 1 else clean.shape, 0.1)]
    np.testing.assert_array_equal(found, np.clip(clean + 0.5, 0, 1))
