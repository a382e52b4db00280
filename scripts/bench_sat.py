"""Time of violations and slopes of random 3-SAT beside NumPy, plain JAX and the memory bound.

Usage: python scripts/bench_sat.py [--lanes 32,256] [--variables 250] [--rounds 15] [--json FILE]

Formulas are random 3-SAT with 4.26 clauses a variable (n = 250, m = 1065 are the sizes of uf250).
One step takes the chances x [n, L] of L lanes and the weights [m, L] that each lane gives to the
clauses, and returns what is violated [m, L] and the gradient of the weighted sum [n, L]; then x
moves a little and the weights grow, so that every step needs both. The rows:

    ours     `FormulaEnergy.value_and_slopes` under `lanes_last`, in a compiled loop
    gradient `jax.grad` of `FormulaEnergy.weighted`, likewise, with the violations
    naive    vmap of value_and_grad of a product over x[indices], lanes first, in a compiled loop
    numpy    the same products as ours with fancy indexing and SciPy's sparse product

All are measured once a round in an order that rotates, and ratios are taken within a round, so that
a busy neighbour hits all alike; the table has the medians. Times are CPU seconds of this process,
so that waiting for others does not count: pin it to one core (taskset -c 1) for them to be those of
a clock. Compilation is left out. Before, the results of all are compared.

What a step must move (float32; n variables, m clauses of 3 literals, L lanes):

    4 L (4 n + 4 m) + 4 L (2 * 3 m) + 8 * 12 m    bytes:
                  x and the weights are read and written by the step, violations and slopes written
                  and read; the 3 m derivatives of clauses in literals are written and read, as the
                  products gather them by variable; indices and signs (4 + 4 bytes) of literals are
                  read once for the violations, twice for the derivatives and once more by variable

The bound is that at the bandwidth of a copy of as many bytes (read + write), measured here, too.

With `--solve FILE,FILE` whole runs instead: `fourier_sat` and `fourier_sat_tuned` without polish
beside the published loop (scripts/reference/fourier_sat_jaxopt.py, needs jaxopt), each with 32
points, on every DIMACS file; seconds of the clock with compilation, without it in parentheses.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp

from dnnbench.engine.lanes_last import lanes_last
from dnnbench.instances.formula import clauses
from dnnbench.problems.satisfiability.energy import FormulaEnergy
from dnnbench.runner.api import solve

PUBLISHED = Path(__file__).parent / "reference" / "fourier_sat_jaxopt.py"
RATIO = 4.26
STEP, GROWTH = 0.01, 0.1
Step = Callable[[Any, Any], tuple[Any, Any]]


def random_3sat(n: int, rng: np.random.Generator) -> np.ndarray:
    """Literals [m, 3] of distinct variables."""
    variables = np.argsort(rng.random((round(RATIO * n), n)), axis=1)[:, :3] + 1
    return variables * rng.choice([-1, 1], size=variables.shape)


def ours(literals: np.ndarray, n: int) -> tuple[Step, Step]:
    """(violations and slopes, the same by `jax.grad`) for x [n, L], weights [m, L]."""
    energy = FormulaEnergy("ell", "float32")
    data = energy.prepare(clauses(n, [tuple(c) for c in literals.tolist()]))
    both = lanes_last(energy.value_and_slopes, (True, True, False))
    violations = lanes_last(energy.violations, (True, False))
    gradient = lanes_last(jax.grad(energy.weighted), (True, True, False))
    return (
        lambda x, w: both(x, w, data),
        lambda x, w: (violations(x, data), gradient(x, w, data)),
    )


def naive(literals: np.ndarray) -> Step:
    """The same by indexing and vmap(grad), for x [L, n], weights [L, m]."""
    indices, positive = jnp.asarray(abs(literals) - 1), jnp.asarray(literals > 0)

    def one(x: jax.Array, weights: jax.Array) -> tuple[jax.Array, jax.Array]:
        def value(x: jax.Array) -> tuple[jax.Array, jax.Array]:
            p = x[indices]
            violated = jnp.prod(jnp.where(positive, 1 - p, p), axis=1)
            return jnp.sum(weights * violated), violated

        (_, violated), slopes = jax.value_and_grad(value, has_aux=True)(x)
        return violated, slopes

    return jax.vmap(one)


def in_numpy(literals: np.ndarray, n: int) -> Step:
    """The same in NumPy, for x [n, L], weights [m, L]."""
    rows = (abs(literals) - 1).T.ravel()
    signs = -np.sign(literals).T.ravel().astype(np.float32)
    offsets = (signs < 0).astype(np.float32)[:, None]
    entries = (signs, (rows, np.arange(rows.size)))
    transpose = sp.csr_array(sp.coo_array(entries, shape=(n, rows.size)))

    def step(x: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        q = x[rows] * signs[:, None]
        q += offsets
        a, b, c = np.split(q, 3)
        ab = a * b
        derivatives = np.concatenate([weights * b * c, weights * a * c, weights * ab])
        return ab * c, transpose @ derivatives

    return step


def looped(step: Step, x: np.ndarray, weights: np.ndarray, steps: int) -> Callable[[], None]:
    """A compiled loop of steps from these values."""

    def body(_: Any, carry: Any) -> Any:
        x, weights = carry
        violated, slopes = step(x, weights)
        return jnp.clip(x - STEP * slopes, 0, 1), weights + GROWTH * violated

    compiled = jax.jit(lambda x, w: jax.lax.fori_loop(0, steps, body, (x, w)))
    compiled = compiled.lower(x, weights).compile()
    return lambda: jax.block_until_ready(compiled(x, weights))


def loop_numpy(step: Step, x: np.ndarray, weights: np.ndarray, steps: int) -> Callable[[], None]:
    """The same loop in Python."""

    def run() -> None:
        here, own = x, weights
        for _ in range(steps):
            violated, slopes = step(here, own)
            here, own = np.clip(here - STEP * slopes, 0, 1), own + GROWTH * violated

    return run


def bandwidth(size: int) -> float:
    """Bytes a second, read and written, of copies of an array of `size` / 2 bytes."""
    source = np.ones(max(size // 8, 1), np.float32)
    target = np.ones_like(source)
    times = []
    copies = max(100_000_000 // size, 1)
    for _ in range(9):
        start = time.process_time()
        for _ in range(copies):
            np.copyto(target, source)
        times.append((time.process_time() - start) / copies)
    return 2 * source.nbytes / min(times)


def measure(n: int, lanes: int, rounds: int) -> dict[str, Any]:
    """Microseconds of a step of each row, medians, and medians of ratios to ours."""
    rng = np.random.default_rng(0)
    literals = random_3sat(n, rng)
    m = len(literals)
    x = rng.random((n, lanes), np.float32)
    w = rng.random((m, lanes), np.float32)
    step, gradient = ours(literals, n)
    first, plain = naive(literals), in_numpy(literals, n)
    expected = plain(x, w)
    turned = [np.asarray(part).T for part in jax.jit(first)(x.T, w.T)]
    for got in (jax.jit(step)(x, w), jax.jit(gradient)(x, w), turned):
        for part, known in zip(got, expected, strict=True):
            np.testing.assert_allclose(part, known, rtol=1e-4, atol=1e-4)

    steps = max(20_000_000 // (3 * m * lanes), 5)
    rows = {
        "ours": (looped(step, x, w, steps), steps),
        "gradient": (looped(gradient, x, w, steps), steps),
        "naive": (looped(first, x.T.copy(), w.T.copy(), steps // 5), steps // 5),
        "numpy": (loop_numpy(plain, x, w, max(steps // 20, 1)), max(steps // 20, 1)),
    }
    times: dict[str, list[float]] = {name: [] for name in rows}
    names = list(rows)
    for run, _ in rows.values():
        run()
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            run, count = rows[name]
            start = time.process_time()
            run()
            times[name].append((time.process_time() - start) / count * 1e6)
    moved = 4 * lanes * (4 * n + 4 * m + 6 * m) + 8 * 12 * m
    microseconds = {name: statistics.median(each) for name, each in times.items()}
    pairs = {name: zip(each, times["ours"], strict=True) for name, each in times.items()}
    return {
        "n": n,
        "m": m,
        "lanes": lanes,
        "microseconds": microseconds | {"bound": moved / bandwidth(moved) * 1e6},
        "ratio": {name: statistics.median(a / b for a, b in each) for name, each in pairs.items()},
    }


def solve_all(files: list[str], seconds: float, seed: int) -> None:
    """Print what the methods and the published loop make of each file."""
    limits = ("--seconds", str(seconds), "--seed", str(seed))
    plain = ("problem.polish=none", "plan.lanes=32", "plan.micro_batch=32")
    given: dict[str, Any] = {"budget": seconds, "seed": seed, "hardware": "cpu", "overrides": plain}
    for file in files:
        run = (sys.executable, str(PUBLISHED), file, *limits)
        print(subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip())
        for method in ("fourier_sat", "fourier_sat_tuned"):
            made = solve(file, "sat", method=method, **given).record
            spent = (made.solve_seconds or 0) + (made.compile_seconds or 0)
            print(
                f"{Path(file).name}: {method} {made.value} violated in {spent:.1f} s "
                f"({made.solve_seconds:.2f} s), {made.steps} steps"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lanes", default="32,256")
    parser.add_argument("--variables", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--solve", help="DIMACS files to solve instead, with commas between them")
    parser.add_argument("--seconds", type=float, default=25.0, help="for each of them")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.solve:
        solve_all(options.solve.split(","), options.seconds, options.seed)
        return
    results = []
    for lanes in map(int, options.lanes.split(",")):
        result = measure(options.variables, lanes, options.rounds)
        results.append(result)
        print(f"n {result['n']}, m {result['m']}, {lanes} lanes")
        literals = 3 * result["m"] * lanes
        for name, value in result["microseconds"].items():
            ratio = result["ratio"].get(name, value / result["microseconds"]["ours"])
            each = 1e3 * value / literals
            print(f"  {name:9} {value:10.1f} us  {each:7.3f} ns a literal  {ratio:7.2f} x ours")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
