"""The network of the Deep Ritz method: residual blocks of two layers.

    s = x W_0 + b_0;  in each block  s <- s + f(f(s W_1 + b_1) W_2 + b_2);  y = s W + b

f is max(0, x)^3, which has the two continuous derivatives that the method's energy and its
gradient ask for; tanh is the usual choice in later code.

References:
    E & Yu, The Deep Ritz method: a deep learning-based numerical algorithm for solving
    variational problems, Commun. Math. Stat. 6, 2018, arXiv 1710.00211. The paper
    pads the coordinates with zeros to the width; here a linear layer takes them there.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from dnnbench.kernels.taylor import Jet
from dnnbench.networks.mlp import Dense, activation


class DeepRitzNet(nn.Module):
    """The network.

    Attributes:
        width: of the blocks.
        blocks: number of blocks of two layers.
        outputs: width of the output.
        activation: a key of `mlp.ACTIVATIONS`; the paper's is `cubed_relu`.
        weight_init: of the weights, a key of `mlp.INITS`; biases begin at zero.
        dtype: of the parameters; the input's too.
    """

    width: int
    blocks: int
    outputs: int
    activation: str = "cubed_relu"
    weight_init: str = "glorot_normal"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Jet) -> Jet:
        """Coordinates or their embedding -> outputs."""
        f = activation(self.activation)

        def layer(features: int, name: str) -> Dense:
            return Dense(features, self.weight_init, self.dtype, name=name)

        s = layer(self.width, "first")(x)
        for i in range(self.blocks):
            inner = f(layer(self.width, f"inner_{i}")(s))
            s = s + f(layer(self.width, f"outer_{i}")(inner))
        return layer(self.outputs, "output")(s)
