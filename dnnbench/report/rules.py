"""Stopping rules held against each other: what each returned, and how far below the oracle.

One row for each problem, noise level, solver and rule. Trials of several pictures and seeds are in
it; the pictures are the independent part, so a row's mean is over pictures of their means over
seeds, and its interval from resampling pictures, or seeds where there is one picture only.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import bootstrap

from dnnbench.records.schema import Record
from dnnbench.report.aggregate import usable
from dnnbench.report.statistics import CONFIDENCE
from dnnbench.report.variant import labels, variant

ORACLE = "oracle_psnr"
_PASSIVE = ("bands", "curve_every", "oracle", "snapshots")
"""Settings of what is only looked at; the results are the same without."""
_RESAMPLES = 2000


@dataclass(frozen=True)
class RuleRow:
    """What one rule returned.

    Attributes:
        problem: its name and what of its settings differs between the rows' problems.
        solver: its name and what of its settings differs.
        rule: the rule's name; `answer` for solvers without rules.
        pictures, trials: how many pictures and trials.
        psnr: mean over pictures, dB.
        half_width: half of the 95 % bootstrap interval of that mean; None for a single value.
        ssim: mean over pictures, or None.
        loss: mean of the oracle's PSNR minus the rule's, dB; None without an oracle.
        loss_half_width: of its interval.
        median_loss, worst_loss: over trials.
        step: median over trials of the step that is returned; None where there is none.
        oracle_step: the same of the oracle.
        stopped: share of the trials in which the rule's patience ran out; None if it has none.
    """

    problem: str
    solver: str
    rule: str
    pictures: int
    trials: int
    psnr: float
    half_width: float | None
    ssim: float | None
    loss: float | None
    loss_half_width: float | None
    median_loss: float | None
    worst_loss: float | None
    step: float | None
    oracle_step: float | None
    stopped: float | None


def rule_rows(records: Iterable[Record]) -> list[RuleRow]:
    """The rows of all records of imaging problems whose trials ended well."""
    good = [r for r in records if r.metric == "psnr" and usable(r)]
    problems, solvers = named_problems(good), named_solvers(good)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record, problem, solver in zip(good, problems, solvers, strict=True):
        groups.setdefault((problem, solver), []).append(record)
    rows = []
    for (problem, solver), members in sorted(groups.items()):
        names = dict.fromkeys(name for r in members for name in rules_of(r))
        for name in names or ("answer",):
            having = [r for r in members if name == "answer" or name in rules_of(r)]
            rows.append(_row(problem, solver, name, having))
    return rows


def named_problems(records: Sequence[Record]) -> list[str]:
    """For each record its problem, with what of its settings differs among the records."""
    return _named(records, lambda r: r.problem, _problem_part)


def named_solvers(records: Sequence[Record]) -> list[str]:
    """For each record its solver, with what of its settings differs among the records."""
    return _named(records, lambda r: r.solver, _solver_part)


def rules_of(record: Record) -> dict[str, Mapping[str, Any]]:
    """What each stopping rule of a record returned, by its name."""
    return {
        name: found
        for name, found in record.diagnostics.items()
        if isinstance(found, Mapping) and _is_of_a_rule(found)
    }


def _is_of_a_rule(found: Mapping[str, Any]) -> bool:
    """Whether this is what rules leave; `diagnostics` may hold anything."""
    numbers = (found.get("psnr"), found.get("ssim", 0.0), found.get("stopped", False))
    step = found.get("step", "")
    return all(isinstance(n, int | float) for n in numbers) and (
        step is None or isinstance(step, int | float)
    )


def _problem_part(record: Record) -> dict[str, str]:
    whole = variant(record)
    return {k.removeprefix("problem."): v for k, v in whole.items() if k.startswith("problem.")}


def _solver_part(record: Record) -> dict[str, str]:
    left_out = ("problem.", "plan.")  # the plan follows the size
    found = variant(record).items()
    return {k: v for k, v in found if not k.startswith(left_out) and k not in _PASSIVE}


def _named(records: Sequence[Record], base: Any, part: Any) -> list[str]:
    """For each record its base name and what tells it from others of that base."""
    parts = [part(r) for r in records]
    labelled: dict[tuple[str, str], str] = {}
    for name in {base(r) for r in records}:
        mine = [p for r, p in zip(records, parts, strict=True) if base(r) == name]
        unique = list({repr(p): p for p in mine}.values())
        for one, label in zip(unique, labels(unique), strict=True):
            labelled[name, repr(one)] = f"{name} ({label})" if label else name
    return [labelled[base(r), repr(p)] for r, p in zip(records, parts, strict=True)]


def _row(problem: str, solver: str, rule: str, records: Sequence[Record]) -> RuleRow:
    found = [rules_of(r).get(rule) or _answer(r) for r in records]
    oracles = [rules_of(r).get(ORACLE) for r in records]
    psnr = [float(f["psnr"]) for f in found]
    pictures = [r.instance for r in records]
    losses = [
        (name, float(o["psnr"]) - value)
        for name, o, value in zip(pictures, oracles, psnr, strict=True)
        if o is not None and math.isfinite(float(o["psnr"])) and math.isfinite(value)
    ]
    mean, half = clustered(list(zip(pictures, psnr, strict=True)))
    loss, loss_half = clustered(losses) if losses else (None, None)
    structure = [(n, float(f["ssim"])) for n, f in zip(pictures, found, strict=True) if "ssim" in f]
    steps = [f["step"] for f in found if f.get("step") is not None]
    best = [o["step"] for o in oracles if o is not None and o["step"] is not None]
    stopped = [f["stopped"] for f in found if "stopped" in f]
    plain = [value for _, value in losses]
    return RuleRow(
        problem=problem,
        solver=solver,
        rule=rule,
        pictures=len(set(pictures)),
        trials=len(records),
        psnr=mean,
        half_width=half,
        ssim=clustered(structure)[0] if structure else None,
        loss=loss,
        loss_half_width=loss_half,
        median_loss=statistics.median(plain) if plain else None,
        worst_loss=max(plain) if plain else None,
        step=statistics.median(steps) if steps else None,
        oracle_step=statistics.median(best) if best else None,
        stopped=statistics.fmean(stopped) if stopped else None,
    )


def _answer(record: Record) -> dict[str, Any]:
    return {"psnr": record.value, **record.metrics, "step": None}


def clustered(values: Sequence[tuple[str, float]]) -> tuple[float, float | None]:
    """Mean over clusters of the mean in each, and half of its 95 % bootstrap interval.

    Args:
        values: (cluster, value) pairs; with a single cluster its values are resampled instead.

    Returns:
        The mean, and None in the place of an interval of a single value.

    Examples:
        >>> clustered([("a", 1.0), ("a", 3.0), ("b", 4.0)])[0]
        3.0
    """
    members: dict[str, list[float]] = {}
    for name, value in values:
        members.setdefault(name, []).append(value)
    means = [statistics.fmean(group) for group in members.values()]
    sample = means if len(means) > 1 else next(iter(members.values()))
    if len(sample) < 2:
        return statistics.fmean(means), None
    if max(sample) == min(sample):
        return statistics.fmean(means), 0.0
    found = bootstrap(
        (sample,),
        np.mean,
        n_resamples=_RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return statistics.fmean(means), float(found.high - found.low) / 2
