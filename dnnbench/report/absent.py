"""Trials of an experiment that are not on record: a table says so in their place."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

NOT_RUN = "not run"


@dataclass(frozen=True)
class Absent:
    """A trial without a record: what it would have been."""

    problem: str
    role: str
    solver: str
    instance: str
    seed: int


@dataclass(frozen=True)
class Coverage:
    """How much of an experiment is on record.

    Attributes:
        experiment: its name.
        trials: how many it has.
        missing: how many of these have no record.
        absent: those of them that the table is about.
        known: whether it could be told which they are.
    """

    experiment: str
    trials: int
    missing: int
    absent: tuple[Absent, ...]
    known: bool = True

    def note(self) -> str:
        """One line."""
        line = f"Experiment {self.experiment}: "
        if not self.missing:
            return f"{line}all {self.trials} trials are on record."
        which = "" if self.known else " (which of them is not known)"
        return f"{line}{self.missing} of {self.trials} trials were not run{which}."


def absent_cells(absent: Sequence[Absent]) -> Counter[tuple[str, str, str]]:
    """How many seeds are absent, by problem, instance and solver."""
    return Counter((trial.problem, trial.instance, trial.solver) for trial in absent)
