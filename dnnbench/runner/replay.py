"""Runs a recorded trial again and says whether the result is the same."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from dnnbench.config import catalog
from dnnbench.config.compose import compose_values
from dnnbench.engine.budget import Budget
from dnnbench.errors import UserError, unknown
from dnnbench.instances.load import load_instance
from dnnbench.records.schema import Record
from dnnbench.runner.once import load_for
from dnnbench.runner.pool import Pool
from dnnbench.runner.spec import TrialSpec, make_spec
from dnnbench.runner.supervise import Watch
from dnnbench.runner.trial import Result, run_trial


@dataclass(frozen=True)
class Replay:
    """A trial that was run again.

    Attributes:
        result: of the second run.
        differences: what differs, in words; empty if the result is identical.
        by_steps: whether the budget was replaced by the steps on record.
    """

    result: Result
    differences: tuple[str, ...]
    by_steps: bool

    @property
    def identical(self) -> bool:
        """Whether value, answer, steps and restarts are the same."""
        return not self.differences


def replay_spec(record: Record, *, data_dir: Path | None, cache_dir: Path) -> TrialSpec:
    """The trial of a record, to be run by its steps if the clock or the user ended it.

    Raises:
        UserError: the solver, the instance or a setting is not what it was.
    """
    if record.solver not in catalog.entries(record.role):
        text = unknown(record.role, record.solver, catalog.entries(record.role))
        raise UserError(f"{text}; if a plug-in brings it, name it with --plugin")
    chosen = {record.role: record.solver, "problem": record.problem}
    values: dict[str, Any] = {"seed": record.seed}
    values |= {f"{record.role}.{k}": v for k, v in record.settings.items()}
    values |= {f"problem.{k}": v for k, v in record.problem_settings.items()}
    values |= {f"budget.{k}": v for k, v in record.budget.items() if v is not None}
    if record.plan:
        keys = ("lanes", "micro_batch", "score_every", "kernel", "dtype")
        values |= {f"plan.{k}": record.plan[k] for k in keys if record.plan[k] != "none"}
        chosen["hardware"] = "gpu" if record.plan["platform"] == "gpu" else "cpu"
    if _by_steps(record):
        values |= {"budget.seconds": None, "budget.steps": record.steps}
    config = compose_values(chosen, values)
    instance = load_for(config, record.instance, data_dir=data_dir, cache_dir=cache_dir)
    if instance.sha256 != record.instance_sha256:
        raise UserError(f"{record.instance} has changed since: its sha256 is another one")
    load = partial(load_instance, data_dir=data_dir, cache_dir=cache_dir, download=False)
    spec = make_spec(config, instance, load)
    if spec.version != record.solver_version:
        raise UserError(
            f"the record was made by version {record.solver_version} of {record.solver}; "
            f"here is version {spec.version}"
        )
    if record.role == "baseline" and spec.budget.cores != record.budget["cores"]:
        raise UserError(
            f"the record was made on {record.budget['cores']} cores, each with a seed of its own; "
            f"here are {spec.budget.cores}"
        )
    return spec


def _by_steps(record: Record) -> bool:
    """Whether the clock or the user, and not the budget's own count, ended the trial."""
    ended = record.budget["seconds"] is not None or record.status in ("interrupted", "timeout")
    return ended and record.steps > 0 and record.value is not None


def replay(
    record: Record, solution: np.ndarray | None, spec: TrialSpec, watch: Watch | None = None
) -> Replay:
    """Run the trial again and hold it against its record.

    Args:
        record: the record.
        solution: its stored solution.
        spec: from `replay_spec`.
        watch: what people are shown.
    """
    per_process = record.diagnostics.get("process_steps")
    by_steps = _by_steps(record)
    # Of the recorded budget, so that the ids must agree: what they hash beyond the settings is
    # the code of a plug-in's file.
    identity = replace(spec, budget=Budget(**cast(dict[str, Any], record.budget))).trial_id
    if by_steps and per_process:
        spec = replace(spec, process_steps=tuple(per_process))
    with Pool() as pool:
        result = run_trial(spec, pool, watch)
    found = _differences(record, solution, result, by_steps)
    if identity != record.trial_id:
        found.insert(
            0,
            f"the trial is another one ({identity}): the record, a plug-in's file or a solver's "
            "plan has changed since",
        )
    return Replay(result, tuple(found), by_steps)


def _differences(
    record: Record, solution: np.ndarray | None, result: Result, by_steps: bool
) -> list[str]:
    new = result.record
    names = ["value", "raw_value", "claimed_value", "feasible", "steps", "restarts"]
    if not by_steps:  # else it ended by another limit now
        names.append("status")
    found = [
        f"{name}: {getattr(record, name)} on record, {getattr(new, name)} now"
        for name in names
        if getattr(record, name) != getattr(new, name)
    ]
    if not _same(solution, result.solution):
        found.append("the answers differ")
    return found


def _same(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
