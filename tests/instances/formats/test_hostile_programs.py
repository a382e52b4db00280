"""Whatever is in a file: a valid program or a `UserError` that names the file, nothing else."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances.formats.families import parse_public
from dnnbench.instances.formats.mps_write import write

from ..programs import assert_valid
from .test_mps import FIXED

VALID = {
    "free.mps": b"NAME t\nOBJSENSE\n MAX\nROWS\n N o\n L a\n G b\n E c\n N d\nCOLUMNS\n x o 1 a 1\n"
    b" y o -2 b 3\n y c 1 d 4\n z c .5\nRHS\n R a 4 o 3\nRANGES\n a 2 c -1\nBOUNDS\n UP x 4\n"
    b" MI B y\n FX B z 1e2\nENDATA\n",
    "fixed.mps": FIXED.replace("    MARKER    'MARKER'", "*").encode(),
    "f.qps": b"ROWS\n N o\nCOLUMNS\n x o 1\n y o 1\nQMATRIX\n x x 2\n x y 1\n y x 1\nENDATA\n",
}
PIECES = [b"", b"\n", b" ", b"-", b".", b"e9", b"nan", b"0", b"9" * 30, b"\xff", b"\x00", b"\r"]
PIECES += [b"inf", b"1e999", b"1e30", b"*", b"$", b"\t", b"\nRHS\n", b"\nENDATA\n", b" x ", b" a "]
PIECES += [b"\nQUADOBJ\n", b"\nBOUNDS\n", b" BV B x\n", b"\nRANGES\n", b" M 'MARKER' 'INTORG'\n"]
NAMES = st.sampled_from(sorted(VALID))

thorough = settings(derandomize=True, deadline=None, max_examples=500)


def read_or_refuse(data, name):
    try:
        program = parse_public(data, name, relaxed=True)[1]
    except UserError as error:
        message = str(error)
    else:
        assert_valid(program)
        assert_valid(parse_public(write(program).encode(), name)[1])
        return
    assert message.startswith(name)
    assert "\n" not in message
    assert len(message) < 200


@thorough
@given(st.binary(max_size=60), NAMES)
@example(b"ROWS\n N o\nCOLUMNS\n x o " + b"9" * 5000 + b"\nENDATA", "f.qps")
@example(b"\xef\xbb\xbfENDATA", "f.qps")
def test_random_bytes(data, name):
    read_or_refuse(data, name)


@thorough
@given(
    st.lists(
        st.sampled_from(
            ["ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS", "QUADOBJ", "ENDATA", " N o", " E r"]
            + [" x o 1", " x r 2", " y r -1", " r 3", " S r 1 o 2", " UP x 1", " x y 1", " FR y"]
        ),
        max_size=14,
    ),
)
def test_random_lines_of_the_format(lines):
    read_or_refuse("\n".join(["ROWS", " N o", " E r", *lines]).encode(), "f.qps")


@thorough
@given(
    NAMES,
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 4), st.sampled_from(PIECES)),
        min_size=1,
        max_size=3,
    ),
)
def test_mutated_files(name, changes):
    data = VALID[name]
    for place, removed, inserted in changes:
        at = int(place * len(data))
        data = data[:at] + inserted + data[at + removed :]
    read_or_refuse(data, name)


@pytest.mark.parametrize("name", sorted(VALID))
def test_no_cut_of_a_file_passes_for_the_whole(name):
    data = VALID[name]
    assert_valid(parse_public(data, name)[1])
    for length in range(len(data.rstrip())):
        with pytest.raises(UserError, match=name):
            parse_public(data[:length], name)
