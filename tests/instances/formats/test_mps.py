"""Programs in MPS files: by hand, against HiGHS' own reader, and what is refused."""

import gzip
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances.formats import mps
from dnnbench.instances.formats.families import parse_public
from dnnbench.instances.formats.mps_write import write
from dnnbench.instances.generators.spec import parse_spec
from dnnbench.instances.load import load_instance, raw_bytes

from ..programs import assert_valid, dense, read_by_highs, same

TEXT = """* a comment
NAME          any thing
ROWS
 N  obj
 L  c1
 G  c2
 E  c3
COLUMNS
 x obj 1 c1 1
 x c2 1
 y obj 2 c1 1
 y c3 -1
 z c3 1
RHS
 RHS c1 4 c2 1
 RHS c3 7
ENDATA
"""

FIXED = """NAME          WITH BLANKS
ROWS
 N  COST
 L  ROW 1
 G  ROW 2
COLUMNS
    COL 1     COST               1.0   ROW 1              2.0
    COL 1     ROW 2              1.0
    MARKER    'MARKER'                 'INTORG'
    COL 2     COST              -1.0   ROW 2              3.0
    MARKER    'MARKER'                 'INTEND'
RHS
              ROW 1              4.0   ROW 2              1.0
RANGES
              ROW 1              2.5
BOUNDS
 UP           COL 1              4.0
 UP           COL 2              9.0
QMATRIX
    COL 1     COL 1              2.0
ENDATA
"""


def with_(before, text):
    """The file with something put before one of its lines."""
    at = TEXT.index(before + "\n")
    return TEXT[:at] + text + TEXT[at:]


def parse(text, relaxed=False):
    program = mps.parse(text.encode(), "f.mps", relaxed)
    assert_valid(program)
    return program


def test_by_hand():
    program = parse(TEXT)
    assert program.cost.tolist() == [1, 2, 0]
    assert program.matrix.toarray().tolist() == [[1, 1, 0], [1, 0, 0], [0, -1, 1]]
    assert program.row_lower.tolist() == [-np.inf, 1, 7]
    assert program.row_upper.tolist() == [4, np.inf, 7]
    assert program.lower.tolist() == [0, 0, 0]
    assert program.upper.tolist() == [np.inf] * 3
    assert (program.quadratic, program.offset, program.maximised) == (None, 0, False)


def test_ranges_make_room_on_the_side_that_their_row_says():
    program = parse(with_("ENDATA", "RANGES\n R c1 2 c2 -3\n R c3 -4\n"))
    assert program.row_lower.tolist() == [2, 1, 3]
    assert program.row_upper.tolist() == [4, 4, 7]
    assert parse(with_("ENDATA", "RANGES\n R c3 4\n")).row_upper.tolist() == [4, np.inf, 11]


def test_every_type_of_bound():
    bounds = " UP B x 4\n MI B y\n UP B y -2\n FR B z\n"
    program = parse(with_("ENDATA", "BOUNDS\n" + bounds))
    assert program.lower.tolist() == [0, -np.inf, -np.inf]
    assert program.upper.tolist() == [4, -2, np.inf]
    program = parse(with_("ENDATA", "BOUNDS\n FX x 3\n LO y -1e30\n UP z 1e20\n PL y\n"))
    assert program.lower.tolist() == [3, -np.inf, 0]
    assert program.upper.tolist() == [3, np.inf, np.inf]


@pytest.mark.parametrize("sense", ["OBJSENSE\n MAX\n", "OBJSENSE MAXIMIZE\n"])
def test_a_program_to_be_maximised_is_negated(sense):
    text = with_("ROWS", sense).replace("c3 7", "c3 7 obj 5")
    program = parse(text.replace("ENDATA", "QUADOBJ\n x x -2\nENDATA"))
    assert program.maximised
    assert program.cost.tolist() == [-1, -2, 0]
    assert program.offset == 5  # the file's constant is -5
    assert program.quadratic.toarray()[0, 0] == 2
    assert parse(text.replace("MAX", "MIN")).offset == -5


