"""FEM: free-energy machine, annealed mean-field free energy under RMSprop.

Independent spins with means m_i = tanh(h_i / 2), that is p_i = sigmoid(h_i), have the free energy
F = <U> - T S. While T falls, the local fields h follow its gradient,

    g_i = (1 - m_i^2) / 4 [ T h_i + c_i dE/dx_i ],

where E is linear in each bit x_i = (1 + s_i) / 2 and s = m or, as the authors have it for MaxCut,
sign(m) (the discretised gradient). For quadratic energies dE/dx = A s - field and they take
c_i = 1 / sum_j |A_ij|; for formulas E is the expected weight of violated constraints, and c_i = 1
leaves T one temperature for all variables. RMSprop with weight decay and momentum then moves h:

    g <- g + decay h,   v <- alpha v + (1 - alpha) g^2,   b <- momentum b + g / (sqrt(v) + eps),
    h <- h - learning_rate b.

References:
    Shen et al., Free-energy machine for combinatorial optimization, Nature Computational Science
    5:322, 2025, arXiv 2412.09285; gradient, optimiser and schedules as in the authors' benchmark
    scripts (Fanerst/FEM), which have other settings for each G-set graph, and for a few formulas.
    The defaults are theirs for G1 (1000 steps, linear in T), and for most formulas.
    Departs from it: the MaxCut script takes SGD instead of RMSprop on some graphs; only RMSprop is
    here. Energies with a linear part (none in MaxCut) count |field_i| in 1 / c_i. Isolated
    vertices have c_i = 0. The MaxSAT script has two logits for each variable, which move against
    each other; here h is their difference.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree, Scalar
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.problems.relaxed import Multilinear

_EPSILON = 1e-8  # of RMSprop, as in PyTorch


class LocalFields(NamedTuple):
    """Local fields h, running mean square v and momentum b of their gradient, all [n]."""

    h: jax.Array
    v: jax.Array
    b: jax.Array


@dataclass(frozen=True)
class FreeEnergyMachine(OwnStepMethod):
    """Free-energy machine of a binary problem.

    Attributes:
        energy: multilinear energy, of a graph, a quadratic model or a formula.
        num_steps: steps of one restart, over which T falls.
        schedule: what falls (or rises) evenly: T (`linear`), 1 / T (`inverse`) or log T
            (`exponential`).
        discretize: whether the energy's gradient is taken at sign(m) instead of m.
        units: what T counts in, 1 / c: energy, the problem's `temperature_unit` or each variable's
            `strength`.

    Hyperparameters (traced): `hot` and `cold`, first and last T; `learning_rate`, `alpha`,
    `momentum`, `weight_decay` of RMSprop; `init_scale`, standard deviation of the first h.
    """

    energy: Multilinear
    num_steps: int
    schedule: Literal["linear", "inverse", "exponential"]
    discretize: bool
    units: Literal["energy", "problem", "variable"]

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "hot",
        "cold",
        "learning_rate",
        "alpha",
        "momentum",
        "weight_decay",
        "init_scale",
    )

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The energy's field and c [n]."""
        data = self.energy.prepare(public)
        field = self.energy.field(data)
        unit = self.energy.strength(public, field)
        if self.units != "variable":
            whole = self.units == "problem"
            one = self.energy.temperature_unit(public, field) if whole else 1.0
            unit = np.where(unit > 0, one, 0.0)
        share = np.divide(1.0, unit, out=np.zeros_like(unit), where=unit > 0)
        return {"field": field, "share": jnp.asarray(share, self.energy.zeros(data).dtype)}, {}

    def init(self, ctx: Ctx) -> LocalFields:
        """Small Gaussian fields, optimiser at rest."""
        zeros = self.energy.zeros(ctx.problem)
        h = ctx.hp["init_scale"] * jax.random.normal(ctx.key, zeros.shape, zeros.dtype)
        return LocalFields(h, jnp.zeros_like(zeros), jnp.zeros_like(zeros))

    def temperature(self, t: Scalar, hp: dict[str, Scalar]) -> Scalar:
        """T at step t: `hot` at the first step, `cold` at the last."""
        hot, cold = hp["hot"], hp["cold"]
        share = t.astype(hot.dtype) / max(self.num_steps - 1, 1)
        if self.schedule == "inverse":
            return 1 / (1 / hot + (1 / cold - 1 / hot) * share)
        if self.schedule == "exponential":
            return hot * (cold / hot) ** share
        return hot + (cold - hot) * share

    def step(self, s: LocalFields, phase: Phase, ctx: Ctx) -> tuple[LocalFields, Info]:
        """One step of RMSprop; the merit is the first spin's part of the energy, which is free."""
        hp, own = ctx.hp, ctx.method
        m = jnp.tanh(0.5 * s.h)
        spins = jnp.sign(s.h) if self.discretize else m
        uphill = self.energy.spin_slopes(spins, ctx.problem, own["field"])
        slope = 0.25 * (1 - m * m)
        g = slope * (self.temperature(ctx.t, hp) * s.h + own["share"] * uphill)
        g = g + hp["weight_decay"] * s.h
        v = hp["alpha"] * s.v + (1 - hp["alpha"]) * g * g
        b = hp["momentum"] * s.b + g / (jnp.sqrt(v) + _EPSILON)
        h = s.h - hp["learning_rate"] * b
        merit = m[0] * uphill[0]
        finite = jnp.isfinite(merit) & jnp.isfinite(h[0])
        return LocalFields(h, v, b), Info(merit, finite, jnp.zeros((), bool))

    def readout(self, s: LocalFields, ctx: Ctx) -> jax.Array:
        """Probabilities p = sigmoid(h), [n]."""
        return jax.nn.sigmoid(s.h)
