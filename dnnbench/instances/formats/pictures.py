"""Picture files, read and written with Pillow.

| in the file | becomes |
| --- | --- |
| PNG, JPEG, TIFF, BMP, WebP, GIF | the first frame, turned as its EXIF orientation says |
| 1 to 8 bits, gray, colour or palette | uint8; a palette always gives three channels |
| 16 bits, gray or colour | uint16 |
| float (TIFF), values in [0, 1] | uint16, rounded |
| CMYK, CIELAB | RGB, by Pillow's conversion; embedded colour profiles are not applied |
| an alpha channel or transparent colour | dropped if every pixel is opaque, else refused |

Transparency is refused because tools disagree on it: OpenCV and Pillow drop the alpha channel and
show the colours that it hid, scikit-image's `rgba2rgb` blends with white.
"""

import logging
import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, UnidentifiedImageError
from PIL import Image as pillow  # noqa: N813 (`Image` is the package's own class)

from dnnbench.errors import UserError
from dnnbench.instances.image import Image, Levels

MAX_PIXELS = 50_000_000
"""Larger pictures are refused by their header, before anything is decoded."""

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
_BITS_PER_SAMPLE, _PLANES = 258, 284  # TIFF 6.0, section 8

# One half of each 16-bit sample for each raw mode: Pillow decodes colours to 8 bits, namely to the
# high bytes; reading the same bytes in the other order gives the low ones.
_OTHER_BYTES = {f"{m};16{a}": f"{m};16{b}" for m in ("RGB", "RGBA") for a, b in ("BL", "LB")}
_NATIVE = {f"{m};16N": f"{m};16" + ("L" if np.little_endian else "B") for m in ("RGB", "RGBA")}


def parse_picture(data: bytes, name: str) -> Image:
    """The picture in the bytes of a file.

    Args:
        data: the file's content.
        name: the file's name, for error messages.

    Raises:
        UserError: empty, damaged, not a picture, of a kind that is not read, or too large.
    """
    if not data:
        raise UserError(f"{name}: the file is empty")
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # its warnings are not for users
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Image(_decode(data, name))
        except UserError:
            raise
        except UnidentifiedImageError:
            known = "PNG, JPEG, TIFF, BMP, WebP or GIF"
            raise UserError(f"{name}: not a picture that can be read ({known})") from None
        except pillow.DecompressionBombError:
            raise UserError(f"{name}: more pixels than the cap of {MAX_PIXELS}") from None
        except Exception:  # decoders raise whatever damaged bytes make them
            raise UserError(f"{name}: a damaged or truncated picture") from None


def write_picture(picture: Image | NDArray[Any]) -> bytes:
    """A picture as the bytes of a PNG file.

    Args:
        picture: an `Image`, its levels (uint8 or uint16), or floats in [0, 1], which are clipped
            to that range and rounded to 8 bits; arrays have the shape [h, w, 1] or [h, w, 3].

    Raises:
        ValueError: another shape or type, or a float that is not a number.
    """
    image = picture if isinstance(picture, Image) else Image(_to_levels(picture))
    if image.peak > 255:
        return _png_16_bits(image.levels.astype(">u2"))
    buffer = BytesIO()
    levels = image.levels[..., 0] if image.channels == 1 else image.levels
    pillow.fromarray(levels).save(buffer, "PNG")
    return buffer.getvalue()


def _to_levels(array: NDArray[Any]) -> Levels:
    if array.dtype.kind != "f":
        return array
    if np.isnan(array).any():
        raise ValueError("the picture holds NaN")
    return np.rint(255 * np.clip(array, 0.0, 1.0)).astype(np.uint8)


