"""The hand-kept suites of `datasets/suites/` hold what their names say."""

import pytest

from dnnbench.instances.generators.gset import gset
from dnnbench.instances.registry import suite


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
