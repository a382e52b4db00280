"""What methods share whose network is the solution of a differential equation.

The network maps coordinates to unknowns; its derivatives come with its values
(`kernels.taylor`). Conditions are either asked for by a loss (`soft`) or built into an ansatz
(`hard`: u = lift + distance * network, where the equation has one); periodic coordinates enter as
sines and cosines if `harmonics` says so.
"""

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Phase, PyTree
from dnnbench.engine.gradient import GradientMethod
from dnnbench.errors import UserError, unknown
from dnnbench.kernels import taylor
from dnnbench.kernels.taylor import Directions, Jet
from dnnbench.networks.mlp import draw
from dnnbench.networks.pde import Embedding, make_network
from dnnbench.optimizers.phases import Schedule
from dnnbench.problems.pde.energy import PdeEnergy

CONDITIONS = ("soft", "hard")


@dataclass(frozen=True, kw_only=True)
class PdeNetwork(GradientMethod):
    """Network, ansatz, optimisers and readout; subclasses give `loss` and `start`.

    Attributes:
        energy: the equation.
        network: `mlp`, `modified_mlp`, `deep_galerkin` or `deep_ritz`.
        width, depth: of its hidden layers.
        activation: `tanh`, `sin` or `cubed_relu`.
        weight_init: of the weights: `glorot_normal`, `glorot_uniform`, or `fan_in_uniform`
            (PyTorch's default, which keeps towers of cubes small).
        normalize: whether the network is fed coordinates stretched to [-1, 1].
        harmonics: sines and cosines of periodic coordinates that the network is fed; 0 for the
            coordinates themselves.
        fourier_features: random sines and cosines that the network is fed; 0 for none.
        fourier_scale: standard deviation of their frequencies.
        conditions: `soft` or `hard`.
        optimizer, adam_steps, num_steps, decay_rate, decay_every, memory_size, rcond: see
            `optimizers.phases`.
    """

    energy: PdeEnergy
    network: str
    width: int
    depth: int
    activation: str
    weight_init: str
    normalize: bool
    harmonics: int
    fourier_features: int
    fourier_scale: float
    conditions: str
    optimizer: str
    adam_steps: int
    num_steps: int | None
    decay_rate: float
    decay_every: int
    memory_size: int
    rcond: float

    def __post_init__(self) -> None:
        """Check what the config's bounds cannot say."""
        if self.conditions not in CONDITIONS:
            raise unknown("conditions", self.conditions, CONDITIONS)
        pde = self.energy.pde
        if self.conditions == "hard":
            if not pde.offers("constrained"):
                raise UserError(f"{pde.name} has no ansatz: conditions=soft")
            if pde.periodic and not self.harmonics:
                raise UserError(f"{pde.name} is periodic: conditions=hard needs harmonics > 0")

    @property
    def schedule(self) -> Schedule:
        """The optimisers."""
        return Schedule(
            self.optimizer,
            self.adam_steps,
            self.num_steps,
            self.decay_rate,
            self.decay_every,
            self.memory_size,
            self.rcond,
            self.outer_every,
        )

    @property
    def outer_every(self) -> int | None:
        """Steps between two slow updates."""
        return None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Those of the schedule."""
        return self.schedule.phases

    @property
    def module(self) -> nn.Module:
        """The network, from a jet of the coordinates to one of the unknowns."""
        pde = self.energy.pde
        box = pde.domain(self.energy.p).box
        periods = tuple(
            (axis, high - low)
            for axis, (name, (low, high)) in enumerate(zip(pde.coordinates, box, strict=True))
            if name in pde.periodic and self.harmonics
        )
        embedding = Embedding(
            box=box if self.normalize else None,
            periods=periods,
            harmonics=self.harmonics,
            features=self.fourier_features,
            scale=self.fourier_scale,
        )
        return make_network(
            self.network,
            embedding,
            width=self.width,
            depth=self.depth,
            outputs=len(pde.unknowns),
            activation=self.activation,
            weight_init=self.weight_init,
            dtype=jnp.dtype(self.energy.dtype),
        )

    def fresh(self, key: jax.Array) -> tuple[PyTree, PyTree]:
        """(trained, fixed) parameters of a network."""
        point = jnp.zeros((1, len(self.energy.pde.coordinates)), jnp.dtype(self.energy.dtype))
        at = taylor.seed(point, self.energy.value_only)
        made = draw(self.module, key, at, self.weight_init, scale=self.fourier_scale)
        fixed = {name: part for name, part in made.items() if name != "params"}
        return made["params"], fixed

    def u(self, params: PyTree, fixed: PyTree, points: jax.Array, carry: Directions) -> Jet:
        """The unknowns at points [n, d], with the derivatives that `carry` names."""
        at = taylor.seed(points, carry)
        net: Any = self.module.apply({"params": params, **fixed}, at)
        return self.energy.constrained(net, at) if self.conditions == "hard" else net

    def values(self, params: PyTree, fixed: PyTree, ctx: Ctx) -> jax.Array:
        """The unknowns at the evaluation points, [n, unknowns]."""
        return self.u(params, fixed, ctx.problem.points, self.energy.value_only).value
