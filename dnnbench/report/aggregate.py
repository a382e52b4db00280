"""From records to rows: one row for each instance, solver and variant, over its seeds.

- A failure stays in the denominator: `seeds` counts it and `failed` names it; the mean and the
  interval are over the seeds with a feasible, verified answer, and say so.
- An interrupted trial did not get its budget; it counts as failed.
- Restarts are inside a trial: the best of a trial's restarts is that trial's value, so `best` is
  the best of `seeds` times that many. It stands beside the mean and never in its place.
- Trials of a stack share one clock; they have no times of their own.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import Any

from dnnbench.problems.base import Sense, better
from dnnbench.records.environment import fingerprint
from dnnbench.records.schema import Record
from dnnbench.records.status import Status
from dnnbench.report.best_known import BestKnown, BestKnownLookup
from dnnbench.report.gap import gap
from dnnbench.report.statistics import mean_interval
from dnnbench.report.variant import labels as labels_of_variants
from dnnbench.report.variant import variant, variant_text


@dataclass(frozen=True)
class Row:
    """What several seeds of one solver, in one variant, reached on one instance.

    Attributes:
        label: what tells this variant from the solver's others on this instance, else "".
        seeds: trials with different seeds, failed ones included.
        failed: of these, how many left no feasible, verified answer within their full budget.
        infeasible: of the failed, how many left an answer that is not feasible.
        superseded: older repeats of a seed, left out.
        restarts: of all trials together.
        mean: of the values of the seeds that did not fail, after polish; None if all failed.
        half_width: of the 95 % interval of the mean over seeds; None below two seeds.
        best: the best of these values, of `seeds` trials: not comparable with a mean.
        gap_mean: the gap of the mean, a fraction.
        gap_best: the gap of the best, a fraction.
        raw_mean: as `mean`, before polish.
        polish: its name, with a count where only some trials came to it; None without.
        solve_seconds: mean over the seeds that did not fail and ran alone; None without such.
        stacked: how many trials shared one compiled run.
        budget: in words.
        hardware: in words.
        machine: the machine's fingerprint.
    """

    problem: str
    metric: str
    sense: Sense
    instance: str
    solver: str
    label: str
    role: str
    kind: str
    taxonomy: str
    seeds: int
    failed: int
    infeasible: int
    superseded: int
    restarts: int
    mean: float | None
    half_width: float | None
    best: int | float | None
    best_known: BestKnown | None
    gap_mean: float | None
    gap_best: float | None
    raw_mean: float | None
    polish: str | None
    solve_seconds: float | None
    stacked: int
    budget: str
    threads: int | None
    hardware: str
    machine: str


# (problem, instance, its sha256, role, solver) and the variant's text.
_Subject = tuple[str, str, str, str, str]


def aggregate(
    records: Iterable[Record], best_known: BestKnownLookup, *, across: bool = False
) -> list[Row]:
    """The rows, ordered by problem, instance, methods before baselines, and mean (best first).

    Args:
        records: any.
        best_known: best value of an instance under a problem, or None.
        across: whether a solver's variants are told apart over all instances, so that one label
            means the same everywhere, instead of within each instance.
    """
    groups: dict[_Subject, dict[str, list[Record]]] = {}
    variants: dict[str, dict[str, str]] = {}
    for record in records:
        text = variant_text(record)
        if text not in variants:
            variants[text] = variant(record)
        subject: _Subject = (
            record.problem,
            record.instance,
            record.instance_sha256,
            record.role,
            record.solver,
        )
        slim = with_fields(record, trace=[], diagnostics={})  # a store may hold 100,000 of them
        groups.setdefault(subject, {}).setdefault(text, []).append(slim)
    contents: dict[str, set[str]] = {}
    for _, instance, sha256, *_ in groups:
        contents.setdefault(instance, set()).add(sha256)
    everywhere: dict[tuple[str, ...], list[dict[str, list[Record]]]] = {}
    for (problem, _, _, role, solver), by_variant in groups.items():
        everywhere.setdefault((problem, role, solver), []).append(by_variant)
    labels = {who: labelled(same, variants) for who, same in everywhere.items()} if across else {}
    rows = []
    for subject, by_variant in groups.items():
        problem, _, _, role, solver = subject
        named = labels[problem, role, solver] if across else labelled([by_variant], variants)
        for text, group in by_variant.items():
            row = _row(named[text], group, best_known)
            if len(contents[row.instance]) > 1:  # two files of one name
                row = with_fields(row, instance=f"{row.instance}@{subject[2][:6]}")
            rows.append(row)
    return sorted(rows, key=_order)


def labelled(
    groups: Sequence[Mapping[str, Any]], variants: Mapping[str, dict[str, str]]
) -> dict[str, str]:
    """A label for each variant of a solver, by its text, over one or several instances.

    Args:
        groups: per instance the texts of its variants.
        variants: the variants by text.

    Over several instances the plan is left out, which depends on their size, unless two variants
    of one instance differ in nothing else.
    """
    texts = list(dict.fromkeys(text for group in groups for text in group))
    told = {text: variants[text] for text in texts}
    if len(groups) > 1:
        bare = {
            text: {k: v for k, v in found.items() if not k.startswith("plan.")}
            for text, found in told.items()
        }
        if all(len({repr(bare[t]) for t in group}) == len(group) for group in groups):
            told = bare
    unique = list({repr(found): found for found in told.values()}.values())
    names = dict(zip(map(repr, unique), labels_of_variants(unique), strict=True))
    return {text: names[repr(found)] for text, found in told.items()}


def usable(record: Record) -> bool:
    """Whether the trial left a feasible, verified answer within its full budget."""
    return (
        record.status.ok
        and record.status is not Status.INTERRUPTED
        and record.feasible is True
        and record.value is not None
        and math.isfinite(record.value)
    )


def _row(label: str, group: Sequence[Record], best_known: BestKnownLookup) -> Row:
    newest = {r.seed: r for r in sorted(group, key=lambda r: (r.created, r.trial_id))}
    trials = list(newest.values())
    good = [record for record in trials if usable(record)]
    one = trials[0]
    values = [record.value for record in good if record.value is not None]
    raw = [record.raw_value for record in good if record.raw_value is not None]
    alone = [r.solve_seconds for r in good if r.solve_seconds is not None and not r.stacked]
    mean, half_width = mean_interval(values)
    best = None
    for value in values:
        best = value if best is None or better(value, best, one.sense) else best
    known = best_known(one.instance, one.problem)
    reference = known.value if known else None
    return Row(
        problem=one.problem,
        metric=one.metric,
        sense=one.sense,
        instance=one.instance,
        solver=one.solver,
        label=label,
        role=one.role,
        kind=one.kind,
        taxonomy=one.taxonomy,
        seeds=len(trials),
        failed=len(trials) - len(good),
        infeasible=sum(record.feasible is False for record in trials),
        superseded=len(group) - len(trials),
        restarts=sum(record.restarts for record in trials),
        mean=mean,
        half_width=half_width,
        best=best,
        best_known=known,
        gap_mean=gap(mean, reference, one.sense),
        gap_best=gap(best, reference, one.sense),
        raw_mean=mean_interval(raw)[0],
        polish=_polish(good),
        solve_seconds=mean_interval(alone)[0],
        stacked=sum(record.stacked for record in trials),
        budget=budget_text(one.budget),
        threads=one.hardware.get("threads"),
        hardware=hardware_text(one),
        machine=fingerprint(one.environment),
    )


def _polish(trials: Sequence[Record]) -> str | None:
    """`one_flip`, or `one_flip (2 of 3)` where some trials were not polished."""
    names = Counter(str(r.polish.get("name")) for r in trials if r.polish is not None)
    parts = (n if k == len(trials) else f"{n} ({k} of {len(trials)})" for n, k in names.items())
    return ", ".join(parts) or None


def budget_text(budget: Mapping[str, Any]) -> str:
    """`seconds=10.0, cores=2`: the limits that are set."""
    limits = [f"{key}={value}" for key, value in budget.items() if value is not None]
    return ", ".join(limits) or "none"


def hardware_text(record: Record) -> str:
    """`cpu (AMD EPYC)`, `2 x gpu (NVIDIA H200)`."""
    platform = str(record.hardware.get("platform") or "unknown")
    kind = record.hardware.get("device_kind")
    name = record.environment.get("cpu_model") if platform == "cpu" else kind
    devices = record.hardware.get("devices")
    times = f"{devices} x " if isinstance(devices, int) and devices > 1 else ""
    return f"{times}{platform} ({name})" if name else f"{times}{platform}"


def _order(row: Row) -> tuple[Any, ...]:
    """By problem, instance, role, and mean; where all seeds failed, last."""
    mean = math.inf if row.mean is None else -row.mean if row.sense == "max" else row.mean
    return (
        row.problem,
        natural(row.instance),
        row.role == "baseline",
        mean,
        row.solver,
        row.label,
    )


def natural(name: str) -> list[tuple[int, int, str]]:
    """A sort key that puts G2 before G14."""
    parts: list[tuple[int, int, str]] = []
    word = ""
    for letter in name + "\0":
        if word and (letter == "\0" or letter.isdecimal() != word[-1].isdecimal()):
            parts.append((0, int(word), "") if word.isdecimal() else (1, 0, word))
            word = ""
        word += letter
    return parts
