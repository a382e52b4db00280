"""Rank-k relaxation: unit vectors for spins, trained by gradient, rounded by random hyperplanes.

Spin i becomes a vector v_i on the sphere in R^k; minimised is

    U(V) = 1/2 sum_ij A_ij v_i . v_j - sum_i h_i v_i . e_1,

the semidefinite relaxation restricted to rank k (its optimum once k >= sqrt(2 n), generically).
As in ROS, the relaxation is optimised by Adam until it stalls, then sampled, and the best sample
kept; the sampler is Goemans and Williamson's: sign(v_i . r) for normal r, times sign(e_1 . r). For
nonnegative weights each sample's expected cut is at least 0.878 of the relaxed one, whatever V is.

References:
    Burer & Monteiro, A nonlinear programming algorithm for solving semidefinite programs via
    low-rank factorization, Mathematical Programming 95:329, 2003; Goemans & Williamson, Improved
    approximation algorithms for maximum cut, JACM 42:1115, 1995; relax, optimise and sample after
    Qiu, Xue, Wang, Wang, Shi, Luo, ROS, ICML 2025, arXiv 2412.05146 (100 samples; stop once the
    lowest loss has fallen by no more than `tolerance` for `patience` steps in a row).
    Departs from them: ROS parametrises a simplex by a graph network, here the vectors are trained
    directly; the constraint is kept by normalising after each step instead of multipliers; planes
    are drawn at every scoring, not only at the end; Adam's step is chosen on generated graphs.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.cut.energy import QuadraticEnergy
from dnnbench.problems.cut.spins import external_field, spin_energy


class Stall(NamedTuple):
    """Lowest loss so far, and int32 steps in a row without progress."""

    lowest: Scalar
    streak: Scalar


@dataclass(frozen=True)
class RankK(GradientMethod):
    """Vectors on spheres for a quadratic binary problem.

    Attributes:
        energy: quadratic energy.
        rank: dimension k, or None for ceil(sqrt(2 n)).
        planes: random hyperplanes at each scoring.
        num_steps: most steps of one restart.
        patience: steps in a row without progress that end a restart.

    Hyperparameters (traced): `learning_rate` of Adam; `tolerance`, change of the loss that does
    not yet count as progress, in units of the energy U.
    """

    energy: QuadraticEnergy
    rank: int | None
    planes: int
    num_steps: int
    patience: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "tolerance")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam."""
        return (Phase("train", self.num_steps, adam()),)

    @property
    def ensemble_axis(self) -> int:
        """The readout is [n, planes]."""
        return 1

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The external field [n]."""
        return external_field(self.energy.prepare(public)), {}

    def start(self, ctx: Ctx) -> tuple[jax.Array, Stall]:
        """Uniform directions [n, k]."""
        linear = ctx.problem.linear
        n = linear.shape[0]
        k = self.rank if self.rank is not None else max(2, math.ceil(math.sqrt(2 * n)))
        vectors = normalized(jax.random.normal(ctx.key, (n, k), linear.dtype))
        return vectors, Stall(jnp.asarray(jnp.inf, linear.dtype), jnp.zeros((), jnp.int32))

    def loss(self, params: jax.Array, aux: Stall, ctx: Ctx) -> tuple[Scalar, Stall]:
        """U at the normalised vectors, so that the gradient is tangent to the spheres."""
        first = jnp.arange(params.shape[1]) == 0
        field = ctx.method[:, None] * first
        return spin_energy(ctx.problem, field, normalized(params)), aux

    def project(self, params: jax.Array, ctx: Ctx) -> jax.Array:
        """Back to the spheres."""
        return normalized(params)

    def converged(self, value: Scalar, aux: Stall, ctx: Ctx) -> tuple[Stall, Scalar]:
        """Stop after `patience` steps in a row without progress."""
        progress = value < aux.lowest - ctx.hp["tolerance"]
        streak = jnp.where(progress, 0, aux.streak + 1)
        return Stall(jnp.minimum(value, aux.lowest), streak), streak >= self.patience

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """Sides of random hyperplanes as 0 and 1, [n, planes]."""
        shape = (s.params.shape[1], self.planes)
        normals = jax.random.normal(ctx.key, shape, s.params.dtype)
        side = s.params @ normals * jnp.sign(normals[0])
        return (side > 0).astype(s.params.dtype)


def normalized(vectors: jax.Array) -> jax.Array:
    """Rows of unit length; `vectors` [n, k] without zero rows."""
    return vectors * jax.lax.rsqrt(jnp.sum(vectors * vectors, axis=1, keepdims=True))
