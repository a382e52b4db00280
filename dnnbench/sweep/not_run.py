"""Which trials of an experiment are not on record, in the words of a report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as with_fields
from functools import cache

from dnnbench.config import catalog
from dnnbench.config.compose import compose
from dnnbench.errors import UserError
from dnnbench.records.schema import Record
from dnnbench.sweep.expand import Point, values_by_key
from dnnbench.sweep.manifest import Manifest
from dnnbench.sweep.planning import expand_blocks


@dataclass(frozen=True)
class Planned:
    """A trial that was planned.

    Attributes:
        problem: its name.
        role: method or baseline.
        solver: its name.
        instance: its name, as the experiment has it.
        seed: its seed.
        settings: what else its words set, by key; a method's or baseline's own without prefix.
    """

    problem: str
    role: str
    solver: str
    instance: str
    seed: int
    settings: Mapping[str, str] = field(default_factory=dict)


def not_run(found: Manifest, records: Iterable[Record]) -> list[Planned] | None:
    """The experiment's trials without a record.

    The manifest has the ids of its trials in the order in which they were planned, so its words,
    expanded again, say what each was; no instance is read and no plug-in loaded for it.

    Args:
        found: the experiment.
        records: those of its trials that are on record.

    Returns:
        None where its words no longer mean what they did (a suite was changed, a plug-in is
        missing): the trials on record then contradict them, or their number differs.
    """
    on_record = {record.trial_id: record for record in records}
    if all(trial in on_record for trial in found.trials):
        return []
    try:
        planned = _in_order(expand_blocks(found.blocks))
    except UserError:
        return None
    if len(planned) != len(found.trials):
        return None
    names: dict[str, str] = {}  # an instance's name in records, by that in the experiment
    for trial, plan in zip(found.trials, planned, strict=True):
        record = on_record.get(trial)
        if record is None:
            continue
        if (record.solver, record.problem, record.seed) != (plan.solver, plan.problem, plan.seed):
            return None
        names[plan.instance] = record.instance
    return [
        with_fields(p, instance=names.get(p.instance, p.instance))
        for trial, p in zip(found.trials, planned, strict=True)
        if trial not in on_record
    ]


def _in_order(points: Sequence[Point]) -> list[Planned]:
    """The trials of `planning.plan_tasks`, in its order: by seed, instance, solver."""
    heads = [_head(point) for point in points]
    names = [
        point.instances or (_default_instance(head.problem),)
        for point, head in zip(points, heads, strict=True)
    ]
    at = {name: place for place, name in enumerate(dict.fromkeys(n for ns in names for n in ns))}
    rows = {
        (order, at[name], number): with_fields(heads[number], instance=name, seed=seed)
        for number, point in enumerate(points)
        for name in names[number]
        for order, seed in enumerate(point.seeds)
    }
    return [rows[key] for key in sorted(rows)]


def _head(point: Point) -> Planned:
    """The trials of a point, without instance and seed."""
    axes = {key: values[0] for key, values in values_by_key(point.words).items()}
    (role,) = {"method", "baseline"} & axes.keys()
    problem = axes.get("problem") or _default_problem()
    settings = {key.removeprefix(f"{role}."): value for key, value in axes.items()}
    return Planned(problem, role, axes[role], "", 0, settings)


@cache
def _default_problem() -> str:
    return str(compose([])["problem"]["name"])


def _default_instance(problem: str) -> str:
    return str(catalog.entry("problem", problem).about["default_instance"])
