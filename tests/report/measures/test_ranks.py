import gc
import math
from itertools import product

import numpy as np
import pytest

from dnnbench.report.measures.ranks import (
    Pair,
    average_ranks,
    friedman,
    groups_by_pairs,
    groups_not_apart,
    groups_within,
    nemenyi_critical_difference,
    pairwise_wilcoxon,
)

# Demšar 2006, table 6: AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 data sets. The two 0.975
# of "voting" have the ranks 2 and 3 there, so before rounding the first was the larger.
DEMSAR = np.array(
    [
        [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661]
        + [0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957],
        [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668]
        + [0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978],
        [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609]
        + [0.563, 0.866, 1.000, 0.965, 0.614, 0.9751, 0.946],
        [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685]
        + [0.625, 0.875, 1.000, 0.962, 0.669, 0.975, 0.970],
    ]
)
COSTS = (1 - DEMSAR).tolist()


def test_ranks_as_published():
    assert average_ranks(COSTS) == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=0.0005)


def test_failures_are_the_worst_and_tied():
    costs = [[1, 5, None], [2, None, math.inf], [3, None, math.nan]]
    assert average_ranks(costs) == [4 / 3, (2 + 2.5 + 2) / 3, (3 + 2.5 + 2) / 3]


def test_friedman_as_published():
    found = friedman(COSTS)
    # 9.28 without a correction for ties, which is here 1 - 78 / (14 x 60) = 0.907.
    assert found.chi_square * (1 - 78 / 840) == pytest.approx(9.28, abs=0.005)
    # With it, the F test is an analysis of variance of the ranks.
    ranks = np.argsort(np.argsort(COSTS, axis=0), axis=0) + 1.0
    for column, costs in zip(ranks.T, np.transpose(COSTS), strict=True):
        for cost in costs:
            column[costs == cost] = column[costs == cost].mean()
    between = 14 * ((ranks.mean(axis=1) - 2.5) ** 2).sum()
    rest = ((ranks - 2.5) ** 2).sum() - between
    assert found.f == pytest.approx((between / 3) / (rest / 39))
    # F(3, 39): 2.85 at 5 % and 4.33 at 1 % (tables).
    assert 2.85 < found.f < 4.33
    assert 0.01 < found.p < 0.05


def test_friedman_without_ties_by_hand():
    # Rank sums 4, 6, 8 on three instances: 12 / (3 x 3 x 4) (16 + 36 + 64) - 36 = 8 / 3.
    found = friedman([[1, 1, 2], [2, 3, 1], [3, 2, 3]])
    assert found.chi_square == pytest.approx(8 / 3)
    assert found.f == pytest.approx(2 * (8 / 3) / (3 * 2 - 8 / 3))


def test_friedman_at_its_ends():
    assert friedman([[1, 1], [1, 1], [1, 1]]).p == 1
    same = friedman([[1, 1, 1], [2, 2, 2], [3, 3, 3]])
    assert same.f == math.inf
    assert same.p == pytest.approx(math.exp(-3))  # chi-square 6 with 2 degrees of freedom
    for costs in ([[1, 2], [2, 1]], [[1], [2], [3]]):
        with pytest.raises(ValueError, match="three solvers"):
            friedman(costs)


def test_friedman_keeps_its_level():
    rng = np.random.default_rng(0)
    ps = [friedman(rng.normal(size=(4, 12))).p for _ in range(300)]
    assert np.mean(np.array(ps) <= 0.05) == pytest.approx(0.05, abs=0.035)


@pytest.mark.parametrize(
    ("solvers", "alpha", "q"),  # Demšar's table 5
    [(2, 0.05, 1.960), (4, 0.05, 2.569), (10, 0.05, 3.164), (4, 0.10, 2.291), (7, 0.10, 2.693)],
)
def test_critical_values_as_published(solvers, alpha, q):
    scale = math.sqrt(solvers * (solvers + 1) / (6 * 20))
    found = nemenyi_critical_difference(solvers, 20, alpha)
    assert found / scale == pytest.approx(q, abs=0.001)


def test_nemenyi_as_published():
    ranks = average_ranks(COSTS)
    at_5, at_10 = (nemenyi_critical_difference(4, 14, alpha) for alpha in (0.05, 0.10))
    assert (at_5, at_10) == (pytest.approx(1.25, abs=0.005), pytest.approx(1.12, abs=0.005))
    # "the difference between best and worst is smaller than" 1.25 and "larger than 1.12": at 10 %
    # C4.5 differs from both with m, and nothing else differs.
    assert groups_within(ranks, at_5) == [(3, 1, 2, 0)]
    assert groups_within(ranks, at_10) == [(3, 1, 2), (2, 0)]


def test_groups():
    assert groups_within([1.0, 2.0, 3.0, 4.0], 1.5) == [(0, 1), (1, 2), (2, 3)]
    assert groups_within([4.0, 1.0, 1.2, 3.9], 0.5) == [(1, 2), (3, 0)]
    assert groups_within([1.0, 2.0, 3.0], 1.0) == []  # at the difference they are apart
    assert groups_within([1.0], 1.0) == []
    assert groups_not_apart([1, 2, 3, 4], lambda a, b: (a, b) == (0, 3)) == [(0, 1, 2), (1, 2, 3)]
    assert groups_not_apart([1, 2, 3, 4], lambda a, b: {a, b} == {1, 2}) == [(0, 1), (2, 3)]


