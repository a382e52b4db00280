"""Finds what a worker has started, however far away from it that has moved.

The tree of processes forgets: the children of a dead process are another's, and a process may
leave its session. What every process keeps is the environment it was born with, so a worker's
environment carries a mark of its own.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psutil

VARIABLE = "DNNBENCH_WORKER"
_ROUNDS = 5


def new_mark() -> str:
    """A value for `VARIABLE` that no other worker has."""
    return secrets.token_hex(8)


def kill_descendants(pid: int, mark: str) -> None:
    """End everything that the worker `pid` has started, whether or not it still runs itself.

    Where a process's environment cannot be read (not on Linux, or started with an empty one),
    only what the tree of processes still shows is found.
    """
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    for _ in range(_ROUNDS):  # what was just being started shows up in the next round
        found = [process for process in _marked(mark) if process.pid != pid]
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=1)


def _marked(mark: str) -> Iterator[psutil.Process]:
    """The living processes of this user that were born with the mark."""
    wanted = f"{VARIABLE}={mark}".encode()
    own = os.getpid()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, psutil.Error):
            if wanted in (folder / "environ").read_bytes().split(b"\0") and folder.name != str(own):
                yield psutil.Process(int(folder.name))
