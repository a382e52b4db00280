"""What a trial is, resolved: everything that determines its result, and how to describe it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dnnbench.config.hardware import Hardware, resolve
from dnnbench.engine.budget import Budget
from dnnbench.engine.plan import Plan
from dnnbench.errors import UserError
from dnnbench.instances.digest import public_sha256
from dnnbench.instances.instance import Instance
from dnnbench.records.trial_id import trial_id
from dnnbench.runner.planning import make_budget, make_plan
from dnnbench.runner.resolve import exact_side, knowable, shown


@dataclass(frozen=True)
class TrialSpec:
    """One trial, ready to run.

    Attributes:
        solver, role, about, version, settings: who solves, with which settings.
        problem, problem_about, problem_settings: what is asked.
        instance: on which input.
        seed: with which seed.
        budget: for how long.
        plan: in which layout; None for baselines.
        hardware: on what.
        process_steps: steps of each process, when a trial is replayed; None for the budget's.
        posed: checksum of what the problem made of the instance (a noisy measurement), or None.
        stacked: whether it is one of many trials of a compiled run, with which it shares its times.
        stack: of the run of a stack itself, the traced settings of each of its trials.
    """

    solver: str
    role: str
    about: dict[str, Any]
    version: int
    settings: dict[str, Any]
    problem: str
    problem_about: dict[str, Any]
    problem_settings: dict[str, Any]
    instance: Instance
    seed: int
    budget: Budget
    plan: Plan | None
    hardware: Hardware
    process_steps: tuple[int, ...] | None = None
    posed: str | None = None
    stacked: bool = False
    stack: tuple[dict[str, float], ...] = ()

    @property
    def identity(self) -> dict[str, Any]:
        """Exactly what determines the result.

        A plug-in's file is under development, so its checksum counts; packages have a version.
        """
        code = {
            key: about["plugin"]["sha256"]
            for key, about in (("solver_code", self.about), ("problem_code", self.problem_about))
            if "sha256" in about.get("plugin", {})
        }
        return code | {
            "solver": self.solver,
            "role": self.role,
            "version": self.version,
            "settings": self.settings,
            "problem": self.problem,
            "problem_settings": self.problem_settings,
            "instance_sha256": self.instance.sha256,
            **({} if self.posed is None else {"posed_sha256": self.posed}),
            "seed": self.seed,
            "budget": asdict(self.budget),
            "plan": None if self.plan is None else self.plan.identity(),
            **({"stacked": True} if self.stacked else {}),
        }

    def judged(self, z: np.ndarray, known: float) -> float:
        """The objective of a streamed answer, for traces.

        Args:
            z: the answer.
            known: its objective as far as a solver can know it.
        """
        if self.posed is None:
            return known
        exact = exact_side(self.problem_about)
        if hasattr(exact, "objective"):
            return float(exact.objective(z, *self.halves))
        return float(exact.verify(z, *self.halves).objective)

    @property
    def makes_pictures(self) -> bool:
        """Whether answers are pictures."""
        return self.instance.family == "measurement"

    @property
    def halves(self) -> tuple[Any, Any]:
        """The public and the sealed half of the instance."""
        return self.instance.public, self.instance.sealed

    @property
    def oracle(self) -> Any:
        """The sealed half, if the solver's setting `oracle` asks for monitors that look at it."""
        return self.instance.sealed if self.settings.get("oracle") else None

    @property
    def trial_id(self) -> str:
        """The trial's content key."""
        return trial_id(self.identity)

    def job(self, process: int, checkpoint: Path | None = None) -> dict[str, Any]:
        """The message that starts a worker; `process` numbers the independent seeds of a baseline.

        Args:
            process: which of the trial's processes it is for.
            checkpoint: file to keep a method's state in and to go on from, or None.

        The public half of the instance travels as arrays beside it; the sealed half only for
        monitors named `oracle_*` (see `oracle`).
        """
        return {
            "type": "job",
            "role": self.role,
            "about": self.about,
            "settings": self.settings,
            "problem_about": self.problem_about,
            "problem_settings": self.problem_settings,
            "family": self.instance.family,
            "seed": self.seed,
            "process": process,
            "budget": asdict(self.budget),
            "plan": None if self.plan is None else asdict(self.plan),
            "hardware": self.hardware.to_dict(),
            "checkpoint": None if checkpoint is None else str(checkpoint.resolve()),
            "stack": [dict(settings) for settings in self.stack],
        }


