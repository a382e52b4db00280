"""The network of the deep Galerkin method: gated layers that all see the coordinates.

    S = tanh(x W + b)
    in each layer:  Z, G, R = tanh(x U + S W + b), each with its own U, W, b
                    H = tanh(x U_H + (S * R) W_H + b_H),  S <- (1 - G) * H + Z * S
    y = S W + b

References:
    Sirignano & Spiliopoulos, DGM: A deep learning algorithm for solving partial differential
    equations, J. Comput. Phys. 375, 2018, arXiv 1708.07469.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from dnnbench.kernels import taylor
from dnnbench.kernels.taylor import Jet
from dnnbench.networks.mlp import Dense


class Gate(nn.Module):
    """tanh(x U + S W + b).

    Attributes:
        width: of S and of the output.
        weight_init: of the weights.
        dtype: of the parameters.
    """

    width: int
    weight_init: str
    dtype: Any

    @nn.compact
    def __call__(self, x: Jet, s: Jet) -> Jet:
        """Coordinates and state -> gate."""
        own = Dense(self.width, self.weight_init, self.dtype, name="input")(x)
        return taylor.tanh(
            own + Dense(self.width, self.weight_init, self.dtype, bias=False, name="state")(s)
        )


class DeepGalerkinNet(nn.Module):
    """The network.

    Attributes:
        width: of the state S.
        depth: number of gated layers after the first plain one.
        outputs: width of the output.
        weight_init: of the weights, a key of `mlp.INITS`; biases begin at zero.
        dtype: of the parameters; the input's too.
    """

    width: int
    depth: int
    outputs: int
    weight_init: str = "glorot_normal"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Jet) -> Jet:
        """Coordinates or their embedding -> outputs."""

        def gate(name: str) -> Gate:
            return Gate(self.width, self.weight_init, self.dtype, name=name)

        s = taylor.tanh(Dense(self.width, self.weight_init, self.dtype, name="first")(x))
        for i in range(self.depth):
            z, g, r = (gate(f"{name}_{i}")(x, s) for name in "zgr")
            h = gate(f"h_{i}")(x, s * r)
            s = h - g * h + z * s
        return Dense(self.outputs, self.weight_init, self.dtype, name="output")(s)
