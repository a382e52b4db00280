"""Solves a trial in the caller's own process: no child, no hard limit, for embedding and tests."""

import threading
from typing import Any

import numpy as np

from dnnbench.errors import UserError
from dnnbench.problems.base import Sense, better
from dnnbench.runner.spec import TrialSpec
from dnnbench.runner.supervise import Report
from dnnbench.runner.worker import execute


class _Line:
    """A `Reporter` that keeps what a parent would have received."""

    def __init__(self, spec: TrialSpec, sense: Sense) -> None:
        self._spec, self._sense = spec, sense
        self.report = Report()
        self._best: float | None = None

    def phase(self, name: str, memory: int | None = None) -> None:
        del name, memory

    def incumbent(
        self, z: np.ndarray, objective: float, claim: float, seconds: float, steps: int
    ) -> None:
        objective = self._spec.judged(z, objective)
        latest = self._spec.posed is not None
        if latest or self._best is None or better(objective, self._best, self._sense):
            self._best = objective
            self.report.streamed[0] = (z, claim, objective)
        self.report.traces.setdefault(0, []).append([seconds, steps, objective])

    def progress(self, seconds: float, steps: int) -> None:
        self.report.steps[0] = steps

    def stop_requested(self) -> bool:
        return False


# Programs are no concern of two threads at once.
_OF_THREAD = threading.local()


def _programs() -> Any:
    """What this thread has compiled; needs JAX, so it comes with the first method."""
    if not hasattr(_OF_THREAD, "programs"):
        from dnnbench.engine.compiled import Programs

        _OF_THREAD.programs = Programs()
    return _OF_THREAD.programs


def solve_in_process(spec: TrialSpec, sense: Sense) -> Report:
    """What came of the trial, run here and now on one process.

    The hardware config's environment (threads, precision, device count) cannot act any more, and
    a solver that never stops is never stopped.

    Raises:
        UserError: the input or the request is wrong.
    """
    line = _Line(spec, sense)
    job = spec.job(0)
    try:
        programs = _programs() if spec.role == "method" else None
        line.report.finals[0] = execute(job, spec.instance.public, line, programs, spec.oracle)
    except UserError:
        raise
    except MemoryError:
        line.report.status, line.report.message = "out_of_memory", "no memory"
    except Exception as error:
        line.report.status, line.report.message = "error", f"{type(error).__name__}: {error}"
    return line.report
