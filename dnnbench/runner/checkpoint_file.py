"""Checkpoints on disk: one `.npz` a running trial, replaced in one step, gone when it ends."""

import contextlib
import io
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dnnbench.records.files import publish, stage

State = Callable[[], dict[str, np.ndarray]]


@dataclass
class Checkpointer:
    """Keeps a run's state every so many seconds; what cannot be written is done without.

    Attributes:
        path: the file, or None to keep nothing.
        every: seconds of solve time between two checkpoints; None for only when interrupted.
        stopping: whether the user asked to end the run: then a last one is kept at once.
    """

    path: Path | None
    every: float | None
    stopping: Callable[[], bool]
    due: float = float("inf")

    def start(self) -> None:
        """Count from now."""
        self.due = float("inf") if self.every is None else time.monotonic() + self.every

    def __call__(self, state: State) -> None:
        """Keep the state if it is time to."""
        if self.path is None or not (self.stopping() or time.monotonic() >= self.due):
            return
        with contextlib.suppress(OSError):
            write(self.path, state())
        self.start()


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write or replace a checkpoint in one step.

    Raises:
        OSError: it could not be written; the former one, if any, is unharmed.
    """
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays))  # type: ignore[arg-type]
    publish(stage(path.parent, buffer.getvalue()), path, replace=True)


def read(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a checkpoint; None if there is none or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
