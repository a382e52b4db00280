import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.formats import cnf, tokens, wcnf
from dnnbench.instances.formula import Kind

from ..formulas import assert_valid, same

# The example with which the MaxSAT Evaluation announced the format of 2022, in both formats.
OLD = b"c x\np wcnf 7 4 12\n12 1 2 3 4 0\n1 -3 -5 6 7 0\n6 -1 -2 0\n4 1 6 -7 0\n"
NEW = b"c x\nh 1 2 3 4 0\n1 -3 -5 6 7 0\n6 -1 -2 0\n4 1 6 -7 0\n"


@pytest.mark.parametrize("text", [OLD, NEW, NEW.replace(b"\n", b"\nc y\n"), OLD + b"%\n0\n"])
def test_old_and_new_format_are_the_same_formula(text):
    formula = wcnf.parse(text, "f")
    assert_valid(formula)
    assert same(formula, wcnf.parse(OLD, "f"))
    assert formula.hard.tolist() == [True, False, False, False]
    assert formula.weights.tolist() == [1, 1, 6, 4]
    assert formula.weights.dtype == np.int64
    assert formula.constraint(0).tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "weights", "hard"),
    [
        ("p wcnf 3 2\n5 1 0\n2 3 0\n", [5, 2], None),
        ("p wcnf 3 2 9\n5 1 0\n2 3 0\n", [5, 2], None),
        ("p wcnf 3 2 5\n5 1 0\n9 3 0\n", None, [True, True]),
        ("p wcnf 3 2\n1 1 0\n1 3 0\n", None, None),
        ("p wcnf 3 2 2\n1 1 0\n2 3 0\n", None, [False, True]),
        ("p wcnf 3 2 1.5\n0.25 1 0\n2 3 0\n", [0.25, 1], [False, True]),
        ("0.5 1 0 1e-3 -3 0\n", [0.5, 0.001], None),
        ("2.0 1 0 3 -3 0\n", [2, 3], None),
        ("h 1 0\nh -3 0\n", None, [True, True]),
        ("h1 0 7 -3 0\n", [1, 7], [True, False]),
        (
            "p wcnf 3 2 18446744073709551615\n18446744073709551615 1 0\n7 3 0\n",
            [1, 7],
            [True, False],
        ),
        ("9007199254740990 1 0 1 3 0\n", [9007199254740990, 1], None),
    ],
)
def test_weights_and_hard_constraints(text, weights, hard):
    formula = wcnf.parse(text.encode(), "f")
    assert_valid(formula)
    assert (formula.weights is None) == (weights is None)
    assert weights is None or formula.weights.tolist() == weights
    assert weights is None or formula.weights.dtype == np.array(weights).dtype
    assert (formula.hard is None) == (hard is None)
    assert hard is None or formula.hard.tolist() == hard
    assert formula.num_variables == 3
    assert same(wcnf.parse(wcnf.write(formula).encode(), "f"), formula)


def test_other_constraints_take_weights_too():
    text = b"h x 1 -2 0\n3 d 2 1 2 4 0\n0.5 n1 2 0\nh d -1 1 2 3 0\n2 g -3\nh g 1\n4 1 0\n"
    formula = wcnf.parse(text, "f")
    assert_valid(formula)
    least = Kind.AT_LEAST
    assert formula.kinds.tolist() == [1, least, Kind.NOT_ALL_EQUAL, least, least, least, Kind.OR]
    assert formula.bounds.tolist() == [0, 2, 0, 2, 1, 1, 0]
    assert formula.costs.tolist() == [1, 3, 0.5, 1, 2, 1, 4]
    assert formula.hard.tolist() == [True, False, False, True, False, True, False]
    assert formula.constraint(4).tolist() == [-1, -2, -3, -4]
    assert same(wcnf.parse(wcnf.write(formula).encode(), "f"), formula)


def test_a_formula_without_weights_is_read_as_such():
    text = b"c x\np cnf 3 2\n1 2 0\nx -3 0\n"
    assert same(wcnf.parse(text, "f"), cnf.parse(text, "f"))


MISTAKES = [
    ("p wcnf 2\n", "f, line 1: expected 'p wcnf n m top', found 'p wcnf 2'"),
    ("p edge 2 1\n1 0\n", "f, line 1: expected 'p wcnf n m top', .*"),
    ("p wcnf 2 1 -4\n1 1 0\n", "f, line 1: expected 'p wcnf n m top', .*"),
    ("p wcnf 2 1 0\n1 1 0\n", "f, line 1: top is not positive"),
    ("p wcnf 0 1 2\n1 1 0\n", "f, line 1: n=0 variables .*"),
    ("p wcnf 2 2 9\n1 1 0\n", "f: 1 constraints, the last on line 2, but the header announces 2"),
    ("p wcnf 2 1 9\nh 1 0\n", "f, line 2: 'h' is not a number"),
    ("1 1 0\np wcnf 2 1\n", "f, line 2: a 'p' line after the first constraint"),
    ("p wcnf 2 1\n1 3 0\n", r"f, line 2: literal 3 is not in -2\.\.2"),
    ("1 100000001 0\n", r"f, line 1: literal 100000001 is not in -100000000\.\.100000000"),
    ("1 1.0 0\n", "f, line 1: a literal is not an integer"),
    ("1 2 0\n0 1 0\n", "f, line 2: weight 0 is not positive"),
    ("0.0 1 0\n", "f, line 1: weight 0 is not positive"),
    ("1e-999 1 0\n", "f, line 1: weight 0 is not positive"),
    ("1 1 0\n-3 1 0\n", "f, line 2: weight -3 is not positive"),
    ("1e999 1 0\n", r"f, line 1: weight inf is not below 2\^53"),
    ("p wcnf 2 1 9\n1e999 1 0\n", r"f, line 2: weight inf is not below 2\^53"),
    ("9007199254740992 1 0\n", r"f, line 1: weight 9007199254740992 is not below 2\^53"),
    ("9007199254740991 1 0\n1 2 0\n", r"f: the sum of the weights is not below 2\^53"),
    (
        "p wcnf 2 2 9223372036854775807\n9223372036854775806 1 0\n1 2 0\n",
        "f, line 1: some weights cannot be told from top=9223372036854775807",
    ),
    ("c x\n", "f: no constraints"),
    ("nan 1 0\n", "f, line 1: 'nan' is not finite"),
    ("5 0\n", "f, line 1: an empty constraint, which nothing satisfies"),
    ("h 0\n", "f, line 1: an empty constraint, .*"),
    ("3 x 0\n", "f, line 1: an empty constraint, .*"),
    ("h h 1 0\n", "f, line 1: 'h' where no letter may stand"),
    ("x h 1 0\n", "f, line 1: 'h' where no letter may stand"),
    ("x 1 2 0\n", "f, line 1: 'x' where no letter may stand"),
    ("3 h 1 0\n", "f, line 1: 'h' where no letter may stand"),
    ("3 1 0\n3 1\n", "f, line 2: the constraint that begins here lacks its 0"),
    ("3 1 0\nh\n", "f, line 2: nothing follows 'h'"),
]


@pytest.mark.parametrize("piece", [1, 2**22])
@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_each_mistake_is_named_with_its_line(text, message, piece, monkeypatch):
    monkeypatch.setattr(tokens, "PIECE", piece)
    with pytest.raises(UserError, match="^" + message + "$"):
        wcnf.parse(text.encode(), "f")
