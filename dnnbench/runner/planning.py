"""Chooses the plan of a trial by fixed rules, from config and instance size, without JAX."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from dnnbench.config.hardware import Hardware, gpu_missing
from dnnbench.engine.budget import Budget
from dnnbench.engine.plan import Plan
from dnnbench.errors import unknown
from dnnbench.instances.graph import Graph
from dnnbench.instances.program import Program
from dnnbench.instances.quadratic import QuadraticModel
from dnnbench.kernels.choice import KERNELS, choose_spmm
from dnnbench.problems.independent_set.conflicts import Conflicts, Stored


def make_budget(config: Mapping[str, Any], hardware: Hardware) -> Budget:
    """The budget that a composed `budget` node means; cores are resolved here."""
    limits = {k: config[k] for k in ("seconds", "steps", "restarts", "target")}
    if limits["seconds"] is None and limits["steps"] is None and limits["restarts"] is None:
        limits["seconds"] = config["fallback_seconds"]
    wanted = config["cores"]
    cores = hardware.threads if wanted is None else min(wanted, hardware.threads)
    return Budget(**limits, cores=cores)


def make_plan(
    defaults: Mapping[str, Any],
    overrides: Mapping[str, Any],
    settings: Mapping[str, Any],
    hardware: Hardware,
    public: Any,
    budget: Budget,
) -> Plan:
    """The plan of a method's trial.

    Args:
        defaults: the method's `_plan`; a value may differ by platform (`{cpu: 1, gpu: 32}`) or by a
            setting (`{by: optimizer, else: 100, gauss_newton: 1}`).
        overrides: the composed `plan` node; null means the method's own.
        settings: the method's settings (columns of its product may be one of them).
        hardware: resolved hardware.
        public: the public half of the instance, as solvers are shown it.
        budget: `restarts` caps the lanes.

    Raises:
        UserError: the kernel asked for does not exist.
    """
    platform = hardware.platform

    def pick(key: str) -> Any:
        value = overrides.get(key)
        value = defaults[key] if value is None else value
        if isinstance(value, dict) and "by" in value:  # depends on a setting of the method
            return value.get(settings[value["by"]], value["else"])
        return value[platform] if isinstance(value, dict) else value

    lanes = pick("lanes")
    if budget.restarts is not None:
        # Methods whose restarts run in one wave get a lane for each, unless lanes are given.
        whole = defaults.get("one_wave") and overrides.get("lanes") is None
        lanes = budget.restarts if whole else min(lanes, budget.restarts)
    micro_batch = _divisor(lanes, min(pick("micro_batch"), lanes))
    batching = _per_platform(defaults["batching"], platform)
    dtype = pick("dtype")
    kernel = overrides.get("kernel")
    if kernel is None:
        kernel = _kernel(defaults, settings, platform, public, micro_batch, dtype)
    elif kernel not in KERNELS:
        raise unknown("plan.kernel", kernel, KERNELS)
    return Plan(
        platform=platform,
        dtype=dtype,
        kernel=kernel,
        lanes=lanes,
        micro_batch=1 if batching == "serial" else micro_batch,
        score_every=pick("score_every"),
        batching=batching,
        loop=_per_platform(defaults["loop"], platform),
        lane_axis=defaults["lane_axis"],
        devices=hardware.devices if hardware.devices is not None else _all_devices(platform),
    )


def _per_platform(value: Any, platform: str) -> Any:
    return value[platform] if isinstance(value, dict) else value


def _all_devices(platform: Literal["cpu", "gpu"]) -> int:
    if platform == "cpu" or gpu_missing():
        return 1
    return 1024  # the engine takes as many as there are


def _divisor(number: int, at_most: int) -> int:
    return max(d for d in range(1, at_most + 1) if number % d == 0)


def _kernel(
    defaults: Mapping[str, Any],
    settings: Mapping[str, Any],
    platform: str,
    public: Any,
    lanes: int,
    dtype: str,
) -> str:
    if isinstance(public, Conflicts):
        public = public.stored_graph
    columns = defaults["columns"]
    columns = settings[columns] if isinstance(columns, str) else columns
    if isinstance(public, Program) and public.quadratic is not None:
        entries = np.diff(public.quadratic.indptr)
        size = (public.num_variables, int(entries.sum()), columns * lanes)
        return choose_spmm(platform, *size, dtype, int(entries.max(initial=0)))
    if not isinstance(public, Graph | QuadraticModel | Stored):
        return "none"
    return choose_spmm(
        platform,
        public.num_vertices,
        2 * public.num_edges,
        columns * lanes,
        dtype,
        int(public.degrees.max(initial=0)),
    )
