"""An equation of your own in one file: Fisher's, with a travelling wave for its solution.

    u_t = u_xx + r u (1 - u),  u = (1 + exp(sqrt(r / 6) x - 5 r t / 6))^-2 at t = 0 and at both ends

    dnnbench run method=pinn problem=fisher --plugin examples/fisher_equation.py

Ablowitz & Zeppetella, Bulletin of Mathematical Biology 41:835, 1979.
"""

from types import SimpleNamespace
from typing import Any

import numpy as np

from dnnbench.problems.pde.base import Formula, Pde
from dnnbench.problems.pde.geometry import Box

DNNBENCH = """
problem:
  fisher:
    rate: 6.0
    _about:
      title: Fisher's equation (example of a plug-in)
      family: pde
      exact: Fisher
      default_instance: equation/fisher
    _options:
      rate: {help: "growth rate r", type: float, above: 0}
"""


class Fisher(Pde):
    """The equation; `p.rate` is the setting above."""

    name = "fisher"
    coordinates = ("x", "t")
    derivatives = ("xx",)
    parameters = ("rate",)
    grid = "101x51"

    def domain(self, p: SimpleNamespace) -> Box:
        """Where it holds; time comes last."""
        return Box(self.coordinates, (-5.0, 0.0), (5.0, 1.0), time=True)

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """What must vanish, by name."""
        return {"fisher": f.u.t - f.u.xx - p.rate * f.u.value * (1 - f.u.value)}

    def wave(self, x: Any, t: Any, p: SimpleNamespace, xp: Any) -> Any:
        """The travelling wave."""
        return (1 + xp.exp((p.rate / 6) ** 0.5 * x - 5 * p.rate / 6 * t)) ** -2

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Given values on `x_low`, `x_high` and `initial`."""
        return {"u": self.wave(at.x, at.t, p, xp)}

    def reference(self, p: SimpleNamespace) -> Formula:
        """What answers are compared with; solvers never see it."""
        return Formula(lambda points: self.wave(points[:, 0], points[:, 1], p, np), 1e-14)
