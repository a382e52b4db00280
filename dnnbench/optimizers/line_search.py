"""Line searches on a flat parameter vector, which keep what they have computed.

The strong Wolfe search is optax's; its last evaluation is the loss and gradient of the next step's
start, so a quasi-Newton step whose first trial is accepted costs one evaluation.

References:
    Nocedal & Wright, Numerical Optimization, 2nd ed., 2006, Algorithms 3.5 and 3.6.
    Hager & Zhang, Algorithm 851: CG_DESCENT, ACM TOMS 32:113, 2006: the approximate decrease
    condition, which still tells points apart where the loss itself no longer can.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from dnnbench.engine.contract import Scalar

__all__ = ["Point", "Step", "first_trial", "grid", "look", "nowhere", "wolfe"]

# A step may raise the loss by this share of it, where the approximate conditions hold.
_RISE = 1e-6

Loss = Callable[[jax.Array], Scalar]


class Point(NamedTuple):
    """What is known of the loss at one point.

    Attributes:
        x: parameters [P].
        value: loss there.
        grad: its gradient there [P].
        stale: whether value and gradient belong to a loss that is no more.
    """

    x: jax.Array
    value: Scalar
    grad: jax.Array
    stale: Scalar


class Step(NamedTuple):
    """What a Wolfe search found.

    Attributes:
        point: where it ends; the start if nothing acceptable was found.
        length: multiple of the direction, 0 if nothing acceptable was found.
        accepted: whether the loss fell (or rose by no more than rounding) and all is finite.
        evaluations: int32, losses with their gradients that were computed.
    """

    point: Point
    length: Scalar
    accepted: Scalar
    evaluations: Scalar


def nowhere(x: jax.Array) -> Point:
    """A point of which nothing is known yet, for parameters shaped like `x`."""
    return Point(x, jnp.asarray(jnp.inf, x.dtype), jnp.zeros_like(x), jnp.ones((), bool))


def look(known: Point, x: jax.Array, loss: Loss) -> tuple[Point, Scalar]:
    """Loss and gradient at `x`: those of `known` if it is the same point, else computed.

    Returns:
        The point, and the evaluations it took (int32, 0 or 1).
    """

    def compute() -> Point:
        value, grad = jax.value_and_grad(loss)(x)
        return Point(x, value, grad, jnp.zeros((), bool))

    same = ~known.stale & jnp.all(known.x == x)
    point = jax.lax.cond(same, lambda: known, compute)
    return point, jnp.where(same, 0, 1).astype(jnp.int32)


def first_trial(drop: Scalar, slope: Scalar) -> Scalar:
    """The step length to try first: Nocedal & Wright, Equation 3.60.

    Args:
        drop: change of the loss by the step before, 0 if unknown.
        slope: directional derivative of the loss at the start.

    Returns:
        The minimiser of the parabola that has this slope and falls by this drop, a little longer,
        1 at most; 1 where that is not positive.
    """
    length = 2.02 * drop / slope
    return jnp.where(length > 0, jnp.minimum(length, 1), 1)


def wolfe(loss: Loss, start: Point, direction: jax.Array, guess: Scalar, most: int) -> Step:
    """A step along `direction` that satisfies the strong Wolfe conditions (1e-4 and 0.9).

    Args:
        loss: x [P] -> loss.
        start: where it begins.
        direction: a direction of descent [P].
        guess: first step length tried.
        most: evaluations allowed; where they do not suffice, the best point with sufficient
            decrease is taken.
    """
    search = optax.scale_by_zoom_linesearch(
        most, approx_dec_rtol=_RISE, initial_guess_strategy="keep"
    )
    state = search.init(start.x)._replace(learning_rate=jnp.asarray(guess, start.x.dtype))
    move, found = search.update(
        direction, state, start.x, value=start.value, grad=start.grad, value_fn=loss
    )
    # A search that fails may end where the loss is higher or not finite.
    accepted = (
        (found.learning_rate > 0)
        & (found.value <= start.value + _RISE * jnp.abs(start.value))
        & jnp.isfinite(found.value)
        & jnp.all(jnp.isfinite(found.grad))
    )
    end = Point(start.x + move, found.value, found.grad, jnp.zeros((), bool))
    point = jax.tree.map(lambda new, old: jnp.where(accepted, new, old), end, start)
    length = jnp.where(accepted, found.learning_rate, 0)
    evaluations = jnp.asarray(found.info.num_linesearch_steps, jnp.int32)
    return Step(point, length, accepted, evaluations)


def grid(
    loss: Loss, x: jax.Array, direction: jax.Array, halvings: int
) -> tuple[Scalar, Scalar, Scalar]:
    """The best of the step lengths 0, 1, 1/2, ... , 0.5^halvings.

    Returns:
        (the length with the least finite loss, 0 if no other is better; the loss at `x`; the
        number of losses computed, int32).
    """
    powers = jnp.asarray(0.5, x.dtype) ** jnp.arange(halvings + 1, dtype=x.dtype)
    lengths = jnp.concatenate([jnp.zeros((1,), x.dtype), powers])
    losses = jax.lax.map(lambda length: loss(x + length * direction), lengths)
    best = jnp.argmin(jnp.where(jnp.isfinite(losses), losses, jnp.inf))
    return lengths[best], losses[0], jnp.asarray(halvings + 2, jnp.int32)
