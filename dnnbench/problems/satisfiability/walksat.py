"""WalkSAT: repair one violated constraint after another, now and then at random.

Selman, Kautz, Cohen, Noise strategies for improving local search (AAAI 1994), the variant known as
WalkSAT/SKC. A flip takes a violated clause at random. If one of its variables breaks no clause when
it is flipped, such a variable is flipped; else, with probability p, any variable of the clause, and
otherwise one that breaks the fewest. p = 0.5 is what the authors' program (walksat 56) takes.

Departures, for formulas that have more than clauses:
- Constraints of all kinds are violated and broken alike. Of a violated `AT_LEAST` only literals
  that are false are candidates; in all others any flip helps.
- Weights: what a flip breaks is summed by weight, and violated hard constraints come first (as in
  Jiang, Kautz, Selman, Solving problems with hard and soft constraints using a stochastic algorithm
  for MAX-SAT, 1995). A hard constraint weighs more than all soft ones together.
- A literal that stands twice in a constraint is judged as if it stood there once.
"""

import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dnnbench.instances.formula import Formula, Kind
from dnnbench.problems.satisfiability.evaluate import falls_short, true_literals, violated

NOISE = 0.5
"""Probability of a random variable where every flip breaks something."""

_FLIPS_A_VARIABLE = 100
_MOST_FLIPS = 100_000
_FLIPS_BETWEEN_LOOKS = 256


def walksat(
    z: NDArray[np.uint8], formula: Formula, rng: np.random.Generator, stop: Callable[[], bool]
) -> NDArray[np.uint8]:
    """The best assignment of a walk that begins at `z`, uint8 [n]; never worse than `z`.

    The walk ends when nothing is violated that could hold, after min(100 n, 100,000) flips, or by
    `stop()`. Assignments compare by violated hard constraints, then by the weight of the others.

    Args:
        z: start, uint8 [n]; left untouched.
        formula: the constraints.
        rng: seeds the walk.
        stop: asked every 256 flips.
    """
    best = z.copy()
    if not violated(z, formula).any():
        return best
    walk = _Walk(z, formula, random.Random(int(rng.integers(2**63))))
    left = min(_FLIPS_A_VARIABLE * formula.num_variables, _MOST_FLIPS)
    while left > 0 and walk.unmet and not stop():
        walk.go(min(left, _FLIPS_BETWEEN_LOOKS))
        left -= _FLIPS_BETWEEN_LOOKS
    flips = np.bincount(walk.flipped[: walk.best_at], minlength=len(z))
    return best ^ (flips % 2).astype(np.uint8)


class _Violated:
    """Violated constraints, of which one can be drawn, added or removed in constant time."""

    def __init__(self) -> None:
        self.members: list[int] = []
        self._places: dict[int, int] = {}

    def toggle(self, constraint: int) -> bool:
        """Add it, or remove it if it is in; whether it is in now."""
        place = self._places.pop(constraint, None)
        if place is None:
            self._places[constraint] = len(self.members)
            self.members.append(constraint)
            return True
        last = self.members.pop()
        if last != constraint:
            self.members[place] = last
            self._places[last] = place
        return False


