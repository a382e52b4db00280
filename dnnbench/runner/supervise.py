"""Watches the workers of one trial: start together, limits, incumbents, interrupts."""

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dnnbench.errors import UserError
from dnnbench.instances.serialise import to_arrays
from dnnbench.problems.base import Sense, better
from dnnbench.runner.messages import Final
from dnnbench.runner.process import Frame, Worker
from dnnbench.runner.spec import TrialSpec

# A solver that does not stop by itself is ended this much after its budget.
_GRACE_SHARE, _GRACE_SECONDS = 0.05, 2.0
_MEMORY_POLL_SECONDS = 0.25
_STOP_SECONDS = 10.0
# Words of one process after which the others of its trial have nothing left to find.
_SETTLED = ("target", "unsat", "infeasible", "unbounded")
_PHASES = ("start", "load", "compile", "solve")


@dataclass
class Watch:
    """What people are shown while a trial runs; every callback is optional."""

    phase: Callable[[str], None] = lambda name: None
    memory: Callable[[int], None] = lambda expected: None
    progress: Callable[[float, int], None] = lambda seconds, steps: None
    incumbent: Callable[[float, float, int], None] = lambda objective, seconds, steps: None
    answer: Callable[[np.ndarray], None] = lambda z: None


@dataclass
class Report:
    """What came of the workers.

    Attributes:
        finals: per worker its last words, if it finished.
        streamed: per worker (z, claim, objective) of the last streamed incumbent.
        traces: per worker rows streamed so far, for workers that did not finish.
        status: `timeout`, `out_of_memory`, `interrupted`, `error`, or None if all finished.
        message: what went wrong, or None.
        solve_seconds: since the start of the solve, for trials without last words.
        steps: per worker the most steps seen in its progress reports.
    """

    finals: dict[int, Final] = field(default_factory=dict)
    streamed: dict[int, tuple[np.ndarray, float, float]] = field(default_factory=dict)
    traces: dict[int, list[list[float]]] = field(default_factory=dict)
    status: str | None = None
    message: str | None = None
    solve_seconds: float = 0.0
    steps: dict[int, int] = field(default_factory=dict)


def supervise(
    spec: TrialSpec,
    workers: list[Worker],
    inbox: "queue.Queue[Frame | None]",
    watch: Watch,
    sense: Sense,
    checkpoint: Path | None = None,
) -> Report:
    """Run one trial on idle workers and return what came of it.

    Args:
        spec: the trial.
        workers: one for each of its processes.
        inbox: where the workers' frames arrive; None there interrupts as Ctrl-C does.
        watch: what people are shown.
        sense: of the problem.
        checkpoint: file for a method's state, or None.

    Raises:
        UserError: the worker found the input or the request wrong.
        KeyboardInterrupt: the user interrupted before there was anything to keep.
    """
    watcher = _Supervision(spec, workers, inbox, watch, sense)
    watcher.send_jobs(checkpoint)
    while watcher.waiting:
        try:
            watcher.turn()
        except KeyboardInterrupt:
            watcher.interrupt()
    return watcher.report


