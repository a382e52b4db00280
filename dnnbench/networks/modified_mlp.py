"""The modified perceptron: two encodings of the input, mixed anew in every layer.

    U = f(x W_U + b_U),  V = f(x W_V + b_V),  h_0 = x
    z_i = f(h_{i-1} W_i + b_i),  h_i = (1 - z_i) * U + z_i * V,  y = h_L W + b

Random weight factorisation trains s and V of each W = V diag(exp(s)) instead of W: every neuron
gets a learning rate of its own.

References:
    Wang, Teng & Perdikaris, Understanding and mitigating gradient flow pathologies in
    physics-informed neural networks, SIAM J. Sci. Comput. 43(5), 2021, arXiv 2001.04536.
    The paper's gates begin after a first plain layer; here, as in its authors' later code, each of
    the `depth` hidden layers has one.
    Wang, Wang, Seidman & Perdikaris, Random weight factorization improves the training of
    continuous neural representations, arXiv 2210.01274.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from dnnbench.kernels.taylor import Jet
from dnnbench.networks.mlp import Dense, activation

FACTOR = (1.0, 0.1)
"""Mean and standard deviation of the factorisation's s in Wang et al. 2023, arXiv 2308.08468."""


class ModifiedMlp(nn.Module):
    """The network.

    Attributes:
        width: of the hidden layers.
        depth: number of hidden layers.
        outputs: width of the output.
        activation: a key of `mlp.ACTIVATIONS`.
        weight_init: of the weights, a key of `mlp.INITS`; biases begin at zero.
        factor: mean and standard deviation of s for random weight factorisation, or None.
        dtype: of the parameters; the input's too.
    """

    width: int
    depth: int
    outputs: int
    activation: str = "tanh"
    weight_init: str = "glorot_normal"
    factor: tuple[float, float] | None = None
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Jet) -> Jet:
        """Coordinates or their embedding -> outputs."""
        f = activation(self.activation)

        def layer(features: int, name: str) -> Dense:
            return Dense(features, self.weight_init, self.dtype, self.factor, name=name)

        u, v = (f(layer(self.width, name)(x)) for name in ("encoder_u", "encoder_v"))
        difference = v - u
        for i in range(self.depth):
            z = f(layer(self.width, f"layer_{i}")(x))
            x = u + z * difference
        return layer(self.outputs, "output")(x)
