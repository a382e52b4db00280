"""What is shown while a trial runs: a live line on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from dnnbench.runner.supervise import Watch

_PLAIN_SECONDS = 5.0
_WORTH_SAYING = 2**30
"""Bytes of expected memory from which it is said before a run begins."""


class Live:
    """Shows phase, seconds, steps and the best objective of one trial on standard error.

    Args:
        title: what runs.
        quiet: show nothing.
    """

    def __init__(self, title: str, quiet: bool) -> None:
        self._title, self._quiet = title, quiet
        self._console = Console(stderr=True, highlight=False)
        self._phase, self._best, self._seconds, self._steps = "starting", "-", 0.0, 0
        self._status: Status | None = None
        self._last = 0.0

    def __enter__(self) -> Watch:
        if self._quiet:
            return Watch()
        if self._console.is_terminal:
            self._status = self._console.status(escape(self._line()))
            self._status.start()
        return Watch(
            phase=self._on_phase,
            memory=self._on_memory,
            progress=self._on_progress,
            incumbent=self._on_best,
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def _line(self) -> str:
        if self._phase != "solve":
            return f"{self._title}: {self._phase}"
        return f"{self._title}: {self._seconds:.1f} s, {self._steps} steps, best {self._best}"

    def _show(self, force: bool = False) -> None:
        if self._status is not None:
            self._status.update(escape(self._line()))
        elif force or time.monotonic() - self._last >= _PLAIN_SECONDS:
            self._last = time.monotonic()
            print(self._line(), file=sys.stderr, flush=True)

    def _on_phase(self, name: str) -> None:
        self._phase = name
        if self._status is not None:
            self._show()
        elif name == "compile":
            self._show(force=True)

    def _on_memory(self, expected: int) -> None:
        if expected >= _WORTH_SAYING:
            print(
                f"{self._title}: needs about {expected / 2**30:.1f} GiB",
                file=sys.stderr,
                flush=True,
            )

    def _on_progress(self, seconds: float, steps: int) -> None:
        self._seconds, self._steps = seconds, steps
        self._show()

    def _on_best(self, objective: float, seconds: float, steps: int) -> None:
        first = self._best == "-"
        self._best = f"{objective:g}" if objective % 1 else f"{objective:.0f}"
        self._seconds, self._steps = seconds, steps
        self._show(force=first)
