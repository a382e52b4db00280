"""Errors of `pinn` and of DeepXDE after the same seconds of training, one after the other.

Usage: python scripts/pde_equal_seconds.py --torch-python PATH [--jax-python PATH] [--seconds 60]

Problems, networks, numbers of points and optimiser (Adam at 1e-3, float32) are those of
`scripts/bench_pde.py`; everything runs on one thread, and compiling does not count for anybody.
Both answers are judged by the problem's own verification on its evaluation grid. DeepXDE's last
iterate counts, and of `pinn` the one with the least loss, as each of them does for its users.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from bench_pde import COMMON, PROBLEMS, Problem, Reference, stored

BLOCK = 50  # iterations between two looks at the clock


def ours(problem: Problem, seconds: float, seed: int) -> tuple[Any, dict[str, Any]]:
    """The trial's specification, and (error, steps) of `pinn`."""
    from dnnbench.config.compose import compose
    from dnnbench.instances.load import default_cache_dir, load_instance
    from dnnbench.runner.spec import make_spec
    from dnnbench.runner.trial import run_trial

    name, *own = problem.settings.split()
    width, depth = problem.sizes[1], len(problem.sizes) - 2
    settings = [*COMMON.split(), f"width={width}", f"depth={depth}", *own]
    equation = load_instance(
        f"equation/{name.removeprefix('problem=')}", cache_dir=default_cache_dir()
    )
    chosen = ["method=pinn", *(f"method.{s}" for s in settings), name, "hardware=cpu"]
    budget = [f"budget.seconds={seconds}", "hardware.threads=1", f"seed={seed}"]
    spec = make_spec(compose([*chosen, *budget]), equation)
    record = run_trial(spec, None).record
    return spec, {"error": record.value, "steps": record.steps, "seconds": record.solve_seconds}


def theirs(
    problem: Problem, backend: str, python: str, seconds: float, spec: Any
) -> dict[str, Any]:
    """The same of DeepXDE with one back end."""
    from dnnbench.runner.resolve import exact_side

    child = Reference(problem, backend, python)
    child.ask("start")
    steps, spent = 0, 0.0
    while spent < seconds:
        spent += child.train(BLOCK)[0] * BLOCK
        steps += BLOCK
    public, sealed = spec.halves
    with tempfile.TemporaryDirectory() as name:
        grid, to = Path(name) / "grid.npz", Path(name) / "values.npz"
        np.savez(grid, points=public.points.astype(np.float32))
        child.ask("predict", path=str(grid), to=str(to))
        values = stored(to)["values"].astype(np.float64)
    child.close()
    error = exact_side(spec.problem_about).verify(values, public, sealed).objective
    return {"error": float(error), "steps": steps, "seconds": spent}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--torch-python", help="a Python that has deepxde and torch")
    add("--jax-python", help="a Python that has deepxde, jax, flax and optax")
    add("--seconds", type=float, default=60.0)
    add("--seeds", type=int, default=1, help="seeds of `pinn`; DeepXDE draws its own")
    add("--json", type=Path, help="write everything measured to this file")
    args = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])  # before JAX sizes its pool
    table = []
    for problem in PROBLEMS:
        row: dict[str, Any] = {"problem": problem.name}
        for seed in range(args.seeds):
            spec, row[f"pinn seed {seed}"] = ours(problem, args.seconds, seed)
        for backend, python in (("pytorch", args.torch_python), ("jax", args.jax_python)):
            if python:
                row[f"deepxde {backend}"] = theirs(problem, backend, python, args.seconds, spec)
        table.append(row)
        print(problem.name)
        for who, found in row.items():
            if who != "problem":
                print(f"  {who:16} error {found['error']:.3g} after {found['steps']} iterations")
    if args.json is not None:
        args.json.write_text(json.dumps(table), "utf-8")


if __name__ == "__main__":
    main()
