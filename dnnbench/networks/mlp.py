"""Multi-layer perceptrons on jets, for differential equations.

    h_0 = x,  h_i = f(h_{i-1} W_i + b_i),  y = h_L W + b

A network takes a jet of the coordinates (`kernels.taylor.seed`) and gives a jet of its outputs, so
the derivatives that the equation needs come with the values; with `Directions(d, False, ())` it is
a plain network.

References:
    Raissi, Perdikaris & Karniadakis, Physics-informed neural networks, J. Comput. Phys. 378, 2019.
    Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010, eq. 16 (uniform; the normal distribution of the same variance is usual too, and
    not cut off here).
"""

import math
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from dnnbench.errors import unknown
from dnnbench.kernels import taylor
from dnnbench.kernels.taylor import Jet

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": taylor.tanh,
    "sin": taylor.sin,
    "cubed_relu": taylor.cubed_relu,
}
INITS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "glorot_uniform": lambda noise: noise * (6 / sum(noise.shape)) ** 0.5,
    "glorot_normal": lambda noise: normal(noise) * (2 / sum(noise.shape)) ** 0.5,
    "fan_in_uniform": lambda noise: noise / noise.shape[0] ** 0.5,
}
"""Weights [w, v] from numbers that are uniform in (-1, 1)."""


def activation(name: str) -> Callable[[Any], Any]:
    """The function on jets.

    Raises:
        UserError: no such function.
    """
    if name not in ACTIVATIONS:
        raise unknown("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]


def initialiser(name: str) -> Callable[[jax.Array], jax.Array]:
    """The entry of `INITS`.

    Raises:
        UserError: no such initialisation.
    """
    if name not in INITS:
        raise unknown("initialisation", name, INITS)
    return INITS[name]


def uniform(key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
    """Numbers in (-1, 1), without the ends."""
    least = np.nextafter(np.asarray(-1, dtype), np.asarray(0, dtype))
    return jax.random.uniform(key, shape, dtype, least, 1)


def normal(noise: jax.Array) -> jax.Array:
    """Standard normal numbers from `uniform` ones."""
    return math.sqrt(2) * jax.lax.erf_inv(noise)


def draw(
    network: nn.Module,
    key: jax.Array,
    x: Jet,
    weight_init: str,
    factor: tuple[float, float] | None = None,
    scale: float = 0.0,
) -> dict[str, Any]:
    """What `network.init` gives, in the same distribution, from ONE draw of random numbers.

    Flax draws once a parameter, and XLA compiles each draw anew: for a perceptron of four hidden
    layers 1.2 s of processor time where this takes 0.4 s, for DGM three times as much.

    Args:
        network: made of `Dense` layers and Fourier features.
        key: of the draw.
        x: an input.
        weight_init: that of all layers.
        factor: that of all layers.
        scale: of the Fourier features.

    Raises:
        UserError: no such initialisation.
        ValueError: the network has parameters of other names.
    """
    init = initialiser(weight_init)
    leaves = flatten_dict(dict(jax.eval_shape(network.init, key, x)))
    drawn = {path: leaf for path, leaf in leaves.items() if path[-1] != "bias"}
    pool = uniform(key, (sum(leaf.size for leaf in drawn.values()),), x.dtype)
    ends = np.cumsum([leaf.size for leaf in drawn.values()])
    pieces = jnp.split(pool, ends[:-1])
    noise = {p: a.reshape(drawn[p].shape) for p, a in zip(drawn, pieces, strict=True)}
    made = {}
    for path, leaf in leaves.items():
        scales = (*path[:-1], "log_scale")
        match path[-1]:
            case "bias":
                made[path] = jnp.zeros(leaf.shape, leaf.dtype)
            case "kernel":
                made[path] = init(noise[path])
            case "frequencies":
                made[path] = scale * normal(noise[path])
            case "log_scale" if factor is not None:
                made[path] = factor[0] + factor[1] * normal(noise[path])
            case "direction" if factor is not None:
                log_scale = factor[0] + factor[1] * normal(noise[scales])
                made[path] = init(noise[path]) / jnp.exp(log_scale)
            case _:
                raise ValueError(f"no rule for the parameter {'/'.join(path)}")
    return unflatten_dict(made)


def parameter_count(params: Any) -> int:
    """Numbers that are trained: all of the collection `params`, none of `fixed`."""
    return sum(int(leaf.size) for leaf in jax.tree.leaves(params["params"]))


class Dense(nn.Module):
    """x W + b; W may be factorised as V diag(exp(s)), one s an output.

    Attributes:
        features: width of the output.
        weight_init: of W, a key of `INITS`; b begins at zero.
        dtype: of the parameters.
        factor: mean and standard deviation of the normal s, of which V and s are then trained in
            the place of W = V diag(exp(s)); None for W itself.
        bias: whether there is a b.
    """

    features: int
    weight_init: str
    dtype: Any
    factor: tuple[float, float] | None = None
    bias: bool = True

    @nn.compact
    def __call__(self, x: Jet) -> Jet:
        """Width w -> `features`."""
        weights, bias = self.weights(x.width), None
        if self.bias:
            bias = self.param("bias", nn.initializers.zeros, (self.features,), self.dtype)
        return taylor.dense(x, weights, bias)

    def weights(self, width: int) -> jax.Array:
        """W, [width, features]."""
        init, shape = initialiser(self.weight_init), (width, self.features)
        if self.factor is None:
            return self.param("kernel", lambda key: init(uniform(key, shape, self.dtype)))
        mean, deviation = self.factor

        def log_scale(key: jax.Array) -> jax.Array:
            return mean + deviation * normal(uniform(key, shape[1:], self.dtype))

        def direction(key: jax.Array) -> jax.Array:
            return init(uniform(key, shape, self.dtype)) / scale

        scale = jnp.exp(self.param("log_scale", log_scale))
        return self.param("direction", direction) * scale


class Mlp(nn.Module):
    """The perceptron.

    Attributes:
        width: of the hidden layers.
        depth: number of hidden layers.
        outputs: width of the output.
        activation: a key of `ACTIVATIONS`.
        weight_init: of the weights, a key of `INITS`; biases begin at zero.
        dtype: of the parameters; the input's too.
    """

    width: int
    depth: int
    outputs: int
    activation: str = "tanh"
    weight_init: str = "glorot_uniform"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Jet) -> Jet:
        """Coordinates or their embedding -> outputs."""
        f = activation(self.activation)
        for i in range(self.depth):
            x = f(Dense(self.width, self.weight_init, self.dtype, name=f"layer_{i}")(x))
        return Dense(self.outputs, self.weight_init, self.dtype, name="output")(x)
