"""Constraints as bounds on a count: how many literals are true is linear in the assignment."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.instances.formula import Formula, Kind


@dataclass(frozen=True)
class Counts:
    """Every kind of constraint in one form.

    A constraint holds if the number of its true literals is from `least` to `greatest` and, where
    `odd` is set, odd. That number is `base + matrix @ z`.

    Attributes:
        matrix: entry (c, v) is how often v is in c as such, less how often negated, int32 [m, n].
        base: number of negated literals, int32 [m].
        least: [m], int32.
        greatest: [m], int32.
        odd: bool [m].
    """

    matrix: sp.csr_array
    base: NDArray[np.int32]
    least: NDArray[np.int32]
    greatest: NDArray[np.int32]
    odd: NDArray[np.bool_]

    def violated(self, z: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which constraints do not hold.

        Args:
            z: one assignment, uint8 [n], or one a column, [n, b].

        Returns:
            bool [m] or [m, b].
        """
        shape = (-1,) + (1,) * (z.ndim - 1)
        base, least, greatest, odd = (
            array.reshape(shape) for array in (self.base, self.least, self.greatest, self.odd)
        )
        true = self.matrix @ z.astype(np.int32) + base
        return (true < least) | (true > greatest) | (odd & (true % 2 == 0))

    @cached_property
    def by_variable(self) -> sp.csr_array:
        """`matrix` transposed, int32 [n, m]."""
        return self.matrix.T.tocsr()


def counts(formula: Formula) -> Counts:
    """The constraints of `formula`."""
    widths, kinds = formula.widths.astype(np.int32), formula.kinds
    shape = (formula.num_constraints, formula.num_variables)
    signs = np.sign(formula.literals).astype(np.int32)
    places = (formula.owners, np.abs(formula.literals) - 1)
    xor = kinds == Kind.XOR
    at_least = kinds == Kind.AT_LEAST
    return Counts(
        sp.coo_array((signs, places), shape=shape).tocsr(),
        np.bincount(formula.owners[signs < 0], minlength=shape[0]).astype(np.int32),
        np.where(at_least, formula.bounds, np.where(xor, 0, 1)).astype(np.int32),
        (widths - (kinds == Kind.NOT_ALL_EQUAL)).astype(np.int32),
        xor,
    )


def majority(formula: Formula) -> NDArray[np.uint8]:
    """Each variable true where it is more often so than negated in the constraints, uint8 [n]."""
    signs, n = np.sign(formula.literals), formula.num_variables
    balance = np.bincount(np.abs(formula.literals) - 1, weights=signs, minlength=n)
    return (balance > 0).astype(np.uint8)
