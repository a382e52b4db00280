"""PI-GNN: a graph network on the instance's own graph, trained on its QUBO.

Embedding [n, d] -> GraphConv d -> h -> ReLU -> dropout -> GraphConv h -> 1 -> sigmoid gives
probabilities p; the loss is p^T Q p. Everything, the embedding included, is trained with Adam.
The option `aggregation` puts GraphSAGE layers in the place of the convolutions (config
`pi_gnn_sage`), `annealing` adds the term of continuous relaxation annealing (config `cra_pi_gnn`).

References:
    Schuetz, Brubaker & Katzgraber, Combinatorial optimization with physics-inspired graph neural
    networks, Nature Machine Intelligence 4:367, 2022, arXiv 2107.01188 (Eqs. 5-7); sizes, learning
    rate, tolerance and patience as in the authors' example repository.
    GraphSAGE layers: Schuetz, Brubaker, Zhu & Katzgraber, Graph coloring with physics-inspired
    graph neural networks, Physical Review Research 4:043131, 2022, arXiv 2202.01606; there for
    colouring, with settings searched for each graph.
    Annealing: Ichikawa, arXiv 2309.16965, see `methods.cra`; it trains with AdamW.
    A limit of the architecture: the convolutions' messages carry no self-loop, so vertices with
    the same neighbours get the same probability, and an optimum that parts such twins is out of
    reach. (GraphSAGE layers see the vertex itself and have no such limit.)
    Departs from it: thresholded candidates are scored every `score_every` epochs instead of every
    epoch; restarts follow each other until the budget ends, where the paper reports the best of
    several seeds. The hidden sizes that the paper searched for each MaxCut instance are not
    published; the published example's rule d = floor(sqrt(n)), h = floor(d / 2) is used.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Phase, PyTree
from dnnbench.kernels.choice import choose_spmm
from dnnbench.kernels.spmm import Sparse, make_sparse
from dnnbench.methods import cra
from dnnbench.methods.qubo_network import QuboNetwork
from dnnbench.networks.graph import GraphConv, normalized_adjacency
from dnnbench.networks.sage import Neighbourhood, SageConv, make_neighbourhood
from dnnbench.optimizers.from_optax import adamw
from dnnbench.problems.cut.energy import QuadraticEnergy


class TwoLayerGNN(nn.Module):
    """The published network: node embeddings and two graph layers.

    Attributes:
        nodes: n.
        embedding: width d of the trained embedding.
        hidden: width h.
        aggregation: `gcn`, or GraphSAGE's `mean` or `pool`.
        scale: standard deviation of the initial embedding.
        dropout: rate between the layers.
        dtype: floating point type of the parameters.
    """

    nodes: int
    embedding: int
    hidden: int
    aggregation: str
    scale: float
    dropout: float
    dtype: Any

    @nn.compact
    def __call__(
        self, first: Sparse | Neighbourhood, second: Sparse | Neighbourhood, key: jax.Array
    ) -> jax.Array:
        """Probabilities [n]; the two operators are one graph in layouts for h and 1 columns."""
        normal = nn.initializers.normal(self.scale)
        x = self.param("embedding", normal, (self.nodes, self.embedding), self.dtype)
        x = nn.relu(self._layer(self.hidden)(first, x))
        x = nn.Dropout(self.dropout, deterministic=self.dropout == 0)(x, rng=key)
        x = self._layer(1)(second, x)
        return nn.sigmoid(x[:, 0])

    def _layer(self, features: int) -> Any:
        if self.aggregation == "gcn":
            return GraphConv(features, self.dtype)
        return SageConv(features, self.aggregation, True, self.dtype)


@dataclass(frozen=True)
class PIGNN(QuboNetwork):
    """PI-GNN on a quadratic binary problem.

    Attributes:
        energy: quadratic energy with a QUBO form.
        aggregation: `gcn` (as published), or `mean` or `pool` for GraphSAGE layers; all of them
            ignore the edge weights, which stand in the loss.
        embedding: embedding width d, or None for floor(n^embedding_power).
        hidden: hidden width h, or None for floor(hidden_share d).
        embedding_power, hidden_share: of these rules.
        embedding_scale: standard deviation of the initial embedding.
        dropout: dropout rate between the layers.
        num_steps: most epochs of one restart.
        patience: epochs in a row without progress that end a restart.
        annealing: whether CRA's term is in the loss.
        curve_rate: its exponent, even.

    Hyperparameters (traced): `learning_rate`, `weight_decay` of AdamW (0: Adam); `tolerance`,
    change of the loss that still counts as progress, in units of the loss; `gamma_start`,
    `gamma_rate` of the annealing.
    """

    energy: QuadraticEnergy
    aggregation: str
    embedding: int | None
    hidden: int | None
    embedding_power: float
    hidden_share: float
    embedding_scale: float
    dropout: float
    num_steps: int
    patience: int
    annealing: bool
    curve_rate: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "weight_decay",
        "tolerance",
        *cra.HYPERPARAMETERS,
    )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under AdamW."""
        return (Phase("train", self.num_steps, adamw()),)

    def sizes(self, n: int) -> tuple[int, int]:
        """(d, h) for n nodes."""
        root = math.isqrt(n) if self.embedding_power == 0.5 else int(n**self.embedding_power)
        d = self.embedding if self.embedding is not None else max(1, root)
        return d, self.hidden if self.hidden is not None else max(1, int(d * self.hidden_share))

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The graph's operator, in a layout for h columns and one for a single column."""
        _, hidden = self.sizes(public.num_vertices)
        return tuple(self._operator(public, columns) for columns in (hidden, 1)), {}

    def _operator(self, public: Any, columns: int) -> Sparse | Neighbourhood:
        if self.aggregation == "gcn":
            matrix = normalized_adjacency(public.adjacency)
        else:
            matrix = public.adjacency.astype(np.float64)
            matrix.data = np.ones_like(matrix.data)
        kernel = choose_spmm(
            jax.default_backend(),
            public.num_vertices,
            matrix.nnz,
            columns * self.energy.lanes,
            self.energy.dtype,
            int(public.degrees.max(initial=0)),
        )
        if self.aggregation == "gcn":
            return make_sparse(matrix, kernel, self.energy.dtype)
        return make_neighbourhood(matrix, kernel, self.energy.dtype, self.aggregation == "pool")

    def _network(self, n: int) -> TwoLayerGNN:
        d, h = self.sizes(n)
        dtype = jnp.dtype(self.energy.dtype)
        return TwoLayerGNN(n, d, h, self.aggregation, self.embedding_scale, self.dropout, dtype)

    def begin(self, ctx: Ctx) -> tuple[PyTree, tuple[()]]:
        """Normal embedding, Xavier weights, zero biases (GraphSAGE: see `networks.sage`)."""
        network = self._network(ctx.problem.linear.shape[0])
        return network.init(ctx.key, *ctx.method, ctx.key), ()

    def forward(self, params: PyTree, memory: PyTree, ctx: Ctx) -> tuple[jax.Array, PyTree]:
        """Probabilities [n] of the network."""
        network = self._network(ctx.problem.linear.shape[0])
        p = network.apply(params, *ctx.method, ctx.key)
        assert isinstance(p, jax.Array)
        return p, memory
