"""Texts of formulas as numbers, in bulk: the layer below `cnf` and `wcnf`.

A text is numbers, letters before some of them, and lines that begin with `c`, which are comments.
It is read in pieces that end at line ends, so that memory beyond the text and the numbers stays
small. Nothing records where a number stood: only if it turns out wrong are the pieces read again,
up to its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.formats.rows import Rows, line_at, parse_rows, shown

PIECE = 2**22
"""Least bytes of a piece, but for the last."""

_COMMENT = re.compile(rb"(?m)^[ \t]*c[^\n]*")
_PREAMBLE = re.compile(rb"(?>(?>[ \t\r]*(?:c[^\n]*)?\n)*)[ \t\r]*")
_PROBLEM = re.compile(rb"(?m)^[ \t]*p[^\n]*")
_TRAILER = re.compile(rb"(?m)^[ \t]*%[ \t\r]*$")
_AFTER_TRAILER = re.compile(rb"\s*%\s*0?\s*")
_PLAIN = np.isin(np.arange(256), np.frombuffer(b"0123456789+- \t\r\n", np.uint8))


@dataclass(frozen=True)
class Text:
    """A text whose `p` line was found.

    Attributes:
        data: all of it.
        where: the file's name for error messages.
        letters: those that may stand before a number.
        problem: the `p` line without blanks around it; empty where there is none.
        problem_line: its line number, from 1.
        start: where in `data` the numbers begin, after the `p` line.
        stop: where they end, before the trailer.
    """

    data: bytes
    where: str
    letters: bytes
    problem: bytes
    problem_line: int
    start: int
    stop: int

    def error(self, line: int, message: str) -> UserError:
        """The error for something on a line."""
        return UserError(f"{self.where}, line {line}: {message}")

    def line_of(self, index: int) -> int:
        """The line number of a number, from 1."""
        seen = 0
        for first_line, piece in self._pieces():
            rows = self._read(first_line, piece)[0]
            if index < seen + len(rows.values):
                row = np.searchsorted(rows.starts, index - seen, side="right") - 1
                return first_line - 1 + int(rows.lines[row])
            seen += len(rows.values)
        return line_at(self.data, len(self.data.rstrip()))

    def count(self, token: bytes) -> int:
        """How often a number stands in the text, spelt in this very way."""
        spelt = re.compile(rb"(?<!\S)" + re.escape(token) + rb"(?!\S)")
        return sum(len(spelt.findall(_COMMENT.sub(b"", piece))) for _, piece in self._pieces())

    def lex(self) -> "Tokens":
        """All numbers and letters.

        Raises:
            UserError: something that is neither, or a second `p` line; the message names the line.
        """
        numbers: list[NDArray[np.int32] | NDArray[np.float64]] = []
        plain: list[NDArray[np.bool_]] = []
        letters: list[NDArray[np.uint8]] = []
        before: list[NDArray[np.int64]] = []
        seen = 0
        for first_line, piece in self._pieces():
            rows, found, index = self._read(first_line, piece)
            numbers.append(_compact(rows.values))
            plain.append(rows.plain)
            letters.append(found)
            before.append(index + seen)
            seen += len(rows.values)
        return Tokens(
            _joined(numbers, np.int32),
            _joined(plain, np.bool_),
            _joined(letters, np.uint8),
            _joined(before, np.int64),
        )

    def _pieces(self) -> Iterator[tuple[int, bytes]]:
        """The text piece by piece: the number of its first line, and its lines."""
        at, line = self.start, line_at(self.data, self.start)
        while at < self.stop:
            end = self.data.find(b"\n", at + PIECE, self.stop) + 1 or self.stop
            piece = self.data[at:end]
            yield line, piece
            at, line = end, line + piece.count(b"\n")

    def _read(
        self, first_line: int, piece: bytes
    ) -> tuple[Rows, NDArray[np.uint8], NDArray[np.int64]]:
        """The numbers of a piece, its letters, and the index of the number that follows each."""
        if b"c" in piece:
            piece = _COMMENT.sub(b"", piece)
        again = _PROBLEM.search(piece) if b"p" in piece else None
        if again:
            line = first_line - 1 + line_at(piece, again.start())
            first = f"line {self.problem_line}" if self.problem else "the first constraint"
            raise self.error(line, f"a 'p' line after {first}")
        codes = np.frombuffer(bytearray(piece), np.uint8)
        at = self._letters_at(codes)
        letters = codes[at]
        if at.size:
            codes[at] = ord(" ")
            piece = codes.tobytes()
        try:
            rows = parse_rows(piece, self.where)
        except UserError:  # it counts lines from the piece's first
            parse_rows(b"\n" * (first_line - 1) + piece, self.where)
            raise
        filled = codes > ord(" ")
        begins = np.flatnonzero(filled & ~np.concatenate([[False], filled[:-1]])) if at.size else at
        return rows, letters, np.searchsorted(begins, at)

    def _letters_at(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Where letters stand alone or just before a number."""
        among = np.isin(np.arange(256), np.frombuffer(self.letters, np.uint8))
        at = np.flatnonzero(among[codes])
        if not at.size:
            return at
        edged = np.concatenate([[ord(" ")], codes, [ord(" ")]])
        return at[(edged[at] <= ord(" ")) & _PLAIN[edged[at + 2]]]


