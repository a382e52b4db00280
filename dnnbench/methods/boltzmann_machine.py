"""Boltzmann machine: a network of stochastic units whose connections are the instance, annealed.

Units are -1 or +1; unit i flips with probability

    1 / (1 + exp(-gain_i / T)),   gain_i = s_i (sum_j A_ij s_j + field_i),

where gain_i is what its flip takes off the energy and A, field are the Ising form of the quadratic
energy (for MaxCut: the weights, and none). Units that are not connected are updated at once, the
network's colour classes in turn, which is exactly a sequence of single updates. The temperature
falls linearly over a restart. A step is one sweep: every unit is asked once.

References:
    Korst & Aarts, Combinatorial optimization on a Boltzmann machine, Journal of Parallel and
    Distributed Computing 6:331, 1989 (the machine for MaxCut, the acceptance rule, limited
    parallelism over sets of independent units); Ackley, Hinton & Sejnowski, A learning algorithm
    for Boltzmann machines, Cognitive Science 9:147, 1985 (the network). Nothing is learned here.
    Departs from it: every unit is asked once a sweep in a fixed order, not at random; the
    temperature falls linearly, in units of the root mean square local field of independent spins,
    sqrt(sum_ij A_ij^2 / n), so that one setting serves graphs of any degree (of independent sets:
    of the mean weight of a vertex); chances come from 16 random bits, so that one below 8e-6 never
    comes true.
    A sweep is that of simulated annealing with heat-bath acceptance: what this method shows is
    how far that goes on the engine, in lanes, not a new principle.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.kernels.chromatic import make_chromatic, sweep
from dnnbench.problems.cut.energy import QuadraticEnergy


class Units(NamedTuple):
    """The units' states -1 or +1, [n], in the order by colour."""

    spins: jax.Array


@dataclass(frozen=True)
class BoltzmannMachine(OwnStepMethod):
    """Annealed Boltzmann machine of a quadratic binary problem.

    Attributes:
        energy: quadratic energy; its Ising form gives connections and fields.
        num_steps: sweeps of one restart, over which the temperature falls.

    Hyperparameters (traced): `initial_temperature`, `final_temperature`, in units of the energy's
    `temperature_unit`.
    """

    energy: QuadraticEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("initial_temperature", "final_temperature")

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The coloured network and the unit of temperature."""
        couplings = self.energy.couplings(public)
        linear = np.asarray(self.energy.prepare(public).linear, np.float64)
        field = np.asarray(couplings.sum(axis=1)) + linear
        unit = self.energy.temperature_unit(public, field)
        network = make_chromatic(couplings, field, self.energy.dtype)
        return {"network": network, "unit": jnp.asarray(unit, self.energy.dtype)}, {}

    def init(self, ctx: Ctx) -> Units:
        """Fair random units."""
        linear = ctx.problem.linear
        return Units(jax.random.rademacher(ctx.key, linear.shape, linear.dtype))

    def temperature(self, ctx: Ctx) -> jax.Array:
        """T of this step, in units of energy."""
        hp, unit = ctx.hp, ctx.method["unit"]
        progress = ctx.t.astype(unit.dtype) / self.num_steps
        return unit * (
            hp["initial_temperature"]
            + (hp["final_temperature"] - hp["initial_temperature"]) * progress
        )

    def step(self, s: Units, phase: Phase, ctx: Ctx) -> tuple[Units, Info]:
        """One sweep.

        The merit is the first unit's state: the energy would cost a product more and serves
        nothing, since the engine scores the units themselves.
        """
        n, dtype = s.spins.shape[0], s.spins.dtype
        bits = jax.random.bits(ctx.key, (n,), jnp.uint16).astype(dtype)
        uniform = (bits + 0.5) / 65536
        # u < 1 / (1 + exp(-gain / T)) as gain > T log(u / (1 - u)).
        thresholds = -self.temperature(ctx) * jnp.log(1 / uniform - 1)
        spins = sweep(ctx.method["network"], s.spins, thresholds)
        return Units(spins), Info(spins[0], jnp.isfinite(spins[0]), jnp.zeros((), bool))

    def readout(self, s: Units, ctx: Ctx) -> jax.Array:
        """(s + 1) / 2 in the order of the vertices, [n]."""
        return (s.spins[ctx.method["network"].rank] + 1) / 2
