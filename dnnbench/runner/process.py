"""A worker process as its parent sees it: started with its hardware's environment, killable."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from dnnbench.config.hardware import Hardware
from dnnbench.runner.descendants import VARIABLE, kill_descendants, new_mark
from dnnbench.runner.protocol import ClosedError, read_frame, write_frame

_READER_SECONDS = 5.0

Frame = tuple["Worker", dict[str, Any], dict[str, np.ndarray]]


class Worker:
    """One child process in a session of its own, so that Ctrl-C reaches the parent only.

    Args:
        hardware: what it may use; acts before JAX starts.
        cores: processor cores it may use.
        inbox: where its frames arrive, as (worker, header, arrays); `{"type": "closed"}` last.
        first_core: position of its first core when the hardware asks for pinning.
    """

    def __init__(
        self,
        hardware: Hardware,
        cores: int,
        inbox: "queue.Queue[Frame | None]",
        first_core: int = 0,
    ) -> None:
        variables = dict(os.environ) | hardware.environment(cores)
        root = str(Path(__file__).resolve().parents[2])
        variables["PYTHONPATH"] = os.pathsep.join(
            p for p in (root, os.environ.get("PYTHONPATH", "")) if p
        )
        self._mark = variables[VARIABLE] = new_mark()
        affinity = _affinity(cores, first_core, hardware.pin)
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-c", _ENTRY, str(os.getpid()), *(str(c) for c in affinity)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=variables,
            start_new_session=True,
        )
        self._inbox = inbox
        self._tail: deque[str] = deque(maxlen=20)
        self._ended = False
        self.readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._drain, daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while True:
                header, arrays = read_frame(self._process.stdout)
                self._inbox.put((self, header, arrays))
        except (ClosedError, ValueError, OSError):
            self._inbox.put((self, {"type": "closed"}, {}))

    def _drain(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._tail.append(line.decode(errors="replace").rstrip())

    def send(
        self, message: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """Send a frame; a dead worker is noticed by its closed pipe, not here."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, OSError):
            write_frame(self._process.stdin, message, arrays)

    def rss(self) -> int:
        """Resident memory of the worker and its children, bytes; 0 once it is gone."""
        total = 0
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    total += one.memory_info().rss
        return total

    def kill(self) -> None:
        """End the worker and everything it started, also in sessions of their own."""
        if self._ended:
            return  # the number of its group may be another's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGSTOP)  # what stands still starts nothing more
        kill_descendants(self._process.pid, self._mark)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """Close its input, which ends an idle worker, and wait for it."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._ended = True
        for reader, stream in zip(
            self.readers, (self._process.stdout, self._process.stderr), strict=True
        ):
            reader.join(timeout=_READER_SECONDS)
            # A process that got away may hold the pipe open; closing it here would wait for that.
            if stream is not None and not reader.is_alive():
                stream.close()

    def last_words(self) -> str:
        """How a dead worker ended: its exit status and the last line it wrote."""
        code = self._process.poll()
        how = "ended"
        if code is not None:
            how = f"was killed by signal {-code}" if code < 0 else f"exited with status {code}"
        last = next((line for line in reversed(self._tail) if line.strip()), "")
        return f"the solver's process {how}" + (f": {last}" if last else "")


# The affinity is set before anything is imported, because thread pools read it when they start.
# On Linux the worker dies with the thread that started it, whatever it is doing, and when memory
# runs out the system takes it rather than its parent.
_ENTRY = (
    "import ctypes, os, signal, sys\n"
    "parent, *cores = (int(c) for c in sys.argv[1:])\n"
    "if sys.platform == 'linux':\n"
    "    ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
    "    if os.getppid() != parent: os._exit(0)\n"
    "    try:\n"
    "        with open('/proc/self/oom_score_adj', 'w') as file: file.write('500')\n"
    "    except OSError: pass\n"
    "if cores: os.sched_setaffinity(0, cores)\n"
    "from dnnbench.runner.worker import main\n"
    "main()\n"
)


def _affinity(cores: int, first_core: int, pin: bool) -> list[int]:
    """The cores to bind to; none where there is nothing to restrict."""
    if not hasattr(os, "sched_getaffinity"):
        return []
    available = sorted(os.sched_getaffinity(0))
    if cores >= len(available) and not pin:
        return []
    return [available[(first_core + i) % len(available)] for i in range(min(cores, len(available)))]