@dataclass(frozen=True)
class Tokens:
    """The numbers and letters of a text.

    Attributes:
        numbers: in reading order [k], int32 if all fit, else float64.
        plain: which of them are written as integers, bool [k].
        letters: their codes, uint8 [q].
        before: index of the number that follows each letter; k at the end, int64 [q].
    """

    numbers: NDArray[np.int32] | NDArray[np.float64]
    plain: NDArray[np.bool_]
    letters: NDArray[np.uint8]
    before: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)


def open_text(data: bytes, where: str, letters: bytes) -> Text:
    """Find the `p` line and the trailer of SATLIB, a line `%` and then `0`.

    Raises:
        UserError: something else after that trailer.
    """
    stop = len(data)
    trailer = _TRAILER.search(data) if b"%" in data else None
    if trailer:
        stop = trailer.start()
        if not _AFTER_TRAILER.fullmatch(data, stop):
            line = line_at(data, stop)
            raise UserError(f"{where}, line {line}: more than a line '0' after the line '%'")
    problem = problem_line(data)
    if not problem:
        return Text(data, where, letters, b"", 0, 0, stop)
    begin = _preamble(data)
    end = data.find(b"\n", begin) + 1 or len(data)
    return Text(data, where, letters, problem, line_at(data, begin), min(end, stop), stop)


def problem_line(data: bytes) -> bytes:
    """The `p` line of a text that begins with one, comments aside; else empty."""
    begin = _preamble(data)
    found = data[begin : begin + 1] == b"p"
    return data[begin : data.find(b"\n", begin) + 1 or len(data)].strip() if found else b""


def expected(text: Text, form: str) -> UserError:
    """The error for a `p` line that is not there, or not of this form."""
    if text.problem:
        return text.error(text.problem_line, f"expected '{form}', found {shown(text.problem)}")
    late = _PROBLEM.search(text.data)
    if late:
        return text.error(line_at(text.data, late.start()), f"something stands before '{form}'")
    return UserError(f"{text.where}: no line '{form}'")


def _preamble(data: bytes) -> int:
    """Where the first line begins that is neither blank nor a comment, its blanks put aside."""
    found = _PREAMBLE.match(data)
    return found.end() if found else 0


def _compact(values: NDArray[np.float64]) -> NDArray[np.int32] | NDArray[np.float64]:
    whole = np.all(values == np.floor(values)) and np.all(np.abs(values) < 2**31)
    return values.astype(np.int32) if whole else values


def _joined(parts: list, dtype: type) -> NDArray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)
