"""Early stopping by the variance of successive outputs: no clean picture, no noise level.

A network fits the picture before it fits the noise, and its outputs move least in between. Both
rules watch that movement and return the output at its least; they stop once no new minimum has
been seen for `patience` steps. They are passive here: the run goes on, so that one trajectory
shows what every rule would have returned.

References:
    Wang, Li, Zhuang, Chen, Liang & Sun, Early stopping for deep image prior, TMLR 2023,
    arXiv 2112.06074: moving variance over a window (ES-WMV) and exponential moving variance
    (ES-EMV).
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Reading


class Least(NamedTuple):
    """The least variance so far and what goes with it; before the first one, the newest output.

    Attributes:
        variance: mean over pixels.
        step: of the output that is returned.
        image: that output.
        since: steps without a new least.
        stopped: whether patience has run out; nothing changes any more.
        stop: the step at which it did.
    """

    variance: jax.Array
    step: jax.Array
    image: jax.Array
    since: jax.Array
    stopped: jax.Array
    stop: jax.Array


def nothing_yet(x: jax.Array) -> Least:
    """Before the first output, shaped like `x`."""
    zero = jnp.zeros((), jnp.int32)
    infinity = jnp.full((), jnp.inf, x.dtype)
    return Least(infinity, zero, x, zero, jnp.zeros((), bool), zero)


def seen(
    least: Least,
    variance: jax.Array,
    image: jax.Array,
    step: jax.Array,
    t: jax.Array,
    patience: int,
) -> Least:
    """After one more variance, that belongs to `image`, the output after `step` steps."""
    lower = (variance < least.variance) & ~least.stopped
    since = jnp.where(lower, 0, least.since + 1)
    stopped = least.stopped | (since >= patience)
    return Least(
        jnp.where(lower, variance, least.variance),
        jnp.where(lower, step, least.step),
        jnp.where(lower, image, least.image),
        since,
        stopped,
        jnp.where(stopped & ~least.stopped, t, least.stop),
    )


def awaiting(least: Least, reading: Reading) -> Least:
    """While there is no variance yet: the newest output is all there is to return."""
    none = reading.live & jnp.isinf(least.variance)
    return least._replace(
        image=jnp.where(none, reading.x, least.image), step=jnp.where(none, reading.t, least.step)
    )


def described(least: Least) -> dict[str, float]:
    """Named figures for the record: whether it stopped, where, and the step it returns."""
    return {
        "step": int(least.step),
        "stopped": int(least.stopped),
        "stop_step": int(least.stop),
        "variance": float(least.variance),
    }


class Window(NamedTuple):
    """The last outputs.

    Attributes:
        outputs: [window, h, w, c], a ring.
        taken: outputs so far.
        least: of the windows so far.
    """

    outputs: jax.Array
    taken: jax.Array
    least: Least


@dataclass(frozen=True)
class WindowedVariance:
    """ES-WMV: the mean over a window of ||x_i - mean||^2 per pixel; returns its first output.

    Attributes:
        window: W, outputs in a window.
        patience: P, steps without a new minimum that end it.

    The window is kept in memory: W times the picture.
    """

    window: int
    patience: int
    name: str = "es_wmv"

    def init(self, x: jax.Array) -> Window:
        """An empty window."""
        outputs = jnp.zeros((self.window, *x.shape), x.dtype)
        return Window(outputs, jnp.zeros((), jnp.int32), nothing_yet(x))

    def update(self, m: Window, reading: Reading) -> Window:
        """Take in one output."""
        outputs = jax.lax.dynamic_update_index_in_dim(
            m.outputs, reading.x, m.taken % self.window, axis=0
        )
        taken = m.taken + 1
        first = jax.lax.dynamic_index_in_dim(outputs, taken % self.window, axis=0, keepdims=False)

        def full(least: Least) -> Least:
            variance = jnp.mean(jnp.var(outputs, axis=0))
            step = reading.t - (self.window - 1)
            return seen(least, variance, first, step, reading.t, self.patience)

        whole = (taken >= self.window) & ~m.least.stopped
        least = awaiting(m.least, reading)
        return Window(outputs, taken, jax.lax.cond(whole, full, lambda least: least, least))

    def summary(self, m: Window) -> dict[str, float]:
        """Where it stopped and what it returns."""
        return described(m.least)

    def image(self, m: Window) -> np.ndarray:
        """The output it returns."""
        return np.asarray(m.least.image)


class Moving(NamedTuple):
    """Exponential moving mean and variance.

    Attributes:
        mean: of the outputs.
        variance: mean over pixels.
        least: of the variances so far.
    """

    mean: jax.Array
    variance: jax.Array
    least: Least


@dataclass(frozen=True)
class MovingVariance:
    """ES-EMV: v <- (1 - alpha) (v + alpha ||x - mu||^2), mu <- (1 - alpha) mu + alpha x.

    Attributes:
        alpha: weight of the newest output.
        patience: steps without a new minimum that end it.
        warm_up: first steps that are not looked at, while v rises from 0.
    """

    alpha: float
    patience: int
    warm_up: int = 100
    name: str = "es_emv"

    def init(self, x: jax.Array) -> Moving:
        """Nothing seen."""
        return Moving(x, jnp.zeros((), x.dtype), nothing_yet(x))

    def update(self, m: Moving, reading: Reading) -> Moving:
        """Take in one output."""
        # The first output is the mean to begin with.
        away = jnp.where(reading.t <= 1, 0, reading.x - m.mean)
        variance = (1 - self.alpha) * (m.variance + self.alpha * jnp.mean(jnp.square(away)))
        mean = jnp.where(reading.t <= 1, reading.x, m.mean + self.alpha * away)
        after = seen(m.least, variance, reading.x, reading.t, reading.t, self.patience)
        warm = reading.t > self.warm_up
        before = awaiting(m.least, reading)
        least = jax.tree.map(lambda a, b: jnp.where(warm, a, b), after, before)
        return Moving(mean, variance, least)

    def summary(self, m: Moving) -> dict[str, float]:
        """Where it stopped and what it returns."""
        return described(m.least)

    def image(self, m: Moving) -> np.ndarray:
        """The output it returns."""
        return np.asarray(m.least.image)
