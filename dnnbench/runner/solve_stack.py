"""Runs many settings or instances in one compiled program; imported in workers only."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from dnnbench.engine.budget import Budget
from dnnbench.engine.compiled import Programs
from dnnbench.engine.contract import Data
from dnnbench.engine.job import Hooks, Job
from dnnbench.engine.plan import Plan
from dnnbench.engine.run import run
from dnnbench.errors import UserError
from dnnbench.instances.stack import Stack
from dnnbench.runner.messages import Final, Reporter
from dnnbench.runner.resolve import exact_side, shown
from dnnbench.runner.solve_method import assemble, chosen_settings, monitors


def solve_stack(
    job: Mapping[str, Any], public: Any, report: Reporter, programs: Programs | None = None
) -> Final:
    """Load, compile once, optimise all of them; nothing is polished.

    Args:
        job: the message of `TrialSpec.job`; `stack` has the traced settings of each trial, and
            the plan's lanes are those of all of them.
        public: public half of the instance, or a `Stack` with one for each trial.
        report: where phases and progress go, and where a stop request is read.
        programs: compiled programs of earlier jobs in this process.

    Returns:
        One last word for all: `z` is [trials, ...], and `diagnostics["stack"]` has what is known of
        each trial, `found` saying whether it has an answer at all.
    """
    import jax

    report.phase("load")
    begin = time.perf_counter()
    plan, budget = Plan(**job["plan"]), Budget(**job["budget"])
    problem = exact_side(job["problem_about"])
    given = public.publics if isinstance(public, Stack) else (public,) * len(job["stack"])
    method, data, items, derived = _load(job, public, plan)
    load_seconds = time.perf_counter() - begin
    sign = -1.0 if problem.sense == "max" else 1.0

    def exact(trial: int, z: np.ndarray, cost: float, seconds: float, steps: int) -> float:
        return float(problem.verify(z, given[trial], None).objective)

    report.phase("compile")
    result = run(
        Job(
            method=method,
            data=data,
            hp=tuple({**d, **own} for d, own in zip(derived, job["stack"], strict=True)),
            seed=job["seed"],
            budget=budget,
            plan=plan,
            items=items,
            target_costs=None if budget.target is None else (sign * budget.target,) * len(given),
            monitors=monitors(problem, method, None),
            memory_limit=job["hardware"]["memory_limit"],
        ),
        Hooks(incumbent=exact, progress=report.progress, should_stop=report.stop_requested),
        lambda memory: report.phase("solve", memory),
        programs,
    )
    some = next((o.z for o in result.outcomes if o.z is not None), None)
    rows = [
        {
            "found": o.z is not None,
            "claim": sign * o.cost,
            "restarts": o.restarts,
            "trace": [list(row) for row in o.trace],
            "diagnostics": o.diagnostics,
        }
        for o in result.outcomes
    ]
    answers = None
    if some is not None:
        answers = np.stack([np.zeros_like(some) if o.z is None else o.z for o in result.outcomes])
    return Final(
        z=answers,
        raw_z=None,
        claim=None,
        status=result.stop,
        steps=result.steps,
        restarts=sum(o.restarts for o in result.outcomes),
        load_seconds=load_seconds,
        compile_seconds=result.compile_seconds,
        solve_seconds=result.solve_seconds,
        diagnostics={"stack": rows},
        hardware={
            "platform": plan.platform,
            "device_kind": jax.devices()[0].device_kind,
            "devices": min(plan.devices, len(jax.devices())),
            "program_reused": result.reused,
        },
    )


def _load(
    job: Mapping[str, Any], public: Any, plan: Plan
) -> tuple[Any, Data, tuple[Any, ...] | None, list[dict[str, float]]]:
    """(method, first instance, leaves of all instances, hyperparameters of each trial)."""
    import jax

    from dnnbench.engine.compat import x64

    if not isinstance(public, Stack):
        method, data, hp = assemble(job, public, plan)
        return method, data, None, [hp] * len(job["stack"])
    first, *others = public.publics
    method, data, hp = assemble(job, first, plan)
    chosen, exact = chosen_settings(method, job["settings"]), exact_side(job["problem_about"])
    rows, derived = [data], [hp]
    with x64(plan.dtype == "float64"):
        for other in others:
            seen = shown(exact, other)
            own, more = method.prepare(seen)
            rows.append(Data(method.energy.prepare(seen), own))
            derived.append({**more, **chosen})
    forms = [jax.tree.map(lambda x: (np.shape(x), x.dtype), row) for row in rows]
    for k, form in enumerate(forms):
        if form != forms[0]:
            raise UserError(
                f"instance {k + 1} of the stack is kept in another form than the first one: its "
                "entries stand in other places, and there are too few for a dense matrix"
            )
    return method, data, _leaves(rows), derived


def _leaves(rows: list[Data]) -> tuple[Any, ...]:
    """The leaves of all instances, [trials, ...]; None where all of them are equal."""
    import jax

    columns = zip(*(jax.tree.leaves(row) for row in rows), strict=True)
    found = (np.stack([np.asarray(leaf) for leaf in column]) for column in columns)
    return tuple(None if (x == x[0]).all() else x for x in found)
