"""The trials of a paper's families, held against what is on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dnnbench.config import catalog
from dnnbench.config.compose import compose
from dnnbench.errors import MissingDataError
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.report.absent import Coverage
from dnnbench.report.where import holding
from dnnbench.studies.coverage import coverage
from dnnbench.studies.paper.description import Description, Family
from dnnbench.sweep import manifest
from dnnbench.sweep.campaign import Request, plan_request, read_request
from dnnbench.sweep.estimate import estimate_seconds
from dnnbench.sweep.expand import Point
from dnnbench.sweep.manifest import Manifest
from dnnbench.sweep.planning import Task, expand_blocks

__all__ = ["Evidence", "Part", "evidence", "plan_parts", "together"]


@dataclass(frozen=True)
class Part:
    """A family's sweep.

    Attributes:
        family: whose.
        request: the sweep.
        found: its trials.
        tasks: these, ready to be run; None where an instance is not on this machine.
        lacking: what is then said of it.
    """

    family: Family
    request: Request
    found: Manifest
    tasks: list[Task] | None
    lacking: str = ""


@dataclass(frozen=True)
class Evidence:
    """What is on record of a family.

    Attributes:
        part: its sweep.
        records: of the trials that its table is about.
        coverage: which of its trials have none.
        seconds: how long these would take, about.
        unknown: how many of them are not in that.
    """

    part: Part
    records: list[Record]
    coverage: Coverage
    seconds: float
    unknown: int


def plan_parts(
    paper: Description, profile: str, results: Path, *, data_dir: Path | None, cache_dir: Path
) -> list[Part]:
    """The sweeps of all families; what is wrong with one is said now.

    Args:
        paper: what is shown.
        profile: one of its profiles.
        results: folder of the records.
        data_dir: folder with public instances, or None.
        cache_dir: where downloads are.

    Raises:
        UserError: a word of a sweep is wrong, or an instance is not known; one that is known but
            not on this machine only keeps its family from being run.
    """
    return [
        _part(family, profile, results, data_dir=data_dir, cache_dir=cache_dir)
        for family in paper.families
    ]


def together(tasks: Sequence[Task]) -> list[Task]:
    """The tasks with the seeds of a solver on an instance next to each other.

    A worker keeps the programs that it compiled last: then only the first seed is compiled for.
    """
    places: dict[tuple[str, tuple[str, ...]], int] = {}
    for task in tasks:
        places.setdefault((task.instance, task.words), len(places))
    return sorted(tasks, key=lambda task: places[task.instance, task.words])


def evidence(part: Part, store: Store) -> Evidence:
    """What is on record of a family now."""
    spec = part.family.table
    records = [store.get(trial) for trial in part.found.trials if store.has(trial)]
    covered = coverage(
        store,
        part.found,
        instances=[each.name for each in spec.instances],
        solvers=[each.name for each in spec.solvers],
        where=spec.where,
    )
    for word in spec.where:
        records = holding(records, word)
    if part.tasks is None:
        return Evidence(part, records, covered, 0.0, covered.missing)
    left = [task for task in part.tasks if not store.has(task.trial_id)]
    seconds, unknown = estimate_seconds(left, store.records() if left else ())
    return Evidence(part, records, covered, seconds, unknown)


def _part(
    family: Family, profile: str, results: Path, *, data_dir: Path | None, cache_dir: Path
) -> Part:
    words = [*family.sweeps[profile], f"results='{results}'"]
    request = read_request(words, f"{profile}-{family.name}")
    points = expand_blocks(request.blocks)
    for point in points:
        compose(point.words)  # a mistake is no missing instance
    try:
        tasks = plan_request(request, data_dir=data_dir, cache_dir=cache_dir)
    except MissingDataError as error:
        return Part(family, request, _unplanned(request, points), None, str(error))
    ids = tuple(task.trial_id for task in tasks)
    return Part(family, request, Manifest(request.name, request.blocks, (), ids, ""), tasks)


def _unplanned(request: Request, points: Sequence[Point]) -> Manifest:
    """The trials of a sweep whose ids are not known: those of its last start, or placeholders."""
    blocks = request.blocks
    if request.name in manifest.names(request.results):
        known = manifest.read(request.results, request.name)
        if known.blocks == blocks:
            return known
    count = sum(max(1, len(set(point.instances))) * len(point.seeds) for point in points)
    ids = tuple(f"{number:0>20x}" for number in range(count))  # no hash has so many zeros
    return Manifest(request.name, blocks, tuple(map(str, catalog.loaded_plugins())), ids, "")
