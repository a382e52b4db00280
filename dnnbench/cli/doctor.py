"""`dnnbench doctor`: what this machine has and what is missing."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dnnbench.cli import places

_PROBE = (
    "import json, jax; d = jax.devices(); "
    "print(json.dumps([d[0].platform, d[0].device_kind, len(d), jax.__version__]))"
)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Show devices, versions, memory, caches, data found, extras missing."""
    facts = _facts()
    if as_json:
        typer.echo(json.dumps(facts))
        return 0 if facts["jax"]["works"] else 1
    for name, value in facts.items():
        if isinstance(value, dict):
            typer.echo(f"{name}:")
            for key, item in value.items():
                typer.echo(f"  {key}: {item}")
        else:
            typer.echo(f"{name}: {value}")
    return 0 if facts["jax"]["works"] else 1


def _facts() -> dict[str, Any]:
    from dnnbench.config.hardware import available_cores, gpu_missing
    from dnnbench.records.environment import environment

    found = environment()
    cache, data = places.cache_dir(), os.environ.get("DNNBENCH_DATA")
    if data and not Path(data).is_dir():
        data += " (no such folder)"
    extras = {
        "baselines": ("dimod", "dwave", "numba"),
        "noncommercial": ("bm3d",),
        "dev": ("pytest", "ruff", "mypy"),
    }
    return {
        "dnnbench": found["packages"].get("dnnbench"),
        "python": found["python"],
        "packages": found["packages"],
        "system": {k: found[k] for k in ("os", "kernel", "machine", "cpu_model")},
        "cores": available_cores(),
        "memory_gib": found["memory_gib"],
        "jax": _jax(),
        "gpu": gpu_missing() or "a GPU and its JAX plug-in are here",
        "data": {
            "DNNBENCH_DATA": data or "not set (the G-set is generated; others need a download)",
            "cache": f"{cache} ({'exists' if cache.is_dir() else 'empty'})",
        },
        "extras": {name: _extra(modules) for name, modules in extras.items()},
    }


def _extra(modules: tuple[str, ...]) -> str:
    missing = [m for m in modules if importlib.util.find_spec(m) is None]
    return "installed" if not missing else "missing: " + ", ".join(missing)


def _jax() -> dict[str, Any]:
    """Devices as JAX sees them, asked in a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, text=True, timeout=120, check=True
        )
        platform, kind, count, version = json.loads(done.stdout.strip().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        return {"works": False, "reason": str(error).splitlines()[0]}
    return {
        "works": True,
        "version": version,
        "platform": platform,
        "device": kind,
        "devices": count,
    }
