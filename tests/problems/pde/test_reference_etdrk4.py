"""The exponential integrator on equations with known solutions."""

import numpy as np
import pytest

from dnnbench.problems.pde.reference.etdrk4 import make_step


def solved(linear, nonlinear, y, duration, count):
    step = make_step(linear, duration / count)
    for _ in range(count):
        y = step(y, nonlinear)
    return y


def test_it_is_exact_for_linear_equations_and_for_constant_forcing():
    linear = np.array([-1e6, -3.0, -1e-9, 0.0, 2.0])
    y = solved(linear, lambda y: 0 * y, np.ones(5), 0.7, 3)
    np.testing.assert_allclose(y, np.exp(0.7 * linear), rtol=1e-13)
    forced = solved(linear, lambda y: np.ones(5), np.zeros(5), 0.7, 3)
    # (exp(0.7 l) - 1) / l, with the limit 0.7 at l = 0.
    expected = [1e-6, (1 - np.exp(-2.1)) / 3, 0.7 - 0.245e-9, 0.7, (np.exp(1.4) - 1) / 2]
    np.testing.assert_allclose(forced, expected, rtol=1e-13)


def test_it_is_of_order_four():
    # y' = y - y^2 from 0.1, beside a stiff component that it drives: z' = -200 z + y^2.
    linear = np.array([1.0, -200.0])

    def nonlinear(y):
        return np.array([-(y[0] ** 2), y[0] ** 2])

    start = np.array([0.1, 0.0])
    exact = 1 / (1 + 9 * np.exp(-2.0))
    finest = solved(linear, nonlinear, start, 2.0, 640)
    assert finest[0] == pytest.approx(exact, abs=1e-11)
    errors = [
        np.abs(solved(linear, nonlinear, start, 2.0, count)[0] - exact) for count in (10, 20, 40)
    ]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (orders > 3.7).all()
    assert (orders < 4.5).all()
    assert np.abs(solved(linear, nonlinear, start, 2.0, 160) - finest).max() < 1e-8
