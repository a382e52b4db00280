"""Local search that walks through violated constraints: WalkSAT and probSAT.

A step draws a violated constraint and flips one of its variables. WalkSAT/SKC (Selman, Kautz,
Cohen, "Noise strategies for improving local search", AAAI 1994) flips one that breaks no other
constraint if there is one; else, with the chance `noise`, any, or else one of those that break
least. probSAT (Balint, Schoning, "Choosing probability distributions for stochastic local search
and the role of make versus break", SAT 2012, doi:10.1007/978-3-642-31612-8_3) draws the variable,
with probabilities that fall with what it breaks. No maintained package for Python was found that
has either: the search is compiled by numba.

Beyond clauses, the constraint counts its true literals. Where too few are true only a false one may
be flipped (for a clause these are all), in the other kinds any.

With weights, as in Jiang, Kautz, Selman, "Solving problems with hard and soft constraints using a
stochastic algorithm for MAX-SAT", 1995, hard constraints come first: while some are violated one of
them is drawn. Of soft ones the chance is proportional to the weight. What breaks counts by its
weight over the mean weight, a hard constraint as much as the heaviest soft one; the best assignment
is the one with the fewest hard constraints violated, then the least weight.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import missing_extra
from dnnbench.baselines.satisfiability.common import Incumbent, is_hard
from dnnbench.baselines.satisfiability.counts import Counts, counts
from dnnbench.baselines.weights import most
from dnnbench.errors import unknown
from dnnbench.instances.formula import Formula, Kind, clauses
from dnnbench.problems.base import Exact

if TYPE_CHECKING:
    from dnnbench.baselines.satisfiability.walk_kernel import Rule

_CHUNK = 1 << 16
"""Steps between two looks at the clock, or fewer: some 20 milliseconds of compiled work."""

_WORK = 4_000_000
"""Occurrences of variables looked at between two looks at the clock."""

_FUNCTIONS = ("published", "polynomial", "exponential")

_PUBLISHED = {4: 2.85, 5: 3.7, 6: 5.1, 7: 5.4}
"""cb by the longest clause, from the authors' program (version SC13.2); shorter ones polynomial."""

_PUBLISHED_POLYNOMIAL = 2.06


