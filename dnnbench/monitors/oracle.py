"""What only somebody with the clean picture can know; shown beside the honest figures.

These are the only monitors that are given the sealed half of an instance; their names say so.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Reading


class Peak(NamedTuple):
    """The best output so far.

    Attributes:
        error: its mean square error.
        image, step: the output and its step.
        errors: mean square error at every `every`-th step, NaN where none was read.
    """

    error: jax.Array
    image: jax.Array
    step: jax.Array
    errors: jax.Array


@dataclass(frozen=True)
class OraclePsnr:
    """The output with the highest PSNR, and PSNR along the trajectory.

    Attributes:
        every: steps between two points of the curve.
        length: most points of the curve.
    """

    every: int
    length: int
    name: str = "oracle_psnr"

    def init(self, x: jax.Array) -> Peak:
        """Nothing seen."""
        infinity = jnp.full((), jnp.inf, x.dtype)
        errors = jnp.full((self.length,), jnp.nan, x.dtype)
        return Peak(infinity, x, jnp.zeros((), jnp.int32), errors)

    def update(self, m: Peak, reading: Reading) -> Peak:
        """Compare one output with the clean picture."""
        error = jnp.mean(jnp.square(jnp.clip(reading.x, 0, 1) - reading.sealed))
        better = error < m.error
        place = jnp.where(reading.t % self.every == 0, reading.t // self.every - 1, self.length)
        return Peak(
            jnp.where(better, error, m.error),
            jnp.where(better, reading.x, m.image),
            jnp.where(better, reading.t, m.step),
            m.errors.at[place].set(error, mode="drop"),
        )

    def summary(self, m: Peak) -> dict[str, Any]:
        """The peak's step, and the curve as rows of step and PSNR in dB."""
        errors = np.asarray(m.errors, np.float64)
        steps = self.every * (1 + np.flatnonzero(np.isfinite(errors)))
        with np.errstate(divide="ignore"):
            curve = -10 * np.log10(errors[np.isfinite(errors)])
        rows = [[int(t), round(float(p), 4)] for t, p in zip(steps, curve, strict=True)]
        return {"step": int(m.step), "curve": rows}

    def image(self, m: Peak) -> np.ndarray:
        """The best output."""
        return np.asarray(m.image)


class Bands(NamedTuple):
    """Relative error of each band at every `every`-th step [length, bands]."""

    errors: jax.Array


@dataclass(frozen=True)
class OracleBands:
    """Error by radial frequency: how much of each band of the picture is still missing.

    Band b has the frequencies with radius in [b, b + 1) / bands of the Nyquist frequency; its error
    is the energy of (output - clean) there divided by that of the clean picture.

    Attributes:
        bands: how many.
        every: steps between two points.
        length: most points.
    """

    bands: int
    every: int
    length: int
    name: str = "oracle_bands"

    def init(self, x: jax.Array) -> Bands:
        """Nothing seen."""
        return Bands(jnp.full((self.length, self.bands), jnp.nan, x.dtype))

    def update(self, m: Bands, reading: Reading) -> Bands:
        """One more point of the curve, at its steps."""
        due = reading.t % self.every == 0
        place = jnp.where(due, reading.t // self.every - 1, self.length)

        def measure(errors: jax.Array) -> jax.Array:
            wrong = self._energies(reading.x - reading.sealed)
            whole = jnp.maximum(self._energies(reading.sealed), 1e-12)
            return errors.at[place].set((wrong / whole).astype(errors.dtype), mode="drop")

        return Bands(jax.lax.cond(due, measure, lambda errors: errors, m.errors))

    def _energies(self, picture: jax.Array) -> jax.Array:
        power = jnp.sum(jnp.square(jnp.abs(jnp.fft.fft2(picture, axes=(0, 1)))), axis=2)
        index = jnp.asarray(self._index(*picture.shape[:2]).ravel())
        return jnp.zeros(self.bands + 1, picture.dtype).at[index].add(power.ravel())[:-1]

    def _index(self, h: int, w: int) -> np.ndarray:
        """The band of every frequency; frequency 0 and those beyond Nyquist belong to none."""
        radius = np.hypot(np.fft.fftfreq(h)[:, None], np.fft.fftfreq(w)[None, :]) / 0.5
        band = np.floor(radius * self.bands).astype(np.int32)
        band[0, 0] = self.bands
        return np.minimum(band, self.bands)

    def summary(self, m: Bands) -> dict[str, Any]:
        """Rows of step and one relative error a band."""
        errors = np.asarray(m.errors, np.float64)
        known = np.flatnonzero(np.isfinite(errors).all(axis=1))
        rows = [[int(self.every * (1 + i)), *np.round(errors[i], 6).tolist()] for i in known]
        return {"bands": self.bands, "curve": rows}
