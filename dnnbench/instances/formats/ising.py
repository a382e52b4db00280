"""Ising models as coordinates: minimise sum J_ij s_i s_j + sum h_i s_i over spins.

A line `i j J` couples two spins, a self-loop `i i h` is a field. With a first line `n m` of two
integers (the rudy format with a diagonal) there are m lines and spins are numbered from 1; without
one they are numbered from 0, and there are as many as the largest number says, unless a comment
`# n=100` does. `#` or `%` begins a comment line. There is no other sign than the one above: where
a source has H = -sum J s s, its numbers must be negated.
"""

import re

from dnnbench.errors import UserError
from dnnbench.instances.formats.coefficients import check_header, model_from
from dnnbench.instances.formats.rows import check_edge_count, parse_rows, tail
from dnnbench.instances.quadratic import QuadraticModel

_COMMENT = re.compile(rb"(?m)^[ \t]*[#%][^\n]*")
_COUNT = re.compile(rb"(?m)^[ \t]*[#%][ \t]*n[ \t]*=[ \t]*(\d{1,18})[ \t\r]*$")


def parse(data: bytes, where: str) -> QuadraticModel:
    """Read an Ising model.

    Args:
        data: the file's text.
        where: the file's name for error messages.

    Raises:
        UserError: anything but a well-formed file; the message names file and line.
    """
    counts = {int(found) for found in _COUNT.findall(data)}
    if len(counts) > 1:
        raise UserError(f"{where}: several '# n=' comments that differ")
    rows = parse_rows(_COMMENT.sub(b"", data), where)
    if len(rows) and rows.widths[0] == 2:
        line = int(rows.lines[0])
        if not rows.plain[:2].all():
            raise UserError(f"{where}, line {line}: expected the header 'n m', two integers")
        first = rows.row(0)
        n, m = check_header(float(first[0]), float(first[1]), where, line)
        if counts and counts != {n}:
            raise UserError(f"{where}, line {line}: n={n} is not that of the '# n=' comment")
        body = tail(rows, 1)
        check_edge_count(body, m, where)
        return model_from(body, n, where, "spins", base=1)
    if counts:
        n, line = counts.pop(), 1
    elif len(rows):
        ends = [rows.values[rows.starts], rows.values[rows.starts + (rows.widths > 1)]]
        largest = max(float(end.max()) for end in ends)
        n, line = int(min(max(largest, 0.0) + 1, 1e18)), int(rows.lines[0])
    else:
        raise UserError(f"{where}: no entries, and no '# n=' comment")
    check_header(n, 0, where, line)
    return model_from(rows, n, where, "spins", base=0)


def write(model: QuadraticModel) -> str:
    """The model as coordinates with a `# n=` comment.

    Raises:
        UserError: bits, or a constant term, neither of which the format has.
    """
    if model.domain != "spins" or model.offset:
        raise UserError("the Ising format has spins only, and no constant term")
    lines = [f"# n={model.num_vertices}\n"]
    pairs = zip(model.edges.tolist(), model.graph.weights.tolist(), strict=True)
    lines += [f"{u} {v} {c!r}\n" for (u, v), c in pairs]
    lines += [f"{i} {i} {h!r}\n" for i, h in enumerate(model.linear.tolist()) if h]
    return "".join(lines)
