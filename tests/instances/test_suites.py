"""The hand-kept suites of `datasets/suites/` hold what their names say."""

import pytest

from dnnbench.instances.formula import Kind
from dnnbench.instances.generators.gset import gset
from dnnbench.instances.generators.spec import parse_spec
from dnnbench.instances.registry import suite

from .formulas import as_clauses


@pytest.fixture(scope="module")
def graphs():
    return {name: gset(name.split("/")[1]) for name in suite("gset")}


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        ("gset_all", lambda graph: True),
        ("gset_small", lambda graph: graph.num_vertices <= 1000),
        ("gset_unweighted", lambda graph: bool((graph.weights == 1).all())),
        ("gset_signed", lambda graph: bool((graph.weights < 0).any())),
    ],
)
def test_a_gset_suite_has_exactly_what_belongs_in_order(graphs, name, belongs):
    assert suite(name) == tuple(n for n, graph in graphs.items() if belongs(graph))


def test_weighted_and_toroidal_graphs_are_in_the_signed_suite():
    assert {f"gset/G{k}" for k in (6, 11, 32, 56, 62)} <= set(suite("gset_signed"))


@pytest.mark.parametrize("name", suite("sat_hybrid"))
def test_hybrid_formulas_have_no_clauses_and_are_satisfiable(name):
    solvers = pytest.importorskip("pysat.solvers")
    formula = parse_spec(name).generate()
    assert formula.kinds.all()
    with solvers.Cadical195(bootstrap_with=as_clauses(formula)) as solver:
        assert solver.solve()


def test_hybrid_formulas_are_of_every_other_kind():
    kinds = {
        int(kind) for name in suite("sat_hybrid") for kind in parse_spec(name).generate().kinds
    }
    assert kinds == set(Kind) - {Kind.OR}


def test_the_suite_of_random_formulas_has_the_size_of_uf250():
    specs = [parse_spec(name) for name in suite("ksat250")]
    assert {(spec.kind, spec.values) for spec in specs} == {("satisfiable_ksat", (250, 3, 4.26))}
    assert [spec.seed for spec in specs] == list(range(1, 11))
