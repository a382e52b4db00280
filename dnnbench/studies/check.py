"""The conformance suite: what every solver must do on instances whose optimum is known.

Each check runs whole trials, in worker processes under hard limits, so that a solver that hangs
or dies fails its check and no other. A solver's config may say under `_conformance` which
`settings` to use at this size, and on which tiny instances its optimum is not asked
(`optimum_not_asked`: `dense`, or `qubo dense` for one problem), with the reason beside it. `slow`
leaves it to the longer run of dnnbench's own tests.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from dnnbench.config import catalog
from dnnbench.config.compose import compose_values
from dnnbench.errors import UserError
from dnnbench.instances.digest import in_memory
from dnnbench.instances.instance import Instance
from dnnbench.problems.base import Exact, better
from dnnbench.runner.pool import Pool
from dnnbench.runner.resolve import exact_side, implementation, knowable
from dnnbench.runner.spec import TrialSpec, make_spec
from dnnbench.runner.trial import Result, run_trial

LANES = 32
_PICTURE_LANES = 2
_STEPS = 600  # where two runs are compared
_CAP_STEPS = 30_000  # within which the optimum must be found
_CAP_SECONDS = 60.0  # and time, whatever the machine
_SETUP_SECONDS = 300.0  # for loading and compiling
_SOFT_SECONDS = 0.5  # the budget of the check on limits
_OVERSHOOT_SECONDS = 1.0
_LARGEST_BRUTE_FORCE = 16
_LONGEST_MESSAGE = 300
_NUDGE = 1e-3


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: what was checked: `problem`, `optimum`, `honest claim`, `feasible`, `same seed`,
            `one program`, `restarts`, `time limit`; for pictures, whose optimum nobody knows,
            `improves` in the place of the first two.
        where: problem and instance.
        ok: whether it holds.
        detail: figures, or what went wrong.
    """

    check: str
    where: str
    ok: bool
    detail: str


def check_solver(role: str, name: str) -> Iterator[Finding]:
    """Check a solver on every problem that it lists.

    Args:
        role: `method` or `baseline`.
        name: its name.

    Raises:
        UserError: there is no such solver.
    """
    entry = catalog.entry(role, name)
    for problem in entry.about["problems"]:
        if problem not in catalog.entries("problem"):
            yield Finding("problem", problem, False, "there is no such problem")
            continue
        yield from check_on(role, name, problem)


def check_on(role: str, name: str, problem: str) -> Iterator[Finding]:
    """Check a solver on one problem."""
    with Pool() as pool:
        yield from _Checks(role, name, problem, pool).all()


def brute_force(problem: Exact, public: Any) -> int | float:
    """The best objective of a feasible 0/1 vector, by trying all.

    Raises:
        ValueError: there are too many.
    """
    n = problem.random(public, np.random.default_rng(0)).shape[0]
    if n > _LARGEST_BRUTE_FORCE:
        raise ValueError(f"2^{n} vectors are too many")
    best: int | float | None = None
    for number in range(2**n):
        z = ((number >> np.arange(n)) & 1).astype(np.uint8)
        verdict = problem.verify(z, public, None)
        if verdict.feasible and (best is None or better(verdict.objective, best, problem.sense)):
            best = verdict.objective
    if best is None:
        raise ValueError("no 0/1 vector is feasible")
    return best