def solver_node(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """(`method` or `baseline`, its composed node).

    Raises:
        UserError: none or both are chosen.
    """
    method, baseline = config.get("method"), config.get("baseline")
    if method and baseline:
        raise UserError("give either method=NAME or baseline=NAME, not both")
    if not method and not baseline:
        raise UserError("give method=NAME or baseline=NAME (`dnnbench list` shows them)")
    return ("method", dict(method)) if method else ("baseline", dict(baseline or {}))


def default_instance(config: Mapping[str, Any]) -> str:
    """The instance the config names, or the problem's own default."""
    named = config["instance"]
    return str(config["problem"]["_about"]["default_instance"] if named is None else named)


def make_spec(
    config: Mapping[str, Any], instance: Instance, load: Callable[[str], Instance] | None = None
) -> TrialSpec:
    """The trial that a composed config means on a loaded instance.

    Args:
        config: the composed config.
        instance: the instance as it was loaded.
        load: loads what else the problem's settings name (an inpainting mask), or None.

    Raises:
        UserError: solver and problem do not fit, or problem and instance do not.
    """
    role, node = solver_node(config)
    about = node["_about"]
    problem = config["problem"]
    name = problem["name"]
    families = about.get("families", [])
    if name not in about["problems"] and problem["_about"]["family"] not in families:
        fits = ", ".join(about["problems"])
        raise UserError(f"{role} '{node['name']}' does not solve '{name}'; it solves: {fits}")
    exact = exact_side(problem["_about"])
    exact.check(instance.public)
    problem_settings = _settings(problem)
    posed = None
    if hasattr(exact, "pose"):
        instance, posed = _pose(exact, instance, problem_settings, load)
    hardware = resolve(config["hardware"])
    budget = make_budget(config["budget"], hardware)
    if budget.target is None and hasattr(exact, "goal"):
        budget = replace(budget, target=float(exact.goal))
    if budget.target is not None and not knowable(exact):
        raise UserError(f"budget.target: nobody can know the {exact.metric} while it is sought")
    settings = _settings(node)
    plan = None
    if role == "method":
        public = shown(exact, instance.public)
        plan = make_plan(node["_plan"], config["plan"], settings, hardware, public, budget)
    version = about.get("version")
    if version is None:
        version = 1
    return TrialSpec(
        solver=node["name"],
        role=role,
        about=about,
        version=version,
        settings=settings,
        problem=name,
        problem_about=problem["_about"],
        problem_settings=problem_settings,
        instance=instance,
        seed=config["seed"],
        budget=budget,
        plan=plan,
        hardware=hardware,
        posed=posed,
    )


def _settings(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node without its name and its metadata."""
    return {k: v for k, v in node.items() if not k.startswith("_") and k != "name"}


def _pose(
    exact: Any,
    instance: Instance,
    settings: Mapping[str, Any],
    load: Callable[[str], Instance] | None,
) -> tuple[Instance, str]:
    """The instance as the problem asks for it, and a checksum of its public half."""

    def named(name: str) -> Any:
        if load is None:
            raise UserError(f"{exact.name}: '{name}' cannot be loaded from here")
        other = load(name)
        if other.family != instance.family:
            raise UserError(f"{name} is no {instance.family}, it is a {other.family}")
        return other.sealed

    posed = exact.pose(instance.sealed, settings, named)
    family = exact.posed_family
    made = replace(instance, family=family, public=posed.public, sealed=posed.sealed)
    return made, public_sha256(family, posed.public)
