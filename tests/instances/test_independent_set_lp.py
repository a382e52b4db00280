"""Relaxations of independent sets, as views of graphs."""

from itertools import combinations

import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.formats import mps
from dnnbench.instances.graph_view import parse_graph_view
from dnnbench.instances.independent_set_lp import independent_set_lp
from dnnbench.instances.load import load_instance, raw_bytes

from .programs import OPTIMAL, assert_valid, same, solved


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_of_a_graph_by_its_name(cache):
    found = load_instance("gen/gnp-n30-p0.2-s1@mis_lp", cache_dir=cache)
    graph = load_instance("gen/gnp-n30-p0.2-s1", cache_dir=cache)
    assert (found.name, found.family) == ("gen/gnp-n30-p0.2-s1@mis_lp", "program")
    assert found.sha256 != graph.sha256
    program = found.public
    assert_valid(program)
    assert program.maximised
    assert (program.num_variables, program.num_rows) == (30, graph.public.num_edges)
    assert same(program, independent_set_lp(graph.public))
    text = raw_bytes("gen/gnp-n30-p0.2-s1@mis_lp", cache_dir=cache)
    assert same(mps.parse(text, "f"), program)


def test_changes_before_it_are_of_the_graph(cache):
    name = "gen/gnp-n12-p0.4-s1@mis_lp-weights5-complement"
    found = load_instance(name, cache_dir=cache)
    assert found.name == "gen/gnp-n12-p0.4-s1@complement-weights5-mis_lp"
    assert (-found.public.cost).tolist() == [i % 5 + 1 for i in range(1, 13)]
    joined = {tuple(row.indices.tolist()) for row in rows(found.public)}
    graph = load_instance("gen/gnp-n12-p0.4-s1", cache_dir=cache).public
    assert joined == set(combinations(range(12), 2)) - set(map(tuple, graph.edges.tolist()))


def rows(program):
    return [program.matrix[[i]] for i in range(program.num_rows)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_vertices_are_half_integral_and_bound_the_independent_sets(cache, seed):
    name = f"gen/gnm-n14-m22-s{seed}"
    program = load_instance(f"{name}@mis_lp", cache_dir=cache).public
    status, value, x = solved(program)
    assert status == OPTIMAL
    assert np.allclose(2 * x, np.round(2 * x))
    edges = load_instance(name, cache_dir=cache).public.edges
    choices = np.array(np.meshgrid(*[[0, 1]] * 14)).reshape(14, -1).T
    independent = ~(choices[:, edges[:, 0]] & choices[:, edges[:, 1]]).any(axis=1)
    assert -value >= choices[independent].sum(axis=1).max() - 1e-9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("mis_lp-mis_lp", "'mis_lp' is one change too many"),
        ("mislp", r"unknown change 'mislp' \(did you mean 'mis_lp'"),
    ],
)
def test_wrong_names(changes, message):
    with pytest.raises(UserError, match=message):
        parse_graph_view(changes, f"g@{changes}")
