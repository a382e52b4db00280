"""PI-GNN: a graph network on the instance's own graph, trained on its QUBO.

Embedding [n, d] -> GraphConv d -> h -> ReLU -> dropout -> GraphConv h -> 1 -> sigmoid gives
probabilities p; the loss is p^T Q p. Everything, the embedding included, is trained with Adam.

References:
    Schuetz, Brubaker & Katzgraber, Combinatorial optimization with physics-inspired graph neural
    networks, Nature Machine Intelligence 4:367, 2022, arXiv 2107.01188 (Eqs. 5-7); sizes, learning
    rate, tolerance and patience as in the authors' example repository.
    A limit of the architecture: messages carry no self-loop, so vertices with the same neighbours
    get the same probability, and an optimum that parts such twins is out of reach.
    Departs from it: thresholded candidates are scored every `score_every` epochs instead of every
    epoch; restarts follow each other until the budget ends, where the paper reports the best of
    several seeds. The hidden sizes that the paper searched for each MaxCut instance are not
    published; the published example's rule d = floor(sqrt(n)), h = floor(d / 2) is used.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.kernels.choice import choose_spmm
from dnnbench.kernels.spmm import Sparse, make_sparse
from dnnbench.networks.graph import GraphConv, normalized_adjacency
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.cut.energy import QuadraticEnergy


class TwoLayerGCN(nn.Module):
    """The published network: node embeddings and two graph convolutions.

    Attributes:
        nodes: n.
        embedding: width d of the trained embedding.
        hidden: width h.
        scale: standard deviation of the initial embedding.
        dropout: rate between the layers.
        dtype: floating point type of the parameters.
    """

    nodes: int
    embedding: int
    hidden: int
    scale: float
    dropout: float
    dtype: Any

    @nn.compact
    def __call__(self, first: Sparse, second: Sparse, key: jax.Array) -> jax.Array:
        """Probabilities [n]; the two operators are one matrix in layouts for h and 1 columns."""
        normal = nn.initializers.normal(self.scale)
        x = self.param("embedding", normal, (self.nodes, self.embedding), self.dtype)
        x = nn.relu(GraphConv(self.hidden, self.dtype)(first, x))
        x = nn.Dropout(self.dropout, deterministic=self.dropout == 0)(x, rng=key)
        x = GraphConv(1, self.dtype)(second, x)
        return nn.sigmoid(x[:, 0])


class Patience(NamedTuple):
    """The published stopping rule and the last forward pass.

    Attributes:
        previous: loss of the step before.
        streak: int32, steps in a row with |change| <= tolerance or a rise.
        probabilities: [n] of the last forward pass; the readout, so that scoring needs no other.
    """

    previous: Scalar
    streak: Scalar
    probabilities: jax.Array


@dataclass(frozen=True)
class PIGNN(GradientMethod):
    """PI-GNN on a quadratic binary problem.

    Attributes:
        energy: quadratic energy with a QUBO form.
        embedding: embedding width d, or None for floor(sqrt(n)).
        hidden: hidden width h, or None for floor(d / 2).
        embedding_scale: standard deviation of the initial embedding.
        dropout: dropout rate between the layers.
        num_steps: most epochs of one restart.
        patience: epochs in a row without progress that end a restart.

    Hyperparameters (traced): `learning_rate` of Adam; `tolerance`, change of the loss that still
    counts as progress, in units of the loss.
    """

    energy: QuadraticEnergy
    embedding: int | None
    hidden: int | None
    embedding_scale: float
    dropout: float
    num_steps: int
    patience: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "tolerance")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam."""
        return (Phase("train", self.num_steps, adam()),)

    def sizes(self, n: int) -> tuple[int, int]:
        """(d, h) for n nodes."""
        d = self.embedding if self.embedding is not None else max(1, math.isqrt(n))
        return d, self.hidden if self.hidden is not None else max(1, d // 2)

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The normalised adjacency, in a layout for h columns and one for a single column."""
        matrix = normalized_adjacency(public.adjacency)
        n, nnz = public.num_vertices, matrix.nnz
        _, hidden = self.sizes(n)
        widest = int(public.degrees.max(initial=0))
        platform, lanes = jax.default_backend(), self.energy.lanes
        operators = tuple(
            make_sparse(
                matrix,
                choose_spmm(platform, n, nnz, columns * lanes, self.energy.dtype, widest),
                self.energy.dtype,
            )
            for columns in (hidden, 1)
        )
        return operators, {}

    def _network(self, n: int) -> TwoLayerGCN:
        d, h = self.sizes(n)
        dtype = jnp.dtype(self.energy.dtype)
        return TwoLayerGCN(n, d, h, self.embedding_scale, self.dropout, dtype)

    def start(self, ctx: Ctx) -> tuple[PyTree, Patience]:
        """Normal embedding, Xavier weights, zero biases."""
        linear = ctx.problem.linear
        network = self._network(linear.shape[0])
        params = network.init(ctx.key, *ctx.data.method, ctx.key)
        half = jnp.full(linear.shape, 0.5, linear.dtype)
        return params, Patience(jnp.ones((), linear.dtype), jnp.zeros((), jnp.int32), half)

    def loss(self, params: PyTree, aux: Patience, ctx: Ctx) -> tuple[Scalar, Patience]:
        """p^T Q p."""
        network = self._network(ctx.problem.linear.shape[0])
        p = network.apply(params, *ctx.data.method, ctx.key)
        assert isinstance(p, jax.Array)
        return self.energy.qubo(p, ctx.problem), aux._replace(probabilities=p)

    def converged(self, value: Scalar, aux: Patience, ctx: Ctx) -> tuple[Patience, Scalar]:
        """Stop once the loss has stood still or risen `patience` times in a row."""
        stalled = (jnp.abs(value - aux.previous) <= ctx.hp["tolerance"]) | (value > aux.previous)
        streak = jnp.where(stalled, aux.streak + 1, 0)
        return aux._replace(previous=value, streak=streak), streak >= self.patience

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """Probabilities of the last forward pass [n]."""
        return s.aux.probabilities
