"""Deep Galerkin method: the PINN loss at fresh random points, with a gated network.

    mean |N[u]|^2 + mean |u - g|^2 over the sides + mean |u - u_0|^2,  all points new at every stage

References:
    Sirignano & Spiliopoulos, J. Comput. Phys. 375:1339, 2018, arXiv 1708.07469: Section 2
    (algorithm), Section 4.2 (network: three gated layers of 50 units between two dense ones, Adam).
    Departs from it: second derivatives are exact (Taylor mode) where the paper offers Monte Carlo
    differences for high dimensions; the learning rate is constant, where the paper lowers it by
    a table for its examples.
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
