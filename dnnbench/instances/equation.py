"""What an instance of the family `pde` is: the name of an equation, whose problem has the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

PREFIX = "equation/"
"""Instances are named `equation/burgers_1d` and so on."""


@dataclass(frozen=True)
class Equation:
    """An equation with its domain and conditions, by name.

    Attributes:
        name: of the problem that poses it.
    """

    name: str


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The public half of a posed equation: where the solution is asked for.

    Attributes:
        points: float64 [n, d], in the closed domain.
        parameters: the equation's coefficients (viscosity, wave number) by name.
    """

    points: NDArray[np.float64]
    parameters: Mapping[str, float] = field(default_factory=dict)