@pytest.mark.parametrize(
    "section",
    [
        "QUADOBJ\n x x 2\n y x 1\n y y 4\n",
        "QUADOBJ\n x x 2\n x y 1\n y y 4\n",
        "QSECTION\n x x 2\n x y 1\n y y 4\n",
        "QSECTION obj\n x x 2\n x y 1\n y y 4\n",
        "QMATRIX\n x x 2\n x y 1\n y x 1\n y y 4\n",
    ],
)
def test_half_of_the_quadratic_form_counts(section):
    """At x = y = 1 the quadratic part is (2 + 2 * 1 + 4) / 2."""
    program = parse(with_("ENDATA", section))
    assert program.quadratic.toarray().tolist() == [[2, 1, 0], [1, 4, 0], [0, 0, 0]]
    point = np.array([1, 1, 0])
    assert point @ program.quadratic @ point / 2 == 4


def test_a_quadratic_part_of_zeros_is_none():
    assert parse(with_("ENDATA", "QUADOBJ\n x x 0\n")).quadratic is None


def test_blanks_in_names_need_fixed_format():
    program = parse(FIXED, relaxed=True)
    assert program.cost.tolist() == [1, -1]
    assert program.matrix.toarray().tolist() == [[2, 0], [1, 3]]
    assert program.row_lower.tolist() == [1.5, 1]
    assert program.upper.tolist() == [4, 9]
    assert program.quadratic.toarray().tolist() == [[2, 0], [0, 0]]


def test_a_mistake_in_fixed_format_is_found_on_its_line():
    with pytest.raises(UserError, match=r"^f\.mps, line 7: unknown row 'ROW 3'$"):
        parse(FIXED.replace("ROW 1              2.0", "ROW 3              2.0"))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace(" ", "\t"),
        TEXT.replace("ROWS", "rows").replace("RHS c1 4", "RHS c1 +.4E1"),
        with_("RHS", " w c1 1.5d2 $ a comment\n"),
        with_("RHS", " RHS c1 5\n BOUNDS c1 5\n"),
        with_("COLUMNS", " N spare\n L c4\n").replace("z c3 1", "z c3 1 spare 5"),
        TEXT.replace("RHS c1", "c1").replace("RHS c3", "c3"),
        with_("ENDATA", "RANGES\n R c1 2 c2 3\n R c3 -4\n"),
        with_("ENDATA", "BOUNDS\n UP B x 4\n MI B y\n UP B y -3\n LO B z -1.5\n"),
        with_("ENDATA", "BOUNDS\n UP x 0\n FX y 1e5\n FR z\n"),
        with_("ROWS", "OBJSENSE\n MAX\n").replace("c3 7", "obj 5"),
        with_("ENDATA", "QUADOBJ\n x x 2\n x y 1\n y y 4\n"),
        with_("ENDATA", "QMATRIX\n x x 2\n x y 1\n y x 1\n"),
    ],
)
def test_highs_reads_the_same(tmp_path, text):
    found, expected = dense(parse(text)), read_by_highs(text, tmp_path)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, name)


INTEGERS = [
    (
        " M 'MARKER' 'INTORG'\n w obj 1\n v c1 1\n M 'MARKER' 'INTEND'\n u c1 1\n",
        "BOUNDS\n LO v 0\n",
    ),
    ("", "BOUNDS\n BV x\n LI y 1\n UI z 7\n"),
]