class _Supervision:
    def __init__(
        self,
        spec: TrialSpec,
        workers: list[Worker],
        inbox: "queue.Queue[Frame | None]",
        watch: Watch,
        sense: Sense,
    ) -> None:
        self.spec, self.workers, self.inbox, self.watch = spec, workers, inbox, watch
        self.sense = sense
        self.report = Report()
        self.waiting = set(workers)
        self.ready: set[Worker] = set()
        self.started: float | None = None
        self.deadline = time.monotonic() + spec.hardware.setup_limit
        self.stop_by = float("inf")
        self.next_poll = 0.0
        self.best: float | None = None
        self.phase = _PHASES[0]

    def send_jobs(self, checkpoint: Path | None) -> None:
        arrays = to_arrays(self.spec.instance.family, self.spec.instance.public)
        if self.spec.oracle is not None:
            arrays["sealed"] = self.spec.oracle
        share = len(self.workers)
        for i, worker in enumerate(self.workers):
            job = self.spec.job(i, checkpoint)
            if self.spec.process_steps is not None:
                job["budget"]["steps"] = max(self.spec.process_steps[i], 1)
            restarts = self.spec.budget.restarts
            if restarts is not None and share > 1:
                job["budget"]["restarts"] = restarts // share + (i < restarts % share)
            worker.send(job, arrays)

    def turn(self) -> None:
        """Handle one frame, or what is due when none has come."""
        now = time.monotonic()
        if now >= min(self.deadline, self.stop_by):
            late = self.stop_by > self.deadline
            self._end("timeout" if late else "interrupted", self._what_was_late() if late else None)
            return
        limit = self.spec.hardware.memory_limit
        if limit is not None and now >= self.next_poll:
            self.next_poll = now + _MEMORY_POLL_SECONDS
            used = sum(w.rss() for w in self.waiting)
            if used > limit:
                self._end("out_of_memory", f"used {used / 2**30:.2f} GiB of {limit / 2**30:.2f}")
                return
        try:
            frame = self.inbox.get(timeout=0.1)
        except queue.Empty:
            return
        if frame is None:  # an interrupt that came through the pool
            raise KeyboardInterrupt
        worker, header, arrays = frame
        if worker in self.waiting:
            self._handle(worker, header, arrays)

    def _handle(
        self, worker: Worker, header: dict[str, Any], arrays: dict[str, np.ndarray]
    ) -> None:
        kind, index = header["type"], self.workers.index(worker)
        if kind == "phase":
            if _PHASES.index(header["name"]) > _PHASES.index(self.phase):
                self.phase = header["name"]
                self.watch.phase(self.phase)
            if header["name"] == "solve":
                if header.get("memory"):
                    self.watch.memory(header["memory"])
                self.ready.add(worker)
                if self.ready >= self.waiting:
                    self._go()
        elif kind == "progress":
            self.report.steps[index] = max(self.report.steps.get(index, 0), header["steps"])
            self.watch.progress(header["seconds"], header["steps"])
        elif kind == "incumbent":
            objective = self.spec.judged(arrays["z"], header["objective"])
            self.report.streamed[index] = (arrays["z"], header["claim"], objective)
            row = [header["seconds"], header["steps"], objective]
            self.report.traces.setdefault(index, []).append(row)
            self.watch.answer(arrays["z"])
            # Of what is judged by the sealed half the latest is shown: its best is an oracle's.
            latest = self.spec.posed is not None
            if latest or self.best is None or better(objective, self.best, self.sense):
                self.best = objective
                self.watch.incumbent(objective, header["seconds"], header["steps"])
        elif kind == "final":
            self.report.finals[index] = Final.from_message(header, arrays)
            self.waiting.discard(worker)
            self._stop_others(self.report.finals[index].status)
        elif kind == "error":
            if header.get("user"):
                self._end("error", header["message"])
                raise UserError(header["message"])
            self._end("out_of_memory" if header.get("memory") else "error", header["message"])
        elif kind == "closed":
            worker.kill()
            self._end("error", worker.last_words())

    def _stop_others(self, status: str) -> None:
        """Once one process has settled the matter, the clock need not run on for the others.

        Without a clock they go on, so that the work of a trial is the same every time.
        """
        if status in _SETTLED and self.spec.budget.seconds is not None:
            for worker in self.waiting:
                worker.send({"type": "stop"})

    def _go(self) -> None:
        self.started = time.monotonic()
        seconds, limit = self.spec.budget.seconds, self.spec.hardware.time_limit
        self.deadline = self.started + (float("inf") if limit is None else limit)
        if seconds is not None:
            grace = max(_GRACE_SHARE * seconds, _GRACE_SECONDS)
            self.deadline = self.started + seconds + grace
        for worker in self.workers:
            worker.send({"type": "go"})

    def _what_was_late(self) -> str:
        if self.started is None:
            return f"loading and compiling took more than {self.spec.hardware.setup_limit:g} s"
        return f"ended {time.monotonic() - self.started:.1f} s after the start of the solve"

    def interrupt(self) -> None:
        """First Ctrl-C: ask for the incumbent. Second, or before the solve: end it now."""
        if self.started is None or self.stop_by < float("inf"):
            self._end("interrupted", None)
            if not self.report.streamed and not self.report.finals:
                raise KeyboardInterrupt
            return
        self.stop_by = time.monotonic() + _STOP_SECONDS
        for worker in self.waiting:
            worker.send({"type": "stop"})

    def _end(self, status: str, message: str | None) -> None:
        """Kill what still runs; keep what it streamed."""
        self.report.status, self.report.message = status, message
        if self.started is not None:
            self.report.solve_seconds = time.monotonic() - self.started
        for worker in self.waiting:
            worker.kill()
        self.waiting.clear()
