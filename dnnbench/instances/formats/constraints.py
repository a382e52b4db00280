"""Numbers and letters become a `Formula`: the grammar that `cnf` and `wcnf` share.

A constraint is a letter or none, numbers, and 0:

| text | holds if |
| --- | --- |
| `1 -2 0` | at least one literal is true (a clause) |
| `x 1 -2 0` | an odd number is, as in CryptoMiniSat and FourierSAT |
| `d 2 1 2 4 -5 0` | at least 2 are, as in FourierSAT |
| `d -2 1 2 4 -5 0` | at most 2 are; kept as at least 4 - 2 of the negations |
| `n 1 2 -3 0` | not all are equal, as in FourierSAT |
| `g 2`, `g -2` | at least, at most 2 of all variables are; no 0, as in FourierSAT |

A letter may stand apart or touch its number (`x1 -2 0`). Constraints may span lines, and a line
may hold several. Tautologies and repeated literals are kept: what occurs twice counts twice. What
no assignment can satisfy is refused: an empty clause, a bound beyond the literals.
Sources: M. Soos, K. Nohl, C. Castelluccia, "Extending SAT Solvers to Cryptographic Problems",
SAT 2009 (`x`); the README of FourierSAT, https://github.com/zzwonder/FourierSAT (all).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import MAX_VERTICES
from dnnbench.instances.formats.tokens import Text, Tokens
from dnnbench.instances.formula import Formula, Kind

LETTERS = b"xdng"
HARD = ord("h")
MAX_LITERALS = 2**29
"""Lines `g` may not make longer formulas than the largest file without them."""

_KINDS = {ord("x"): Kind.XOR, ord("d"): Kind.AT_LEAST, ord("g"): Kind.AT_LEAST}
_KINDS[ord("n")] = Kind.NOT_ALL_EQUAL


class Assembled(NamedTuple):
    """A formula whose weights are not judged yet.

    Attributes:
        formula: without weights.
        begin: index of the number that each constraint begins with, int64 [m].
        weighted: which constraints begin with a weight, bool [m].
        weights: these weights in their order, float64.
    """

    formula: Formula
    begin: NDArray[np.int64]
    weighted: NDArray[np.bool_]
    weights: NDArray[np.float64]


class _Layout(NamedTuple):
    """Where the parts of the constraints stand among the numbers.

    Attributes:
        begin: index of the first number of each, int64 [m].
        end: index of the last: its 0, or the bound of a line `g`, int64 [m].
        weighted: which begin with a weight, bool [m].
        kinds: uint8 [m].
        bounded: which constraints have bounds, int64 [b].
        bound_at: index of each of these bounds, int64 [b].
        of_all: which are lines `g`, int64 [g].
    """

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    weighted: NDArray[np.bool_]
    kinds: NDArray[np.uint8]
    bounded: NDArray[np.int64]
    bound_at: NDArray[np.int64]
    of_all: NDArray[np.int64]


def check_num_variables(n: int, text: Text) -> None:
    """Refuse numbers of variables below 1 or beyond `MAX_VERTICES`."""
    if not 1 <= n <= MAX_VERTICES:
        raise text.error(text.problem_line, f"n={n} variables are not in 1..{MAX_VERTICES}")


def assemble(text: Text, n: int | None, m: int | None, *, weighted: bool) -> Assembled:
    """Read the constraints of a text.

    Args:
        text: the text.
        n: number of variables, or None for the largest that occurs.
        m: number of constraints that there have to be, or None.
        weighted: whether each begins with a weight or `h`, before its letter if it has one.

    Raises:
        UserError: anything but well-formed constraints that can hold; the message names the line.
    """
    tokens = text.lex()
    layout = _layout(text, tokens, weighted)
    _check_count(text, layout, m)
    inside = np.ones(len(tokens), np.bool_)
    inside[layout.end] = False
    inside[layout.bound_at] = False
    inside[layout.begin[layout.weighted]] = False
    _check_whole(text, tokens, inside, layout)
    n = _check_range(text, tokens, inside, n)
    literals = tokens.numbers[inside].astype(np.int32, copy=False)
    widths = layout.end - layout.begin - layout.weighted
    widths[layout.bounded] -= 1
    bounds = np.zeros(len(layout.end), np.int64)
    bounds[layout.bounded] = tokens.numbers[layout.bound_at]
    if layout.of_all.size:
        literals, widths = _with_all_variables(text, literals, widths, layout, n)
    if (bounds < 0).any():
        literals, bounds = _at_least(literals, widths, bounds)
    _refuse_hopeless(text, layout, widths, bounds)
    starts = np.zeros(len(widths) + 1, np.int64)
    np.cumsum(widths, out=starts[1:])
    formula = Formula(n, literals, starts, layout.kinds, bounds.astype(np.int32))
    weights = tokens.numbers[layout.begin[layout.weighted]].astype(np.float64)
    return Assembled(formula, layout.begin, layout.weighted, weights)


def _layout(text: Text, tokens: Tokens, weighted: bool) -> _Layout:
    """Find the constraints; letters at places where none may stand are refused."""
    if tokens.letters.size and tokens.before[-1] == len(tokens):
        line = text.line_of(len(tokens))
        raise text.error(line, f"nothing follows '{chr(tokens.letters[-1])}'")
    is_hard = tokens.letters == HARD
    shapes, shaped = tokens.letters[~is_hard], tokens.before[~is_hard]
    bound_at = shaped[np.isin(shapes, (ord("d"), ord("g")))]
    all_at = shaped[shapes == ord("g")]
    ends = tokens.numbers == 0
    ends &= tokens.plain
    ends[bound_at] = False
    ends[all_at] = True
    end = np.flatnonzero(ends)
    begin = np.concatenate([[0], end + 1])
    if begin[-1] < len(tokens):
        line = text.line_of(int(begin[-1]))
        raise text.error(line, "the constraint that begins here lacks its 0")
    begin = begin[:-1]
    has_weight = np.full(len(end), weighted)
    has_weight[np.searchsorted(end, tokens.before[is_hard])] = False
    _check_letters(text, tokens, begin, has_weight, np.searchsorted(end, tokens.before))
    zero = np.flatnonzero(has_weight & (begin == end))
    if zero.size:
        raise text.error(text.line_of(int(begin[zero[0]])), "weight 0 is not positive")
    kinds = np.zeros(len(end), np.uint8)
    owners = np.searchsorted(end, shaped)
    for letter, kind in _KINDS.items():
        kinds[owners[shapes == letter]] = kind
    bounded, of_all = np.searchsorted(end, bound_at), np.searchsorted(end, all_at)
    return _Layout(begin, end, has_weight, kinds, bounded, bound_at, of_all)


def _check_letters(
    text: Text,
    tokens: Tokens,
    begin: NDArray[np.int64],
    has_weight: NDArray[np.bool_],
    owners: NDArray[np.int64],
) -> None:
    """Refuse letters elsewhere than in front: `h` first, another after the weight if there is one.

    `owners` are the constraints that the letters belong to.
    """
    is_hard = tokens.letters == HARD
    place = begin[owners] + (has_weight[owners] & ~is_hard)
    wrong = tokens.before != place
    # Of two letters before one number the first has to be `h`, the second another.
    double = tokens.before[1:] == tokens.before[:-1]
    wrong[1:] |= double & (~is_hard[:-1] | is_hard[1:])
    if wrong.any():
        i = int(np.argmax(wrong))
        line = text.line_of(int(tokens.before[i]))
        raise text.error(line, f"'{chr(tokens.letters[i])}' where no letter may stand")


def _check_count(text: Text, layout: _Layout, m: int | None) -> None:
    found = len(layout.end)
    if m is None or found == m:
        return
    if found > m:
        line = text.line_of(int(layout.begin[m]))
        raise text.error(line, f"more constraints than the {m} the header announces ({found})")
    last = f", the last on line {text.line_of(int(layout.end[-1]))}" if found else ""
    raise UserError(f"{text.where}: {found} constraints{last}, but the header announces {m}")


def _check_whole(text: Text, tokens: Tokens, inside: NDArray[np.bool_], layout: _Layout) -> None:
    """Refuse literals and bounds with points or exponents, and huge bounds."""
    broken = np.flatnonzero(inside & ~tokens.plain)
    if broken.size:
        raise text.error(text.line_of(int(broken[0])), "a literal is not an integer")
    bounds = tokens.numbers[layout.bound_at]
    broken = np.flatnonzero(~tokens.plain[layout.bound_at] | (np.abs(bounds) > MAX_VERTICES))
    if broken.size:
        line = text.line_of(int(layout.bound_at[broken[0]]))
        raise text.error(line, f"{bounds[broken[0]]:.17g} is no bound")


def _check_range(text: Text, tokens: Tokens, inside: NDArray[np.bool_], n: int | None) -> int:
    """The number of variables; literals beyond it are refused."""
    largest = MAX_VERTICES if n is None else n
    size = np.abs(tokens.numbers)
    size[~inside] = 0
    found = size.max(initial=0)
    if found > largest:
        i = int(np.argmax(size > largest))
        shown = f"{tokens.numbers[i]:.17g}"
        raise text.error(text.line_of(i), f"literal {shown} is not in -{largest}..{largest}")
    return max(int(found), 1) if n is None else n


def _with_all_variables(
    text: Text,
    literals: NDArray[np.int32],
    widths: NDArray[np.int64],
    layout: _Layout,
    n: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Literals and widths with those of the lines `g`: all variables."""
    widths[layout.of_all] = n
    if widths.sum() > MAX_LITERALS:
        line = text.line_of(int(layout.begin[layout.of_all[0]]))
        raise text.error(line, f"lines 'g' of {n} variables make more than {MAX_LITERALS} literals")
    of_all = np.zeros(len(widths), np.bool_)
    of_all[layout.of_all] = True
    added = np.repeat(of_all, widths)
    whole = np.empty(len(added), np.int32)
    whole[~added] = literals
    whole[added] = np.tile(np.arange(1, n + 1, dtype=np.int32), len(layout.of_all))
    return whole, widths


def _at_least(
    literals: NDArray[np.int32], widths: NDArray[np.int64], bounds: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """At most k of r as at least r - k of the negations, or 0 where that is less."""
    most = bounds < 0
    negated = np.where(np.repeat(most, widths), -literals, literals)
    return negated, np.where(most, np.maximum(widths + bounds, 0), bounds)


def _refuse_hopeless(
    text: Text, layout: _Layout, widths: NDArray[np.int64], bounds: NDArray[np.int64]
) -> None:
    """Refuse constraints that no assignment satisfies, whatever their literals are."""
    alone = (layout.kinds == Kind.NOT_ALL_EQUAL) & (widths == 1)
    hopeless = (widths == 0) | (bounds > widths) | alone
    if not hopeless.any():
        return
    i = int(np.argmax(hopeless))
    if widths[i] == 0:
        why = "an empty constraint, which nothing satisfies"
    elif bounds[i] > widths[i]:
        why = f"at least {bounds[i]} of {widths[i]} literals, which nothing satisfies"
    else:
        why = "a single literal that is not equal to itself, which nothing satisfies"
    raise text.error(text.line_of(int(layout.end[i])), why)
