"""Fetching one instance from its published address into the cache, checked by sha256."""

import hashlib
import io
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dnnbench.errors import UserError
from dnnbench.instances.binary_copy import binary_size, text_of
from dnnbench.instances.formats.open_text import MAX_BYTES, unpack
from dnnbench.instances.identity import is_file_of
from dnnbench.instances.registry import Entry

_PACKING_SLACK = 65536  # a gzip file may be a little larger than what it holds


def fetch(
    entry: Entry, cache_dir: Path, *, max_bytes: int = MAX_BYTES, timeout: float = 30.0
) -> Path:
    """Download an instance, unless the cache holds it already.

    Nothing is written before the content has the registry's sha256, unpacked if it came as gzip. A
    graph in the binary format of DIMACS is written as text, and may differ in its comments where
    the sha256 of its edges is recorded.

    Args:
        entry: what to fetch.
        cache_dir: the file comes to lie under `cache_dir / entry.raw_path`.
        max_bytes: larger instances are refused.
        timeout: seconds without an answer before giving up.

    Returns:
        Path of the unpacked file.

    Raises:
        UserError: no direct address, no network, wrong content, too large.
    """
    target = cache_dir / entry.raw_path
    if target.is_file() and is_file_of(entry, target.read_bytes()):
        return target
    advice = "get it by hand and set DNNBENCH_DATA to the data folder that holds it"
    if entry.raw_size > max_bytes:
        raise UserError(f"{entry.name}: {entry.raw_size} bytes are beyond the cap of {max_bytes}")
    if urlsplit(entry.url).scheme not in ("http", "https") or not entry.direct:
        raise UserError(
            f"{entry.name} has no direct download (original, in another packing: {entry.url}); "
            + advice
        )
    size = entry.raw_size
    if entry.binary:
        size = max(size, binary_size(entry.n or 0))
    cap = size + _PACKING_SLACK
    try:
        received = _download(entry.url, cap, timeout)
    except _TooLargeError:
        raise UserError(
            f"{entry.name}: what {entry.url} sends is larger than the expected "
            f"{size} bytes; refused"
        ) from None
    except (OSError, ValueError) as error:
        reason = str(error).split("\n")[0][:120] or type(error).__name__
        raise UserError(f"cannot download {entry.url} ({reason}); {advice}") from None
    content = received
    if _digest(content) != entry.raw_sha256:
        content = unpack(received, entry.url, cap if entry.binary else size)
    if _digest(content) != entry.raw_sha256:
        try:
            content = text_of(entry, content)
        except UserError as error:
            raise UserError(
                f"{entry.name}: what {entry.url} sends is not the expected file ({error}); "
                f"refused; {advice}"
            ) from None
    _write(target, content)
    return target


class _TooLargeError(Exception):
    """The server sends more than the cap."""


class _CappedBuffer(io.BytesIO):
    """Bytes in memory; refuses to grow beyond a cap."""

    def __init__(self, cap: int) -> None:
        super().__init__()
        self._cap = cap

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self._cap:
            raise _TooLargeError
        return super().write(data)


def _download(url: str, cap: int, timeout: float) -> bytes:
    from pooch import HTTPDownloader  # imports requests: only when something is fetched

    buffer = _CappedBuffer(cap)
    with ExitStack() as opened:

        def close_at_the_end(response: Any, **_: Any) -> None:
            opened.callback(response.close)  # pooch leaves it open when it is interrupted

        hooks = {"response": close_at_the_end}
        HTTPDownloader(timeout=timeout, chunk_size=65536, hooks=hooks)(url, buffer, None)
    return buffer.getvalue()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(target: Path, content: bytes) -> None:
    """Put a file in place at once, so that no half-written one is ever seen."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}") from None
