"""Optax update rules behind the engine's protocol, with traced hyperparameters."""

from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import optax

from dnnbench.engine.contract import Need, Oracle, PyTree, Scalar
from dnnbench.errors import UserError


@dataclass(frozen=True)
class FromOptax:
    """An optax transformation built anew in every trace from the lane's hyperparameters.

    Attributes:
        make: hyperparameters -> transformation; must give the same state structure each time.
        needs: what the transformation asks for: the gradient always; with `value` (and `frozen`)
            it is also given the loss and the loss function, for line searches.
    """

    make: Callable[[dict[str, Scalar]], optax.GradientTransformation]
    needs: frozenset[Need] = frozenset({"grad"})

    def init(self, params: PyTree, hp: dict[str, Scalar]) -> PyTree:
        """State of the transformation."""
        return self.make(hp).init(params)

    def renew(self, state: PyTree) -> PyTree:
        """Nothing is cached: value and gradient are computed anew in every step."""
        return state

    def update(
        self, oracle: Oracle, params: PyTree, state: PyTree, hp: dict[str, Scalar]
    ) -> tuple[PyTree, PyTree, Scalar, PyTree]:
        """One step of the transformation."""
        transformation = optax.with_extra_args_support(self.make(hp))
        (value, aux), gradient = oracle.value_and_grad(params)
        extra = {}
        if "value" in self.needs:
            extra = {"value": value, "grad": gradient, "value_fn": lambda p: oracle.value(p)[0]}
        updates, state = transformation.update(gradient, state, params, **extra)
        return optax.apply_updates(params, updates), state, value, aux


def adam(
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    decay_rate: float = 1.0,
    decay_every: int | None = None,
) -> FromOptax:
    """Adam with the traced hyperparameter `learning_rate` (Kingma & Ba 2015, arXiv 1412.6980).

    Args:
        b1: share of the mean gradient that is kept.
        b2: share of the mean squared gradient that is kept.
        eps: added to the root of the mean squared gradient.
        decay_rate: what `decay_every` steps multiply the learning rate by, continuously.
        decay_every: steps, counted from the phase's start; None for a constant rate.

    Raises:
        UserError: the decay is not positive, or only half of it is given.
    """
    if decay_rate <= 0 or (decay_every is not None and decay_every < 1):
        raise UserError("adam: decay_rate and decay_every must be positive")
    if decay_rate != 1 and decay_every is None:
        raise UserError("adam: decay_rate needs decay_every, the steps it takes")

    def make(hp: dict[str, Scalar]) -> optax.GradientTransformation:
        first = hp["learning_rate"]
        if decay_every is None:
            return optax.adam(first, b1=b1, b2=b2, eps=eps)

        def rate(t: Scalar) -> Scalar:
            # optax's own schedule divides the count in float32.
            return first * decay_rate ** (t.astype(jnp.result_type(first)) / decay_every)

        return optax.adam(rate, b1=b1, b2=b2, eps=eps)

    return FromOptax(make)


def adamw() -> FromOptax:
    """AdamW with traced `learning_rate` and `weight_decay` (arXiv 1711.05101)."""
    return FromOptax(lambda hp: optax.adamw(hp["learning_rate"], weight_decay=hp["weight_decay"]))


__all__ = ["FromOptax", "adam", "adamw"]
