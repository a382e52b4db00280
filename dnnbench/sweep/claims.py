"""Sweeps that share a store share its trials: each is run by whoever claims it first.

A claim is a lock of the operating system on `ROOT/claims/ID.lock`, so it ends with its process.
What a claim does not cover (a file system without locks) costs a trial run twice, never a record:
the store keeps one of each.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from dnnbench.errors import UserError


@contextlib.contextmanager
def claim(root: Path, trial_id: str) -> Iterator[bool]:
    """Claim a trial for the duration of the block; gives False if somebody else has it.

    Raises:
        UserError: the results folder cannot be written.
    """
    path = root / "claims" / f"{trial_id}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
    except OSError as error:
        raise UserError(f"cannot write to the results folder {root}: {error.strerror}") from None
    try:
        yield True
    finally:
        # Whoever waits for this very file looks at the store before it does anything.
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        lock.release()


def running(root: Path) -> int:
    """How many trials are being run on this store now."""
    count = 0
    for path in (root / "claims").glob("*.lock"):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            count += 1
        else:
            lock.release()
    return count
