"""Runs a recorded trial again and says whether the result is the same."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dnnbench.config.compose import compose_values
from dnnbench.errors import UserError
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
        by_steps: whether a budget in seconds was replaced by the steps on record.
    """

    result: Result
    differences: tuple[str, ...]
    by_steps: bool

    @property
    def identical(self) -> bool:
        """Whether value, answer, steps and restarts are the same."""
        return not self.differences


def replay_spec(record: Record, *, data_dir: Path | None, cache_dir: Path) -> TrialSpec:
    """The trial of a record, to be run by steps if its budget was in seconds.

    Raises:
        UserError: the solver, the instance or a setting is not what it was.
    """
    chosen = {record.role: record.solver, "problem": record.problem}
    values: dict[str, Any] = {"seed": record.seed}
    values |= {f"{record.role}.{k}": v for k, v in record.settings.items()}
    values |= {f"problem.{k}": v for k, v in record.problem_settings.items()}
    values |= {f"budget.{k}": v for k, v in record.budget.items() if v is not None}
    if record.plan:
        keys = ("lanes", "micro_batch", "score_every", "kernel", "dtype")
        values |= {f"plan.{k}": record.plan[k] for k in keys if record.plan[k] != "none"}
        chosen["hardware"] = "gpu" if record.plan["platform"] == "gpu" else "cpu"
    if record.budget["seconds"] is not None:
        values |= {"budget.seconds": None, "budget.steps": max(record.steps, 1)}
    config = compose_values(chosen, values)
    instance = load_for(config, record.instance, data_dir=data_dir, cache_dir=cache_dir)
    if instance.sha256 != record.instance_sha256:
        raise UserError(f"{record.instance} has changed since: its sha256 is another one")
    spec = make_spec(config, instance)
    if spec.version != record.solver_version:
        raise UserError(
            f"the record was made by version {record.solver_version} of {record.solver}; "
            f"here is version {spec.version}"
        )
    return spec


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
    by_steps = record.budget["seconds"] is not None
    if by_steps and per_process:
        spec = replace(spec, process_steps=tuple(per_process))
    with Pool() as pool:
        result = run_trial(spec, pool, watch)
    return Replay(result, tuple(_differences(record, solution, result)), by_steps)


def _differences(record: Record, solution: np.ndarray | None, result: Result) -> list[str]:
    new = result.record
    found = [
        f"{name}: {getattr(record, name)} on record, {getattr(new, name)} now"
        for name in ("value", "raw_value", "claimed_value", "feasible", "steps", "restarts")
        if getattr(record, name) != getattr(new, name)
    ]
    if not _same(solution, result.solution):
        found.append("the answers differ")
    return found


def _same(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
