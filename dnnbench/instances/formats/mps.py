"""MPS files of linear and quadratic programs, in fixed and in free format, and their extension QPS.

Lines that begin in the first column are headers of sections, those that begin with `*` comments.

| section | lines |
| --- | --- |
| `NAME`, `OBJSENSE` (`MAX` or `MIN`, here or on the next line) | |
| `ROWS` | `N`, `L`, `G` or `E`, and a row; the first `N` is the objective, more are ignored |
| `COLUMNS` | column, then row and coefficient once or twice; a column's lines stand together |
| `RHS` | set, then row and value; of the objective: minus its constant |
| `RANGES` | set, then row and width R: at least \\|R\\| of room; for `E` its sign says on which side |
| `BOUNDS` | `LO` `UP` `FX` `FR` `MI` `PL`, or integer `BV` `LI` `UI`; set, column, value |
| `QUADOBJ`, `QSECTION` | column, column, entry of Q: each pair once, and x^T Q x / 2 counts |
| `QMATRIX` | the same, both halves |
| `ENDATA` | the end |

Names of sets may be missing. In free format blanks divide a line and names have none; in fixed
format fields have places, and names may have blanks; a file is in the format in which it makes
sense, free if in both. Bounds from 1e20 on are infinite. What readers of MPS disagree about is
refused: entries given twice, several sets, negative upper bounds without a lower one.

Sources: B. Murtagh, "Advanced Linear Programming", 1981, chapter 9; I. Maros, C. Meszaros, "A
repository of convex quadratic programming problems", 1999. HiGHS reads the same programs; it lets
pass what is refused here, and so is not what reads.
"""

import re
from collections.abc import Callable, Iterator

from dnnbench.errors import UserError
from dnnbench.instances.formats.mps_sections import Sections, Wrong
from dnnbench.instances.formats.rows import shown
from dnnbench.instances.program import Program

_FIXED = re.compile(r" (.{2}) (.{8})  (.{8})  (.{12})   (.{8})  (.{12}) *", re.ASCII)
_WIDTH = 61


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
        found = _read(lines, _free)
    except Wrong as free:
        try:
            found = _read(lines, _fixed)
        except Wrong as fixed:
            # The format that made sense for longer is the one that was meant.
            wrong = fixed if fixed.line > free.line else free
            raise UserError(f"{where}, line {wrong.line}: {wrong}") from None
    refuse_integers(len(found.integers), len(found.columns), where, relaxed)
    try:
        return found.program()
    except Wrong as wrong:
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
                break
            continue
        handle = sections.HANDLERS.get(section)
        if handle is None:
            place = f"in section {section}" if section else "before the first section"
            raise Wrong(number, f"a line {place}: {shown(line.strip().encode())}")
        handle(sections, split(section, line))
    sections.end(section == "ENDATA", len(lines))
    return sections


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
    if not found:
        return []
    fields = [field.strip() for field in found.groups()]
    while fields and not fields[-1]:
        fields.pop()
    if section not in ("ROWS", "BOUNDS") and fields:
        return [] if fields[0] else fields[1:]
    return fields


