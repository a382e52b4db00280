"""Formulas: constraints on Boolean variables, the public half of every instance of family `cnf`.

A literal is v or -v with v from 1, as in DIMACS files. A constraint asks something of how many of
its literals are true:

| kind | holds if |
| --- | --- |
| `OR` | at least one is (a clause) |
| `XOR` | an odd number is |
| `AT_LEAST` | at least `bound` are |
| `NOT_ALL_EQUAL` | at least one is, and at least one is not |

At most k of r literals is at least r - k of their negations.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


class Kind(IntEnum):
    """What a constraint asks of its literals."""

    OR = 0
    XOR = 1
    AT_LEAST = 2
    NOT_ALL_EQUAL = 3


@dataclass(frozen=True, eq=False)
class Formula:
    """Weighted constraints on Boolean variables, some of which may be hard.

    Attributes:
        num_variables: n; the variables are 1 to n, and some may occur nowhere.
        literals: those of all constraints, one after the other, int32 [l].
        starts: where in `literals` each constraint begins, and their end, int64 [m + 1].
        kinds: a `Kind` for each constraint, uint8 [m].
        bounds: of `AT_LEAST`, else 0, int32 [m].
        weights: what violating a constraint costs, positive, [m], int64 if all are whole, else
            float64; of hard ones 1. None where all are 1.
        hard: which constraints have to hold, bool [m]; None where there is no such difference.
    """

    num_variables: int
    literals: NDArray[np.int32]
    starts: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    bounds: NDArray[np.int32]
    weights: NDArray[np.int64] | NDArray[np.float64] | None = None
    hard: NDArray[np.bool_] | None = None

    @property
    def num_constraints(self) -> int:
        """Number of constraints m."""
        return len(self.kinds)

    @cached_property
    def widths(self) -> NDArray[np.int64]:
        """Number of literals of each constraint, int64 [m]."""
        return np.diff(self.starts)

    @cached_property
    def owners(self) -> NDArray[np.int64]:
        """The constraint that each entry of `literals` belongs to, from 0, int64 [l]."""
        return np.repeat(np.arange(self.num_constraints), self.widths)

    @property
    def is_cnf(self) -> bool:
        """Whether every constraint is a clause."""
        return not self.kinds.any()

    def constraint(self, index: int) -> NDArray[np.int32]:
        """The literals of one constraint."""
        return self.literals[self.starts[index] : self.starts[index + 1]]

    @property
    def costs(self) -> NDArray[np.int64] | NDArray[np.float64]:
        """`weights`, ones where there are none, [m]."""
        return np.ones(self.num_constraints, np.int64) if self.weights is None else self.weights


def clauses(num_variables: int, each: "list[list[int]] | list[tuple[int, ...]]") -> Formula:
    """The conjunction of these clauses, each a list of literals."""
    widths = [len(clause) for clause in each]
    return Formula(
        num_variables,
        np.array([literal for clause in each for literal in clause], np.int32),
        np.concatenate([[0], np.cumsum(widths, dtype=np.int64)]).astype(np.int64),
        np.zeros(len(each), np.uint8),
        np.zeros(len(each), np.int32),
    )
