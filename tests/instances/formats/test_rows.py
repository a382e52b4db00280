import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances.formats.rows import parse_rows

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def slow_rows(text: str) -> list[tuple[int, list[str]]] | None:
    """The same split, one line at a time; None if something is not a number."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        tokens = re.split("[ \t\r]+", line.strip(" \t\r"))
        if tokens == [""]:
            continue
        if not all(NUMBER.fullmatch(token) for token in tokens):
            return None
        found.append((number, tokens))
    return found


@settings(derandomize=True, deadline=None, max_examples=1500)
@given(st.text(alphabet="0129+-.eE \t\r\n", max_size=40))
def test_the_bulk_pass_agrees_with_a_slow_one(text):
    expected = slow_rows(text)
    if expected is None:
        with pytest.raises(UserError, match=r"^f, line \d+: "):
            parse_rows(text.encode(), "f")
        return
    rows = parse_rows(text.encode(), "f")
    assert rows.lines.tolist() == [number for number, _ in expected]
    tokens = [token for _, line in expected for token in line]
    np.testing.assert_array_equal(rows.values, [float(token) for token in tokens])
    assert rows.plain.tolist() == [not set(token) & set(".eE") for token in tokens]
    for i, (_, line) in enumerate(expected):
        np.testing.assert_array_equal(rows.row(i), [float(token) for token in line])


@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775806",
        "9223372036854775807",
        "-9223372036854775808",
        "1" * 30,
        "-1" + "0" * 25,
    ],
)
def test_integers_of_any_size(text):
    rows = parse_rows(f"1 {text}\n2\n".encode(), "f")
    assert rows.values.tolist() == [1.0, float(text), 2.0]
    assert rows.plain.all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 -\n", "f, line 1: '-' is not a number"),
        ("1\n+ 2\n", r"f, line 2: '\+' is not a number"),
        ("1 2\n3 abc\n", "f, line 2: 'abc' is not a number"),
        ("1 2\n\n3 1-2\n", "f, line 3: '1-2' is not a number"),
        ("1 2 nan\n", "f, line 1: 'nan' is not finite"),
        ("1 2 -Inf\n", "f, line 1: '-Inf' is not finite"),
        ("1 0x10\n", "f, line 1: '0x10' is not a number"),
        ("1 1_0\n", "f, line 1: '1_0' is not a number"),
        ("1 \x00\n", r"f, line 1: '\\x00' is not a number"),
        ("1\x0b2\n", r"f, line 1: '1\\x0b2' is not a number"),
        ("1 ٣\n", "f, line 1: .* is not a number"),
        ("1 " + "x" * 1000, "f, line 1: '" + "x" * 24 + r"\.\.\.' is not a number"),
    ],
)
def test_what_is_no_number_is_named_with_its_line(text, message):
    with pytest.raises(UserError, match="^" + message + "$"):
        parse_rows(text.encode(), "f")
