"""DIMACS CNF, with the constraints that CryptoMiniSat and FourierSAT added to it.

Lines that begin with `c` are comments, one line `p cnf n m` comes before the constraints, and there
are m of these over variables 1 to n; `constraints` has their grammar. A line `%` ends the formula;
SATLIB's files have one, and a `0` after it.
Source: "Satisfiability: Suggested Format", DIMACS, May 1993.
"""

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.formats.constraints import LETTERS, assemble, check_num_variables
from dnnbench.instances.formats.tokens import expected, open_text
from dnnbench.instances.formula import Formula, Kind

_HEADER = re.compile(rb"p[ \t]+cnf[ \t]+(\d{1,18})[ \t]+(\d{1,18})")
_LETTER = {Kind.OR: "", Kind.XOR: "x ", Kind.AT_LEAST: "d ", Kind.NOT_ALL_EQUAL: "n "}


def parse(data: bytes, where: str) -> Formula:
    """Read a formula.

    Args:
        data: the file's text.
        where: the file's name for error messages.

    Raises:
        UserError: anything but a well-formed formula whose constraints can hold one by one; the
            message names file and line.
    """
    text = open_text(data, where, LETTERS)
    header = _HEADER.fullmatch(text.problem)
    if not header:
        raise expected(text, "p cnf n m")
    check_num_variables(int(header[1]), text)
    return frozen(assemble(text, int(header[1]), int(header[2]), weighted=False).formula)


def write(formula: Formula) -> str:
    """The formula in this format.

    Raises:
        UserError: weights or hard constraints, which the format cannot hold.
    """
    if formula.weights is not None or formula.hard is not None:
        raise UserError("the cnf format has no weights; use the wcnf format")
    lines = [f"{line}\n" for line in constraint_lines(formula)]
    return f"p cnf {formula.num_variables} {len(lines)}\n" + "".join(lines)


def constraint_lines(formula: Formula) -> list[str]:
    """The constraints without weights, a line each."""
    words = [str(literal) for literal in formula.literals.tolist()]
    starts = formula.starts.tolist()
    lines = [" ".join(words[begin:end]) + " 0" for begin, end in pairwise(starts)]
    for i in np.flatnonzero(formula.kinds).tolist():
        kind = Kind(formula.kinds[i])
        bound = f"{formula.bounds[i]} " if kind == Kind.AT_LEAST else ""
        lines[i] = _LETTER[kind] + bound + lines[i]
    return lines


def frozen(formula: Formula) -> Formula:
    """The formula, its arrays made read-only."""
    arrays: tuple[NDArray | None, ...] = (
        formula.literals,
        formula.starts,
        formula.kinds,
        formula.bounds,
        formula.weights,
        formula.hard,
    )
    for array in arrays:
        if array is not None:
            array.setflags(write=False)
    return formula