class _Checks:
    def __init__(self, role: str, name: str, problem: str, pool: Pool) -> None:
        self.role, self.name, self.problem, self.pool = role, name, problem, pool
        self.hung = False  # whether the last trial had to be ended from outside
        self.entry = catalog.entry(role, name)
        self.declared: Mapping[str, Any] = self.entry.node.get("_conformance") or {}
        about = catalog.entry("problem", problem).about
        self.exact: Any = exact_side(about)
        self.tiny = {
            key: in_memory(key, about["family"], public)
            for key, public in self.exact.tiny().items()
        }

    def all(self) -> Iterator[Finding]:
        """Every check."""
        if not self.tiny:
            yield Finding("problem", self.problem, False, "it has no tiny instances to check on")
            return
        for instance in self.tiny.values():
            first = self._optimum if knowable(self.exact) else self._improves
            yield from first(instance)
            if self.hung:  # the other checks would wait as long again
                return
        last = list(self.tiny.values())[-1]
        for check in (self._same_seed, self._restarts, self._time_limit):
            yield from check(last)
            if self.hung:
                return

    # Trials -------------------------------------------------------------------------------------

    def _spec(self, instance: Instance, values: Mapping[str, Any]) -> TrialSpec:
        chosen = {self.role: self.name, "problem": self.problem, "hardware": "cpu"}
        settings: dict[str, Any] = {"budget.cores": 1}
        if self.exact.polishes:
            settings["problem.polish"] = "none"  # what the solver does, it must do by itself
        if self.role == "method":
            lanes = LANES if knowable(self.exact) else _PICTURE_LANES
            settings |= {"plan.lanes": lanes, "plan.micro_batch": lanes}
        for key, value in self.declared.get("settings", {}).items():
            settings[f"{self.role}.{key}"] = value
        settings |= {"hardware.time_limit": _CAP_SECONDS, "hardware.setup_limit": _SETUP_SECONDS}
        return make_spec(compose_values(chosen, {**settings, **values}), instance)

    def _run(self, instance: Instance, values: Mapping[str, Any]) -> Result | str:
        """The trial's result, or what went wrong."""
        try:
            result = run_trial(self._spec(instance, values), self.pool)
        except UserError as error:
            return str(error)
        record = result.record
        if record.status == "interrupted":
            raise KeyboardInterrupt
        self.hung = record.status == "timeout"
        if self.hung or not record.status.ok:
            text = " ".join((record.message or record.status.sentence).split())
            return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 3] + "..."
        if record.value is None:
            return "no answer"
        return result

    # Checks -------------------------------------------------------------------------------------

    def _optimum(self, instance: Instance) -> Iterator[Finding]:
        where = f"{self.problem} {instance.name}"
        optimum = brute_force(self.exact, instance.public)
        waived = self.declared.get("optimum_not_asked", [])
        asked = instance.name not in waived and where not in waived
        limits: dict[str, Any] = {"budget.steps": _CAP_STEPS if asked else _STEPS}
        result = self._run(instance, {**limits, "budget.target": float(optimum)})
        if isinstance(result, str):
            yield Finding("optimum", where, False, result)
            return
        record = result.record
        assert record.value is not None
        found = record.value == optimum
        text = f"{record.metric} {record.value:g} of {optimum:g} in {record.steps} steps"
        if not asked:
            text += " (its config does not ask for the optimum here)"
        above = better(record.value, optimum, self.exact.sense)
        yield Finding("optimum", where, (found or not asked) and not above, text)
        yield Finding("feasible", where, bool(record.feasible), f"violation {record.violation:g}")
        honest = record.claimed_value is not None and _close(record.claimed_value, record.raw_value)
        claim = f"claimed {record.claimed_value}, verified {record.raw_value}"
        yield Finding("honest claim", where, honest, claim)

    def _improves(self, instance: Instance) -> Iterator[Finding]:
        """Better than what the measurement shows by itself, in one restart."""
        where = f"{self.problem} {instance.name}"
        spec = self._spec(instance, {"budget.restarts": 1})
        floor = self.exact.verify(self.exact.plain(spec.instance.public), *spec.halves).objective
        result = self._run(instance, {"budget.restarts": 1})
        if isinstance(result, str):
            yield Finding("improves", where, False, result)
            return
        record = result.record
        assert record.value is not None
        asked = not self.declared.get("improvement_not_asked")
        ok = not asked or better(record.value, floor, self.exact.sense)
        text = f"{record.metric} {record.value:.2f}, the measurement itself {floor:.2f}"
        yield Finding("improves", where, ok, text)
        yield Finding("feasible", where, bool(record.feasible), f"violation {record.violation:g}")

    def _same_seed(self, instance: Instance) -> Iterator[Finding]:
        where = f"{self.problem} {instance.name}"
        first = self._run(instance, {"budget.steps": _STEPS})
        if isinstance(first, str):
            yield Finding("same seed", where, False, first)
            return
        again = self._run(instance, {"budget.steps": _STEPS})
        if isinstance(again, str):
            yield Finding("same seed", where, False, f"the second time: {again}")
            return
        differing = _differences(first, again)
        text = ", ".join(differing) + " differ" if differing else "the same record twice"
        yield Finding("same seed", where, not differing, text)
        if self.role == "method":
            yield self._one_program(instance, again)

    def _one_program(self, instance: Instance, warm: Result) -> Finding:
        """Neither a second run nor another hyperparameter compiles anything.

        Every setting must be a hyperparameter or a field, else it would change nothing unnoticed.
        """
        where = f"{self.problem} {instance.name}"
        if not warm.record.environment.get("program_reused"):
            return Finding("one program", where, False, "the second run compiled again")
        cls: Any = implementation("methods", self.entry.about)
        settings = self._spec(instance, {}).settings
        idle = set(settings) - set(cls.hyperparameters) - {f.name for f in fields(cls)}
        if idle:
            text = f"neither a field nor a hyperparameter: {', '.join(sorted(idle))}"
            return Finding("one program", where, False, text)
        for key in cls.hyperparameters:
            value = settings.get(key)
            if not isinstance(value, float):
                continue
            nudged = _nudged(value, self.entry.options.get(key, {}))
            result = self._run(instance, {"budget.steps": 2, f"method.{key}": nudged})
            if isinstance(result, str):
                return Finding("one program", where, False, f"{key}: {result}")
            if not result.record.environment.get("program_reused"):
                return Finding("one program", where, False, f"another {key} compiled again")
        text = f"one compilation for any {', '.join(cls.hyperparameters) or 'settings'}"
        return Finding("one program", where, True, text)

    def _restarts(self, instance: Instance) -> Iterator[Finding]:
        where = f"{self.problem} {instance.name}"
        limits = {"budget.restarts": 3, "budget.steps": _CAP_STEPS}
        if self.role == "method":
            limits |= {"plan.lanes": 3, "plan.micro_batch": 3}
        result = self._run(instance, limits)
        if isinstance(result, str):
            yield Finding("restarts", where, False, result)
            return
        made = result.record.restarts
        yield Finding("restarts", where, made <= 3, f"{made} restarts where 3 are allowed")

    def _time_limit(self, instance: Instance) -> Iterator[Finding]:
        where = f"{self.problem} {instance.name}"
        result = self._run(instance, {"budget.seconds": _SOFT_SECONDS})
        if isinstance(result, str):
            yield Finding("time limit", where, False, result)
            return
        spent = result.record.solve_seconds or 0.0
        ok = spent <= 1.05 * _SOFT_SECONDS + _OVERSHOOT_SECONDS
        yield Finding("time limit", where, ok, f"{spent:.2f} s of {_SOFT_SECONDS} s")


def _nudged(value: float, option: Mapping[str, Any]) -> float:
    """Another value that the option allows, close by."""
    above = value + _NUDGE * max(abs(value), 1.0)
    if above <= option.get("max", math.inf) and above < option.get("below", math.inf):
        return above
    return value - _NUDGE * max(abs(value), 1.0)


def _close(claim: float, value: int | float | None) -> bool:
    return value is not None and abs(claim - value) <= 1e-5 * max(1.0, abs(value))


def _differences(a: Result, b: Result) -> list[str]:
    """Names of what differs between two runs, times and trace apart."""
    names = ("value", "raw_value", "claimed_value", "status", "steps", "restarts", "diagnostics")
    found = [n for n in names if getattr(a.record, n) != getattr(b.record, n)]
    assert a.solution is not None
    assert b.solution is not None
    if a.solution.tobytes() != b.solution.tobytes():
        found.append("answers")
    return found
