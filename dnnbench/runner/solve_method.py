"""Runs a dataless method on the engine; imported in workers only, because it needs JAX."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dnnbench.engine.budget import Budget
from dnnbench.engine.compiled import Programs
from dnnbench.engine.contract import Data
from dnnbench.engine.job import Hooks, Job
from dnnbench.engine.lanes import is_oracle
from dnnbench.engine.plan import Plan
from dnnbench.engine.run import run
from dnnbench.errors import UserError
from dnnbench.monitors.feasibility import Feasibility
from dnnbench.monitors.integrality import Integrality
from dnnbench.runner.checkpoint_file import Checkpointer, read
from dnnbench.runner.messages import Final, Reporter
from dnnbench.runner.polishing import Polisher
from dnnbench.runner.resolve import build, exact_side, implementation, knowable, shown


def solve_method(
    job: Mapping[str, Any],
    public: Any,
    report: Reporter,
    programs: Programs | None = None,
    sealed: Any = None,
) -> Final:
    """Load, compile, optimise, polish.

    Args:
        job: the message of `TrialSpec.job`.
        public: public half of the instance.
        report: where phases, incumbents and progress go, and where a stop request is read.
        programs: compiled programs of earlier jobs in this process.
        sealed: sealed half of the instance, for monitors named `oracle_*` alone, or None.
    """
    import jax

    report.phase("load")
    begin = time.perf_counter()
    plan, budget = Plan(**job["plan"]), Budget(**job["budget"])
    if jax.default_backend() != ("gpu" if plan.platform == "gpu" else "cpu"):
        raise UserError(
            f"hardware: {plan.platform} was planned but JAX runs on {jax.default_backend()}"
        )
    problem = exact_side(job["problem_about"])
    method, data, hp = assemble(job, public, plan)
    if hasattr(method, "answer"):
        budget = _one_wave(budget, plan)
    load_seconds = time.perf_counter() - begin

    sign = -1.0 if problem.sense == "max" else 1.0
    target = None if budget.target is None else (sign * budget.target,)
    rng = np.random.default_rng([job["seed"], 1])
    polisher = Polisher(problem, public, job["problem_settings"]["polish"], rng)

    def incumbent(trial: int, z: np.ndarray, cost: float, seconds: float, steps: int) -> float:
        exact = float(problem.verify(z, public, None).objective)
        report.incumbent(z, exact, sign * cost, seconds, steps)
        if budget.seconds is not None:
            polisher.rehearse(z)
        return exact

    path = None if job["checkpoint"] is None else Path(job["checkpoint"])
    every = job["hardware"]["checkpoint_every"]
    checkpointer = Checkpointer(path, every, report.stop_requested)
    saved = None if path is None else read(path)
    hooks = Hooks(
        incumbent=incumbent,
        progress=report.progress,
        should_stop=report.stop_requested,
        reserve=lambda: polisher.reserve,
        checkpoint=checkpointer,
        resume=saved,
    )

    def on_compiled(memory: int | None) -> None:
        report.phase("solve", memory)
        checkpointer.start()

    report.phase("compile")
    result = run(
        Job(
            method=method,
            data=data,
            hp=(hp,),
            seed=job["seed"],
            budget=budget,
            target_costs=target,
            plan=plan,
            monitors=monitors(problem, method, sealed),
            memory_limit=job["hardware"]["memory_limit"],
            sealed=None if sealed is None else np.asarray(sealed, plan.dtype),
        ),
        hooks,
        on_compiled,
        programs,
    )
    outcome = result.outcomes[0]
    pictures = {n: np.clip(x, 0, 1) for n, x in outcome.pictures.items() if np.isfinite(x).all()}
    if outcome.z is not None:
        outcome.z = pictures.get(getattr(method, "answer", ""), outcome.z)
    diagnostics = dict(outcome.diagnostics)
    if result.plan.micro_batch != plan.micro_batch:
        diagnostics["out_of_memory"] = {
            "micro_batch_before": plan.micro_batch,
            "micro_batch_after": result.plan.micro_batch,
        }
    diagnostics["memory_bytes"] = result.memory_bytes
    solve_seconds, polished, polish = result.solve_seconds, outcome.z, None
    if outcome.z is not None:
        begin = time.perf_counter()
        polished = polisher.polish(outcome.z, _deadline(budget, solve_seconds))
        spent = time.perf_counter() - begin
        solve_seconds += spent
        polish = polisher.report(outcome.z, polished, spent)
    return Final(
        z=polished,
        raw_z=outcome.z,
        claim=None if outcome.z is None or not knowable(problem) else sign * outcome.cost,
        status=result.stop,
        steps=result.steps,
        restarts=outcome.restarts,
        load_seconds=load_seconds,
        compile_seconds=result.compile_seconds,
        solve_seconds=solve_seconds,
        trace=[list(row) for row in outcome.trace],
        polish=polish,
        diagnostics=diagnostics,
        hardware={
            "platform": plan.platform,
            "device_kind": jax.devices()[0].device_kind,
            "devices": min(plan.devices, len(jax.devices())),
            "program_reused": result.reused,
            "resumed": result.resumed,
            **checkpointer.report(),
        },
        pictures=pictures if outcome.z is not None else {},
    )


def _one_wave(budget: Budget, plan: Plan) -> Budget:
    """One restart a lane: stopping rules belong to the restart that a lane ran.

    Raises:
        UserError: more are asked for, or outputs would be skipped.
    """
    if plan.score_every != 1:
        raise UserError("plan.score_every must be 1: stopping rules look at every output")
    if budget.restarts is not None and budget.restarts > plan.lanes:
        raise UserError(
            f"budget.restarts={budget.restarts} needs as many lanes: plan.lanes={budget.restarts}"
        )
    return replace(budget, restarts=budget.restarts or plan.lanes)


def monitors(problem: Any, method: Any, sealed: Any) -> tuple[Any, ...]:
    """What is measured beside: of binary problems how far from binary and from feasible it is."""
    if problem.binary:
        raw = method.energy
        if not hasattr(raw, "repair"):  # every rounding is feasible
            return (Integrality(),)
        raw = replace(raw, repair="none")
        sign = -1.0 if problem.sense == "max" else 1.0
        return (Integrality(), Feasibility(raw, sign, method.ensemble_axis))
    return method_monitors(method, sealed)


def method_monitors(method: Any, sealed: Any) -> tuple[Any, ...]:
    """The method's own stopping rules and measurements; oracles only with something to look at."""
    own = getattr(method, "monitors", ())
    return tuple(m for m in own if sealed is not None or not is_oracle(m))


