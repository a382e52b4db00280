"""Steps of methods for independent sets beside NumPy and SciPy doing the same, interleaved.

Usage: python scripts/bench_mis.py [--rounds 5] [--seconds 1] [--threads 1] [--json FILE]

On a random graph (n = 700, p = 0.15), as the published programs were measured: `pcqo_mis` with 256
points and `rlsa` with 200 chains. Ours is what `dnnbench run` executes, scoring and the tests of
batches included, compilation not. Beside it stand, on the same cores and interleaved with it,

    scipy csr, numpy dense   the one product of a step, A X with X [700, 256] float32, alone
    pcqo transcribed         the published step in NumPy: two dense products (A and its complement),
                             momentum, projection
    rlsa transcribed         the published step in NumPy: one dense product, the d-th largest by
                             `partition`, logistic function, uniform numbers, flips

A step of L lanes must move (float32; z = 2 m stored nonzeros of 8 bytes): x and v read and written,
the product read, 20 n L + 8 z bytes; and compute L (2 z + 12 n) operations (RLSA: 2 z + 90 n, with
18 halvings for the d-th largest and a random number a bit).
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

INSTANCE = "gen/gnp-n700-p0.15-s1"
PUBLISHED = {"pcqo_mis": "9.05-10.8 ms", "rlsa": "16.4 ms"}


def ours(words: list[str]) -> tuple[Callable[[int], float], Any]:
    """(seconds a step for so many steps, the plan) of a method on the engine."""
    from dnnbench.config.compose import compose
    from dnnbench.engine.budget import Budget
    from dnnbench.engine.compiled import Programs
    from dnnbench.engine.job import Job
    from dnnbench.engine.run import run
    from dnnbench.instances.load import default_cache_dir, load_instance
    from dnnbench.runner.solve_method import assemble, monitors
    from dnnbench.runner.spec import make_spec

    instance = load_instance(INSTANCE, cache_dir=default_cache_dir())
    spec = make_spec(compose([*words, "problem=mis", "hardware=cpu", "budget.steps=1"]), instance)
    method, data, hp = assemble(spec.job(0), instance.public, spec.plan)
    from dnnbench.runner.resolve import exact_side

    watched = monitors(exact_side(spec.problem_about), method, None)
    programs = Programs()

    def measure(steps: int) -> float:
        job = Job(method, data, (hp,), 0, Budget(steps=steps), spec.plan, monitors=watched)
        result = run(job, programs=programs)
        return result.solve_seconds / result.steps

    return measure, spec.plan


def others(lanes: int, chains: int) -> dict[str, Callable[[int], float]]:
    """What NumPy and SciPy need for the same."""
    from dnnbench.instances.load import default_cache_dir, load_instance

    graph = load_instance(INSTANCE, cache_dir=default_cache_dir()).public
    csr = graph.adjacency.astype(np.float32)
    dense, n = csr.toarray(), graph.num_vertices
    complement = 1 - np.eye(n, dtype=np.float32) - dense
    rng = np.random.default_rng(0)
    x = rng.random((n, lanes), dtype=np.float32)
    momentum = np.zeros_like(x)
    rows = np.ascontiguousarray(x.T)
    bits = (rng.random((chains, n)) < 0.5).astype(np.float32)

    def pcqo() -> None:
        nonlocal rows, momentum
        if momentum.shape != rows.shape:
            momentum = np.zeros_like(rows)
        gradient = 350 * (rows @ dense) - 7 * (rows @ complement) - 1
        momentum = 0.9 * momentum + np.float32(9e-6) * gradient
        rows = np.clip(rows - momentum, 0, 1)

    def rlsa() -> None:
        nonlocal bits
        delta = (2 * bits - 1) * (1.001 * (bits @ dense) - 0.5)
        threshold = np.partition(delta, n - 20, axis=1)[:, n - 20 : n - 19]
        chance = 1 / (1 + np.exp(np.clip((threshold - delta) / 0.005, -80, 80)))
        flips = rng.random(bits.shape, dtype=np.float32) < chance
        bits = np.where(flips, 1 - bits, bits)

    def timed(f: Callable[[], Any]) -> Callable[[int], float]:
        def measure(steps: int) -> float:
            begin = time.perf_counter()
            for _ in range(steps):
                f()
            return (time.perf_counter() - begin) / steps

        return measure

    return {
        "scipy csr": timed(lambda: csr @ x),
        "numpy dense": timed(lambda: dense @ x),
        "pcqo transcribed": timed(pcqo),
        "rlsa transcribed": timed(rlsa),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    args = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[-args.threads :]
    os.sched_setaffinity(0, cores)  # before JAX and the BLAS size their pools
    os.environ["OPENBLAS_NUM_THREADS"] = str(args.threads)
    pcqo, plan = ours(["method=pcqo_mis"])
    rlsa, chains = ours(["method=rlsa"])
    every = {"pcqo_mis": pcqo, "rlsa": rlsa, **others(plan.lanes, chains.lanes)}
    counts, times = {}, {name: [] for name in every}
    for name, measure in every.items():
        measure(10)
        counts[name] = max(10, int(args.seconds / measure(20)))
    for round_ in range(args.rounds):
        for name in list(every)[round_ % len(every) :] + list(every)[: round_ % len(every)]:
            times[name].append(every[name](counts[name]))
    print(f"{INSTANCE}: pcqo_mis {plan.kernel} x{plan.lanes}, rlsa {chains.kernel} x{chains.lanes}")
    for name, found in times.items():
        middle = 1e3 * statistics.median(found)
        line = f"  {name:17} {middle:7.3f} ms ({1e3 * min(found):.3f}-{1e3 * max(found):.3f})"
        for mine in ("pcqo_mis", "rlsa"):
            ratios = [a / b for a, b in zip(times[mine], found, strict=True)]
            if mine != name:
                line += f"  {mine} / it {statistics.median(ratios):.2f}"
        print(line + (f"  published: {PUBLISHED[name]} a step" if name in PUBLISHED else ""))
    print(f"{args.threads} thread(s), load {os.getloadavg()[0]:.1f}")
    if args.json is not None:
        args.json.write_text(json.dumps(times), "utf-8")


if __name__ == "__main__":
    main()
