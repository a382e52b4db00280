"""First parameters of a network from ONE draw of random numbers.

A Flax network draws once a parameter, and XLA compiles each draw anew: 87 s for the 60 draws of a
skip network on a CPU, where this takes less than a second. The distributions are the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict

Path = tuple[str, ...]
Bound = Callable[[Path, tuple[int, ...]], float]


def uniform(bound: float) -> Callable[..., jax.Array]:
    """Initialiser: uniform in +-bound."""

    def init(key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return init


def fan_in_bound(path: Path, kernel: tuple[int, ...]) -> float:
    """1/sqrt(fan in) for kernels and biases alike, PyTorch's default.

    Args:
        path: of the parameter; without influence here.
        kernel: shape of its kernel, outputs last.
    """
    del path
    fan_in = 1
    for size in kernel[:-1]:
        fan_in *= size
    return fan_in**-0.5


def draw_parameters(
    network: nn.Module, key: jax.Array, x: Any, bound: Bound = fan_in_bound
) -> dict[str, Any]:
    """Parameters as `network.init` gives, in the same structure but not the same numbers.

    Args:
        network: whose parameters are called `kernel` and `bias` (uniform in +-bound) or, beside a
            `scale` of ones, `bias` (zeros).
        key: of the draw.
        x: an input, or its shape and dtype.
        bound: of a parameter, from its path and its kernel's shape.

    Raises:
        ValueError: a parameter of another name.
    """
    shapes: Mapping[str, Any] = jax.eval_shape(network.init, key, x)
    leaves = flatten_dict(dict(shapes))
    drawn = [p for p in leaves if (*p[:-1], "kernel") in leaves]
    total = sum(leaves[p].size for p in drawn)
    pool = jax.random.uniform(key, (total,), jnp.float32, -1.0, 1.0)
    found, start = {}, 0
    for path, leaf in leaves.items():
        kernel = (*path[:-1], "kernel")
        if kernel in leaves:
            part = pool[start : start + leaf.size].reshape(leaf.shape)
            start += leaf.size
            found[path] = (part * bound(path, leaves[kernel].shape)).astype(leaf.dtype)
        elif path[-1] == "scale":
            found[path] = jnp.ones(leaf.shape, leaf.dtype)
        elif path[-1] == "bias":
            found[path] = jnp.zeros(leaf.shape, leaf.dtype)
        else:
            raise ValueError(f"no rule for the parameter {'/'.join(path)}")
    return unflatten_dict(found)
