"""Pictures by name: the user's files, the registry's, parts and other forms of them."""

import gzip

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813

from dnnbench.errors import UserError
from dnnbench.instances.digest import in_memory, public_sha256
from dnnbench.instances.formats.pictures import parse_picture, write_picture
from dnnbench.instances.image import Image
from dnnbench.instances.load import export, load_instance, locate, raw_bytes
from dnnbench.instances.registry import entry, registry


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def put(folder, path, content):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def test_a_users_picture_is_sealed(tmp_path, cache):
    levels = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)
    put(tmp_path, "own.png", write_picture(levels))
    put(tmp_path, "packed.png.gz", gzip.compress(write_picture(levels)))
    instance = load_instance(f"{tmp_path}/own.png", cache_dir=cache)
    assert (instance.family, instance.public, instance.source) == ("image", None, "file")
    np.testing.assert_array_equal(instance.sealed.levels, levels)
    assert instance.sha256 == public_sha256("image", Image(levels))
    assert instance.sha256 == in_memory("x", "image", Image(levels)).sha256
    assert load_instance(f"{tmp_path}/packed.png.gz", cache_dir=cache).sha256 == instance.sha256
    with pytest.raises(UserError, match=r"own\.png: holds one instance, so there is no part 1"):
        load_instance(f"{tmp_path}/own.png#1", cache_dir=cache)
    put(tmp_path, "own.png", b"broken")
    with pytest.raises(UserError, match=r"own\.png: not a picture"):
        load_instance(f"{tmp_path}/own.png", cache_dir=cache)


def test_the_digest_sees_levels_shape_and_depth_and_nothing_else(tmp_path, cache):
    levels = np.arange(24, dtype=np.uint8).reshape(4, 6, 1)
    others = [
        levels.reshape(6, 4, 1),
        levels.astype(np.uint16),
        levels.reshape(4, 2, 3),
        levels + 1,
    ]
    digests = {public_sha256("image", Image(each.astype(each.dtype))) for each in [levels, *others]}
    assert len(digests) == 5
    for kind in ("bmp", "tif"):
        path = tmp_path / f"f.{kind}"
        pillow.fromarray(levels[..., 0]).save(path)
        found = load_instance(str(path), cache_dir=cache)
        assert found.sha256 == public_sha256("image", Image(levels))


def test_parts_of_pictures(tmp_path, cache, monkeypatch):
    monkeypatch.chdir(tmp_path)
    levels = np.arange(144, dtype=np.uint8).reshape(6, 8, 3)
    put(tmp_path, "own.png", write_picture(levels))
    found = load_instance("own.png@gray-crop2x4-at1x0", cache_dir=cache)
    assert found.name == "own.png@crop2x4-at1x0-gray"
    wanted = Image(levels).gray().crop(1, 0, 2, 4)
    np.testing.assert_array_equal(found.sealed.levels, wanted.levels)
    assert found.sha256 == public_sha256("image", wanted)
    whole = load_instance("own.png@crop6x8", cache_dir=cache)
    assert whole.sha256 == load_instance("own.png", cache_dir=cache).sha256
    written = raw_bytes("own.png@crop2", cache_dir=cache)
    np.testing.assert_array_equal(parse_picture(written, "f").levels, levels[2:4, 3:5])
    assert raw_bytes("own.png", cache_dir=cache) == write_picture(levels)
    (tmp_path / "own.png").rename(tmp_path / "own@gray")
    with pytest.raises(UserError, match="own@gray"):  # a file of that very name: no picture by it
        load_instance("own@gray", cache_dir=cache)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("skimage/camera@crop513", r"^skimage/camera@crop513: a crop of 513 x 513 .* 512 x 512"),
        (
            "skimage/camera@crp9",
            r"'skimage/camera@crp9': unknown change 'crp9' \(did you mean 'crop",
        ),
        (
            "skimage/camra@crop9",
            r"unknown instance 'skimage/camra' \(did you mean 'skimage/camera'",
        ),
        ("camera", r"did you mean 'skimage/camera'"),
        ("gset/G11@gray", "gset/G11 is no picture"),
        ("gen/sk-n5-s1@gray", "gen/sk-n5-s1 is no picture"),
        ("no/such.png@gray", r"no such file, and no instance of this name: no/such\.png$"),
    ],
)
def test_wrong_names_of_pictures(cache, name, message):
    with pytest.raises(UserError, match=message):
        load_instance(name, cache_dir=cache)


def test_a_graph_of_the_users_has_no_crop(tmp_path, cache):
    put(tmp_path, "g.rudy", b"2 1\n1 2 1\n")
    with pytest.raises(UserError, match="is no picture"):
        load_instance(f"{tmp_path}/g.rudy@crop5", cache_dir=cache)


@pytest.mark.parametrize("name", ["skimage/camera", "skimage/camera@crop9", "own.png"])
def test_pictures_are_not_exported_as_text(tmp_path, cache, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "own.png", b"")
    with pytest.raises(UserError, match=r"is binary|is a picture"):
        export(name, cache_dir=cache)


@pytest.mark.data
def test_every_picture_of_the_data_folder_loads(data_dir, cache):
    names = [n for n, e in registry().items() if e.family == "image" and e.suite != "skimage"]
    here = [n for n in names if locate(n, data_dir=data_dir, cache_dir=cache)]
    assert here
    for name in here:
        found = load_instance(name, data_dir=data_dir, cache_dir=cache)
        known, image = entry(name), found.sealed
        assert (found.family, found.public, found.source) == ("image", None, "data folder")
        assert (image.height * image.width, image.channels) == (known.n, known.m), name
        assert image.peak == 255


@pytest.mark.data
def test_a_damaged_picture_of_the_data_folder_is_refused(data_dir, tmp_path, cache):
    data = raw_bytes("set12/01", data_dir=data_dir, cache_dir=cache)
    put(tmp_path, entry("set12/01").path, data[:-20])
    with pytest.raises(UserError, match="set12/01: the copy in the data folder is damaged"):
        load_instance("set12/01@crop8", data_dir=tmp_path, cache_dir=cache)
    put(tmp_path, "truncated.png", data[: len(data) // 2])
    with pytest.raises(UserError, match=r"truncated\.png: a damaged or truncated picture"):
        load_instance(f"{tmp_path}/truncated.png", cache_dir=cache)
