"""One trial from spec to record: solve in workers, verify here, keep the record."""

import time
import uuid
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dnnbench.instances.equation import Evaluation
from dnnbench.instances.formula import Formula
from dnnbench.instances.graph import Graph
from dnnbench.instances.measurement import Measurement
from dnnbench.instances.program import Program
from dnnbench.instances.quadratic import QuadraticModel
from dnnbench.problems.base import Exact, Verdict, better
from dnnbench.records.environment import environment
from dnnbench.records.schema import SCHEMA_VERSION, Record
from dnnbench.records.status import Status
from dnnbench.runner.diagnose import notes
from dnnbench.runner.exclusive import turn
from dnnbench.runner.inprocess import solve_in_process
from dnnbench.runner.messages import Final
from dnnbench.runner.pool import Pool
from dnnbench.runner.resolve import exact_side, knowable
from dnnbench.runner.spec import TrialSpec
from dnnbench.runner.supervise import Report, Watch, supervise

# What a worker says of how it ran rather than on what.
_HOW_IT_RAN = ("program_reused", "resumed", "checkpoint_failure")


@dataclass(frozen=True)
class Result:
    """A finished trial.

    Attributes:
        record: what is kept.
        solution: the verified answer, or None.
        pictures: what the solver's stopping rules return, by name; for problems of pictures.
    """

    record: Record
    solution: np.ndarray | None
    pictures: dict[str, np.ndarray] = field(default_factory=dict)


def run_trial(
    spec: TrialSpec,
    pool: Pool | None,
    watch: Watch | None = None,
    *,
    checkpoint: Path | None = None,
    concurrent: int = 1,
) -> Result:
    """Solve, verify and describe one trial; nothing is stored here but checkpoints.

    Args:
        spec: the trial.
        pool: workers; None solves in this process, where nothing can be ended from outside.
        watch: what people are shown.
        checkpoint: file in which a method's state is kept, and from which it goes on.
        concurrent: how many trials the caller runs at the same time; it is recorded.

    Raises:
        UserError: the worker found the input or the request wrong.
        KeyboardInterrupt: interrupted before there was anything to keep.
    """
    problem: Exact = exact_side(spec.problem_about)
    watch = watch or Watch()
    timed = spec.budget.seconds is not None and spec.hardware.exclusive
    alone: AbstractContextManager[None] = nullcontext()
    if timed:
        given_up = pool.interrupted.is_set if pool is not None else lambda: False
        alone = turn(_platform(spec), lambda: watch.phase("waiting"), given_up)
    with alone:
        report, processes = _solve(spec, pool, watch, problem, checkpoint)
    final = _merge(report, problem, spec)
    if spec.posed is not None:
        # The rows that were judged here; where it was solved the objective is not known.
        final = replace(final, trace=report.traces.get(0, []))
    shared = {"exclusive": timed, "concurrent": 1 if timed else concurrent}
    return describe(spec, problem, report, final, processes, shared)


def failed(spec: TrialSpec, message: str) -> Result:
    """The record of a trial that could not even begin."""
    problem: Exact = exact_side(spec.problem_about)
    report = Report(status="error", message=message)
    return describe(spec, problem, report, _merge(report, problem, spec), 1, {})


def _solve(
    spec: TrialSpec, pool: Pool | None, watch: Watch, problem: Exact, checkpoint: Path | None
) -> tuple[Report, int]:
    """What came of the trial's processes, and how many there were."""
    if pool is None:
        return solve_in_process(spec, problem.sense), 1
    cores = spec.budget.cores or spec.hardware.threads
    processes, cores_each = 1, cores
    if spec.role == "baseline" and spec.about.get("threads") == 1:
        processes, cores_each = cores, 1
        if spec.budget.restarts is not None:
            processes = min(processes, spec.budget.restarts)
    healthy = False
    try:
        workers = pool.take(spec.hardware, cores_each, processes)
        report = supervise(spec, workers, pool.inbox, watch, problem.sense, checkpoint)
        healthy = report.status is None
    finally:
        pool.give_back(healthy)
    return report, processes


