"""Has anything become worse? The rules of the gate, on records alone.

A regression is any of these, and nothing else:

1. a solver's answers, or its speed, are worse by the paired test and beyond the margin
   (`report.differences`);
2. a trial has failed whose counterpart in the reference has not;
3. on one kind of machine with the same packages, where equal code repeats every value exactly: so
   few seeds have changed that the test could not reject, and the mean is worse beyond the margin.

Quality and speed are a family each, at the level (half of it where a solver has several instances,
since its instances and the solver overall are then two families). Equal code cannot raise an alarm
about quality on one kind of machine, and speed is not compared across kinds; so whichever it is,
the probability of a false alarm is at most the level.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dnnbench.errors import UserError
from dnnbench.records.environment import fingerprint
from dnnbench.records.schema import Record
from dnnbench.report.aggregate import usable
from dnnbench.report.differences.compare import Comparison, Line, compare
from dnnbench.report.differences.match import Row, match
from dnnbench.report.differences.measure import Measure
from dnnbench.report.differences.paired import Outcome
from dnnbench.report.differences.subsets import least_p
from dnnbench.report.differences.units import TIME, Margins
from dnnbench.studies.regress.clocked import Calibrations, Timing
from dnnbench.sweep.manifest import Manifest

MARGINS = Margins(relative=0.002, decades=0.002, decibels=0.05, time=0.2)
"""Of the gate: 0.2 % of a value, 0.5 % of an error, 0.05 dB, a factor of 1.2 in speed.

Answers repeat exactly on one kind of machine, so their margins can be small. The mean speed of
equal code over ten seeds differed by up to a factor of 1.07 between runs on a crowded machine.
"""

LEAST_SECONDS = 0.02
"""Solves of less processor time than this on both sides say nothing about speed."""


@dataclass(frozen=True)
class Side:
    """The reference, or what is held against it.

    Attributes:
        name: in words.
        experiment: what was started in their folder.
        records: of its trials.
        clock: what is known of their clock.
    """

    name: str
    experiment: Manifest
    records: tuple[Record, ...]
    clock: Calibrations


@dataclass(frozen=True)
class Verdict:
    """What the gate found.

    Attributes:
        quality: the answers.
        speed: the seconds by those of the calibration kernel, or None.
        no_speed: why speed was not compared, or None.
        exact: whether equal code would repeat every value exactly.
        kinds: the kinds of machine of the reference and of the run, in words.
        reasons: one sentence for each regression.
        changed: paired trials whose values are not exactly equal, or of which one failed.
        pairs: paired trials.
    """

    quality: Comparison
    speed: Comparison | None
    no_speed: str | None
    exact: bool
    kinds: tuple[str, str]
    reasons: tuple[str, ...]
    changed: int
    pairs: int


def judge(
    reference: Side,
    run: Side,
    *,
    margins: Margins = MARGINS,
    level: float = 0.05,
    speed: bool = True,
) -> Verdict:
    """Hold a run against the reference.

    Args:
        reference: what was.
        run: what is.
        margins: differences that do not matter.
        level: probability of a false alarm; see above.
        speed: whether speed is compared where it can be.

    Raises:
        UserError: the two have no trial in common, or had other budgets.
    """
    rows = match(reference.records, run.records, any_budget=True).rows
    _refuse_other_budgets(rows)
    pairs = [pair for row in rows for pair in row.pairs]
    per_solver = [(row.problem, row.role, row.solver) for row in rows]
    share = level if len(set(per_solver)) == len(per_solver) else level / 2
    quality = compare(reference.records, run.records, margins=margins, level=share)
    exact = all(_software(a) == _software(b) and kind(a) == kind(b) for a, b in pairs)
    fast, no_speed = _speed(reference, run, pairs, margins, share) if speed else (None, "not asked")
    reasons = [*_worse("answers", quality), *_broken(pairs)]
    if exact:
        reasons += _too_few_to_test(quality, share)
    if fast is not None:
        reasons += _worse("speed", fast)
    return Verdict(
        quality=quality,
        speed=fast,
        no_speed=no_speed,
        exact=exact,
        kinds=(_kinds(a for a, _ in pairs), _kinds(b for _, b in pairs)),
        reasons=tuple(reasons),
        changed=sum(line.finding.changed for line in quality.cells),
        pairs=len(pairs),
    )


def calibrated(reference: Calibrations, run: Calibrations) -> Measure:
    """Processor seconds of a step, in units of the calibration kernel's."""

    def difference(a: Record, b: Record) -> float | None:
        of_a, of_b = reference.of(a), run.of(b)
        pace_a, pace_b = _pace(a, of_a), _pace(b, of_b)
        if of_a is None or of_b is None or pace_a is None or pace_b is None:
            return None
        if max(of_a.solve, of_b.solve) < LEAST_SECONDS:
            return None
        return math.copysign(TIME.minus(pace_a, pace_b), pace_a - pace_b)

    def shown(record: Record) -> float | None:
        # A run's id is in one of the two, but where a run is held against itself.
        return _pace(record, reference.of(record) or run.of(record))

    return Measure("time", lambda record: TIME, shown, difference)


