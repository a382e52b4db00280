"""The compiled inner loop of `walk`; importing it needs numba."""

from typing import NamedTuple

import numpy as np

from dnnbench.baselines.draws import below, unit
from dnnbench.baselines.local_search_kernel import compiled

TRUE, LEAST, GREATEST, ODD = range(4)
"""Columns of `Walk.of`: number of true literals, and what it has to be."""

HARD, SOFT = range(2)
"""Rows of `Walk.violated`, places of `Walk.sizes`."""

_REFUSALS = 50
"""Light constraints are drawn and refused at most this often."""


class Walk(NamedTuple):
    """The constraints and the state of a walk.

    Attributes:
        members: literals of all constraints, int32 [l].
        member_starts: where each constraint begins in `members`, int64 [m + 1].
        constraints: those that each variable is in, int32 [k].
        changes: how much the number of true literals rises as the variable turns true, int32 [k].
        starts: where each variable begins in these two, int64 [n + 1].
        of: int32 [m, 4], see the columns above.
        hard: uint8 [m].
        costs: of violating soft constraints, 0 for hard ones, float64 [m].
        weights: what a constraint that breaks counts in choosing a variable, float64 [m].
        heaviest: the largest of `costs`.
        z: the assignment, uint8 [n].
        violated: the hard ones that are violated, the soft ones, int32 [2, m].
        places: where in its row a violated constraint is, int32 [m].
        sizes: how many are violated, int64 [2].
        cost: of the soft ones violated now; of the best assignment, float64 [2].
        fewest: hard constraints that the best assignment violates, int64 [1].
        journal: variables in the order they were flipped, int32 [most + 1].
        scores: room for one number a literal of the longest constraint, float64.
        draw: uint64 [1], random state.
    """

    members: np.ndarray
    member_starts: np.ndarray
    constraints: np.ndarray
    changes: np.ndarray
    starts: np.ndarray
    of: np.ndarray
    hard: np.ndarray
    costs: np.ndarray
    weights: np.ndarray
    heaviest: float
    z: np.ndarray
    violated: np.ndarray
    places: np.ndarray
    sizes: np.ndarray
    cost: np.ndarray
    fewest: np.ndarray
    journal: np.ndarray
    scores: np.ndarray
    draw: np.ndarray


class Rule(NamedTuple):
    """How the variable is chosen from a violated constraint.

    Attributes:
        noise: of WalkSAT, the chance of a random variable where each breaks something; negative
            for probSAT.
        scores: of probSAT, the score of breaking 0, 1, ... constraints of weight 1, float64; empty
            where weights differ.
        polynomial: whether the score is (eps + break)^-cb, else it is cb^-break.
        cb: see there.
        eps: see there.
    """

    noise: float
    scores: np.ndarray
    polynomial: bool
    cb: float
    eps: float


@compiled
def begin(w: Walk) -> None:
    """Count what the assignment `w.z` makes true and violates."""
    w.sizes[:] = 0
    w.cost[0] = 0.0
    for c in range(len(w.of)):
        true = 0
        for k in range(w.member_starts[c], w.member_starts[c + 1]):
            literal = w.members[k]
            true += (w.z[abs(literal) - 1] == 1) == (literal > 0)
        w.of[c, TRUE] = true
        if not _holds(w, c, true):
            _enter(w, c)


@compiled
def walk(w: Walk, rule: Rule, most: int, work: int) -> tuple[int, int, int]:
    """Flip variables of violated constraints until none is violated.

    A step draws a violated constraint, a hard one if there are any, a soft one with a chance
    proportional to its cost, and flips one of its variables. If none can help, which is so for
    constraints that can never hold, it flips none.

    Args:
        w: the walk; updated.
        rule: how to choose the variable.
        most: steps allowed.
        work: occurrences of variables looked at that end it early.

    Returns:
        Steps made, flips made, and how many of these led to the best assignment; -1 if the best
        one was found before.
    """
    steps = flips = 0
    best = -1
    looked = 0
    if _improves(w):
        best = 0
    while steps < most and looked < work and w.sizes[HARD] + w.sizes[SOFT] > 0:
        steps += 1
        c = _drawn(w)
        v, seen = _walksat(w, c, rule) if rule.noise >= 0 else _probsat(w, c, rule)
        looked += seen
        if v < 0:
            continue
        _flip(w, v)
        w.journal[flips] = v
        flips += 1
        if _improves(w):
            best = flips
    return steps, flips, best


@compiled
def _improves(w: Walk) -> bool:
    """Whether the assignment is the best so far; it is then taken note of."""
    hard, cost = w.sizes[HARD], w.cost[0]
    if hard > w.fewest[0] or (hard == w.fewest[0] and cost >= w.cost[1]):
        return False
    w.fewest[0] = hard
    w.cost[1] = cost
    return True


