"""Primal gap and primal integral (Berthold, Measuring the impact of primal heuristics, 2013)."""

from dnnbench.problems.base import Sense, better
from dnnbench.report.measures.trace import Trace, improvements


def primal_gap(value: float | None, best: float, sense: Sense) -> float:
    """How far a value is from the best, from 0 (reached) to 1 (no answer, or the other sign).

    |best - value| / max(|best|, |value|); 0 where both are 0, 1 where their signs differ. Departs
    from the paper, in which `best` is the optimum, for a value better than that: its gap is 0.

    Args:
        value: what was reached; None is a failure and has gap 1.
        best: the best value known.
        sense: whether more or less is better.

    Examples:
        >>> primal_gap(75, 100, "max"), primal_gap(None, 100, "max"), primal_gap(125, 100, "min")
        (0.25, 1.0, 0.2)
    """
    steps = improvements([(0.0, value)], sense)
    if not steps:
        return 1.0
    reached = steps[0][1]
    if reached == best or better(reached, best, sense):
        return 0.0
    if min(reached, best) < 0 < max(reached, best):
        return 1.0
    return abs(best - reached) / max(abs(best), abs(reached))


def primal_integral(trace: Trace, best: float, sense: Sense, seconds: float) -> float:
    """The integral of the primal gap of the best so far, over the time from 0 to `seconds`.

    Before the first answer the gap is 1; so a trial that failed, whose trace is empty, has the
    whole of `seconds`. What came after `seconds` does not count.

    Args:
        trace: of the trial.
        best: the best value known.
        sense: whether more or less is better.
        seconds: the budget, the same for all that are compared.

    Returns:
        Seconds, from 0 to `seconds`; divided by these it is the mean gap.
    """
    total, since, gap = 0.0, 0.0, 1.0
    for moment, value in improvements(trace, sense):
        if moment >= seconds:
            break
        start = max(moment, 0.0)
        total += gap * (start - since)
        since, gap = start, primal_gap(value, best, sense)
    return total + gap * (seconds - since)
