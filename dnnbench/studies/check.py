"""The conformance suite: what every solver must do on instances whose optimum is known.

Each check runs whole trials, in worker processes under hard limits, so that a solver that hangs
or dies fails its check and no other. A solver's config may say under `_conformance` which
`settings` to use at this size, and on which tiny instances its optimum is not asked
(`optimum_not_asked`: `dense`, or `qubo dense` for one problem), with the reason beside it. `slow`
leaves it to the longer run of dnnbench's own tests. Instances that a solver has to refuse are
`refused` (a linear program where a definite Q is needed).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from dnnbench.config import catalog
from dnnbench.config.compose import compose_values
from dnnbench.errors import UserError
from dnnbench.instances.digest import in_memory
from dnnbench.instances.instance import Instance
from dnnbench.problems.base import better
from dnnbench.runner.pool import Pool
from dnnbench.runner.resolve import exact_side, implementation, knowable
from dnnbench.runner.spec import TrialSpec, make_spec
from dnnbench.runner.trial import Result, run_trial
from dnnbench.studies.brute_force import brute_force
from dnnbench.studies.findings import Finding, differences, honest

LANES = 32
_PICTURE_LANES = 2
_STEPS = 600  # where two runs are compared
_CAP_STEPS = 30_000  # within which the optimum must be found
_CAP_SECONDS = 60.0  # and time, whatever the machine
_SETUP_SECONDS = 300.0  # for loading and compiling
_SOFT_SECONDS = 0.5  # the budget of the check on limits
_OVERSHOOT_SECONDS = 1.0
_LONGEST_MESSAGE = 300
_NUDGE = 1e-3


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


def check_on(role: str, name: str, problem: str, *, brief: bool = False) -> Iterator[Finding]:
    """Check a solver on one problem, if `brief` on the last of its tiny instances alone."""
    with Pool() as pool:
        yield from _Checks(role, name, problem, pool).all(brief)


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

    def all(self, brief: bool) -> Iterator[Finding]:
        """Every check; the answers of one tiny instance alone if `brief`."""
        if not self.tiny:
            yield Finding("problem", self.problem, False, "it has no tiny instances to check on")
            return
        instances = list(self.tiny.values())
        last = instances[-1]
        for instance in [last] if brief else instances:
            yield from self._first(instance)
            if self.hung:  # the other checks would wait as long again
                return
        for check in (self._same_seed, self._restarts, self._time_limit):
            yield from check(last)
            if self.hung:
                return

    def _first(self, instance: Instance) -> Iterator[Finding]:
        """How good its answers are."""
        if not knowable(self.exact):
            return self._improves(instance)
        return self._optimum(instance) if self.exact.binary else self._converges(instance)

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
        if record.value is None and record.status != "unsat":
            return "no answer"
        return result

    # Checks -------------------------------------------------------------------------------------

    def _optimum(self, instance: Instance) -> Iterator[Finding]:
        where = f"{self.problem} {instance.name}"
        optimum = brute_force(self.exact, instance.public)
        asked = not self._is_among("optimum_not_asked", instance)
        limits: dict[str, Any] = {"budget.steps": _CAP_STEPS if asked else _STEPS}
        result = self._run(instance, {**limits, "budget.target": float(optimum)})
        if isinstance(result, str):
            yield Finding("optimum", where, False, result)
            return
        record = result.record
        if record.status == "unsat":
            goal = getattr(self.exact, "goal", optimum)
            text = f"proved unsatisfiable; the best {record.metric} is {optimum:g}"
            yield Finding("optimum", where, better(goal, optimum, self.exact.sense), text)
            return
        assert record.value is not None
        found = record.value == optimum
        text = f"{record.metric} {record.value:g} of {optimum:g} in {record.steps} steps"
        if not asked:
            text += " (its config does not ask for the optimum here)"
        above = better(record.value, optimum, self.exact.sense)
        yield Finding("optimum", where, (found or not asked) and not above, text)
        yield Finding("feasible", where, bool(record.feasible), f"violation {record.violation:g}")
        yield honest(record, where)

    def _converges(self, instance: Instance) -> Iterator[Finding]:
        """To the error that every solver of the problem has to reach."""
        where = f"{self.problem} {instance.name}"
        asked = not self._is_among("optimum_not_asked", instance)
        error = self.exact.conformance_error
        steps = _CAP_STEPS if asked else _STEPS
        result = self._run(instance, {"budget.steps": steps, "budget.target": error})
        if self._is_among("refused", instance):
            refused = isinstance(result, str)
            text = str(result) if refused else "it was solved, though its config says otherwise"
            yield Finding("refuses", where, refused, text)
            return
        if isinstance(result, str):
            yield Finding("converges", where, False, result)
            return
        record = result.record
        assert record.value is not None
        found = not better(error, record.value, self.exact.sense)
        text = f"{record.metric} {record.value:.2g}, {error:g} is wanted, in {record.steps} steps"
        if not asked:
            text += " (its config does not ask for it here)"
        yield Finding("converges", where, found or not asked, text)
        if asked:
            text = f"violation {record.violation:g}"
            yield Finding("feasible", where, bool(record.feasible), text)
        yield honest(record, where)

    def _is_among(self, key: str, instance: Instance) -> bool:
        """Whether the solver's `_conformance` names this instance, of any or of this problem."""
        named = self.declared.get(key, [])
        return instance.name in named or f"{self.problem} {instance.name}" in named

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
        differing = differences(first, again)
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
