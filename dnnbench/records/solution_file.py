"""A stored solution: NumPy's own format, never pickled, under a name that carries its hash."""

import hashlib
import io
import re

import numpy as np

from dnnbench.records.trial_id import DIGITS

_HASH_DIGITS = 16
_NAME = re.compile(rf"([0-9a-f]{{{DIGITS}}})-([0-9a-f]{{{_HASH_DIGITS}}})\.npy")


def to_bytes(solution: np.ndarray) -> bytes:
    """The file's content.

    Raises:
        ValueError: it is an array of objects.
    """
    buffer = io.BytesIO()
    np.save(buffer, solution, allow_pickle=False)
    return buffer.getvalue()


def from_bytes(data: bytes, name: str) -> np.ndarray:
    """The array in a file of this name.

    Raises:
        ValueError: these are not the bytes that the name was made for, or not an array's.
    """
    if not name.endswith(f"-{_digest(data)}.npy"):
        raise ValueError("the content does not have the hash in its name")
    try:
        array: np.ndarray = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # a made-up header: MemoryError, OverflowError, TokenError, ...
        raise ValueError(f"not an array's bytes ({type(error).__name__})") from None
    return array


def name_for(trial_id: str, data: bytes) -> str:
    """The file's name, relative to the results folder, with `/` on every system."""
    return f"solutions/{trial_id[:2]}/{trial_id}-{_digest(data)}.npy"


def trial_of(name: str) -> str | None:
    """The trial whose solution a file of this (relative) name is; None if it is none's."""
    shard, _, last = name.removeprefix("solutions/").partition("/")
    match = _NAME.fullmatch(last)
    if match is None or name != f"solutions/{shard}/{last}" or shard != match[1][:2]:
        return None
    return match[1]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]
