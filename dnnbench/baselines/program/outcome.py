"""What the libraries' processes share: what is asked of them, how it ends, how that is told."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit
from dnnbench.instances.program import Program

Vector = NDArray[np.float64]

Ended = Literal["solved", "infeasible", "unbounded", "limit", "gave up"]

_WITHOUT_ANSWER: tuple[Ended, ...] = ("infeasible", "unbounded")

UNLIMITED = 2**31 - 1
"""The most iterations that all libraries take as a limit."""

_FEASIBLE = 1e-9
"""To what tolerance a feasible point of an unbounded program is sought."""


class Ask(NamedTuple):
    """What a library is asked for.

    Attributes:
        seconds: how long it may take; infinite without a limit.
        steps: the most iterations.
        tolerance: of the library, in its own measure.
    """

    seconds: float
    steps: int
    tolerance: float


class Outcome(NamedTuple):
    """How a call ended.

    Attributes:
        ended: what the library says of it.
        words: the same in its own words.
        steps: its iterations.
        x, y: its answer in the signs of `problems.program.residuals`, [n] and [m]; no answer
            where values are missing or not finite, or there is none to be had.
        certificate: multipliers of rows [m] where `ended` is `infeasible`, a direction [n] where
            it is `unbounded`, else nothing.
        figures: what else it tells.
    """

    ended: Ended
    words: str
    steps: int
    x: Vector
    y: Vector
    certificate: Vector | None = None
    figures: dict[str, int] | None = None


Once = Callable[[Program, Ask], Outcome]


def answering(
    program: Program, once: Once, tolerance: float
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers a call with `seconds` and `steps`, each of which may be None.

    The array of the answer is x and y, if there are any, and then the certificate, if there is
    one: multipliers, or a feasible point and a direction. The header says by `answer` how many
    numbers the first part has, by `proves` what the second does, and has `ended`, `words`, `steps`
    and `figures` of the `Outcome`.
    """

    def solve(call: dict[str, Any], emit: Emit) -> None:
        seconds = np.inf if call["seconds"] is None else call["seconds"]
        steps = UNLIMITED if call["steps"] is None else call["steps"]
        outcome = _with_point(program, once, Ask(seconds, steps, tolerance))
        answer = np.concatenate([outcome.x, outcome.y])
        complete = len(answer) == program.num_variables + program.num_rows
        if outcome.ended in _WITHOUT_ANSWER or not complete or not np.isfinite(answer).all():
            answer = answer[:0]
        certificate = outcome.certificate
        if certificate is None or not np.isfinite(certificate).all():
            certificate = np.zeros(0)
        header = {
            "answer": len(answer),
            "proves": outcome.ended if certificate.size else None,
            "ended": outcome.ended,
            "words": outcome.words,
            "steps": outcome.steps,
            "figures": outcome.figures or {},
        }
        emit(header, np.concatenate([answer, certificate]))

    return solve


def _with_point(program: Program, once: Once, ask: Ask) -> Outcome:
    """The outcome; a direction of descent is told with a feasible point before it.

    The point solves the program without its objective, which may show that there is none.
    """
    begin = time.monotonic()
    outcome = once(program, ask)
    if outcome.ended != "unbounded" or outcome.certificate is None:
        return outcome
    left = Ask(
        ask.seconds - (time.monotonic() - begin),
        ask.steps - outcome.steps,
        min(ask.tolerance, _FEASIBLE),
    )
    if left.seconds <= 0 or left.steps <= 0:
        return outcome._replace(certificate=None)
    point = once(without_objective(program), left)
    steps = outcome.steps + point.steps
    if point.ended == "infeasible":
        return point._replace(steps=steps)
    both = np.concatenate([point.x, outcome.certificate])
    return outcome._replace(steps=steps, certificate=both)


def without_objective(program: Program) -> Program:
    """The program of finding a feasible point."""
    return replace(program, cost=np.zeros_like(program.cost), quadratic=None)


def as_arrays(program: Program) -> list[NDArray[Any]]:
    """A program as arrays of one axis."""
    arrays = [
        program.cost,
        program.row_lower,
        program.row_upper,
        program.lower,
        program.upper,
        np.array([program.offset]),
    ]
    for matrix in (program.matrix, program.quadratic):
        if matrix is not None:
            arrays += [matrix.indptr, matrix.indices, matrix.data]
    return arrays


def from_arrays(arrays: list[NDArray[Any]]) -> Program:
    """The program of `as_arrays`; whether it was maximised is lost, which changes no answer."""
    cost, row_lower, row_upper, lower, upper, (offset,) = arrays[:6]
    n, m = len(cost), len(row_lower)

    def sparse(parts: list[NDArray[Any]], rows: int) -> sp.csr_array:
        starts, indices, values = parts
        return sp.csr_array((values, indices, starts), shape=(rows, n))

    matrix = sparse(arrays[6:9], m)
    quadratic = sparse(arrays[9:], n) if arrays[9:] else None
    return Program(cost, matrix, row_lower, row_upper, lower, upper, quadratic, float(offset))
