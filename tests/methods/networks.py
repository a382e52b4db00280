"""Helpers of the tests of graph networks: methods outside the engine, dense forms in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp

from dnnbench.config.compose import compose_values
from dnnbench.engine.contract import Ctx
from dnnbench.engine.plan import Plan
from dnnbench.instances.convert import as_graph
from dnnbench.instances.digest import in_memory
from dnnbench.runner.solve_method import assemble
from dnnbench.runner.spec import make_spec

SEED = jax.random.key(7)


def signed_graph(n=40, seed=0):
    """Weights of both signs, a hub that is next to nearly all, an isolated vertex."""
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.random((n, n)) < 0.12, 1) * rng.choice([-2, -1, 1, 2, 3], (n, n))
    weights[0, 1:] = rng.choice([-1, 1, 2], n - 1)
    weights[:, -1] = 0
    return as_graph(sp.csr_array(weights + weights.T))


class Bench:
    """A method of the registry on a graph: one restart, one step at a time."""

    def __init__(self, name, graph, **settings):
        values = {f"method.{k}": v for k, v in settings.items()} | {"budget.steps": 1}
        chosen = {"method": name, "problem": "maxcut", "hardware": "cpu"}
        job = make_spec(compose_values(chosen, values), in_memory("test", "graph", graph)).job(0)
        self.method, self.data, hp = assemble(job, graph, Plan(**job["plan"]))
        self.hp = {k: jnp.asarray(v, jnp.float32) for k, v in hp.items()}
        phase = self.method.phases[0]
        # Hyperparameters are arguments, as in the engine: other values are no other program.
        self._start = jax.jit(lambda hp: self.method.init(self.ctx(0, hp)))
        self._step = jax.jit(lambda s, t, hp: self.method.step(s, phase, self.ctx(t, hp)))
        self._loss = jax.jit(lambda p, aux, t, hp: self.method.loss(p, aux, self.ctx(t, hp)))

    def ctx(self, t, hp=None):
        hp = self.hp if hp is None else hp
        return Ctx(self.data, None, hp, jnp.int32(t), jax.random.fold_in(SEED, t))

    def start(self):
        return self._start(self.hp)

    def step(self, state, t):
        return self._step(state, t, self.hp)

    def loss(self, params, aux, t):
        return self._loss(params, aux, t, self.hp)


def shapes(params):
    """Shape of every parameter by its path."""
    return {
        "/".join(str(key.key) for key in path[1:]): leaf.shape
        for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    }


def exact(params):
    """Flax parameters as nested dictionaries of float64 arrays."""
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params["params"])


def weights_of(graph):
    """Weights [n, n] in float64."""
    return graph.adjacency.toarray().astype(np.float64)


def mean_of(w, x):
    """Mean over the neighbours of w_ij x_j, vertex by vertex; 0 without neighbours."""
    return _gathered(w, x, np.mean)


def max_of(w, x):
    """Maximum over the neighbours of w_ij x_j, vertex by vertex; 0 without neighbours."""
    return _gathered(w, x, np.max)


def _gathered(w, x, how):
    rows = np.zeros_like(x)
    for i in range(len(w)):
        near = np.flatnonzero(w[i])
        if len(near):
            rows[i] = how(w[i, near, None] * x[near], axis=0)
    return rows


def sage(w, p, x, aggregation):
    """One GraphSAGE layer."""
    if aggregation == "pool":
        gathered = max_of(w, np.maximum(x @ p["pool"] + p["pool_bias"], 0))
    else:
        gathered = mean_of(w, x)
    return x @ p["self"] + gathered @ p["neighbour"] + p.get("bias", 0.0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def minus_cut(w, p):
    """p^T Q p of MaxCut: Q_ij = 2 w_ij above the diagonal, Q_ii = -sum_j w_ij."""
    q = 2 * np.triu(w, 1) - np.diag(w.sum(1))
    return p @ q @ p
