"""Constraints of every kind as clauses, for solvers that know no others; needs python-sat.

The models of the clauses, cut down to the formula's own variables, are exactly the assignments for
which the constraint holds:

| kind | clauses |
| --- | --- |
| `OR` | itself |
| `NOT_ALL_EQUAL` | two: the literals, and their negations |
| `XOR` | of up to 4 literals 2^(r-1); longer ones are cut, each time 3 and a new variable |
| `AT_LEAST` | the sequential counter of python-sat, with new variables |

Sequential counter: Sinz, "Towards an optimal CNF encoding of Boolean cardinality constraints", CP
2005, doi:10.1007/11564751_73. In the clauses a literal is v or -v, as in formulas.
"""

from collections.abc import Iterator
from itertools import product

from dnnbench.instances.formula import Formula, Kind

_LONGEST_XOR = 4

Clauses = list[list[int]]


def to_cnf(formula: Formula) -> tuple[list[Clauses], int]:
    """The clauses of each constraint, and the number of variables, those of the formula first.

    A constraint that always holds has no clauses, one that never does has the empty clause.
    """
    fresh = _Fresh(formula.num_variables)
    literals, starts = formula.literals.tolist(), formula.starts.tolist()
    kinds, bounds = formula.kinds.tolist(), formula.bounds.tolist()
    each: list[Clauses] = []
    for index, kind in enumerate(kinds):
        own = literals[starts[index] : starts[index + 1]]
        if kind == Kind.OR:
            each.append([own])
        elif kind == Kind.NOT_ALL_EQUAL:
            each.append([own, [-literal for literal in own]])
        elif kind == Kind.XOR:
            each.append(list(_xor(own, fresh)))
        else:
            each.append(_at_least(own, bounds[index], fresh))
    return each, fresh.count


class _Fresh:
    """Hands out variables; `count` are in use."""

    def __init__(self, count: int) -> None:
        self.count = count

    def variable(self) -> int:
        self.count += 1
        return self.count


def _xor(literals: list[int], fresh: _Fresh) -> Iterator[list[int]]:
    """An odd number of `literals` is true."""
    while len(literals) > _LONGEST_XOR:
        head, rest = literals[: _LONGEST_XOR - 1], literals[_LONGEST_XOR - 1 :]
        parity = fresh.variable()
        yield from _xor([*head, -parity], fresh)  # `parity` is true if an odd number of `head` is
        literals = [*rest, parity]
    for signs in product((1, -1), repeat=len(literals)):
        if signs.count(-1) % 2 == 0:  # rules out that just those with sign -1 are true
            yield [sign * literal for sign, literal in zip(signs, literals, strict=True)]


def _at_least(literals: list[int], bound: int, fresh: _Fresh) -> Clauses:
    """At least `bound` of `literals` are true."""
    from pysat.card import CardEnc, EncType

    width = len(literals)
    if bound <= 0:
        return []
    if bound > width:
        return [[]]
    if bound == 1:
        return [literals]
    if bound == width:
        return [[literal] for literal in literals]
    encoded = CardEnc.atleast(literals, bound, top_id=fresh.count, encoding=EncType.seqcounter)
    fresh.count = max(fresh.count, encoded.nv)
    clauses: Clauses = encoded.clauses
    return clauses