@compiled
def _holds(w: Walk, c: int, true: int) -> bool:
    """Whether constraint c holds with so many true literals."""
    if true < w.of[c, LEAST] or true > w.of[c, GREATEST]:
        return False
    return w.of[c, ODD] == 0 or true % 2 == 1


@compiled
def _enter(w: Walk, c: int) -> None:
    """Constraint c is violated from now on."""
    row = SOFT - w.hard[c]
    w.violated[row, w.sizes[row]] = c
    w.places[c] = w.sizes[row]
    w.sizes[row] += 1
    w.cost[0] += w.costs[c]


@compiled
def _leave(w: Walk, c: int) -> None:
    """Constraint c holds from now on."""
    row = SOFT - w.hard[c]
    w.sizes[row] -= 1
    last = w.violated[row, w.sizes[row]]
    w.violated[row, w.places[c]] = last
    w.places[last] = w.places[c]
    w.cost[0] -= w.costs[c]


@compiled
def _flip(w: Walk, v: int) -> None:
    """Flip variable v."""
    sign = -1 if w.z[v] else 1
    w.z[v] ^= 1
    for k in range(w.starts[v], w.starts[v + 1]):
        c = w.constraints[k]
        held = _holds(w, c, w.of[c, TRUE])
        w.of[c, TRUE] += sign * w.changes[k]
        holds = _holds(w, c, w.of[c, TRUE])
        if held and not holds:
            _enter(w, c)
        elif holds and not held:
            _leave(w, c)


@compiled
def _breaks(w: Walk, v: int) -> float:
    """Weight of the constraints that hold and would not if v were flipped."""
    sign = -1 if w.z[v] else 1
    total = 0.0
    for k in range(w.starts[v], w.starts[v + 1]):
        c = w.constraints[k]
        true = w.of[c, TRUE]
        if not _holds(w, c, true + sign * w.changes[k]) and _holds(w, c, true):
            total += w.weights[c]
    return total


@compiled
def _drawn(w: Walk) -> int:
    """A violated constraint."""
    if w.sizes[HARD] > 0:
        return w.violated[HARD, below(w.draw, w.sizes[HARD])]
    c = w.violated[SOFT, below(w.draw, w.sizes[SOFT])]
    for _ in range(_REFUSALS):
        if w.costs[c] == w.heaviest or unit(w.draw) * w.heaviest < w.costs[c]:
            break
        c = w.violated[SOFT, below(w.draw, w.sizes[SOFT])]
    return c


@compiled
def _helps(w: Walk, c: int, literal: int) -> bool:
    """Whether flipping the literal's variable brings the violated constraint c nearer to holding.

    Where too few literals are true, only the false ones do.
    """
    if w.of[c, TRUE] >= w.of[c, LEAST]:
        return True
    return (w.z[abs(literal) - 1] == 1) != (literal > 0)


@compiled
def _walksat(w: Walk, c: int, rule: Rule) -> tuple[int, int]:
    """The variable that WalkSAT flips, -1 for none, and the occurrences looked at."""
    best = other = -1
    ties = helpful = looked = 0
    least = np.inf
    for k in range(w.member_starts[c], w.member_starts[c + 1]):
        if not _helps(w, c, w.members[k]):
            continue
        v = abs(w.members[k]) - 1
        looked += w.starts[v + 1] - w.starts[v]
        helpful += 1
        if below(w.draw, helpful) == 0:
            other = v
        breaks = _breaks(w, v)
        if breaks < least:
            least, best, ties = breaks, v, 1
        elif breaks == least:
            ties += 1
            if below(w.draw, ties) == 0:
                best = v
    if least > 0 and unit(w.draw) < rule.noise:
        return other, looked
    return best, looked


@compiled
def _probsat(w: Walk, c: int, rule: Rule) -> tuple[int, int]:
    """The variable that probSAT flips, -1 for none, and the occurrences looked at."""
    begin, end = w.member_starts[c], w.member_starts[c + 1]
    total = 0.0
    looked = 0
    best = -1
    least = np.inf
    for k in range(begin, end):
        w.scores[k - begin] = 0.0
        if not _helps(w, c, w.members[k]):
            continue
        v = abs(w.members[k]) - 1
        looked += w.starts[v + 1] - w.starts[v]
        breaks = _breaks(w, v)
        if breaks < least:
            least, best = breaks, v
        if len(rule.scores):
            score = rule.scores[int(breaks)]
        elif rule.polynomial:
            score = (rule.eps + breaks) ** -rule.cb
        else:
            score = rule.cb**-breaks
        w.scores[k - begin] = score
        total += score
    if total <= 0:  # there are none, or their scores are too small for a number
        return best, looked
    left = unit(w.draw) * total
    for k in range(begin, end):
        left -= w.scores[k - begin]
        if left < 0:
            return abs(w.members[k]) - 1, looked
    return best, looked
