"""Host side of the energy of formulas: constraints of one shape together, as arrays."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.instances.formula import Formula, Kind
from dnnbench.kernels.rectangular import Rectangular, make_rectangular

REGATHERED = 3
"""Width up to which products over all but one literal read the variables anew.

Measured on one core, random 3-SAT: reading n variables (k - 1) times more is faster than putting
together the k blocks of products, which is a copy of them all.
"""


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["literals", "offsets", "others"],
    meta_fields=["kind", "width", "bound"],
)
@dataclasses.dataclass(frozen=True)
class Group:
    """m constraints of one kind and width k; a pytree, to be passed as a jit argument.

    What a literal contributes is affine in its variable: of `OR`, `AT_LEAST` and `NOT_ALL_EQUAL`
    the chance q that it is false, of `XOR` the mean 2 q - 1 of its sign. Row j m + c stands for
    literal j of constraint c.

    Attributes:
        literals: [k m, n], one entry a row.
        offsets: [k m]; the contributions are `literals` x + `offsets`.
        others: the same with literal j + 1, j + 2, ... (modulo k) in place of j, as pairs; empty
            where they are not needed.
        kind, width, bound: as in `Formula`; static.
    """

    literals: Rectangular
    offsets: jax.Array
    others: tuple[tuple[Rectangular, jax.Array], ...]
    kind: Kind
    width: int
    bound: int


def make_groups(formula: Formula, dtype: Any) -> tuple[list[Group], NDArray[np.int64]]:
    """The groups of a formula and the constraint that stands at each place, int64 [m]."""
    groups, order, decided = [], [], _decided(formula)
    for (kind, width, bound), members in _shapes(formula):
        slab = _literals(formula, members, width, bound)
        if kind is Kind.XOR:
            slab = (slab[0], 2 * slab[1], 2 * slab[2] - 1)
        if kind is Kind.OR:
            constant = decided[members] >= 0
            slab[1][0, constant], slab[2][0, constant] = 0, decided[members][constant]
        products = kind in (Kind.OR, Kind.XOR) and width <= REGATHERED
        n, rolls = formula.num_variables, range(width if products else 1)
        stored = [_stored(n, dtype, *(np.roll(part, -r, 0) for part in slab)) for r in rolls]
        groups.append(Group(*stored[0], tuple(stored[1:]), kind, width, bound))
        order.append(members)
    return groups, np.concatenate(order)


def _stored(
    n: int, dtype: Any, variables: NDArray[Any], signs: NDArray[Any], offsets: NDArray[Any]
) -> tuple[Rectangular, jax.Array]:
    """The matrix and the offsets of a slab of literals [k, m]; entries of 0 are stored too."""
    rows = np.arange(variables.size if n else 0)
    entries = (signs.ravel()[rows], (rows, variables.ravel()[rows]))
    matrix = sp.coo_array(entries, shape=(variables.size, n)).tocsr()
    return make_rectangular(matrix, dtype), jnp.asarray(offsets.ravel(), dtype)


def _decided(formula: Formula) -> NDArray[np.int8]:
    """1 and 0 for constraints that are violated or satisfied whatever the variables, else -1, [m].

    Clauses of two literals of one variable count as any other.
    """
    kinds, widths, bounds = formula.kinds, formula.widths, formula.bounds
    few = np.where(kinds == Kind.NOT_ALL_EQUAL, 2, 1)
    violated = widths < np.where(kinds == Kind.AT_LEAST, bounds, few)
    holds = (kinds == Kind.AT_LEAST) & (bounds <= 0)
    return np.where(violated, 1, np.where(holds, 0, -1)).astype(np.int8)


def _shapes(formula: Formula) -> Iterator[tuple[tuple[Kind, int, int], NDArray[np.int64]]]:
    """(kind, width, bound) of each group, with its constraints; one of width 1 if there is none.

    What is decided becomes a clause of one literal, which is constant. To have few shapes, wide
    clauses get literals that are always false, and wide cardinality constraints both such literals
    and, to have the same bound, some that are always true.
    """
    decided = _decided(formula) >= 0
    clause = decided | ((formula.kinds == Kind.AT_LEAST) & (formula.bounds == 1))
    kinds = np.where(clause, Kind.OR, formula.kinds)
    widths, bounds = np.where(decided, 1, formula.widths), np.zeros(len(kinds), np.int64)
    counts = kinds == Kind.AT_LEAST
    bounds[counts] = _padded(formula.bounds[counts].astype(np.int64))
    widths[counts] += bounds[counts] - formula.bounds[counts]
    widths = np.where(counts | (kinds == Kind.OR), _padded(widths), widths)
    shapes = np.stack([kinds, widths, bounds], axis=1)
    found, inverse = np.unique(shapes, axis=0, return_inverse=True)
    if not len(found):
        yield (Kind.OR, 1, 0), np.zeros(0, np.int64)
    for i, (kind, width, bound) in enumerate(found):
        members = np.flatnonzero(inverse.ravel() == i)
        yield (Kind(kind), int(width), int(bound)), members


def _padded(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The next of 1, 2, ..., 8, 10, ..., 16, 20, ..., 32, 40, ... for each."""
    _, exponents = np.frexp(sizes - 1)
    steps = 1 << np.maximum(exponents.astype(np.int64) - 3, 0)
    return -(-sizes // steps) * steps


def _literals(
    formula: Formula, members: NDArray[np.int64], width: int, bound: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Variable from 0, slope and offset of the chance to be false of each literal, all [width, m].

    Missing literals are always false, but for those true that make up for a bound below the
    group's; they have an entry of 0 at a variable of the same constraint.
    """
    widths = formula.widths[members]
    slot = np.arange(width)[:, None]
    used = slot < widths
    place = np.where(used, formula.starts[members] + slot, formula.starts[members])
    read = np.append(formula.literals, 1)[place].astype(np.int64)
    own = np.where(widths > 0, read, 1)
    signs = np.where(used, -np.sign(own), 0).astype(np.float64)
    true = slot < widths + np.where(bound > 0, bound - formula.bounds[members], 0)
    return np.abs(own) - 1, signs, np.where(used, own > 0, ~true).astype(np.float64)
