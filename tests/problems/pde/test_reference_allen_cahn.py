"""Allen-Cahn: its parts against other ways to compute them, its equation, its convergence."""

import numpy as np
import pytest

from dnnbench.problems.pde.reference import allen_cahn
from dnnbench.problems.pde.reference.allen_cahn import AllenCahn1D, damped, heat, initial, solve

from .differences import differences


@pytest.fixture(scope="module")
def standard():
    return solve()


def start(x):
    return x**2 * np.cos(np.pi * x)


def probes():
    """Points of all scales of time; x even and crowded at the kink x = 1."""
    times = np.concatenate([[0.0], np.geomspace(1e-8, 0.02, 9), np.linspace(0.05, 1, 9)])
    near = np.geomspace(1e-6, 0.1, 60)
    x = np.concatenate([np.linspace(-1, 1, 201), 1 - near, near - 1])
    return np.stack([np.tile(x, len(times)), np.repeat(times, len(x))], axis=1)


def test_the_initial_coefficients_are_the_integrals():
    nodes, weights = np.polynomial.legendre.leggauss(120)
    x, w = (nodes + 1) / 2, weights / 2
    for k, found in enumerate(initial(60)):
        expected = (1 if k == 0 else 2) * (w @ (start(x) * np.cos(k * np.pi * x)))
        assert found == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("t", [0.005, 0.1, 1.0])
def test_heat_is_the_sum_of_its_series(t):
    x = np.linspace(-1, 1, 301)
    series = np.cos(np.pi * np.outer(x, np.arange(4096))) @ damped(4096, t)
    np.testing.assert_allclose(heat(x, t), series, atol=2e-14)
    assert np.abs(heat(x, t) - start(x)).max() > 1e-3


def test_the_beginning_has_its_kink(standard):
    x = np.linspace(-1, 1, 1001)
    zero = np.zeros_like(x)
    np.testing.assert_allclose(standard.evaluate(np.stack([x, zero], 1)), start(x), atol=1e-13)
    # Close to the kink u rises like that of the heat equation: 4 sqrt(nu t / pi).
    t = 1e-7
    rise = standard.evaluate(np.array([[1.0, t], [-1.0, t]])) + 1
    expected = 4 * np.sqrt(allen_cahn.DIFFUSION * t / np.pi)
    assert rise == pytest.approx([expected, expected], rel=1e-3)


def test_the_equation_holds(standard):
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(-0.99, 0.99, 150), rng.uniform(0.05, 0.98, 150)], axis=1)
    points[:40, 0] = rng.uniform(0.48, 0.53, 40)  # where a front is
    u = standard.evaluate(points)
    u_t, _ = differences(standard.evaluate, points, 1, 1e-3)
    _, u_xx = differences(standard.evaluate, points, 0, 4e-4)
    reaction = 5 * u - 5 * u**3
    assert np.abs(1e-4 * u_xx).max() > 0.5
    assert np.abs(u_t - 1e-4 * u_xx - reaction).max() < 1e-7


def test_the_equation_holds_at_the_kink_while_it_is_being_smoothed(standard):
    # Diffusion has reached 0.0004 to 0.001 from the kink; half of the times are before all modes
    # are resolved.
    rng = np.random.default_rng(1)
    points = np.stack([1 - rng.uniform(4e-4, 4e-3, 60), rng.uniform(1e-3, 1e-2, 60)], axis=1)
    points[:30, 1] = rng.uniform(1e-3, 1.9e-3, 30)
    u = standard.evaluate(points)
    u_t, _ = differences(standard.evaluate, points, 1, 2e-5)
    _, u_xx = differences(standard.evaluate, points, 0, 8e-5)
    reaction = 5 * u - 5 * u**3
    assert np.abs(1e-4 * u_xx).max() > 0.1
    assert np.abs(u_t - 1e-4 * u_xx - reaction).max() < 1e-5


def test_it_is_even_and_periodic_and_stays_between_its_limits(standard):
    points = probes()
    values = standard.evaluate(points)
    np.testing.assert_allclose(standard.evaluate(points * [-1, 1]), values, atol=1e-13)
    assert values.min() >= -1 - AllenCahn1D.accuracy
    assert values.max() < 1


def test_any_order_of_the_points_gives_the_same_values(standard):
    points = probes()
    order = np.random.default_rng(0).permutation(len(points))
    np.testing.assert_allclose(
        standard.evaluate(points[order]), standard.evaluate(points)[order], atol=1e-14
    )


def test_fewer_modes_and_longer_steps_err_and_converge(standard):
    points = probes()
    best = standard.evaluate(points)
    errors = []
    for modes, largest in ((256, 2**-7), (512, 2**-8), (1024, 2**-9)):
        coarse = solve(modes, 16, largest, min(modes, 1024))
        errors.append(np.abs(coarse.evaluate(points) - best).max())
    assert errors[0] > 1e-6
    assert errors[1] < errors[0] / 8
    assert errors[2] < errors[1] / 8


def test_longer_steps_alone_err_with_order_four(standard):
    points = probes()
    points = points[points[:, 1] >= 0.05]
    best = standard.evaluate(points)
    errors = [
        np.abs(solve(1024, 16, largest).evaluate(points) - best).max()
        for largest in (2**-6, 2**-7, 2**-8)
    ]
    ratios = np.array(errors[:-1]) / errors[1:]
    assert (ratios > 10).all()
    assert (ratios < 30).all()


@pytest.mark.full
def test_finer_in_every_respect_changes_nothing_beyond_the_accuracy(standard):
    points = probes()
    best = solve(8192, 128, 2**-13, 2048).evaluate(points)
    assert np.abs(standard.evaluate(points) - best).max() <= AllenCahn1D.accuracy


def test_other_points_are_refused(standard):
    with pytest.raises(ValueError, match=r"point 0, \[0\.0, 1\.5\], is not in the box"):
        standard.evaluate(np.array([[0.0, 1.5]]))
    assert standard.evaluate(np.empty((0, 2))).shape == (0,)
