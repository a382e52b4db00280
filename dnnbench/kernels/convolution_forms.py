"""The ways to compute a correlation and its two gradients, on inputs that are padded already.

    y[a, b] = sum_{i,j} x[s a + i, s b + j] K[i, j]

`direct` is XLA's convolution. Its CPU compiler brings gradients into the one form it has fast code
for (batch and features at the ends, kernel [k, k, in, out]) in a program's outermost computation
only, so that inside a loop they run 7 to 25 times slower. Here that form is written out, and kept
by barriers from being simplified away: a step then costs the same inside and outside of loops.
`rows` is k matrix products on k shifted copies side by side (one where k = 1). `winograd` is for
3x3 with stride 1.

Measured and left out: all k^2 copies side by side (im2col; the copies cost more than the product),
k^2 products, XLA's channels first, a strided gradient in s^2 phases. The last three won on single
layers by at most a third, too little to keep them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from dnnbench.kernels import winograd

FORMS = ("direct", "rows", "winograd")

# Least channels on both sides from which Winograd pays, for the image and for the kernel.
_WINOGRAD, _WINOGRAD_KERNEL = 16, 64
_LAYOUT = ("NHWC", "HWIO", "NHWC")


class Forms(NamedTuple):
    """Which form computes what.

    Attributes:
        forward: the correlation.
        to_input: its gradient to the input.
        to_kernel: its gradient to the kernel.
    """

    forward: str
    to_input: str
    to_kernel: str


def choose_forms(
    platform: str, c_in: int, c_out: int, k: int, stride: int, dtype: str
) -> Forms | None:
    """The forms for a layer, by a fixed rule; None for XLA's own convolution and gradients.

    The rule was measured on one core in float32 on the layers of the two Deep Image Prior networks
    at 256x256 (`python scripts/bench_imaging.py --layers` prints the comparison).

    Args:
        platform: "cpu", "gpu" and so on.
        c_in: channels of the input.
        c_out: channels of the output.
        k: height and width of the kernel.
        stride: of the window.
        dtype: element type; in bfloat16 Winograd's sums lose too much.
    """
    if platform != "cpu":
        return None
    if k == 1:
        return Forms("rows", "rows", "rows")
    if k == 3 and stride == 1 and dtype != "bfloat16" and min(c_in, c_out) >= _WINOGRAD:
        to_kernel = "winograd" if min(c_in, c_out) >= _WINOGRAD_KERNEL else "direct"
        return Forms("winograd", "winograd", to_kernel)
    return Forms("direct", "direct", "direct" if stride == 1 else "rows")


def correlate(form: str, x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """The correlation where the window fits.

    Args:
        form: one of `FORMS`.
        x: [h, w, c_in], padded.
        kernel: [k, k, c_in, c_out].
        stride: of the window.

    Returns:
        [(h - k) // stride + 1, (w - k) // stride + 1, c_out].
    """
    if form == "winograd":
        return winograd.correlate(x, kernel)
    if form == "rows":
        return _rows(x, kernel, stride)
    return _direct(x, kernel, stride, 1)


def input_gradient(
    form: str, dy: jax.Array, kernel: jax.Array, stride: int, size: tuple[int, int]
) -> jax.Array:
    """Gradient of <dy, correlate(x, K)> in x.

    Args:
        form: one of `FORMS`.
        dy: [a, b, c_out].
        kernel: [k, k, c_in, c_out].
        stride: of the window.
        size: (h, w) of x.

    Returns:
        [h, w, c_in].
    """
    edge = kernel.shape[0] - 1
    # Where the last window does not reach the end of x, the rows beyond it have no gradient.
    widths = [(edge, n - stride * (m - 1) - 1) for n, m in zip(size, dy.shape[:2], strict=True)]
    turned = lax.optimization_barrier(kernel[::-1, ::-1].transpose(0, 1, 3, 2))
    if form == "direct":
        return _direct(dy, turned, 1, stride, widths)
    zero = jnp.zeros((), dy.dtype)
    spread = lax.pad(dy, zero, [(*widths[0], stride - 1), (*widths[1], stride - 1), (0, 0, 0)])
    return correlate(form, spread, turned, 1)


def kernel_gradient(form: str, x: jax.Array, dy: jax.Array, stride: int, k: int) -> jax.Array:
    """Gradient of <dy, correlate(x, K)> in K.

    Args:
        form: one of `FORMS`.
        x: [h, w, c_in], padded.
        dy: [a, b, c_out].
        stride: of the window.
        k: height and width of the kernel.

    Returns:
        [k, k, c_in, c_out].
    """
    if form == "winograd":
        return winograd.kernel_gradient(x, dy)
    if form == "rows":
        return _rows_to_kernel(x, dy, stride, k)
    images = lax.optimization_barrier(x.transpose(2, 0, 1)[..., None])
    windows = lax.optimization_barrier(dy[:, :, None, :])
    taps = lax.conv_general_dilated(
        images, windows, (1, 1), "VALID", rhs_dilation=(stride, stride), dimension_numbers=_LAYOUT
    )
    return taps[:, :k, :k].transpose(1, 2, 0, 3)


def _direct(
    x: jax.Array,
    kernel: jax.Array,
    stride: int,
    spread: int,
    widths: list[tuple[int, int]] | None = None,
) -> jax.Array:
    """XLA's convolution, with x spread out by zeros between its rows and columns."""
    return lax.conv_general_dilated(
        x[None],
        kernel,
        (stride, stride),
        widths or [(0, 0), (0, 0)],
        lhs_dilation=(spread, spread),
        dimension_numbers=_LAYOUT,
    )[0]


def _shifted(x: jax.Array, k: int, stride: int, width: int) -> jax.Array:
    """[h, w, c] -> [h, width, k c]: the k pixels of a window's row side by side."""
    last = stride * (width - 1) + 1
    copies = [x[:, j : j + last : stride] for j in range(k)]
    if k == 1:
        return copies[0]
    # Kept apart: fused into each of the k products' operands it would be copied k times.
    return lax.optimization_barrier(jnp.concatenate(copies, axis=-1))


def _rows(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """One product for each row of the kernel."""
    k, outputs = kernel.shape[0], kernel.shape[3]
    a, b = ((n - k) // stride + 1 for n in x.shape[:2])
    wide = _shifted(x, k, stride, b)
    last, depth = stride * (a - 1) + 1, wide.shape[2]
    parts = [
        wide[i : i + last : stride].reshape(a * b, depth) @ kernel[i].reshape(depth, outputs)
        for i in range(k)
    ]
    return sum(parts[1:], parts[0]).reshape(a, b, outputs)


def _rows_to_kernel(x: jax.Array, dy: jax.Array, stride: int, k: int) -> jax.Array:
    """One product over the pixels for each row of the kernel."""
    a, b, outputs = dy.shape
    wide = _shifted(x, k, stride, b)
    last, depth = stride * (a - 1) + 1, wide.shape[2]
    flat = dy.reshape(a * b, outputs)
    rows = [wide[i : i + last : stride].reshape(a * b, depth).T @ flat for i in range(k)]
    return jnp.stack(rows).reshape(k, k, x.shape[2], outputs)
