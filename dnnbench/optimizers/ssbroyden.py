"""Self-scaled Broyden and BFGS methods with a dense inverse Hessian.

With s, y the step and the change of the gradient, B = H^-1, b = s.Bs / s.y (where s = -alpha H g,
so Bs = -alpha g), h = y.Hy / s.y and a = b h - 1 >= 0, a member theta of Broyden's family with the
scale tau gives

    H' = (H - Hy Hy^T / y.Hy + phi (y.Hy) v v^T) / tau + s s^T / s.y,
    v = s / s.y - Hy / y.Hy,    phi = (1 - theta) / (1 + a theta).

v.y = 0, so H' y = s for every tau and phi; H' is positive definite if H is, s.y > 0, tau > 0 and
sigma = 1 + a theta > 0.

Cost of a step beside the loss: H is read for H g, read for H y, and read and written once for the
update: 32 P^2 bytes in float64.

References:
    Urban, Stefanou & Pons, J. Comput. Phys. 523:113656, 2025, arXiv 2405.04230: `ssbroyden` (there
    SSBroyden2) and `ssbfgs` (there with Al-Baali's scale) for physics-informed networks.
    Al-Baali & Khalfan, Wide interval for efficient self-scaling quasi-Newton algorithms, Optim.
    Methods Softw. 20:679, 2005: the interval of theta and tau.
    Nocedal & Wright, Numerical Optimization, 2nd ed., 2006, Equation 6.20: the scale of the first
    step for `bfgs`.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Scalar
from dnnbench.errors import unknown
from dnnbench.optimizers.quasi_newton import Pair, QuasiNewton, dot

__all__ = ["Dense", "SSBroyden", "Variant"]

Variant = Literal["ssbroyden", "ssbfgs", "bfgs"]


class Dense(NamedTuple):
    """A dense inverse Hessian.

    Attributes:
        h: [P, P].
        blank: whether it is the identity.
    """

    h: jax.Array
    blank: Scalar


def _square(x: jax.Array) -> jax.Array:
    """X x^T."""
    return x[:, None] * x[None, :]


@dataclass(frozen=True)
class SSBroyden(QuasiNewton):
    """Quasi-Newton steps with a dense, self-scaled inverse Hessian; meant for float64.

    Attributes:
        variant: `ssbroyden`, `ssbfgs` (theta = 0, tau = min(1, 1/b)) or `bfgs` (theta = 0,
            tau = 1).
        initial_scale: whether the first update after the identity takes tau = h / sigma, which
            scales it by the curvature just seen.
        search_steps: evaluations a line search may take.

    Raises:
        UserError: there is no such variant.
    """

    variant: Variant = "ssbroyden"
    initial_scale: bool = True
    search_steps: int = 20

    def __post_init__(self) -> None:
        if self.variant not in get_args(Variant):
            raise unknown("variant", self.variant, get_args(Variant))

    def empty(self, x: jax.Array) -> Dense:
        """The identity."""
        return Dense(jnp.eye(x.size, dtype=x.dtype), jnp.ones((), bool))

    def is_empty(self, memory: Dense) -> Scalar:
        """Whether H is the identity."""
        return memory.blank

    def direction(self, memory: Dense, grad: jax.Array) -> jax.Array:
        """-H g."""
        return -dot(memory.h, grad)

    def learn(self, memory: Dense, empty: Scalar, pair: Pair) -> tuple[Dense, Scalar]:
        """The update above, in one pass over H; H stays where a coefficient is not finite."""
        s, y, sy = pair.s, pair.y, pair.sy
        blank = memory.blank | empty
        hy = jnp.where(empty, y, dot(memory.h, y))
        yhy = dot(y, hy)
        tau, phi = self._scales(dot(s, pair.bs) / sy, yhy / sy, blank, s.size)
        of_hy, of_v, of_s = -1 / (tau * yhy), phi * yhy / tau, 1 / sy
        coefficients = jnp.stack([1 / tau, of_hy, of_v, of_s])
        use = pair.use & (tau > 0) & (yhy > 0) & jnp.all(jnp.isfinite(coefficients))
        base = jnp.where(empty, jnp.eye(s.size, dtype=s.dtype), memory.h)
        v = s / sy - hy / yhy
        # Entries (i, j) and (j, i) are computed alike, so H stays symmetric to the last bit.
        squares = of_hy * _square(hy) + of_v * _square(v) + of_s * _square(s)
        updated = base / tau + squares
        return Dense(jnp.where(use, updated, base), blank & ~use), use

    def _scales(self, b: Scalar, h: Scalar, blank: Scalar, size: int) -> tuple[Scalar, Scalar]:
        """(tau, phi) for P = `size`."""
        # a is 0 at least, by Cauchy and Schwarz; rounding must not make theta's bounds cross.
        a = jnp.maximum(b * h - 1, jnp.finfo(b.dtype).eps)
        theta, tau = jnp.zeros_like(b), jnp.ones_like(b)
        shrink = jnp.minimum(1, 1 / b)
        if self.variant == "ssbfgs":
            tau = shrink
        elif self.variant == "ssbroyden":
            rho = jnp.minimum(1, h * (1 - jnp.sqrt(a / (1 + a))))
            theta = jnp.maximum((rho - 1) / a, jnp.minimum(1 / rho, (1 - b) / b))
            sigma = 1 + a * theta
            root = jnp.abs(sigma) ** (1 / (1 - size)) if size > 1 else jnp.ones_like(sigma)
            tau = jnp.where(
                theta <= 0,
                jnp.minimum(shrink * root, sigma),
                shrink * jnp.minimum(root, 1 / theta),
            )
        sigma = 1 + a * theta
        if self.initial_scale:
            tau = jnp.where(blank, h / sigma, tau)
        return tau, (1 - theta) / sigma
