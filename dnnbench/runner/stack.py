"""Many settings of a method as one run: K records that share a program, its times and a run id."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from dnnbench.errors import UserError
from dnnbench.problems.base import Exact
from dnnbench.runner.messages import Final
from dnnbench.runner.pool import Pool
from dnnbench.runner.resolve import exact_side, implementation
from dnnbench.runner.spec import TrialSpec
from dnnbench.runner.supervise import Report, Watch, supervise
from dnnbench.runner.trial import Result, describe

__all__ = ["run_stack", "stacked", "traced"]

_MOST_TOGETHER = 1024
"""Lanes that are stepped together at most, unless a single trial has more."""


def traced(spec: TrialSpec) -> tuple[str, ...]:
    """The settings of a method that may differ within one compiled program."""
    cls = implementation("methods", spec.about)
    return tuple(k for k in cls.hyperparameters if spec.settings.get(k) is not None)  # type: ignore[attr-defined]


def stacked(spec: TrialSpec, settings: Sequence[dict[str, float]]) -> list[TrialSpec]:
    """The trials that `spec` becomes with each of these settings.

    Raises:
        UserError: one of them is not traced, or the method's restarts cannot share a program.
    """
    assert spec.plan is not None
    possible = traced(spec)
    for name in {name for own in settings for name in own}:
        if name not in possible:
            raise UserError(
                f"{spec.solver}: '{name}' is compiled into the program; what can vary within one: "
                + ", ".join(possible)
            )
    if spec.plan.batching == "serial":
        raise UserError(f"{spec.solver} takes its restarts one by one, so they cannot be stacked")
    return [
        replace(
            spec,
            settings=spec.settings | {k: _like(spec.settings[k], v, k) for k, v in own.items()},
            stacked=True,
        )
        for own in settings
    ]


def _like(known: float, value: float, name: str) -> float:
    """The value as a whole number where the setting is one."""
    if not isinstance(known, int):
        return value
    if value != int(value):
        raise UserError(f"method.{name} must be an integer, not {value:g}")
    return int(value)


def run_stack(trials: Sequence[TrialSpec], pool: Pool, watch: Watch | None = None) -> list[Result]:
    """Solve all trials in one run in a worker, verify each here.

    Args:
        trials: made by `stacked`.
        pool: workers.
        watch: what people are shown.

    Raises:
        UserError: the worker found the request wrong.
        KeyboardInterrupt: interrupted before there was anything to keep.
    """
    first = trials[0]
    assert first.plan is not None
    names = traced(first)
    whole = first.plan.lanes * len(trials)
    together = max(_MOST_TOGETHER // first.plan.lanes, 1)
    share = max(d for d in range(1, min(together, len(trials)) + 1) if len(trials) % d == 0)
    plan = replace(first.plan, lanes=whole, micro_batch=first.plan.lanes * share)
    own = tuple({k: float(t.settings[k]) for k in names} for t in trials)
    run = replace(first, plan=plan, stack=own)
    problem: Exact = exact_side(first.problem_about)
    cores = first.budget.cores or first.hardware.threads
    healthy = False
    try:
        workers = pool.take(first.hardware, cores, 1)
        report = supervise(run, workers, pool.inbox, watch or Watch(), problem.sense)
        healthy = report.status is None
    finally:
        pool.give_back(healthy)
    run_id = uuid.uuid4().hex
    results = []
    for k, trial in enumerate(trials):
        final = _own(report, k)
        results.append(describe(trial, problem, report, final, 1, {}, run_id))
    return results


def _own(report: Report, k: int) -> Final:
    """What one trial of the stack found."""
    whole = report.finals.get(0)
    if whole is None:
        return Final(None, None, None, report.status or "error", 0, 0, 0, 0, report.solve_seconds)
    row = whole.diagnostics["stack"][k]
    z = whole.z[k] if row["found"] and whole.z is not None else None
    return replace(
        whole,
        z=z,
        raw_z=z,
        claim=row["claim"] if z is not None else None,
        status=whole.status if z is not None else "diverged",
        restarts=row["restarts"],
        trace=row["trace"],
        diagnostics=row["diagnostics"],
    )
