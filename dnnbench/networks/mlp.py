"""Multi-layer perceptrons on jets, for differential equations.

    h_0 = x,  h_i = f(h_{i-1} W_i + b_i),  y = h_L W + b

A network takes a jet of the coordinates (`kernels.taylor.seed`) and gives a jet of its outputs, so
the derivatives that the equation needs come with the values; with `Directions(d, False, ())` it is
a plain network.

References:
    Raissi, Perdikaris & Karniadakis, Physics-informed neural networks, J. Comput. Phys. 378, 2019.
    Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010, eq. 16 (uniform).
"""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from dnnbench.errors import unknown
from dnnbench.kernels import taylor
from dnnbench.kernels.taylor import Jet

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": taylor.tanh,
    "sin": taylor.sin,
    "cubed_relu": taylor.cubed_relu,
}
INITS: dict[str, Callable[..., jax.Array]] = {
    "glorot_uniform": nn.initializers.glorot_uniform(),
    "glorot_normal": nn.initializers.glorot_normal(),
}


def activation(name: str) -> Callable[[Any], Any]:
    """The function on jets.

    Raises:
        UserError: no such function.
    """
    if name not in ACTIVATIONS:
        raise unknown("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]


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
        if self.weight_init not in INITS:
            raise unknown("initialisation", self.weight_init, INITS)
        init, shape = INITS[self.weight_init], (width, self.features)
        if self.factor is None:
            return self.param("kernel", init, shape, self.dtype)
        mean, deviation = self.factor

        def draw(key: jax.Array) -> jax.Array:
            return mean + deviation * jax.random.normal(key, (self.features,), self.dtype)

        scale = jnp.exp(self.param("log_scale", draw))
        direction = self.param("direction", lambda key: init(key, shape, self.dtype) / scale)
        return direction * scale


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
