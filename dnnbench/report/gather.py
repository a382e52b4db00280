"""From records to matrices: solvers x instances x seeds, as `report.measures` takes them.

Whether solvers had the same budget and hardware is not decided here; `Solver` says which.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from dnnbench.problems.base import better
from dnnbench.records import plain
from dnnbench.records.schema import Record
from dnnbench.report.aggregate import budget_text, hardware_text, natural, usable
from dnnbench.report.best_known import BestKnownLookup
from dnnbench.report.matrix import Instance, Matrix, Solver, Trial
from dnnbench.report.solved import labels_of

ROUNDING = 1e-6
"""By how much, relatively, a claim in a trace may exceed the verified value."""

_NOT_ASKED = frozenset({"penalty", "hard_weight", "repair", "polish"})
"""Settings of problems that say how answers are sought, not what is asked; labels have them."""


def gather(records: Iterable[Record], best_known: BestKnownLookup) -> list[Matrix]:
    """A matrix for each problem and its settings, in order of their names.

    Args:
        records: any.
        best_known: best value of an instance under a problem, or None.
    """
    every = list(records)
    parts: dict[tuple[str, str], list[tuple[Record, str]]] = {}
    texts: dict[str, str] = {}  # there are few different settings, and many records
    for record, label in zip(every, labels_of(every), strict=True):
        settings = asked(record)
        known = repr(settings)
        if known not in texts:
            texts[known] = plain.dumps(plain.encode(settings), sort_keys=True)
        parts.setdefault((record.problem, texts[known]), []).append((record, label))
    return [_matrix(parts[key], best_known) for key in sorted(parts)]


def _matrix(labelled: Sequence[tuple[Record, str]], best_known: BestKnownLookup) -> Matrix:
    rows: dict[tuple[bool, str, str], list[Record]] = {}
    columns: dict[tuple[str, str], list[Record]] = {}
    cells: dict[tuple[Any, Any], dict[int, Record]] = {}
    for record, label in sorted(labelled, key=lambda pair: (pair[0].created, pair[0].trial_id)):
        row = (record.role == "baseline", record.solver, label)
        column = (record.instance, record.instance_sha256)
        rows.setdefault(row, []).append(record)
        columns.setdefault(column, []).append(record)
        cells.setdefault((row, column), {})[record.seed] = record  # the newest of a seed
    across = sorted(columns, key=lambda column: (natural(column[0]), column[1]))
    down = sorted(rows)
    names = Counter(name for name, _ in across)
    one = labelled[0][0]
    return Matrix(
        problem=one.problem,
        metric=one.metric,
        sense=one.sense,
        settings=asked(one),
        solvers=tuple(_solver(row[2], rows[row]) for row in down),
        instances=tuple(
            _instance(name if names[name] == 1 else f"{name}@{sha256[:6]}", found, best_known)
            for (name, sha256), found in ((column, columns[column]) for column in across)
        ),
        cells=tuple(
            tuple(
                tuple(_trial(record) for _, record in sorted(cells.get((row, column), {}).items()))
                for column in across
            )
            for row in down
        ),
        superseded=len(labelled) - sum(len(cell) for cell in cells.values()),
    )


def asked(record: Record) -> dict[str, Any]:
    """The settings of the problem that say what is asked; with another one it is another matrix."""
    return {k: v for k, v in record.problem_settings.items() if k not in _NOT_ASKED}


def _solver(label: str, records: Sequence[Record]) -> Solver:
    one = records[-1]
    return Solver(
        name=one.solver,
        label=label,
        role=one.role,
        kind=one.kind,
        taxonomy=one.taxonomy,
        budget=" | ".join(dict.fromkeys(budget_text(r.budget) for r in records)),
        hardware=" | ".join(dict.fromkeys(hardware_text(r) for r in records)),
    )


def _instance(name: str, records: Sequence[Record], best_known: BestKnownLookup) -> Instance:
    one = records[0]
    known = best_known(one.instance, one.problem)
    best = known.value if known else None
    for record in records:
        if usable(record) and record.value is not None:
            value = record.value
            best = value if best is None or better(value, best, one.sense) else best
    return Instance(name, known, best)


def _trial(record: Record) -> Trial:
    limit = record.budget.get("seconds")
    value = record.value if usable(record) else None
    spent = None if record.stacked else record.solve_seconds
    if value is None and not record.stacked:
        spent = max((s for s in (spent, limit) if s is not None), default=math.inf)
    trace = _trace(record, value, spent) if value is not None and spent is not None else []
    return Trial(record.seed, value, spent, limit, tuple(trace))


def _trace(record: Record, value: float, spent: float) -> list[tuple[float, float | None]]:
    """The record's trace as far as it was verified, and the answer when it was there."""
    verified = value
    if record.raw_value is not None and better(record.raw_value, value, record.sense):
        verified = record.raw_value
    rows: list[tuple[float, float | None]] = []
    for seconds, _, objective in record.trace:
        if seconds is None or objective is None or seconds > spent:
            continue
        if better(objective, verified, record.sense):
            if not math.isclose(objective, verified, rel_tol=ROUNDING):
                continue  # a claim that verification refuted
            objective = verified
        rows.append((float(seconds), objective))
    return [*rows, (spent, value)]
