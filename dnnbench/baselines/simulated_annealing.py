"""Simulated annealing with D-Wave's C++ sampler (dwave-samplers, Apache-2.0).

Kirkpatrick, Gelatt, Vecchi, "Optimization by simulated annealing", Science 220(4598), 1983,
doi:10.1126/science.220.4598.671. Cutting most is minimising sum of w_uv s_u s_v over spins.

A read starts at random spins and lowers the temperature geometrically over the sampler's own
range: from where even the vertex with the largest sum of |w| flips freely (half of the time) to
where a flip that costs the least non-zero weight is expected 0.01 times in a whole sweep.
One long read beats many short ones, so with a clock most of the budget goes into one read; two
short ones before it give an anytime curve and the speed on this instance and machine.

A read is played in slices of about 50 ms, each going on from the last one's spins, since the
sampler cannot be interrupted. The number of sweeps to come is corrected after each from the time
that is left, so that the read is cold when its time is up, even on a machine that slows down.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import Incumbent, missing_extra, spin_model
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact

_LADDER = (0.05, 0.15)
"""Shares of the budget that the first reads get; the next gets what is left."""

_MARGIN = 0.01
"""Share of what is left for which the long read stays at its coldest, against overrunning."""

_DEFAULT_SWEEPS = 1000
"""The sampler's own number of sweeps a read, where neither seconds nor steps bound the run."""

_PROBE = 50
"""Sweeps that find out the speed; a short read that would be even shorter is left out."""


@dataclass(frozen=True)
class SimulatedAnnealing(Baseline):
    """Annealing reads. A step is one sweep over all vertices, a restart one read.

    Attributes:
        num_sweeps: sweeps a read, repeated until the budget ends; None sizes the reads so that
            the budget ends with one long one.
    """

    version: ClassVar[int] = 1
    num_sweeps: int | None

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Import the libraries (seconds on a cold disk) and call them once, on a single edge."""
        pair = Graph(2, np.array([[0, 1]], np.int32), np.ones(1))
        _Sampler(pair, np.random.default_rng(0))

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Read until `search.should_stop()` or the first of the limits."""
        best = Incumbent(public, search)
        if not public.weights.any():  # every cut is worth nothing, and the sampler would warn
            best.offer(problem.random(public, rng), 0, 0)
            return
        sampler = _Sampler(public, rng)
        best.offer((sampler.first > 0).astype(np.uint8), 0, 0)
        run = _Run(sampler, best, search, limits)
        if self.num_sweeps is None:
            run.sized_reads()
        else:
            run.equal_reads(self.num_sweeps)
        best.finish(run.steps, run.reads)


class _Sampler:
    """The library's sampler on one graph.

    Attributes:
        sweeps_per_slice: how many take about 50 ms; at least 1000, as a call costs about 80.
        first: spins after the single sweep that makes the library name its temperatures, int8
            [n]; that sweep is not counted.
    """

    def __init__(self, graph: Graph, rng: np.random.Generator) -> None:
        try:
            from dwave.samplers import SimulatedAnnealingSampler

            self._model = spin_model(graph)
        except ModuleNotFoundError as error:
            raise missing_extra("simulated_annealing") from error
        n, m = graph.num_vertices, graph.num_edges
        self._sampler = SimulatedAnnealingSampler()
        self._labels = range(n)
        self._rng = rng
        default = self._sampler.sample(self._model, num_reads=1, num_sweeps=1, seed=self._seed())
        self.first: NDArray[np.int8] = default.record.sample[0]
        self._hot, self._cold = (float(beta) for beta in default.info["beta_range"])
        self.sweeps_per_slice = max(1000, int(0.05 / (15e-9 * n + 0.5e-9 * m)))

    def _seed(self) -> int:
        return int(self._rng.integers(2**31))

    def random(self) -> NDArray[np.int8]:
        """Uniformly random spins, int8 [n]."""
        return 2 * self._rng.integers(0, 2, size=len(self._labels), dtype=np.int8) - 1

    def anneal(self, spins: NDArray[np.int8], places: NDArray[np.float64]) -> NDArray[np.int8]:
        """One sweep at each place of the schedule, from 0 (hot) to 1 (cold)."""
        answer = self._sampler.sample(
            self._model,
            beta_schedule_type="custom",
            beta_schedule=self._hot * (self._cold / self._hot) ** places,
            initial_states=(spins[None, :], self._labels),
            seed=self._seed(),
        )
        return np.asarray(answer.record.sample[0], dtype=np.int8)


