"""The sections of an MPS file, line by line; `mps` has the format."""

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

from dnnbench.instances.formats.rows import shown

OBJECTIVE, IGNORED = -1, -2
"""What stands for the index of a row that is the objective, and of others of type N."""

QUADRATIC = ("QUADOBJ", "QSECTION", "QMATRIX")
"""The sections that may hold Q, of which a file has one."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eEdD][+-]?\d+)?", re.ASCII)
_INFINITY = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_SENSES = {"MAX": True, "MAXIMIZE": True, "MIN": False, "MINIMIZE": False}
_MARKERS = {"'INTORG'": True, "'INTEND'": False}
_INTEGER_TYPES = ("BV", "LI", "UI")


class LineError(Exception):
    """A mistake in a file, and its line from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Sections:
    """What the lines read so far have said.

    Attributes:
        line: number of the line being read, for error messages.
        begun: the line on which each section began.
        maximised: whether the objective is.
        rows: index of each row by its name, or `OBJECTIVE`, or `IGNORED`.
        types: `L`, `G` or `E`, of the rows with an index.
        columns: index of each column by its name.
        integers: the indices of those that are integer.
        entries: column, row and coefficient of each entry, three lists of one length.
        sides: what `RHS` and `RANGES` say, by section and row.
        lower, upper: bounds, of the columns that have any.
        bounded_at: the line of the last bound of each such column.
        quadratic: entries of Q by two columns.
    """

    NO_VALUE: ClassVar[tuple[str, ...]] = ("FR", "MI", "PL", "BV")
    """Types of bounds that need no value."""

    HANDLERS: ClassVar[Mapping[str, Callable[["Sections", list[str]], None]]]
    """What takes the fields of a line, by section."""

    def __init__(self) -> None:
        self.line = 0
        self.begun: dict[str, int] = {}
        self.maximised = False
        self.rows: dict[str, int] = {}
        self.types: list[str] = []
        self.columns: dict[str, int] = {}
        self.integers: set[int] = set()
        self.entries: tuple[list[int], list[int], list[float]] = ([], [], [])
        self.sides: dict[str, dict[int, float]] = {"RHS": {}, "RANGES": {}}
        self.lower: dict[int, float] = {}
        self.upper: dict[int, float] = {}
        self.bounded_at: dict[int, int] = {}
        self.quadratic: dict[tuple[int, int], float] = {}
        self._section = ""
        self._marked = False
        self._in_column: set[int] = set()
        self._sets: dict[str, str] = {}
        self._bounds_given: set[tuple[int, str]] = set()

    def begin(self, words: list[str]) -> str:
        """Take the header of a section, and return its name."""
        name = words[0].upper()
        if name not in (*self.HANDLERS, "NAME", "ENDATA"):
            known = ", ".join(self.HANDLERS)
            raise self.wrong(f"unknown section {_shown(words[0])}; known: {known}")
        rivals = QUADRATIC if name in QUADRATIC else (name,)
        for rival in self.begun.keys() & set(rivals):
            raise self.wrong(f"section {name} after a section {rival} on line {self.begun[rival]}")
        if name != "NAME" and len(words) > 1:
            if name == "OBJSENSE":
                self._objsense(words[1:])
            elif name != "QSECTION" or len(words) > 2 or self.rows.get(words[1]) != OBJECTIVE:
                raise self.wrong(f"{_shown(words[1])} after {name}")
        self._section, self.begun[name] = name, self.line
        return name

    def end(self) -> None:
        """Check that the file has what every program has."""
        if OBJECTIVE not in self.rows.values():
            raise self.wrong("no row of type N, which is the objective")
        if not self.columns:
            raise self.wrong("no columns")

    def wrong(self, message: str) -> LineError:
        """The mistake on the line being read."""
        return LineError(self.line, message)

    def _expect(self, fields: list[str], counts: tuple[int, ...], form: str) -> None:
        if len(fields) not in counts:
            raise self.wrong(f"expected '{form}'")

    def _number(self, text: str) -> float:
        if _NUMBER.fullmatch(text):
            value = float(re.sub("[dD]", "e", text))
            if math.isfinite(value):
                return value
        raise self.wrong(f"{_shown(text)} is not a finite number")

    def _row(self, name: str) -> int:
        if name not in self.rows:
            raise self.wrong(f"unknown row {_shown(name)}")
        return self.rows[name]

    def _column(self, name: str) -> int:
        if name not in self.columns:
            raise self.wrong(f"unknown column {_shown(name)}")
        return self.columns[name]

    def _one_set(self, name: str) -> None:
        """Refuse a second set of right-hand sides, ranges or bounds; a missing name is any."""
        if name and name != self._sets.setdefault(self._section, name):
            raise self.wrong(f"a second set {_shown(name)} in section {self._section}")

    def _objsense(self, fields: list[str]) -> None:
        word = fields[0].upper() if len(fields) == 1 else ""
        if word not in _SENSES:
            raise self.wrong("expected 'MAX' or 'MIN'")
        self.maximised = _SENSES[word]

    def _add_row(self, fields: list[str]) -> None:
        self._expect(fields, (2,), "type row")
        kind, name = fields[0].upper(), fields[1]
        if kind not in ("N", "L", "G", "E"):
            raise self.wrong(f"{_shown(fields[0])} is no type of rows (N, L, G, E)")
        if name in self.rows:
            raise self.wrong(f"a second row {_shown(name)}")
        if kind == "N":
            self.rows[name] = IGNORED if OBJECTIVE in self.rows.values() else OBJECTIVE
        else:
            self.rows[name] = len(self.types)
            self.types.append(kind)

    def _add_entries(self, fields: list[str]) -> None:
        if fields[1:2] == ["'MARKER'"]:
            if fields[-1] not in _MARKERS:
                raise self.wrong(f"unknown marker {_shown(fields[-1])}")
            self._marked = _MARKERS[fields[-1]]
            return
        self._expect(fields, (3, 5), "column row value [row value]")
        column = self.columns.get(fields[0])
        if column is None:
            column = self.columns[fields[0]] = len(self.columns)
            self._in_column.clear()
        elif column != len(self.columns) - 1:
            raise self.wrong(f"column {_shown(fields[0])} goes on, after another began")
        if self._marked:
            self.integers.add(column)
        for name, text in zip(fields[1::2], fields[2::2], strict=True):
            row, value = self._row(name), self._number(text)
            if row in self._in_column and row != IGNORED:
                raise self.wrong(f"a second entry in row {_shown(name)}")
            self._in_column.add(row)
            columns, rows, values = self.entries
            columns.append(column)
            rows.append(row)
            values.append(value)

    def _add_sides(self, fields: list[str]) -> None:
        self._expect(fields, (3, 5), "set row value [row value]")
        self._one_set(fields[0])
        known = self.sides[self._section]
        for name, value in zip(fields[1::2], fields[2::2], strict=True):
            row = self._row(name)
            if row < 0 and self._section == "RANGES":
                raise self.wrong(f"row {_shown(name)} is of type N and has no range")
            if row in known and row != IGNORED:
                raise self.wrong(f"a second value for row {_shown(name)}")
            known[row] = self._number(value)

    def _add_bound(self, fields: list[str]) -> None:
        self._expect(fields, (3, 4), "type set column [value]")
        kind = fields[0].upper()
        if kind not in ("LO", "UP", "FX", *self.NO_VALUE, *_INTEGER_TYPES):
            raise self.wrong(f"{_shown(fields[0])} is no type of bounds of a continuous variable")
        if len(fields) == 3 and kind not in self.NO_VALUE:
            raise self.wrong(f"expected '{kind} set column value'")
        self._one_set(fields[1])
        column = self._column(fields[2])
        if (column, kind) in self._bounds_given:
            raise self.wrong(f"a second bound {kind} of column {_shown(fields[2])}")
        self._bounds_given.add((column, kind))
        self.bounded_at[column] = self.line
        text = fields[3] if len(fields) == 4 else "0"
        value = float(text) if _INFINITY.fullmatch(text) else self._number(text)
        below = {"LO": value, "LI": value, "FX": value, "FR": -math.inf, "MI": -math.inf, "BV": 0.0}
        above = {"UP": value, "UI": value, "FX": value, "FR": math.inf, "PL": math.inf, "BV": 1.0}
        if kind in below:
            self.lower[column] = below[kind]
        if kind in above:
            self.upper[column] = above[kind]
        if kind in _INTEGER_TYPES:
            self.integers.add(column)

    def _add_quadratic(self, fields: list[str]) -> None:
        self._expect(fields, (3,), "column column value")
        i, j = self._column(fields[0]), self._column(fields[1])
        if (i, j) in self.quadratic or (self._section != "QMATRIX" and (j, i) in self.quadratic):
            raise self.wrong("a second entry for these two columns")
        self.quadratic[i, j] = self._number(fields[2])


def _shown(name: str) -> str:
    return shown(name.encode())


Sections.HANDLERS = MappingProxyType(
    {
        "OBJSENSE": Sections._objsense,
        "ROWS": Sections._add_row,
        "COLUMNS": Sections._add_entries,
        "RHS": Sections._add_sides,
        "RANGES": Sections._add_sides,
        "BOUNDS": Sections._add_bound,
        **dict.fromkeys(QUADRATIC, Sections._add_quadratic),
    }
)
