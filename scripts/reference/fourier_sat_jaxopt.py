"""FastFourierSAT's loop for clauses, with jaxopt, timed.

A transcription of the loop of the authors' program for plain CNF (seeder-research/FastFourierSAT)
as this project describes it, written anew from that description: variables in [-1, 1] with -1 for
true, the product form of the clauses' violation, jaxopt's ProjectedGradient with acceleration and
line search on 32 points that share one vector of clause weights, sign rounding, and between rounds
w <- 0.9 w + 0.1 u / max u, u being in how many points a clause is violated; weights and points
anew every 1000 rounds. Points go on from where a round left them.

The authors' program for clauses leaves jaxopt's tolerance at its default of 1e-3, as here; their
one for XOR sets 1e-12 (`--tolerance`), under which a round takes ten times longer. Compilation
counts, as in the published timings.

    pip install jaxopt
    python scripts/reference/fourier_sat_jaxopt.py FILE.cnf --seconds 25 --seed 0
"""

import argparse
import gzip
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxopt import ProjectedGradient
from jaxopt.projection import projection_box

BATCH = 32
KEEP = 0.9
RESET = 1000


def read_cnf(path: Path) -> tuple[int, np.ndarray, np.ndarray]:
    """(n, variables [m, k], signs [m, k]) of a DIMACS file.

    Short clauses are padded with a variable 0 that is always false.
    """
    stored = path.read_bytes()
    text = (gzip.decompress(stored) if path.suffix == ".gz" else stored).decode()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("c")]
    n = int(lines[0].split()[2])
    numbers = " ".join(lines[1:]).split("%")[0].split()  # SATLIB's files end in "%" and "0"
    clauses: list[list[int]] = [[]]
    for number in map(int, numbers):
        if number:
            clauses[-1].append(number)
        else:
            clauses.append([])
    clauses = [clause for clause in clauses if clause]
    width = max(map(len, clauses))
    padded = np.zeros((len(clauses), width), np.int32)
    for row, clause in zip(padded, clauses, strict=True):
        row[: len(clause)] = clause
    return n, np.abs(padded), np.where(padded < 0, -1, 1)


def solve(path: Path, seconds: float, seed: int, tolerance: float) -> tuple[bool, float, int, int]:
    """(solved, seconds, rounds, fewest violated clauses)."""
    n, variables, signs = read_cnf(path)
    addresses, sign = jnp.asarray(variables), jnp.asarray(signs, jnp.float32)
    m = len(variables)

    def false(x: jax.Array) -> jax.Array:
        """Each literal's (1 + s x) / 2, [m, k]."""
        return (1 + sign * x.at[0].set(1)[addresses]) / 2

    def cost(x: jax.Array, weights: jax.Array) -> jax.Array:
        return jnp.sum(weights * jnp.prod(false(x), axis=1))

    solver = ProjectedGradient(fun=cost, projection=projection_box, tol=tolerance)

    def one(x: jax.Array, weights: jax.Array) -> tuple[jax.Array, jax.Array]:
        x = solver.run(x, hyperparams_proj=(-1.0, 1.0), weights=weights).params
        return x, jnp.all(false(jnp.sign(x)) > 0.5, axis=1)

    sweep = jax.jit(jax.vmap(one, in_axes=(0, None)))

    def fresh(rounds: int) -> tuple[jax.Array, jax.Array]:
        key = jax.random.fold_in(jax.random.key(seed), rounds)
        x = jax.random.truncated_normal(key, -1.0, 1.0, (BATCH, n + 1))
        return x, jnp.ones(m)

    began, rounds, fewest = time.perf_counter(), 0, m
    x, weights = fresh(rounds)
    while time.perf_counter() - began < seconds:
        x, violated = sweep(x, weights)
        fewest = min(fewest, int(violated.sum(axis=1).min()))
        rounds += 1
        if fewest == 0:
            break
        if rounds % RESET == 0:
            x, weights = fresh(rounds)
        else:
            points = violated.sum(axis=0)
            weights = KEEP * weights + (1 - KEEP) * points / points.max()
    return fewest == 0, time.perf_counter() - began, rounds, fewest


def main() -> None:
    """Solve one file and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a DIMACS CNF file, .gz or not")
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    given = parser.parse_args()
    solved, spent, rounds, fewest = solve(given.file, given.seconds, given.seed, given.tolerance)
    left = "solved" if solved else f"not solved, {fewest} clauses left"
    print(f"{given.file.name}: {left} in {spent:.1f} s, {rounds} rounds of {BATCH} points")


if __name__ == "__main__":
    main()
