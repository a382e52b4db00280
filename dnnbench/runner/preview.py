"""A picture of the best answer so far, for people who watch a long run."""

import contextlib
import time
from dataclasses import dataclass

import numpy as np

from dnnbench.errors import UserError
from dnnbench.instances.formats.pictures import write_picture
from dnnbench.records.store import Store

LATEST = "latest"
_SECONDS = 2.0


@dataclass
class Preview:
    """Writes `latest.png` beside the trial's pictures, at most every two seconds.

    Attributes:
        store: whose trial it is.
        trial_id: the trial.
        due: when the next one may be written, on the monotonic clock.
    """

    store: Store
    trial_id: str
    due: float = 0.0

    def __call__(self, picture: np.ndarray) -> None:
        """Write the picture if it is time to; one that cannot be written is no loss."""
        if time.monotonic() < self.due:
            return
        with contextlib.suppress(UserError):
            self.store.put_picture(self.trial_id, LATEST, write_picture(picture))
        self.due = time.monotonic() + _SECONDS

    def remove(self) -> None:
        """Delete it: the trial has ended, and its answer stands beside it."""
        with contextlib.suppress(OSError):
            self.store.picture_path(self.trial_id, LATEST).unlink()
