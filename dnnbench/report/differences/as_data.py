"""A comparison as plain data: every line, unrounded."""

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dnnbench.report.differences.compare import Comparison, Line
from dnnbench.report.differences.paired import Outcome

ORDER = (Outcome.WORSE, Outcome.BETTER, Outcome.UNDECIDED, Outcome.EQUIVALENT)
"""In which order lines stand."""


@dataclass(frozen=True)
class Names:
    """What the sides are called, and what else is to be said of them.

    Attributes:
        a, b: in words.
        notes: lines below the table.
    """

    a: str = "A"
    b: str = "B"
    notes: tuple[str, ...] = ()


def by_outcome(lines: Iterable[Line]) -> list[Line]:
    """Worse first; of one outcome the least p, then the largest difference in margins."""

    def order(line: Line) -> tuple[float, ...]:
        size = abs(line.finding.estimate) / (line.margin or 1.0)
        return ORDER.index(line.finding.outcome), -size

    return sorted(lines, key=order)


def as_object(comparison: Comparison, names: Names) -> dict[str, Any]:
    """Everything, as plain data of strict JSON: what is not finite is null."""
    return {
        "a": names.a,
        "b": names.b,
        "notes": list(names.notes),
        "measure": comparison.measure,
        "level": comparison.level,
        "worse": comparison.worse,
        "cells": [_flat(line) for line in by_outcome(comparison.cells)],
        "overall": [_flat(line) for line in by_outcome(comparison.overall)],
        "alone": [
            {
                "side": one.side,
                "problem": one.problem,
                "solver": one.solver,
                "instance": one.instance,
                "trials": one.trials,
                "why": one.why,
            }
            for one in comparison.alone
        ],
        "only_a": comparison.only_a,
        "only_b": comparison.only_b,
        "unmeasured": comparison.unmeasured,
        "repeats": comparison.repeats,
    }


def _flat(line: Line) -> dict[str, Any]:
    found = line.finding
    return {
        "outcome": found.outcome.value,
        "problem": line.problem,
        "metric": line.metric,
        "role": line.role,
        "solver": line.solver,
        "instance": line.instance,
        "instances": line.instances,
        "unit": line.unit.name,
        "estimate": _finite(found.estimate),
        "low": _finite(found.low),
        "high": _finite(found.high),
        "margin": line.margin,
        "p": found.p,
        "pairs": found.pairs,
        "changed": found.changed,
        "mean_a": _finite(line.mean_a),
        "mean_b": _finite(line.mean_b),
        "failed_a": line.failed_a,
        "failed_b": line.failed_b,
        "only_a": line.only_a,
        "only_b": line.only_b,
        "changes": list(line.changes),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def as_csv(comparison: Comparison) -> str:
    """Cells, overall lines, and what has no counterpart; `scope` says which."""
    rows = [
        {"scope": scope} | _flat(line) | {"changes": "; ".join(line.changes)}
        for scope, lines in (("cell", comparison.cells), ("overall", comparison.overall))
        for line in by_outcome(lines)
    ]
    names = list(rows[0])
    for one in comparison.alone:
        own = {"scope": "alone", "outcome": "unpaired", "problem": one.problem}
        own |= {"solver": one.solver, "instance": one.instance, "changes": one.why}
        rows.append(own | {"only_a" if one.side == "A" else "only_b": one.trials})
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
