"""A sweep from words to summary: what the verbs `sweep`, `resume` and `compare` share."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dnnbench.config import catalog
from dnnbench.config.compose import parse
from dnnbench.config.validate import checked
from dnnbench.errors import UserError, unknown
from dnnbench.records.store import Store
from dnnbench.runner.supervise import Watch
from dnnbench.sweep import manifest
from dnnbench.sweep.execute import Event, How, Settings, failure, settled
from dnnbench.sweep.expand import key_of, overlay
from dnnbench.sweep.experiment import read_experiment
from dnnbench.sweep.launchers import make_launcher
from dnnbench.sweep.planning import Task, expand_blocks, plan_tasks

_LOOK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True)
class Request:
    """What the user asked for.

    Attributes:
        name: of the experiment.
        blocks: override words; each block is a product of its own.
        launcher: composed `launcher` node.
        results: folder of the store.
    """

    name: str
    blocks: tuple[tuple[str, ...], ...]
    launcher: dict[str, Any]
    results: Path


@dataclass
class Survey:
    """The trials of a sweep held against the store.

    Attributes:
        tasks: all of them.
        left: those to run.
        failed_before: failures on record that will not be run again.
    """

    tasks: list[Task]
    left: list[Task] = field(default_factory=list)
    failed_before: int = 0


@dataclass
class Summary:
    """How a sweep ended.

    Attributes:
        counts: tasks by what became of them in this sweep.
        failed_before: failures on record that were not run again.
        interrupted: whether the user ended it.
    """

    counts: Counter[How] = field(default_factory=Counter)
    failed_before: int = 0
    interrupted: bool = False

    @property
    def failed(self) -> int:
        """Trials without a usable answer, of now and before."""
        return self.counts[How.FAILED] + self.failed_before


def read_request(words: Sequence[str], name: str | None = None) -> Request:
    """The request in the words after `dnnbench sweep`.

    Raises:
        UserError: a word is wrong, or nothing is named to run.
    """
    special: dict[str, str] = {}
    rest, launcher = [], []
    for word in words:
        key, sign, value = word.partition("=")
        if key in ("experiment", "profile") and sign:
            special[key] = value
        elif key == "launcher" or key.startswith("launcher."):
            launcher.append(word)
        else:
            rest.append(word)
    experiment, profile = special.get("experiment"), special.get("profile")
    if experiment is None and profile is not None:
        raise UserError("profile= chooses a profile of an experiment: give experiment=NAME too")
    known = None if experiment is None else read_experiment(experiment, profile)
    blocks = [rest] if known is None else overlay(known, rest)
    if name is None and experiment is not None:
        name = "-".join([Path(experiment).stem, *([profile] if profile else [])])
    roots = {word.partition("=")[2] for b in blocks for word in b if key_of(word) == "results"}
    if len(roots) > 1:
        raise UserError("a sweep has one results folder, not several: " + ", ".join(sorted(roots)))
    return Request(
        name=manifest.check_name(name) if name else manifest.default_name(blocks),
        blocks=tuple(tuple(block) for block in blocks),
        launcher=compose_launcher(launcher),
        results=Path(roots.pop().strip("'\"") if roots else "results"),
    )


def compose_launcher(words: Sequence[str]) -> dict[str, Any]:
    """The `launcher` node that these words mean.

    Raises:
        UserError: there is no such launcher or option, or a value is wrong.
    """
    name, values = "local", {}
    for override in parse(list(words)):
        if override.is_sweep_override() or override.is_delete():
            raise UserError(f"'{override.input_line}': a sweep has one launcher")
        if override.key_or_group == "launcher":
            name = str(override.value())
        else:
            values[override.key_or_group.partition(".")[2]] = override.value()
    entry = catalog.entry("launcher", name)
    for key in values:
        if key not in entry.defaults:
            raise unknown("launcher option", key, entry.defaults)
    node = {"name": name, **entry.defaults, **values, "_options": entry.options}
    return checked(node, "launcher")


def plan_request(request: Request, *, data_dir: Path | None, cache_dir: Path) -> list[Task]:
    """The trials of a request; everything wrong with one is said now."""
    return plan_tasks(expand_blocks(request.blocks), data_dir=data_dir, cache_dir=cache_dir)


def survey(store: Store, tasks: Sequence[Task], retry_failed: bool) -> Survey:
    """Which of the tasks are on record; one look at each record's status line."""
    known = set(store.ids())
    result = Survey(list(tasks))
    for task in tasks:
        ended = store.ended(task.trial_id) if task.trial_id in known else None
        if settled(ended, retry_failed):
            result.failed_before += failure(ended)
        else:
            result.left.append(task)
    return result


def run_survey(
    request: Request,
    found: Survey,
    settings: Settings,
    started: Callable[[Task], Watch],
    ended: Callable[[Event], None],
) -> Summary:
    """Write the experiment down, run what is left, wait for what others run.

    Args:
        request: what was asked for.
        found: its tasks held against the store.
        settings: of every process.
        started: gives what people are shown while a task runs.
        ended: called for each task that is over.

    Raises:
        UserError: the results folder cannot be written (any more).
    """
    store = Store(settings.results)
    store.check_writable()
    ids = [task.trial_id for task in found.tasks]
    plugins = catalog.loaded_plugins()
    manifest.write(settings.results, request.name, request.blocks, plugins, ids)
    left_over = set(ids) - {task.trial_id for task in found.left}
    for trial_id in left_over & set(store.checkpoints()):
        store.drop_checkpoint(trial_id)  # killed after its record was stored
    summary = Summary(failed_before=found.failed_before)
    summary.counts[How.SKIPPED] = len(found.tasks) - len(found.left)

    def over(event: Event) -> None:
        if event.how is How.SKIPPED:
            # Another sweep ran it since the survey; its failure is this sweep's too.
            summary.failed_before += failure(store.ended(event.task.trial_id))
        summary.counts[event.how] += 1
        ended(event)

    launcher = make_launcher(request.launcher)
    left = list(found.left)
    try:
        while left:
            before = len(left)
            left = launcher.launch(left, settings, started, over)
            if left and len(left) == before:
                time.sleep(_LOOK_AGAIN_SECONDS)
    except KeyboardInterrupt:
        summary.interrupted = True
    return summary
