"""Lines of numbers, parsed in bulk.

The bulk pass never guesses: anything unusual sends the text through a slow pass whose only job is
to name the line that is wrong.
"""

import re
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError

_ALLOWED = b"0123456789+-.eE \t\r\n"
_NUMBER = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_NOT_FINITE = re.compile(rb"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_LEAST, _LARGEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max  # also of what is beyond
_IN_FRACTIONS = np.isin(np.arange(256), np.frombuffer(b".eE", np.uint8))
_LONE_SIGN = re.compile(rb"[+-](?!\d)")
_BLANKS = re.compile(rb"[ \t\r]+")


@dataclass(frozen=True)
class Rows:
    """The non-blank lines of a text, each a row of one or more numbers.

    Attributes:
        values: all numbers in reading order, float64 [k].
        plain: whether each number is written as an integer (no point, no exponent), bool [k].
        starts: index in `values` of each row's first number, int64 [r].
        widths: how many numbers each row has, int64 [r].
        lines: line number of each row, from 1, int64 [r].
    """

    values: NDArray[np.float64]
    plain: NDArray[np.bool_]
    starts: NDArray[np.int64]
    widths: NDArray[np.int64]
    lines: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lines)

    def row(self, index: int) -> NDArray[np.float64]:
        """The numbers of one row."""
        start = self.starts[index]
        return self.values[start : start + self.widths[index]]


def parse_rows(data: bytes, where: str) -> Rows:
    """Split text into rows of numbers.

    Args:
        data: the text; numbers are separated by blanks and tabs.
        where: the file's name for error messages.

    Raises:
        UserError: something that is not a number; the message names the line.
    """
    if data.translate(None, _ALLOWED):
        raise _first_wrong_token(data, where)
    codes = np.frombuffer(data, np.uint8)
    filled = codes > ord(" ")
    begins = filled.copy()
    begins[1:] &= ~filled[:-1]
    token_at = np.flatnonzero(begins)
    if not token_at.size:
        none = np.zeros(0, np.int64)
        return Rows(np.zeros(0), np.zeros(0, np.bool_), none, none, none)
    values = _numbers(data)
    if values is None or len(values) != len(token_at):
        raise _first_wrong_token(data, where)
    line_of = np.searchsorted(np.flatnonzero(codes == ord("\n")), token_at)
    starts = np.flatnonzero(np.diff(line_of, prepend=-1))
    widths = np.diff(starts, append=len(token_at))
    plain = np.ones(len(values), np.bool_)
    if _has_fractions(data):
        point_at = np.flatnonzero(_IN_FRACTIONS[codes])
        plain[np.searchsorted(token_at, point_at, side="right") - 1] = False
    return Rows(values, plain, starts, widths, line_of[starts] + 1)


def edge_columns(
    rows: Rows, where: str, *, weighted: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Rows `u v` or `u v w` as three columns (u, v, w), each float64 [r]; a missing w is 1.

    Raises:
        UserError: a row of another width, or a vertex that is not written as an integer.
    """
    widest = 3 if weighted else 2
    odd = np.flatnonzero((rows.widths < 2) | (rows.widths > widest))
    if odd.size:
        form = "'u v' or 'u v w'" if weighted else "'u v'"
        count = rows.widths[odd[0]]
        raise UserError(
            f"{where}, line {rows.lines[odd[0]]}: expected {form}, found {count} "
            f"number{'s' if count > 1 else ''}"
        )
    broken = np.flatnonzero(~(rows.plain[rows.starts] & rows.plain[rows.starts + 1]))
    if broken.size:
        raise UserError(f"{where}, line {rows.lines[broken[0]]}: a vertex is not an integer")
    weights = np.ones(len(rows))
    has_weight = rows.widths == 3
    weights[has_weight] = rows.values[rows.starts[has_weight] + 2]
    return rows.values[rows.starts], rows.values[rows.starts + 1], weights


def tail(rows: Rows, first: int) -> Rows:
    """The rows from `first` on."""
    return Rows(
        rows.values, rows.plain, rows.starts[first:], rows.widths[first:], rows.lines[first:]
    )


def check_counts(n: float, m: float, where: str, line: int) -> tuple[int, int]:
    """The header's vertex and edge counts as integers; impossible ones are refused.

    The upper bound on n is checked where the graph is built; nothing is allocated from m.
    """
    if not (n >= 1 and m >= 0):
        raise UserError(
            f"{where}, line {line}: header counts n={n:.17g} m={m:.17g} are negative or zero"
        )
    if not (n <= 2**31 and m <= n * (n - 1) / 2):
        raise UserError(
            f"{where}, line {line}: no simple graph has n={n:.17g} vertices and m={m:.17g} edges"
        )
    return int(n), int(m)


def check_edge_count(rows: Rows, m: int, where: str) -> None:
    """Refuse a body (`rows`, header excluded) that has fewer or more edges than the header says."""
    if len(rows) > m:
        raise UserError(
            f"{where}, line {rows.lines[m]}: more edges than the {m} the header announces; there "
            f"are {len(rows)}"
        )
    if len(rows) < m:
        end = f", the last on line {rows.lines[-1]}" if len(rows) else ""
        raise UserError(f"{where}: {len(rows)} edges{end}, but the header announces {m}")


def line_at(data: bytes, position: int) -> int:
    """Line number, from 1, of a byte position."""
    return data.count(b"\n", 0, position) + 1


def shown(token: bytes) -> str:
    """A piece of the input, quoted and cut short for an error message."""
    text = token[:24].decode("ascii", "backslashreplace")
    return repr(text + ("..." if len(token) > 24 else ""))


def _numbers(data: bytes) -> NDArray[np.float64] | None:
    """All numbers in the text [k], or None if some piece is not a number."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            if not (_has_fractions(data) or _has_lone_sign(data)):
                # Several times faster, but blind to lone signs and to what overflows.
                whole = np.fromstring(data, np.int64, sep=" ")
                if not len(whole) or (whole.min() > _LEAST and whole.max() < _LARGEST):
                    return whole.astype(np.float64)
            return np.fromstring(data, np.float64, sep=" ")
        except (ValueError, DeprecationWarning):
            return None


def _has_lone_sign(data: bytes) -> bool:
    """Whether a sign stands before something else than a digit."""
    return (b"-" in data or b"+" in data) and bool(_LONE_SIGN.search(data))


def _has_fractions(data: bytes) -> bool:
    """Whether some number may have a point or an exponent."""
    return b"." in data or b"e" in data or b"E" in data


def _first_wrong_token(data: bytes, where: str) -> UserError:
    for number, line in enumerate(data.split(b"\n"), start=1):
        for token in _BLANKS.split(line):
            if token and _NOT_FINITE.fullmatch(token):
                return UserError(f"{where}, line {number}: {shown(token)} is not finite")
            if token and not _NUMBER.fullmatch(token):
                return UserError(f"{where}, line {number}: {shown(token)} is not a number")
    return UserError(f"{where}: not a table of numbers")
