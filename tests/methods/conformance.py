"""Runs any registered method in-process on a tiny graph, by one generic rule."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
import yaml

from dnnbench.config.compose import compose
from dnnbench.engine.budget import Budget
from dnnbench.engine.job import Job
from dnnbench.engine.run import run
from dnnbench.instances.convert import as_graph, graph_sha256
from dnnbench.instances.instance import Instance
from dnnbench.paths import shared_folder
from dnnbench.runner.solve_method import assemble
from dnnbench.runner.spec import make_spec

# A fixed number of steps where runs are compared, a cap where they stop at the optimum.
LANES, STEPS, CAP = 32, 600, 30_000

# Rows u, v, w. The last vertex of `signed` is isolated. No two vertices have the same neighbours:
# a graph network without self-loops cannot put such twins on different sides. (More generally its
# logits lie in the image of the adjacency matrix, so these matrices are regular but for that.)
TINY = {
    "cycle": (7, [(i, (i + 1) % 7, 1) for i in range(7)]),
    "signed": (8, [(i, (i + 1) % 7, w) for i, w in enumerate((2, -1, 3, -2, 1, 4, -3))]),
    "dense": (8, [(i, j, 1 + (i * j) % 3) for i in range(8) for j in range(i)]),
}

TWINS = (8, [(0, 1, 2), (1, 2, -1), (2, 3, 3), (3, 0, -2), (0, 4, 1), (4, 5, 4), (5, 6, -3)])


def tiny(name):
    """An instance of `TINY`, or `twins`."""
    n, rows = TWINS if name == "twins" else TINY[name]
    edges = np.array(rows)
    weights = np.zeros((n, n), np.int64)
    weights[edges[:, 0], edges[:, 1]] = edges[:, 2]
    graph = as_graph(sp.csr_array(weights + weights.T))
    return Instance(name, "graph", graph, None, graph_sha256(graph), "memory")


def best_cut(graph):
    """The largest cut, by trying all."""
    n = graph.num_vertices
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    u, v = graph.edges.T
    return int(((bits[:, u] != bits[:, v]) * graph.weights).sum(axis=1).max())


def declared(method):
    """What a method says of itself on graphs of a few vertices; it stands in its own config."""
    path = shared_folder("configs") / "method" / f"{method}.yaml"
    return yaml.safe_load(path.read_text()).get("_conformance", {})


def spec_of(method, problem, instance, seed=0):
    """The trial's spec on the CPU."""
    words = [f"method={method}", f"problem={problem}", f"seed={seed}", "hardware=cpu"]
    words += [f"plan.lanes={LANES}", f"plan.micro_batch={LANES}", f"budget.steps={STEPS}"]
    settings = declared(method).get("settings", {})
    words += [f"method.{key}={value}" for key, value in settings.items()]
    return make_spec(compose(words), instance)


def solve(spec, steps=STEPS, target=None):
    """Engine result of a spec in this process, stopped at the cost `target` if one is given."""
    plan = replace(spec.plan, devices=1)
    method, data, hp = assemble(spec.job(0), spec.instance.public, plan)
    targets = None if target is None else (target,)
    return run(Job(method, data, (hp,), spec.seed, Budget(steps=steps), plan, None, targets))
