"""Descriptions of tables: the shipped ones, and what is wrong with others."""

import pytest

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.report.paper.spec import Printed, names, read_spec

GOOD = """
problem: mis
instances: [dimacs/C125.9, {name: dimacs/C250.9, print: C250}]
solvers: [{name: rlsa, print: RLSA}]
columns: [values, failed]
caption: |
  Two
  lines
label: tab:mis
format: html
"""


def described(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return read_spec(str(path))


@pytest.mark.parametrize("name", names())
def test_a_shipped_table_names_what_there_is(name):
    spec = read_spec(name)
    assert spec.problem in catalog.entries("problem")
    known = {**catalog.entries("method"), **catalog.entries("baseline")}
    assert {solver.name for solver in spec.solvers} <= set(known)
    assert spec.caption
    assert spec.label


def test_a_description(tmp_path):
    spec = described(tmp_path, GOOD)
    assert spec.name == "mine"
    assert spec.instances == (
        Printed("dimacs/C125.9", "dimacs/C125.9"),
        Printed("dimacs/C250.9", "C250"),
    )
    assert spec.solvers == (Printed("rlsa", "RLSA"),)
    assert (spec.columns, spec.caption) == (("values", "failed"), "Two lines")
    assert (spec.label, spec.format) == ("tab:mis", "html")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "not a mapping"),
        ("{", "report '"),
        ("caption: x", "`problem` names the problem"),
        ("problem: mis\ncolums: [gap]", "did you mean 'columns'?"),
        ("problem: mis\ncolumns: [gaps]", "did you mean 'gap'?"),
        ("problem: mis\nformat: pdf", "unknown format"),
        ("problem: mis\nlabel: 'x}\\input{y'", "`label` has letters"),
        ("problem: mis\nsolvers: [{print: x}]", "`solvers` lists names"),
        ("problem: mis\nsolvers: [a, a]", "'a' is twice"),
        ("problem: mis\nsuite: a\ninstances: [b]", "not both"),
        ("problem: mis\nwhere: a", "`where` is a list of words"),
        ("problem: !!python/object/apply:os.system ['false']", "could not determine a constructor"),
    ],
)
def test_what_is_wrong(tmp_path, text, said):
    with pytest.raises(UserError, match="report") as error:
        described(tmp_path, text)
    assert said in str(error.value)


def test_an_unknown_name():
    with pytest.raises(UserError, match="did you mean 'cliques'"):
        read_spec("clique")
    with pytest.raises(UserError, match="No such file"):
        read_spec("/nowhere/x.yaml")
