"""Measurements of clean pictures, and what is said of answers."""

import numpy as np
import pytest
from skimage import data as pictures
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.instances.image import Image
from dnnbench.instances.serialise import from_arrays, to_arrays
from dnnbench.problems.imaging.exact import Denoise, Inpaint, SuperResolution

CAMERA = Image(pictures.camera()[100:196, 200:299, None])
COLOUR = Image(pictures.astronaut()[100:164, 200:272])
PROBLEMS = {"denoise": Denoise(), "inpaint": Inpaint(), "super_resolution": SuperResolution()}


def settings(problem, **values):
    node = catalog.entry("problem", problem).node
    return {k: v for k, v in node.items() if not k.startswith("_")} | values


def no_load(name):
    raise AssertionError(f"{name} was asked for")


def pose(problem, picture=CAMERA, load=no_load, **values):
    return PROBLEMS[problem].pose(picture, settings(problem, **values), load)


@pytest.mark.parametrize("picture", [CAMERA, COLOUR])
def test_gaussian_noise_has_its_level_and_mean(picture):
    public, clean = (posed := pose("denoise", picture)).public, posed.sealed
    noise = public.values - clean
    np.testing.assert_array_equal(clean, picture.unit)
    assert 255 * noise.std() == pytest.approx(25, rel=0.03)
    assert abs(255 * noise.mean()) < 1
    assert public.sigma == pytest.approx(25 / 255)
    assert (public.values < 0).any()


def test_clipped_noise_stays_in_range():
    values = pose("denoise", clip=True, sigma=80).public.values
    assert (values.min(), values.max()) == (0, 1)


def test_poisson_noise_grows_with_the_root_of_brightness():
    ramp = Image(np.repeat(np.array([[26], [230]], np.uint8), 4000, axis=1).reshape(8, 1000, 1))
    posed = pose("denoise", ramp, noise="poisson", peak=50)
    deviation = (posed.public.values - posed.sealed)[..., 0].std(axis=1)
    expected = np.sqrt(ramp.unit[:, 0, 0] / 50)
    np.testing.assert_allclose(deviation, expected, rtol=0.15)
    assert posed.public.sigma is None


def test_speckle_noise_is_proportional_to_brightness():
    posed = pose("denoise", noise="speckle", sigma=51)
    clean = posed.sealed
    relative = (posed.public.values - clean)[clean > 0] / clean[clean > 0]
    assert relative.std() == pytest.approx(0.2, rel=0.05)


def test_impulse_noise_hits_its_share_with_black_and_white():
    posed = pose("denoise", noise="impulse", share=0.3)
    hit = posed.public.values != posed.sealed.astype(np.float32)
    assert hit.mean() == pytest.approx(0.3, abs=0.03)
    assert set(np.unique(posed.public.values[hit])) == {0, 1}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_same_seed_gives_the_same_measurement(problem):
    arrays = [
        to_arrays("measurement", pose(problem, noise="gaussian", sigma=9, noise_seed=seed).public)
        for seed in (3, 3, 4)
    ]
    assert all((arrays[0][k] == arrays[1][k]).all() for k in arrays[0])
    assert (arrays[0]["values"] != arrays[2]["values"]).any()


@pytest.mark.parametrize("problem", PROBLEMS)
def test_measurements_survive_the_pipe(problem):
    public = pose(problem, COLOUR).public
    back = from_arrays("measurement", to_arrays("measurement", public))
    assert (back.height, back.width, back.factor) == (public.height, public.width, public.factor)
    assert (back.noise, back.sigma) == (public.noise, public.sigma)
    for name in ("values", "mask", "kernel"):
        np.testing.assert_array_equal(getattr(back, name), getattr(public, name))


def test_missing_pixels_are_zero_and_as_many_as_asked_for():
    public = pose("inpaint", missing=0.7, noise="gaussian", sigma=10).public
    assert public.mask.mean() == pytest.approx(0.3, abs=0.02)
    assert (public.values[~public.mask] == 0).all()
    assert (public.values[public.mask] != 0).mean() > 0.9


def test_a_mask_is_a_picture_whose_bright_pixels_are_seen():
    dark = np.full((96, 99, 1), 255, np.uint8)
    dark[10:20, 30:50] = 0
    public = pose("inpaint", load=lambda name: Image(dark), mask="mask.png").public
    assert (~public.mask).sum() == 200
    assert not public.mask[10:20, 30:50].any()


def test_a_mask_of_another_size_or_without_a_bright_pixel_is_refused():
    with pytest.raises(UserError, match=r"the mask m\.png is 8 x 9, the picture 96 x 99"):
        pose("inpaint", load=lambda name: Image(np.ones((8, 9, 1), np.uint8)), mask="m.png")
    with pytest.raises(UserError, match="no pixel"):
        pose("inpaint", load=lambda name: Image(np.zeros((96, 99, 1), np.uint8)), mask="m.png")


def test_pictures_are_cut_to_multiples_of_the_factor():
    posed = pose("super_resolution", factor=4)
    assert posed.sealed.shape == (96, 96, 1)
    assert posed.public.values.shape == (24, 24, 1)


@pytest.mark.parametrize(
    ("problem", "shape", "values"),
    [
        ("denoise", (1, 1, 1), {}),
        ("inpaint", (7, 50, 3), {}),
        ("super_resolution", (15, 40, 1), {"factor": 8}),
    ],
)
def test_too_small_pictures_are_refused(problem, shape, values):
    with pytest.raises(UserError, match="pixels"):
        pose(problem, Image(np.zeros(shape, np.uint8)), **values)


@pytest.mark.parametrize("picture", [CAMERA, COLOUR])
def test_psnr_and_ssim_are_scikit_images(picture):
    posed = pose("denoise", picture)
    answer = np.clip(posed.public.values, 0, 1)
    verdict = PROBLEMS["denoise"].verify(answer, posed.public, posed.sealed)
    clean, wide = picture.unit, answer.astype(np.float64)
    assert verdict.objective == peak_signal_noise_ratio(clean, wide, data_range=1)
    expected = structural_similarity(clean, wide, data_range=1, channel_axis=2)
    assert verdict.metrics["ssim"] == pytest.approx(expected, rel=1e-12)
    assert verdict.feasible


def test_the_misfit_is_in_gray_levels_over_what_is_seen():
    posed = pose("inpaint", noise="gaussian", sigma=20)
    verdict = PROBLEMS["inpaint"].verify(
        posed.sealed.astype(np.float32), posed.public, posed.sealed
    )
    assert verdict.metrics["misfit"] == pytest.approx(20, rel=0.05)


def test_without_the_clean_picture_there_is_no_psnr():
    posed = pose("denoise")
    verdict = PROBLEMS["denoise"].verify(np.clip(posed.public.values, 0, 1), posed.public, None)
    assert set(verdict.metrics) == {"misfit"}
    assert verdict.objective == -verdict.metrics["misfit"]


@pytest.mark.parametrize(
    "answer",
    [
        np.zeros((96, 98, 1), np.float32),
        np.full((96, 99, 1), 1.5, np.float32),
        np.full((96, 99, 1), np.nan, np.float32),
        np.zeros((96, 99, 1), np.uint8),
    ],
)
def test_wrong_answers_are_refused(answer):
    posed = pose("denoise")
    with pytest.raises(ValueError, match="expected"):
        PROBLEMS["denoise"].verify(answer, posed.public, posed.sealed)
