"""L-BFGS with a strong Wolfe search: the last few pairs instead of a matrix.

References:
    Liu & Nocedal, Math. Program. 45:503, 1989; Nocedal & Wright, Numerical Optimization, 2nd ed.,
    2006, Algorithm 7.4 (two-loop recursion) and Equation 7.20 (scale of the initial matrix).
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Scalar
from dnnbench.errors import UserError
from dnnbench.optimizers.quasi_newton import Pair, QuasiNewton, dot

__all__ = ["LBFGS", "Pairs"]


class Pairs(NamedTuple):
    """The last m pairs, the newest last; empty places are zero.

    Attributes:
        s: steps [m, P].
        y: changes of the gradient [m, P].
        rho: 1 / s.y [m].
        gamma: scale of the initial matrix, s.y / y.y of the newest pair.
    """

    s: jax.Array
    y: jax.Array
    rho: jax.Array
    gamma: Scalar


@dataclass(frozen=True)
class LBFGS(QuasiNewton):
    """Limited-memory BFGS.

    Attributes:
        memory_size: pairs that are kept.
        search_steps: evaluations a line search may take.

    Raises:
        UserError: memory_size is below 1.
    """

    memory_size: int = 10
    search_steps: int = 20

    def __post_init__(self) -> None:
        if self.memory_size < 1:
            raise UserError(f"lbfgs: memory_size={self.memory_size} must be at least 1")

    def empty(self, x: jax.Array) -> Pairs:
        """No pairs."""
        pairs = jnp.zeros((self.memory_size, x.size), x.dtype)
        return Pairs(pairs, pairs, pairs[:, 0], jnp.ones((), x.dtype))

    def is_empty(self, memory: Pairs) -> Scalar:
        """Whether there are no pairs."""
        return memory.rho[-1] == 0

    def direction(self, memory: Pairs, grad: jax.Array) -> jax.Array:
        """-H g by the two-loop recursion."""

        def back(q: jax.Array, pair: tuple[jax.Array, ...]) -> tuple[jax.Array, Scalar]:
            s, y, rho = pair
            alpha = rho * dot(s, q)
            return q - alpha * y, alpha

        def forth(r: jax.Array, pair: tuple[jax.Array, ...]) -> tuple[jax.Array, None]:
            s, y, rho, alpha = pair
            return r + (alpha - rho * dot(y, r)) * s, None

        s, y, rho, gamma = memory
        q, alphas = jax.lax.scan(back, grad, (s, y, rho), reverse=True)
        return -jax.lax.scan(forth, gamma * q, (s, y, rho, alphas))[0]

    def learn(self, memory: Pairs, empty: Scalar, pair: Pair) -> tuple[Pairs, Scalar]:
        """The newest pair takes the place of the oldest."""
        gamma = pair.sy / dot(pair.y, pair.y)
        use = pair.use & jnp.isfinite(gamma)

        def push(old: jax.Array, new: jax.Array) -> jax.Array:
            return jnp.concatenate([old[1:], new[None]])

        kept = jax.tree.map(lambda old: jnp.where(empty, 0, old), memory)
        kept = kept._replace(gamma=jnp.where(empty, 1, memory.gamma))
        longer = Pairs(
            push(kept.s, pair.s), push(kept.y, pair.y), push(kept.rho, 1 / pair.sy), gamma
        )
        return jax.tree.map(lambda new, old: jnp.where(use, new, old), longer, kept), use