@pytest.mark.parametrize(("columns", "bounds"), INTEGERS)
def test_integer_variables_are_refused_or_relaxed(tmp_path, columns, bounds):
    text = with_("RHS", columns).replace("ENDATA", bounds + "ENDATA")
    with pytest.raises(UserError, match=r"[23] of [36] variables are integer; 'f\.mps@relaxed'"):
        parse(text)
    found, expected = dense(parse(text, relaxed=True)), read_by_highs(text, tmp_path)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, name)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (with_("ENDATA", "SOS\n S1 a\n"), 17, "unknown section 'SOS'; known: OBJSENSE, ROWS,"),
        (with_("ENDATA", "RHS\n"), 17, "section RHS after a section RHS on line 14"),
        (with_("ENDATA", "QMATRIX\nQUADOBJ\n"), 18, "section QUADOBJ after a section QMATRIX"),
        (with_("ENDATA", "QSECTION c1\n"), 17, "'c1' after QSECTION"),
        (TEXT.replace("ROWS", "ROWS 3"), 3, "'3' after ROWS"),
        (TEXT.replace("ENDATA\n", ""), 16, "no line ENDATA follows"),
        ("* nothing\n", 1, "no line ENDATA follows"),
        (with_("ROWS", " x 1\n"), 3, "'x 1' in section NAME"),
        (" x 1\n" + TEXT, 1, "'x 1' before the first section"),
        (TEXT.replace(" N  obj", " L  obj"), 17, "no row of type N"),
        ("ROWS\n N o\nCOLUMNS\nENDATA\n", 4, "no columns"),
        (with_("COLUMNS", " X c4\n"), 8, r"'X' is no type of rows"),
        (with_("COLUMNS", " L c1\n"), 8, "a second row 'c1'"),
        (with_("COLUMNS", " L\n"), 8, "expected 'type row'"),
        (with_("RHS", " w c9 5\n"), 14, "unknown row 'c9'"),
        (with_("RHS", " z c3 5\n"), 14, "a second entry in row 'c3'"),
        (with_("RHS", " x c3 5\n"), 14, "column 'x' goes on, after another began"),
        (with_("RHS", " w c1\n"), 14, "expected 'column row value"),
        (with_("RHS", " w c1 1x\n"), 14, "'1x' is not a finite number"),
        (with_("RHS", " w c1 nan\n"), 14, "'nan' is not a finite number"),
        (with_("RHS", " w c1 inf\n"), 14, "'inf' is not a finite number"),
        (with_("RHS", " w c1 1e400\n"), 14, "'1e400' is not a finite number"),
        (with_("RHS", " M 'MARKER' 'SOSORG'\n"), 14, "unknown marker"),
        (with_("ENDATA", " RHS c1 3\n"), 17, "a second value for row 'c1'"),
        (with_("ENDATA", " R2 c2 3\n"), 17, "a second set 'R2' in section RHS"),
        (with_("ENDATA", "RANGES\n R obj 3\n"), 18, "row 'obj' is of type N"),
        (with_("ENDATA", "BOUNDS\n SC B x 3\n"), 18, "'SC' is no type of bounds of a continuous"),
        (with_("ENDATA", "BOUNDS\n UP B x\n"), 18, "unknown column 'B'|expected"),
        (with_("ENDATA", "BOUNDS\n UP B q 3\n"), 18, "unknown column 'q'"),
        (with_("ENDATA", "BOUNDS\n UP B x 3\n UP B x 4\n"), 19, "a second bound UP of column 'x'"),
        (with_("ENDATA", "BOUNDS\n UP B x nan\n"), 18, "'nan' is not a finite number"),
        (with_("ENDATA", "BOUNDS\n UP B x -3\n"), 18, "a negative upper bound and no lower one"),
        (with_("ENDATA", "BOUNDS\n LO B x 5\n UP B x 2\n"), 19, "no value of column 'x' is"),
        (with_("ENDATA", "BOUNDS\n LO B x inf\n"), 18, "no value of column 'x' is"),
        (TEXT.replace("c3 7", "c3 1e30"), 14, "row 'c3' is bounded by what counts as infinite"),
        (with_("ROWS", "OBJSENSE\n UP\n"), 4, "expected 'MAX' or 'MIN'"),
        (with_("ENDATA", "QUADOBJ\n x y 1\n y x 1\n"), 19, "a second entry for these two columns"),
        (with_("ENDATA", "QUADOBJ\n x y\n"), 18, "expected 'column column value'"),
        (with_("ENDATA", "QMATRIX\n x y 1\n"), 17, "Q is not symmetric in the columns 'x', 'y'"),
    ],
)
def test_mistakes_are_named_with_their_line(text, line, message):
    with pytest.raises(UserError, match=rf"^f\.mps, line {line}: .*(?:{message})"):
        parse(text)


