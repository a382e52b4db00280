"""How many instances a solver solves: for problems with a goal that nothing can beat.

A trial has solved its instance if its verified answer reaches the goal, or if it ended with a
proof: that a formula is unsatisfiable, or that its answer is the best. A proof that another
record's answer refutes does not count. Failures and interrupted trials stay in the denominator.
"""

import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_fields
from functools import cache, lru_cache
from typing import Any, Literal

from scipy.stats import binomtest

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.instances.registry import entry
from dnnbench.records.schema import Record
from dnnbench.records.status import Status
from dnnbench.report.aggregate import budget_text, hardware_text, labelled, natural, usable
from dnnbench.report.statistics import CONFIDENCE
from dnnbench.report.variant import variant, variant_text

ALL = "all"
"""The group of all instances; a row of its own where there are several groups."""

Outcome = Literal["reached", "proved", "refuted", "open"]

_SEED_OF_A_GENERATOR = re.compile(r"-s\d+$")


@dataclass(frozen=True)
class SolvedRow:
    """What one solver, in one variant, solved of a group of instances.

    Attributes:
        problem, group: of what; a group is a suite of the registry, what a generator makes with
            different seeds, or `other`, and `all` is all of them.
        solver, label, role, kind: who; `label` tells this variant from the solver's others.
        instances, trials: how many, failed ones included.
        solved: trials that reached the goal or ended with a proof.
        share: of the trials, a fraction.
        low, high: of its 95 % interval by Wilson, which takes trials as independent.
        before_polish: of the trials, how many had reached the goal before polish.
        proved: of the solved, how many ended with a proof instead of the goal.
        refuted: proofs that an answer on record contradicts; these are not solved.
        failed: trials without a feasible, verified answer and without a proof.
        median_seconds: of solving, over the solved trials with times of their own; None without.
        par2: mean of the seconds of solving, an unsolved trial counted as twice the budget; None
            where the budget has no seconds or trials have no times of their own.
        mean_unsolved: mean value of the unsolved trials' feasible answers; None without.
        metric: what that value is.
        budget, hardware: in words.
    """

    problem: str
    group: str
    solver: str
    label: str
    role: str
    kind: str
    instances: int
    trials: int
    solved: int
    share: float
    low: float
    high: float
    before_polish: int
    proved: int
    refuted: int
    failed: int
    median_seconds: float | None
    par2: float | None
    mean_unsolved: float | None
    metric: str
    budget: str
    hardware: str


@cache
def goal_of(problem: str) -> int | float | None:
    """The value that no answer to this problem can beat, or None.

    It stands in the problem's config, the same as on its exact side. None also for a problem that
    is not known here (a plug-in's, not named now).
    """
    found = catalog.entries("problem").get(problem)
    return None if found is None else found.about.get("goal")


def solved_rows(records: Iterable[Record]) -> list[SolvedRow]:
    """The rows of all records of problems with a goal: by problem, group, role, share."""
    mine = [_slim(record) for record in records if goal_of(record.problem) is not None]
    answered = {(r.problem, r.instance_sha256) for r in mine if _reached(r)}
    labels = labels_of(mine)
    sets: dict[tuple[str, ...], list[Record]] = {}
    groups: dict[str, set[str]] = {}
    for record, label in zip(mine, labels, strict=True):
        group = group_of(record.instance)
        groups.setdefault(record.problem, set()).add(group)
        for each in (group, ALL):
            key = (record.problem, each, record.role, record.solver, label)
            sets.setdefault(key, []).append(record)
    rows = [
        _row(group, label, members, answered)
        for (problem, group, _, _, label), members in sets.items()
        if (group != ALL) or len(groups[problem]) > 1
    ]
    return sorted(rows, key=_order)


@lru_cache(maxsize=4096)  # a name that the registry lacks is looked up slowly, for its neighbours
def group_of(instance: str) -> str:
    """Where an instance belongs: its suite (`uf50`), its generator's other arguments, `other`."""
    if instance.startswith("gen/"):
        return _SEED_OF_A_GENERATOR.sub("", instance)
    try:
        return entry(instance).suite
    except UserError:  # a file of the user's, or an object in memory
        return "other"


