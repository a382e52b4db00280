"""Hopfield and Tank's circuit: leaky neurons, a fixed penalty. A negative control.

Neuron j has an input u_j, an output x_j = g(u_j) within its bounds, and follows

    C du/dt = -(c + Q x + s A^T v) - u / R,

v the signed violation of rows. It descends

    c . x + x . Q x / 2 + s |v|^2 / 2 + (1 / R) sum_j int g^-1(x_j) dx_j,

and so rests beside the optimum. There y = -s v and r = c + Q x - A^T y = -u / R, that is:

- Each active row is violated by y_i / s: primal residual of order 1 / s, as without a leak
  (`kennedy_chua`).
- A neuron inside its bounds has a reduced cost of -u_j / R in the place of 0: it solves the program
  with cost c_j + u_j / R. Dual residual and gap are of order 1 / R.
- What that does to x: with the active constraints B x = b of a unique, nondegenerate vertex, B x -
  b = -(1 / s) B^-T (c + u / R), so x errs by O(1 / s) + O(1 / (s R)) only, as long as 1 / R is too
  small to leave the vertex. Where curvature holds x (a definite Q), or several x are optimal, x
  errs by O(1 / R) whatever s is.

With linear gain (x = u, clamped) the leak's energy is |x|^2 / (2 R). With sigmoid gain the neurons
with two finite bounds have x = l + (u - l) / (1 + exp(-4 u_j / (u - l))), of slope 1 at most: they
reach no bound, and the leak pulls to the middle.

Euler steps are stable below 2 for C_j = (|Q| 1)_j + s (|A|^T |A| 1)_j + 1 / R. A step is one
product each with A and A^T (and Q): at least 24 z + 8 (7 n + 2 m) bytes for a linear program with z
entries.

References:
    Tank & Hopfield, Simple "neural" optimization networks: an A/D converter, signal decision
    circuit, and a linear programming circuit, IEEE Trans. Circuits and Systems 33:533, 1986
    (f(z) = s z for violated rows; linear gain). Departs from it: C is not equal for all neurons;
    bounds of variables clamp the amplifiers (theirs are rows); Q; two-sided rows.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase
from dnnbench.instances.program import Program
from dnnbench.kernels.rectangular import matmul, matmul_t
from dnnbench.methods.kennedy_chua import Stiffness, row_sums
from dnnbench.methods.program_common import ProgramMethod, curved


class Inputs(NamedTuple):
    """Inputs u of the neurons, [n]."""

    u: jax.Array


@dataclass(frozen=True)
class HopfieldTank(ProgramMethod):
    """Leaky penalty circuit for linear and convex quadratic programs.

    Attributes:
        energy: the program's formulas.
        num_steps: Euler steps of one restart, which always begins with inputs of 0.
        gain: `linear`, or `sigmoid` for variables with two finite bounds.

    Hyperparameters (traced): `penalty`, s; `resistance`, R; `step`, Euler step in units of the
    capacitances, below 2.
    """

    gain: str

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("penalty", "resistance", "step")

    def prepare_item(self, public: Program) -> Stiffness:
        """Row sums of |Q| and |A|^T |A|."""
        return row_sums(public)

    def init(self, ctx: Ctx) -> Inputs:
        """No input."""
        return Inputs(jnp.zeros_like(ctx.problem.cost))

    def outputs(self, u: jax.Array, ctx: Ctx) -> jax.Array:
        """g(u), [n]."""
        data = ctx.problem
        x = self.energy.project(u, data)
        if self.gain == "linear":
            return x
        width = data.upper - data.lower
        boxed = jnp.isfinite(width) & (width > 0)
        width = jnp.where(boxed, width, 1)
        lower = jnp.where(boxed, data.lower, 0)
        return jnp.where(boxed, lower + width * jax.nn.sigmoid(4 * u / width), x)

    def multipliers(self, x: jax.Array, ctx: Ctx) -> jax.Array:
        """-s v, [m]."""
        rows = matmul(ctx.problem.matrix, x)
        return -ctx.hp["penalty"] * self.energy.row_violation(rows, ctx.problem)

    def step(self, s: Inputs, phase: Phase, ctx: Ctx) -> tuple[Inputs, Info]:
        """One Euler step; the merit is the largest current into a capacitance."""
        data, own, hp = ctx.problem, self.own(ctx), ctx.hp
        x = self.outputs(s.u, ctx)
        y = self.multipliers(x, ctx)
        slope = data.cost + curved(x, data) - matmul_t(data.matrix, y)
        current = slope + s.u / hp["resistance"]
        capacitance = own.quadratic + hp["penalty"] * own.matrix + 1 / hp["resistance"]
        merit = jnp.max(jnp.abs(current))
        moved = Inputs(s.u - hp["step"] * current / capacitance)
        return moved, Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def readout(self, s: Inputs, ctx: Ctx) -> jax.Array:
        """Outputs x and multipliers -s v, [n + m]."""
        x = self.outputs(s.u, ctx)
        return jnp.concatenate([x, self.multipliers(x, ctx)])

    def figures(self, s: Inputs, ctx: Ctx) -> dict[str, Any]:
        """Both biases: the largest violation, y / s, and reduced cost inside the bounds, u / R."""
        data, x = ctx.problem, self.outputs(s.u, ctx)
        y = self.multipliers(x, ctx)
        inside = (x > data.lower) & (x < data.upper)
        leak = jnp.abs(s.u) / ctx.hp["resistance"]
        return {
            "penalty_bias": jnp.max(jnp.abs(y), initial=0) / ctx.hp["penalty"],
            "leak_bias": jnp.max(jnp.where(inside, leak, 0), initial=0),
        }
