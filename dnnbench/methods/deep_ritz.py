"""Deep Ritz method: a network that minimises the energy whose minimiser solves the equation.

    integral of e(u, grad u) over the domain + beta integral of (u - g)^2 over the boundary,

both by Monte Carlo with new points in every step (for Poisson's equation e = |grad u|^2 / 2 - f u).

References:
    E & Yu, Communications in Mathematics and Statistics 6:1, 2018, arXiv 1710.00211
    (blocks of two layers with a skip, activation max(0, x)^3, width 10, new points in every step,
    Adam; beta 500 in two dimensions is that of a public implementation).
    Its minimum is unknown, and Monte Carlo errors make single values of the loss mean little: the
    answer is the output where an average of the losses (weight `memory` on the past) is least.
    Departs from it: points on each side are as many as `boundary`, weighted by the side's measure.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.collocation.points import Points, Sampler
from dnnbench.engine.contract import Ctx, Info, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradState
from dnnbench.errors import UserError
from dnnbench.instances.equation import Evaluation
from dnnbench.methods.pde_network import PdeNetwork


class RitzAux(NamedTuple):
    """What a restart keeps beside its parameters.

    Attributes:
        fixed: parameters of the network that are not trained.
        average: of the losses so far, and `weight`, the sum of its weights.
    """

    fixed: PyTree
    average: Scalar
    weight: Scalar


@dataclass(frozen=True, kw_only=True)
class DeepRitz(PdeNetwork):
    """Deep Ritz on an equation that is given as the minimum of an integral.

    Attributes:
        interior, boundary, initial: points inside and on each side, new in every step.
        memory: weight of the past in the average that chooses the answer.
        (The others are those of `PdeNetwork`.)

    Hyperparameters (traced): `learning_rate` of Adam, `penalty` (beta).
    """

    interior: int
    boundary: int
    memory: float

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "penalty")

    def __post_init__(self) -> None:
        """Check what the config's bounds cannot say."""
        super().__post_init__()
        if self.optimizer != "adam":
            raise UserError("deep_ritz draws new points in every step: optimizer=adam")
        if not self.energy.pde.offers("ritz"):
            raise UserError(f"{self.energy.pde.name} is not given as the minimum of an integral")

    @property
    def sampler(self) -> Sampler:
        """Where points come from."""
        return Sampler(self.energy, self.interior, self.boundary, self.boundary, "uniform")

    def prepare(self, public: Evaluation) -> tuple[PyTree, dict[str, float]]:
        """Nothing beyond the problem's arrays.

        Raises:
            UserError: the loss of a fresh network is not finite.
        """
        key = jax.random.key(0)
        params, fixed = self.fresh(key)
        inside, sides = self._integrals(params, fixed, self.sampler.draw(key, {}))
        for name, value in (("integral", inside), ("boundary", sides)):
            if not bool(jnp.isfinite(value)):
                raise UserError(
                    f"{self.energy.pde.name}: the {name} is not finite for a fresh network"
                )
        return (), {}

    def start(self, ctx: Ctx) -> tuple[PyTree, RitzAux]:
        """A fresh network."""
        params, fixed = self.fresh(ctx.key)
        zero = jnp.zeros((), jnp.dtype(self.energy.dtype))
        return params, RitzAux(fixed, zero, zero)

    def _integrals(self, params: PyTree, fixed: PyTree, points: Points) -> tuple[Any, Any]:
        """The integral of the density, and that of (u - g)^2 over the boundary."""
        energy = self.energy
        u = self.u(params, fixed, points.interior, energy.first_order)
        measure = energy.pde.domain(energy.p).measure
        inside = measure * jnp.mean(energy.ritz(u, points.interior))
        sides: Any = 0.0
        if self.conditions == "soft":
            misfit = self.u(params, fixed, points.boundary, energy.value_only).value - points.given
            for span, part in zip(self.sampler.spans, energy.parts, strict=True):
                rows = misfit[span.start : span.stop]
                sides += part.measure * jnp.mean(jnp.sum(rows * rows * jnp.array(span.given), 1))
        return inside, sides

    def loss(self, params: PyTree, aux: RitzAux, ctx: Ctx) -> tuple[Scalar, RitzAux]:
        """The energy at new points."""
        inside, sides = self._integrals(params, aux.fixed, self.sampler.draw(ctx.key, {}))
        return inside + ctx.hp["penalty"] * sides, aux

    def step(self, s: GradState, phase: Phase, ctx: Ctx) -> tuple[GradState, Info]:
        """One update; the merit is the average of the losses."""
        new, info = super().step(s, phase, ctx)
        average = self.memory * s.aux.average + (1 - self.memory) * info.merit
        weight = self.memory * s.aux.weight + (1 - self.memory)
        aux = new.aux._replace(average=average, weight=weight)
        return new._replace(aux=aux), info._replace(merit=average / weight)

    def readout(self, s: GradState, ctx: Ctx) -> jax.Array:
        """The unknowns at the evaluation points, [n, unknowns]."""
        return self.values(s.params, s.aux.fixed, ctx)