def _merge(report: Report, problem: Exact, spec: TrialSpec) -> Final:
    """One last word of all processes: the best answer, work summed, traces interleaved."""
    known = dict(report.finals)
    for index, (z, claim, _) in report.streamed.items():
        known.setdefault(
            index,
            Final(
                z=z,
                raw_z=z,
                claim=claim if knowable(problem) else None,
                status=report.status or "error",
                steps=report.steps.get(index, 0),
                restarts=0,
                load_seconds=0.0,
                compile_seconds=0.0,
                solve_seconds=report.solve_seconds,
                trace=report.traces.get(index, []),
                diagnostics={} if knowable(problem) else {"answer": "last streamed"},
            ),
        )
    # In the order of the processes, not of their arrival: the first of equals is taken.
    finals = [known[index] for index in sorted(known)]
    if not finals:
        steps = sum(report.steps.values())
        return Final(None, None, None, report.status or "error", steps, 0, 0, 0, 0)
    if len(finals) == 1:
        return finals[0]
    public = spec.instance.public

    def key(final: Final) -> float:
        if final.z is None:
            return float("inf")
        try:
            objective = problem.verify(final.z, public, None).objective
        except ValueError:
            return float("inf")
        return -objective if problem.sense == "max" else objective

    best = min(finals, key=key)
    rows = sorted((row for f in finals for row in f.trace), key=lambda row: row[0])
    trace: list[list[float]] = []
    for row in rows:
        if not trace or better(row[2], trace[-1][2], problem.sense):
            trace.append(row)
    statuses = {f.status for f in finals}
    proofs = ("unsat", "infeasible", "unbounded")
    order = ("target", *proofs, "interrupted", "timeout", "budget", "converged", "diverged")
    return Final(
        z=best.z,
        raw_z=best.raw_z,
        claim=best.claim,
        status=next((s for s in order if s in statuses), best.status),
        steps=sum(f.steps for f in finals),
        restarts=sum(f.restarts for f in finals),
        load_seconds=max(f.load_seconds for f in finals),
        compile_seconds=max(f.compile_seconds for f in finals),
        solve_seconds=max(f.solve_seconds for f in finals),
        trace=trace,
        polish=best.polish,
        diagnostics={**best.diagnostics, "process_steps": [f.steps for f in finals]},
        hardware=best.hardware,
    )


def _verify(
    problem: Exact, z: np.ndarray | None, spec: TrialSpec
) -> tuple[Verdict | None, str | None]:
    if z is None:
        return None, None
    try:
        return problem.verify(z, spec.instance.public, spec.instance.sealed), None
    except ValueError as error:
        return None, f"the solver returned a wrong answer: {error}"


