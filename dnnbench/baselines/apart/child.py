"""A solver in a process of its own, which can be ended when it does not end by itself.

There are two reasons: libraries that cannot be interrupted, or not always, and OR-Tools, which
cannot be loaded where highspy has been (both bring a HiGHS of their own; OR-Tools' issue 5246).

It reads and writes messages: one line of JSON, then arrays. The first message to it says what to
solve, each further one is a call. It says when the library is loaded and when it is ready for
calls, then answers each call, some more than once.
"""

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_LOOK_SECONDS = 0.02

# Interrupts are for the process that started it; with that it ends, on Linux also if it is killed.
_ENTRY = (
    "import ctypes, os, signal, sys\n"
    "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "if sys.platform == 'linux':\n"
    "    ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
    "    if os.getppid() != int(sys.argv[1]): os._exit(0)\n"
    "from dnnbench.baselines.apart.main import main\n"
    "main()\n"
)


class Message(NamedTuple):
    """What one side tells the other.

    Attributes:
        header: anything that JSON can hold.
        arrays: of numbers, one axis each.
    """

    header: dict[str, Any]
    arrays: list[NDArray[Any]]


class Child:
    """The process, from the side that started it; use it in a `with` statement.

    Args:
        library: what the module `<library>_child` of `dnnbench.baselines` solves with, for
            instance `independent_set.kamis`.
    """

    def __init__(self, library: str) -> None:
        root = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-c", _ENTRY, str(os.getpid()), library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": path},
        )
        self._inbox: queue.Queue[Message] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):  # what it has not read is lost
                stream.close()

    @property
    def lives(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def send(self, header: Mapping[str, Any], arrays: Sequence[NDArray[Any]] = ()) -> None:
        """Say what to solve, or ask for an answer."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # that it has ended is noticed where answers are read
            write(self._process.stdin, header, arrays)

    def answer(self, stop: Callable[[], bool]) -> Message | None:
        """The next answer, or None if `stop()` comes first.

        Raises:
            RuntimeError: the solver failed, or its process ended.
        """
        while True:
            try:
                message = self._inbox.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                if stop():
                    return None
                continue
            if "error" in message.header:
                raise RuntimeError(message.header["error"])
            return message

    def _read(self) -> None:
        assert self._process.stdout is not None
        while (message := read(self._process.stdout)) is not None:
            self._inbox.put(message)
        code = self._process.wait()
        how = f"was killed by signal {-code}" if code < 0 else f"exited with status {code}"
        self._inbox.put(Message({"error": f"the library's own process {how}"}, []))


_WAITING: dict[str, Child] = {}


@atexit.register
def _close_waiting() -> None:
    for child in _WAITING.values():
        child.close()


def load(library: str) -> None:
    """Start a process and wait until it has loaded the library; the next `loaded` takes it.

    Raises:
        RuntimeError: it cannot be loaded.
    """
    if library in _WAITING and not _WAITING[library].lives:
        _WAITING.pop(library).close()
    if library not in _WAITING:
        _WAITING[library] = Child(library)
        _WAITING[library].answer(lambda: False)


def loaded(library: str) -> Child:
    """A process that has loaded the library; errors as for `load`."""
    load(library)
    return _WAITING.pop(library)


def write(stream: IO[bytes], header: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> None:
    """Write a message."""
    forms = [(array.dtype.str, len(array)) for array in arrays]
    stream.write(json.dumps({**header, "arrays": forms}).encode() + b"\n")
    for array in arrays:
        stream.write(np.ascontiguousarray(array).data)
    stream.flush()


def read(stream: IO[bytes]) -> Message | None:
    """Read a message; None where the stream ends."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    header = json.loads(line)
    arrays = []
    for form, length in header.pop("arrays"):
        dtype = np.dtype(form)
        content = stream.read(length * dtype.itemsize)
        if len(content) < length * dtype.itemsize:
            return None
        arrays.append(np.frombuffer(bytearray(content), dtype))
    return Message(header, arrays)
