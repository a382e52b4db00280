"""What of two trials of one seed is compared: their answers, or their seconds.

A measure has three results for a pair: a number (positive where B is better), an infinity where
only one side has something to show, or None where there is nothing to compare. Two failures are
equal.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dnnbench.errors import UserError
from dnnbench.records.environment import fingerprint
from dnnbench.records.schema import Record
from dnnbench.records.status import Status
from dnnbench.report.aggregate import hardware_text, usable
from dnnbench.report.differences.units import TIME, Unit, unit_of
from dnnbench.report.solved import goal_of

Pair = tuple[Record, Record]


@dataclass(frozen=True)
class Measure:
    """What is compared.

    Attributes:
        name: of it.
        unit: of a record's difference to another.
        shown: a trial's own figure, None if it failed.
        difference: of a pair; see above.
        refuse: raises `UserError` if these pairs may not be compared so.
    """

    name: str
    unit: Callable[[Record], Unit]
    shown: Callable[[Record], float | None]
    difference: Callable[[Record, Record], float | None]
    refuse: Callable[[Iterable[Pair]], None] = lambda pairs: None


def _value(record: Record) -> float | None:
    return record.value if usable(record) else None


def _quality(a: Record, b: Record) -> float | None:
    """By the verified values. A failure is worse than any answer.

    A proof that there is no answer is as good as another proof, and better than an answer that
    does not reach the problem's goal; one that does refutes it.
    """
    if (apart := _apart(a, b)) is not None:
        return apart
    proofs = _proof(a), _proof(b)
    if proofs[0] != proofs[1]:
        answer = b if proofs[0] else a
        refuted = usable(answer) and answer.value == goal_of(answer.problem)
        return math.inf if proofs[0] == refuted else -math.inf
    if all(proofs) or a.value is None or b.value is None or a.value == b.value:
        return 0.0
    size = unit_of(a.metric).minus(a.value, b.value)
    return size if (b.value > a.value) == (a.sense == "max") else -size


def _time(a: Record, b: Record) -> float | None:
    """By the seconds of solving, without compiling. A failure takes longer than any answer.

    Where the budget has a target, a trial that did not reach it takes longer than one that did. Two
    trials that their budgets in seconds ended say nothing, nor does one that shared its clock in a
    stack.
    """
    if a.stacked or b.stacked:
        return None
    if (apart := _apart(a, b)) is not None:
        return apart
    reached = _reached(a), _reached(b)
    if reached[0] != reached[1]:
        return math.inf if reached[1] else -math.inf
    of_a, of_b = a.solve_seconds, b.solve_seconds
    if not of_a or not of_b or (_by_the_clock(a) and _by_the_clock(b)):
        return None
    return math.copysign(TIME.minus(of_a, of_b), of_a - of_b)


def _apart(a: Record, b: Record) -> float | None:
    """The difference if a side has failed, else None."""
    done = _done(a), _done(b)
    if all(done):
        return None
    return 0.0 if done[0] == done[1] else math.inf if done[1] else -math.inf


def _done(record: Record) -> bool:
    return usable(record) or _proof(record)


def _proof(record: Record) -> bool:
    return record.status.succeeded(answered=False)


def _reached(record: Record) -> bool:
    """Whether it reached its target, or had none."""
    if record.budget.get("target") is None:
        return True
    return record.status is Status.TARGET or _proof(record)


def _by_the_clock(record: Record) -> bool:
    """Whether its budget in seconds ended it, so that its seconds say nothing of its work."""
    limit = record.budget.get("seconds")
    if limit is None or record.status not in (Status.BUDGET, Status.TIMEOUT):
        return False
    counted = any(record.budget.get(name) is not None for name in ("steps", "restarts"))
    return not counted or (record.solve_seconds or 0.0) >= limit


def _seconds(record: Record) -> float | None:
    return record.solve_seconds if _done(record) and not record.stacked else None


def _one_kind_of_hardware(pairs: Iterable[Pair]) -> None:
    """Refuse seconds of different machines."""
    kinds: tuple[dict[str, None], dict[str, None]] = ({}, {})
    for pair in pairs:
        for found, record in zip(kinds, pair, strict=True):
            threads = record.hardware.get("threads")
            found[
                f"{hardware_text(record)}, {threads} threads, machine "
                f"{fingerprint(record.environment)}"
            ] = None
    if len({*kinds[0], *kinds[1]}) > 1:
        a, b = (" | ".join(found) for found in kinds)
        raise UserError(
            f"times of different hardware cannot be compared: A ran on {a}; B on {b} "
            "(--where hardware.KEY=VALUE chooses records of one kind)"
        )


QUALITY = Measure("quality", lambda record: unit_of(record.metric), _value, _quality)
SPEED = Measure("time", lambda record: TIME, _seconds, _time, _one_kind_of_hardware)
