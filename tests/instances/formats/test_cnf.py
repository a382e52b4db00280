import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.formats import cnf, tokens
from dnnbench.instances.formula import Kind, clauses

from ..formulas import assert_valid, same, violated

HYBRID = b"""c all kinds
p cnf 5 7
1 -2 0
x1 -2 3 0
x -4 0
d 2 1 2 4 -5 0
d -1 1 -2 3 0
n 1 2 -3 0
g -3
"""


def constraints(formula):
    return [formula.constraint(i).tolist() for i in range(formula.num_constraints)]


@pytest.mark.parametrize(
    "text",
    [
        "p cnf 3 3\n1 -2 0\n3 0\n-1 2 3 0\n",
        "c one\n\n  c two\np  cnf\t3   3 \r\n1 -2 0\r\n3 0\r\n-1 2 3 0\r\n",
        "p cnf 3 3\n1 -2 0 3 0 -1\n2 3\n0",
        "p cnf 3 3\n  1\t-2 0\nc 9 9 9\n 3 0\ncomment\n-1 2\nc 50%, p cnf 1 1\n3 0\nc\n",
        "p cnf 3 3\n1 -2 0\n3 0\n-1 2 3 0\n%\n0\n\n",
        "p cnf 3 3\n1 -2 0\n3 0\n-1 2 3 0\n % \r\n",
        "p cnf 3 3\n+1 -2 0\n003 0\n-1 2 3 0\n",
    ],
)
def test_the_same_clauses_however_they_are_written(text):
    formula = cnf.parse(text.encode(), "f")
    assert_valid(formula)
    assert same(formula, clauses(3, [[1, -2], [3], [-1, 2, 3]]))
    assert formula.is_cnf


def test_tautologies_repeated_literals_and_idle_variables_stay():
    formula = cnf.parse(b"p cnf 9 3\n1 -1 0\n2 2 0\n2 2 0\n", "f")
    assert (formula.num_variables, constraints(formula)) == (9, [[1, -1], [2, 2], [2, 2]])
    assert cnf.parse(b"p cnf 4 0\n", "f").num_constraints == 0


def test_every_kind_of_constraint():
    formula = cnf.parse(HYBRID, "f")
    assert_valid(formula)
    xor, least, unequal = Kind.XOR, Kind.AT_LEAST, Kind.NOT_ALL_EQUAL
    assert formula.kinds.tolist() == [Kind.OR, xor, xor, least, least, unequal, least]
    assert formula.bounds.tolist() == [0, 0, 0, 2, 2, 0, 2]
    assert constraints(formula)[3:] == [
        [1, 2, 4, -5],
        [-1, 2, -3],
        [1, 2, -3],
        [-1, -2, -3, -4, -5],
    ]


@pytest.mark.parametrize(
    ("line", "models"),
    [  # of the 4 assignments {}, {1}, {2}, {1, 2}
        ("1 -2 0", "1101"),
        ("x 1 2 0", "0110"),
        ("x 1 -2 0", "1001"),
        ("x 1 1 2 0", "0011"),
        ("n 1 2 0", "0110"),
        ("n 1 -2 0", "1001"),
        ("d 1 1 2 0", "0111"),
        ("d 2 1 -2 0", "0100"),
        ("d -1 1 2 0", "1110"),
        ("d -1 1 -2 0", "1011"),
        ("d 2 1 1 2 0", "0101"),
        ("d 0 1 2 0", "1111"),
        ("d -2 1 2 0", "1111"),
        ("d -9 1 2 0", "1111"),
        ("g 1", "0111"),
        ("g -1", "1110"),
        ("g2", "0001"),
    ],
)
def test_what_a_constraint_means(line, models):
    formula = cnf.parse(f"p cnf 2 1\n{line}\n".encode(), "f")
    assert "".join("10"[count] for count in violated(formula)) == models
    again = cnf.parse(cnf.write(formula).encode(), "f")
    assert same(again, formula)


def test_lines_g_among_others():
    formula = cnf.parse(b"p cnf 3 4\ng 1 1 2 0\ng -2\n3 0\n", "f")
    assert constraints(formula) == [[1, 2, 3], [1, 2], [-1, -2, -3], [3]]
    assert formula.bounds.tolist() == [1, 0, 1, 0]


def test_write_reads_back():
    formula = cnf.parse(HYBRID, "f")
    text = cnf.write(formula)
    assert text.startswith("p cnf 5 7\n1 -2 0\nx 1 -2 3 0\nx -4 0\nd 2 1 2 4 -5 0\nd 2 -1 2 -3 0\n")
    assert same(cnf.parse(text.encode(), "f"), formula)


def test_pieces_do_not_change_what_is_read(monkeypatch):
    monkeypatch.setattr(tokens, "PIECE", 5)
    assert same(cnf.parse(HYBRID, "f"), cnf.parse(HYBRID.replace(b"\n", b" \n\n"), "f"))
    rng = np.random.default_rng(1)
    each = [rng.integers(1, 99, 3).tolist() for _ in range(50)]
    formula = clauses(99, each)
    assert same(cnf.parse(cnf.write(formula).encode(), "f"), formula)


