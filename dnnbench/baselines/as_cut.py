"""QUBO and Ising instances as cut problems, so that baselines need to know of cuts alone.

A model of n variables has the points of a maximum cut of n + 1 vertices (`instances.quadratic`).
"""

from typing import Any, NamedTuple

import numpy as np

from dnnbench.baselines.base import Search
from dnnbench.instances.quadratic import CutForm, QuadraticModel, to_cut
from dnnbench.problems.base import Exact
from dnnbench.problems.cut.exact import MaxCut

_MIRRORED = {"upper_bound": "lower_bound"}
"""Notes that are values of the objective: largest cuts are smallest values."""

_VALUES = frozenset({"relaxation_value"})
"""Other notes that are values of the objective."""


class Posed(NamedTuple):
    """What a baseline is given."""

    problem: Exact
    public: Any
    search: Search


def posed(problem: Exact, public: Any, search: Search) -> Posed:
    """The problem, its instance and the search as baselines see them: cuts for quadratic models."""
    if not isinstance(public, QuadraticModel):
        return Posed(problem, public, search)
    form = to_cut(public)
    return Posed(MaxCut(), form.graph, _CutSearch(form, search))


class _CutSearch:
    """A `Search` for cuts that passes on points of the model."""

    def __init__(self, form: CutForm, search: Search) -> None:
        self._form, self._search = form, search

    def should_stop(self) -> bool:
        return self._search.should_stop()

    def seconds_left(self) -> float:
        return self._search.seconds_left()

    def offer(self, z: np.ndarray, claim: float, steps: int, restarts: int) -> None:
        self._search.offer(self._form.bits(z), self._form.value(claim), steps, restarts)

    def note(self, name: str, value: bool | int | float | str) -> None:
        if name in _MIRRORED or name in _VALUES:
            value = self._form.value(float(value))
        self._search.note(_MIRRORED.get(name, name), value)

    def prove(self, status: str, certificate: np.ndarray) -> bool:
        del certificate
        raise NotImplementedError(f"every cut is feasible and bounded: nothing can be {status}")