@dataclass(frozen=True)
class _Walking(Baseline):
    """Subclasses say how the variable is chosen. A step is one flip.

    Attributes:
        start_length: steps after which a walk begins again at random, in units of n.
    """

    version: ClassVar[int] = 1
    baseline: ClassVar[str]
    start_length: int

    def rule(self, formula: Formula, most_breaks: int, weighted: bool) -> "Rule":
        """How the variable is chosen; no flip breaks more than `most_breaks` constraints."""
        raise NotImplementedError

    def prepare(self, problem: Exact, public: Formula) -> None:
        """Compile the walk, on a formula of two variables."""
        pair = clauses(2, [[1, 2], [-1, -2]])
        _Run(pair, counts(pair), np.random.default_rng(0), self).advance(1)

    def solve(
        self,
        problem: Exact,
        public: Formula,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Walk until nothing is violated, `search.should_stop()` or the first of the limits."""
        most_steps, most_starts = most(limits.steps), most(limits.restarts)
        best = Incumbent(public, search)
        run = _Run(public, best.counts, rng, self)
        length = self.start_length * public.num_variables
        steps = starts = made = 0
        while steps < most_steps and starts < most_starts:
            if made >= length:
                run.start()
                made = 0
            allowed = int(min(_CHUNK, length - made, most_steps - steps))
            done = run.advance(allowed)
            steps += done
            made += done
            starts += made >= length or run.solved
            if run.improved:
                best.offer(run.best, steps, starts)
            if run.solved or search.should_stop():
                break
        best.finish(steps, starts)


class _Run:
    """Walks on one formula, one after the other; the first has begun.

    Attributes:
        best: the best assignment of all, uint8 [n].
        improved: whether the last `advance` found it.
    """

    def __init__(
        self, formula: Formula, counts: Counts, rng: np.random.Generator, solver: _Walking
    ) -> None:
        try:
            from dnnbench.baselines import draws
            from dnnbench.baselines.satisfiability import walk_kernel
        except ModuleNotFoundError as error:
            raise missing_extra(solver.baseline) from error
        self._kernel, self._rng = walk_kernel, rng
        hard = is_hard(formula)
        n, m = formula.num_variables, formula.num_constraints
        costs = np.where(hard, 0, formula.costs).astype(np.float64)
        weights = np.ones(m)
        if not hard.all():
            weights[~hard] = costs[~hard] / costs[~hard].mean()
            weights[hard] = weights[~hard].max()
        by_variable = counts.by_variable
        of = np.stack((np.zeros(m), counts.least, counts.greatest, counts.odd), 1)
        starts = by_variable.indptr.astype(np.int64)
        self._rule = solver.rule(formula, int(np.diff(starts).max()), bool((weights != 1).any()))
        self._walk = walk_kernel.Walk(
            members=formula.literals,
            member_starts=formula.starts,
            constraints=by_variable.indices.astype(np.int32),
            changes=by_variable.data.astype(np.int32),
            starts=starts,
            of=of.astype(np.int32),
            hard=hard.astype(np.uint8),
            costs=costs,
            weights=weights,
            heaviest=float(costs.max(initial=0)),
            z=np.zeros(n, np.uint8),
            violated=np.zeros((2, m), np.int32),
            places=np.zeros(m, np.int32),
            sizes=np.zeros(2, np.int64),
            cost=np.array([0.0, np.inf]),
            fewest=np.array([m + 1]),
            journal=np.zeros(_CHUNK, np.int32),
            scores=np.zeros(max(1, formula.widths.max(initial=0))),
            draw=draws.seeded(rng),
        )
        self.best, self.improved = self._walk.z.copy(), False
        self.start()

    @property
    def solved(self) -> bool:
        """Whether nothing is violated."""
        return not self._walk.sizes.any()

    def start(self) -> None:
        """Begin again at a uniformly random assignment."""
        n = len(self._walk.z)
        self._walk.z[:] = self._rng.integers(0, 2, size=n, dtype=np.uint8)
        self._kernel.begin(self._walk)

    def advance(self, allowed: int) -> int:
        """Make up to `allowed` steps, fewer if they take long, and say how many."""
        steps, flips, at = self._kernel.walk(self._walk, self._rule, allowed, _WORK)
        self.improved = at >= 0
        if self.improved:
            since = self._walk.journal[at:flips]  # undone, they lead back to the best
            odd = np.bincount(since, minlength=len(self._walk.z)) % 2
            self.best = self._walk.z ^ odd.astype(np.uint8)
        return int(steps)


@dataclass(frozen=True)
class WalkSat(_Walking):
    """WalkSAT/SKC.

    Attributes:
        noise: chance of a random variable where each one breaks something.
    """

    baseline: ClassVar[str] = "walksat"
    noise: float

    def rule(self, formula: Formula, most_breaks: int, weighted: bool) -> "Rule":
        """How the variable is chosen."""
        from dnnbench.baselines.satisfiability.walk_kernel import Rule

        return Rule(self.noise, np.zeros(0), False, 0.0, 0.0)


@dataclass(frozen=True)
class ProbSat(_Walking):
    """probSAT with break values alone, as its authors' program.

    Attributes:
        function: `polynomial`, (eps + break)^-cb, `exponential`, cb^-break, or `published`, the one
            and the cb that the authors' program takes for the longest clause: up to 3 literals
            polynomial with 2.06, else exponential with 2.85, 3.7, 5.1 and, from 7 literals, 5.4.
        cb: how fast the probability falls with the break; not looked at for `published`.
        eps: keeps the polynomial finite where nothing breaks.
    """

    baseline: ClassVar[str] = "probsat"
    function: str
    cb: float
    eps: float

    def rule(self, formula: Formula, most_breaks: int, weighted: bool) -> "Rule":
        """How the variable is chosen."""
        if self.function not in _FUNCTIONS:
            raise unknown("function", self.function, _FUNCTIONS)
        from dnnbench.baselines.satisfiability.walk_kernel import Rule

        polynomial, cb = self.function == "polynomial", self.cb
        if self.function == "published":
            longest = int(formula.widths[formula.kinds == Kind.OR].max(initial=1))
            polynomial = longest <= 3
            cb = _PUBLISHED_POLYNOMIAL if polynomial else _PUBLISHED[min(longest, 7)]
        breaks = np.arange(0 if weighted else most_breaks + 1, dtype=np.float64)
        scores = (self.eps + breaks) ** -cb if polynomial else cb**-breaks
        return Rule(-1.0, scores, polynomial, cb, self.eps)
