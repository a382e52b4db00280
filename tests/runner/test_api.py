"""`dnnbench.solve` from Python."""

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp

import dnnbench
from dnnbench.instances.graph import Graph

CYCLE = [[0, 1], [1, 2], [2, 3], [3, 4], [0, 4]]
GRAPHS = {
    "networkx": nx.cycle_graph(5),
    "scipy": sp.csr_array(nx.to_scipy_sparse_array(nx.cycle_graph(5))),
    "edges": np.array(CYCLE),
    "weighted edges": np.array([[*pair, 1.0] for pair in CYCLE]),
    "list": CYCLE,
    "graph": Graph(5, np.array(CYCLE, np.int32), np.ones(5, np.int64)),
}


@pytest.mark.parametrize("kind", GRAPHS)
def test_whatever_a_user_holds(kind):
    result = dnnbench.solve(GRAPHS[kind], baseline="greedy", budget={"restarts": 4})
    assert result.record.value == 4
    assert result.record.feasible
    assert result.record.instance == "memory"
    z = result.solution
    assert (z.shape, z.dtype) == ((5,), np.uint8)
    assert sum(z[u] != z[v] for u, v in CYCLE) == 4


def test_a_method():
    result = dnnbench.solve(
        nx.cycle_graph(5),
        method="pi_gnn",
        budget={"steps": 200, "restarts": 8, "seconds": None},
        seed=2,
        hardware="cpu",
        settings={"learning_rate": 0.05, "embedding": 4, "hidden": None},
        overrides=("plan.lanes=4",),
    )
    record = result.record
    assert (record.solver, record.seed, record.value) == ("pi_gnn", 2, 4)
    assert record.settings["learning_rate"] == 0.05
    assert record.settings["embedding"] == 4
    assert record.settings["hidden"] is None
    assert record.plan["lanes"] == 4
    assert record.budget["seconds"] is None


def test_names_and_files(tmp_path):
    path = tmp_path / "a [b]=c.txt"
    path.write_text("3 2\n1 2\n2 3\n")
    for instance in (path, str(path), "gen/toroidal_2d-r3-c3-wone-s0"):
        result = dnnbench.solve(instance, baseline="random", budget={"steps": 50})
        assert result.record.instance == str(instance)
        assert result.record.value > 0


def test_seconds_are_a_budget_too():
    record = dnnbench.solve(nx.cycle_graph(5), baseline="random", budget=0.05).record
    assert record.budget["seconds"] == 0.05
    assert record.status == "budget"


def test_nothing_is_stored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dnnbench.solve(nx.cycle_graph(4), baseline="greedy", budget={"restarts": 1})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "give method=NAME or baseline=NAME"),
        ({"method": "pi_gnn", "baseline": "greedy"}, "not both"),
        ({"method": "greedy"}, "'greedy' is a baseline"),
        ({"method": "pi_gn"}, "did you mean 'pi_gnn'"),
        ({"baseline": "greedy", "budget": {"second": 1}}, "did you mean 'seconds'"),
        ({"baseline": "greedy", "budget": -1}, "must be a number > 0"),
        ({"baseline": "greedy", "problem": "maxct"}, "did you mean 'maxcut'"),
        ({"baseline": "greedy", "settings": {"order": "up"}}, "must be one of random, degree"),
        ({"baseline": "greedy", "seed": -1}, "seed must be an integer >= 0"),
    ],
)
def test_wrong_use_is_a_user_error(arguments, said):
    with pytest.raises(dnnbench.UserError, match=said.replace("(", r"\(")):
        dnnbench.solve(nx.cycle_graph(4), **arguments)


@pytest.mark.parametrize("thing", [nx.DiGraph([(0, 1)]), 7, [[0, 0]], "no/such/file", nx.Graph()])
def test_wrong_instances_are_user_errors(thing):
    with pytest.raises(dnnbench.UserError):
        dnnbench.solve(thing, baseline="greedy", budget={"restarts": 1})