def assemble(job: Mapping[str, Any], public: Any, plan: Plan) -> tuple[Any, Data, dict[str, float]]:
    """(method, data, hyperparameters) of a job, under the plan's dtype."""
    from dnnbench.engine.compat import x64

    settings = job["settings"]
    energy_class = implementation("problems", job["problem_about"], "energy")
    cls: Any = implementation("methods", job["about"])
    with x64(plan.dtype == "float64"):
        exact = exact_side(job["problem_about"])
        # An energy whose formulas are the instance's own (an equation) is told which.
        own_settings = exact.energy_settings(public) if hasattr(exact, "energy_settings") else {}
        public = shown(exact, public)
        energy: Any = build(
            energy_class,
            {**job["problem_settings"], **own_settings},
            kernel=plan.kernel,
            dtype=plan.dtype,
            lanes=plan.micro_batch,
        )
        method = build(cls, settings, energy=energy)
        own, derived = method.prepare(public)
        data = Data(energy.prepare(public), own)
    return method, data, {**derived, **chosen_settings(method, settings)}


def chosen_settings(method: Any, settings: Mapping[str, Any]) -> dict[str, float]:
    """The hyperparameters that the settings give."""
    named = method.hyperparameters
    return {k: float(settings[k]) for k in named if settings.get(k) is not None}


def _deadline(budget: Budget, spent: float) -> Callable[[], bool]:
    if budget.seconds is None:
        return lambda: False
    end = time.perf_counter() + max(budget.seconds - spent, 0.0) + 0.02 * budget.seconds
    return lambda: time.perf_counter() >= end
