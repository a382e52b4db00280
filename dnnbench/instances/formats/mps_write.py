"""Writing MPS files; `mps` reads them.

The files are in free format, with the sections that CPLEX, Gurobi, HiGHS and MOSEK read too.
Columns are called x1 to xn, rows c1 to cm.
"""

from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp

from dnnbench.instances.program import Program

FREE = 1e30
"""The side of a row without bounds, which readers take for none."""


def write(program: Program) -> str:
    """The program; with a quadratic part, an extended file (QPS).

    What is read again is the same program, but for rounding in rows with two different bounds, of
    which the format holds one and the distance to the other.
    """
    lines = ["NAME", *(["OBJSENSE", " MAX"] if program.maximised else [])]
    lines += ["ROWS", " N objective", *_rows(program), "COLUMNS", *_columns(program)]
    lines += ["RHS", *_sides(program), "BOUNDS", *_bounds(program)]
    if program.quadratic is not None:
        sign = -1 if program.maximised else 1
        lines += ["QUADOBJ", *_quadratic(sign * program.quadratic)]
    return "\n".join([*lines, "ENDATA", ""])


def _kinds(program: Program) -> list[str]:
    """The type of each row; rows with two bounds are L, those with none too."""
    lower, upper = program.row_lower, program.row_upper
    return np.select(
        [lower == upper, np.isinf(upper) & np.isfinite(lower)], ["E", "G"], "L"
    ).tolist()


def _rows(program: Program) -> Iterable[str]:
    return (f" {kind} c{i}" for i, kind in enumerate(_kinds(program), start=1))


def _columns(program: Program) -> Iterable[str]:
    sign = -1 if program.maximised else 1
    transposed = program.transposed
    starts, rows, values = (
        each.tolist() for each in (transposed.indptr, transposed.indices, transposed.data)
    )
    for j, cost in enumerate((sign * program.cost + 0.0).tolist()):
        begin, end = starts[j], starts[j + 1]
        if cost or begin == end:
            yield f" x{j + 1} objective {cost!r}"
        for row, value in zip(rows[begin:end], values[begin:end], strict=True):
            yield f" x{j + 1} c{row + 1} {value!r}"


def _sides(program: Program) -> Iterable[str]:
    """Right-hand sides, among them minus the constant, and then the ranges if there are any."""
    sign = -1 if program.maximised else 1
    if program.offset:
        yield f" RHS objective {-sign * program.offset!r}"
    lower, upper = program.row_lower, program.row_upper
    at_lower = np.isinf(upper) & np.isfinite(lower)
    sides = np.where(at_lower, lower, np.minimum(upper, FREE)).tolist()
    for i, side in enumerate(sides, start=1):
        if side:
            yield f" RHS c{i} {side!r}"
    two = np.flatnonzero(np.isfinite(lower) & np.isfinite(upper) & (lower < upper))
    if two.size:
        yield "RANGES"
    for i, width in zip((two + 1).tolist(), (upper - lower)[two].tolist(), strict=True):
        yield f" RNG c{i} {width!r}"


def _bounds(program: Program) -> Iterable[str]:
    pairs = zip(program.lower.tolist(), program.upper.tolist(), strict=True)
    for j, (lower, upper) in enumerate(pairs, start=1):
        if lower == upper:
            yield f" FX BND x{j} {lower!r}"
            continue
        if lower == -np.inf:
            yield f" {'FR' if upper == np.inf else 'MI'} BND x{j}"
        elif lower:
            yield f" LO BND x{j} {lower!r}"
        if upper < np.inf:
            yield f" UP BND x{j} {upper!r}"


def _quadratic(matrix: sp.csr_array) -> Iterable[str]:
    """The lower triangle of a symmetric matrix."""
    half = sp.tril(matrix, format="coo")
    entries = zip(half.col.tolist(), half.row.tolist(), half.data.tolist(), strict=True)
    return (f" x{i + 1} x{j + 1} {value!r}" for i, j, value in entries)
