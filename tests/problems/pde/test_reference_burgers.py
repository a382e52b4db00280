"""Burgers' equation by Cole-Hopf: error bound, equation, boundary, and a published slope."""

import numpy as np
import pytest

from dnnbench.problems.pde.reference.burgers import Burgers1D, aliasing, quadrature

from .differences import differences

NU = 0.01 / np.pi
BURGERS = Burgers1D(NU)


def at(x, t):
    return np.stack(np.broadcast_arrays(np.float64(x), np.float64(t)), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize("t", [0.05, 0.5, 1.0])
def test_the_error_of_the_quadrature_is_close_below_its_bound(t):
    x = np.linspace(-1, 1, 401)
    times = np.full_like(x, t)
    finest = quadrature(x, times, NU, 0.1)
    seen = 0
    for step in (1.0, 0.8, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2):
        error = np.abs(quadrature(x, times, NU, step) - finest).max()
        bound = aliasing(t, NU, step)
        assert error <= bound + BURGERS.accuracy
        if bound > 1e-12:
            seen += 1
            assert error > bound / 20
    assert seen >= 3


@pytest.mark.parametrize("nu", [1.0, 0.1, NU, 0.0002 / np.pi])
def test_halving_the_step_changes_nothing_beyond_the_accuracy(nu):
    burgers = Burgers1D(nu)
    grid = at(np.linspace(-1, 1, 201), np.linspace(0, 1, 11)[:, None])
    values = burgers.evaluate(grid)
    assert np.isfinite(values).all()
    finer = quadrature(*grid.T, nu, 0.075)
    assert np.abs(values - finer).max() <= burgers.accuracy
    if nu <= 0.1:
        assert burgers.accuracy < 1e-11
        assert np.abs(values - finer).max() < 1e-13
    assert BURGERS.accuracy < 1e-12


def test_the_equation_holds():
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(-0.98, 0.98, 300), rng.uniform(0.05, 0.95, 300)], axis=1)
    points[:50, 0] /= 50  # inside the shock
    u = BURGERS.evaluate(points)
    u_t, _ = differences(BURGERS.evaluate, points, 1, 2e-4)
    u_x, u_xx = differences(BURGERS.evaluate, points, 0, 2e-4)
    assert np.abs(u * u_x).max() > 10
    residual = np.abs(u_t + u * u_x - NU * u_xx)
    assert residual.max() < 1e-8 * np.abs(u * u_x).max()


def test_initial_and_boundary_values():
    x = np.linspace(-1, 1, 101)
    np.testing.assert_allclose(BURGERS.evaluate(at(x, 0.0)), -np.sin(np.pi * x), atol=1e-13)
    small = BURGERS.evaluate(at(x, 1e-12))
    np.testing.assert_allclose(small, -np.sin(np.pi * x), atol=1e-11)
    t = np.linspace(0, 1, 101)
    for end in (-1.0, 0.0, 1.0):
        assert np.abs(BURGERS.evaluate(at(end, t))).max() < 1e-13
    grid = at(np.linspace(0, 1, 41), t[:, None])
    mirrored = grid * [-1, 1]
    np.testing.assert_allclose(BURGERS.evaluate(mirrored), -BURGERS.evaluate(grid), atol=1e-12)


def test_the_steepest_slope_is_the_published_one():
    # Basdevant et al., Comput. Fluids 14 (1986): 152.00516 at x = 0, pi t = 1.6037.
    times = np.linspace(0.45, 0.55, 21)
    slopes, _ = differences(BURGERS.evaluate, at(0.0, times), 0, 2e-4)
    assert np.pi * times[np.argmin(slopes)] == pytest.approx(1.6037, abs=np.pi * 0.005)
    steepest, _ = differences(BURGERS.evaluate, at(0.0, 1.6037 / np.pi), 0, 2e-4)
    assert steepest[0] == pytest.approx(-152.00516, abs=1e-5)


def test_other_points_are_refused():
    with pytest.raises(ValueError, match=r"point 1, \[0\.0, 1\.5\], is not in the box"):
        BURGERS.evaluate(np.array([[0.0, 0.5], [0.0, 1.5]]))
    assert BURGERS.evaluate(np.empty((0, 2))).shape == (0,)
