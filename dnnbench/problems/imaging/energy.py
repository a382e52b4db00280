"""Imaging, differentiable side: the misfit between a picture's measurement and the given one."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.instances.measurement import Measurement
from dnnbench.problems.relaxed import Score


class Measured(NamedTuple):
    """Arrays of a measurement.

    Attributes:
        values: y [h / f, w / f, c].
        seen: weight of each value in the misfit, 0 or 1, [h / f, w / f, 1].
        rows: filter and downsampling of columns of pixels [h / f, h]; None without downsampling.
        columns: the same of rows of pixels [w / f, w].
        like: zeros [h, w, c], whose shape is that of the picture sought.
    """

    values: jax.Array
    seen: jax.Array
    rows: jax.Array | None
    columns: jax.Array | None
    like: jax.Array


@dataclass(frozen=True)
class ImagingEnergy:
    """Mean square misfit over the values that were seen.

    Attributes:
        kernel: none is needed.
        dtype: floating point type of the arrays.
        lanes: lanes in a unit; not used.
    """

    kernel: str
    dtype: str
    lanes: int = 1

    def prepare(self, public: Measurement) -> Measured:
        """The measurement's arrays."""
        h, w, _ = public.values.shape
        seen = np.ones((h, w, 1)) if public.mask is None else public.mask[:, :, None]
        rows = columns = None
        if public.kernel is not None:
            rows = jnp.asarray(_sampling(public.kernel, public.factor, public.height), self.dtype)
            columns = jnp.asarray(_sampling(public.kernel, public.factor, public.width), self.dtype)
        return Measured(
            jnp.asarray(public.values, self.dtype),
            jnp.asarray(seen, self.dtype),
            rows,
            columns,
            jnp.zeros(public.shape, self.dtype),
        )

    def forward(self, x: jax.Array, data: Measured) -> jax.Array:
        """A x of a picture [h, w, c], without the mask."""
        if data.rows is None or data.columns is None:
            return x
        highest = jax.lax.Precision.HIGHEST
        return jnp.einsum("ih,hwc,jw->ijc", data.rows, x, data.columns, precision=highest)

    def energy(self, x: jax.Array, data: Measured) -> jax.Array:
        """Mean over seen values of (A x - y)^2."""
        square = jnp.square(self.forward(x, data) - data.values) * data.seen
        return jnp.sum(square) / jnp.maximum(jnp.sum(data.seen) * data.values.shape[2], 1)

    def round_score(
        self, x: jax.Array, merit: jax.Array, data: Any, key: jax.Array
    ) -> tuple[jax.Array, Score]:
        """The picture itself, cut off at 0 and 1; its cost is the method's own loss."""
        del data, key
        merit = jnp.asarray(merit, x.dtype)
        return jnp.clip(x, 0, 1), Score(jnp.zeros((), x.dtype), merit)


def _sampling(kernel: np.ndarray, factor: int, length: int) -> np.ndarray:
    """The matrix [length / factor, length] of filter and downsampling, borders replicated."""
    half = (len(kernel) - factor) // 2
    padded = np.pad(np.eye(length), ((half, half), (0, 0)), mode="edge")
    return np.stack(
        [kernel @ padded[i : i + len(kernel)] for i in range(0, length - factor + 1, factor)]
    )