def _slim(record: Record) -> Record:
    """Without what takes memory and is not read here."""
    proof = record.diagnostics.get("optimum_proved")
    return with_fields(record, trace=[], diagnostics={"optimum_proved": proof})


def labels_of(records: Sequence[Record]) -> list[str]:
    """For each record what tells its variant from its solver's others, over all instances."""
    variants: dict[str, dict[str, str]] = {}
    texts = []
    groups: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
    for record in records:
        text = variant_text(record)
        texts.append(text)
        if text not in variants:
            variants[text] = variant(record)
        solver = (record.problem, record.role, record.solver)
        groups.setdefault(solver, {}).setdefault(record.instance_sha256, {})[text] = None
    named = {
        solver: labelled(list(by_instance.values()), variants)
        for solver, by_instance in groups.items()
    }
    return [named[r.problem, r.role, r.solver][t] for r, t in zip(records, texts, strict=True)]


def _reached(record: Record) -> bool:
    return usable(record) and record.value == goal_of(record.problem)


def _outcome(record: Record, answered: set[tuple[str, str]]) -> Outcome:
    if _reached(record):
        return "reached"
    if not _proved(record):
        return "open"
    return "refuted" if (record.problem, record.instance_sha256) in answered else "proved"


def _proved(record: Record) -> bool:
    if record.status is Status.UNSAT:
        return True
    best = record.diagnostics.get("optimum_proved") is True
    return best and record.status is Status.CONVERGED and usable(record)


def _row(
    group: str, label: str, records: Sequence[Record], answered: set[tuple[str, str]]
) -> SolvedRow:
    ordered = sorted(records, key=lambda r: (r.created, r.trial_id))
    trials = list({(r.instance_sha256, r.seed): r for r in ordered}.values())
    one = trials[0]
    goal = goal_of(one.problem)
    outcomes = [_outcome(r, answered) for r in trials]
    count = Counter(outcomes)
    solved = [r for r, o in zip(trials, outcomes, strict=True) if o in ("reached", "proved")]
    unsolved = [r for r, o in zip(trials, outcomes, strict=True) if o in ("refuted", "open")]
    values = [r.value for r in unsolved if usable(r) and r.value is not None]
    seconds = [r.solve_seconds for r in solved if r.solve_seconds is not None and not r.stacked]
    interval = binomtest(len(solved), len(trials)).proportion_ci(CONFIDENCE, "wilson")
    return SolvedRow(
        problem=one.problem,
        group=group,
        solver=one.solver,
        label=label,
        role=one.role,
        kind=one.kind,
        instances=len({r.instance_sha256 for r in trials}),
        trials=len(trials),
        solved=len(solved),
        share=len(solved) / len(trials),
        low=float(interval.low),
        high=float(interval.high),
        before_polish=sum(usable(r) and r.raw_value == goal for r in trials),
        proved=count["proved"],
        refuted=count["refuted"],
        failed=sum(not usable(r) and not _proved(r) for r in trials),
        median_seconds=statistics.median(seconds) if seconds else None,
        par2=_par2(seconds, len(solved), unsolved, one.budget.get("seconds")),
        mean_unsolved=statistics.fmean(values) if values else None,
        metric=one.metric,
        budget=budget_text(one.budget),
        hardware=hardware_text(one),
    )


def _par2(
    seconds: Sequence[float], solved: int, unsolved: Sequence[Record], limit: float | None
) -> float | None:
    """Penalised average runtime with factor 2, the measure of the SAT competitions."""
    if limit is None or len(seconds) < solved or any(r.stacked for r in unsolved):
        return None
    return (sum(seconds) + 2 * limit * len(unsolved)) / (solved + len(unsolved))


def _order(row: SolvedRow) -> tuple[Any, ...]:
    """By problem, group (`all` last), role; the best share first, then the least time."""
    return (
        row.problem,
        row.group == ALL,
        natural(row.group),
        row.role == "baseline",
        -row.share,
        math.inf if row.par2 is None else row.par2,
        row.solver,
        row.label,
    )
