"""Runs the trials of a sweep one after the other on warm workers, and stores each at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from dnnbench.config.compose import compose
from dnnbench.errors import UserError
from dnnbench.instances.instance import Instance
from dnnbench.instances.load import load_instance
from dnnbench.records.schema import Record
from dnnbench.records.status import Status
from dnnbench.records.store import Store
from dnnbench.runner.once import check_family, keep
from dnnbench.runner.pool import Pool
from dnnbench.runner.preview import Preview
from dnnbench.runner.spec import TrialSpec, make_spec
from dnnbench.runner.supervise import Watch
from dnnbench.runner.trial import Result, failed, run_trial
from dnnbench.sweep.claims import claim
from dnnbench.sweep.planning import Task

_INSTANCES_KEPT = 4


class How(StrEnum):
    """What became of a task."""

    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    SKIPPED = "skipped"
    ELSEWHERE = "elsewhere"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Event:
    """A task that is over, for now.

    Attributes:
        task: the task.
        how: what became of it.
        record: its record if it was run here.
    """

    task: Task
    how: How
    record: Record | None = None


@dataclass(frozen=True)
class Settings:
    """What every process of a sweep must know.

    Attributes:
        results: folder of the store.
        data_dir, cache_dir: where instances are.
        retry_failed: whether trials with a failure on record are run again.
        concurrent: how many trials run at the same time; it is recorded.
    """

    results: Path
    data_dir: Path | None
    cache_dir: Path
    retry_failed: bool = False
    concurrent: int = 1


# How a trial ended, and whether it has a verified value; None without a record.
Ended = tuple[Status, bool] | None


def failure(ended: Ended) -> bool:
    """Whether a trial that ended so has failed: in an error, or without an answer."""
    return ended is not None and not ended[0].succeeded(ended[1])


def settled(ended: Ended, retry_failed: bool) -> bool:
    """Whether a trial with this on record need not be run."""
    if ended is None or ended[0] is Status.INTERRUPTED:
        return False
    return not (retry_failed and failure(ended))


class Executor:
    """One line of trials: a pool of warm workers, the last instances read; close it at the end.

    Args:
        settings: of every process.
        line: which of the lines of this process it is.
    """

    def __init__(self, settings: Settings, line: int = 0) -> None:
        self.settings = settings
        self.store = Store(settings.results)
        self.pool = Pool(line)
        self._config = lru_cache(maxsize=256)(compose)
        self._load = lru_cache(maxsize=_INSTANCES_KEPT)(self._read)

    def _read(self, name: str) -> Instance:
        """By its name alone: the solvers of a sweep take turns on one instance."""
        places = self.settings
        return load_instance(
            name, data_dir=places.data_dir, cache_dir=places.cache_dir, download=False
        )

    def spec(self, task: Task) -> TrialSpec:
        """The trial of a task, ready to run.

        Raises:
            UserError: the instance has changed since the sweep was planned.
        """
        config: dict[str, Any] = {**self._config(task.words), "seed": task.seed}
        instance = self._load(task.instance)
        check_family(config, instance)
        spec = make_spec(config, instance, self._load)
        if spec.trial_id != task.trial_id:
            raise UserError(f"{task.title} is not what was planned: an input has changed since")
        return spec

    def run(self, task: Task, watch: Watch) -> Event:
        """Run a task unless it is settled or somebody else runs it, and store its record.

        Raises:
            UserError: the record cannot be stored, or an input has changed.
            KeyboardInterrupt: interrupted before there was anything to keep.
        """
        with claim(self.settings.results, task.trial_id) as mine:
            before = self.store.ended(task.trial_id)
            if settled(before, self.settings.retry_failed):
                return Event(task, How.SKIPPED)
            if not mine:
                return Event(task, How.ELSEWHERE)
            spec = self.spec(task)
            path = self.store.checkpoint_path(task.trial_id)
            if spec.makes_pictures:
                watch = replace(watch, answer=Preview(self.store, task.trial_id))
            try:
                result = run_trial(
                    spec,
                    self.pool,
                    watch,
                    checkpoint=path,
                    concurrent=self.settings.concurrent,
                )
            except UserError as error:
                result = failed(spec, str(error))
            return self._finish(task, result, replace=before is not None)

    def _finish(self, task: Task, result: Result, replace: bool) -> Event:
        record = result.record
        if record.status is Status.INTERRUPTED:
            # Its budget is not used up: the checkpoint stays, a resumed sweep goes on from it.
            return Event(task, How.INTERRUPTED, record)
        keep(self.store, result, replace_record=replace)
        if record.status is Status.TIMEOUT and record.value is not None:
            return Event(task, How.TIMED_OUT, record)
        bad = failure((record.status, record.value is not None))
        return Event(task, How.FAILED if bad else How.DONE, record)

    def close(self) -> None:
        """End the workers."""
        self.pool.close()


def run_all(
    executor: Executor,
    tasks: Sequence[Task],
    started: Callable[[Task], Watch],
    ended: Callable[[Event], None],
) -> list[Task]:
    """Run tasks in order until one is interrupted.

    Returns:
        The tasks that another sweep was running.
    """
    elsewhere = []
    for task in tasks:
        event = executor.run(task, started(task))
        if event.how is How.ELSEWHERE:
            elsewhere.append(task)
            continue
        ended(event)
        if event.how is How.INTERRUPTED:
            raise KeyboardInterrupt
    return elsewhere
