"""The pictures inside scikit-image are those that were recorded."""

import hashlib

import numpy as np
import pytest
import skimage.data

from dnnbench.instances import embedded, load
from dnnbench.instances.embedded import PIXELS, embedded_path
from dnnbench.instances.formats.pictures import write_picture
from dnnbench.instances.load import load_instance, locate, raw_bytes, verify
from dnnbench.instances.registry import entry, suite


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_the_table_and_the_registry_name_the_same_pictures():
    assert sorted(f"skimage/{name}" for name in PIXELS) == sorted(suite("skimage"))
    assert len(set(PIXELS.values())) == len(PIXELS) == 19


@pytest.mark.parametrize("name", suite("skimage"))
def test_every_picture_is_there_and_the_recorded_one(name, cache):
    found, known = load_instance(name, cache_dir=cache), entry(name)
    assert (found.family, found.public, found.source) == ("image", None, "scikit-image")
    assert found.sha256 == PIXELS[name.removeprefix("skimage/")]
    image = found.sealed
    assert (image.height * image.width, image.channels) == (known.n, known.m)
    data = raw_bytes(name, cache_dir=cache)
    assert hashlib.sha256(data).hexdigest() == known.sha256
    assert locate(name, cache_dir=cache) == embedded_path(known)


@pytest.mark.parametrize("name", ["camera", "chelsea", "retina", "coins", "clock", "rocket"])
def test_they_are_what_scikit_image_says_they_are(name, cache):
    wanted = getattr(skimage.data, name)()
    own = "skimage/clock_motion" if name == "clock" else f"skimage/{name}"
    levels = load_instance(own, cache_dir=cache).sealed.levels
    np.testing.assert_array_equal(levels.squeeze(), wanted)


def test_another_picture_of_that_name_is_noticed_and_is_another_instance(
    cache, tmp_path, monkeypatch
):
    recorded = load_instance("skimage/camera", cache_dir=cache)
    levels = recorded.sealed.levels.copy()
    levels[0, 0] ^= 1
    other = tmp_path / "camera.png"
    other.write_bytes(write_picture(levels))
    monkeypatch.setattr(embedded, "embedded_path", lambda known: other)
    changed = load_instance("skimage/camera", cache_dir=cache)
    assert changed.source == "scikit-image, not the recorded picture"
    assert changed.sha256 != recorded.sha256
    (checked,) = verify(["skimage/camera"], cache_dir=cache)
    assert not checked.ok
    assert "has another picture there" in checked.how
    other.write_bytes(write_picture(recorded.sealed) + b"packed in another way")
    again = load_instance("skimage/camera", cache_dir=cache)
    assert (again.sha256, again.source) == (recorded.sha256, "scikit-image")
    assert [each.ok for each in verify(["skimage/camera"], cache_dir=cache)] == [True]


def test_a_scikit_image_without_its_pictures_is_a_short_error(cache, monkeypatch):
    monkeypatch.setattr(embedded, "embedded_path", lambda known: None)
    with pytest.raises(load.UserError, match="skimage/camera is not here"):
        load_instance("skimage/camera", cache_dir=cache)
