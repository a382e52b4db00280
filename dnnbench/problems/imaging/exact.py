"""Imaging problems, exact side: measure a clean picture, and judge an answer against it.

The objective is the PSNR against the clean picture (data range 1), which only verification may
see. What solvers and traces know is the misfit: the root mean square of A x - y over what was
seen, in gray levels of 255.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.formats.pictures import write_picture
from dnnbench.instances.image import Image
from dnnbench.instances.measurement import Measurement
from dnnbench.problems.base import Judged, Posed, Sense, Verdict
from dnnbench.problems.imaging import filters, metrics, operators
from dnnbench.problems.imaging.noise import add_noise, deviation
from dnnbench.problems.imaging.tiny import tiny_pictures

_NOISE = 0x6E6F6973
"""Tells the noise's stream from those of solvers, whose seeds may be the same number."""

_SMALLEST = 8
"""Pixels that a picture must have in each direction."""

Load = Callable[[str], Image]


def plain(public: Measurement) -> NDArray[np.float32]:
    """The measurement as a picture: repeated pixels, and the mean where nothing was seen."""
    values = public.values
    if public.mask is not None:
        mean = values[public.mask].mean(axis=0)
        values = np.where(public.mask[:, :, None], values, mean)
    for axis in (0, 1):
        values = np.repeat(values, public.factor, axis=axis)
    return np.clip(values, 0, 1).astype(np.float32)


@dataclass(frozen=True)
class Imaging(Judged):
    """What the imaging problems share; a solution is a float32 picture [h, w, c] in [0, 1]."""

    name: ClassVar[str]
    metric: ClassVar[str] = "psnr"
    sense: ClassVar[Sense] = "max"
    family: ClassVar[str] = "image"
    posed_family: ClassVar[str] = "measurement"

    def pose(self, sealed: Image, settings: Mapping[str, Any], load: Load) -> Posed:
        """The measurement of a clean picture, and the picture as it will be compared with.

        Args:
            sealed: the clean picture.
            settings: of the problem.
            load: reads a picture by its name (masks).

        Raises:
            UserError: the picture is too small, or a setting does not fit it.
        """
        clean = sealed.unit
        if min(clean.shape[:2]) < _SMALLEST:
            h, w = clean.shape[:2]
            raise UserError(
                f"{self.name} needs at least {_SMALLEST} x {_SMALLEST} pixels, not {h} x {w}"
            )
        rng = np.random.default_rng([settings["noise_seed"], _NOISE])
        clean, blank = self.blank(clean, settings, load, rng)
        noisy = add_noise(operators.forward(clean, blank), settings, rng)
        if blank.mask is not None:
            noisy = noisy * blank.mask[:, :, None]
        public = replace(
            blank,
            values=noisy.astype(np.float32),
            noise=settings["noise"],
            sigma=deviation(settings),
        )
        return Posed(public, clean)

    def blank(
        self,
        clean: NDArray[np.float64],
        settings: Mapping[str, Any],
        load: Load,
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.float64], Measurement]:
        """The picture, cut to what can be measured, and a measurement without values."""
        h, w, c = clean.shape
        return clean, Measurement(np.zeros((h, w, c), np.float32), h, w)

    def tiny(self) -> dict[str, Image]:
        """Pictures of some 32 x 32 pixels, gray and in colour."""
        return tiny_pictures()

    def plain(self, public: Measurement) -> NDArray[np.float32]:
        """The measurement as a picture, see `plain`."""
        return plain(public)

    def random(self, public: Measurement, rng: np.random.Generator) -> NDArray[np.float32]:
        """A picture of uniform noise."""
        return rng.random(public.shape, np.float32)

    def verify(self, z: np.ndarray, public: Measurement, sealed: Any) -> Verdict:
        """PSNR and SSIM against the clean picture, and the misfit, of an answer.

        Without the clean picture the objective is minus the misfit: it orders answers, but is no
        PSNR, and is never recorded as one.

        Raises:
            ValueError: `z` is no picture of the right shape with values in [0, 1].
        """
        if z.shape != public.shape:
            raise ValueError(f"expected a picture of shape {public.shape}, got {z.shape}")
        if z.dtype.kind != "f" or not np.isfinite(z).all() or z.min() < 0 or z.max() > 1:
            raise ValueError("expected finite gray levels in [0, 1]")
        picture = z.astype(np.float64)
        misfit = self._misfit(picture, public)
        if sealed is None:
            return Verdict(-misfit, metrics={"misfit": misfit})
        named = {"psnr": metrics.psnr(sealed, picture), "misfit": misfit}
        structure = metrics.ssim(sealed, picture)
        if structure is not None:
            named["ssim"] = structure
        return Verdict(named["psnr"], metrics=named)

    def objective(self, z: np.ndarray, public: Measurement, sealed: Any) -> float:
        """The PSNR alone, for traces; see `verify`."""
        return metrics.psnr(sealed, z.astype(np.float64))

    def write_solution(self, z: np.ndarray) -> bytes:
        """The picture as a PNG of 8 bits a channel; the stored solution has all digits."""
        return write_picture(z)

    @staticmethod
    def _misfit(picture: NDArray[np.float64], public: Measurement) -> float:
        residual = operators.forward(picture, public) - public.values
        if public.mask is not None:
            residual = residual[public.mask]
        return 255 * float(np.sqrt(np.mean(np.square(residual)))) if residual.size else 0.0


