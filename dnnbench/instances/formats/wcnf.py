"""Weighted formulas, some constraints of which may be hard: the formats of the MaxSAT Evaluations.

| format | hard constraints | soft constraints |
| --- | --- | --- |
| of 2022, without a `p` line | `h 1 -2 0` | `3 1 -2 0`, of weight 3 |
| before, `p wcnf n m top` | weight at least `top` | as above |
| before, `p wcnf n m` | none | as above |
| `p cnf n m` | none | all constraints, of weight 1 (`cnf`) |

A weight is positive and may have a fraction, which the Evaluations do not allow; their sum is
below 2^53. After the weight or `h` a constraint may have a letter (`constraints`): `3 x 1
-2 0`, an extension of this library. Without a `p` line the variables are those up to the largest
that occurs.
Sources: https://maxsat-evaluations.github.io/2022/rules.html (2022),
http://www.maxsat.udl.cat/15/requirements (before).
"""

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import EXACT, whole_weights
from dnnbench.instances.formats import cnf
from dnnbench.instances.formats.constraints import (
    LETTERS,
    Assembled,
    assemble,
    check_num_variables,
)
from dnnbench.instances.formats.tokens import Text, expected, open_text, problem_line
from dnnbench.instances.formula import Formula

_HEADER = re.compile(
    rb"p[ \t]+wcnf[ \t]+(\d{1,18})[ \t]+(\d{1,18})(?:[ \t]+(\d{1,30}(?:\.\d{1,30})?))?"
)
_CNF = re.compile(rb"p[ \t]+cnf(?!\S)")


def parse(data: bytes, where: str) -> Formula:
    """Read a formula in any of these formats; arguments and errors as for `cnf.parse`."""
    if _CNF.match(problem_line(data)):
        return cnf.parse(data, where)
    text = open_text(data, where, LETTERS)
    if not text.problem:
        text = replace(text, letters=LETTERS + b"h")
        found = assemble(text, None, None, weighted=True)
        if not found.weighted.size:
            raise UserError(f"{where}: no constraints")
        return _judged(text, found, ~found.weighted)
    header = _HEADER.fullmatch(text.problem)
    if not header:
        raise expected(text, "p wcnf n m top")
    check_num_variables(int(header[1]), text)
    found = assemble(text, int(header[1]), int(header[2]), weighted=True)
    return _judged(text, found, _at_top(text, found.weights, header[3] or b"inf"))


def write(formula: Formula) -> str:
    """The formula in the format before 2022, which also tells the number of variables."""
    costs, lines = formula.costs.tolist(), cnf.constraint_lines(formula)
    header = f"p wcnf {formula.num_variables} {len(lines)}"
    if formula.hard is not None:
        hard = formula.hard.tolist()
        top = 1 + int(sum(cost for cost, fixed in zip(costs, hard, strict=True) if not fixed))
        costs = [top if fixed else cost for cost, fixed in zip(costs, hard, strict=True)]
        header += f" {top}"
    words = [f"{cost!r} {line}\n" for cost, line in zip(costs, lines, strict=True)]
    return f"{header}\n" + "".join(words)


def _at_top(text: Text, weights: NDArray[np.float64], top: bytes) -> NDArray[np.bool_]:
    """Which weights are at least `top`, infinite where there is none, bool [m]."""
    least = float(top)
    if least <= 0:
        raise text.error(text.problem_line, "top is not positive")
    if EXACT < least < np.inf and text.count(top) != np.count_nonzero(weights == least):
        raise text.error(text.problem_line, f"some weights cannot be told from top={top.decode()}")
    return np.isfinite(weights) & (weights >= least)


def _judged(text: Text, found: Assembled, hard: NDArray[np.bool_]) -> Formula:
    """The formula with its weights."""
    costs = np.ones(len(hard))
    costs[found.weighted] = found.weights
    costs[hard] = 1
    wrong = np.flatnonzero(~((costs > 0) & (costs < EXACT)))
    if wrong.size:
        line = text.line_of(int(found.begin[wrong[0]]))
        problem = "is not positive" if costs[wrong[0]] <= 0 else "is not below 2^53"
        raise text.error(line, f"weight {costs[wrong[0]]:.17g} {problem}")
    if costs[~hard].sum() >= EXACT:
        raise UserError(f"{text.where}: the sum of the weights is not below 2^53")
    weights = whole_weights(costs, text.where, lambda i: f"constraint {i}")
    return cnf.frozen(
        replace(
            found.formula,
            weights=None if np.all(costs == 1) else weights,
            hard=hard if hard.any() else None,
        )
    )
