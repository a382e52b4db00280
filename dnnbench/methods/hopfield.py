"""Continuous Hopfield network: analog neurons whose weights are the instance.

Neuron i has an input u_i and an output v_i = tanh(u_i / u_0) in (-1, 1) (twice Hopfield's V_i in
(0, 1), minus one). Its circuit equation

    du_i / dt = -u_i / tau + (field_i - (A v)_i) / scale

is integrated by Euler steps. It descends U(v) / scale plus the leak's term (1 / tau) sum_i
int arctanh, whose weight falls with u_0: at high gain 1 / u_0 the stable states are the spin
vectors that no single flip improves. Where the gain is raised from a low value meanwhile
(`gain_start` below `gain_end`), the network follows the mean-field solution as it is cooled.

References:
    Hopfield, Neurons with graded response have collective computational properties like those of
    two-state neurons, PNAS 81:3088, 1984 (Eqs. 5 and 7); Hopfield & Tank, "Neural" computation of
    decisions in optimization problems, Biological Cybernetics 52:141, 1985 (tau = 1, u_0 = 0.02,
    start within 0.1 u_0 of the neutral state).
    Departs from it: those settings belong to the travelling salesman; for cuts none are published,
    so the couplings are divided by `scale`, the local field of random spins, and the Euler step is
    chosen: dt = u_0 / 4, stable at the start while no eigenvalue of A exceeds 8 scale. The gain is
    constant by default, as in 1985. Its geometric schedule is an addition; it comes to the mean
    field annealing of Peterson & Anderson (Complex Systems 1:995, 1987), integrated in time.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree, Scalar
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.kernels.spmm import spmm
from dnnbench.problems.cut.energy import QuadraticEnergy
from dnnbench.problems.cut.spins import external_field, field_scale


class Neurons(NamedTuple):
    """Inputs u, [n]."""

    u: jax.Array


@dataclass(frozen=True)
class Hopfield(OwnStepMethod):
    """Continuous Hopfield network of a quadratic binary problem.

    Attributes:
        energy: quadratic energy.
        num_steps: Euler steps of one restart.

    Hyperparameters (traced): `gain_start` and `gain_end`, first and last 1 / u_0; `tau`, the
    leak's time constant; `dt`, Euler step, in the same unit; `init_scale`, half-width of the
    uniform start of u in units of the first u_0.
    """

    energy: QuadraticEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "gain_start",
        "gain_end",
        "tau",
        "dt",
        "init_scale",
    )

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The external field [n] and 1 / scale."""
        field = external_field(self.energy.prepare(public))
        strength = jnp.asarray(1 / field_scale(self.energy.coupling_squares(public)), field.dtype)
        return {"field": field, "strength": strength}, {}

    def init(self, ctx: Ctx) -> Neurons:
        """Inputs near the neutral state."""
        linear, hp = ctx.problem.linear, ctx.hp
        width = hp["init_scale"] / hp["gain_start"]
        return Neurons(width * jax.random.uniform(ctx.key, linear.shape, linear.dtype, -1, 1))

    def gain(self, t: Scalar, hp: dict[str, Scalar]) -> Scalar:
        """1 / u_0 at step t: geometric from `gain_start` to `gain_end`."""
        share = t.astype(hp["gain_start"].dtype) / max(self.num_steps - 1, 1)
        return hp["gain_start"] * (hp["gain_end"] / hp["gain_start"]) ** share

    def step(self, s: Neurons, phase: Phase, ctx: Ctx) -> tuple[Neurons, Info]:
        """One Euler step; the merit is the first neuron's part of the energy, which is free."""
        hp, own = ctx.hp, ctx.method
        v = jnp.tanh(self.gain(ctx.t, hp) * s.u)
        current = own["strength"] * (own["field"] - spmm(ctx.problem.matrix, v))
        u = s.u + hp["dt"] * (current - s.u / hp["tau"])
        merit = -v[0] * current[0]
        return Neurons(u), Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def readout(self, s: Neurons, ctx: Ctx) -> jax.Array:
        """(1 + tanh u) / 2 in (0, 1)^n: above one half where the output is positive."""
        return (1 + jnp.tanh(s.u)) / 2
