"""Baselines of differential equations: solve on finer and finer discretisations.

One trial's trace is then error against time. What nobody but the referee knows, the error, is
estimated: by the difference of two successive resolutions at the evaluation points.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import psutil
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.discretisation.solution import NotSolvedError, Solution
from dnnbench.errors import UserError, unknown
from dnnbench.problems.base import Exact, better

_UNKNOWN_ERROR = 1.0
"""What is claimed of the first resolution, which there is nothing to compare with."""

_SMALLEST_CLAIM = 1e-100
"""Above zero, which nothing would be better than."""

_ROUNDING = 1e-9
"""Estimates below this that fall no more show that rounding is all that is left."""

_MEMORY = 0.8
"""Share of the free memory that a resolution may need."""

_SAFETY = 1.5
"""What more than foreseen a resolution may take: the trial is killed if it runs on for long."""

_COARSE = 8


@dataclass(frozen=True)
class Refinement(Baseline):
    """Subclasses give `schemes`, and may set `growth` and give `options`.

    A step and a restart are both one resolution. The claim is the estimated relative L2 error, 1
    at first; it always falls, if only by a billionth, so that a finer resolution counts as the
    better answer even where its own estimate says otherwise (that is the note `estimated_error`).
    A resolution too coarse for its solver to find a solution is passed over.

    Attributes:
        first_resolution: where to begin.
        last_resolution: where to end; None for as far as time and memory allow.
    """

    first_resolution: int
    last_resolution: int | None

    version: ClassVar[int] = 1
    growth: ClassVar[float] = 2.0

    def schemes(self) -> Mapping[str, Callable[..., Solution]]:
        """By problem: a function of the resolution, `options` and the equation's coefficients."""
        raise NotImplementedError

    def options(self) -> dict[str, Any]:
        """Further settings that the schemes take."""
        return {}

    def solution(self, name: str, coefficients: Mapping[str, float], resolution: int) -> Solution:
        """The discrete solution of a problem.

        Raises:
            UserError: there is no scheme for it.
        """
        schemes = self.schemes()
        if name not in schemes:
            raise unknown("problem", name, schemes)
        return schemes[name](resolution, **self.options(), **coefficients)

    def prepare(self, problem: Exact, public: Any) -> None:
        """Import the libraries, on a coarse discretisation."""
        with suppress(NotSolvedError):
            self.solution(problem.name, public.parameters, _COARSE)(public.points[:1])

    def solve(
        self,
        problem: Exact,
        public: Any,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Refine until the last resolution, the limits, or rounding, and offer every solution.

        Raises:
            UserError: there are no resolutions, or all are too coarse.
        """
        first, last = self.first_resolution, self.last_resolution
        if last is not None and last < first:
            raise UserError(f"last_resolution={last} is below first_resolution={first}")
        course = _Course(problem, search)
        failure = ""
        for resolution in self._resolutions():
            ended_by = self._ends(course, limits, search) if course.done or failure else None
            if ended_by:
                search.note("ended_by", ended_by)
                return
            began = time.perf_counter()
            try:
                solution = self.solution(problem.name, public.parameters, resolution)
                values = solution(public.points).reshape(len(public.points), -1)
            except NotSolvedError as error:
                failure = str(error)
                continue
            except MemoryError:
                if not course.done:
                    raise
                search.note("ended_by", "memory")
                return
            course.offer(values)
            course.took(time.perf_counter() - began, solution.peak_bytes)
            search.note("resolution", resolution)
            search.note("unknowns", solution.unknowns)
            search.note("order", "spectral" if solution.order is None else solution.order)
        if not course.done:
            raise UserError(f"last_resolution={self.last_resolution} is too coarse: {failure}")
        search.note("ended_by", "last_resolution")

    def _resolutions(self) -> Iterator[int]:
        resolution = float(self.first_resolution)
        while self.last_resolution is None or round(resolution) <= self.last_resolution:
            yield round(resolution)
            resolution *= self.growth

    def _ends(self, course: "_Course", limits: Limits, search: Search) -> str | None:
        """What forbids a next resolution, if anything; what cannot end in time is not begun."""
        allowed = [limit for limit in (limits.steps, limits.restarts) if limit is not None]
        free = _MEMORY * psutil.virtual_memory().available
        reasons = {
            "steps": course.done >= min(allowed, default=np.inf),
            "rounding": course.rounding,
            "time": search.should_stop() or course.next_seconds > search.seconds_left(),
            "memory": course.next_bytes > free,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)


class _Course:
    """What came out so far: estimates, claims, times and memory.

    Attributes:
        done: number of resolutions that were solved.
    """

    def __init__(self, problem: Exact, search: Search) -> None:
        self._problem, self._search = problem, search
        self._values: NDArray[np.float64] | None = None
        self._estimates: list[float] = []
        self._claim = _UNKNOWN_ERROR
        self._seconds: list[float] = []
        self._bytes: list[int] = []
        self.done = 0

    def offer(self, values: NDArray[np.float64]) -> None:
        """Pass on values [n, fields] with a claim that is better than the last."""
        if self._values is not None:
            estimate = relative_difference(values, self._values)
            self._estimates.append(estimate)
            self._search.note("estimated_error", estimate)
            self._claim = min(max(estimate, _SMALLEST_CLAIM), self._claim * (1 - 1e-9))
        self._values = values
        self.done += 1
        sign = 1 if better(0, 1, self._problem.sense) else -1
        self._search.offer(values, sign * self._claim, self.done, self.done)

    def took(self, seconds: float, peak_bytes: int) -> None:
        """Keep what the last resolution took."""
        self._seconds.append(seconds)
        self._bytes.append(peak_bytes)

    @property
    def rounding(self) -> bool:
        """Whether the last estimates are small and fall no more."""
        return len(self._estimates) > 1 and (
            self._estimates[-2] <= min(_ROUNDING, self._estimates[-1])
        )

    @property
    def next_seconds(self) -> float:
        """What the next resolution may take, if the last two are anything to go by."""
        return _SAFETY * _continued(self._seconds)

    @property
    def next_bytes(self) -> float:
        """The memory that it will take."""
        return _continued(self._bytes)


def relative_difference(values: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Norm of the difference over that of the values, 0 if they are equal."""
    difference = float(np.linalg.norm(values - others))
    return difference / float(np.linalg.norm(values)) if difference else 0.0


def _continued(figures: list[Any]) -> float:
    """The next of a growing sequence; it grows by 4 if only one is known, and at least stays."""
    if len(figures) < 2:
        return 4.0 * sum(figures)
    return float(figures[-1]) * max(1.0, figures[-1] / figures[-2])
