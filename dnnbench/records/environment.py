"""What a record says of the machine and the software: a fixed list of facts, nothing else.

Never recorded: host and user names, paths, environment variables, URLs, command lines. Facts that
could carry such things by accident are cut down to the part that cannot: of the kernel's release
only the leading version number is kept, of a package's version only a version's characters.
"""

import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psutil

import dnnbench

PACKAGES = (
    "jax",
    "jaxlib",
    "jax-cuda12-plugin",
    "jax-cuda13-plugin",
    "flax",
    "optax",
    "jraph",
    "numpy",
    "scipy",
    "pandas",
    "networkx",
    "hydra-core",
    "dimod",
    "dwave-samplers",
    "numba",
    "highspy",
)

_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc|\.dev|\.post)\d+)*")
_KERNEL = re.compile(r"\d+(\.\d+)*(-\d+(\.\d+)*)?")
_GIB = 2**30


def environment() -> dict[str, Any]:
    """The facts, as plain data; those that cannot be found out are None.

    Returns:
        `python`, `packages` (versions of dnnbench and of what is installed of `PACKAGES`), `os`,
        `kernel`, `machine`, `cpu_model`, `cores_physical`, `cores_logical`, `memory_gib`,
        `load_1min` (at this moment), `git_commit` and `git_dirty` (of the dnnbench checkout, if
        it is one).
    """
    return {**_lasting(), "load_1min": _load()}


def fingerprint(environment: Mapping[str, Any]) -> str:
    """Eight hex digits that tell machines apart by processor, cores and architecture.

    Two machines of one model have the same: their timings may be compared.
    """
    facts = [environment.get(name) for name in ("cpu_model", "cores_logical", "machine")]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:8]


@cache
def _lasting() -> dict[str, Any]:
    """The facts that do not change while a process runs."""
    commit, dirty = _git(Path(__file__).resolve().parents[2])
    return {
        "python": f"{sys.implementation.name} {_match(_VERSION, platform.python_version())}",
        "packages": _packages(),
        "os": platform.system(),
        "kernel": _match(_KERNEL, platform.release()),
        "machine": platform.machine(),
        "cpu_model": _cpu_model(),
        "cores_physical": psutil.cpu_count(logical=False),
        "cores_logical": psutil.cpu_count(logical=True),
        "memory_gib": round(psutil.virtual_memory().total / _GIB, 1),
        "git_commit": commit,
        "git_dirty": dirty,
    }


def _packages() -> dict[str, str]:
    versions = {"dnnbench": dnnbench.__version__}  # known even where it runs uninstalled
    for name in PACKAGES:
        try:
            version = _match(_VERSION, importlib.metadata.version(name) or "")  # None: broken
        except importlib.metadata.PackageNotFoundError:
            continue
        if version:
            versions[name] = version
    return versions


def _match(pattern: re.Pattern[str], text: str) -> str | None:
    """The part of `text`, from its start, that fits."""
    found = pattern.match(text)
    return found[0] if found else None


def _load() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):  # not on Windows
        return None


def _cpu_model() -> str | None:
    """The processor's name as its maker wrote it."""
    if sys.platform == "darwin":
        return _output(["sysctl", "-n", "machdep.cpu.brand_string"])
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or None
    found = re.search(r"^model name\s*:\s*(.+)$", text, flags=re.MULTILINE)
    return " ".join(found[1].split()) if found else None


def _git(checkout: Path) -> tuple[str | None, bool | None]:
    """Short commit hash and whether tracked files differ from it, if `checkout` is our own."""
    if not (checkout / ".git").exists() or not (checkout / "pyproject.toml").exists():
        return None, None
    git = ["git", "--no-optional-locks", "-C", str(checkout)]
    commit = _output([*git, "rev-parse", "--short=12", "HEAD"])
    if commit is None or not re.fullmatch(r"[0-9a-f]{12,40}", commit):
        return None, None
    changed = _output([*git, "status", "--porcelain", "--untracked-files=no"])
    return commit, None if changed is None else bool(changed)


def _output(command: list[str]) -> str | None:
    """What a command prints, or None if it cannot be run or fails."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=10, check=True, env=variables
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
