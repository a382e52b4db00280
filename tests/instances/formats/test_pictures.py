"""Picture files of every kind, made on the fly."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as pillow  # noqa: N813

from dnnbench.errors import UserError
from dnnbench.instances.formats.pictures import MAX_PIXELS, parse_picture, write_picture
from dnnbench.instances.image import Image

RNG = np.random.default_rng(3)
GRAY = RNG.integers(0, 256, (7, 9), np.uint8)
COLOUR = RNG.integers(0, 256, (7, 9, 3), np.uint8)
GRAY_16 = RNG.integers(0, 65536, (7, 9), np.uint16)
COLOUR_16 = RNG.integers(0, 65536, (7, 9, 3), np.uint16)


def saved(array, kind, mode=None, **options):
    picture = pillow.fromarray(array) if isinstance(array, np.ndarray) else array
    buffer = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def chunk(kind, content):
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(width, height, bits, colour, content, *extra):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(content))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_kinds_give_the_levels(kind, options):
    found = parse_picture(saved(COLOUR, kind, **options), "f")
    np.testing.assert_array_equal(found.levels, COLOUR)
    found = parse_picture(saved(GRAY, kind, **options), "f")
    np.testing.assert_array_equal(found.gray().levels[..., 0], GRAY)
    assert found.channels == (3 if kind == "WEBP" else 1)  # WebP knows no gray


def test_jpeg_gray_and_colour():
    smooth = np.add.outer(np.arange(64), np.arange(80)).astype(np.uint8)
    found = parse_picture(saved(smooth, "JPEG", quality=95), "f.jpg")
    assert found.channels == 1
    assert abs(found.levels[..., 0].astype(int) - smooth).max() <= 4
    colour = np.stack([smooth, 255 - smooth, smooth // 2], axis=2)
    found = parse_picture(saved(colour, "JPEG", quality=95, subsampling=0), "f.jpg")
    assert abs(found.levels.astype(int) - colour).max() <= 8


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_are_spread_over_the_range(bits):
    top = 2**bits - 1
    row = [top, 0, 1]
    written = "".join(f"{level:0{bits}b}" for level in row).ljust(16, "0")
    content = b"\0" + int(written, 2).to_bytes(2, "big")[: -(-3 * bits // 8)]
    found = parse_picture(png(3, 1, bits, 0, content), "f.png")
    assert found.levels.ravel().tolist() == [level * 255 // top for level in row]


def test_palettes_are_converted():
    picture = pillow.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode=None).convert("P")
    picture.putpalette([255, 0, 0, 0, 255, 0, 1, 2, 3])
    found = parse_picture(saved(picture, "PNG"), "f.png")
    assert found.levels.shape == (2, 2, 3)
    assert found.levels[1, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_of_gray(kind):
    found = parse_picture(saved(GRAY_16, kind), "f")
    assert found.peak == 65535
    np.testing.assert_array_equal(found.levels[..., 0], GRAY_16)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_sixteen_bits_of_colour_in_tiff(order, compression):
    data = tiff(COLOUR_16, photometric="rgb", byteorder=order, compression=compression)
    np.testing.assert_array_equal(parse_picture(data, "f.tif").levels, COLOUR_16)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_sixteen_bits_in_planes_are_refused_not_misread(compression):
    planes = np.moveaxis(COLOUR_16, 2, 0).copy()
    data = tiff(planes, photometric="rgb", planarconfig="separate", compression=compression)
    with pytest.raises(UserError, match=r"f\.tif: 16-bit samples in this arrangement"):
        parse_picture(data, "f.tif")


def test_sixteen_bits_of_colour_and_alpha_in_png():
    alpha = np.full((7, 9, 1), 65535, np.uint16)
    lines = np.concatenate([COLOUR_16, alpha], axis=2).astype(">u2")
    content = b"".join(b"\0" + line.tobytes() for line in lines)
    found = parse_picture(png(9, 7, 16, 6, content), "f.png")
    np.testing.assert_array_equal(found.levels, COLOUR_16)
    with pytest.raises(UserError, match="16-bit samples"):
        parse_picture(png(1, 1, 16, 4, b"\0\1\2\xff\xff"), "f.png")


def test_floats_become_sixteen_bits():
    values = np.array([[0, 0.25], [0.5, 1]], np.float32)
    found = parse_picture(saved(values, "TIFF"), "f.tif")
    assert found.levels[..., 0].tolist() == [[0, 16384], [32768, 65535]]


@pytest.mark.parametrize("value", [-0.01, 1.5, 255.0, np.nan, np.inf])
def test_other_floats_are_refused(value):
    values = np.array([[0, value]], np.float32)
    with pytest.raises(UserError, match=r"f\.tif: floats outside \[0, 1\]"):
        parse_picture(saved(values, "TIFF"), "f.tif")


@pytest.mark.parametrize("value", [-1, 65536])
def test_whole_numbers_that_are_no_levels_are_refused(value):
    with pytest.raises(UserError, match="whole numbers outside"):
        parse_picture(saved(np.array([[0, value]], np.int32), "TIFF"), "f.tif")


@pytest.mark.parametrize(("mode", "channels"), [("RGBA", 3), ("LA", 1)])
def test_opaque_alpha_is_dropped_and_other_alpha_refused(mode, channels):
    picture = pillow.fromarray(COLOUR).convert(mode)
    found = parse_picture(saved(picture, "PNG"), "f.png")
    wanted = (
        COLOUR if channels == 3 else np.asarray(pillow.fromarray(COLOUR).convert("L"))[..., None]
    )
    np.testing.assert_array_equal(found.levels, wanted)
    picture.putpixel((8, 6), (1, 2, 3, 254) if channels == 3 else (1, 254))
    with pytest.raises(UserError, match=r"^f\.png: has transparent pixels"):
        parse_picture(saved(picture, "PNG"), "f.png")


@pytest.mark.parametrize(
    ("bits", "colour", "pixel", "clear", "other"),
    [
        (8, 0, b"\7", b"\0\7", b"\0\6"),
        (16, 0, b"\7\1", b"\7\1", b"\7\2"),
        (8, 2, b"\1\2\3", b"\0\1\0\2\0\3", b"\0\1\0\2\0\4"),
        (8, 3, b"\0", b"\x10", b"\xff"),
    ],
)
def test_a_transparent_colour_is_refused_where_it_is_used(bits, colour, pixel, clear, other):
    palette = [chunk(b"PLTE", b"\1\2\3")] if colour == 3 else []
    with pytest.raises(UserError, match="transparent"):
        parse_picture(png(1, 1, bits, colour, b"\0" + pixel, *palette, chunk(b"tRNS", clear)), "f")
    parse_picture(png(1, 1, bits, colour, b"\0" + pixel, *palette, chunk(b"tRNS", other)), "f")


@pytest.mark.parametrize("mode", ["CMYK", "LAB"])
def test_other_colour_spaces_become_rgb(mode):
    flat = pillow.new("RGB", (16, 16), (200, 60, 30))
    if mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        picture = ImageCms.profileToProfile(flat, *profiles, outputMode="LAB")
    else:
        picture = flat.convert(mode)
    found = parse_picture(saved(picture, "TIFF"), "f.tif")
    assert found.levels.shape == (16, 16, 3)
    assert abs(found.levels[0, 0].astype(int) - (200, 60, 30)).max() <= 3


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_pictures_are_turned_upright(kind, turn):
    stored = np.zeros((16, 32), np.uint8)
    stored[:8, :8] = 255  # the stored first row and column meet in the white corner
    exif = pillow.Exif()
    exif[0x0112] = turn
    found = parse_picture(saved(stored, kind, exif=exif), "f").levels[..., 0]
    assert found.shape == ((32, 16) if turn >= 5 else (16, 32))
    rows, columns = {1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}[turn]
    corner = found[:8] if rows == "t" else found[-8:]
    corner = corner[:, :8] if columns == "l" else corner[:, -8:]
    assert corner.min() > 200
    assert (found > 100).sum() == 64


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "WEBP"])
def test_of_several_frames_the_first(kind):
    frames = [pillow.new("RGB", (5, 4), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **lossless)
    assert (parse_picture(data, "f").levels == (255, 0, 0)).all()


def test_one_pixel_is_a_picture():
    assert parse_picture(saved(GRAY[:1, :1], "PNG"), "f").levels.shape == (1, 1, 1)


SIXTEEN = struct.pack("<HHIHH", 258, 3, 1, 16, 0)
TWELVE_BITS = tiff(GRAY_16).replace(SIXTEEN, SIXTEEN.replace(b"\x10", b"\x0c"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"3 1\n1 2 1\n", "not a picture that can be read"),
        (b"<svg/>", "not a picture that can be read"),
        (b"\x89PNG\r\n\x1a\n", "f.png: "),
        (png(10**5, 10**5, 8, 0, b""), "more pixels than the cap of 50000000"),
        (png(10**9, 10**9, 1, 0, b""), "cap"),
        (png(5001, 10000, 8, 2, b""), "10000 x 5001 pixels are beyond the cap of 50000000"),
        (png(10_000, 5001, 8, 0, b""), "5001 x 10000 pixels are beyond the cap"),
        (TWELVE_BITS, "12 bits a channel are not read"),
        (saved(GRAY, "PPM"), "not a picture that can be read"),
    ],
)
def test_what_is_no_picture(data, message):
    with pytest.raises(UserError, match=message) as caught:
        parse_picture(data, "f.png")
    assert str(caught.value).startswith("f.png: ")


def test_a_picture_of_the_largest_size_is_not_refused_by_its_header():
    assert MAX_PIXELS == 50_000_000
    with pytest.raises(UserError, match="damaged or truncated"):
        parse_picture(png(5000, 10000, 1, 0, b""), "f.png")


def test_compressed_text_that_unpacks_to_much_is_refused():
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80 * 2**20)))
    with pytest.raises(UserError, match="damaged"):
        parse_picture(png(1, 1, 8, 0, b"\0\0", bomb), "f.png")


FILES = {
    "f.png": saved(COLOUR, "PNG"),
    "f.jpg": saved(COLOUR, "JPEG"),
    "f.tif": saved(COLOUR, "TIFF", compression="tiff_lzw"),
    "deep.tif": tiff(COLOUR_16, photometric="rgb"),
    "f.bmp": saved(GRAY, "BMP"),
    "f.webp": saved(COLOUR, "WEBP"),
    "f.gif": saved(GRAY, "GIF"),
    "deep.png": write_picture(COLOUR_16),
}


def picture_or_refusal(data, name):
    try:
        found = parse_picture(data, name)
    except UserError as error:
        message = str(error)
        assert message.startswith(f"{name}: ")
        assert "\n" not in message
        assert len(message) < 200
    else:
        assert isinstance(found, Image)


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_cut_of_a_file(name, capfd):
    data = FILES[name]
    parse_picture(data, name)
    for length in range(len(data)):
        picture_or_refusal(data[:length], name)
    with pytest.raises(UserError):
        parse_picture(data[: len(data) // 2], name)
    assert capfd.readouterr() == ("", "")


def test_the_decoder_of_damaged_tiffs_keeps_quiet(capfd):
    data = FILES["f.tif"]
    strip = struct.pack("<HHI", 279, 4, 1)  # StripByteCounts, the length of the packed pixels
    at = data.index(strip) + len(strip)
    with pytest.raises(UserError, match="damaged"):
        parse_picture(data[:at] + struct.pack("<I", 20) + data[at + 4 :], "f.tif")
    assert capfd.readouterr() == ("", "")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(FILES)),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), st.binary(max_size=4)), max_size=4),
)
def test_mutated_files(name, changes):
    data = FILES[name]
    for place, removed, piece in changes:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + removed :]
    picture_or_refusal(data, name)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"GIF89a"]
    ),
    st.binary(max_size=80),
)
def test_random_bytes(start, rest):
    picture_or_refusal(start + rest, "f")


@pytest.mark.parametrize("levels", [GRAY[..., None], COLOUR, GRAY_16[..., None], COLOUR_16])
def test_what_is_written_is_read_back(levels):
    data = write_picture(levels)
    found = parse_picture(data, "f.png")
    assert found.levels.dtype == levels.dtype
    np.testing.assert_array_equal(found.levels, levels)
    assert write_picture(found) == data
    with pillow.open(io.BytesIO(data)) as opened:  # a reader that checks the checksums
        opened.verify()


def test_floats_are_written_clipped_and_rounded():
    values = np.array([-0.2, 0.0, 0.499 / 255, 0.501 / 255, 0.5, 1.0, 1.7]).reshape(1, 7, 1)
    found = parse_picture(write_picture(values), "f.png")
    assert found.levels.ravel().tolist() == [0, 0, 0, 1, 128, 255, 255]
    for bad in (values * np.nan, values[0], values.astype(np.int64)):
        with pytest.raises(ValueError, match=r"NaN|levels"):
            write_picture(bad)
