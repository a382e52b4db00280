"""One timed trial at a time on each device of this machine, whoever started it."""

import contextlib
import getpass
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

_POLL_SECONDS = 0.05


def lock_path(platform: str) -> Path:
    """The lock file of `cpu` or `gpu`; it tells users apart, for the folder is everybody's.

    It is in the folder for temporary files, or in the one named by DNNBENCH_LOCKS.
    """
    device = platform
    if platform == "gpu":
        device = "gpu-" + os.environ.get("CUDA_VISIBLE_DEVICES", "all").replace(",", "-")
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "nobody"
    tag = hashlib.sha256(f"{user}/{device}".encode()).hexdigest()[:12]
    folder = os.environ.get("DNNBENCH_LOCKS") or tempfile.gettempdir()
    return Path(folder) / f"dnnbench-{tag}.lock"


@contextlib.contextmanager
def turn(
    platform: str, waiting: Callable[[], None], given_up: Callable[[], bool]
) -> Iterator[None]:
    """Hold the device; the system lets go of the lock of a process that dies.

    Args:
        platform: what the trial computes on, `cpu` or `gpu`.
        waiting: called once if another trial has it.
        given_up: whether to wait no longer.

    Raises:
        KeyboardInterrupt: it was given up.
    """
    lock = FileLock(lock_path(platform))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        while not lock.is_locked:
            if given_up():
                raise KeyboardInterrupt from None
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=_POLL_SECONDS, poll_interval=_POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()