@pytest.mark.parametrize(
    "name",
    [
        "transport-m3-n4-s1",
        "portfolio-n6-k2-s1",
        "svm-n6-k2-s1",
        "dense_lp-n7-m5-s1",
        "unbounded_lp-n4-m3-s1",
    ],
)
def test_what_is_written_is_read_again_and_by_highs_too(tmp_path, name):
    program = parse_spec(f"gen/{name}").generate()
    text = write(program)
    assert same(parse(text), program)
    for key, value in read_by_highs(text, tmp_path).items():
        np.testing.assert_array_equal(dense(program)[key], value, key)


bound = st.sampled_from([0.0, -0.1, 1 / 3, 7.0, -2.0, -np.inf, np.inf])


@settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(bound, bound), min_size=2, max_size=2), bound, bound, st.booleans())
def test_all_bounds_survive_writing(tmp_path, pairs, low, high, maximised):
    program = parse("ROWS\n N o\n L r\nCOLUMNS\n x o 1\n y r 1\nENDATA\n")

    def ordered(a, b):
        return (a, b) if a <= b and a < np.inf and b > -np.inf else (-np.inf, 0.5)

    lower, upper = np.array([ordered(*pair) for pair in pairs]).T
    row_lower, row_upper = ordered(low, high)
    changed = replace(
        program,
        lower=lower,
        upper=upper,
        row_lower=np.array([row_lower]),
        row_upper=np.array([row_upper]),
        offset=1 / 7,
        maximised=maximised,
    )
    text = write(changed)
    again, highs = dense(parse(text)), read_by_highs(text, tmp_path)
    for key, value in dense(changed).items():
        np.testing.assert_allclose(again[key], value, rtol=1e-15, atol=1e-15, err_msg=key)
        np.testing.assert_allclose(highs[key], value, rtol=1e-15, atol=1e-15, err_msg=key)


def test_files_of_the_user(tmp_path):
    path = tmp_path / "own.mps.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    found = load_instance(str(path), cache_dir=tmp_path)
    assert (found.family, found.source) == ("program", "file")
    assert same(found.public, parse(TEXT))
    assert raw_bytes(str(path), cache_dir=tmp_path) == TEXT.encode()
    assert parse_public(TEXT.encode(), "f.QPS")[0] == "program"
    with pytest.raises(UserError, match=r"f\.lp: CPLEX's LP format is not read; save .* as MPS"):
        parse_public(b"min x\n", "f.lp")


def test_relaxing_is_part_of_the_name(tmp_path):
    path = tmp_path / "own.mps"
    path.write_text(with_("ENDATA", "BOUNDS\n BV x\n"))
    with pytest.raises(UserError, match="1 of 3 variables are integer"):
        load_instance(str(path), cache_dir=tmp_path)
    found = load_instance(f"{path}@relaxed", cache_dir=tmp_path)
    assert found.name == f"{path}@relaxed"
    assert found.public.upper.tolist() == [1, np.inf, np.inf]
    path.write_text(TEXT)
    plain, named = (load_instance(f"{path}{end}", cache_dir=tmp_path) for end in ("", "@relaxed"))
    assert same(plain.public, named.public)
    assert plain.sha256 != named.sha256
    assert same(mps.parse(raw_bytes(f"{path}@relaxed", cache_dir=tmp_path), "again"), plain.public)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own.mps@complement", "is a program, of which there is only 'relaxed'"),
        ("gen/assignment-n2-s1@relaxed", "is a program, of which there is only 'relaxed'"),
        ("own.edges@relaxed", "has no integer variables to relax, being no program"),
        ("own.qubo@relaxed", "has no integer variables to relax, being no program"),
    ],
)
def test_views_that_there_are_not(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.mps").write_text(TEXT)
    (tmp_path / "own.edges").write_text("0 1\n")
    (tmp_path / "own.qubo").write_text("3 1\n1 1 2\n")
    with pytest.raises(UserError, match=message):
        load_instance(name, cache_dir=tmp_path)
