import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as pillow  # noqa: N813

from dnnbench.errors import UserError
from dnnbench.instances.image import Image
from dnnbench.instances.view import View, parse_view, split_view


def random_levels(*shape, peak=255):
    kind = np.uint8 if peak == 255 else np.uint16
    return np.random.default_rng(1).integers(0, peak + 1, shape).astype(kind)


def test_levels_become_the_unit_interval():
    image = Image(random_levels(4, 6, 3, peak=65535))
    assert (image.height, image.width, image.channels, image.peak) == (4, 6, 3, 65535)
    assert image.unit.dtype == np.float64
    np.testing.assert_array_equal(np.rint(image.unit * 65535), image.levels)
    white = Image(np.full((1, 1, 1), 255, np.uint8))
    assert white.unit.item() == 1.0


def test_nothing_in_it_can_be_changed():
    own = random_levels(2, 2, 1)
    image = Image(own)
    own[:] = 0
    assert image.levels.any()
    for array in (image.levels, image.unit):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    "levels",
    [
        np.zeros((2, 2)),
        np.zeros((2, 2, 1)),
        *(np.zeros(s, np.uint8) for s in ((2, 2, 2), (0, 1, 1))),
    ],
)
def test_other_arrays_are_no_pictures(levels):
    with pytest.raises(ValueError, match="levels"):
        Image(levels)


def test_gray_is_pillows():
    levels = random_levels(60, 70, 3)
    wanted = np.asarray(pillow.fromarray(levels).convert("L"))
    gray = Image(levels).gray()
    np.testing.assert_array_equal(gray.levels[..., 0], wanted)
    assert gray.gray() is gray


@pytest.mark.parametrize("peak", [255, 65535])
def test_gray_of_gray_colours_and_of_any_within_half_a_level(peak):
    levels = random_levels(30, 30, 3, peak=peak)
    exact = levels @ np.array([0.299, 0.587, 0.114])
    assert abs(Image(levels).gray().levels[..., 0] - exact).max() < 0.51 + peak / 65536
    same = np.repeat(levels[..., :1], 3, axis=2)
    same[0, 0] = peak
    np.testing.assert_array_equal(Image(same).gray().levels, same[..., :1])


def test_crop():
    image = Image(random_levels(5, 8, 3))
    np.testing.assert_array_equal(image.crop(1, 2, 3, 4).levels, image.levels[1:4, 2:6])
    assert image.crop(0, 0, 5, 8).levels.shape == (5, 8, 3)
    for box in ((-1, 0, 2, 2), (0, 5, 2, 4), (4, 0, 2, 2), (0, 0, 0, 1), (0, 0, 6, 1)):
        with pytest.raises(UserError, match="does not lie in 5 x 8 pixels"):
            image.crop(*box)


@pytest.mark.parametrize(
    ("changes", "view", "name"),
    [
        ("crop96", View((96, 96), None, False), "crop96"),
        ("gray-crop8x4", View((8, 4), None, True), "crop8x4-gray"),
        ("at0x7-crop8x8", View((8, 8), (0, 7), False), "crop8-at0x7"),
        ("gray", View(None, None, True), "gray"),
    ],
)
def test_views_have_a_canonical_name(changes, view, name):
    assert parse_view(changes, "x") == view
    assert view.name == name
    assert parse_view(view.name, "x") == view


@given(
    st.one_of(st.none(), st.tuples(st.integers(0, 9999), st.integers(0, 9999))),
    st.one_of(st.none(), st.tuples(st.integers(0, 9999), st.integers(0, 9999))),
    st.booleans(),
)
@settings(derandomize=True, deadline=None, max_examples=50)
def test_every_name_is_read_back(size, corner, gray):
    view = View(size, corner if size else None, gray or not size)
    assert split_view(f"a/b@{view.name}") == ("a/b", view.name)
    assert parse_view(view.name, "x") == view


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("", "unknown change ''; the form is NAME@crop<h>x<w>-at<top>x<left>-gray"),
        ("crp96", r"unknown change 'crp96' \(did you mean 'crop'\?\)"),
        ("grey", r"did you mean 'gray'"),
        ("crop96x", "unknown change 'crop96x'"),
        ("crop-5", "unknown change 'crop'"),
        ("crop5-crop6", "'crop6' is one change too many"),
        ("gray-gray", "too many"),
        ("crop5-at1x1-at1x1", "too many"),
        ("at1x1", "a place needs a crop"),
        ("crop" + "9" * 500, "unknown change"),
    ],
)
def test_wrong_views(changes, message):
    with pytest.raises(UserError, match=message):
        parse_view(changes, "x")


@pytest.mark.parametrize("name", ["a", "@gray", "me@host/x.png", "icon@2x.png", "a@b c"])
def test_what_is_not_a_view(name):
    assert split_view(name) == (name, None)


def test_a_crop_is_taken_from_the_middle_or_from_its_place():
    image = Image(random_levels(9, 6, 3))
    found = parse_view("crop4x3", "x").of(image)
    np.testing.assert_array_equal(found.levels, image.levels[2:6, 1:4])
    found = parse_view("crop4x3-at5x0-gray", "x").of(image)
    np.testing.assert_array_equal(found.levels, image.gray().levels[5:9, 0:3])
