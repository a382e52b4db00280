"""What a layout is given: a table of cells, and the text that may stand in them."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Style = Literal["", "best", "second"]

# Control, format (bidirectional marks among them), surrogate, private and unassigned characters,
# and separators of lines and paragraphs: they move what stands around them, or show as nothing.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True)
class Cell:
    """A figure with what belongs to it.

    Attributes:
        text: the figure, or words where there is none.
        style: whether it is the best or the second of its column.
        mark: a raised mark after it.
        note: small print after that, as an interval.
    """

    text: str
    style: Style = ""
    mark: str = ""
    note: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the text can be aligned at its decimal point."""
        try:
            float(self.text)
        except ValueError:
            return False
        return self.text[-1].isdecimal()


@dataclass(frozen=True)
class Grid:
    """A table, before it is laid out.

    Attributes:
        header: names of the columns.
        cells: rows of as many cells; a column with a `Cell` in it is one of figures.
        notes: lines below the table.
        left: names of the columns that are flush left; the others are flush right.
        caption: above the table; "" for none.
        label: by which a LaTeX text refers to it; "" for none.
    """

    header: Sequence[str]
    cells: Sequence[Sequence[str | Cell]]
    notes: Sequence[str]
    left: frozenset[str] = field(default_factory=frozenset)
    caption: str = ""
    label: str = ""


def visible(text: str) -> str:
    r"""The text on one line, with every character that cannot be seen written as its code point.

    Names come from files and plug-ins; none of them may break a row, turn the direction of the
    text around it, or send an escape sequence to a terminal.

    Examples:
        >>> visible("a\nb")
        'a b'
        >>> visible("a" + chr(0x202E) + "b")
        'a[U+202E]b'
    """
    spaced = " ".join(text.splitlines()).replace("\t", " ")
    return "".join(f"[U+{ord(c):04X}]" if unicodedata.category(c) in _UNSEEN else c for c in spaced)


def all_visible(grid: Grid) -> Grid:
    """The grid with every text in it `visible`."""
    return replace(
        grid,
        header=[visible(name) for name in grid.header],
        cells=[[_visible(cell) for cell in row] for row in grid.cells],
        notes=[visible(note) for note in grid.notes],
        left=frozenset(visible(name) for name in grid.left),
        caption=visible(grid.caption),
    )


def _visible(cell: str | Cell) -> str | Cell:
    if isinstance(cell, str):
        return visible(cell)
    return replace(cell, text=visible(cell.text), mark=visible(cell.mark), note=visible(cell.note))


def as_text(cell: str | Cell) -> str:
    """The cell on paper without type faces: `**38**` is the best, `_38_` the second."""
    if isinstance(cell, str):
        return cell
    around = {"best": "**", "second": "_"}.get(cell.style, "")
    return " ".join(part for part in (around + cell.text + around + cell.mark, cell.note) if part)
