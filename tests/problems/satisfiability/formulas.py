"""Formulas to draw, and a plain and slow judge of them that shares nothing with the package."""

import numpy as np
from hypothesis import strategies as st

from dnnbench.instances.formula import Formula, Kind

N = 5
KINDS = st.sampled_from(list(Kind))
LITERALS = st.lists(
    st.integers(1, N).flatmap(lambda v: st.sampled_from([v, -v])), min_size=0, max_size=5
)


def formula(rows, n=N, weights=None, hard=None):
    """A formula from (kind, bound, literals) rows."""
    widths = [len(literals) for _, _, literals in rows]
    return Formula(
        n,
        np.array([literal for _, _, literals in rows for literal in literals], np.int32),
        np.concatenate([[0], np.cumsum(widths)]).astype(np.int64),
        np.array([kind for kind, _, _ in rows], np.uint8),
        np.array([bound for _, bound, _ in rows], np.int32),
        None if weights is None else np.array(weights),
        None if hard is None else np.array(hard, bool),
    )


def row(kind, bound, literals):
    return (kind, bound if kind == Kind.AT_LEAST else 0, tuple(literals))


ROWS = st.lists(st.builds(row, KINDS, st.integers(0, 6), LITERALS), min_size=1, max_size=8)


@st.composite
def formulas(draw):
    """Any kinds, with or without weights (whole or real) and hard constraints."""
    rows = draw(ROWS)
    size = len(rows)
    hard = draw(st.none() | st.lists(st.booleans(), min_size=size, max_size=size))
    numbers = draw(st.sampled_from([st.integers(1, 9), st.floats(0.125, 4.0)]))
    weights = draw(st.none() | st.lists(numbers, min_size=size, max_size=size))
    if weights is not None and hard is not None:
        weights = [1 if h else w for w, h in zip(weights, hard, strict=True)]
    return formula(rows, weights=weights, hard=hard)


def holds(kind, bound, literals, z):
    """Whether one constraint holds, said as in its definition."""
    values = [bool(z[abs(literal) - 1]) is (literal > 0) for literal in literals]
    if kind == Kind.OR:
        return any(values)
    if kind == Kind.XOR:
        odd = False
        for value in values:
            odd ^= value
        return odd
    if kind == Kind.AT_LEAST:
        return len([value for value in values if value]) >= bound
    return any(values) and not all(values)


def failing(f, z):
    """The constraints that do not hold, one after the other."""
    return [
        i
        for i in range(f.num_constraints)
        if not holds(f.kinds[i], f.bounds[i], f.constraint(i).tolist(), z)
    ]


def judged(f, z):
    """(violated hard constraints, weight of the violated soft ones)."""
    bad = failing(f, z)
    is_hard = [False] * f.num_constraints if f.hard is None else f.hard.tolist()
    costs = f.costs.tolist()
    return sum(is_hard[i] for i in bad), sum(costs[i] for i in bad if not is_hard[i])


def points(n):
    """All assignments, uint8 [2^n, n]."""
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.uint8)
