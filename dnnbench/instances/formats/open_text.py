"""Reading text files, plain or gzipped, with a cap on their unpacked size."""

import gzip
import io
import zlib
from pathlib import Path

from dnnbench.errors import UserError

MAX_BYTES = 2**30
"""Default cap on the unpacked size of a file (1 GiB)."""

_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_BOM = b"\xef\xbb\xbf"


def read_bytes(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The content of a file, unpacked if it is gzip.

    Args:
        path: the file.
        max_bytes: larger content, packed or unpacked, is refused.

    Raises:
        UserError: missing, unreadable, not a regular file, damaged gzip, or too large.
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
    if path.suffix == ".gz" and not data.startswith(_GZIP_MAGIC):
        raise UserError(f"{path} is not a gzip file, though its name ends in .gz")
    return unpack(data, str(path), max_bytes)


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Like `read_bytes`, and checked to be text (see `check_text`)."""
    return check_text(read_bytes(path, max_bytes), str(path))


def unpack(data: bytes, where: str, max_bytes: int = MAX_BYTES) -> bytes:
    """Gzipped bytes unpacked, up to `max_bytes`; other bytes as they are."""
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            content = stream.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error):
        raise UserError(f"{where}: damaged or truncated gzip file") from None
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
