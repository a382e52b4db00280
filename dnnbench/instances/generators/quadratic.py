"""Seeded random QUBO and Ising instances; the result depends on the arguments alone."""

import numpy as np

from dnnbench.errors import UserError
from dnnbench.instances.build import build_graph, check_num_vertices
from dnnbench.instances.generators.random_graphs import MAX_EDGES, Weights, sk
from dnnbench.instances.generators.stream import Stream
from dnnbench.instances.quadratic import QuadraticModel, quadratic_model

_LARGEST = 100


def qubo(n: int, p: float, seed: int) -> QuadraticModel:
    """Minimise x^T Q x, Q symmetric with integers drawn from -100..100 at density p.

    Each entry of the upper triangle, the diagonal among them, is drawn with chance p, as in
    Beasley, "Heuristic algorithms for the unconstrained binary quadratic programming problem",
    1998 (whose problems are for maximisation; the law is symmetric). A pair counts twice, so its
    coefficient is even.
    """
    if not 0 <= p <= 1:
        raise UserError(f"qubo: p={p} is not in 0..1")
    check_num_vertices(n, "qubo")
    entries = n * (n + 1) // 2
    if entries > MAX_EDGES:
        raise UserError(f"qubo: {entries} entries are more than the {MAX_EDGES} accepted")
    stream = Stream(seed)
    u, v = np.triu_indices(n)
    values = stream.below(2 * _LARGEST + 1, entries) - _LARGEST
    values[stream.uniform(entries) >= p] = 0
    diagonal = u == v
    kept = ~diagonal & (values != 0)
    graph = build_graph(
        n, u[kept], v[kept], 2 * values[kept], source="generator", place=lambda i: f"entry {i}"
    )
    return quadratic_model("bits", graph, values[diagonal], 0)


def ising_sk(n: int, seed: int, weights: Weights = "pm") -> QuadraticModel:
    """Sherrington-Kirkpatrick: couplings between all spins (not divided by sqrt(n)), no fields."""
    graph = sk(n, seed, weights)
    return quadratic_model("spins", graph, np.zeros(n, np.int64), 0)
