"""torchMSAT: a per-instance network whose clause layer is pulled to zero.

The only parameters are x in R^n, positive meaning true. A tanh layer and a fixed clause layer,
whose matrix W [m, n] holds the sign of each literal, give

    out = W tanh(x),

and a clause of k literals is violated just where W sign(x) = -k. Adam descends the mean square of
`out`, at first over all clauses; after `all_steps` steps only over those that are violated, which
are looked up every `mask_every` steps and held in between. The best assignment met counts.

A sum of zero asks half of a clause's literals to be true, neither more nor less, and x = 0 is a
minimum of the loss over all clauses: the signs met on the way there are what finds assignments.

References:
    Hosny & Reda, torchmSAT: a GPU-accelerated approximation to the maximum satisfiability problem,
    arXiv 2402.03640 (tanh layer, matrix W, masked mean square); Adam, numbers of steps, mask and
    start (uniform in [0, 1), so that all variables begin as true) as in the authors' repository
    (scale-lab/torchmsat), whose default learning rate is 1e-4 and whose experiment on a CPU takes
    the 1e-2 used here. Which settings the paper's tables were made with could not be verified.
    Departs from it: numbers are float32, theirs float16; the assignment is looked at whenever the
    engine scores (every `score_every` steps), theirs in every step; a restart without violated
    clauses stands still; weights of constraints weigh the mean (theirs are equal). XOR, cardinality
    and not-all-equal constraints, which are dnnbench's addition, get rows of W as clauses do, and
    count as violated by their own rule.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp

from dnnbench.engine.contract import Ctx, Phase, Scalar
from dnnbench.engine.gradient import GradientMethod, GradState
from dnnbench.errors import UserError
from dnnbench.instances.formula import Formula
from dnnbench.kernels.rectangular import Rectangular, make_rectangular, matmul
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.satisfiability.energy import FormulaEnergy


class ClauseLayer(NamedTuple):
    """The fixed layer, in the order of the energy's constraints.

    Attributes:
        matrix: W, [m, n].
        weights: of the constraints, in units of their mean, [m].
    """

    matrix: Rectangular
    weights: jax.Array


@dataclass(frozen=True)
class TorchMSAT(GradientMethod):
    """The per-instance network of torchMSAT.

    Attributes:
        energy: energy of a formula.
        all_steps: steps over all clauses; a multiple of `mask_every`.
        masked_steps: steps over violated clauses, after them.
        mask_every: steps for which the choice of violated clauses holds.

    Hyperparameters (traced): `learning_rate` of Adam.
    """

    energy: FormulaEnergy
    all_steps: int
    masked_steps: int
    mask_every: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def __post_init__(self) -> None:
        """Check what the config's bounds cannot say."""
        if self.all_steps % self.mask_every:
            raise UserError(
                f"all_steps ({self.all_steps}) must be a multiple of mask_every ({self.mask_every})"
            )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under one run of Adam; choosing clauses is the slow update."""
        steps = self.all_steps + self.masked_steps
        return (Phase("train", steps, adam(), outer_every=self.mask_every),)

    def prepare(self, public: Formula) -> tuple[ClauseLayer, dict[str, float]]:
        """The clause layer."""
        data = self.energy.prepare(public)
        signs = np.sign(public.literals).astype(np.float64)
        places = (public.owners, np.abs(public.literals) - 1)
        shape = (public.num_constraints, public.num_variables)
        matrix = sp.csr_array(sp.coo_array((signs, places), shape=shape))[np.asarray(data.order)]
        weights = data.weights / (jnp.mean(data.weights) if data.weights.size else 1)
        return ClauseLayer(make_rectangular(matrix, self.energy.dtype), weights), {}

    def start(self, ctx: Ctx) -> tuple[jax.Array, jax.Array]:
        """Uniform x in [0, 1), [n], and the share of each clause in the loss, [m]."""
        own: ClauseLayer = ctx.method
        x = jax.random.uniform(ctx.key, (own.matrix.n,), own.weights.dtype)
        return x, own.weights

    def loss(self, params: jax.Array, aux: jax.Array, ctx: Ctx) -> tuple[Scalar, jax.Array]:
        """The mean square of the clause layer over those that take part; 0 if none does."""
        own: ClauseLayer = ctx.method
        out = matmul(own.matrix, jnp.tanh(params))
        total = jnp.sum(aux)
        return jnp.sum(aux * out * out) / jnp.where(total > 0, total, 1), aux

    def outer(self, s: GradState, phase: Phase, ctx: Ctx) -> GradState:
        """After `all_steps` steps choose the clauses that sign(x) violates."""
        own: ClauseLayer = ctx.method
        bits = (s.params > 0).astype(own.weights.dtype)
        violated = self.energy.violations(bits, ctx.problem) > 0.5
        masked = jnp.where(violated, own.weights, 0)
        return self.renewed(s, phase, jnp.where(ctx.t < self.all_steps, own.weights, masked))

    def readout(self, s: GradState, ctx: Ctx) -> jax.Array:
        """(1 + tanh x) / 2, above 1/2 where x is positive, [n]."""
        x: Any = s.params
        return (1 + jnp.tanh(x)) / 2
