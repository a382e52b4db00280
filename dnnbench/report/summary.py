"""One trial as one object: what `run --json` prints. Other people's scripts rely on it."""

import math
from pathlib import Path
from typing import Any

from dnnbench.records import plain
from dnnbench.records.schema import Record
from dnnbench.report.best_known import BestKnownLookup
from dnnbench.report.gap import gap


def json_object(
    record: Record, best_known: BestKnownLookup, path: str | Path | None = None
) -> dict[str, Any]:
    """The record's main fields, in a fixed order, with best-known value and gap of the day.

    Numbers that are not finite are None here (JSON's null), so that any JSON parser reads it; the
    record file keeps them. `gap` is a fraction, and None for an answer that is not feasible.

    Args:
        record: the trial.
        best_known: where reference values come from.
        path: the record's file.
    """
    known = best_known(record.instance, record.problem)
    reference = known.value if known else None
    comparable = record.value if record.feasible else None
    chosen = {
        "trial_id": record.trial_id,
        "solver": record.solver,
        "kind": record.kind,
        "problem": record.problem,
        "instance": record.instance,
        "seed": record.seed,
        "status": record.status,
        "feasible": record.feasible,
        "metric": record.metric,
        "sense": record.sense,
        "value": record.value,
        "claimed_value": record.claimed_value,
        "best_known": reference,
        "gap": gap(comparable, reference, record.sense),
        "steps": record.steps,
        "restarts": record.restarts,
        "load_seconds": record.load_seconds,
        "compile_seconds": record.compile_seconds,
        "solve_seconds": record.solve_seconds,
        "verify_seconds": record.verify_seconds,
        "hardware": record.hardware,
        "record": None if path is None else str(path),
        "diagnostics": record.diagnostics,
        "message": record.message,
        "role": record.role,
        "taxonomy": record.taxonomy,
        "solver_version": record.solver_version,
        "problem_settings": record.problem_settings,
        "instance_sha256": record.instance_sha256,
        "instance_size": record.instance_size,
        "raw_value": record.raw_value,
        "polish": record.polish,
        "violation": record.violation,
        "metrics": record.metrics,
        "settings": record.settings,
        "budget": record.budget,
        "plan": record.plan,
        "stacked": record.stacked,
        "best_known_kind": known.kind if known else None,
        "best_known_source": known.source if known else None,
        "run_id": record.run_id,
        "created": record.created,
        "solution": record.solution,
    }
    return {key: finite(value) for key, value in chosen.items()}


def finite(value: Any) -> Any:
    """Plain data in which numbers that are not finite are None."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is list:
        return [finite(item) for item in value]
    if kind is dict:
        return {key: finite(item) for key, item in value.items()}
    return finite(plain.decode(plain.encode(value)))


_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
