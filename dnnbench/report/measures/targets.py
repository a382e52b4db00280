"""Time to a target: of a trial, expected over restarts, to be 99 % sure, and over many targets."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from dnnbench.problems.base import Sense, better
from dnnbench.report.measures.trace import Trace, improvements

Times = Sequence[float | None]
"""Seconds to the target, one for each trial; None (or infinity): the trial did not reach it."""


def target_values(best: int | float, gaps: Sequence[float], sense: Sense) -> list[int | float]:
    """The objectives that are worse than `best` by these fractions of its size.

    Exact for the decimals that the gaps are written as: in floats 100 - 0.58 x 100 is above 42, a
    target that the integer 42 would miss.

    Examples:
        >>> target_values(100, [0.58, 0.001], "max"), target_values(-200, [0.5, 0.0], "min")
        ([42, 99.9], [-100, -200])
    """
    sign = -1 if sense == "max" else 1
    size = abs(Fraction(best))
    exact = [Fraction(best) + sign * Fraction(str(float(gap))) * size for gap in gaps]
    return [int(target) if target.denominator == 1 else float(target) for target in exact]


def time_to_target(trace: Trace, target: float, sense: Sense) -> float | None:
    """The seconds of the first row that is as good as `target`; None if there is none."""
    return times_to_targets(trace, [target], sense)[0]


def times_to_targets(
    trace: Trace, targets: Sequence[int | float], sense: Sense
) -> list[float | None]:
    """`time_to_target` of several targets, in their order; the trace is gone through once."""
    steps = improvements(trace, sense)
    return [
        next((seconds for seconds, value in steps if not better(target, value, sense)), None)
        for target in targets
    ]


def ert(times: Times, budgets: float | Sequence[float]) -> float:
    """The expected running time of COCO: all time spent over the number of successes.

    The mean time to the target of an algorithm that is restarted until it is reached (Hansen et
    al., COCO: Performance Assessment, arXiv 1605.03560, Averaging Runtime, where it is aRT). A
    trial that did not reach it adds what it spent.

    Args:
        times: of each trial.
        budgets: seconds that a trial without success spent, of each or the same for all.

    Returns:
        Seconds; infinite without a success.
    """
    spent = _spent(times, budgets)
    successes = sum(reached for reached, _ in spent)
    return math.fsum(seconds for _, seconds in spent) / successes if successes else math.inf


def tts99(times: Times, budgets: float | Sequence[float], *, confidence: float = 0.99) -> float:
    """The time to solution: of so many trials that one succeeds with 99 %, run one by one.

    t ln(1 - 0.99) / ln(1 - p) (Rønnow et al., Science 345, 2014): p is the share of trials that
    reached the target, failures among the others; t is the mean time that a trial ran, a trial
    without success for its whole budget. One trial is the least there is: t from p = 0.99 on.

    Args:
        times: of each trial.
        budgets: seconds that a trial without success spent, of each or the same for all.
        confidence: in place of 99 %.

    Returns:
        Seconds; infinite without a success.
    """
    spent = _spent(times, budgets)
    share = sum(reached for reached, _ in spent) / len(spent)
    seconds = math.fsum(ran for _, ran in spent) / len(spent)
    if share == 0:
        return math.inf
    if share >= confidence:
        return seconds
    return seconds * math.log1p(-confidence) / math.log1p(-share)


def simulated_restarts(
    times: Times, budgets: float | Sequence[float], *, draws: int = 100, seed: int = 0
) -> list[float | None]:
    """Running times of the algorithm that is restarted until it reaches the target.

    Each draws trials with replacement until one is a success, and sums what they spent (Hansen et
    al., Simulated Restarts). Their mean tends to `ert`. They make trials of different budgets
    comparable and continue the ECDF beyond the budget.

    Args:
        times: of each trial.
        budgets: seconds that a trial without success spent, of each or the same for all.
        draws: how many running times.
        seed: of the drawing.

    Returns:
        Seconds; all None where no trial is a success.
    """
    spent = _spent(times, budgets)
    successes = np.array([seconds for reached, seconds in spent if reached])
    failures = np.array([seconds for reached, seconds in spent if not reached])
    if not successes.size:
        return [None] * draws
    rng = np.random.default_rng(seed)
    found = rng.choice(successes, draws)
    if failures.size:
        before = rng.geometric(successes.size / len(spent), draws) - 1
        lost = rng.choice(failures, before.sum())
        found += np.bincount(np.repeat(np.arange(draws), before), lost, minlength=draws)
    return list(found.tolist())


def ecdf(runtimes: Times, budget: float | None = None) -> list[tuple[float, float]]:
    """The share of (trial, instance, target) triples that were reached, as a function of time.

    COCO's runtime distribution (Hansen et al., Empirical Distribution Functions). Those never
    reached, or only after `budget`, stay in the denominator, so that the curve ends below 1.

    Args:
        runtimes: seconds of each triple, of all trials, instances and targets together.
        budget: where the curve ends; None is at the last runtime.

    Returns:
        The corners of a step function: (seconds, share from then on); first (0, 0) unless a
        runtime is 0, last (`budget`, share).

    Examples:
        >>> ecdf([2.0, None, 1.0, 2.0], 5.0)
        [(0.0, 0.0), (1.0, 0.25), (2.0, 0.75), (5.0, 0.75)]
    """
    if not runtimes:
        raise ValueError("no runtimes")
    end = math.inf if budget is None else budget
    reached = sorted(t for t in runtimes if t is not None and math.isfinite(t) and t <= end)
    corners = {0.0: 0.0}
    for count, seconds in enumerate(reached, start=1):
        corners[seconds] = count / len(runtimes)
    if budget is not None:
        corners[budget] = len(reached) / len(runtimes)
    return list(corners.items())


def _spent(times: Times, budgets: float | Sequence[float]) -> list[tuple[bool, float]]:
    """For each trial whether it is a success, and its seconds."""
    if not times:
        raise ValueError("no trials")
    limits = [budgets] * len(times) if isinstance(budgets, int | float) else budgets
    return [
        (False, limit) if time is None or math.isinf(time) else (True, time)
        for time, limit in zip(times, limits, strict=True)
    ]
