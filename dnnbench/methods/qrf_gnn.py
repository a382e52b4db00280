"""QRF-GNN: a graph network that is fed its own last output, trained on the instance's QUBO.

Static features (uniform noise, ones, PageRank) and the recurrent feature, which is the logit of
the step before and carries no gradient, go through two GraphSAGE layers side by side (mean and
max-pooling, each under batch normalisation), whose sum gives the logits by a third
(`networks.recurrent_sage`). The loss is

    p^T Q p + rate t sum_i p_i (1 - p_i)

under Adam with the gradient's norm clipped. (The second term is that of continuous relaxation
annealing with gamma(0) = 0 and alpha = 2; `annealing` puts the full term in its place.)

References:
    Pugacheva, Ermakov, Lyskov, Makarov & Zotov, Enhancing GNNs performance on combinatorial
    optimization by recurrent feature update, 2024, arXiv 2407.16468. Widths, features, rates and
    the stopping rule as in the published MaxCut code: 10 columns of noise, 20 of ones, 20 of
    PageRank, hidden width 51, edge weights in the messages, the candidate taken from the training
    pass, so with dropout.
    Departs from it: restarts follow each other until the budget ends, where the paper reports the
    best of 20 seeds. A trained embedding that the published code makes but never reads is left
    out. Candidates are scored by their cut at every epoch, where the published code first asks
    for a smaller loss.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.errors import UserError
from dnnbench.kernels.choice import choose_spmm
from dnnbench.methods import cra
from dnnbench.methods.qubo_network import QuboNetwork
from dnnbench.networks.pagerank import pagerank
from dnnbench.networks.recurrent_sage import RecurrentSage
from dnnbench.networks.sage import (
    Neighbourhood,
    inverse_degrees,
    make_neighbourhood,
    neighbour_mean,
)
from dnnbench.optimizers.from_optax import FromOptax
from dnnbench.problems.cut.energy import QuadraticEnergy


class GraphFeatures(NamedTuple):
    """What all restarts share.

    Attributes:
        graph: neighbourhoods with the edges' weights.
        fixed: ones and PageRank, [n, s].
        fixed_mean: their neighbours' mean, [n, s].
    """

    graph: Neighbourhood
    fixed: jax.Array
    fixed_mean: jax.Array


class Memory(NamedTuple):
    """What a restart carries from step to step.

    Attributes:
        noise: its random features, [n, r]; drawn once.
        noise_mean: their neighbours' mean, [n, r].
        logits: [n] of the last forward pass, zeros at first; None without the recurrent feature.
    """

    noise: jax.Array
    noise_mean: jax.Array
    logits: jax.Array | None


def clipped_adam() -> FromOptax:
    """Adam on the gradient clipped to the norm `clip_norm`, with traced `learning_rate`."""

    def make(hp: dict[str, Scalar]) -> optax.GradientTransformation:
        clip: Any = hp["clip_norm"]
        return optax.chain(optax.clip_by_global_norm(clip), optax.adam(hp["learning_rate"]))

    return FromOptax(make)


@dataclass(frozen=True)
class QRFGNN(QuboNetwork):
    """QRF-GNN on a quadratic binary problem over a graph.

    Attributes:
        energy: quadratic energy with a QUBO form.
        hidden: width of the first layer.
        random_features, constant_features, pagerank_features: columns of noise, ones, PageRank.
        recurrent: whether the last logits are a feature (ablation: False).
        pooled: whether the max-pooling branch is there (ablation: False).
        dropout: rate before the last layer.
        num_steps: most epochs of one restart.
        patience: epochs in a row without progress that end a restart.
        annealing: whether CRA's term replaces the method's own penalty.
        curve_rate: its exponent, even.

    Hyperparameters (traced): `learning_rate` of Adam; `clip_norm` of the gradient;
    `penalty_rate`, rise of the penalty's weight in a step; `tolerance`, change of the loss that
    still counts as progress, in units of the loss; `gamma_start`, `gamma_rate` of the annealing.
    """

    energy: QuadraticEnergy
    hidden: int
    random_features: int
    constant_features: int
    pagerank_features: int
    recurrent: bool
    pooled: bool
    dropout: float
    num_steps: int
    patience: int
    annealing: bool
    curve_rate: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "clip_norm",
        "penalty_rate",
        "tolerance",
        *cra.HYPERPARAMETERS,
    )

    def __post_init__(self) -> None:
        """Check that the network has an input."""
        super().__post_init__()
        if not (self.random_features + self.constant_features + self.pagerank_features):
            raise UserError("qrf_gnn needs static features; all three kinds have 0 columns")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under clipped Adam."""
        return (Phase("train", self.num_steps, clipped_adam()),)

    def prepare(self, public: Any) -> tuple[GraphFeatures, dict[str, float]]:
        """Neighbourhoods and the features that the graph alone gives."""
        adjacency = public.adjacency.astype(np.float64)
        n, dtype = public.num_vertices, self.energy.dtype
        widest = int(public.degrees.max(initial=0))
        kernel = choose_spmm(
            jax.default_backend(), n, adjacency.nnz, self.energy.lanes, dtype, widest
        )
        ones = np.ones((n, self.constant_features))
        ranks = np.repeat(pagerank(adjacency)[:, None], self.pagerank_features, axis=1)
        fixed = np.concatenate([ones, ranks], axis=1)
        mean = (adjacency @ fixed) * inverse_degrees(adjacency)[:, None]
        graph = make_neighbourhood(adjacency, kernel, dtype, self.pooled)
        return GraphFeatures(graph, jnp.asarray(fixed, dtype), jnp.asarray(mean, dtype)), {}

    def _network(self) -> RecurrentSage:
        dtype = jnp.dtype(self.energy.dtype)
        return RecurrentSage(self.hidden, self.pooled, self.dropout, dtype)

    def _inputs(self, memory: Memory, ctx: Ctx) -> tuple[Any, ...]:
        """The network's arguments: graph, static features, their mean, recurrent feature, key."""
        shared: GraphFeatures = ctx.method
        static = jnp.concatenate([memory.noise, shared.fixed], axis=1)
        static_mean = jnp.concatenate([memory.noise_mean, shared.fixed_mean], axis=1)
        return shared.graph, static, static_mean, memory.logits, ctx.key

    def begin(self, ctx: Ctx) -> tuple[PyTree, Memory]:
        """Fresh weights, uniform noise, a recurrent feature of zeros."""
        linear = ctx.problem.linear
        of_noise, of_weights = jax.random.split(ctx.key)
        shape = (linear.shape[0], self.random_features)
        noise = jax.random.uniform(of_noise, shape, linear.dtype)
        mean = neighbour_mean(ctx.method.graph, noise) if self.random_features else noise
        memory = Memory(noise, mean, jnp.zeros_like(linear) if self.recurrent else None)
        return self._network().init(of_weights, *self._inputs(memory, ctx)), memory

    def forward(self, params: PyTree, memory: Memory, ctx: Ctx) -> tuple[jax.Array, Memory]:
        """Probabilities [n]; the logits become the next step's recurrent feature."""
        logits = self._network().apply(params, *self._inputs(memory, ctx))
        assert isinstance(logits, jax.Array)
        if self.recurrent:
            memory = memory._replace(logits=jax.lax.stop_gradient(logits))
        return jax.nn.sigmoid(logits), memory

    def objective(self, p: jax.Array, ctx: Ctx) -> Scalar:
        """p^T Q p and the rising penalty of what is not binary."""
        value = super().objective(p, ctx)
        if self.annealing:
            return value
        weight = ctx.hp["penalty_rate"] * ctx.t.astype(p.dtype)
        return value + weight * jnp.sum(p * (1 - p))
