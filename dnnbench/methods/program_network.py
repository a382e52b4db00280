"""What methods share that train a perceptron on a linear or quadratic program."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Phase, PyTree
from dnnbench.engine.gradient import GradientMethod
from dnnbench.instances.program import Program
from dnnbench.kernels import taylor
from dnnbench.kernels.taylor import Directions, Jet
from dnnbench.methods.program_common import OfPrograms
from dnnbench.methods.program_units import Units, units
from dnnbench.networks.mlp import Mlp, draw
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.program.energy import ProgramEnergy

_INIT = "glorot_uniform"


@dataclass(frozen=True, kw_only=True)
class ProgramNetwork(OfPrograms, GradientMethod):
    """A perceptron of tanh under Adam; subclasses give `start`, `loss` and `readout`.

    Attributes:
        energy: the program's formulas.
        num_steps: Adam steps of one restart.
        width, depth: of the hidden layers.
        decay_rate, decay_every: what so many steps multiply the learning rate by, continuously.
        ruiz_rounds: rounds of Ruiz scaling of the units that outputs are in.

    Hyperparameters (traced): `learning_rate` of Adam.
    """

    energy: ProgramEnergy
    num_steps: int
    width: int
    depth: int
    decay_rate: float
    decay_every: int
    ruiz_rounds: int

    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate",)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam."""
        optimizer = adam(decay_rate=self.decay_rate, decay_every=self.decay_every)
        return (Phase("train", self.num_steps, optimizer),)

    def prepare_item(self, public: Program) -> Units:
        """Units of the program."""
        return units(public, self.ruiz_rounds)

    def fresh(self, key: jax.Array, inputs: int, outputs: int) -> PyTree:
        """The parameters as they begin, Xavier uniform."""
        point = jnp.zeros((1, inputs), jnp.dtype(self.energy.dtype))
        at = taylor.seed(point, Directions(inputs, False, ()))
        return draw(self._network(outputs), key, at, _INIT)["params"]

    def outputs(self, params: PyTree, x: jax.Array, first: bool = False) -> Jet:
        """The network at points x [k, inputs], with its derivatives if asked for."""
        at = taylor.seed(x, Directions(x.shape[1], first, ()))
        width = params["output"]["bias"].shape[0]
        found = self._network(width).apply({"params": params}, at)
        assert isinstance(found, Jet)
        return found

    def _network(self, outputs: int) -> Mlp:
        dtype = jnp.dtype(self.energy.dtype)
        return Mlp(self.width, self.depth, outputs, weight_init=_INIT, dtype=dtype)
