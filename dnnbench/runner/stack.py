"""Many settings of a method, or many instances, as one run: K records that share a program.

They share its times and a run id too; each is verified by itself.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from dnnbench.errors import UserError
from dnnbench.instances.instance import Instance
from dnnbench.instances.serialise import to_arrays
from dnnbench.instances.stack import FAMILY, Stack
from dnnbench.problems.base import Exact
from dnnbench.runner.messages import Final
from dnnbench.runner.pool import Pool
from dnnbench.runner.resolve import exact_side, implementation
from dnnbench.runner.spec import TrialSpec
from dnnbench.runner.supervise import Report, Watch, supervise
from dnnbench.runner.trial import Result, describe, size_of

__all__ = ["joined", "of_instances", "run_stack", "stacked", "traced"]

_MOST_TOGETHER = 1024
"""Lanes that are stepped together at most, unless a single trial has more."""

_CACHE_BYTES = 2**19
"""About what instances take that are stepped together on a CPU.

They should fit into a core's caches, and be few: all of them wait for the slowest one. Of 200
programs of 50 x 30, 8 at a time were the fastest of 4, 8, 20 and 40.
"""


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


def of_instances(spec: TrialSpec, instances: Sequence[Instance]) -> list[TrialSpec]:
    """The trials that `spec` becomes with each of these instances in the place of its own.

    Lanes come first in their arrays: products of a batch of dense matrices with a vector each are
    4 times as fast so as with lanes last (50 x 30, 64 lanes, one core).

    Raises:
        UserError: a setting of the problem is not that of a plain instance, or an instance differs
            in shape from the first one.
    """
    assert spec.plan is not None
    if spec.posed is not None:
        raise UserError(f"instances of {spec.problem} cannot be stacked")
    first, shape = instances[0], _shape(instances[0])
    for other in instances[1:]:
        if _shape(other) != shape:
            raise UserError(
                f"{other.name} and {first.name} differ in shape, "
                f"{_in_words(other)} and {_in_words(first)}: a stack needs equal ones"
            )
    plan = replace(spec.plan, batching="vmap", lane_axis=0)
    return [replace(spec, instance=i, plan=plan, stacked=True) for i in instances]


def _shape(instance: Instance) -> dict[str, tuple[int, ...]]:
    """Shapes of all arrays but those of sparse entries, whose forms may still be alike."""
    arrays = to_arrays(instance.family, instance.public)
    entries = ("_data", "_indices", "edges", "weights")
    return {k: v.shape for k, v in arrays.items() if not k.endswith(entries)}


def _in_words(instance: Instance) -> str:
    return " ".join(f"{k}={v}" for k, v in size_of(instance.public).items()) or instance.family


def _like(known: float, value: float, name: str) -> float:
    """The value as a whole number where the setting is one."""
    if not isinstance(known, int):
        return value
    if value != int(value):
        raise UserError(f"method.{name} must be an integer, not {value:g}")
    return int(value)


def joined(trials: Sequence[TrialSpec]) -> TrialSpec:
    """The one run that all trials are part of."""
    first = trials[0]
    assert first.plan is not None
    names = traced(first)
    whole = first.plan.lanes * len(trials)
    share = _share(len(trials), _together(trials))
    plan = replace(first.plan, lanes=whole, micro_batch=first.plan.lanes * share)
    own = tuple({k: float(t.settings[k]) for k in names} for t in trials)
    run = replace(first, plan=plan, stack=own)
    if any(t.instance is not first.instance for t in trials):
        family, publics = first.instance.family, tuple(t.instance.public for t in trials)
        together = replace(first.instance, family=FAMILY, public=Stack(family, publics))
        run = replace(run, instance=together)
    return run


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
    first, run = trials[0], joined(trials)
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


def _together(trials: Sequence[TrialSpec]) -> int:
    """How many trials are best stepped together."""
    first = trials[0]
    assert first.plan is not None
    most = max(_MOST_TOGETHER // first.plan.lanes, 1)
    if first.plan.platform == "gpu" or all(t.instance is first.instance for t in trials):
        return most
    arrays = to_arrays(first.instance.family, first.instance.public)
    size = 2 * sum(a.nbytes for a in arrays.values())  # matrices are kept with their transposes
    return min(most, max(_CACHE_BYTES // size, 1))


def _share(count: int, wanted: int) -> int:
    """The divisor of `count` that is nearest to `wanted` by its ratio, the smaller of two."""
    divisors = [d for d in range(1, min(count, _MOST_TOGETHER) + 1) if count % d == 0]
    return min(divisors, key=lambda d: max(d / wanted, wanted / d))


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
