"""Ranks of solvers over instances, and whether they tell solvers apart (Demšar, JMLR 7, 2006).

Costs are [solvers][instances], less is better; one instance is one independent observation, so
the seeds of an instance come in as their mean or median. A failure is worse than every answer and
as bad as another failure: it takes part in every rank and every test.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from dnnbench.report.measures.costs import Costs, as_costs

_ENUMERATED = 13
"""Differences up to which all their signs are tried: 2^13 = 8,192."""


@dataclass(frozen=True)
class Friedman:
    """The test of whether all solvers have the same mean rank.

    Attributes:
        chi_square: Friedman's statistic, corrected for ties.
        f: that of Iman and Davenport (1980), which is less conservative.
        p: of `f`, with solvers - 1 and (solvers - 1)(instances - 1) degrees of freedom; of
            `chi_square` where `f` is infinite, as no p is 0.
    """

    chi_square: float
    f: float
    p: float


@dataclass(frozen=True)
class Pair:
    """One solver against another, over the instances.

    Attributes:
        first, second: places in the costs.
        wins, ties, losses: of the first, instances.
        effect: matched-pairs rank biserial correlation, from -1 to 1; positive is for the first:
            the ranks it wins less those it loses, over all ranks.
        p: two-sided, of this pair alone.
        p_holm: corrected by Holm (1979) for all pairs.
    """

    first: int
    second: int
    wins: int
    ties: int
    losses: int
    effect: float
    p: float
    p_holm: float


def average_ranks(costs: Costs) -> list[float]:
    """The mean rank of each solver, 1 the best; tied solvers share the mean of their ranks."""
    return [float(r) for r in stats.rankdata(as_costs(costs), axis=0).mean(axis=1)]


def friedman(costs: Costs) -> Friedman:
    """Friedman's test with the correction of Iman and Davenport, for three solvers and more.

    Raises:
        ValueError: there are fewer than three solvers or two instances.
    """
    ranks = stats.rankdata(as_costs(costs), axis=0)
    solvers, instances = ranks.shape
    if solvers < 3 or instances < 2:
        raise ValueError("Friedman's test needs three solvers and two instances")
    if (ranks == ranks[0]).all():  # all tied everywhere
        return Friedman(0.0, 0.0, 1.0)
    chi_square = float(stats.friedmanchisquare(*ranks).statistic)
    rest = instances * (solvers - 1) - chi_square
    if rest <= 1e-9 * instances:  # the same order on every instance
        return Friedman(chi_square, math.inf, float(stats.chi2.sf(chi_square, solvers - 1)))
    f = (instances - 1) * chi_square / rest
    p = stats.f.sf(f, solvers - 1, (solvers - 1) * (instances - 1))
    return Friedman(chi_square, f, float(p))


def nemenyi_critical_difference(solvers: int, instances: int, alpha: float = 0.05) -> float:
    """How far apart two mean ranks must be to differ, all pairs of solvers tested together.

    q sqrt(k (k + 1) / (6 N)) for k solvers on N instances, q the studentised range's quantile
    over sqrt(2).
    """
    quantile = float(stats.studentized_range.ppf(1 - alpha, solvers, np.inf))
    return quantile / math.sqrt(2) * math.sqrt(solvers * (solvers + 1) / (6 * instances))


def groups_within(ranks: Sequence[float], difference: float) -> list[tuple[int, ...]]:
    """The groups of solvers whose mean ranks are less than the critical difference apart.

    Returns:
        As `groups_not_apart`.
    """
    return groups_not_apart(ranks, lambda a, b: abs(ranks[a] - ranks[b]) >= difference)


def groups_not_apart(
    ranks: Sequence[float], apart: Callable[[int, int], bool]
) -> list[tuple[int, ...]]:
    """The bars of a critical-difference diagram: runs of solvers of which no two are told apart.

    Args:
        ranks: mean ranks of the solvers.
        apart: whether a test tells two solvers, named by their places in `ranks`, apart.

    Returns:
        The longest runs, of two solvers and more, of neighbours in the order of ranks: places in
        `ranks`, best first. A solver may be in several.
    """
    order = sorted(range(len(ranks)), key=lambda place: ranks[place])
    found: list[tuple[int, ...]] = []
    ended = 0
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and not any(apart(i, order[end]) for i in order[start:end]):
            end += 1
        if end > ended and end - start > 1:  # else it lies within the run before
            found.append(tuple(order[start:end]))
        ended = max(ended, end)
    return found


def pairwise_wilcoxon(costs: Costs) -> list[Pair]:
    """Wilcoxon's signed-rank test of every pair of solvers, by differences of costs.

    Costs of different instances are compared by size: they must be on one scale, as gaps are.
    A failure's difference to an answer is larger than every other; two failures are a tie. Ties
    have ranks, which count for neither side (Pratt 1959), and stay in the effect's denominator.

    Args:
        costs: [solvers][instances], less is better; None is a failure.

    Returns:
        All pairs of places, in order.
    """
    from statsmodels.stats.multitest import multipletests

    table = as_costs(costs)
    places = list(combinations(range(len(table)), 2))
    if not places:
        return []
    differences = [_differences(table[a], table[b]) for a, b in places]
    ps = [_p(d) for d in differences]
    corrected = multipletests(ps, method="holm")[1]
    return [
        Pair(
            first=a,
            second=b,
            wins=int((d > 0).sum()),
            ties=int((d == 0).sum()),
            losses=int((d < 0).sum()),
            effect=float(_signed_ranks(d).sum() / (d.size * (d.size + 1) / 2)),
            p=p,
            p_holm=float(holm),
        )
        for (a, b), d, p, holm in zip(places, differences, ps, corrected, strict=True)
    ]


def groups_by_pairs(
    ranks: Sequence[float], pairs: Sequence[Pair], alpha: float = 0.05
) -> list[tuple[int, ...]]:
    """The groups of solvers of which no two differ by their corrected p, as `groups_not_apart`."""
    apart = {frozenset((pair.first, pair.second)) for pair in pairs if pair.p_holm <= alpha}
    return groups_not_apart(ranks, lambda a, b: frozenset((a, b)) in apart)


def _differences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How much less the first costs; a failure against an answer exceeds all the others.

    To ten digits, so that rounding does not rank the equal differences 0.9 - 0.8 and 0.3 - 0.2.
    """
    with np.errstate(invalid="ignore"):
        found = np.array([float(f"{difference:.10g}") for difference in second - first])
    found[np.isinf(first) & np.isinf(second)] = 0.0
    largest = np.abs(found[np.isfinite(found)]).max(initial=0.0)
    return np.clip(found, -2 * largest - 1, 2 * largest + 1)


def _signed_ranks(differences: np.ndarray) -> np.ndarray:
    """The ranks of the sizes, zeros ranked first, with the signs of the differences."""
    return np.sign(differences) * stats.rankdata(np.abs(differences))


def _p(differences: np.ndarray) -> float:
    """Two-sided p: exact where it can be had, else by the normal approximation."""
    moved = np.abs(differences[differences != 0])
    if moved.size < 2:  # of one, either sign is as likely
        return 1.0
    distinct = moved.size == differences.size == np.unique(moved).size
    if distinct and moved.size <= 50:
        return float(stats.wilcoxon(differences, method="exact").pvalue)
    if moved.size <= _ENUMERATED:
        ranks = _signed_ranks(differences)
        signs = stats.permutation_test(
            (ranks[ranks != 0],), np.sum, permutation_type="samples", vectorized=True
        )
        return float(signs.pvalue)
    normal = stats.wilcoxon(differences, zero_method="pratt", correction=True, method="approx")
    return float(normal.pvalue)
