"""What methods share whose network gives the probabilities p that a QUBO is relaxed to.

The loss is p^T Q p, on request under continuous relaxation annealing (`methods.cra`); a restart
ends when the loss has made no progress for some time.
"""

from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.errors import UserError
from dnnbench.methods import cra
from dnnbench.problems.cut.energy import QuadraticEnergy


class Patience(NamedTuple):
    """The published stopping rules' memory.

    Attributes:
        loss: of the step before.
        discreteness: Phi of the step before under annealing, else None.
        streak: int32, steps in a row without progress.
    """

    loss: Scalar
    discreteness: Scalar | None
    streak: Scalar


class NetworkAux(NamedTuple):
    """What a restart keeps beside its parameters.

    Attributes:
        patience: of the stopping rule.
        probabilities: [n] of the last forward pass; the readout, so that scoring needs no other.
        memory: what the network itself carries from step to step; () if nothing.
    """

    patience: Patience
    probabilities: jax.Array
    memory: PyTree


class QuboNetwork(GradientMethod):
    """Loss, stopping rule and readout; subclasses give `begin` and `forward`.

    Fields that subclasses, frozen dataclasses, have:
        energy: quadratic energy with a QUBO form.
        annealing: whether CRA's term is in the loss.
        curve_rate: its exponent alpha, even.
        patience: steps in a row without progress that end a restart.

    Hyperparameters (traced): `tolerance`, change of the loss that still counts as progress, in
    units of the loss; `gamma_start`, `gamma_rate` of the annealing.
    """

    energy: QuadraticEnergy
    annealing: bool
    curve_rate: int
    patience: int

    hyperparameters: ClassVar[tuple[str, ...]] = ("tolerance", *cra.HYPERPARAMETERS)

    def __post_init__(self) -> None:
        """Check what the config's bounds cannot say."""
        if self.curve_rate % 2:
            raise UserError(f"curve_rate must be even, not {self.curve_rate}")

    def begin(self, ctx: Ctx) -> tuple[PyTree, PyTree]:
        """Fresh (parameters, memory) of the network."""
        raise NotImplementedError

    def forward(self, params: PyTree, memory: PyTree, ctx: Ctx) -> tuple[jax.Array, PyTree]:
        """(probabilities [n], new memory)."""
        raise NotImplementedError

    def objective(self, p: jax.Array, ctx: Ctx) -> Scalar:
        """p^T Q p, plus CRA's term where it is asked for."""
        value = self.energy.qubo(p, ctx.problem)
        if self.annealing:
            value = value + cra.penalty(p, ctx.t, ctx.hp, self.curve_rate)
        return value

    def start(self, ctx: Ctx) -> tuple[PyTree, NetworkAux]:
        """The network as it begins, probabilities of one half."""
        linear = ctx.problem.linear
        params, memory = self.begin(ctx)
        one = jnp.ones((), linear.dtype)
        patience = Patience(one, one if self.annealing else None, jnp.zeros((), jnp.int32))
        return params, NetworkAux(patience, jnp.full(linear.shape, 0.5, linear.dtype), memory)

    def loss(self, params: PyTree, aux: NetworkAux, ctx: Ctx) -> tuple[Scalar, NetworkAux]:
        """The objective of the network's probabilities."""
        p, memory = self.forward(params, aux.memory, ctx)
        return self.objective(p, ctx), aux._replace(probabilities=p, memory=memory)

    def converged(self, value: Scalar, aux: NetworkAux, ctx: Ctx) -> tuple[NetworkAux, Scalar]:
        """Stop once `patience` steps in a row made no progress.

        Without annealing: the loss has stood still or risen. With it: loss and Phi have both stood
        still; a rise is no sign of an end while gamma moves.
        """
        before = aux.patience
        stalled = jnp.abs(value - before.loss) <= ctx.hp["tolerance"]
        now = None
        if before.discreteness is None:
            stalled = stalled | (value > before.loss)
        else:
            now = cra.discreteness(aux.probabilities, self.curve_rate)
            stalled = stalled & (jnp.abs(now - before.discreteness) <= ctx.hp["tolerance"])
        streak = jnp.where(stalled, before.streak + 1, 0)
        return aux._replace(patience=Patience(value, now, streak)), streak >= self.patience

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """Probabilities of the last forward pass [n]."""
        aux: NetworkAux = s.aux
        return aux.probabilities
