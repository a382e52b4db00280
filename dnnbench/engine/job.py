"""What goes into a run of the engine and what comes out of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from dnnbench.engine.budget import Budget
from dnnbench.engine.contract import Data, Method, Monitor
from dnnbench.engine.plan import Plan

Stop = Literal["target", "budget", "converged", "diverged", "interrupted"]


@dataclass(frozen=True)
class Job:
    """One run: one trial, or a stack of trials that share a program.

    Attributes:
        method: the method, specialised.
        data: the instance's arrays.
        hp: hyperparameters of each trial of the stack.
        items: where each trial has an instance of its own, the leaves of `data` with a leading axis
            of trials, None in the place of those that are equal in all of them; else None.
        seed: seed of every trial in the stack.
        budget: limits; `target` is not read here (see `target_costs`).
        target_costs: cost (lower is better) at which each trial may stop; None for never.
        plan: layout; its `lanes` are those of one trial times the trials.
        monitors: passive measurements.
        memory_limit: bytes a compiled unit may take, or None.
        sealed: the instance's sealed half, for monitors whose name begins with `oracle_`; or None.
    """

    method: Method
    data: Data
    hp: tuple[dict[str, float], ...]
    seed: int
    budget: Budget
    plan: Plan
    items: tuple[Any, ...] | None = None
    target_costs: tuple[float, ...] | None = None
    monitors: tuple[Monitor, ...] = ()
    memory_limit: int | None = None
    sealed: Any = None

    @property
    def trials(self) -> int:
        """Trials in the stack."""
        return len(self.hp)


def _ignore_incumbent(trial: int, z: np.ndarray, cost: float, seconds: float, steps: int) -> float:
    return cost


@dataclass(frozen=True)
class Hooks:
    """The caller's side effects, called on the host between chunks only.

    Attributes:
        incumbent: (trial, z, cost, seconds, steps) -> exact objective, for the trace; called for
            every improvement seen at the end of a chunk.
        progress: (seconds, steps) after every chunk.
        should_stop: whether the user asked to end the run.
        reserve: seconds of the budget to leave for repair and polish.
        checkpoint: called after every chunk that does not end the run, and when it is interrupted,
            with a function that gives the run's state as arrays; whoever is called decides whether
            it is time to keep one.
        resume: such arrays, to go on from; ignored if they do not fit the run's shapes.
    """

    incumbent: Callable[[int, np.ndarray, float, float, int], float] = _ignore_incumbent
    progress: Callable[[float, int], None] = lambda seconds, steps: None
    should_stop: Callable[[], bool] = lambda: False
    reserve: Callable[[], float] = lambda: 0.0
    checkpoint: Callable[[Callable[[], dict[str, np.ndarray]]], None] = lambda state: None
    resume: Mapping[str, np.ndarray] | None = None


@dataclass
class Outcome:
    """Result of one trial of the stack.

    Attributes:
        z: best rounded candidate, or None if no restart gave a finite one.
        violation, cost: its score on the device.
        trace: (seconds, steps, exact objective) rows, one an improvement seen.
        restarts: initialisations begun.
        diverged: restarts lost to non-finite values.
        diagnostics: spread over restarts, stall steps, monitors.
        pictures: what the winning lane's monitors return, by their names.
    """

    z: np.ndarray | None = None
    violation: float = float("inf")
    cost: float = float("inf")
    trace: list[tuple[float, int, float]] = field(default_factory=list)
    restarts: int = 0
    diverged: int = 0
    diagnostics: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class Result:
    """Result of the run.

    Attributes:
        outcomes: one a trial.
        stop: what ended the run.
        steps: steps that every lane made.
        compile_seconds, solve_seconds: apart; compilation comes first.
        plan: the plan as it ran (smaller units after an out-of-memory error).
        memory_bytes: what the compiler expects a unit to need, or None.
        reused: whether an earlier run's compiled program was taken over.
        resumed: whether it went on from a checkpoint.
    """

    outcomes: list[Outcome]
    stop: Stop
    steps: int
    compile_seconds: float
    solve_seconds: float
    plan: Plan
    memory_bytes: int | None
    reused: bool = False
    resumed: bool = False
