"""Frames between a worker and its parent: a JSON header and NumPy arrays, never pickle."""

import io
import json
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

_SIZES = struct.Struct(">II")


class ClosedError(EOFError):
    """The other side has closed the pipe, or ended in the middle of a frame."""


def write_frame(
    stream: IO[bytes], message: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None
) -> None:
    """Send one message with its arrays and flush."""
    header = json.dumps(message).encode()
    payload = b""
    if arrays:
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        payload = buffer.getvalue()
    stream.write(_SIZES.pack(len(header), len(payload)) + header + payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Receive one message with its arrays.

    Raises:
        ClosedError: the stream has ended.
        ValueError: what came is not a frame.
    """
    header_size, payload_size = _SIZES.unpack(_exactly(stream, _SIZES.size))
    header = json.loads(_exactly(stream, header_size))
    arrays: dict[str, np.ndarray] = {}
    if payload_size:
        with np.load(io.BytesIO(_exactly(stream, payload_size)), allow_pickle=False) as loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    return header, arrays


def _exactly(stream: IO[bytes], size: int) -> bytes:
    parts = []
    while size:
        part = stream.read(size)
        if not part:
            raise ClosedError("the pipe was closed")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
