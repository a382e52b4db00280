"""Formulas as messages to another process (`apart.child`), which loads no more than it must."""

from typing import Any

from numpy.typing import NDArray

from dnnbench.instances.formula import Formula


def as_arrays(formula: Formula) -> list[NDArray[Any]]:
    """The constraints without their weights."""
    return [formula.literals, formula.starts, formula.kinds, formula.bounds]


def from_arrays(num_variables: int, arrays: list[NDArray[Any]]) -> Formula:
    """The formula of such a message; further arrays are not looked at."""
    literals, starts, kinds, bounds = arrays[:4]
    return Formula(num_variables, literals, starts, kinds, bounds)