class _Run:
    """The reads of one trial.

    Attributes:
        steps: sweeps so far.
        reads: reads finished so far.
    """

    def __init__(self, sampler: _Sampler, best: Incumbent, search: Search, limits: Limits) -> None:
        self._sampler = sampler
        self._best = best
        self._search = search
        self._most_steps = np.inf if limits.steps is None else limits.steps
        self._most_reads = np.inf if limits.restarts is None else limits.restarts
        self._sweeps_per_second = 0.0
        self._measured = 0  # sweeps of the longest slice timed
        self.steps = 0
        self.reads = 0

    def equal_reads(self, sweeps: int) -> None:
        """Read after read of this many sweeps; the last one may be shorter."""
        while self._steps_left() > 0 and self.reads < self._most_reads:
            end = self.steps + min(sweeps, self._steps_left())
            if not self._read(self._sizing(-np.inf, end)):
                return

    def sized_reads(self) -> None:
        """Two short reads and a long one, by the steps and seconds there are."""
        timed = np.isfinite(self._search.seconds_left())
        if not timed and np.isinf(self._most_steps):
            self.equal_reads(_DEFAULT_SWEEPS)
            return
        if timed:
            self._probe()
            if self._search.should_stop():
                return
        all_seconds, all_steps = self._search.seconds_left(), self._most_steps
        ladder = list(_LADDER)
        while self.reads < self._most_reads and self._steps_left() > 0:
            seconds, steps = self._search.seconds_left(), self._steps_left()
            rung = ladder.pop(0) if ladder and self.reads + 1 < self._most_reads else None
            if rung is None:
                spent, sweeps = (1 - _MARGIN) * seconds, steps
            else:
                spent, sweeps = rung * all_seconds, min(steps, max(1.0, rung * all_steps))
            end = seconds - spent if timed else -np.inf
            if timed and spent * self._sweeps_per_second < _PROBE:
                if rung is not None:
                    continue
                end, sweeps = -np.inf, min(steps, max(1.0, spent * self._sweeps_per_second))
            last = self.steps + sweeps
            if not self._read(self._sizing(end, last), hold=timed and rung is None):
                return

    def _sizing(self, end: float, last: float) -> Callable[[], float]:
        """Sweeps a read has left if it ends at `end` seconds left or at `last` sweeps in all."""

        def left() -> float:
            sweeps = last - self.steps
            if np.isfinite(end):
                sweeps = min(sweeps, (self._search.seconds_left() - end) * self._sweeps_per_second)
            return sweeps

        return left

    def _steps_left(self) -> float:
        return self._most_steps - self.steps

    def _read(self, left: Callable[[], float], hold: bool = False) -> bool:
        """One read of `left()` sweeps, a number asked again after each slice.

        Args:
            left: sweeps to come.
            hold: then go on at the coldest place until told to stop.

        Returns:
            Whether to go on.
        """
        spins = self._sampler.random()
        place, stopped = 0.0, False
        while place < 1 and not stopped and (sweeps := left()) >= 1:
            sweeps = int(min(sweeps, 2**53))
            longest = self._sampler.sweeps_per_slice
            half = -(-sweeps // 2)  # shorter slices at the end, to meet the clock
            count = sweeps if sweeps <= longest // 4 else min(half, longest)
            places = place + (1 - place) * np.arange(1, count + 1) / sweeps
            spins = self._anneal(spins, places)
            place = 1.0 if count == sweeps else float(places[-1])
            stopped = self._search.should_stop()
        self.reads += place == 1 or not stopped
        if hold and not stopped:
            spins, stopped = self._hold(spins), True
        self._best.offer((spins > 0).astype(np.uint8), self.steps, self.reads, worse=True)
        return not stopped

    def _hold(self, spins: NDArray[np.int8]) -> NDArray[np.int8]:
        """Sweep at the coldest place, half of the time left at once, until told to stop."""
        while self._steps_left() >= 1 and not self._search.should_stop():
            sweeps = self._search.seconds_left() * self._sweeps_per_second / 2
            count = max(1, int(min(sweeps, self._sampler.sweeps_per_slice, self._steps_left())))
            spins = self._anneal(spins, np.ones(count))
        return spins

    def _probe(self) -> None:
        """Find out the speed; its sweeps count, but it is no read."""
        count = int(min(_PROBE, self._steps_left()))
        spins = self._anneal(self._sampler.random(), np.arange(1, count + 1) / count)
        self._best.offer((spins > 0).astype(np.uint8), self.steps, self.reads)

    def _anneal(self, spins: NDArray[np.int8], places: NDArray[np.float64]) -> NDArray[np.int8]:
        """Play a slice and note the speed, unless the slice is too short to tell it."""
        count, before = len(places), self._search.seconds_left()
        spins = self._sampler.anneal(spins, places)
        self.steps += count
        if np.isfinite(before) and 2 * count >= self._measured:
            self._measured = max(self._measured, count)
            elapsed = before - self._search.seconds_left()
            self._sweeps_per_second = count / max(elapsed, 1e-9)
        return spins
