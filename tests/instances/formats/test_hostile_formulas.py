"""Whatever is in a file: a valid formula or a `UserError` that names the file, nothing else."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances.formats import cnf, tokens
from dnnbench.instances.formats.families import parse_formula, write_formula

from ..formulas import assert_valid, same

VALID = {
    "f.cnf": b"c x\np cnf 5 6\n1 -2 0 x1 -2 3 0\nd 2 1 2 4\n-5 0\nn 1 2 -3 0\nd-1 4 5 0\ng -3\n"
    b"%\n0\n",
    "old.wcnf": b"p wcnf 7 4 12\n12 1 2 3 4 0\n1.5 -3 -5 6 7 0\n6 x -1 -2 0\n4 g 1\n",
    "new.wcnf": b"c x\nh 1 2 3 4 0\n1 -3 -5 6 7 0\n6 n -1 -2 0\nh d 1 1 6 -7 0\n",
}
PIECES = [b"", b"\n", b" ", b"-", b".", b"e9", b"nan", b"0", b" 0 ", b"9" * 30, b"\xff", b"\x00"]
PIECES += [
    b"c ",
    b"\np cnf 2 1\n",
    b"%",
    b"\n%\n",
    b"x",
    b" d ",
    b"n ",
    b"g 2",
    b"h ",
    b"\r",
    b"1e999",
]
NAMES = st.sampled_from(sorted(VALID))

thorough = settings(derandomize=True, deadline=None, max_examples=500)


def read_or_refuse(data, name):
    try:
        formula = parse_formula(data, name)
    except UserError as error:
        message = str(error)
    else:
        assert_valid(formula)
        assert same(parse_formula(write_formula(formula).encode(), name), formula)
        return
    assert message.startswith(name)
    assert "\n" not in message
    assert len(message) < 200


@thorough
@given(st.binary(max_size=60), NAMES)
@example(b"1 " + b"9" * 5000 + b" 0", "new.wcnf")
@example(b"p cnf " + b"9" * 5000 + b" 0", "f.cnf")
@example(b"\xef\xbb\xbfp cnf 1 0", "f.cnf")
def test_random_bytes(data, name):
    read_or_refuse(data, name)


@thorough
@given(
    st.text(alphabet="0123 \n-.xdnghc%", max_size=60),
    st.sampled_from(["p cnf 3 2\n", "p wcnf 3 2 3\n", "", "p cnf 3 1\n"]),
    NAMES,
)
def test_random_text_of_the_formats_own_letters(text, header, name):
    read_or_refuse((header + text).encode(), name)


@settings(thorough, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    NAMES,
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 4), st.sampled_from(PIECES)),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([1, 20, tokens.PIECE]),
)
def test_mutated_files(monkeypatch, name, changes, piece):
    data = VALID[name]
    for place, removed, inserted in changes:
        at = int(place * len(data))
        data = data[:at] + inserted + data[at + removed :]
    monkeypatch.setattr(tokens, "PIECE", piece)
    read_or_refuse(data, name)


@pytest.mark.parametrize("name", sorted(VALID))
def test_the_unmutated_files_are_valid(name):
    assert_valid(parse_formula(VALID[name], name))


def test_no_cut_of_a_file_passes_for_the_whole():
    body = VALID["f.cnf"][: VALID["f.cnf"].index(b" -3\n%")]
    for length in range(len(body)):
        with pytest.raises(UserError):
            cnf.parse(body[:length], "f.cnf")


@pytest.mark.parametrize("name", ["old.wcnf", "new.wcnf"])
def test_every_cut_of_a_weighted_file_is_refused_or_a_formula(name):
    for length in range(len(VALID[name])):
        read_or_refuse(VALID[name][:length], name)
