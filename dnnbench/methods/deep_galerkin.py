"""Deep Galerkin method: the PINN loss at fresh random points, with a gated network.

    mean |N[u]|^2 + mean |u - g|^2 over the sides + mean |u - u_0|^2,  all points new at every stage

References:
    Sirignano & Spiliopoulos, J. Comput. Phys. 375:1339, 2018, arXiv 1708.07469
    (algorithm; network of gated layers between two dense ones). Three layers of 50 units, 1,000
    points a stage, ten steps a stage and Adam at 1e-3 are those of a public implementation for the
    Black-Scholes equation. Departs from the paper: second derivatives are exact (Taylor mode) where
    it offers Monte Carlo differences for high dimensions.
"""

from dataclasses import dataclass

from dnnbench.errors import UserError
from dnnbench.methods.pinn import Pinn


@dataclass(frozen=True, kw_only=True)
class DeepGalerkin(Pinn):
    """A PINN whose points are new after every stage of `resample_every` steps; attributes there."""

    def __post_init__(self) -> None:
        """Points have to be random and to be renewed."""
        super().__post_init__()
        if self.resample == "none" or self.sampling != "uniform":
            raise UserError("deep_galerkin draws new points: sampling=uniform, resample=uniform")