def _pace(record: Record, timing: Timing | None) -> float | None:
    """Processor seconds of a step over the kernel's; None of what failed or was not timed."""
    if timing is None or timing.ratio is None or not record.steps or not usable(record):
        return None
    return timing.ratio / record.steps


def kind(record: Record) -> str:
    """The kind of machine a record was made on, in words."""
    about = record.environment
    return (
        f"{about.get('cpu_model') or 'unknown processor'}, {about.get('cores_logical')} cores "
        f"({fingerprint(about)})"
    )


def _kinds(records: Iterable[Record]) -> str:
    return " | ".join(dict.fromkeys(map(kind, records)))


def _software(record: Record) -> dict[str, Any]:
    """The packages whose versions may change a value, dnnbench itself apart."""
    versions = record.environment.get("packages") or {}
    return {name: version for name, version in versions.items() if name != "dnnbench"}


def _speed(
    reference: Side,
    run: Side,
    pairs: Sequence[tuple[Record, Record]],
    margins: Margins,
    level: float,
) -> tuple[Comparison | None, str | None]:
    """The comparison of speed, or why there is none."""
    kinds = _kinds(a for a, _ in pairs), _kinds(b for _, b in pairs)
    if kinds[0] != kinds[1] or " | " in kinds[0]:
        return None, f"the reference ran on {kinds[0]}, this run on {kinds[1]}"
    if reference.clock.kernel != run.clock.kernel:
        return None, "the reference was calibrated by another version of the kernel"
    measure = calibrated(reference.clock, run.clock)
    if all(measure.difference(a, b) is None for a, b in pairs):
        return None, f"no pair of trials has timed solves of {LEAST_SECONDS:g} s or more"
    found = compare(reference.records, run.records, measure=measure, margins=margins, level=level)
    return found, None


def _refuse_other_budgets(rows: Sequence[Row]) -> None:
    for row in rows:
        other = [change for change in row.changes if change.startswith("budget.")]
        if other and row.pairs:
            raise UserError(
                f"{row.solver} on {row.instance} had another budget in the reference "
                f"({', '.join(other)}): accept a new reference (dnnbench accept)"
            )


def _worse(what: str, comparison: Comparison) -> list[str]:
    """A sentence for each solver on an instance, and for each overall where no instance says so."""
    worse = [line for line in comparison.cells if line.finding.outcome is Outcome.WORSE]
    named = {(line.problem, line.role, line.solver) for line in worse}
    worse += [
        line
        for line in comparison.overall
        if line.finding.outcome is Outcome.WORSE
        and (line.problem, line.role, line.solver) not in named
    ]
    return [_sentence(what, line, f"p {line.finding.p:.2g}") for line in worse]


def _too_few_to_test(quality: Comparison, level: float) -> list[str]:
    """Rule 3."""
    few = [
        line
        for line in quality.cells
        if line.finding.outcome is Outcome.UNDECIDED
        and least_p(line.finding.changed) > level
        and line.finding.estimate < -line.margin
    ]
    return [
        _sentence("answers", line, f"{line.finding.changed} of {line.finding.pairs} seeds changed")
        for line in few
    ]


def _broken(pairs: Sequence[tuple[Record, Record]]) -> list[str]:
    """Rule 2."""
    return [
        f"failed: {b.solver} on {b.instance}, seed {b.seed}, which had an answer in the reference: "
        f"{b.message or b.status.value}"
        for a, b in pairs
        if _done(a) and not _done(b)
    ]


def _done(record: Record) -> bool:
    """Whether it has a feasible answer, or a proof that there is none."""
    return usable(record) or record.status.succeeded(answered=False)


def _sentence(what: str, line: Line, why: str) -> str:
    where = "all instances" if line.instance is None else line.instance
    size = line.unit.text(line.finding.estimate)
    return f"{what}: {line.solver} on {where} ({line.problem}): {size}, {why}"
