"""What CSV and Parquet make of a table's cells."""

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dnnbench.errors import UserError
from dnnbench.report.export_schema import RECORDS, VERSION, Column, Kind, kind_of

if TYPE_CHECKING:
    import pyarrow

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet would run as a formula, and what already is such a text behind apostrophes."""

_NO_NUL = "\N{SYMBOL FOR NULL}"
_LARGEST = 2**63


class _Lines:
    """A file for `csv.writer` that ends lines by a line feed alone.

    The writer quotes what its own line end is made of; so it is given both characters, as readers
    take a lone carriage return for the end of a line, too.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line.removesuffix("\r\n") + "\n")


def csv_text(table: pd.DataFrame) -> str:
    """The table as CSV, as no spreadsheet runs it.

    A text that begins as a formula gets an apostrophe before it; so does one that begins with
    apostrophes and then as a formula, so that taking one away gives the text back. Numbers are
    left alone. NUL, at which readers of CSV end, becomes U+2400.
    """
    columns = ([_csv_cell(cell) for cell in table[name].tolist()] for name in table.columns)
    file = _Lines()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([_csv_cell(name) for name in table.columns])
    writer.writerows(zip(*columns, strict=True))
    return "".join(file.lines)


def write_parquet(table: pd.DataFrame, path: Path, columns: tuple[Column, ...] = RECORDS) -> None:
    """Write the table with one type a column, and the version of its columns as `dnnbench_schema`.

    Raises:
        UserError: the file cannot be written, or pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UserError(
            "--format parquet: pyarrow is not installed (pip install 'dnnbench[parquet]')"
        ) from None
    arrays = [_array(table[name].tolist(), kind_of(name, columns)) for name in table.columns]
    made = pyarrow.Table.from_arrays(arrays, names=list(table.columns))
    made = made.replace_schema_metadata({"dnnbench_schema": str(VERSION)})
    try:
        parquet.write_table(made, path)
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror or error}") from None


def _array(cells: list[Any], kind: Kind) -> "pyarrow.Array":
    """The cells in their column's type; where they do not fit it, in one that holds them all.

    Integers among floats are floats, and those beyond 2^53 are rounded; other mixtures and integers
    beyond 64 bits are text.
    """
    import pyarrow

    found = {type(cell) for cell in cells if cell is not None}
    large = int in found and any(type(c) is int and not -_LARGEST <= c < _LARGEST for c in cells)
    if found <= {bool} and (found or kind == "boolean"):
        return pyarrow.array(cells, pyarrow.bool_())
    if found <= {int, float} and not large:
        if float in found or kind == "float":
            floats = [None if cell is None else float(cell) for cell in cells]
            return pyarrow.array(floats, pyarrow.float64())
        if found or kind in ("integer", "number"):
            return pyarrow.array(cells, pyarrow.int64())
    texts = [None if cell is None else whole_characters(str(cell)) for cell in cells]
    return pyarrow.array(texts, pyarrow.large_string())


def _csv_cell(cell: Any) -> Any:
    if type(cell) is not str:
        return cell
    text = whole_characters(cell.replace("\0", _NO_NUL))
    return f"'{text}" if _FORMULA.match(text) else text


def whole_characters(text: str) -> str:
    """The text with U+FFFD in the place of each half of a surrogate pair, which is no character."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
