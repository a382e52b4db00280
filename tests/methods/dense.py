"""A small weighted graph, and methods walked over it step by step beside dense NumPy."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Data
from dnnbench.instances.graph import Graph
from dnnbench.problems.cut.energy import MaxCutEnergy

FIELD = np.random.default_rng(5).normal(size=10)


def weighted_graph() -> Graph:
    """Ten vertices, half of the pairs, integer weights of both signs."""
    rng = np.random.default_rng(3)
    edges = np.array([(i, j) for i in range(10) for j in range(i + 1, 10) if rng.random() < 0.5])
    weights = rng.integers(1, 6, len(edges)) * rng.choice([-1, 1], len(edges))
    return Graph(10, edges.astype(np.int32), weights.astype(np.int64))


def couplings() -> np.ndarray:
    """The graph's weight matrix, dense, from its edges alone."""
    graph = weighted_graph()
    matrix = np.zeros((10, 10))
    for (i, j), w in zip(graph.edges, graph.weights, strict=True):
        matrix[i, j] = matrix[j, i] = w
    return matrix


@dataclass(frozen=True)
class WithField(MaxCutEnergy):
    """The graph's cut with an external field, so that no method takes h = 0 for granted."""

    def prepare(self, public: Any) -> Any:
        cut = super().prepare(public)
        return cut._replace(linear=cut.linear - jnp.asarray(FIELD, cut.linear.dtype))


def double(fielded: bool) -> MaxCutEnergy:
    """The energy in float64, with or without the field; use inside `x64(True)`."""
    return (WithField if fielded else MaxCutEnergy)("ell", "float64")


class Moment(NamedTuple):
    """What a step saw and what it made."""

    ctx: Ctx
    before: Any
    after: Any
    info: Any


def context(method: Any, hp: dict[str, float], t: int, graph: Graph | None = None) -> Ctx:
    """What the method would see at step t (t = -1: at the start)."""
    graph = weighted_graph() if graph is None else graph
    data = Data(method.energy.prepare(graph), method.prepare(graph)[0])
    values = {k: jnp.asarray(v, jnp.float64) for k, v in hp.items()}
    key = jax.random.fold_in(jax.random.key(0), t + 1)
    return Ctx(data, None, values, jnp.asarray(max(t, 0), jnp.int32), key)


def walk(method: Any, hp: dict[str, float], steps: int, graph: Graph | None = None) -> list[Moment]:
    """The first steps of a restart."""
    step = jax.jit(lambda s, ctx: method.step(s, method.phases[0], ctx))
    first = context(method, hp, -1, graph)
    state = method.init(first)
    moments = []
    for t in range(steps):
        key = jax.random.fold_in(jax.random.key(0), t + 1)
        ctx = first._replace(t=jnp.asarray(t, jnp.int32), key=key)
        after, info = step(state, ctx)
        moments.append(Moment(ctx, state, after, info))
        state = after
    return moments


def slope(f: Any, x: np.ndarray) -> np.ndarray:
    """Gradient of an analytic f by complex steps: exact to rounding, and no autodiff."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        z = x.astype(complex)
        z[index] += 1e-30j
        gradient[index] = f(z).imag / 1e-30
    return gradient


class Adam:
    """Adam (Kingma & Ba 2015, Algorithm 1) in NumPy."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate, self.t, self.m, self.v = learning_rate, 0, 0.0, 0.0

    def step(self, x: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """x after one step."""
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * gradient
        self.v = 0.999 * self.v + 0.001 * gradient**2
        m, v = self.m / (1 - 0.9**self.t), self.v / (1 - 0.999**self.t)
        return x - self.learning_rate * m / (np.sqrt(v) + 1e-8)
