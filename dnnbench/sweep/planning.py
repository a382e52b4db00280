"""From points to trials with their ids; every instance is read once, nothing is solved."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from dnnbench.config.compose import compose
from dnnbench.instances.instance import Instance
from dnnbench.instances.load import load_instance
from dnnbench.records.trial_id import trial_id
from dnnbench.runner.once import load_for
from dnnbench.runner.spec import TrialSpec, default_instance, make_spec
from dnnbench.sweep.expand import Point, expand

Load = Callable[[dict[str, Any], str], Instance]


@dataclass(frozen=True, slots=True)
class Task:
    """One trial of a sweep, before it is run.

    Attributes:
        words: overrides of its solver and settings (shared by the tasks of a point).
        instance: name of its instance.
        seed: its seed.
        trial_id: content key of the trial.
        solver: name of its solver.
        seconds: its budget in seconds, or None.
    """

    words: tuple[str, ...]
    instance: str
    seed: int
    trial_id: str
    solver: str
    seconds: float | None

    @property
    def title(self) -> str:
        """For people: `pi_gnn gset/G14 seed 0`."""
        return f"{self.solver} {self.instance} seed {self.seed}"


def expand_blocks(blocks: Iterable[Sequence[str]]) -> list[Point]:
    """The points of all blocks of an experiment."""
    return [point for block in blocks for point in expand(block)]


def plan_tasks(points: Sequence[Point], *, data_dir: Path | None, cache_dir: Path) -> list[Task]:
    """All trials of a sweep, each once: seed by seed, instance by instance, solver by solver.

    Everything that is wrong with any of them is said now, before the first one runs.

    Raises:
        UserError: a setting, an instance or their combination is wrong.
    """
    configs = {point.words: compose(point.words) for point in points}

    @cache
    def names(point: Point) -> tuple[str, ...]:
        return point.instances or (default_instance(configs[point.words]),)

    load = partial(load_instance, data_dir=data_dir, cache_dir=cache_dir, download=False)
    instances = dict.fromkeys(name for point in points for name in names(point))
    found: dict[str, tuple[int, int, int, Task]] = {}
    for at, name in enumerate(instances):
        instance: Instance | None = None
        for number, point in enumerate(points):
            if name not in names(point):
                continue
            config = configs[point.words]
            if instance is None:
                instance = load_for(config, name, data_dir=data_dir, cache_dir=cache_dir)
            spec = make_spec(config, instance, load)
            identity = spec.identity
            for order, seed in enumerate(point.seeds):
                task = _task(point, name, spec, identity, seed)
                found.setdefault(task.trial_id, (order, at, number, task))
    return [row[-1] for row in sorted(found.values(), key=lambda row: row[:3])]


def _task(point: Point, name: str, spec: TrialSpec, identity: dict[str, Any], seed: int) -> Task:
    """One seed of a point; only the seed in the identity differs between them."""
    trial = trial_id({**identity, "seed": seed})
    return Task(point.words, name, seed, trial, spec.solver, spec.budget.seconds)
