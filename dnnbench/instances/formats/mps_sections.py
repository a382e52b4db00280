"""The sections of an MPS file, line by line; `mps` has the format."""

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from dnnbench.errors import nearest
from dnnbench.instances.formats.rows import shown
from dnnbench.instances.program import Program, Vector, frozen

INFINITE = 1e20
"""Bounds of at least this size are infinite, as everywhere in files of this kind."""

_INF = math.inf
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eEdD][+-]?\d+)?", re.ASCII)
_INFINITY = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_SENSES = {"MAX": True, "MAXIMIZE": True, "MIN": False, "MINIMIZE": False}
_INTEGER_TYPES = ("BV", "LI", "UI")


class Wrong(Exception):
    """A mistake in a file, and its line from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Sections:
    """What the lines read so far have said.

    Attributes:
        line: number of the line being read, for error messages.
        columns: index of each column by its name.
        integers: the indices of those that are integer.
    """

    NO_VALUE: ClassVar[tuple[str, ...]] = ("FR", "MI", "PL", "BV")
    """Types of bounds that need no value."""

    HANDLERS: ClassVar[Mapping[str, Callable[["Sections", list[str]], None]]]

    def __init__(self) -> None:
        self.line = 0
        self.columns: dict[str, int] = {}
        self.integers: set[int] = set()
        self._section = ""
        self._begun: dict[str, int] = {}
        self._maximised = False
        self._rows: dict[str, int] = {}  # -1 is the objective, -2 a row that is ignored
        self._types: list[str] = []
        self._entries: dict[tuple[int, int], float] = {}  # by column and row
        self._quadratic: dict[tuple[int, int], float] = {}
        self._marked = False
        self._sets: dict[str, str] = {}
        self._sides: dict[str, dict[int, float]] = {"RHS": {}, "RANGES": {}}  # by row
        self._lower: dict[int, float] = {}
        self._upper: dict[int, float] = {}
        self._bounded_at: dict[int, int] = {}
        self._given: set[tuple[int, str]] = set()

    def begin(self, words: list[str]) -> str:
        """Take the header of a section, and return its name."""
        name = words[0].upper()
        if name not in (*self.HANDLERS, "NAME", "ENDATA"):
            hint = nearest(name, self.HANDLERS)
            raise self._wrong(f"unknown section {shown(words[0].encode())}{hint}")
        if name in self._begun:
            raise self._wrong(f"a second section {name}, after line {self._begun[name]}")
        if name != "NAME" and len(words) > 1:
            if name == "OBJSENSE":
                self._objsense(words[1:])
            elif name != "QSECTION" or len(words) > 2 or self._rows.get(words[1]) != -1:
                raise self._wrong(f"{shown(words[1].encode())} after {name}")
        self._section, self._begun[name] = name, self.line
        return name

    def end(self, complete: bool, last: int) -> None:
        """Check the whole; `last` is the number of the file's last line."""
        if not complete:
            raise Wrong(last, "ends without a line ENDATA")
        if -1 not in self._rows.values():
            raise self._wrong("no row of type N, which is the objective")
        if not self.columns:
            raise self._wrong("no columns")

    def program(self) -> Program:
        """The program, once all lines are read."""
        n, m = len(self.columns), len(self._types)
        lower, upper = self._bounds()
        row_lower, row_upper = self._row_bounds()
        cost = np.zeros(n)
        inner = {place: value for place, value in self._entries.items() if place[1] >= 0}
        for (column, row), value in self._entries.items():
            if row == -1:
                cost[column] = value
        sign = -1.0 if self._maximised else 1.0
        return frozen(
            Program(
                cost=sign * cost + 0.0,
                matrix=_matrix(inner, (n, m)).T,
                row_lower=row_lower,
                row_upper=row_upper,
                lower=lower,
                upper=upper,
                quadratic=sign * _matrix(self._quadratic_entries(), (n, n)),
                offset=-sign * self._sides["RHS"].get(-1, 0.0) + 0.0,
                maximised=self._maximised,
            )
        )

    def _wrong(self, message: str) -> Wrong:
        return Wrong(self.line, message)

    def _expect(self, fields: list[str], counts: tuple[int, ...], form: str) -> None:
        if len(fields) not in counts:
            raise self._wrong(f"expected '{form}'")

    def _number(self, text: str) -> float:
        if _NUMBER.fullmatch(text):
            value = float(re.sub("[dD]", "e", text))
            if math.isfinite(value):
                return value
        raise self._wrong(f"{shown(text.encode())} is not a finite number")

    def _bound(self, text: str) -> float:
        value = float(text) if _INFINITY.fullmatch(text) else self._number(text)
        return _unbounded(value)

    def _row(self, name: str) -> int:
        if name not in self._rows:
            raise self._wrong(f"unknown row {shown(name.encode())}")
        return self._rows[name]

    def _column(self, name: str) -> int:
        if name not in self.columns:
            raise self._wrong(f"unknown column {shown(name.encode())}")
        return self.columns[name]

    def _one_set(self, name: str) -> None:
        """Refuse a second set of right-hand sides, ranges or bounds."""
        first = self._sets.setdefault(self._section, name)
        if name != first:
            raise self._wrong(f"a second set {shown(name.encode())} in section {self._section}")

    def _objsense(self, fields: list[str]) -> None:
        word = fields[0].upper() if len(fields) == 1 else ""
        if word not in _SENSES:
            raise self._wrong("expected 'MAX' or 'MIN'")
        self._maximised = _SENSES[word]

    def _add_row(self, fields: list[str]) -> None:
        self._expect(fields, (2,), "N|L|G|E row")
        kind, name = fields[0].upper(), fields[1]
        if kind not in ("N", "L", "G", "E"):
            raise self._wrong(f"{shown(fields[0].encode())} is no type of rows (N, L, G, E)")
        if name in self._rows:
            raise self._wrong(f"row {shown(name.encode())} is there already")
        if kind == "N":
            self._rows[name] = -2 if -1 in self._rows.values() else -1
        else:
            self._rows[name] = len(self._types)
            self._types.append(kind)

    def _add_entries(self, fields: list[str]) -> None:
        if len(fields) == 3 and fields[1] == "'MARKER'":
            if fields[2] not in ("'INTORG'", "'INTEND'"):
                raise self._wrong(f"unknown marker {shown(fields[2].encode())}")
            self._marked = fields[2] == "'INTORG'"
            return
        self._expect(fields, (3, 5), "column row value [row value]")
        column = self.columns.setdefault(fields[0], len(self.columns))
        if column != len(self.columns) - 1:
            name = shown(fields[0].encode())
            raise self._wrong(f"column {name} goes on, after another began")
        if self._marked:
            self.integers.add(column)
        for row, value in zip(fields[1::2], fields[2::2], strict=True):
            place = (column, self._row(row))
            if place in self._entries and place[1] != -2:
                raise self._wrong(f"a second entry in row {shown(row.encode())}")
            self._entries[place] = self._number(value)

    def _add_sides(self, fields: list[str]) -> None:
        self._expect(fields, (3, 5), "set row value [row value]")
        self._one_set(fields[0])
        known = self._sides[self._section]
        for name, value in zip(fields[1::2], fields[2::2], strict=True):
            row = self._row(name)
            if row < 0 and self._section == "RANGES":
                raise self._wrong(f"row {shown(name.encode())} has no range, being of type N")
            if row in known and row != -2:
                raise self._wrong(f"a second value for row {shown(name.encode())}")
            known[row] = self._number(value)

    def _add_bound(self, fields: list[str]) -> None:
        self._expect(fields, (3, 4), "type set column [value]")
        kind = fields[0].upper()
        if kind not in ("LO", "UP", "FX", *self.NO_VALUE, *_INTEGER_TYPES):
            raise self._wrong(f"{shown(fields[0].encode())} is no type of bounds of such a program")
        if len(fields) == 3 and kind not in self.NO_VALUE:
            raise self._wrong(f"expected '{kind} set column value'")
        self._one_set(fields[1])
        column = self._column(fields[2])
        if (column, kind) in self._given:
            raise self._wrong(f"a second bound {kind} of column {shown(fields[2].encode())}")
        self._given.add((column, kind))
        self._bounded_at[column] = self.line
        value = self._bound(fields[3]) if len(fields) == 4 else 0.0
        if kind in _INTEGER_TYPES:
            self.integers.add(column)
        below = {"LO": value, "LI": value, "FX": value, "FR": -_INF, "MI": -_INF, "BV": 0.0}
        above = {"UP": value, "UI": value, "FX": value, "FR": _INF, "PL": _INF, "BV": 1.0}
        if kind in below:
            self._lower[column] = below[kind]
        if kind in above:
            self._upper[column] = above[kind]

    def _add_quadratic(self, fields: list[str]) -> None:
        self._expect(fields, (3,), "column column value")
        i, j = self._column(fields[0]), self._column(fields[1])
        if (i, j) in self._quadratic or (self._section != "QMATRIX" and (j, i) in self._quadratic):
            raise self._wrong("a second entry for these columns")
        self._quadratic[i, j] = self._number(fields[2])

    def _quadratic_entries(self) -> dict[tuple[int, int], float]:
        """All entries of Q, both halves."""
        if "QMATRIX" not in self._begun:
            return self._quadratic | {(j, i): value for (i, j), value in self._quadratic.items()}
        for (i, j), value in self._quadratic.items():
            if self._quadratic.get((j, i), 0.0) != value:
                names = list(self.columns)
                pair = f"{shown(names[i].encode())}, {shown(names[j].encode())}"
                raise Wrong(self._begun["QMATRIX"], f"QMATRIX is not symmetric at {pair}")
        return self._quadratic

    def _bounds(self) -> tuple[Vector, Vector]:
        """Bounds of the columns, the usual ones where none are given."""
        n = len(self.columns)
        lower, upper = np.zeros(n), np.full(n, _INF)
        upper[[j for j in self.integers if j not in self._bounded_at]] = 1.0
        lower[list(self._lower)] = list(self._lower.values())
        upper[list(self._upper)] = list(self._upper.values())
        names = list(self.columns)
        for j, line in self._bounded_at.items():
            name = shown(names[j].encode())
            if upper[j] < 0 and j not in self._lower:
                raise Wrong(line, f"column {name} has a negative upper bound and no lower one")
            if lower[j] > upper[j] or lower[j] == _INF or upper[j] == -_INF:
                raise Wrong(line, f"no value of column {name} is within its bounds")
        return lower, upper

    def _row_bounds(self) -> tuple[Vector, Vector]:
        m = len(self._types)
        lower, upper = np.full(m, -_INF), np.full(m, _INF)
        for row, kind in enumerate(self._types):
            side = self._sides["RHS"].get(row, 0.0)
            width = self._sides["RANGES"].get(row)
            if kind != "L":
                lower[row] = side
            if kind != "G":
                upper[row] = side
            if width is None:
                continue
            if kind == "L" or (kind == "E" and width < 0):
                lower[row] = side - abs(width)
            else:
                upper[row] = side + abs(width)
        lower, upper = _unbounded(lower), _unbounded(upper)
        hopeless = np.flatnonzero((lower == _INF) | (upper == -_INF))
        if hopeless.size:
            name = next(name for name, row in self._rows.items() if row == hopeless[0])
            line = self._begun.get("RHS", self.line)
            raise Wrong(line, f"nothing satisfies row {shown(name.encode())}: its side is infinite")
        return lower, upper


def _unbounded[T: (float, Vector)](value: T) -> T:
    """Bounds, those that are too large made infinite."""
    return np.where(np.abs(value) >= INFINITE, np.copysign(_INF, value), value)[()]


def _matrix(entries: dict[tuple[int, int], float], shape: tuple[int, int]) -> sp.csr_array:
    places = np.array(list(entries), np.int64).reshape(-1, 2).T
    return sp.csr_array((np.array(list(entries.values()), np.float64), tuple(places)), shape=shape)


Sections.HANDLERS = MappingProxyType(
    {
        "OBJSENSE": Sections._objsense,
        "ROWS": Sections._add_row,
        "COLUMNS": Sections._add_entries,
        "RHS": Sections._add_sides,
        "RANGES": Sections._add_sides,
        "BOUNDS": Sections._add_bound,
        "QUADOBJ": Sections._add_quadratic,
        "QSECTION": Sections._add_quadratic,
        "QMATRIX": Sections._add_quadratic,
    }
)
