"""Seeded random formulas; the result depends on the arguments and the seed alone.

The k variables of a constraint are distinct and uniform among all such choices; constraints are
drawn independently, so that one may occur twice.
"""

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import MAX_VERTICES
from dnnbench.instances.formats.cnf import frozen
from dnnbench.instances.formula import Formula, Kind
from dnnbench.instances.generators.stream import Stream

MAX_LITERALS = 100_000_000
"""Larger formulas are refused before anything is allocated for them."""

MAX_WIDTH = 256
"""Largest k; the time to draw variables grows with its square."""

MAX_DRAWS = 1000
"""`satisfiable_ksat` gives up after so many formulas without a satisfiable one."""


def ksat(n: int, k: int, r: float, seed: int) -> Formula:
    """Random k-SAT: round(r n) clauses, each sign with chance 1/2.

    Source: D. Mitchell, B. Selman, H. Levesque, "Hard and Easy Distributions of SAT Problems",
    AAAI 1992, whose fixed clause-length model it is. For k = 3, satisfiable and unsatisfiable ones
    are about as frequent near r = 4.26.
    """
    return _ksat("ksat", n, k, r, Stream(seed))


def satisfiable_ksat(n: int, k: int, r: float, seed: int) -> Formula:
    """The first satisfiable one of the formulas that `ksat` draws from one stream of numbers.

    A complete solver decides, so that the result does not depend on which solver it is; the time
    it takes grows fast with n near the threshold. SATLIB's uf suites are filtered in this way.

    Raises:
        UserError: python-sat is not installed, or the first `MAX_DRAWS` formulas are unsatisfiable.
    """
    try:
        from pysat.solvers import Cadical195
    except ImportError as error:
        raise UserError(
            "gen/satisfiable_ksat needs the extra 'baselines': pip install 'dnnbench[baselines]'"
        ) from error
    stream = Stream(seed)
    for _ in range(MAX_DRAWS):
        formula = _ksat("satisfiable_ksat", n, k, r, stream)
        with Cadical195(bootstrap_with=formula.literals.reshape(-1, k).tolist()) as solver:
            if solver.solve():
                return formula
    raise UserError(f"satisfiable_ksat: {MAX_DRAWS} formulas with r={r} are all unsatisfiable")


def planted_ksat(n: int, k: int, r: float, seed: int) -> Formula:
    """round(r n) clauses, uniform among those that a hidden assignment satisfies.

    The clauses lean towards that assignment, which makes them easier than those of `ksat`; it is
    not kept.
    """
    m = _number_of("planted_ksat", n, k, r)
    stream = Stream(seed)
    hidden = stream.signs(n)
    return _formula(n, _satisfied(hidden, m, k, stream), Kind.OR)


def nae_ksat(n: int, k: int, r: float, seed: int) -> Formula:
    """round(r n) constraints NOT_ALL_EQUAL, each sign with chance 1/2."""
    m = _number_of("nae_ksat", n, k, r)
    if k < 2:
        raise UserError("nae_ksat: a single literal is never unequal to itself; k is at least 2")
    stream = Stream(seed)
    variables = _variables(n, k, m, stream)
    return _formula(n, variables * _signs(variables, stream), Kind.NOT_ALL_EQUAL)


def parity(n: int, m: int, k: int, seed: int) -> Formula:
    """Constraints XOR, m of k variables, with right-hand sides from a hidden assignment.

    An even right-hand side is written by negating the first variable. The assignment is not kept.
    """
    _check("parity", n, m, k)
    stream = Stream(seed)
    hidden = stream.signs(n)
    literals = _variables(n, k, m, stream)
    even = np.sum(hidden[literals - 1] > 0, axis=1) % 2 == 0
    literals[even, 0] *= -1
    return _formula(n, literals, Kind.XOR)


def cardinality(n: int, m: int, k: int, seed: int) -> Formula:
    """Constraints AT_LEAST, m of k literals, that a hidden assignment satisfies.

    Of each, t >= 1 literals are true under that assignment, and the bound is uniform in 1..t. The
    assignment is not kept.
    """
    _check("cardinality", n, m, k)
    stream = Stream(seed)
    hidden = stream.signs(n)
    literals = _satisfied(hidden, m, k, stream)
    true = np.sum(_truths(literals, hidden), axis=1)
    bounds = 1 + np.floor(stream.uniform(m) * true).astype(np.int64)
    return _formula(n, literals, Kind.AT_LEAST, bounds)


def _ksat(kind: str, n: int, k: int, r: float, stream: Stream) -> Formula:
    m = _number_of(kind, n, k, r)
    variables = _variables(n, k, m, stream)
    return _formula(n, variables * _signs(variables, stream), Kind.OR)


def _number_of(kind: str, n: int, k: int, r: float) -> int:
    """The number of constraints, checked."""
    m = round(r * n)
    _check(kind, n, m, k)
    return m


def _check(kind: str, n: int, m: int, k: int) -> None:
    if not 1 <= n <= MAX_VERTICES:
        raise UserError(f"{kind}: n={n} is not in 1..{MAX_VERTICES}")
    if not 1 <= k <= min(n, MAX_WIDTH):
        raise UserError(f"{kind}: k={k} is not in 1..{min(n, MAX_WIDTH)}")
    if m < 1:
        raise UserError(f"{kind}: no constraints")
    if m * k > MAX_LITERALS:
        raise UserError(f"{kind}: {m * k} literals are more than the {MAX_LITERALS} accepted")


def _variables(n: int, k: int, m: int, stream: Stream) -> NDArray[np.int64]:
    """Distinct variables of 1..n, k for each of m constraints, in random order, int64 [m, k].

    The j-th is the x-th of those left, x uniform: it moves past each smaller one that was chosen.
    """
    chosen = np.zeros((m, 0), np.int64)
    drawn = []
    for j in range(k):
        variable = 1 + stream.below(n - j, m)
        for earlier in range(j):
            variable += variable >= chosen[:, earlier]
        drawn.append(variable)
        chosen = np.sort(np.column_stack([chosen, variable]), axis=1)
    return np.column_stack(drawn)


def _signs(like: NDArray[np.int64], stream: Stream) -> NDArray[np.int64]:
    return stream.signs(like.size).reshape(like.shape)


def _satisfied(hidden: NDArray[np.int64], m: int, k: int, stream: Stream) -> NDArray[np.int64]:
    """Literals [m, k], uniform among those with at least one true under `hidden` (+1 or -1) [n]."""
    literals = _variables(len(hidden), k, m, stream)
    literals *= _signs(literals, stream)
    while True:
        false = np.flatnonzero(~_truths(literals, hidden).any(axis=1))
        if not false.size:
            return literals
        literals[false] *= _signs(literals[false], stream)


def _truths(literals: NDArray[np.int64], hidden: NDArray[np.int64]) -> NDArray[np.bool_]:
    return (literals > 0) == (hidden[np.abs(literals) - 1] > 0)


def _formula(
    n: int, literals: NDArray[np.int64], kind: Kind, bounds: NDArray[np.int64] | None = None
) -> Formula:
    m, k = literals.shape
    return frozen(
        Formula(
            n,
            literals.astype(np.int32).ravel(),
            k * np.arange(m + 1),
            np.full(m, kind, np.uint8),
            np.zeros(m, np.int32) if bounds is None else bounds.astype(np.int32),
        )
    )
