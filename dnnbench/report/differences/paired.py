"""Is B better than A? A verdict on paired differences, many comparisons at once.

The test is the exact sign-flip permutation test of the mean (`subsets`). It was chosen because

- it holds whatever the distribution: if A and B are exchangeable within pairs, every choice of
  signs is as likely, with ties and zeros as well, where Wilcoxon's exact test does not apply;
- its interval is the same test turned round, so the two never contradict each other;
- its estimate is the mean, the figure that tables show. A failure therefore counts in full,
  which a rank or a Hodges-Lehmann estimate would shrink.

The price is power where a few differences are far larger than the rest: their signs decide.

A comparison is BETTER or WORSE if its p, adjusted by Holm (1979), is at most the level and its mean
lies beyond the margin; EQUIVALENT if its interval lies within the margins (two one-sided tests,
Schuirmann 1987) or if all its pairs are exactly equal; else UNDECIDED. If A and B are exchangeable
in all comparisons, the probability of any BETTER or WORSE at all is at most the level.

Two sizes of families, each known from the sizes of the differences alone, so that the level holds:

- Holm's has the comparisons that could reject alone (at 5 %: six changed pairs); the others never
  can, whatever their signs (Tarone, Biometrics 46, 1990). Their p stands as it is.
- Intervals are at level / m, by Bonferroni over the m comparisons with any change at all. With few
  pairs or many comparisons there is no such interval; its ends are then infinite.

With 10 pairs the least p is 2 / 1024: over more than 25 comparisons that all have changes, no
single one can be told apart at 5 %. `judge_strata` then still sees what they have in common.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dnnbench.report.differences.subsets import SubsetMeans, least_p, sign_flip_p, subset_means


class Outcome(StrEnum):
    """What is said of a comparison."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Finding:
    """What a comparison of A with B has found; positive is for B.

    Attributes:
        outcome: the verdict.
        pairs: paired observations.
        changed: of them, not exactly equal.
        estimate: mean of the paired differences, of strata the mean of their means; NaN without
            pairs.
        low, high: ends of its interval, at the level adjusted for multiplicity; infinite if too
            few pairs, both 0 if nothing changed.
        p: two-sided, adjusted; 1 if nothing changed.
    """

    outcome: Outcome
    pairs: int
    changed: int
    estimate: float
    low: float
    high: float
    p: float


def judge(
    cells: Sequence[Sequence[float]], *, margin: float | Sequence[float], level: float = 0.05
) -> list[Finding]:
    """A verdict on each cell; all of them are one family.

    Args:
        cells: for each comparison its paired differences, positive where B is better.
        margin: differences up to this do not matter, in the unit of the differences; one for all
            or one for each cell.
        level: probability of any false BETTER or WORSE if A and B are exchangeable.

    Raises:
        ValueError: a difference is not finite, a margin negative, or the level not in (0, 1).

    Examples:
        >>> judge([[-0.01] * 8, [0.0] * 8], margin=0.001)[0].outcome.value
        'worse'
    """
    return judge_strata([[cell] for cell in cells], margin=margin, level=level)


def judge_strata(
    groups: Sequence[Sequence[Sequence[float]]],
    *,
    margin: float | Sequence[float],
    level: float = 0.05,
) -> list[Finding]:
    """As `judge`, for comparisons that are made of strata, as a solver's instances.

    Signs are flipped pair by pair in all strata; every stratum with pairs has the same weight,
    however many it has. The interval is exact if all strata have the same centre; where they
    differ, their spread makes it wider.

    Args:
        groups: for each comparison the differences of each of its strata.
        margin: as for `judge`.
        level: as for `judge`.

    Raises:
        ValueError: as `judge`.
    """
    margins = [margin] * len(groups) if isinstance(margin, int | float) else list(margin)
    if len(margins) != len(groups):
        raise ValueError(f"{len(margins)} margins for {len(groups)} comparisons")
    if any(not m >= 0 for m in margins) or not 0 < level < 1:
        raise ValueError("margins must not be negative, and the level lies between 0 and 1")
    samples = [_Sample.of(strata) for strata in groups]
    with_changes = sum(sample.changed > 0 for sample in samples)
    ps = _adjusted(samples, level)
    return [
        _finding(sample, p, limit, level, with_changes)
        for sample, p, limit in zip(samples, ps, margins, strict=True)
    ]


@dataclass(frozen=True)
class _Sample:
    """The differences of one comparison and the weight of each; `subsets` if any changed."""

    differences: np.ndarray
    weights: np.ndarray
    subsets: SubsetMeans | None

    @staticmethod
    def of(strata: Sequence[Sequence[float]]) -> "_Sample":
        parts = [np.asarray(stratum, dtype=float) for stratum in strata if len(stratum)]
        differences = np.concatenate([*parts, np.empty(0)])
        if not np.isfinite(differences).all():
            raise ValueError("a difference is not finite")
        weights = np.concatenate([*(np.full(p.size, 1 / p.size) for p in parts), np.empty(0)])
        found = subset_means(differences, weights) if differences.any() else None
        return _Sample(differences, weights, found)

    @property
    def changed(self) -> int:
        return int(np.count_nonzero(self.differences))

    def p(self) -> float:
        if self.subsets is not None and self.changed == self.differences.size:
            return self.subsets.p()
        return sign_flip_p(self.differences, self.weights)

    def mean(self) -> float:
        if not self.differences.size:
            return math.nan
        return float(self.weights @ self.differences / self.weights.sum())


def _adjusted(samples: Sequence[_Sample], level: float) -> list[float]:
    """The p of each comparison, by Holm among those that could reject."""
    ps = [sample.p() for sample in samples]
    family = [place for place, sample in enumerate(samples) if least_p(sample.changed) <= level]
    for place, p in zip(family, holm([ps[place] for place in family]), strict=True):
        ps[place] = p
    return ps


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values of one family, adjusted by Holm's step-down procedure.

    The same as `multipletests` of statsmodels, which collects garbage at each call: a quarter of a
    second, every time, where thousands of families are judged.
    """
    sizes = np.argsort(ps, kind="stable")
    adjusted = np.empty(len(ps))
    steps = np.arange(len(ps), 0, -1) * np.asarray(ps, dtype=float)[sizes]
    adjusted[sizes] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(p) for p in adjusted]


def _finding(sample: _Sample, p: float, margin: float, level: float, compared: int) -> Finding:
    pairs, mean = sample.differences.size, sample.mean()
    if sample.subsets is None:
        if pairs == 0:
            return Finding(Outcome.UNDECIDED, 0, 0, mean, -math.inf, math.inf, 1.0)
        return Finding(Outcome.EQUIVALENT, pairs, 0, 0.0, 0.0, 0.0, 1.0)
    low, high = sample.subsets.interval(level / compared)
    return Finding(
        _outcome(mean, low, high, p, margin, level), pairs, sample.changed, mean, low, high, p
    )


def _outcome(
    mean: float, low: float, high: float, p: float, margin: float, level: float
) -> Outcome:
    if p <= level and abs(mean) > margin:
        return Outcome.BETTER if mean > 0 else Outcome.WORSE
    if -margin < low and high < margin:
        return Outcome.EQUIVALENT
    return Outcome.UNDECIDED
