"""QUBO text formats; all are read as: minimise f(x) over bits.

| begins with | format | means |
| --- | --- | --- |
| `c` or `p` | qbsolv's `.qubo`, variables from 0 | minimise sum over its lines of q x_i x_j |
| two numbers `n m` | Biq Mac's `.sparse`, variables from 1 | minimise x^T Q x, Q symmetric |
| one number: of problems | OR-Library's bqp, variables from 1 | maximise x^T Q x, Q symmetric |

For a symmetric Q each pair stands once in the file and counts twice in x^T Q x. Problems for
maximisation are negated, so that a value here is minus the published one.

Sources: qbsolv's manual, appendix "qubo file format"; Wiegele, Biq Mac Library, 2007 (`#` begins a
comment); Beasley, OR-Library, `bqpinfo`.
"""

import re

from dnnbench.errors import UserError
from dnnbench.instances.formats.coefficients import check_header, model_from
from dnnbench.instances.formats.rows import Rows, line_at, parse_rows, shown, tail
from dnnbench.instances.quadratic import QuadraticModel

_COMMENT = re.compile(rb"(?m)^[ \t]*#[^\n]*")
_C_LINE = re.compile(rb"(?m)^[ \t]*c(?![A-Za-z0-9_])[^\n]*")
_P_LINE = re.compile(rb"(?m)^[ \t]*p(?![A-Za-z0-9_])[^\n]*")
_HEADER = re.compile(
    rb"\s*p[ \t]+qubo[ \t]+\S+[ \t]+(-?\d{1,18})[ \t]+(-?\d{1,18})[ \t]+(-?\d{1,18})\s*"
)
_LETTER = re.compile(rb"\s*[cp](?![A-Za-z0-9_])")


def parse(data: bytes, where: str, *, part: int | None = None) -> QuadraticModel:
    """Read a QUBO, its format chosen by its first line.

    Args:
        data: the file's text.
        where: the file's name for error messages.
        part: which problem of an OR-Library file, from 1; may be None if there is one.

    Raises:
        UserError: anything but a well-formed file; the message names file and line.
    """
    if _LETTER.match(data):
        return _qbsolv(data, where)
    rows = parse_rows(_COMMENT.sub(b"", data), where)
    if not len(rows):
        raise UserError(f"{where}: the file is empty")
    if rows.widths[0] == 1:
        return _or_library(rows, where, part)
    n, m = _sizes(rows, 0, where)
    body = tail(rows, 1)
    _count(len(body), m, body, where)
    return model_from(body, n, where, "bits", base=1, pair_factor=2)


def write(model: QuadraticModel) -> str:
    """The model in qbsolv's format.

    Raises:
        UserError: spins, or a constant term, neither of which the format has.
    """
    if model.domain != "bits" or model.offset:
        raise UserError("the qubo format has bits only, and no constant term")
    diagonal = [(i, i, a) for i, a in enumerate(model.linear.tolist()) if a]
    ends, couplings = model.edges.tolist(), model.graph.weights.tolist()
    pairs = [(u, v, c) for (u, v), c in zip(ends, couplings, strict=True)]
    lines = [f"{i} {j} {c!r}\n" for i, j, c in diagonal + pairs]
    return f"p qubo 0 {model.num_vertices} {len(diagonal)} {len(pairs)}\n" + "".join(lines)


def _qbsolv(data: bytes, where: str) -> QuadraticModel:
    found = list(_P_LINE.finditer(data))
    if not found:
        raise UserError(f"{where}: no line 'p qubo 0 n diagonals pairs'")
    lines = [line_at(data, match.start()) for match in found[:2]]
    if len(found) > 1:
        raise UserError(f"{where}, line {lines[1]}: a second 'p' line, after line {lines[0]}")
    header = _HEADER.fullmatch(found[0].group())
    if not header:
        text = shown(found[0].group().strip())
        raise UserError(
            f"{where}, line {lines[0]}: expected 'p qubo 0 n diagonals pairs', found {text}"
        )
    n, diagonals = check_header(float(header[1]), float(header[2]), where, lines[0])
    _, pairs = check_header(float(header[1]), float(header[3]), where, lines[0])
    rows = parse_rows(_P_LINE.sub(b"", _C_LINE.sub(b"", data)), where)
    if len(rows) and rows.lines[0] < lines[0]:
        raise UserError(f"{where}, line {rows.lines[0]}: an entry before the 'p' line")
    _count(len(rows), diagonals + pairs, rows, where)
    model = model_from(rows, n, where, "bits", base=0)
    if model.num_edges != pairs:
        raise UserError(
            f"{where}, line {lines[0]}: {model.num_edges} entries are pairs, but the header "
            f"announces {pairs}"
        )
    return model


def _or_library(rows: Rows, where: str, part: int | None) -> QuadraticModel:
    count = rows.row(0)[0]
    if not rows.plain[0] or not 1 <= count <= len(rows):
        raise UserError(
            f"{where}, line {rows.lines[0]}: expected the number of problems, found {count:.17g}"
        )
    if part is None and count > 1:
        raise UserError(f"{where}: holds {count:.0f} problems; name one, '{where}#1' for instance")
    wanted = 1 if part is None else part
    if not 1 <= wanted <= count:
        raise UserError(f"{where}: holds {count:.0f} problems, not one with the number {wanted}")
    at = 1
    for number in range(1, wanted + 1):
        n, m = _sizes(rows, at, where)
        body = tail(rows, at + 1)
        if number < wanted:
            at += 1 + m
            continue
        last = wanted == count
        _count(len(body) if last else min(len(body), m), m, body, where)
        return model_from(_head(body, m), n, where, "bits", base=1, pair_factor=2, sign=-1)
    raise AssertionError("unreachable")


def _sizes(rows: Rows, at: int, where: str) -> tuple[int, int]:
    """The header `n m` in row `at`."""
    if at >= len(rows):
        raise UserError(f"{where}: ends where a header 'n m' is expected")
    first = rows.starts[at]
    if rows.widths[at] != 2 or not rows.plain[first : first + 2].all():
        raise UserError(f"{where}, line {rows.lines[at]}: expected the header 'n m', two integers")
    n, m = rows.row(at).tolist()
    return check_header(n, m, where, int(rows.lines[at]))


def _head(rows: Rows, count: int) -> Rows:
    """The first rows."""
    return Rows(
        rows.values, rows.plain, rows.starts[:count], rows.widths[:count], rows.lines[:count]
    )


def _count(found: int, wanted: int, rows: Rows, where: str) -> None:
    """Refuse a body with fewer or more entries than the header says."""
    if found > wanted:
        raise UserError(
            f"{where}, line {rows.lines[wanted]}: more entries than the {wanted} the header "
            "announces"
        )
    if found < wanted:
        end = f", the last on line {rows.lines[found - 1]}" if found else ""
        raise UserError(f"{where}: {found} entries{end}, but the header announces {wanted}")
