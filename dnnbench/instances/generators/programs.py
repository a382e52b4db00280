"""Seeded linear and quadratic programs; the result depends on the arguments and the seed alone.

Coefficients are whole numbers, multiples of a power of two, or rounded (`portfolio`), so that
products of them which become coefficients are exact whatever the order of summation.
"""

import math
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from dnnbench.errors import UserError
from dnnbench.instances.generators.stream import Stream
from dnnbench.instances.program import Program, Vector, frozen

MAX_ENTRIES = 50_000_000
"""Programs with more coefficients are refused before anything is allocated for them."""

MARGIN_COST = 1.0
"""C of the support vector machines: the upper bound of their variables."""

_GRID = 64.0
_INF = np.inf


def transport(m: int, n: int, seed: int) -> Program:
    """Ship from m sources to n sinks at least cost, all supply to all demand.

    Costs are uniform in 1..100, and so are supplies and demands at first; the lesser side is then
    raised evenly to the other's total. There is an optimum in whole numbers. The flow from i to j
    is variable n i + j; rows are the sources, then the sinks.

    Source: F. Hitchcock, "The distribution of a product from several sources to numerous
    localities", 1941.
    """
    _check("transport", 2 * m * n, m=m, n=n)
    stream = Stream(seed)
    supply, demand = (1 + stream.below(100, count) for count in (m, n))
    missing = int(supply.sum() - demand.sum())
    lesser = demand if missing > 0 else supply
    share, rest = divmod(abs(missing), len(lesser))
    lesser += share
    lesser[:rest] += 1
    cost = 1 + stream.below(100, m * n)
    return _program(cost, _bipartite(m, n), equal=np.concatenate([supply, demand]))


def assignment(n: int, seed: int) -> Program:
    """Assign n workers to n tasks at least cost, costs uniform in 1..1000.

    There is an optimum of zeros and ones. Worker i on task j is variable n i + j; rows are the
    workers, then the tasks.
    """
    _check("assignment", 2 * n * n, n=n)
    cost = 1 + Stream(seed).below(1000, n * n)
    return _program(cost, _bipartite(n, n), equal=np.ones(2 * n))


def portfolio(n: int, k: int, seed: int) -> Program:
    """Choose among n assets, whose risks follow k factors: a quadratic program.

    Minimise x^T D x + y^T y - mu^T x with y = F^T x, the sum of x equal to 1 and x >= 0: half of
    the entries of F [n, k] are standard normal and the others 0, D is diagonal and uniform in
    (0, sqrt(k)), mu is standard normal. The variables are x, then y.

    Source: B. Stellato et al., "OSQP: an operator splitting solver for quadratic programs",
    Mathematical Programming Computation 12, 2020, whose benchmark it is, with risk aversion 1.
    """
    _check("portfolio", n * k, n=n, k=k)
    stream = Stream(seed)
    loadings = stream.normal(n * k)
    loadings[stream.below(2, n * k) == 0] = 0
    diagonal = np.round(math.sqrt(k) * stream.uniform(n), 6)
    factors = sp.hstack([sp.csr_array(loadings.reshape(n, k)).T, -sp.eye_array(k)])
    budget = sp.csr_array(np.concatenate([np.ones(n), np.zeros(k)])[np.newaxis])
    return _program(
        np.concatenate([-stream.normal(n), np.zeros(k)]),
        sp.vstack([factors, budget]),
        equal=np.concatenate([np.zeros(k), [1]]),
        lower=np.concatenate([np.zeros(n), np.full(k, -_INF)]),
        quadratic=sp.diags_array(2 * np.concatenate([diagonal, np.ones(k)])),
    )


def svm(n: int, k: int, seed: int) -> Program:
    """The dual of a support vector machine on n points in k dimensions: a quadratic program.

    Minimise |sum a_i y_i p_i|^2 / 2 - sum a_i with sum a_i y_i = 0 and 0 <= a <= 1. The points p
    have standard normal coordinates, rounded to 1/64, around (1, ..., 1) / sqrt(k) for label y = 1
    and around minus that for y = -1, so that the clouds overlap; labels alternate. Q [n, n] has
    rank k at most, and no zeros to speak of.

    Source: C. Cortes, V. Vapnik, "Support-vector networks", Machine Learning 20, 1995.
    """
    _check("svm", n * n, n=n, k=k)
    labels = 1.0 - 2.0 * (np.arange(n) % 2)
    points = Stream(seed).normal(n * k).reshape(n, k) + labels[:, np.newaxis] / math.sqrt(k)
    signed = labels[:, np.newaxis] * np.round(points * _GRID) / _GRID
    return _program(
        -np.ones(n),
        labels[np.newaxis],
        equal=np.zeros(1),
        upper=np.full(n, MARGIN_COST),
        quadratic=sp.csr_array(signed @ signed.T),
    )


def dense_lp(n: int, m: int, seed: int) -> Program:
    """Dense: n variables, m rows A x >= b, entries of A uniform in -100..100.

    Half as many rows as there are of the fewer of rows and variables are tight at the optimum, and
    as many variables are positive: it is a vertex, and neither primal nor dual degenerate unless
    the random matrix happens to be singular. `known_answer` has it.
    """
    return known_answer("dense_lp", n, m, seed)[0]


