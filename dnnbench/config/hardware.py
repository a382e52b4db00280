"""Resolves the `hardware` config on this machine, before JAX starts and without importing it."""

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from dnnbench.errors import UserError


@dataclass(frozen=True)
class Hardware:
    """What a trial may use.

    Attributes:
        platform: `cpu` or `gpu`.
        devices: accelerators to use, or None for all (cpu: host devices, normally 1).
        threads: processor cores.
        precision: matrix product precision on GPUs.
        deterministic: whether XLA is asked for deterministic GPU operations.
        memory_limit: bytes, or None.
        setup_limit: seconds that loading and compiling may take.
        time_limit: seconds after which a solve without a budget in seconds is ended, or None.
        checkpoint_every: seconds of solve time between two checkpoints, or None.
        exclusive: whether a trial with a budget in seconds waits until it is alone.
        pin: whether the process is pinned to its cores.
    """

    platform: Literal["cpu", "gpu"]
    devices: int | None
    threads: int
    precision: str
    deterministic: bool
    memory_limit: int | None
    setup_limit: float
    time_limit: float | None
    checkpoint_every: float | None
    exclusive: bool
    pin: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for the worker's job."""
        return asdict(self)

    def environment(self, cores: int) -> dict[str, str]:
        """Variables that a worker's process is started with, so that they act before JAX does."""
        variables = {
            "JAX_PLATFORMS": "cuda,cpu" if self.platform == "gpu" else "cpu",
            "JAX_DEFAULT_MATMUL_PRECISION": self.precision,
            "OMP_NUM_THREADS": str(cores),
            "OPENBLAS_NUM_THREADS": str(cores),
            "MKL_NUM_THREADS": str(cores),
            "NUMBA_NUM_THREADS": str(cores),
        }
        flags = [os.environ.get("XLA_FLAGS", "")]
        if self.platform == "gpu" and self.deterministic:
            flags.append("--xla_gpu_deterministic_ops=true")
        if self.platform == "cpu" and (self.devices or 1) > 1:
            flags.append(f"--xla_force_host_platform_device_count={self.devices}")
        joined = " ".join(f for f in flags if f)
        if joined:
            variables["XLA_FLAGS"] = joined
        return variables


def available_cores() -> int:
    """Processor cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def gpu_missing() -> str | None:
    """Why JAX could not use a GPU here, or None if it looks as if it could."""
    plugins = ("jax_cuda12_plugin", "jax_cuda13_plugin", "jax_rocm7_plugin", "jax_rocm60_plugin")
    if not any(importlib.util.find_spec(p) for p in plugins):
        return "JAX has no GPU support installed (pip install 'dnnbench[cuda]')"
    devices = [*Path("/dev").glob("nvidia[0-9]*"), *Path("/dev").glob("kfd")]
    if not devices:
        return "no GPU device was found on this machine"
    return None


def resolve(config: Mapping[str, Any]) -> Hardware:
    """The hardware that a composed `hardware` node means on this machine.

    Raises:
        UserError: a GPU is asked for where there is none, or more cores than there are.
    """
    platform = config["platform"]
    if platform == "auto":
        platform = "cpu" if gpu_missing() else "gpu"
    elif platform == "gpu":
        reason = gpu_missing()
        if reason:
            raise UserError(f"hardware={config['name']}: {reason}; hardware=cpu runs everywhere")
    cores = available_cores()
    threads = config["threads"] if config["threads"] is not None else cores
    if threads > cores:
        raise UserError(f"hardware.threads={threads}: only {cores} cores are available")
    limit = config["memory_limit"]
    return Hardware(
        platform=platform,
        devices=config["devices"],
        threads=threads,
        precision=config["precision"],
        deterministic=config["deterministic"],
        memory_limit=None if limit is None else int(limit * 2**30),
        setup_limit=config["setup_limit"],
        time_limit=config["time_limit"],
        checkpoint_every=config["checkpoint_every"],
        exclusive=config["exclusive"],
        pin=config["pin"],
    )
