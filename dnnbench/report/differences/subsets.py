"""Means of subsets: all that a sign-flip test and its interval are made of.

If A and B are exchangeable within every pair, each difference is as likely to have the other sign.
So the sum of the differences is compared with its 2^n values under all choices of signs (Fisher
1935). Flipping the signs of a subset S raises the sum exactly if the mean over S is negative;
hence the one-sided p of "the differences are symmetric about t" is the share of the 2^n subsets
that are empty or have a mean of at most t, and the values of t that are not rejected are those
between two order statistics of the subset means (Hartigan, JASA 64, 1969). Test and interval are
the same statement. Nothing is ranked, so ties need no correction; a difference of 0 has no sign to
flip and leaves p as it is.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

ENUMERATED = 14
"""Differences up to which all subsets are taken: 2^14 = 16,384."""

DRAWN = 19_999
"""Random subsets beyond that; with the empty one, p is a multiple of 1 / 20,000."""

_ROUNDING = 1e-12
_ROWS_AT_A_TIME = 2_000


@dataclass(frozen=True)
class SubsetMeans:
    """The weighted means of the subsets of some differences.

    Attributes:
        means: of the subsets that are not empty.
        empty: how many of the subsets are empty; at least one, the one that flips nothing, so
            that p is never 0 and holds also for random subsets.
        rounding: by how much a mean of exactly 0 may differ from it in floating point.
    """

    means: np.ndarray
    empty: int
    rounding: float

    @property
    def total(self) -> int:
        """How many subsets there are."""
        return self.means.size + self.empty

    def p(self) -> float:
        """Two-sided p of "the differences are symmetric about 0"."""
        below = int(np.count_nonzero(self.means <= self.rounding))
        above = int(np.count_nonzero(self.means >= -self.rounding))
        return min(1.0, 2 * (self.empty + min(below, above)) / self.total)

    def interval(self, level: float) -> tuple[float, float]:
        """The centres that a two-sided test at this level does not reject; may be infinite."""
        place = math.floor(level / 2 * self.total) - self.empty
        if place < 0:
            return -math.inf, math.inf
        ends = (place, self.means.size - 1 - place)
        ordered = np.partition(self.means, ends)
        return float(ordered[ends[0]]), float(ordered[ends[1]])


def subset_means(differences: np.ndarray, weights: np.ndarray) -> SubsetMeans:
    """The means of all subsets, or of random ones where there are more than `ENUMERATED`.

    Args:
        differences: [n], finite.
        weights: [n], positive.
    """
    n = differences.size
    rounding = _ROUNDING * float(np.abs(differences).max(initial=0.0))
    if n <= ENUMERATED:
        members = _all_subsets(n)
        return SubsetMeans(_means(members, differences, weights), 1, rounding)
    draw = np.random.default_rng(n)  # of n alone: swapped sides see the same subsets
    parts = []
    for start in range(0, DRAWN, _ROWS_AT_A_TIME):
        rows = min(_ROWS_AT_A_TIME, DRAWN - start)
        octets = draw.integers(0, 256, size=(rows, -(-n // 8)), dtype=np.uint8)
        members = np.unpackbits(octets, axis=1, count=n)
        parts.append(_means(members[members.any(axis=1)].astype(float), differences, weights))
    means = np.concatenate(parts)
    return SubsetMeans(means, DRAWN + 1 - means.size, rounding)


def sign_flip_p(differences: np.ndarray, weights: np.ndarray) -> float:
    """Two-sided p of "the differences are symmetric about 0"; 1 if all are 0.

    Zeros are left out, which have no sign: so p does not depend on how many there are, and is
    exact for up to `ENUMERATED` others.
    """
    other = differences != 0
    return subset_means(differences[other], weights[other]).p()


def least_p(changed: int) -> float:
    """The least two-sided p that so many differences other than 0 can have.

    It depends on how many signs there are, not on which, so it is known before the test.
    """
    if changed <= ENUMERATED:
        return min(1.0, 2.0 ** (1 - changed))
    return 2 / (DRAWN + 1)


def _means(members: np.ndarray, differences: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (members @ (weights * differences)) / (members @ weights)


@lru_cache(maxsize=ENUMERATED + 1)
def _all_subsets(n: int) -> np.ndarray:
    """[2^n - 1, n] of 0 and 1: every subset but the empty one."""
    numbers = np.arange(1, 2**n)[:, None]
    return ((numbers >> np.arange(n)) & 1).astype(float)