def degenerate_lp(n: int, m: int, seed: int) -> Program:
    """Like `dense_lp` with entries -1, 0 and 1, where all rows are tight at the optimum.

    A quarter as many variables as there are of the fewer of rows and variables are positive, as
    many multipliers are, all of them 1, and the reduced costs are 0 or 1: many vertices are one
    point, and many points are optimal.
    """
    return known_answer("degenerate_lp", n, m, seed)[0]


def known_answer(kind: str, n: int, m: int, seed: int) -> tuple[Program, Vector, Vector]:
    """The program of `dense_lp` or `degenerate_lp`, an optimal x [n] and multipliers y [m].

    With r = c - A^T y they satisfy x, y, r >= 0, A x >= b, x . r = 0 and y . (A x - b) = 0 exactly:
    c and b are made of them.
    """
    _check(kind, n * m, n=n, m=m)
    stream = Stream(seed)
    dense = kind == "dense_lp"
    largest, size = (100, 10) if dense else (1, 1)
    support = max(1, min(n, m) // (2 if dense else 4))
    matrix = _entries(m, n, largest, stream)
    x, y = (_sparse(count, support, size, stream) for count in (n, m))
    slack = 1.0 + stream.below(100, m) if dense else np.zeros(m)
    reduced = 1.0 + stream.below(100, n) if dense else stream.below(2, n).astype(np.float64)
    slack[y > 0] = 0
    reduced[x > 0] = 0
    program = _program(matrix.T @ y + reduced, matrix, least=matrix @ x - slack)
    return program, x, y


def infeasible_lp(n: int, m: int, seed: int) -> Program:
    """Dense: n variables, m rows A x >= b that contradict each other, of whole numbers.

    The last row is minus a sum of half of the others, with weights 1 to 3, minus something
    nonnegative, and asks 1 more than they leave; the others alone can be satisfied. m is at
    least 2.
    """
    _check("infeasible_lp", n * m, n=n, m=m)
    if m < 2:
        raise UserError("infeasible_lp: m=1 is not 2 or more")
    stream = Stream(seed)
    others = _entries(m - 1, n, 100, stream)
    inside = stream.below(11, n).astype(np.float64)
    least = others @ inside - stream.below(100, m - 1)
    weights = _sparse(m - 1, m // 2, 3, stream)
    last = -(weights @ others) - stream.below(100, n)
    return _program(
        _entries(1, n, 100, stream)[0],
        np.vstack([others, last]),
        least=np.concatenate([least, [1 - weights @ least]]),
    )


def unbounded_lp(n: int, m: int, seed: int) -> Program:
    """Dense: n variables, m rows A x >= b with a direction of endless descent, of whole numbers.

    The direction has 1 to 3 in half of the variables; the first of these has coefficients that let
    A times it be nonnegative, and a cost that makes it descend by 1.
    """
    _check("unbounded_lp", n * m, n=n, m=m)
    stream = Stream(seed)
    matrix, cost = _entries(m, n, 100, stream), _entries(1, n, 100, stream)[0]
    direction = _sparse(n, (n + 1) // 2, 3, stream)
    pivot = int(np.flatnonzero(direction)[0])
    direction[pivot], matrix[:, pivot], cost[pivot] = 1, 0, 0
    matrix[:, pivot] = stream.below(100, m) - matrix @ direction
    cost[pivot] = -1 - cost @ direction
    inside = stream.below(11, n).astype(np.float64)
    return _program(cost, matrix, least=matrix @ inside - stream.below(100, m))


def _check(kind: str, entries: int, **sizes: int) -> None:
    for name, value in sizes.items():
        if value < 1:
            raise UserError(f"{kind}: {name}={value} is not 1 or more")
    if entries > MAX_ENTRIES:
        raise UserError(f"{kind}: {entries} coefficients are more than the {MAX_ENTRIES} accepted")


def _entries(m: int, n: int, largest: int, stream: Stream) -> Vector:
    """Whole numbers uniform in -largest..largest [m, n]."""
    return (stream.below(2 * largest + 1, m * n) - largest).astype(np.float64).reshape(m, n)


def _sparse(size: int, support: int, largest: int, stream: Stream) -> Vector:
    """Zeros but for `support` random places, with whole numbers uniform in 1..largest [size]."""
    values = np.zeros(size)
    values[stream.permutation(size)[:support]] = 1 + stream.below(largest, support)
    return values


def _bipartite(m: int, n: int) -> sp.coo_array:
    """Incidence of the complete bipartite graph, one column an edge [m + n, m n]."""
    edges = np.arange(m * n)
    rows = np.concatenate([edges // n, m + edges % n])
    return sp.coo_array((np.ones(2 * m * n), (rows, np.tile(edges, 2))), shape=(m + n, m * n))


def _program(
    cost: ArrayLike,
    matrix: Any,
    equal: Vector | None = None,
    least: Vector | None = None,
    lower: Vector | None = None,
    upper: Vector | None = None,
    quadratic: Any = None,
) -> Program:
    """Rows A x = `equal` or A x >= `least`, A and Q dense or sparse; bounds default to x >= 0."""
    cost = np.asarray(cost, np.float64) + 0.0  # no negative zeros
    n = len(cost)
    sides = least if equal is None else equal
    assert sides is not None
    return frozen(
        Program(
            cost=cost,
            matrix=sp.csr_array(matrix),
            row_lower=sides + 0.0,
            row_upper=np.full(len(sides), _INF) if equal is None else sides + 0.0,
            lower=np.zeros(n) if lower is None else lower,
            upper=np.full(n, _INF) if upper is None else upper,
            quadratic=None if quadratic is None else sp.csr_array(quadratic),
        )
    )
