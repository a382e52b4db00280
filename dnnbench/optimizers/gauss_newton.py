"""Gauss-Newton, Levenberg-Marquardt, energy natural gradients and SPRING for residual losses.

The loss is L = r.r / N, its gradient 2 J^T r / N. With lambda = damping * L, the direction is, in
exact arithmetic the same twice,

    gram:    d = -(J^T J / N + lambda I)^+ J^T r / N      a [P, P] problem,
    kernel:  d = -J^T (J J^T + N lambda I)^+ r            an [N, N] problem, for N << P,

where ^+ counts eigenvalues below `rcond` times the largest as zero. Without damping `gram` is the
energy natural gradient of a linear equation. SPRING keeps a share mu of the last direction phi:

    d = phi_mu - J^T (J J^T + N lambda I)^+ (r + J phi_mu),    phi_mu = mu * phi.

Cost of a step beside J and the losses of the search: 2 N P^2 (or 2 N^2 P) operations for the
product and about 10 P^3 (10 N^3) for the eigenvectors, or P^3 / 3 with Cholesky's factor.

References:
    Nocedal & Wright, Numerical Optimization, 2nd ed., 2006, Sections 10.3 (both methods).
    Mueller & Zeinhofer, Achieving High Accuracy with PINNs via Energy Natural Gradient Descent,
    ICML 2023, arXiv 2302.13163: the Gram matrix and the search over 0.5^0 ... 0.5^30.
    Goldshlager, Abrahamsen & Lin, J. Comput. Phys. 516:113351, 2024, arXiv 2401.10190: SPRING;
    Guzman-Cordero et al., arXiv 2505.12149: the same for physics-informed networks.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from dnnbench.engine.contract import Need, Oracle, PyTree, Scalar
from dnnbench.errors import UserError, unknown
from dnnbench.optimizers.line_search import grid
from dnnbench.optimizers.quasi_newton import dot

__all__ = ["Form", "GaussNewton", "GaussNewtonState"]

Form = Literal["gram", "kernel"]


class GaussNewtonState(NamedTuple):
    """State of a Gauss-Newton method.

    Attributes:
        previous: the last direction [P], zero before the first step and after a fallback.
        length: step length of the last step, 0 if no length of the grid was better.
        evaluations: int32, losses computed so far (each step computes one Jacobian besides).
        fallbacks: int32, steps along the negative gradient because the solve failed.
    """

    previous: jax.Array
    length: Scalar
    evaluations: Scalar
    fallbacks: Scalar


@dataclass(frozen=True)
class GaussNewton:
    """Steps along a Gauss-Newton direction, of the best length among 1, 1/2, ..., 0.5^halvings.

    Attributes:
        rcond: eigenvalues below this share of the largest count as zero; 0 solves by Cholesky's
            factorisation instead, which needs damping unless the matrix is regular.
        form: `gram` or `kernel`.
        damping: lambda as a share of the loss (Levenberg-Marquardt); 0 for none.
        momentum: SPRING's mu; needs form `kernel`.
        halvings: the shortest step tried is 0.5^halvings; where none is better than no step, the
            parameters stay.

    Raises:
        UserError: an option is out of range, or momentum is asked for with form `gram`.
    """

    rcond: float
    form: Form = "gram"
    damping: float = 0.0
    momentum: float = 0.0
    halvings: int = 30
    needs: ClassVar[frozenset[Need]] = frozenset({"value", "jacobian", "frozen"})

    def __post_init__(self) -> None:
        if self.form not in get_args(Form):
            raise unknown("form", self.form, get_args(Form))
        if self.rcond < 0 or self.damping < 0:
            raise UserError("gauss_newton: rcond and damping cannot be negative")
        if not 0 <= self.momentum < 1 or (self.momentum and self.form != "kernel"):
            raise UserError("gauss_newton: momentum lies in [0, 1) and needs form=kernel")
        if self.halvings < 0:
            raise UserError("gauss_newton: halvings cannot be negative")

    def init(self, params: PyTree, hp: dict[str, Scalar]) -> GaussNewtonState:
        """No direction yet."""
        x = ravel_pytree(params)[0]
        count = jnp.zeros((), jnp.int32)
        return GaussNewtonState(jnp.zeros_like(x), jnp.zeros((), x.dtype), count, count)

    def renew(self, state: GaussNewtonState) -> GaussNewtonState:
        """Nothing is cached: the last direction is as good a guess on new points."""
        return state

    def exhausted(self, state: GaussNewtonState) -> Scalar:
        """Whether the last step stayed where it was, so that the next one would be the same."""
        return state.length == 0

    def update(
        self, oracle: Oracle, params: PyTree, state: GaussNewtonState, hp: dict[str, Scalar]
    ) -> tuple[PyTree, GaussNewtonState, Scalar, PyTree]:
        """One step; the loss value is the one before it."""
        assert oracle.jacobian is not None
        x, restore = ravel_pytree(params)
        r, jacobian = oracle.jacobian(params)
        newton = self._direction(r, jacobian, state.previous)
        solved = jnp.all(jnp.isfinite(newton))
        gradient = 2 * dot(r, jacobian) / r.size
        # Without finite derivatives the direction is zero and the parameters stay.
        descent = jnp.where(jnp.all(jnp.isfinite(gradient)), -gradient, 0)
        direction = jnp.where(solved, newton, descent)

        def loss(x: jax.Array) -> Scalar:
            return oracle.value(restore(x))[0]

        length, value, evaluations = grid(loss, x, direction, self.halvings)
        new = GaussNewtonState(
            jnp.where(solved, newton, 0),
            length,
            state.evaluations + evaluations,
            state.fallbacks + ~solved,
        )
        # Where aux does not depend on the parameters, the compiler drops this evaluation.
        aux = oracle.value(params)[1]
        return restore(x + length * direction), new, value, aux

    def _direction(self, r: jax.Array, jacobian: jax.Array, previous: jax.Array) -> jax.Array:
        shift = self.damping * jnp.mean(jnp.square(r))
        if self.form == "gram":
            gram = dot(jacobian.T, jacobian) / r.size
            return self._solve(gram, shift, -dot(r, jacobian) / r.size)
        kernel = dot(jacobian, jacobian.T)
        if not self.momentum:
            return -dot(self._solve(kernel, r.size * shift, r), jacobian)
        kept = self.momentum * previous
        left = r + dot(jacobian, kept)
        return kept - dot(self._solve(kernel, r.size * shift, left), jacobian)

    def _solve(self, matrix: jax.Array, shift: Scalar, rhs: jax.Array) -> jax.Array:
        """(matrix + shift I)^+ rhs for a symmetric positive semi-definite matrix."""
        eye = jnp.eye(rhs.size, dtype=rhs.dtype)
        finite = jnp.all(jnp.isfinite(matrix)) & jnp.all(jnp.isfinite(rhs)) & jnp.isfinite(shift)
        # What the factorisations make of non-finite input differs from one backend to another.
        safe = jnp.where(finite, matrix + shift * eye, eye)
        if self.rcond == 0:
            solution = jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(safe), rhs)
        else:
            values, vectors = jnp.linalg.eigh(safe, symmetrize_input=False)
            large = values > self.rcond * values[-1]
            inverse = jnp.where(large, 1 / jnp.where(large, values, 1), 0)
            solution = dot(vectors, inverse * dot(rhs, vectors))
        return jnp.where(finite, solution, jnp.nan)
