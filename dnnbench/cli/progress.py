"""The display of a sweep: a bar on a terminal, one line a trial elsewhere."""

import sys
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from dnnbench.report.best_known import registry_best_known
from dnnbench.report.gap import gap
from dnnbench.runner.supervise import Watch
from dnnbench.sweep.execute import Event, How
from dnnbench.sweep.planning import Task


class Progress:
    """Shows tasks as they start and end; a context manager.

    Args:
        total: tasks to run.
        quiet: whether to show nothing.
    """

    def __init__(self, total: int, quiet: bool) -> None:
        self._total, self._quiet, self._count = total, quiet, 0
        console = Console(stderr=True, highlight=False)
        self._bar: Bar | None = None
        self._id: Any = None
        if console.is_terminal and not quiet:
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=console,
            )
            self._id = self._bar.add_task("", total=total)

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def started(self, task: Task) -> Watch:
        """A task begins."""
        if self._bar is None:
            return Watch()
        bar, line = self._bar, self._id

        def phase(name: str) -> None:
            bar.update(line, description=f"{task.title}: {name}")

        def incumbent(objective: float, seconds: float, steps: int) -> None:
            bar.update(line, description=f"{task.title}: {objective:g} at {seconds:.1f} s")

        return Watch(phase=phase, incumbent=incumbent)

    def ended(self, event: Event) -> None:
        """A task is over."""
        self._count += 1
        if self._quiet:
            return
        text = f"{self._count}/{self._total} {event.task.title}: {_outcome(event)}"
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)
            return
        self._bar.update(self._id, advance=1)
        if event.how in (How.FAILED, How.TIMED_OUT):
            self._bar.console.print(text, markup=False)


def _outcome(event: Event) -> str:
    record = event.record
    if record is None:
        return "on record since"
    words = [] if event.how is How.DONE else [event.how.value]
    if record.value is not None:
        words.append(f"{record.metric} {record.value:g}")
        known = registry_best_known(record.instance, record.problem)
        size = None
        if known is not None and record.feasible:
            size = gap(record.value, known.value, record.sense)
        if size is not None:
            words.append(f"(gap {100 * size:.2f} %)")
        if not record.feasible:
            words.append("(not feasible)")
    if record.solve_seconds:
        words.append(f"in {record.solve_seconds:.1f} s")
    if record.message:
        words.append(f"- {record.message}")
    return " ".join(words)