def test_groups_by_pairs():
    def pair(first, second, p):
        return Pair(first, second, 0, 0, 0, 0.0, p, p)

    pairs = [pair(0, 1, 0.05), pair(0, 2, 0.2), pair(1, 2, 0.3)]
    assert groups_by_pairs([3.0, 1.0, 2.0], pairs) == [(1, 2), (2, 0)]
    assert groups_by_pairs([3.0, 1.0, 2.0], pairs, 0.04) == [(1, 2, 0)]


def test_wilcoxon_as_published():
    (found,) = pairwise_wilcoxon(COSTS[:2])
    # Demšar's table 2: R+ = 93 and R- = 12, in each half of the ranks of the two ties.
    assert (found.wins, found.ties, found.losses) == (2, 2, 10)
    assert found.effect == pytest.approx((12 - 93) / 105)
    # Of the 2^12 signs of the other ranks, the share with a sum as far from the middle.
    ranks = [3.5, 3.5, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]
    sums = [np.dot(ranks, signs) for signs in product((-1, 1), repeat=12)]
    assert found.p == pytest.approx(np.mean([abs(total) >= 81 for total in sums]))
    assert found.p_holm == found.p
    (turned,) = pairwise_wilcoxon([COSTS[1], COSTS[0]])
    assert (turned.wins, turned.effect, turned.p) == (10, -found.effect, found.p)


def test_wilcoxon_p_without_ties_by_hand():
    # All five won: 2 of the 32 signs are as extreme.
    (found,) = pairwise_wilcoxon([[0] * 5, [1, 2, 3, 4, 5]])
    assert (found.p, found.effect) == (2 / 32, 1.0)
    # Four won, the least lost: sums -13 to 13 are out of 15; signs of at most 1 lost rank: 4.
    (found,) = pairwise_wilcoxon([[0] * 5, [-1, 2, 3, 4, 5]])
    assert (found.p, found.effect) == (4 / 32, 13 / 15)


def test_wilcoxon_of_many_ties_by_the_normal_approximation():
    # 20 differences: 6 of 0 (ranks 1 to 6), 14 of size 1 (rank 13.5 each), 11 of them won.
    (found,) = pairwise_wilcoxon([[0] * 20, [0] * 6 + [1] * 11 + [-1] * 3])
    variance = 14 * 13.5**2 / 4  # of the sum of the ranks won, signs being fair
    z = (11 * 13.5 - 7 * 13.5 - 0.5) / math.sqrt(variance)
    assert found.p == pytest.approx(math.erfc(z / math.sqrt(2)))
    assert found.effect == pytest.approx((11 - 3) * 13.5 / 210)


def test_holm_by_hand():
    # Single p values: 2/32, 2/32 and 1; so 3 x 2/32, at least that again, and 1.
    a, b = [0.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]
    first, second, third = pairwise_wilcoxon([a, b, a])
    assert (first.p, second.p, third.p) == (2 / 32, 1.0, 2 / 32)
    assert (first.p_holm, second.p_holm, third.p_holm) == (6 / 32, 1.0, 6 / 32)
    assert [(p.first, p.second) for p in (first, second, third)] == [(0, 1), (0, 2), (1, 2)]


def test_failures_in_pairs():
    # Against an answer a failure is the largest difference; two failures are a tie.
    (found,) = pairwise_wilcoxon([[1, 9, 1, None, None], [2, 1, 1e6, 5, None]])
    assert (found.wins, found.ties, found.losses) == (2, 1, 2)
    assert found.effect == (2 - 3 + 4 - 5) / 15
    # Equal but for rounding: two differences of 0.1 share a rank.
    (found,) = pairwise_wilcoxon([[0.8, 0.3, 0.0], [0.9, 0.2, 0.5]])
    assert found.effect == (1.5 - 1.5 + 3) / 6
    (found,) = pairwise_wilcoxon([[None, None], [None, math.nan]])
    assert (found.ties, found.effect, found.p) == (2, 0.0, 1.0)


@pytest.fixture
def no_collection(monkeypatch):
    """Statsmodels collects garbage at every correction, which takes most of its time."""
    monkeypatch.setattr(gc, "collect", lambda: 0)


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(("instances", "digits"), [(9, 9), (30, 0)], ids=["exact", "ties"])
def test_wilcoxon_keeps_its_level(instances, digits):
    draws = np.random.default_rng(3).normal(size=(1000, 2, instances)).round(digits)
    ps = np.array([pairwise_wilcoxon(costs)[0].p for costs in draws])
    # At most 5 %, and with few instances not much less; three standard errors are 0.02.
    assert 0.025 <= np.mean(ps <= 0.05) <= 0.07


@pytest.mark.usefixtures("no_collection")
def test_holm_keeps_the_level_of_all_pairs_together():
    draws = np.random.default_rng(4).normal(size=(150, 4, 9))
    pairs = [pairwise_wilcoxon(costs) for costs in draws]
    single = np.mean([any(pair.p <= 0.05 for pair in found) for found in pairs])
    corrected = np.mean([any(pair.p_holm <= 0.05 for pair in found) for found in pairs])
    assert corrected <= 0.05 + 0.05 < single


def test_what_is_refused():
    with pytest.raises(ValueError, match="same instances"):
        average_ranks([[1, 2], [1]])
    with pytest.raises(ValueError, match="at least one"):
        average_ranks([[], []])
    assert pairwise_wilcoxon([[1, 2]]) == []
