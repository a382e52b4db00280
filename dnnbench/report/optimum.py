"""The optimum of a program as far as the records know it: the best certified objective.

An answer's KKT error needs no optimum, but says little of how far its objective is off. Among the
records of one instance the answer with the least KKT error certifies its objective, if that error
is small enough; found anew whenever a report is made, never stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dnnbench.records.schema import Record

METRIC = "kkt_error"
"""What `value` measures in records of programs."""

CERTIFIED = 1e-6
"""Largest KKT error of an answer whose objective is taken for the optimum."""


@dataclass(frozen=True)
class Optimum:
    """A certified objective.

    Attributes:
        objective: in the sense of the instance's own file.
        kkt_error: of the answer that it is of.
        solver: who found that answer.
    """

    objective: float
    kkt_error: float
    solver: str


def reference_optima(records: Iterable[Record]) -> dict[str, Optimum]:
    """The best certified objective of each instance, by its sha256; the earliest of equals."""
    found: dict[str, Optimum] = {}
    for record in sorted(records, key=lambda r: (r.created, r.trial_id)):
        error = record.value
        if record.metric != METRIC or error is None or not error <= CERTIFIED:
            continue
        known = found.get(record.instance_sha256)
        objective = record.metrics.get("objective")
        if objective is not None and (known is None or error < known.kkt_error):
            found[record.instance_sha256] = Optimum(objective, float(error), record.solver)
    return found


def objective_error(objective: float, optimum: float) -> float:
    """How far an objective is from the optimum, |f - f*| / max(1, |f*|).

    Examples:
        >>> objective_error(90.0, 100.0), objective_error(0.25, 0.0)
        (0.1, 0.25)
    """
    return abs(objective - optimum) / max(1.0, abs(optimum))
