"""Formulas of a few variables on which every solver of satisfiability is checked."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from dnnbench.instances.formula import Formula, Kind, clauses


def tiny_formulas() -> dict[str, Formula]:
    """Clauses with few solutions, clauses with none, and constraints of every kind."""
    return {"three_sat": _three_sat(), "unsatisfiable": _unsatisfiable(), "mixed": _mixed()}


def tiny_weighted() -> dict[str, Formula]:
    """Whole and real weights, and hard constraints that can hold but not beside all soft ones."""
    return {
        "weighted": _weigh(_unsatisfiable(), [3, 2, 4, 5, 1, 2, 3, 1, 2, 4]),
        "real": _weigh(_unsatisfiable(), [0.75, 0.5, 1.25, 2.0, 0.1, 0.3, 1.5, 0.2, 0.7, 1.0]),
        "partial": _partial(),
        "mixed": _weigh(_mixed(), [1, 2, 1, 1, 3, 2, 1, 1], [1, 0, 1, 0, 1, 0, 0, 1]),
    }


def _three_sat() -> Formula:
    """Twenty clauses of three out of eight variables; two assignments satisfy all."""
    each: list[tuple[int, ...]] = [
        *((-1, 2, 4), (1, -3, 5), (1, -3, -7), (-1, -4, 5), (-1, -4, 6)),
        *((1, 4, -8), (1, -4, 8), (-1, 6, 7), (-1, 6, -8), (-2, 3, 4)),
        *((2, -3, 6), (-2, 5, -6), (-3, 4, -6), (3, 4, -7), (-4, -5, -6)),
        *((4, -5, 8), (4, -6, 8), (-4, 6, -8), (4, -6, -8), (5, -6, -8)),
    ]
    return clauses(8, each)


def _unsatisfiable() -> Formula:
    """The first four clauses contradict each other; one violation is enough."""
    each: list[tuple[int, ...]] = [(1, 2), (1, -2), (-1, 3), (-1, -3)]
    each += [(4, 5), (-4, 6), (-5, -6), (2, 4), (-2, 5), (3, -6)]
    return clauses(6, each)


def _mixed() -> Formula:
    """Every kind of constraint, on eight variables."""
    rows: tuple[tuple[Kind, int, tuple[int, ...]], ...] = (
        (Kind.XOR, 0, (1, 2, -3)),
        (Kind.XOR, 0, (3, 4, 5, 6)),
        (Kind.AT_LEAST, 3, (1, -2, 4, 7, -8)),
        (Kind.AT_LEAST, 2, (-4, -5, -6)),
        (Kind.NOT_ALL_EQUAL, 0, (2, 5, 7)),
        (Kind.NOT_ALL_EQUAL, 0, (-1, 6, 8, -3)),
        (Kind.OR, 0, (3, -7)),
        (Kind.OR, 0, (-2, 8, 5)),
    )
    formula = clauses(8, [literals for _, _, literals in rows])
    kinds, bounds, _ = zip(*rows, strict=True)
    return replace(formula, kinds=np.array(kinds, np.uint8), bounds=np.array(bounds, np.int32))


def _partial() -> Formula:
    """Hard: at most one of 1, 2, 3 and of 4, 5, 6, and 7 neither with 1 nor with 4. Soft: all."""
    forbidden = [(-1, -2), (-1, -3), (-2, -3), (-4, -5), (-4, -6), (-5, -6), (-7, -1), (-7, -4)]
    wished = [(variable,) for variable in range(1, 8)]
    hard = [1] * len(forbidden) + [0] * len(wished)
    return _weigh(clauses(7, [*forbidden, *wished]), [1] * 8 + [5, 3, 2, 4, 3, 1, 3], hard)


def _weigh(formula: Formula, weights: ArrayLike, hard: ArrayLike | None = None) -> Formula:
    """The formula with these weights, ones for what is hard."""
    if hard is None:
        return replace(formula, weights=np.asarray(weights))
    is_hard = np.asarray(hard, bool)
    return replace(formula, weights=np.where(is_hard, 1, weights), hard=is_hard)
