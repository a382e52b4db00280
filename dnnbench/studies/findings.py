"""What the conformance suite finds, and how it compares claims and runs."""

from dataclasses import dataclass

from dnnbench.records.schema import Record
from dnnbench.runner.trial import Result


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: what was checked: `problem`, `optimum`, `honest claim`, `feasible`, `same seed`,
            `one program`, `restarts`, `time limit`; for pictures, whose optimum nobody knows,
            `improves` in the place of the first two; where answers are not binary, `converges` (or
            `refuses`) in the place of `optimum`.
        where: problem and instance.
        ok: whether it holds.
        detail: figures, or what went wrong.
    """

    check: str
    where: str
    ok: bool
    detail: str


def honest(record: Record, where: str) -> Finding:
    """Whether what the solver claimed is what was verified before polish."""
    holds = record.claimed_value is not None and _close(record.claimed_value, record.raw_value)
    text = f"claimed {record.claimed_value}, verified {record.raw_value}"
    return Finding("honest claim", where, holds, text)


def _close(claim: float, value: int | float | None) -> bool:
    return value is not None and abs(claim - value) <= 1e-5 * max(1.0, abs(value))


def differences(a: Result, b: Result) -> list[str]:
    """Names of what differs between two runs, times and trace apart."""
    names = ("value", "raw_value", "claimed_value", "status", "steps", "restarts", "diagnostics")
    found = [n for n in names if getattr(a.record, n) != getattr(b.record, n)]
    assert a.solution is not None
    assert b.solution is not None
    if a.solution.tobytes() != b.solution.tobytes():
        found.append("answers")
    return found
