"""CRA: continuous relaxation annealing, a penalty whose weight rises from negative to positive.

To any relaxed loss of probabilities p it adds

    gamma(t) Phi(p),   Phi(p) = sum_i 1 - (2 p_i - 1)^alpha,   gamma(t) = gamma_0 + epsilon t

with alpha even. Phi is 0 exactly on binary points and at most n, at p = 1/2. While gamma < 0 the
term holds p at one half and makes the loss convex; once gamma > 0 it makes p binary, so that
rounding decides nothing. There is no last value of gamma: it rises until loss and Phi both stand
still.

References:
    Ichikawa, Controlling continuous relaxation for combinatorial optimization, NeurIPS 2024,
    arXiv 2309.16965; epsilon = 1e-3, alpha = 2, gamma_0 = -20 for independent sets and -6 for
    MaxCut; stopping rule as in the authors' repository CRA4CO.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from dnnbench.engine.contract import Scalar

HYPERPARAMETERS = ("gamma_start", "gamma_rate")


def discreteness(p: jax.Array, curve_rate: int) -> Scalar:
    """Phi(p) = sum_i 1 - (2 p_i - 1)^alpha of p [n]; alpha = curve_rate is even."""
    return jnp.sum(1 - lax.integer_pow(2 * p - 1, curve_rate))


def gamma(t: Scalar, hp: dict[str, Scalar], dtype: Any) -> Scalar:
    """The weight after t steps, from the hyperparameters `gamma_start` and `gamma_rate`."""
    return hp["gamma_start"] + hp["gamma_rate"] * t.astype(dtype)


def penalty(p: jax.Array, t: Scalar, hp: dict[str, Scalar], curve_rate: int) -> Scalar:
    """gamma(t) Phi(p)."""
    return gamma(t, hp, p.dtype) * discreteness(p, curve_rate)
