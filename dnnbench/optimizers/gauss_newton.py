"""Gauss-Newton for losses that are a mean square of residuals, dense, for few parameters.

References:
    Nocedal & Wright, Numerical Optimization, 2nd ed., 2006, Section 10.3: the step solves the
    linear least-squares problem min ||J d + r||^2; small singular values are cut by `rcond`.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from dnnbench.engine.contract import Need, Oracle, PyTree, Scalar


@dataclass(frozen=True)
class GaussNewton:
    """Full Gauss-Newton steps of length `learning_rate` (traced).

    Attributes:
        rcond: singular values of the Jacobian below this share of the largest count as zero.
        needs: residuals.
    """

    rcond: float
    needs: frozenset[Need] = frozenset({"residuals", "jvp", "frozen"})

    def init(self, params: PyTree, hp: dict[str, Scalar]) -> PyTree:
        """No state."""
        return ()

    def update(
        self, oracle: Oracle, params: PyTree, state: PyTree, hp: dict[str, Scalar]
    ) -> tuple[PyTree, PyTree, Scalar, PyTree]:
        """One step; the loss value is the one before it."""
        assert oracle.residuals is not None
        residuals = oracle.residuals
        flat, restore = ravel_pytree(params)
        r = residuals(params)
        jacobian = jax.jacfwd(lambda v: residuals(restore(v)))(flat)
        direction = jnp.linalg.lstsq(jacobian, -r, rcond=self.rcond)[0]
        value, aux = oracle.value(params)
        return restore(flat + hp["learning_rate"] * direction), state, value, aux
