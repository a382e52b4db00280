"""3x3 correlation by Winograd's minimal filtering F(2x2, 3x3): 16 products where 36 stood.

Tiles of 2x2 outputs read 4x4 inputs. With the transforms B, G, A along both axes,

    Y = A^T [(G K G^T) * (B^T X B)] A        summed over the input channels,

so a correlation is 16 matrix products [tiles, c_in] x [c_in, c_out], 2.25 times fewer operations
than the direct form, and the gradient to K is G^T [sum over tiles (B^T X B)(A dY A^T)] G.

References:
    Lavin & Gray, Fast algorithms for convolutional neural networks, CVPR 2016, arXiv 1509.09308,
    Section 4.1.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

_Parts = Sequence[jax.Array] | jax.Array


def _inputs(d: _Parts) -> list[jax.Array]:
    """B^T d: 4 inputs along one axis to 4 points."""
    return [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]]


def _kernels(g: _Parts) -> list[jax.Array]:
    """G g: 3 taps along one axis to 4 points."""
    return [g[0], (g[0] + g[1] + g[2]) * 0.5, (g[0] - g[1] + g[2]) * 0.5, g[2]]


def _outputs(m: _Parts) -> list[jax.Array]:
    """A^T m: 4 points to 2 outputs."""
    return [m[0] + m[1] + m[2], m[1] - m[2] - m[3]]


def _from_outputs(y: _Parts) -> list[jax.Array]:
    """A y: 2 outputs to 4 points."""
    return [y[0], y[0] + y[1], y[0] - y[1], -y[1]]


def _from_kernels(u: _Parts) -> list[jax.Array]:
    """G^T u: 4 points to 3 taps."""
    return [u[0] + (u[1] + u[2]) * 0.5, (u[1] - u[2]) * 0.5, (u[1] + u[2]) * 0.5 + u[3]]


def _even(x: jax.Array) -> jax.Array:
    """[h, w, c] with zeros below and to the right where a size is odd."""
    return jnp.pad(x, ((0, x.shape[0] % 2), (0, x.shape[1] % 2), (0, 0)))


def _both(parts: list[jax.Array]) -> jax.Array:
    """Stacked and kept apart from its readers: fused across both axes it takes long to compile."""
    return lax.optimization_barrier(jnp.stack(parts))


def _input_points(x: jax.Array) -> jax.Array:
    """[2 a + 2, 2 b + 2, c] -> [16, a b, c]."""
    a, b, c = x.shape[0] // 2 - 1, x.shape[1] // 2 - 1, x.shape[2]
    rows = _both(_inputs([x[i : i + 2 * a - 1 : 2] for i in range(4)]))
    points = _both(_inputs([rows[:, :, j : j + 2 * b - 1 : 2] for j in range(4)]))
    return points.reshape(16, a * b, c)


def correlate(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """sum_{i,j} x[a + i, b + j] K[i, j] where the window fits.

    Args:
        x: [h + 2, w + 2, c_in].
        kernel: [3, 3, c_in, c_out].

    Returns:
        [h, w, c_out].
    """
    h, w, outputs = x.shape[0] - 2, x.shape[1] - 2, kernel.shape[3]
    points = _input_points(_even(x))
    rows = jnp.stack(_kernels(kernel))
    taps = _both(_kernels([rows[:, j] for j in range(3)])).reshape(16, -1, outputs)
    a, b = -(-h // 2), -(-w // 2)
    products = lax.dot_general(points, taps, (((2,), (1,)), ((0,), (0,))))
    columns = _outputs(products.reshape(4, 4, a, b, outputs))
    wide = lax.optimization_barrier(jnp.stack(columns, axis=3).reshape(4, a, 2 * b, outputs))
    y = jnp.stack(_outputs(wide), axis=1).reshape(2 * a, 2 * b, outputs)
    return lax.optimization_barrier(y)[:h, :w]


def kernel_gradient(x: jax.Array, dy: jax.Array) -> jax.Array:
    """Gradient of <dy, correlate(x, K)> in K.

    Args:
        x: [h + 2, w + 2, c_in].
        dy: [h, w, c_out].

    Returns:
        [3, 3, c_in, c_out].
    """
    inputs, outputs = x.shape[2], dy.shape[2]
    even = _even(dy)
    rows = _both(_from_outputs([even[0::2], even[1::2]]))
    points = _both(_from_outputs([rows[:, :, 0::2], rows[:, :, 1::2]])).reshape(16, -1, outputs)
    sums = lax.dot_general(_input_points(_even(x)), points, (((1,), (1,)), ((0,), (0,))))
    columns = jnp.stack(_from_kernels(sums.reshape(4, 4, inputs, outputs)))
    return jnp.stack(_from_kernels([columns[:, i] for i in range(4)]))
