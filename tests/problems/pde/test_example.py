"""The example of an equation of one's own: its solution solves it and has its values."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dnnbench.runner.resolve import _module

EXAMPLE = Path(__file__).parents[3] / "examples" / "fisher_equation.py"


@pytest.mark.parametrize("rate", [1.0, 6.0])
def test_the_wave_solves_the_equation(rate):
    fisher = _module({"path": str(EXAMPLE), "sha256": "example-of-tests"}).Fisher()
    p = SimpleNamespace(rate=rate)
    reference = fisher.reference(p)
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(-5, 5, 50), rng.uniform(0.1, 0.9, 50)], axis=1)

    def u(dx=0.0, dt=0.0):
        return reference.evaluate(points + [dx, dt])

    h = 1e-4
    parts = SimpleNamespace(
        value=u(), t=(u(dt=h) - u(dt=-h)) / (2 * h), xx=(u(dx=h) - 2 * u() + u(dx=-h)) / h**2
    )
    at = SimpleNamespace(x=points[:, 0], t=points[:, 1])
    residual = fisher.residuals(SimpleNamespace(u=parts), at, p, np)["fisher"]
    assert np.abs(residual).max() < 1e-5
    np.testing.assert_allclose(fisher.boundary("x_low", at, p, np)["u"], u(), rtol=1e-12)
