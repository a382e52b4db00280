"""A graph network trained on an annealed mean-field free energy; dnnbench's own combination.

A trained embedding E [n, d] goes through one hidden layer over the graph and, beside it, straight
to the output:

    h = scale (x v_1 + B x v_2 + E v_3),    x = relu(E W_1 + B E W_2 + b),

B = D^-1/2 A D^-1/2 with the weighted couplings A and D = diag(sum_j |A_ij|). The outputs are local
fields, p = sigmoid(h), m = tanh(h / 2). The loss is the free energy of independent spins at a
temperature T that falls linearly, energies of each spin in units of its own random field:

    dF / dh_i = (1 - m_i^2) / 4 [ T h_i + c_i (A m - field)_i ],    c_i = 1 / sqrt(sum_j A_ij^2).

RMSprop with momentum; its step size falls linearly to 0, because a step normalised by the gradient
never shrinks by itself. As the other annealed methods, a restart has a fixed length.

With `skip` off the embedding reaches the output only through the graph layer; with `graph` off
there is no graph layer, and what is left is the free energy alone with its spins' fields written as
a product. The ablations say that the network does nothing for the cut: without the graph layer the
same seconds give as much (`docs/maxcut.md`), and without the skip connection cuts before polish are
11 to 60 % worse. It is here as the best of its kind, and to show that.

References:
    Free energy and schedule: Shen et al., Nature Computational Science 5:322, 2025,
    arXiv 2412.09285 (see `methods.fem`, where T is in units of the largest field).
    Embedding trained with the network: Schuetz et al., arXiv 2107.01188. Residual connections: He
    et al., arXiv 1512.03385.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.errors import UserError
from dnnbench.kernels.choice import choose_spmm
from dnnbench.kernels.spmm import Sparse, make_sparse, spmm
from dnnbench.networks.graph import signed_normalized_adjacency
from dnnbench.optimizers.from_optax import FromOptax
from dnnbench.problems.cut.energy import QuadraticEnergy
from dnnbench.problems.cut.spins import external_field


class Shared(NamedTuple):
    """What all restarts share.

    Attributes:
        graph: B [n, n].
        field: of the spins, [n].
        unit: c [n]; 0 for spins that nothing acts on.
    """

    graph: Sparse
    field: jax.Array
    unit: jax.Array


class ResidualGNN(nn.Module):
    """The network above, without `scale`.

    Attributes:
        nodes: n.
        embedding, hidden: widths of E and x.
        graph, skip: whether the layer over the graph and the direct connection are there.
        scale: standard deviation of the first E.
        dtype: floating point type.
    """

    nodes: int
    embedding: int
    hidden: int
    graph: bool
    skip: bool
    scale: float
    dtype: Any

    @nn.compact
    def __call__(self, b: Sparse) -> jax.Array:
        """Outputs [n]."""

        def dense(width: int, bias: bool = True) -> nn.Dense:
            return nn.Dense(width, use_bias=bias, dtype=self.dtype, param_dtype=self.dtype)

        normal = nn.initializers.normal(self.scale)
        e = self.param("embedding", normal, (self.nodes, self.embedding), self.dtype)
        out = jnp.zeros((self.nodes, 1), self.dtype)
        if self.graph:
            x = nn.relu(dense(self.hidden)(e) + dense(self.hidden, False)(spmm(b, e)))
            out = dense(1, False)(x) + spmm(b, dense(1, False)(x))
        if self.skip:
            out = out + dense(1, False)(e)
        return out[:, 0]


def falling_rmsprop(steps: int) -> FromOptax:
    """RMSprop and momentum with a step size that falls linearly from `learning_rate` to 0."""

    def make(hp: dict[str, Scalar]) -> optax.GradientTransformation:
        decay: Any = hp["alpha"]
        momentum: Any = hp["momentum"]

        def negative_rate(count: jax.Array) -> jax.Array:
            return -hp["learning_rate"] * jnp.maximum(1 - count / steps, 0)

        return optax.chain(
            optax.scale_by_rms(decay=decay),
            optax.trace(decay=momentum),
            optax.scale_by_schedule(negative_rate),
        )

    return FromOptax(make)


@dataclass(frozen=True)
class FreeEnergyGNN(GradientMethod):
    """A residual graph network under the annealed free energy of a quadratic binary problem.

    Attributes:
        energy: quadratic energy.
        embedding, hidden: widths of the embedding and of the layer over the graph.
        graph, skip: whether that layer and the direct connection are there (ablations: False).
        num_steps: steps of one restart, over which temperature and step size fall.
        init_scale: standard deviation of the first embedding.

    Hyperparameters (traced): `hot` and `cold`, first and last T, in units of a spin's random
    field; `learning_rate`, `alpha`, `momentum` of RMSprop; `out_scale`.
    """

    energy: QuadraticEnergy
    embedding: int
    hidden: int
    graph: bool
    skip: bool
    num_steps: int
    init_scale: float

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "hot",
        "cold",
        "learning_rate",
        "alpha",
        "momentum",
        "out_scale",
    )

    def __post_init__(self) -> None:
        """Check that something reaches the output."""
        if not (self.graph or self.skip):
            raise UserError("fem_gnn: graph and skip cannot both be off")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase."""
        return (Phase("train", self.num_steps, falling_rmsprop(self.num_steps)),)

    def prepare(self, public: Any) -> tuple[Shared, dict[str, float]]:
        """The normalised graph, the external field, the units of energy."""
        field = external_field(self.energy.prepare(public))
        adjacency = public.adjacency.astype(np.float64)
        square = np.asarray(adjacency.power(2).sum(axis=1)) + np.square(np.asarray(field))
        size = np.sqrt(square)
        unit = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
        kernel = choose_spmm(
            jax.default_backend(),
            public.num_vertices,
            adjacency.nnz,
            self.embedding * self.energy.lanes,
            self.energy.dtype,
            int(public.degrees.max(initial=0)),
        )
        dtype = self.energy.dtype
        graph = make_sparse(signed_normalized_adjacency(adjacency), kernel, dtype)
        return Shared(graph, field, jnp.asarray(unit, dtype)), {}

    def _network(self, n: int) -> ResidualGNN:
        dtype = jnp.dtype(self.energy.dtype)
        parts = (self.graph, self.skip, self.init_scale, dtype)
        return ResidualGNN(n, self.embedding, self.hidden, *parts)

    def start(self, ctx: Ctx) -> tuple[PyTree, jax.Array]:
        """Fresh weights; no fields yet [n]."""
        zeros = jnp.zeros_like(ctx.problem.linear)
        return self._network(zeros.shape[0]).init(ctx.key, ctx.method.graph), zeros

    def temperature(self, t: Scalar, hp: dict[str, Scalar]) -> Scalar:
        """T at step t: `hot` at the first step, `cold` at the last."""
        share = t.astype(hp["hot"].dtype) / max(self.num_steps - 1, 1)
        return hp["hot"] + (hp["cold"] - hp["hot"]) * share

    def loss(self, params: PyTree, aux: jax.Array, ctx: Ctx) -> tuple[Scalar, jax.Array]:
        """Its value is the first spin's part of the energy, its gradient that of F above."""
        own: Shared = ctx.method
        h = self._network(aux.shape[0]).apply(params, own.graph)
        assert isinstance(h, jax.Array)
        h = ctx.hp["out_scale"] * h
        still = jax.lax.stop_gradient(h)
        m = jnp.tanh(0.5 * still)
        uphill = spmm(ctx.problem.matrix, m) - own.field
        pull = self.temperature(ctx.t, ctx.hp) * still + own.unit * uphill
        slope = jnp.sum(0.25 * (1 - m * m) * pull * h)
        merit = m[0] * uphill[0]
        return slope + jax.lax.stop_gradient(merit - slope), still

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """Probabilities p = sigmoid(h) of the last forward pass, [n]."""
        return jax.nn.sigmoid(s.aux)
