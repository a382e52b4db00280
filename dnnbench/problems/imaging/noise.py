"""Noise models of measurements; gray levels are in [0, 1], given levels in units of 1/255.

| name | y | level |
| --- | --- | --- |
| `gaussian` | A x + N(0, sigma^2) | `sigma` |
| `speckle` | A x (1 + N(0, sigma^2)) | `sigma` |
| `poisson` | Poisson(peak A x) / peak | `peak`, photons of a white pixel |
| `impulse` | 0 or 1, each for half of a share of the values; the others are A x | `share` |

as in Wang et al., Early stopping for deep image prior, TMLR 2023, arXiv 2112.06074 (shot noise is
`poisson`).
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Noise = Literal["none", "gaussian", "speckle", "poisson", "impulse"]
NOISES: tuple[Noise, ...] = ("none", "gaussian", "speckle", "poisson", "impulse")


def add_noise(
    clean: NDArray[np.float64], settings: Mapping[str, Any], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Values with noise.

    Args:
        clean: A x in [0, 1], any shape.
        settings: `noise` and its level (`sigma` in 1/255, `peak`, `share`), and `clip`: whether
            the result is cut off at 0 and 1, as a camera would.
        rng: source of the noise; the same for the same seed on every machine.

    Returns:
        Values of the same shape.
    """
    name: Noise = settings["noise"]
    if name == "none":
        return clean
    if name in ("gaussian", "speckle"):
        normal = rng.standard_normal(clean.shape) * (settings["sigma"] / 255)
        noisy = clean + (normal if name == "gaussian" else clean * normal)
    elif name == "poisson":
        # A filter of a picture in [0, 1] may overshoot a little; a rate cannot be negative.
        noisy = rng.poisson(np.maximum(clean, 0) * settings["peak"]) / settings["peak"]
    else:
        chance = rng.random(clean.shape)
        noisy = np.where(chance < settings["share"], (chance < settings["share"] / 2) * 1.0, clean)
    return np.clip(noisy, 0, 1) if settings["clip"] else noisy


def deviation(settings: Mapping[str, Any]) -> float | None:
    """The standard deviation of noise that is the same everywhere, in [0, 1]; else None."""
    if settings["noise"] == "none":
        return 0.0
    return settings["sigma"] / 255 if settings["noise"] == "gaussian" else None