@dataclass(frozen=True)
class Denoise(Imaging):
    """Every pixel is seen, with noise.

    `shuffled` puts the pixels in random order first: a control with the same gray levels but
    nothing for a network's structure to find.
    """

    name: ClassVar[str] = "denoise"

    def blank(
        self,
        clean: NDArray[np.float64],
        settings: Mapping[str, Any],
        load: Load,
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.float64], Measurement]:
        """The picture, in random order if that is asked for."""
        if settings["shuffled"]:
            h, w, c = clean.shape
            clean = rng.permutation(clean.reshape(h * w, c)).reshape(h, w, c)
        return super().blank(clean, settings, load, rng)


@dataclass(frozen=True)
class Inpaint(Imaging):
    """Some pixels are not seen: random ones, or those where a mask is dark."""

    name: ClassVar[str] = "inpaint"

    def blank(
        self,
        clean: NDArray[np.float64],
        settings: Mapping[str, Any],
        load: Load,
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.float64], Measurement]:
        """The mask: a picture's bright half, or pixels drawn with equal chances."""
        h, w, c = clean.shape
        if settings["mask"] is None:
            mask = rng.random((h, w)) >= settings["missing"]
        else:
            picture = load(settings["mask"])
            if (picture.height, picture.width) != (h, w):
                raise UserError(
                    f"the mask {settings['mask']} is {picture.height} x {picture.width}, "
                    f"the picture {h} x {w}"
                )
            mask = picture.unit.mean(axis=2) > 0.5
        if not mask.any():
            raise UserError("inpaint: no pixel is left to see")
        return clean, Measurement(np.zeros((h, w, c), np.float32), h, w, mask=mask)


@dataclass(frozen=True)
class SuperResolution(Imaging):
    """Only a low-pass filtered, smaller picture is seen."""

    name: ClassVar[str] = "super_resolution"

    def blank(
        self,
        clean: NDArray[np.float64],
        settings: Mapping[str, Any],
        load: Load,
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.float64], Measurement]:
        """Cut at the right and at the bottom to multiples of the factor."""
        factor = settings["factor"]
        h, w = (length - length % factor for length in clean.shape[:2])
        if min(h, w) < 2 * factor:
            raise UserError(
                f"super_resolution: {clean.shape[0]} x {clean.shape[1]} pixels are too few for "
                f"factor {factor}"
            )
        values = np.zeros((h // factor, w // factor, clean.shape[2]), np.float32)
        kernel = filters.taps(settings["filter"], factor)
        return clean[:h, :w], Measurement(values, h, w, kernel=kernel, factor=factor)