MISTAKES = [
    ("c x\n", "f: no line 'p cnf n m'"),
    ("1 2 0\n", "f: no line 'p cnf n m'"),
    ("1 0\np cnf 2 1\n", "f, line 2: something stands before 'p cnf n m'"),
    ("p edge 2 1\n1 0\n", "f, line 1: expected 'p cnf n m', found 'p edge 2 1'"),
    ("p cnf 2\n1 0\n", "f, line 1: expected 'p cnf n m', found 'p cnf 2'"),
    ("p cnf 2 -1\n1 0\n", "f, line 1: expected 'p cnf n m', .*"),
    ("p cnf 2 1 7\n1 0\n", "f, line 1: expected 'p cnf n m', .*"),
    ("\np cnf 0 1\n1 0\n", r"f, line 2: n=0 variables are not in 1\.\.100000000"),
    ("p cnf 100000001 1\n1 0\n", "f, line 1: n=100000001 variables are not in .*"),
    ("p cnf 2 1\n1 0\np cnf 2 1\n", "f, line 3: a 'p' line after line 1"),
    ("p cnf 2 1\n1 0\n2 0\n", r"f, line 3: more constraints than the 1 .* announces \(2\)"),
    ("p cnf 2 3\n1 0\n2 0\n\n", "f: 2 constraints, the last on line 3, but .* announces 3"),
    ("p cnf 2 3\n%\n0\n", "f: 0 constraints, but the header announces 3"),
    ("p cnf 2 2\n1 0\nc\n2\n1\n", "f, line 4: the constraint that begins here lacks its 0"),
    ("p cnf 2 1\n1 2", "f, line 2: the constraint that begins here lacks its 0"),
    ("p cnf 2 1\nd 1 2\n", "f, line 2: the constraint that begins here lacks its 0"),
    ("p cnf 2 1\n1\n-3 0\n", r"f, line 3: literal -3 is not in -2\.\.2"),
    ("p cnf 2 1\n99999999999 0\n", r"f, line 2: literal 99999999999 is not in -2\.\.2"),
    ("p cnf 2 1\n1.0 0\n", "f, line 2: a literal is not an integer"),
    ("p cnf 2 1\n1 0.0 2 0\n", "f, line 2: a literal is not an integer"),
    ("p cnf 2 1\n1e0 0\n", "f, line 2: a literal is not an integer"),
    ("p cnf 2 2\n1 0\n0\n", "f, line 3: an empty constraint, which nothing satisfies"),
    ("p cnf 2 1\nx 0\n", "f, line 2: an empty constraint, .*"),
    ("p cnf 2 1\nd 0 0\n", "f, line 2: an empty constraint, .*"),
    ("p cnf 2 1\nn 1 0\n", "f, line 2: a single literal that is not equal to itself, .*"),
    ("p cnf 2 1\nd 3 1 2 0\n", "f, line 2: at least 3 of 2 literals, which nothing satisfies"),
    ("p cnf 2 1\ng 3\n", "f, line 2: at least 3 of 2 literals, .*"),
    ("p cnf 2 1\nd 1.5 1 2 0\n", r"f, line 2: 1\.5 is no bound"),
    ("p cnf 2 1\nd 1e9 1 2 0\n", "f, line 2: 1000000000 is no bound"),
    ("p cnf 2 1\nd -9999999999 1 2 0\n", "f, line 2: -9999999999 is no bound"),
    ("p cnf 2 1\n1 x 2 0\n", "f, line 2: 'x' where no letter may stand"),
    ("p cnf 2 1\n\nx n 1 2 0\n", "f, line 3: 'n' where no letter may stand"),
    ("p cnf 2 1\nd x 1 2 0\n", "f, line 2: 'x' where no letter may stand"),
    ("p cnf 2 1\nd 1 x 1 2 0\n", "f, line 2: 'x' where no letter may stand"),
    ("p cnf 2 1\n1 2 0\nx\n", "f, line 3: nothing follows 'x'"),
    ("p cnf 2 1\nh 1 2 0\n", "f, line 2: 'h' is not a number"),
    ("p cnf 2 1\nxn 1 0\n", "f, line 2: 'xn' is not a number"),
    ("p cnf 2 1\n1x 0\n", "f, line 2: '1x' is not a number"),
    ("p cnf 2 1\n1 - 2 0\n", "f, line 2: '-' is not a number"),
    ("p cnf 2 1\n1-2 0\n", "f, line 2: '1-2' is not a number"),
    ("p cnf 2 1\nnan 0\n", "f, line 2: 'nan' is not finite"),
    ("p cnf 2 1\n1 0 c late\n", "f, line 2: 'c' is not a number"),
    ("p cnf 2 1\n1 0\n%\n0\n2 0\n", "f, line 3: more than a line '0' after the line '%'"),
    ("p cnf 2 1\n1 0 %\n0\n", "f, line 2: '%' is not a number"),
]


@pytest.mark.parametrize("piece", [1, 2**22])
@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_each_mistake_is_named_with_its_line(text, message, piece, monkeypatch):
    monkeypatch.setattr(tokens, "PIECE", piece)
    with pytest.raises(UserError, match="^" + message + "$"):
        cnf.parse(text.encode(), "f")


def test_lines_g_cannot_fill_the_memory():
    text = b"p cnf 100000000 9\n" + b"g 1\n" * 9
    with pytest.raises(UserError, match="f, line 2: lines 'g' of 100000000 variables make more"):
        cnf.parse(text, "f")


def test_weights_have_another_format():
    formula = clauses(2, [[1], [2]])
    object.__setattr__(formula, "hard", np.array([True, False]))
    with pytest.raises(UserError, match="use the wcnf format"):
        cnf.write(formula)
