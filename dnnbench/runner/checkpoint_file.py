"""Checkpoints on disk: one `.npz` a running trial, replaced in one step, gone when it ends."""

import hashlib
import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dnnbench.records.files import publish, stage

_DIGEST = "digest"

State = Callable[[], dict[str, np.ndarray]]


@dataclass
class Checkpointer:
    """Keeps a run's state every so many seconds.

    A checkpoint that cannot be written (a full disk) is done without, and said in the record:
    the run itself is worth more.

    Attributes:
        path: the file, or None to keep nothing.
        every: seconds of solve time between two checkpoints; None for only when interrupted.
        stopping: whether the user asked to end the run: then a last one is kept at once.
        due: when the next one is due, on the monotonic clock.
        failure: why the latest could not be written; None if it was, or if none was due.
    """

    path: Path | None
    every: float | None
    stopping: Callable[[], bool]
    due: float = float("inf")
    failure: str | None = None

    def start(self) -> None:
        """Count from now."""
        self.due = float("inf") if self.every is None else time.monotonic() + self.every

    def __call__(self, state: State) -> None:
        """Keep the state if it is time to."""
        if self.path is None or not (self.stopping() or time.monotonic() >= self.due):
            return
        try:
            write(self.path, state())
            self.failure = None
        except OSError as error:
            self.failure = error.strerror or type(error).__name__
        self.start()

    def report(self) -> dict[str, str]:
        """What the record is told: nothing when all went well."""
        return {} if self.failure is None else {"checkpoint_failure": self.failure}


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write or replace a checkpoint in one step.

    Raises:
        OSError: it could not be written; the former one, if any, is unharmed.
    """
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays), **{_DIGEST: _digest(arrays)})  # type: ignore[arg-type]
    publish(stage(path.parent, buffer.getvalue()), path, replace=True)


def read(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a checkpoint; None if there is none or it is damaged."""
    try:
        data = io.BytesIO(path.read_bytes())
    except OSError:
        return None
    try:
        with np.load(data, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        digest = arrays.pop(_DIGEST)
    except Exception:  # every part of an archive fails in its own way when it is damaged
        return None
    return arrays if np.array_equal(digest, _digest(arrays)) else None


def _digest(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """SHA-256 of names, types, shapes and bytes, uint8 [32].

    The archive's own checksums are not looked at by a reader that believes a damaged length.
    """
    sha = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        sha.update(repr((name, array.dtype.str, array.shape)).encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return np.frombuffer(sha.digest(), np.uint8)
