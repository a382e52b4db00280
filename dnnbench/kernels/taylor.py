"""Derivatives of networks carried forward with the values: truncated Taylor arithmetic.

A `Jet` holds, at n points, the values of w functions, their first derivatives, and sums of second
derivatives that the equation asks for. A Laplacian is ONE such sum (a "forward Laplacian"), so
Poisson's equation in d dimensions costs d + 2 evaluations of the network and not d^2. Linear maps
act on all parts alike; elementwise functions follow the chain rule

    f(z)_i = f'(z) z_i,    f(z)_c = f'(z) z_c + f''(z) q_c,    q_c = sum_(i, j) w_ij z_i z_j.

The module doubles as a namespace of functions of numpy's names for formulas written once for
arrays and jets: `x * (1 - x) * xp.sin(xp.pi * y)` with `xp = dnnbench.kernels.taylor`.

References:
    Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, Chapter 13 (Taylor arithmetic).
    Li et al., A computational framework for neural network-based variational Monte Carlo with
    forward Laplacian, Nature Machine Intelligence 6, 2024, arXiv 2307.08214.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from dnnbench.kernels.jet import (
    Channel,
    Directions,
    Jet,
    check_alike,
    exp,
    lift,
    log,
    power,
    reciprocal,
)
from dnnbench.kernels.sine import polynomial_cosine, sine

__all__ = [
    "Channel",
    "Directions",
    "Jet",
    "concatenate",
    "constant",
    "cos",
    "cubed_relu",
    "dense",
    "exp",
    "log",
    "pi",
    "power",
    "reciprocal",
    "seed",
    "sin",
    "sqrt",
    "square",
    "tanh",
]

pi = math.pi


def seed(points: jax.Array, directions: Directions) -> Jet:
    """The coordinates themselves as a jet of width d.

    Args:
        points: [n, d].
        directions: what to carry.
    """
    n, d = points.shape
    if d != directions.coordinates:
        raise ValueError(f"points of {d} coordinates for directions of {directions.coordinates}")
    unit = jnp.eye(d, dtype=points.dtype)
    firsts = [jnp.broadcast_to(e[:, None], (d, n)) for e in unit] if directions.first else []
    seconds = [jnp.zeros((d, n), points.dtype) for _ in directions.second]
    return Jet.of((points.T, *firsts, *seconds), directions)


def constant(values: jax.Array, directions: Directions) -> Jet:
    """Functions [n, w] whose derivatives are zero."""
    zeros = (jnp.zeros_like(values.T) for _ in range(directions.blocks - 1))
    return Jet.of((values.T, *zeros), directions)


def concatenate(jets: Sequence[Jet]) -> Jet:
    """The functions of several jets at the same points, side by side."""
    for jet in jets:
        check_alike(jets[0], jet, widths=False)
    parts = zip(*(jet.parts for jet in jets), strict=True)
    return Jet.of((jnp.concatenate(part) for part in parts), jets[0].directions)


def dense(x: Jet, kernel: jax.Array, bias: jax.Array | None = None) -> Jet:
    """The linear map x W + b.

    Args:
        x: width w.
        kernel: [w, v].
        bias: [v], or None.
    """
    product = x.each(lambda z: kernel.T @ z)
    return product if bias is None else product + bias[None]


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return lift(x, jnp.tanh, lambda _, h: (1 - h * h, -2 * h * (1 - h * h)))


def sin(x: Any) -> Any:
    """Sine, see `kernels.sine`."""
    return lift(x, sine, lambda z, s: (_cosine(z), -s))


def cos(x: Any) -> Any:
    """Cosine, see `kernels.sine`."""
    return lift(x, _cosine, lambda z, c: (-sine(z), -c))


def sqrt(x: Any) -> Any:
    """Square root of positive values."""
    return lift(x, jnp.sqrt, lambda z, s: (0.5 / s, -0.25 / (s * z)))


def square(x: Any) -> Any:
    """x^2."""
    return lift(x, jnp.square, lambda z, _: (2 * z, 2.0))


def cubed_relu(x: Any) -> Any:
    """max(0, x)^3, the activation of the Deep Ritz method."""

    def rule(z: jax.Array, _: jax.Array) -> tuple[Any, Any]:
        positive = jnp.maximum(z, 0)
        return 3 * positive * positive, 6 * positive

    return lift(x, lambda z: jnp.maximum(z, 0) ** 3, rule)


def _cosine(x: jax.Array) -> jax.Array:
    if jax.default_backend() == "cpu" and x.dtype == jnp.float32:
        return polynomial_cosine(x)
    return jnp.cos(x)
