"""MPS files of linear and quadratic programs, in fixed and in free format, and their extension QPS.

Lines that begin in the first column are headers of sections, those that begin with `*` comments.

| section | lines |
| --- | --- |
| `NAME`, `OBJSENSE` (`MAX` or `MIN`, here or on the next line) | |
| `ROWS` | `N`, `L`, `G` or `E`, and a row; the first `N` is the objective, more are ignored |
| `COLUMNS` | column, then row and coefficient once or twice; a column's lines stand together |
| `RHS` | set, then row and value; of the objective: minus its constant |
| `RANGES` | set, then row and width: the room there is; of `E`, its sign says on which side |
| `BOUNDS` | `LO` `UP` `FX` `FR` `MI` `PL`, or integer `BV` `LI` `UI`; set, column, value |
| `QUADOBJ`, `QSECTION` | column, column, entry of Q: each pair once, and x^T Q x / 2 counts |
| `QMATRIX` | the same, both halves |
| `ENDATA` | the end |

Names of sets may be missing. In free format blanks divide a line and names have none; in fixed
format fields have places, and names may have blanks; a file is in the format in which it makes
sense, free if in both. Bounds from 1e20 on are infinite. What readers of MPS disagree about is
refused: entries given twice, several sets, negative upper bounds without a lower one.

HiGHS has a reader too, against which this one is tested. It lets pass what is refused here
(`1x` for a number, a row that is not there), and knows `QMATRIX` in free format only.

Sources: B. Murtagh, "Advanced Linear Programming", 1981, chapter 9; I. Maros, C. Meszaros, "A
repository of convex quadratic programming problems", 1999.
"""

import re
from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp

from dnnbench.errors import UserError
from dnnbench.instances.formats.mps_sections import OBJECTIVE, LineError, Sections
from dnnbench.instances.formats.rows import shown
from dnnbench.instances.program import Program, Vector, frozen

INFINITE = 1e20
"""Bounds of at least this size are infinite."""

_FIXED = re.compile(r" (.{2}) (.{8})  (.{8})  (.{12})   (.{8})  (.{12}) *")
_WIDTH = 61
_INF = np.inf


def parse(data: bytes, where: str, relaxed: bool = False) -> Program:
    """Read a program.

    Args:
        data: the file's text.
        where: the file's name for error messages.
        relaxed: whether integer variables are taken for continuous ones, else they are refused.

    Raises:
        UserError: anything but a well-formed program; the message names file and line.
    """
    lines = data.decode().split("\n")
    try:
        try:
            found = _read(lines, _free)
        except LineError as free:
            try:
                found = _read(lines, _fixed)
            except LineError as fixed:
                # The format that made sense for longer is the one that was meant.
                raise (fixed if fixed.line > free.line else free) from None
        refuse_integers(len(found.integers), len(found.columns), where, relaxed)
        return _program(found)
    except LineError as wrong:
        raise UserError(f"{where}, line {wrong.line}: {wrong}") from None


def refuse_integers(integers: int, variables: int, where: str, relaxed: bool) -> None:
    """Raise `UserError` if there are integer variables, which nobody has asked to relax."""
    if integers and not relaxed:
        raise UserError(
            f"{where}: {integers} of {variables} variables are integer; "
            f"'{where}@relaxed' takes them for continuous"
        )


def _read(lines: list[str], split: Callable[[str, str], list[str]]) -> Sections:
    """What the lines say, if `split(section, line)` gives the fields of each."""
    sections = Sections()
    section = ""
    for number, line in _content(lines):
        sections.line = number
        if not line[0].isspace():
            section = sections.begin(line.split())
            if section == "ENDATA":
                sections.end()
                return sections
            continue
        handle = sections.HANDLERS.get(section)
        if handle is None:
            place = f"in section {section}" if section else "before the first section"
            raise sections.wrong(f"{shown(line.strip().encode())} {place}")
        handle(sections, split(section, line))
    sections.line = max(sections.line, 1)
    raise sections.wrong("no line ENDATA follows")


