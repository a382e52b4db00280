"""Runs a classical solver in a worker, under the same clock and verification as a method."""

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from dnnbench.baselines.as_cut import posed
from dnnbench.baselines.base import Limits
from dnnbench.engine.budget import Budget
from dnnbench.problems.base import Exact, better
from dnnbench.runner.messages import Final, Reporter
from dnnbench.runner.polishing import Polisher
from dnnbench.runner.resolve import build, exact_side, implementation, knowable

# The share of its seconds that a trial may take with its polish.
_OVERTIME = 1.02


class _Search:
    """The `Search` a baseline talks to: owns the clock, verifies what is offered."""

    def __init__(
        self, problem: Exact, public: Any, budget: Budget, polisher: Polisher, report: Reporter
    ) -> None:
        self._problem, self._public = problem, public
        self._budget, self._polisher, self._report = budget, polisher, report
        self.best: np.ndarray | None = None
        self.objective = 0.0
        self.claim: float | None = None
        self.steps = self.restarts = 0
        self.trace: list[list[float]] = []
        self.notes: dict[str, bool | int | float | str] = {}
        self.proved: str | None = None
        self.hit = self.stopped_by_time = False
        self.begin = time.perf_counter()

    def start(self) -> None:
        """Start the clock."""
        self.begin = time.perf_counter()

    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.begin

    def seconds_left(self) -> float:
        if self._budget.seconds is None:
            return float("inf")
        return self._budget.seconds - self.seconds() - self._polisher.reserve

    def overdue(self) -> bool:
        """Whether a polish that takes longer than was expected has to end."""
        seconds = self._budget.seconds
        return seconds is not None and self.seconds() >= _OVERTIME * seconds

    def should_stop(self) -> bool:
        if self.seconds_left() <= 0:
            self.stopped_by_time = True
            return True
        return self.hit or self._report.stop_requested()

    def offer(self, z: np.ndarray, claim: float, steps: int, restarts: int) -> None:
        self.steps, self.restarts = int(steps), int(restarts)
        sense = self._problem.sense
        seconds = self.seconds()
        self._report.progress(seconds, self.steps)
        if self.best is not None and not better(claim, self.objective, sense):
            return
        candidate = np.array(z)
        exact = self._problem.verify(candidate, self._public, None).objective
        if math.isnan(exact):  # nobody can know it here: the solver's own estimate orders answers
            exact = claim
        if self.best is not None and not better(exact, self.objective, sense):
            return
        self.best, self.objective, self.claim = candidate, exact, float(claim)
        self.trace.append([seconds, self.steps, float(exact)])
        self._report.incumbent(candidate, float(exact), float(claim), seconds, self.steps)
        target = self._budget.target
        self.hit = target is not None and not better(target, exact, sense)
        if self._budget.seconds is not None:
            self._polisher.rehearse(candidate)

    def note(self, name: str, value: bool | int | float | str) -> None:
        self.notes[name] = value

    def prove(self, status: str, certificate: np.ndarray) -> bool:
        problem: Any = self._problem
        proof = problem.prove(status, certificate, self._public)
        self.notes |= proof.figures
        if proof.holds:
            self.proved = status
        else:
            self.notes["certificate_refused"] = status
        return proof.holds


def solve_baseline(job: Mapping[str, Any], public: Any, report: Reporter) -> Final:
    """Load, warm up, wait for the other processes, solve, polish.

    Args:
        job: the message of `TrialSpec.job`; its `process` selects the independent seed.
        public: public half of the instance.
        report: where phases, incumbents and progress go, and where a stop request is read.
    """
    report.phase("load")
    begin = time.perf_counter()
    budget = Budget(**job["budget"])
    problem = exact_side(job["problem_about"])
    solver: Any = build(implementation("baselines", job["about"]), job["settings"])
    rng = np.random.default_rng([job["seed"], 0, job["process"]])
    polish_rng = np.random.default_rng([job["seed"], 1, job["process"]])
    polisher = Polisher(problem, public, job["problem_settings"]["polish"], polish_rng)
    search = _Search(problem, public, budget, polisher, report)
    load_seconds = time.perf_counter() - begin
    report.phase("compile")
    begin = time.perf_counter()
    given = posed(problem, public, search)
    solver.prepare(given.problem, given.public)
    compile_seconds = time.perf_counter() - begin
    report.phase("solve")
    search.start()
    limits = Limits(budget.steps, budget.restarts)
    solver.solve(given.problem, given.public, rng, limits, given.search)
    polished, polish = search.best, None
    if search.best is not None:
        began = time.perf_counter()
        polished = polisher.polish(search.best, search.overdue)
        polish = polisher.report(search.best, polished, time.perf_counter() - began)
    status = "budget"
    if search.hit:
        status = "target"
    elif search.notes.get("proved_unsatisfiable"):
        status = "unsat"
    elif search.proved:
        status = search.proved
    elif report.stop_requested():
        status = "interrupted"
    elif not search.stopped_by_time and budget.steps is None and budget.restarts is None:
        # A solver with a proof to give that gives none ended at a time limit of its own.
        status = "converged" if search.notes.get("optimum_proved", True) else "budget"
    return Final(
        z=polished,
        raw_z=search.best,
        claim=search.claim if knowable(problem) else None,
        status=status,
        steps=search.steps,
        restarts=search.restarts,
        load_seconds=load_seconds,
        compile_seconds=compile_seconds,
        solve_seconds=search.seconds(),
        trace=search.trace,
        polish=polish,
        diagnostics=dict(search.notes),
        hardware={"platform": "cpu", "device_kind": "cpu", "devices": 1},
    )
