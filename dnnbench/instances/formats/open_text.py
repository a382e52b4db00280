"""Reading text files, plain or packed (gzip, xz, bzip2), with a cap on their unpacked size."""

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from dnnbench.errors import UserError

MAX_BYTES = 2**30
"""Default cap on the unpacked size of a file (1 GiB)."""

_UTF8_BOM = b"\xef\xbb\xbf"


class _Packing(NamedTuple):
    """A way to pack a file: its name, the file's suffix, how its content begins, its reader."""

    name: str
    suffix: str
    magic: re.Pattern[bytes]
    reader: Callable[..., Any]


_PACKINGS = (
    _Packing("gzip", ".gz", re.compile(rb"\x1f\x8b"), gzip.open),
    _Packing("xz", ".xz", re.compile(rb"\xfd7zXZ\x00"), lzma.open),
    _Packing("bzip2", ".bz2", re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), bz2.open),
)


def unpacked_name(name: str) -> str:
    """A file's name without the suffix of its packing: `a.cnf` for `a.cnf.xz`."""
    for packing in _PACKINGS:
        if name.endswith(packing.suffix):
            return name.removesuffix(packing.suffix)
    return name


def read_bytes(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The content of a file, unpacked if it is packed.

    Args:
        path: the file.
        max_bytes: larger content, packed or unpacked, is refused.

    Raises:
        UserError: missing, unreadable, not a regular file, damaged packing, or too large.
    """
    try:
        if not path.exists():
            raise UserError(f"no such file: {path}")
        if not path.is_file():
            raise UserError(f"{path} is not a regular file")
        if path.stat().st_size > max_bytes:
            raise too_large(str(path), max_bytes)
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"cannot read {path}: {reason}") from None
    for packing in _PACKINGS:
        if path.suffix == packing.suffix and not packing.magic.match(data):
            raise UserError(
                f"{path} is not a {packing.name} file, though its name ends in {packing.suffix}"
            )
    return unpack(data, str(path), max_bytes)


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Like `read_bytes`, and checked to be text (see `check_text`)."""
    return check_text(read_bytes(path, max_bytes), str(path))


def unpack(data: bytes, where: str, max_bytes: int = MAX_BYTES) -> bytes:
    """Packed bytes unpacked, up to `max_bytes`; other bytes as they are."""
    packing = next((each for each in _PACKINGS if each.magic.match(data)), None)
    if packing is None:
        return data
    try:
        with packing.reader(io.BytesIO(data)) as stream:
            content = stream.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        raise UserError(f"{where}: damaged or truncated {packing.name} file") from None
    if len(content) > max_bytes:
        raise too_large(where, max_bytes)
    return content


def check_text(data: bytes, where: str) -> bytes:
    """The bytes without a byte order mark, if they are non-empty UTF-8 text.

    Raises:
        UserError: empty, or not UTF-8; the message names the line.
    """
    data = data.removeprefix(_UTF8_BOM)
    if not data.strip():
        raise UserError(f"{where}: the file is empty")
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise UserError(f"{where}, line {line}: not UTF-8 text") from None
    return data


def too_large(where: str, max_bytes: int) -> UserError:
    """The error for content beyond the cap."""
    return UserError(f"{where}: larger than the cap of {max_bytes} bytes, unpacked")
