"""How likely independent bits violate each constraint of a group, with the derivatives.

The derivatives are written out, because differentiating slices and gathers pads and scatters. All
is done on [k m] rows, a block of m for each literal: on CPU three axes run at half the speed of
two.
"""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from dnnbench.instances.formula import Kind
from dnnbench.kernels.rectangular import matmul
from dnnbench.problems.satisfiability.groups import Group


@jax.custom_jvp
def violated(group: Group, x: jax.Array) -> jax.Array:
    """The chance that each constraint of the group is violated, [m].

    Multilinear in the chances x of the variables to be true, unless a constraint repeats one; exact
    on binary points. Differentiable in x in both modes and to any order; constant in the group. In
    reverse mode the cotangent of x is one product with the transpose, without scatters.

    Args:
        group: constraints.
        x: [n] in [0, 1].
    """
    q = matmul(group.literals, x) + group.offsets
    if group.kind is Kind.AT_LEAST:
        false = q.reshape(group.width, -1)
        return jnp.sum(_prefixes(false, group.bound)[0], axis=0)
    product = _product(jnp.split(q, group.width))
    if group.kind is Kind.XOR:
        return (1 + product) / 2
    if group.kind is Kind.NOT_ALL_EQUAL:
        return product + _product(jnp.split(1 - q, group.width))
    return product


@violated.defjvp
def _(
    primals: tuple[Group, jax.Array], tangents: tuple[Group, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    group, x = primals
    steps = _slopes(group, x) * matmul(group.literals, tangents[1])
    return violated(group, x), jnp.sum(steps.reshape(group.width, -1), axis=0)


def _slopes(group: Group, x: jax.Array) -> jax.Array:
    """Derivative of the chance in what each literal contributes (see `Group`), [k m]."""
    scale = 0.5 if group.kind is Kind.XOR else 1.0
    if group.others:
        read = (matmul(matrix, x) + offsets for matrix, offsets in group.others)
        return scale * functools.reduce(jnp.multiply, read)
    q = matmul(group.literals, x) + group.offsets
    if group.kind is Kind.AT_LEAST:
        return _pivotal(q.reshape(group.width, -1), group.bound).reshape(-1)
    slopes = scale * _products_of_others(jnp.split(q, group.width))
    if group.kind is Kind.NOT_ALL_EQUAL:
        return slopes - _products_of_others(jnp.split(1 - q, group.width))
    return slopes


def _product(factors: Sequence[jax.Array]) -> jax.Array:
    return functools.reduce(jnp.multiply, factors)


def _products_of_others(factors: Sequence[jax.Array]) -> jax.Array:
    """For each of k factors [m] the product of all others, [k m], without divisions."""
    k = len(factors)
    before, after = [jnp.ones_like(factors[0])] * k, [jnp.ones_like(factors[0])] * k
    for j in range(1, k):
        before[j] = factors[j - 1] if j == 1 else before[j - 1] * factors[j - 1]
        after[k - 1 - j] = factors[k - j] if j == 1 else after[k - j] * factors[k - j]
    inner = [b * a for b, a in zip(before[1:-1], after[1:-1], strict=True)]
    return jnp.concatenate([after[0], *inner, before[-1]] if k > 1 else before)


def _times(polynomial: jax.Array, false: jax.Array) -> jax.Array:
    """The coefficients [b, m] times those of q + (1 - q) t, for q = `false` [m]; higher ones drop.

    Each is a mean of two that are not negative, so errors stay relative.
    """
    shifted = jnp.concatenate([jnp.zeros_like(polynomial[:1]), polynomial[:-1]])
    return false * polynomial + (1 - false) * shifted


def _prefixes(false: jax.Array, bound: int) -> tuple[jax.Array, jax.Array]:
    """The first `bound` coefficients of the generating polynomial prod_j (q_j + (1 - q_j) t).

    Coefficient i is the chance that i literals are true.

    Args:
        false: q, [k, m].
        bound: b.

    Returns:
        That of all literals, [b, m], and those of the literals before each, [k, b, m].
    """
    first = (jnp.arange(bound) == 0).astype(false.dtype)
    one = jnp.broadcast_to(first[:, None], (bound, false.shape[1]))
    return lax.scan(lambda c, q: (_times(c, q), c), one, false)


def _pivotal(false: jax.Array, bound: int) -> jax.Array:
    """The chance that exactly `bound` - 1 of the other literals are true, for each, [k, m].

    This is the derivative of P(fewer than b are true) in the chance q_j to be false.
    """
    before = _prefixes(false, bound)[1]
    after = _prefixes(false[::-1], bound)[1][::-1]
    return jnp.sum(before * after[:, ::-1], axis=1)
