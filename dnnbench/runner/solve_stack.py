"""Runs many settings of a method in one compiled program; imported in workers only."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from dnnbench.engine.budget import Budget
from dnnbench.engine.compiled import Programs
from dnnbench.engine.job import Hooks, Job
from dnnbench.engine.plan import Plan
from dnnbench.engine.run import run
from dnnbench.runner.messages import Final, Reporter
from dnnbench.runner.resolve import exact_side
from dnnbench.runner.solve_method import assemble, monitors


def solve_stack(
    job: Mapping[str, Any], public: Any, report: Reporter, programs: Programs | None = None
) -> Final:
    """Load, compile once, optimise all of them; nothing is polished.

    Args:
        job: the message of `TrialSpec.job`; `stack` has the traced settings of each trial, and
            the plan's lanes are those of all of them.
        public: public half of the instance.
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
    method, data, hp = assemble(job, public, plan)
    load_seconds = time.perf_counter() - begin
    sign = -1.0 if problem.sense == "max" else 1.0

    def exact(trial: int, z: np.ndarray, cost: float, seconds: float, steps: int) -> float:
        return float(problem.verify(z, public, None).objective)

    report.phase("compile")
    result = run(
        Job(
            method=method,
            data=data,
            hp=tuple({**hp, **own} for own in job["stack"]),
            seed=job["seed"],
            budget=budget,
            plan=plan,
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
