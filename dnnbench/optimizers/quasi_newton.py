"""What quasi-Newton methods share: the step, its guards, and the reuse of the last evaluation.

A step is p = -H g, a strong Wolfe search along p, and an update of H from the pair
s = x' - x, y = g' - g. Methods differ in how they keep H (their `memory`).

The search begins with the length at which the loss would drop as far as it did in the step before
(1 at most). Self-scaled methods overestimate H; against a first trial of 1 this took, on a 2-D
Poisson network with 481 parameters, 197 instead of 441 evaluations to a loss of 1e-6.
"""

from functools import partial
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from dnnbench.engine.contract import Need, Oracle, PyTree, Scalar
from dnnbench.optimizers.line_search import Point, first_trial, look, nowhere, wolfe

__all__ = ["Pair", "QuasiNewton", "QuasiNewtonState", "dot"]

# Inner products decide about curvature: no reduced precision on accelerators.
dot = partial(jnp.matmul, precision="highest")

# So many steps in a row that find nothing end the run: the next one would look at the same points.
_IDLE = 3

# A predicted decrease below this many rounding errors of the loss says nothing about H.
_NOISE = 10


class Pair(NamedTuple):
    """What one step teaches about the curvature.

    Attributes:
        s: step [P].
        y: change of the gradient [P].
        sy: s . y.
        bs: H^-1 s [P], which needs no inverse: s = -length H g.
        use: whether the pair may be learnt: the search succeeded and s . y > 0.
    """

    s: jax.Array
    y: jax.Array
    sy: Scalar
    bs: jax.Array
    use: Scalar


class QuasiNewtonState(NamedTuple):
    """State of a quasi-Newton method.

    Attributes:
        memory: what it knows of the inverse Hessian.
        point: loss and gradient at the parameters, from the search that led there.
        length: step length of the last step, 0 if it stayed where it was.
        drop: change of the loss by the last step, 0 if that says nothing about the next one.
        evaluations: int32, losses with gradients computed so far.
        resets: int32, times the memory was emptied because it had become useless.
        skips: int32, steps that taught nothing (no acceptable point, or s . y <= 0).
        idle: int32, steps in a row that could not lower the loss for no fault of the memory's.
    """

    memory: PyTree
    point: Point
    length: Scalar
    drop: Scalar
    evaluations: Scalar
    resets: Scalar
    skips: Scalar
    idle: Scalar


class QuasiNewton:
    """Supplies all but `empty`, `direction` and `learn`, which subclasses give.

    The memory is emptied, and the step goes along the negative gradient, where H g is not finite
    or no direction of descent; it is emptied too where the search finds no acceptable point
    although the decrease that H predicts is well above the loss's rounding errors. Nothing that is
    not finite ever enters parameters or memory. Under vmap every branch is computed for all lanes:
    batch with `map`.

    Subclasses are frozen dataclasses with a field `search_steps`, the evaluations a search may
    take.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"grad", "value", "frozen"})
    search_steps: int

    def empty(self, x: jax.Array) -> PyTree:
        """Memory in which H is the identity, for parameters shaped like `x` [P]."""
        raise NotImplementedError

    def is_empty(self, memory: PyTree) -> Scalar:
        """Whether H is the identity."""
        raise NotImplementedError

    def direction(self, memory: PyTree, grad: jax.Array) -> jax.Array:
        """-H g [P]."""
        raise NotImplementedError

    def learn(self, memory: PyTree, empty: Scalar, pair: Pair) -> tuple[PyTree, Scalar]:
        """(memory, whether the pair was taken in) after emptying it if `empty` says so."""
        raise NotImplementedError

    def init(self, params: PyTree, hp: dict[str, Scalar]) -> QuasiNewtonState:
        """Empty memory, nothing known of the loss."""
        x = ravel_pytree(params)[0]
        count = jnp.zeros((), jnp.int32)
        zero = jnp.zeros((), x.dtype)
        return QuasiNewtonState(self.empty(x), nowhere(x), zero, zero, count, count, count, count)

    def renew(self, state: QuasiNewtonState) -> QuasiNewtonState:
        """Forget the loss and gradient of the last search, keep the curvature."""
        point = state.point._replace(stale=jnp.ones_like(state.point.stale))
        return state._replace(
            point=point, drop=jnp.zeros_like(state.drop), idle=jnp.zeros_like(state.idle)
        )

    def exhausted(self, state: QuasiNewtonState) -> Scalar:
        """Whether nothing better is found although the memory is not to blame.

        The decrease that it predicts drowns in the loss's rounding errors, or it is empty.
        """
        return state.idle >= _IDLE

    def update(
        self, oracle: Oracle, params: PyTree, state: QuasiNewtonState, hp: dict[str, Scalar]
    ) -> tuple[PyTree, QuasiNewtonState, Scalar, PyTree]:
        """One step."""
        x, restore = ravel_pytree(params)

        def loss(x: jax.Array) -> Scalar:
            return oracle.value(restore(x))[0].astype(x.dtype)

        start, looked = look(state.point, x, loss)
        newton = self.direction(state.memory, start.grad)
        # A slope of 0 is that of a minimum, or has underflowed on the way to it.
        descends = jnp.all(jnp.isfinite(newton)) & (dot(newton, start.grad) <= 0)
        direction = jnp.where(descends, newton, -start.grad)
        slope = dot(direction, start.grad)
        was_empty = self.is_empty(state.memory)
        # The identity knows no scale: its first trial has about length 1.
        drop = jnp.where(was_empty | ~descends, -jnp.sqrt(-slope) / 2, state.drop)
        found = wolfe(loss, start, direction, first_trial(drop, slope), self.search_steps)

        s, y = found.length * direction, found.point.grad - start.grad
        sy = dot(s, y)
        use = found.accepted & (sy > 0) & jnp.isfinite(1 / sy)
        noise = _NOISE * jnp.finfo(x.dtype).eps * jnp.abs(start.value)
        drowned = -slope <= noise
        misled = ~found.accepted & ~drowned
        idle = drowned | (~found.accepted & was_empty)
        empty = ~descends | misled
        pair = Pair(s, y, sy, -found.length * start.grad, use)
        memory, learnt = self.learn(state.memory, empty, pair)
        new = QuasiNewtonState(
            memory,
            found.point,
            found.length,
            found.point.value - start.value,
            state.evaluations + looked + found.evaluations,
            state.resets + (empty & ~was_empty),
            state.skips + ~learnt,
            jnp.where(idle, state.idle + 1, 0),
        )
        # Where aux does not depend on the parameters, the compiler drops this evaluation.
        aux = oracle.value(params)[1]
        return restore(found.point.x), new, start.value, aux