def _decode(data: bytes, name: str) -> Levels:
    """Levels [h, w, c]; raises whatever Pillow raises."""
    with pillow.open(BytesIO(data), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > MAX_PIXELS:
            raise UserError(f"{name}: {height} x {width} pixels are beyond the cap of {MAX_PIXELS}")
        raw_mode = _raw_mode(opened)
        bits = _bits(opened, data)
        if bits not in (1, 2, 4, 8, 16, 32):
            raise UserError(f"{name}: {bits} bits a channel are not read")
        colour = opened.mode not in ("1", "L", "F", "I") and not opened.mode.startswith("I;16")
        deep = bits == 16 and colour
        planes = opened.format == "TIFF" and _tag(opened, _PLANES) == 2
        with _silent(opened):
            opened.load()
        if bits == 32 and opened.mode not in ("I", "F"):
            raise UserError(f"{name}: 32-bit colour is not read")
        levels = _opaque(opened, name)
        turn = opened.getexif().get(ExifTags.Base.Orientation, 1)
    if deep:
        if planes:
            raise _not_read_deep(name)
        low = _low_bytes(data, raw_mode, name)
        levels = levels.astype(np.uint16) * np.uint16(256) + low.astype(np.uint16)
    return _oriented(levels, turn)


@contextmanager
def _silent(opened: Any) -> Iterator[None]:
    """Keep libtiff, which reports damage on the process's standard error, from writing there."""
    if not any(tile[0] == "libtiff" for tile in opened.tile):
        yield
        return
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def _bits(opened: pillow.Image, data: bytes) -> int:
    """Bits a channel in the file."""
    if opened.format == "PNG":
        return data[24]  # in IHDR, the first chunk (PNG specification, 11.2.1)
    if opened.format == "TIFF":
        return _tag(opened, _BITS_PER_SAMPLE)
    return 8


def _tag(opened: Any, tag: int) -> int:
    """The first number of a TIFF tag; 1 where it is missing, as the format has it."""
    value = opened.tag_v2.get(tag, 1)
    return int(value[0] if isinstance(value, tuple) else value)


def _raw_mode(opened: Any) -> str:
    """How the decoder is told to read the samples."""
    args = opened.tile[0][3] if opened.tile else ""
    return str(args[0] if isinstance(args, tuple) else args)


def _low_bytes(data: bytes, raw_mode: str, name: str) -> NDArray[np.uint8]:
    """The low bytes of 16-bit colours, uint8 [h, w, 3]."""
    other = _OTHER_BYTES.get(_NATIVE.get(raw_mode, raw_mode))
    if other is None:
        raise _not_read_deep(name)
    with pillow.open(BytesIO(data), formats=FORMATS) as again:
        tiles: list[Any] = list(again.tile)  # named tuples from Pillow 11 on
        for i, tile in enumerate(tiles):
            args = other if isinstance(tile[3], str) else (other, *tile[3][1:])
            changed = (*tile[:3], args)
            tiles[i] = tile._make(changed) if hasattr(tile, "_make") else changed
        again.tile = tiles
        with _silent(again):
            again.load()
        return np.asarray(again)[..., :3]


def _opaque(loaded: pillow.Image, name: str) -> Levels:
    """Levels [h, w, c] of a decoded picture, high bytes where colours have 16 bits."""
    mode = loaded.mode
    hidden = loaded.info.get("transparency")
    if mode == "F":
        return _from_floats(np.asarray(loaded), name)
    if mode == "I" or mode.startswith("I;16"):
        wide = np.asarray(loaded).astype(np.int64)
        if wide.min() < 0 or wide.max() > 65535:
            raise UserError(f"{name}: whole numbers outside 0 ... 65535 are not levels")
        if isinstance(hidden, int) and (wide == hidden).any():
            raise _transparent(name)
        return wide.astype(np.uint16)[..., np.newaxis]
    if mode in ("LA", "La", "PA", "RGBA", "RGBa") or hidden is not None:
        alpha = np.asarray(loaded.convert("RGBA"))[..., 3]
        if alpha.min() < 255:
            raise _transparent(name)
    if mode in ("1", "L", "LA", "La"):
        return np.asarray(loaded.convert("L"))[..., np.newaxis]
    return np.asarray(loaded.convert("RGB"))


def _not_read_deep(name: str) -> UserError:
    return UserError(f"{name}: 16-bit samples in this arrangement are not read; save 8 bits")


def _transparent(name: str) -> UserError:
    return UserError(f"{name}: has transparent pixels; flatten it on a background first")


def _from_floats(values: NDArray[np.float32], name: str) -> NDArray[np.uint16]:
    if not (values.min() >= 0 and values.max() <= 1):  # so that NaN is refused as well
        raise UserError(f"{name}: floats outside [0, 1] are not levels")
    return np.rint(values.astype(np.float64) * 65535).astype(np.uint16)[..., np.newaxis]


def _oriented(levels: Levels, turn: Any) -> Levels:
    """The picture upright, from EXIF's orientation 1 to 8 (CIPA DC-008, 4.6.5); others as 1."""
    if turn in (5, 6, 7, 8):
        levels = levels.swapaxes(0, 1)
    rows = -1 if turn in (3, 4, 7, 8) else 1
    columns = -1 if turn in (2, 3, 6, 7) else 1
    return levels[::rows, ::columns]


def _png_16_bits(levels: NDArray[np.uint16]) -> bytes:
    """A PNG file of 16-bit levels, big-endian; Pillow writes such files for gray only."""
    height, width, channels = levels.shape
    samples = levels.reshape(height, -1).view(np.uint8)
    lines = np.zeros((height, 1 + samples.shape[1]), np.uint8)
    lines[:, 0] = 2  # filter `Up`: the difference to the line above
    lines[:, 1:] = samples
    lines[1:, 1:] -= samples[:-1]
    header = struct.pack(">IIBBBBB", width, height, 16, 0 if channels == 1 else 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
