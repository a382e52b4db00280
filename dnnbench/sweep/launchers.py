"""How the trials of a sweep are started; `configs/launcher/` has one file for each.

A launcher gets tasks that are settled by nobody yet and calls back for each that is over. Tasks
are plain words, so a launcher of another machine (SLURM, Ray) needs only to run
`run_batch` there on the same results folder.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from dnnbench.config.catalog import load_plugins
from dnnbench.errors import UserError
from dnnbench.runner.supervise import Watch
from dnnbench.sweep.execute import Event, Executor, How, Settings, run_all
from dnnbench.sweep.planning import Task

_LOOK_SECONDS = 0.1

Started = Callable[[Task], Watch]
Ended = Callable[[Event], None]


class Launcher(Protocol):
    """Runs tasks somewhere."""

    def launch(
        self, tasks: Sequence[Task], settings: Settings, started: Started, ended: Ended
    ) -> list[Task]:
        """Run the tasks; `started` and `ended` are called from one thread at a time.

        Returns:
            The tasks that another sweep was running.

        Raises:
            KeyboardInterrupt: the user interrupted; what had ended is stored.
        """


class Local:
    """This process starts the trials, `jobs` at a time.

    Args:
        jobs: lines of trials; each has warm workers of its own.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def launch(
        self, tasks: Sequence[Task], settings: Settings, started: Started, ended: Ended
    ) -> list[Task]:
        """Run the tasks in this process's workers."""
        if self.jobs == 1 or len(tasks) < 2:
            with contextlib.closing(Executor(settings)) as executor:
                return run_all(executor, tasks, started, ended)
        return self._lines(tasks, settings, started, ended)

    def _lines(
        self, tasks: Sequence[Task], settings: Settings, started: Started, ended: Ended
    ) -> list[Task]:
        """Several lines of trials, each taking the next task; the first error ends them all."""
        executors = [Executor(settings, line) for line in range(min(self.jobs, len(tasks)))]
        lock, stop = threading.Lock(), threading.Event()
        queue, elsewhere = iter(tasks), list[Task]()

        def line(executor: Executor) -> None:
            while not stop.is_set():
                with lock:
                    task = next(queue, None)
                    watch = None if task is None else started(task)
                if task is None or watch is None:
                    return
                event = executor.run(task, watch)
                with lock:
                    if event.how is How.ELSEWHERE:
                        elsewhere.append(task)
                    else:
                        ended(event)

        # Not a pool of futures: an interrupt inside of its locks would leave them locked.
        errors: SimpleQueue[BaseException] = SimpleQueue()

        def guarded(executor: Executor) -> None:
            try:
                line(executor)
            except BaseException as error:
                errors.put(error)

        # Lines that run are told to stop and waited for: workers that were killed under a trial
        # would look like a failure of its solver.
        threads = [threading.Thread(target=guarded, args=(executor,)) for executor in executors]
        unstarted, first = list(threads), None
        while (unstarted and not stop.is_set()) or any(thread.is_alive() for thread in threads):
            found: BaseException | None = None
            try:
                if unstarted and not stop.is_set():
                    unstarted.pop().start()
                else:
                    with contextlib.suppress(Empty):
                        found = errors.get(timeout=_LOOK_SECONDS)
            except KeyboardInterrupt as interrupt:
                found = interrupt
            else:
                if found is None or stop.is_set():  # what follows from the first end says nothing
                    continue
            first = first or found
            stop.set()
            for executor in executors:
                executor.pool.interrupt()
        if first is None and not errors.empty():
            first = errors.get()
        for executor in executors:
            executor.close()
        if first is not None:
            raise first
        return elsewhere


class Joblib:
    """Processes of joblib, each running batches of trials.

    Args:
        jobs: processes.
        batch: trials in one call of a process.
    """

    def __init__(self, jobs: int, batch: int) -> None:
        self.jobs, self.batch = jobs, batch

    def launch(
        self, tasks: Sequence[Task], settings: Settings, started: Started, ended: Ended
    ) -> list[Task]:
        """Run the tasks in joblib's processes."""
        try:
            import joblib
        except ImportError:
            raise UserError(
                "launcher=joblib: joblib is not installed (pip install 'dnnbench[joblib]')"
            ) from None
        from dnnbench.config.catalog import loaded_plugins

        size = max(1, min(self.batch, -(-len(tasks) // self.jobs)))
        batches = [tasks[i : i + size] for i in range(0, len(tasks), size)]
        call = joblib.delayed(run_batch)
        plugins = tuple(str(path) for path in loaded_plugins())
        parallel = joblib.Parallel(
            n_jobs=self.jobs, backend="loky", return_as="generator_unordered"
        )
        elsewhere: list[Task] = []
        calls = (call(tuple(b), settings, plugins, i % self.jobs) for i, b in enumerate(batches))
        for events in parallel(calls):
            for event in events:
                if event.how is How.INTERRUPTED:
                    raise KeyboardInterrupt
                if event.how is How.ELSEWHERE:
                    elsewhere.append(event.task)
                else:
                    ended(event)
        return elsewhere


def run_batch(
    tasks: Sequence[Task], settings: Settings, plugins: Sequence[str] = (), line: int = 0
) -> list[Event]:
    """Run tasks in this process; what a launcher calls on the machine where the work is done.

    Args:
        tasks: to run, in this order.
        settings: of every process.
        plugins: files to load first.
        line: which of the lines of trials on that machine this is; each has cores of its own.
    """
    load_plugins(Path(path) for path in plugins)
    events: list[Event] = []
    with contextlib.closing(Executor(settings, line)) as executor:
        elsewhere = run_all(executor, tasks, lambda task: Watch(), events.append)
    return [*events, *(Event(task, How.ELSEWHERE) for task in elsewhere)]


# One entry for each file in `configs/launcher/`.
LAUNCHERS: Mapping[str, type[Local] | type[Joblib]] = {"local": Local, "joblib": Joblib}


def make_launcher(config: Mapping[str, Any]) -> Launcher:
    """The launcher that a composed `launcher` node means: its settings are its arguments."""
    settings = {k: v for k, v in config.items() if k != "name" and not k.startswith("_")}
    return LAUNCHERS[config["name"]](**settings)
