"""Convolution layers of one image, channels last, as neural networks mean them (no flip).

    convolve(x, K, s)[a, b] = sum_{i,j} x_padded[s a + i, s b + j] K[i, j]

with k // 2 pixels of padding on each side. The gradients are written by hand, see
`convolution_forms`; they can be differentiated again, in reverse mode.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax

from dnnbench.errors import unknown
from dnnbench.kernels import convolution_forms as forms
from dnnbench.kernels.convolution_forms import Forms, choose_forms

PADDINGS = ("reflect", "zero")


def convolve(
    x: jax.Array,
    kernel: jax.Array,
    stride: int = 1,
    padding: str = "reflect",
    chosen: Forms | None = None,
) -> jax.Array:
    """Correlate an image with a kernel of odd size.

    Args:
        x: [h, w, c_in].
        kernel: [k, k, c_in, c_out] of x's dtype, k odd.
        stride: of the window, both ways.
        padding: `reflect` (about the outermost pixel) or `zero`.
        chosen: how to compute it; None for the rule of `choose_forms`.

    Returns:
        [ceil(h / stride), ceil(w / stride), c_out] of x's dtype.

    Raises:
        ValueError: shapes that do not fit, or an image too small to be reflected.
        TypeError: two dtypes.
        UserError: a padding that does not exist.
    """
    _check(x, kernel, stride, padding)
    k, _, c_in, c_out = kernel.shape
    radius = k // 2
    if chosen is None:
        chosen = choose_forms(jax.default_backend(), c_in, c_out, k, stride, x.dtype.name)
    if chosen is None:
        padded = pad_zero(x, radius) if padding == "zero" else pad_reflect(x, radius)
        return forms.correlate("direct", padded, kernel, stride)
    return _convolve(x, kernel, stride, padding, chosen)


def pad_zero(x: jax.Array, radius: int) -> jax.Array:
    """[h, w, c] -> [h + 2 radius, w + 2 radius, c] with zeros."""
    return jnp.pad(x, ((radius, radius), (radius, radius), (0, 0)))


def pad_reflect(x: jax.Array, radius: int) -> jax.Array:
    """[h, w, c] -> [h + 2 radius, w + 2 radius, c], reflected about the outermost pixels."""
    if radius == 0:
        return x
    for axis in (0, 1):
        n = x.shape[axis]
        before = lax.rev(lax.slice_in_dim(x, 1, radius + 1, axis=axis), (axis,))
        after = lax.rev(lax.slice_in_dim(x, n - radius - 1, n - 1, axis=axis), (axis,))
        x = jnp.concatenate([before, x, after], axis=axis)
    return x


def fold_reflect(g: jax.Array, radius: int) -> jax.Array:
    """Transpose of `pad_reflect`: adds the margins to the pixels they were copied from."""
    if radius == 0:
        return g
    for axis in (1, 0):
        n = g.shape[axis] - 2 * radius
        inner = lax.slice_in_dim(g, radius, radius + n, axis=axis)
        before = lax.rev(lax.slice_in_dim(g, 0, radius, axis=axis), (axis,))
        after = lax.rev(lax.slice_in_dim(g, radius + n, n + 2 * radius, axis=axis), (axis,))
        # In place on two thin slices; adding padded margins would pass over the image again.
        for start, margin in ((1, before), (n - radius - 1, after)):
            old = lax.slice_in_dim(inner, start, start + radius, axis=axis)
            inner = lax.dynamic_update_slice_in_dim(inner, old + margin, start, axis)
        g = inner
    return g


def _check(x: jax.Array, kernel: jax.Array, stride: int, padding: str) -> None:
    if padding not in PADDINGS:
        raise unknown("padding", padding, PADDINGS)
    if x.ndim != 3 or kernel.ndim != 4:
        raise ValueError(f"expected x [h, w, c] and K [k, k, c, d], got {x.shape}, {kernel.shape}")
    k = kernel.shape[0]
    if kernel.shape[1] != k or k % 2 == 0:
        raise ValueError(f"expected a square kernel of odd size, got {kernel.shape[:2]}")
    if kernel.shape[2] != x.shape[2]:
        raise ValueError(f"x has {x.shape[2]} channels but the kernel expects {kernel.shape[2]}")
    if stride < 1:
        raise ValueError(f"the stride must be positive, got {stride}")
    if x.dtype != kernel.dtype:
        raise TypeError(f"x is {x.dtype.name} but the kernel is {kernel.dtype.name}")
    if padding == "reflect" and min(x.shape[:2]) <= k // 2:
        raise ValueError(
            f"an image of {x.shape[0]} x {x.shape[1]} pixels is too small to be reflected by "
            f"{k // 2}; it needs {k // 2 + 1} each way"
        )


def _padded(x: jax.Array, radius: int, padding: str) -> jax.Array:
    if radius == 0:
        return x
    wide = pad_zero(x, radius) if padding == "zero" else pad_reflect(x, radius)
    # Kept apart from its readers: fused into each of them it is computed and compiled many times.
    return lax.optimization_barrier(wide)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def _convolve(
    x: jax.Array, kernel: jax.Array, stride: int, padding: str, chosen: Forms
) -> jax.Array:
    padded = _padded(x, kernel.shape[0] // 2, padding)
    return forms.correlate(chosen.forward, padded, kernel, stride)


def _forward(
    x: jax.Array, kernel: jax.Array, stride: int, padding: str, chosen: Forms
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return _convolve(x, kernel, stride, padding, chosen), (x, kernel)


def _backward(
    stride: int,
    padding: str,
    chosen: Forms,
    saved: tuple[jax.Array, jax.Array],
    dy: jax.Array,
) -> tuple[jax.Array, jax.Array]:
    x, kernel = saved
    k = kernel.shape[0]
    radius = k // 2
    padded = _padded(x, radius, padding)
    to_kernel = forms.kernel_gradient(chosen.to_kernel, padded, dy, stride, k)
    size = padded.shape[0], padded.shape[1]
    wide = forms.input_gradient(chosen.to_input, dy, kernel, stride, size)
    if padding == "reflect":
        return fold_reflect(wide, radius), to_kernel
    return wide[radius : size[0] - radius, radius : size[1] - radius], to_kernel


_convolve.defvjp(_forward, _backward)
