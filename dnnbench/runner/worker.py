"""The child process: reads jobs from standard input, solves them, reports on standard output.

Run as `python -m dnnbench.runner.worker`. What libraries print goes to standard error; frames
have a copy of the original standard output to themselves. The process ends when its input does.
"""

import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dnnbench.errors import UserError
from dnnbench.instances.serialise import from_arrays
from dnnbench.runner.messages import Final
from dnnbench.runner.protocol import ClosedError, read_frame, write_frame

# Progress lines are for people; more than this many a second are not sent.
_PROGRESS_SECONDS = 0.1


class PipeReporter:
    """Reports to the parent through a pipe; thread-safe."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._go = threading.Event()
        self._last_progress = 0.0

    def send(self, message: dict[str, Any], arrays: dict[str, np.ndarray] | None = None) -> None:
        """Send a frame."""
        with self._lock:
            write_frame(self._stream, message, arrays)

    def phase(self, name: str, memory: int | None = None) -> None:
        """Tell the phase; before `solve`, wait until the parent has all processes ready."""
        self.send({"type": "phase", "name": name, "memory": memory})
        if name == "solve":
            self._go.wait()
            self._go.clear()

    def incumbent(
        self, z: np.ndarray, objective: float, claim: float, seconds: float, steps: int
    ) -> None:
        """Send a better candidate."""
        header = {"type": "incumbent", "objective": objective, "claim": claim}
        self.send({**header, "seconds": seconds, "steps": int(steps)}, {"z": z})

    def progress(self, seconds: float, steps: int) -> None:
        """Tell how far the solve has come, at most ten times a second."""
        now = time.monotonic()
        if now - self._last_progress >= _PROGRESS_SECONDS:
            self._last_progress = now
            self.send({"type": "progress", "seconds": seconds, "steps": int(steps)})

    def stop_requested(self) -> bool:
        """Whether the parent asked to end the run."""
        return self._stop.is_set()

    def receive(self, header: dict[str, Any]) -> None:
        """Act on a control message."""
        if header["type"] == "stop":
            self._stop.set()
        elif header["type"] == "go":
            self._go.set()

    def reset(self) -> None:
        """Forget the last job's stop request."""
        self._stop.clear()


def execute(
    job: dict[str, Any], public: Any, reporter: Any, programs: Any, sealed: Any = None
) -> Final:
    """Solve one job in this process.

    Args:
        job: the message of `TrialSpec.job`.
        public: public half of the instance.
        reporter: the line to the parent.
        programs: keeps what was compiled for the next job.
        sealed: for monitors named `oracle_*` alone, or None.
    """
    if job["stack"]:
        from dnnbench.runner.solve_stack import solve_stack

        return solve_stack(job, public, reporter, programs)
    if job["role"] == "method":
        from dnnbench.runner.solve_method import solve_method

        return solve_method(job, public, reporter, programs, sealed)
    from dnnbench.runner.solve_baseline import solve_baseline

    return solve_baseline(job, public, reporter)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Solve jobs until the input ends."""
    reporter = PipeReporter(sink)
    jobs: list[tuple[dict[str, Any], dict[str, np.ndarray]]] = []
    arrived = threading.Semaphore(0)

    def listen() -> None:
        try:
            while True:
                header, arrays = read_frame(source)
                if header["type"] == "job":
                    reporter.reset()  # here, for a stop may come after the job it was meant for
                    jobs.append((header, arrays))
                    arrived.release()
                else:
                    reporter.receive(header)
        except (ClosedError, ValueError, OSError):
            os._exit(0)  # the parent is gone: nothing may go on burning its cores

    threading.Thread(target=listen, daemon=True).start()
    programs: Any = None
    while True:
        arrived.acquire()
        job, arrays = jobs.pop(0)
        try:
            if programs is None and job["role"] == "method":
                from dnnbench.engine.compiled import Programs

                programs = Programs()
            sealed = arrays.pop("sealed", None)
            public = from_arrays(job["family"], arrays)
            final = execute(job, public, reporter, programs, sealed)
            message, payload = final.to_message()
            reporter.send(message, payload)
        except UserError as error:
            reporter.send({"type": "error", "user": True, "message": str(error)})
        except MemoryError:
            reporter.send({"type": "error", "user": False, "memory": True, "message": "no memory"})
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            text = f"{type(error).__name__}: {error} ({where})"
            traceback.print_exc()
            reporter.send({"type": "error", "user": False, "message": text})


def main() -> None:
    """Entry point: keep the frames' pipe to ourselves, then serve."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()
