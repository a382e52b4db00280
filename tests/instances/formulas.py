"""Formulas by their definition, one constraint at a time."""

import itertools

import numpy as np

from dnnbench.instances.formula import Formula, Kind


def same(a: Formula, b: Formula) -> bool:
    names = ("num_variables", "literals", "starts", "kinds", "bounds", "weights", "hard")
    pairs = [(getattr(a, name), getattr(b, name)) for name in names]
    return all((x is None) == (y is None) and np.array_equal(x, y) for x, y in pairs if x is not y)


def holds(formula: Formula, index: int, true: set[int]) -> bool:
    """Whether a constraint holds where these variables are true and the others false."""
    literals = formula.constraint(index).tolist()
    count = sum((abs(literal) in true) == (literal > 0) for literal in literals)
    kind = formula.kinds[index]
    if kind == Kind.XOR:
        return count % 2 == 1
    if kind == Kind.AT_LEAST:
        return count >= formula.bounds[index]
    if kind == Kind.NOT_ALL_EQUAL:
        return 0 < count < len(literals)
    return count > 0


def violated(formula: Formula) -> list[int]:
    """The number of violated constraints for each assignment, in order of the subsets of 1..n."""
    variables = range(1, formula.num_variables + 1)
    subsets = [
        set(s) for k in range(len(variables) + 1) for s in itertools.combinations(variables, k)
    ]
    every = range(formula.num_constraints)
    return [sum(not holds(formula, i, true) for i in every) for true in subsets]


def as_clauses(formula: Formula) -> list[list[int]]:
    """Clauses of the same models: each forbids what violates a constraint."""
    clauses = []
    for index in range(formula.num_constraints):
        variables = sorted({abs(literal) for literal in formula.constraint(index).tolist()})
        for signs in itertools.product((1, -1), repeat=len(variables)):
            true = {v for v, sign in zip(variables, signs, strict=True) if sign > 0}
            if not holds(formula, index, true):
                clauses.append([-sign * v for v, sign in zip(variables, signs, strict=True)])
    return clauses


def assert_valid(formula: Formula) -> None:
    """What `Formula` promises, and that no constraint is hopeless by its numbers alone."""
    n, m = formula.num_variables, formula.num_constraints
    assert n >= 1
    assert (formula.literals.dtype, formula.starts.dtype) == (np.int32, np.int64)
    assert (formula.kinds.dtype, formula.bounds.dtype) == (np.uint8, np.int32)
    assert len(formula.starts) == m + 1
    assert formula.starts[0] == 0
    assert formula.starts[-1] == len(formula.literals)
    assert (formula.widths >= 1).all()
    assert ((formula.literals != 0) & (np.abs(formula.literals) <= n)).all()
    assert np.isin(formula.kinds, list(Kind)).all()
    assert (formula.bounds >= 0).all()
    assert (formula.bounds <= formula.widths).all()
    assert not formula.bounds[formula.kinds != Kind.AT_LEAST].any()
    assert not (formula.widths[formula.kinds == Kind.NOT_ALL_EQUAL] == 1).any()
    if formula.weights is not None:
        assert formula.weights.dtype in (np.int64, np.float64)
        assert formula.weights.shape == (m,)
        assert ((formula.weights > 0) & (formula.weights < 2**53)).all()
        assert (formula.weights != 1).any()
    if formula.hard is not None:
        assert formula.hard.dtype == np.bool_
        assert formula.hard.any()
        assert (formula.costs[formula.hard] == 1).all()
    arrays = (formula.literals, formula.starts, formula.kinds, formula.bounds)
    assert not any(array.flags.writeable for array in arrays)
