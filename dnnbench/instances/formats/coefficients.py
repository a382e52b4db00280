"""Lines `i j c` of coefficients become a `QuadraticModel`: shared by the QUBO and Ising formats."""

import numpy as np

from dnnbench.errors import UserError
from dnnbench.instances.build import build_graph, check_num_vertices
from dnnbench.instances.formats.rows import Rows
from dnnbench.instances.quadratic import Domain, QuadraticModel, quadratic_model


def check_header(n: float, entries: float, where: str, line: int) -> tuple[int, int]:
    """The header's number of variables and of entries; impossible ones are refused."""
    if not (n >= 1 and entries >= 0):
        raise UserError(
            f"{where}, line {line}: header counts n={n:.17g} and {entries:.17g} entries "
            "are negative or zero"
        )
    if not entries <= n * (n + 1) / 2:
        raise UserError(
            f"{where}, line {line}: {entries:.17g} entries are more than n={n:.17g} variables have"
        )
    check_num_vertices(int(min(n, 1e18)), f"{where}, line {line}")
    return int(n), int(entries)


def model_from(
    rows: Rows,
    num_variables: int,
    where: str,
    domain: Domain,
    *,
    base: int,
    pair_factor: float = 1.0,
    sign: float = 1.0,
) -> QuadraticModel:
    """Rows `i j c` as a model; `i i c` is linear.

    Args:
        rows: the lines.
        num_variables: n.
        where: the file's name for error messages.
        domain: `bits` or `spins`.
        base: number of the first variable.
        pair_factor: multiplies coefficients of pairs: 2 where the format means both (i, j), (j, i).
        sign: multiplies all: -1 where the format is for maximisation.

    Raises:
        UserError: a line that is not two integers and a finite number, a variable out of range, a
            pair (in either order) or diagonal entry given twice; the message names the line.
    """
    odd = np.flatnonzero(rows.widths != 3)
    if odd.size:
        count = rows.widths[odd[0]]
        raise UserError(
            f"{where}, line {rows.lines[odd[0]]}: expected 'i j value', found {count} "
            f"number{'s' if count > 1 else ''}"
        )
    broken = np.flatnonzero(~(rows.plain[rows.starts] & rows.plain[rows.starts + 1]))
    if broken.size:
        raise UserError(f"{where}, line {rows.lines[broken[0]]}: a variable is not an integer")
    i, j = rows.values[rows.starts], rows.values[rows.starts + 1]
    values = sign * rows.values[rows.starts + 2]
    last = base + num_variables - 1
    for end in (i, j):
        wrong = np.flatnonzero((end < base) | (end > last))
        if wrong.size:
            k = int(wrong[0])
            raise UserError(
                f"{where}, line {rows.lines[k]}: variable {end[k]:.17g} is not in {base}..{last}"
            )
    pair = i != j
    lines = rows.lines[pair]
    with np.errstate(over="ignore"):
        couplings = pair_factor * values[pair]
    graph = build_graph(
        num_variables,
        i[pair],
        j[pair],
        couplings,
        source=where,
        place=lambda k: f"line {lines[k]}",
        base=base,
    )
    linear = _diagonal(
        i[~pair] - base, values[~pair], rows.lines[~pair], num_variables, where, base
    )
    return quadratic_model(domain, graph, linear, 0)


def _diagonal(
    at: np.ndarray, values: np.ndarray, lines: np.ndarray, n: int, where: str, base: int
) -> np.ndarray:
    """The linear part, float64 [n]."""
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        raise UserError(f"{where}, line {lines[wrong[0]]}: {values[wrong[0]]} is not finite")
    index = at.astype(np.int64)
    order = np.argsort(index, kind="stable")
    repeats = order[1:][index[order[1:]] == index[order[:-1]]]
    if repeats.size:
        k = int(repeats.min())
        first = int(np.flatnonzero(index == index[k])[0])
        raise UserError(
            f"{where}, line {lines[k]}: entry {index[k] + base} {index[k] + base} "
            f"stands already on line {lines[first]}"
        )
    linear = np.zeros(n)
    linear[index] = values
    return linear