def describe(
    spec: TrialSpec,
    problem: Exact,
    report: Report,
    final: Final,
    processes: int,
    shared: dict[str, Any],
    run_id: str | None = None,
) -> Result:
    """Verify an answer and write down everything about its trial.

    Args:
        spec: the trial.
        problem: its exact side.
        report: what came of its processes.
        final: their last words in one.
        processes: how many there were.
        shared: what else was running.
        run_id: of the run it was part of; None for a run of its own.
    """
    begin = time.perf_counter()
    verdict, wrong = _verify(problem, final.z, spec)
    raw, _ = _verify(problem, final.raw_z, spec)
    diagnostics = dict(final.diagnostics)
    for name, picture in final.pictures.items():
        found, _ = _verify(problem, picture, spec)
        if found is not None:
            diagnostics[name] = {**diagnostics.get(name, {}), **found.metrics}
    verify_seconds = time.perf_counter() - begin
    status = _status(report, final, verdict, spec, problem)
    message = wrong or report.message
    if wrong:
        status = Status.ERROR
    # How the trial was timed says nothing of its result, so it stands with the environment.
    timing = {k: v for k, v in final.hardware.items() if k in _HOW_IT_RAN}
    hardware: dict[str, Any] = {
        "platform": _platform(spec),
        "device_kind": None,
        "devices": spec.hardware.devices,
        **{k: v for k, v in final.hardware.items() if k not in timing},
        "threads": spec.hardware.threads,
        "cores": spec.budget.cores or spec.hardware.threads,
        "processes": processes,
        "pinned": spec.hardware.pin,
        "precision": spec.hardware.precision,
    }
    record = Record(
        schema=SCHEMA_VERSION,
        trial_id=spec.trial_id,
        run_id=run_id or uuid.uuid4().hex,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        solver=spec.solver,
        role="method" if spec.role == "method" else "baseline",
        kind=spec.about["kind"],
        taxonomy=spec.about["taxonomy"],
        solver_version=spec.version,
        problem=spec.problem,
        problem_settings=spec.problem_settings,
        instance=spec.instance.name,
        instance_sha256=spec.instance.sha256,
        instance_size=size_of(spec.instance.public),
        seed=spec.seed,
        settings=spec.settings,
        budget=asdict(spec.budget),
        plan={} if spec.plan is None else asdict(spec.plan),
        status=status,
        message=message,
        feasible=None if verdict is None else verdict.feasible,
        violation=None if verdict is None else float(verdict.violation),
        metric=problem.metric,
        sense=problem.sense,
        value=None if verdict is None else verdict.objective,
        raw_value=None if raw is None else raw.objective,
        claimed_value=final.claim,
        polish=final.polish,
        metrics={} if verdict is None else dict(verdict.metrics),
        steps=final.steps,
        restarts=final.restarts,
        load_seconds=final.load_seconds,
        compile_seconds=final.compile_seconds,
        solve_seconds=final.solve_seconds,
        verify_seconds=verify_seconds,
        stacked=spec.stacked,
        trace=[list(row) for row in final.trace],
        diagnostics={**diagnostics, "notes": notes(final, raw, problem)},
        hardware=hardware,
        environment={**environment(), **timing, **shared},
        solution=None,
    )
    return Result(record, None if verdict is None else final.z, _pictures(spec, problem, final))


def _status(
    report: Report, final: Final, verdict: Verdict | None, spec: TrialSpec, problem: Exact
) -> Status:
    """How the trial ended; the target counts as reached also where the polish reached it."""
    status = Status(report.status or final.status)
    target = spec.budget.target
    if target is None or verdict is None or status not in (Status.BUDGET, Status.CONVERGED):
        return status
    reached = verdict.feasible and not better(target, verdict.objective, problem.sense)
    return Status.TARGET if reached else status


def _pictures(spec: TrialSpec, problem: Any, final: Final) -> dict[str, np.ndarray]:
    """What is worth looking at: what was measured, what is behind it, what the rules return."""
    if not spec.makes_pictures:
        return {}
    public, sealed = spec.halves
    answer = {} if final.z is None else {"answer": final.z}
    return {"clean": sealed, "measured": problem.plain(public), **answer, **final.pictures}


def _platform(spec: TrialSpec) -> str:
    """What the trial computes on: baselines leave the accelerator alone."""
    return spec.hardware.platform if spec.role == "method" else "cpu"


def size_of(public: Any) -> dict[str, int]:
    """The sizes of an instance, by name."""
    if isinstance(public, Graph | QuadraticModel):
        return {"n": public.num_vertices, "m": public.num_edges}
    if isinstance(public, Formula):
        return {"n": public.num_variables, "m": public.num_constraints}
    if isinstance(public, Program):
        return {"n": public.num_variables, "m": public.num_rows, "nonzeros": public.matrix.nnz}
    if isinstance(public, Measurement):
        return {"height": public.height, "width": public.width, "channels": public.channels}
    if isinstance(public, Evaluation):
        return {"points": len(public.points), "dimensions": public.points.shape[1]}
    return {}