class _Walk:
    """A walk in plain lists, which Python reads faster than arrays one entry at a time.

    The state of a constraint is a place in tables that constraints of the same kind, width and
    bound share; with each literal that becomes true it moves one up. Literals are numbered
    2 v + 1 (variable v, from 0) and 2 v (its negation).

    Attributes:
        flipped: the variables, in the order of their flips.
        best_at: how many of these flips lead to the best assignment.
    """

    def __init__(self, z: NDArray[np.uint8], formula: Formula, rng: random.Random) -> None:
        self._rng = rng
        shapes = np.column_stack([formula.kinds, formula.widths, formula.bounds])
        kinds_of, shape = np.unique(shapes, axis=0, return_inverse=True)
        table = np.repeat(kinds_of, kinds_of[:, 1] + 1, axis=0)
        bases = np.concatenate([[0], np.cumsum(kinds_of[:, 1] + 1)])
        counts = np.arange(len(table)) - np.repeat(bases[:-1], kinds_of[:, 1] + 1)
        bad = falls_short(counts, *table.T)
        # Over the ends of a shape's stretch these are wrong, and never read.
        below, above = np.roll(bad, 1), np.roll(bad, -1)
        self._turns_down, self._turns_up = (bad != below).tolist(), (bad != above).tolist()
        self._breaks_down, self._breaks_up = (below & ~bad).tolist(), (above & ~bad).tolist()
        states = bases[shape] + true_literals(z, formula)
        self._states = states.tolist()

        index = 2 * (np.abs(formula.literals.astype(np.int64)) - 1) + (formula.literals > 0)
        size = 2 * formula.num_variables
        self._standing = _by(index, formula.owners, size)
        fragile = np.isin(formula.kinds, (Kind.XOR, Kind.NOT_ALL_EQUAL))[formula.owners]
        self._fragile = _by(index[fragile], formula.owners[fragile], size)
        self._true = (2 * np.arange(formula.num_variables) + z).tolist()
        self._literals = [index[a:b].tolist() for a, b in pairwise(formula.starts.tolist())]
        self._choosy = (formula.kinds == Kind.AT_LEAST).tolist()

        hard = np.zeros(len(bad[states]), bool) if formula.hard is None else formula.hard
        self._weights = _whole_weights(formula, hard)
        self._hard, self._soft = _Violated(), _Violated()
        self._homes = [self._hard if one else self._soft for one in hard.tolist()]
        hopeless = np.logical_and.reduceat(bad, bases[:-1])[shape]  # whatever is true
        for constraint in np.flatnonzero(bad[states] & ~hopeless).tolist():
            self._homes[constraint].toggle(constraint)
        self._total = self._least = sum(self._weights[c] for c in self.unmet)
        self.flipped: list[int] = []
        self.best_at = 0

    @property
    def unmet(self) -> list[int]:
        """What is violated and could hold."""
        return self._hard.members + self._soft.members

    def go(self, flips: int) -> None:
        """Flip so many times, or until nothing is violated that could hold."""
        draw = self._rng.random
        hard, soft = self._hard.members, self._soft.members
        for _ in range(flips):
            members = hard or soft
            if not members:
                return
            variable = self._chosen(members[int(draw() * len(members))])
            self._flip(variable)
            self.flipped.append(variable)
            if self._total < self._least:
                self._least, self.best_at = self._total, len(self.flipped)

    def _chosen(self, constraint: int) -> int:
        """The variable to flip for this constraint."""
        true, states, weights = self._true, self._states, self._weights
        literals = self._literals[constraint]
        if self._choosy[constraint]:
            literals = [literal for literal in literals if true[literal >> 1] != literal]
        candidates = [literal >> 1 for literal in literals]
        least, choices = None, candidates
        for variable in candidates:
            literal = true[variable]
            cost = sum(
                [weights[c] for c in self._standing[literal] if self._breaks_down[states[c]]]
            )
            fragile = self._fragile[literal ^ 1]
            if fragile:
                cost += sum([weights[c] for c in fragile if self._breaks_up[states[c]]])
            if least is None or cost < least:
                least, choices = cost, [variable]
            elif cost == least:
                choices.append(variable)
        if least and self._rng.random() < NOISE:
            choices = candidates
        return choices[int(self._rng.random() * len(choices))]

    def _flip(self, variable: int) -> None:
        states = self._states
        literal = self._true[variable]
        self._true[variable] = literal ^ 1
        for change, turns, standing in (
            (-1, self._turns_down, self._standing[literal]),
            (1, self._turns_up, self._standing[literal ^ 1]),
        ):
            for constraint in standing:
                state = states[constraint]
                states[constraint] = state + change
                if turns[state]:
                    added = self._homes[constraint].toggle(constraint)
                    weight = self._weights[constraint]
                    self._total += weight if added else -weight


def _by(keys: NDArray[np.int64], values: NDArray[np.int64], size: int) -> list[list[int]]:
    """For each key below `size` the values that stand beside it, in their order."""
    order = np.argsort(keys, kind="stable")
    ends = np.searchsorted(keys[order], np.arange(size + 1)).tolist()
    found = values[order].tolist()
    return [found[a:b] for a, b in pairwise(ends)]


def _whole_weights(formula: Formula, hard: NDArray[np.bool_]) -> list[int]:
    """Weights in whole numbers, so that sums are exact; a hard one outweighs all soft ones.

    Every float is a whole number of some power of two; the smallest of these is the unit.
    """
    ratios = [weight.as_integer_ratio() for weight in formula.costs.tolist()]
    unit = max((below for _, below in ratios), default=1)
    weights = [above * (unit // below) for above, below in ratios]
    heavy = 1 + sum(w for w, is_hard in zip(weights, hard.tolist(), strict=True) if not is_hard)
    return [heavy if is_hard else w for w, is_hard in zip(weights, hard.tolist(), strict=True)]