def _content(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines that are neither blank nor comments, with their numbers."""
    for number, line in enumerate(lines, start=1):
        if line and line[0] != "*" and not line.isspace():
            yield number, line.rstrip()


def _free(section: str, line: str) -> list[str]:
    """The fields of a line in free format; a set's missing name is empty."""
    fields = line.split()
    for index, field in enumerate(fields[2:], start=2):
        if field[0] == "$":  # begins a comment
            del fields[index:]
            break
    if section in ("RHS", "RANGES") and len(fields) in (2, 4):
        fields.insert(0, "")
    if section == "BOUNDS" and len(fields) == 2 + (fields[0].upper() not in Sections.NO_VALUE):
        fields.insert(1, "")
    return fields


def _fixed(section: str, line: str) -> list[str]:
    """The fields of a line in fixed format, by their places, without empty ones at the end."""
    found = _FIXED.fullmatch(line.ljust(_WIDTH))
    fields = [field.strip() for field in found.groups()] if found else []
    while fields and not fields[-1]:
        fields.pop()
    if section in ("ROWS", "BOUNDS") or not fields:
        return fields
    return [] if fields[0] else fields[1:]


def _program(found: Sections) -> Program:
    """The program that the sections describe."""
    n, m = len(found.columns), len(found.types)
    columns, rows = (np.array(each, np.int64) for each in found.entries[:2])
    values = np.array(found.entries[2], np.float64)
    inner, outer = rows >= 0, rows == OBJECTIVE
    cost = np.zeros(n)
    cost[columns[outer]] = values[outer]
    matrix = sp.csr_array((values[inner], (rows[inner], columns[inner])), shape=(m, n))
    row_lower, row_upper = _row_bounds(found)
    lower, upper = _bounds(found)
    sign = -1.0 if found.maximised else 1.0
    return frozen(
        Program(
            cost=sign * cost + 0.0,  # no negative zeros
            matrix=matrix,
            row_lower=row_lower,
            row_upper=row_upper,
            lower=lower,
            upper=upper,
            quadratic=sign * _quadratic(found),
            offset=-sign * found.sides["RHS"].get(OBJECTIVE, 0.0) + 0.0,
            maximised=found.maximised,
        )
    )


def _quadratic(found: Sections) -> sp.csr_array:
    """Q, both halves, [n, n]."""
    n = len(found.columns)
    given, values = list(found.quadratic), list(found.quadratic.values())
    if "QMATRIX" in found.begun:
        wrong = [(i, j) for i, j in given if found.quadratic.get((j, i)) != found.quadratic[i, j]]
        if wrong:
            pair = ", ".join(_name(found.columns, index) for index in wrong[0])
            raise LineError(found.begun["QMATRIX"], f"Q is not symmetric in the columns {pair}")
    else:
        values += [value for (i, j), value in found.quadratic.items() if i != j]
        given += [(j, i) for i, j in given if i != j]
    i, j = np.array(given, np.int64).reshape(-1, 2).T
    return sp.csr_array((np.array(values, np.float64), (i, j)), shape=(n, n))


def _bounds(found: Sections) -> tuple[Vector, Vector]:
    """Bounds of the columns, [n] each; integer ones without any are between 0 and 1."""
    n = len(found.columns)
    lower, upper = np.zeros(n), np.full(n, _INF)
    upper[[j for j in found.integers if j not in found.bounded_at]] = 1.0
    lower[list(found.lower)] = list(found.lower.values())
    upper[list(found.upper)] = list(found.upper.values())
    lower, upper = _unbounded(lower), _unbounded(upper)
    for j, line in found.bounded_at.items():
        if upper[j] < 0 and j not in found.lower:
            name = _name(found.columns, j)
            raise LineError(line, f"column {name} has a negative upper bound and no lower one")
        if lower[j] > upper[j] or lower[j] == _INF or upper[j] == -_INF:
            raise LineError(
                line, f"no value of column {_name(found.columns, j)} is within its bounds"
            )
    return lower, upper


def _row_bounds(found: Sections) -> tuple[Vector, Vector]:
    """Bounds of the rows, [m] each."""
    m = len(found.types)
    lower, upper = np.full(m, -_INF), np.full(m, _INF)
    for row, kind in enumerate(found.types):
        side = found.sides["RHS"].get(row, 0.0)
        if kind != "L":
            lower[row] = side
        if kind != "G":
            upper[row] = side
    for row, width in found.sides["RANGES"].items():
        if found.types[row] == "L" or (found.types[row] == "E" and width < 0):
            lower[row] = upper[row] - abs(width)
        else:
            upper[row] = lower[row] + abs(width)
    lower, upper = _unbounded(lower), _unbounded(upper)
    for row in np.flatnonzero((lower == _INF) | (upper == -_INF)).tolist():
        name = _name(found.rows, row)
        raise LineError(found.begun["RHS"], f"row {name} is bounded by what counts as infinite")
    return lower, upper


def _unbounded(bounds: Vector) -> Vector:
    """Bounds, those that count as infinite made so."""
    return np.where(np.abs(bounds) >= INFINITE, np.copysign(_INF, bounds), bounds)


def _name(names: dict[str, int], index: int) -> str:
    """The name of a row or column, quoted."""
    return shown(next(name for name, at in names.items() if at == index).encode())
