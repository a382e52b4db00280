"""Doubling, enlarging and cropping of one image [h, w, c]."""

import jax
import jax.numpy as jnp

from dnnbench.errors import unknown

UPSAMPLINGS = ("bilinear", "nearest")


def upsample(x: jax.Array, kind: str) -> jax.Array:
    """Twice as high and wide, [h, w, c] -> [2 h, 2 w, c].

    Args:
        x: image.
        kind: `nearest` repeats every pixel; `bilinear` puts the pixels' centres on the half
            integers (PyTorch's `align_corners=False`), clamped at the border.

    Raises:
        UserError: a kind that does not exist.
    """
    if kind == "bilinear":
        return _double(_double(x, 0), 1)
    if kind == "nearest":
        return _repeat(_repeat(x, 0), 1)
    raise unknown("upsampling", kind, UPSAMPLINGS)


def crop(x: jax.Array, height: int, width: int) -> jax.Array:
    """The first rows and columns."""
    return x[:height, :width]


def enlarge(x: jax.Array, least: int) -> jax.Array:
    """Reflect an image until both sides have at least `least` pixels; it stays at the top left.

    Args:
        x: [h, w, c], h and w at least 2.
        least: smallest size wanted.

    Raises:
        ValueError: a side of one pixel, which has nothing to reflect.
    """
    h, w = x.shape[:2]
    if min(h, w) < 2:
        raise ValueError(f"an image of {h} x {w} pixels is too small: 2 are needed each way")
    if min(h, w) >= least:
        return x
    return jnp.pad(x, ((0, max(least - h, 0)), (0, max(least - w, 0)), (0, 0)), mode="reflect")


def _interleave(even: jax.Array, odd: jax.Array, axis: int) -> jax.Array:
    shape = list(even.shape)
    shape[axis] *= 2
    # Kept apart from its readers (normalisations read it often), or it is computed for each.
    return jax.lax.optimization_barrier(jnp.stack([even, odd], axis=axis + 1).reshape(shape))


def _repeat(x: jax.Array, axis: int) -> jax.Array:
    return _interleave(x, x, axis)


def _ends(x: jax.Array, axis: int) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """First, all but the last, all but the first, last."""
    n = x.shape[axis]
    cut = [jax.lax.slice_in_dim(x, i, j, axis=axis) for i, j in ((0, 1), (0, n - 1), (1, n))]
    return cut[0], cut[1], cut[2], jax.lax.slice_in_dim(x, n - 1, n, axis=axis)


@jax.custom_vjp
def _double_rows(x: jax.Array) -> jax.Array:
    return _weighted(x, 0)


@jax.custom_vjp
def _double_columns(x: jax.Array) -> jax.Array:
    return _weighted(x, 1)


def _double(x: jax.Array, axis: int) -> jax.Array:
    return _double_columns(x) if axis else _double_rows(x)


def _weighted(x: jax.Array, axis: int) -> jax.Array:
    first, early, late, last = _ends(x, axis)
    before = jnp.concatenate([first, early], axis)
    after = jnp.concatenate([late, last], axis)
    return _interleave(0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after, axis)


def _transposed(g: jax.Array, axis: int) -> jax.Array:
    """Gradient of one pass; autodiff's own is a chain of padded additions, five passes long."""
    even = g[0::2] if axis == 0 else g[:, 0::2]
    odd = g[1::2] if axis == 0 else g[:, 1::2]
    first, _, late, _ = _ends(even, axis)
    _, early, _, last = _ends(odd, axis)
    from_after = jnp.concatenate([late, last], axis)
    from_before = jnp.concatenate([first, early], axis)
    return jax.lax.optimization_barrier(0.75 * (even + odd) + 0.25 * (from_after + from_before))


_double_rows.defvjp(lambda x: (_double_rows(x), None), lambda _, g: (_transposed(g, 0),))
_double_columns.defvjp(lambda x: (_double_columns(x), None), lambda _, g: (_transposed(g, 1),))
