"""The formulas solve their equations: derivatives by Cauchy's integral, to near rounding."""

import subprocess
import sys

import numpy as np
import pytest

from dnnbench.problems.pde.reference.formulas import (
    Advection1D,
    Heat1D,
    Helmholtz2D,
    Kovasznay,
    Poisson2D,
    Poisson10D,
)

RESIDUAL = 1e-10
"""Largest residual relative to the equation's largest term."""

ALL = {
    "poisson_2d": Poisson2D(),
    "poisson_10d": Poisson10D(),
    "helmholtz_2d": Helmholtz2D(1, 4, 1.0),
    "heat_1d": Heat1D(0.4),
    "advection_1d": Advection1D(80.0),
    "navier_stokes_kovasznay": Kovasznay(40.0),
}


@pytest.fixture(params=sorted(ALL))
def reference(request):
    return ALL[request.param]


def inside(reference, count=200, seed=0):
    low, high = np.array(reference.domain).T
    return np.random.default_rng(seed).uniform(low, high, (count, len(low)))


def derivative(reference, points, column, order=1, radius=0.02):
    """d^order u / d points[column]^order, from the values on a circle in the complex plane."""
    turns = np.exp(2j * np.pi * np.arange(32) / 32)
    total = 0
    for turn in turns:
        moved = points.astype(complex)
        moved[:, column] += radius * turn
        total = total + reference.formula(moved) * turn**-order
    factor = np.prod(np.arange(1, order + 1)) / (len(turns) * radius**order)
    result = factor * total
    assert np.abs(result.imag).max() < 1e-8 * (1 + np.abs(result.real).max())
    return result.real


def laplacian(reference, points, columns=None):
    columns = range(points.shape[1]) if columns is None else columns
    return sum(derivative(reference, points, column, 2) for column in columns)


def assert_balanced(*terms):
    """The terms add up to zero."""
    largest = max(np.abs(term).max() for term in terms)
    assert largest > 0
    np.testing.assert_allclose(sum(terms), 0, atol=RESIDUAL * largest)


def test_the_derivatives_of_this_test_are_right():
    wave = Advection1D(80.0)
    points = inside(wave)
    x, t = points.T
    np.testing.assert_allclose(derivative(wave, points, 1), -80 * np.cos(x - 80 * t), atol=1e-9)
    np.testing.assert_allclose(derivative(wave, points, 0, 2), -np.sin(x - 80 * t), atol=1e-10)


def test_poisson_2d():
    reference = ALL["poisson_2d"]
    points = inside(reference)
    assert_balanced(laplacian(reference, points), reference.source(points))
    expected = 2 * np.pi**2 * np.sin(np.pi * points[:, 0]) * np.sin(np.pi * points[:, 1])
    np.testing.assert_allclose(reference.source(points), expected, rtol=1e-13)
    assert np.abs(reference.evaluate(faces(reference, points))).max() < 1e-15


def test_poisson_10d():
    reference = ALL["poisson_10d"]
    points = inside(reference)
    assert np.abs(laplacian(reference, points)).max() < RESIDUAL
    # Not only its Laplacian vanishes: u is 5 at (1, ..., 1) and x2 along the first axis' end.
    assert reference.evaluate(np.ones((1, 10))) == 5
    end = np.zeros((1, 10))
    end[0, :2] = 1.0, 0.25
    assert reference.evaluate(end) == 0.25


@pytest.mark.parametrize("settings", [(1, 4, 1.0), (2, 3, 5.0)])
def test_helmholtz_2d(settings):
    reference = Helmholtz2D(*settings)
    points = inside(reference)
    u = reference.formula(points)
    k = settings[2]
    assert_balanced(laplacian(reference, points), k**2 * u, -reference.source(points))
    assert np.abs(reference.evaluate(faces(reference, points))).max() < 2e-15
    a1, a2, _ = settings
    expected = np.sin(a1 * np.pi * points[:, 0]) * np.sin(a2 * np.pi * points[:, 1])
    np.testing.assert_allclose(u, expected, atol=1e-13)


@pytest.mark.parametrize("alpha", [0.05, 0.4])
def test_heat_1d(alpha):
    reference = Heat1D(alpha)
    points = inside(reference)
    assert_balanced(derivative(reference, points, 1), -alpha * derivative(reference, points, 0, 2))
    x, t = points.T
    start = np.stack([x, 0 * t], axis=1)
    np.testing.assert_allclose(reference.evaluate(start), np.sin(np.pi * x), atol=1e-15)
    for end in (0.0, 1.0):
        ends = np.stack([np.full_like(t, end), t], axis=1)
        assert np.abs(reference.evaluate(ends)).max() < 1e-15


@pytest.mark.parametrize("c", [1.0, 80.0])
def test_advection_1d(c):
    reference = Advection1D(c)
    points = inside(reference)
    assert_balanced(derivative(reference, points, 1), c * derivative(reference, points, 0))
    x, t = points.T
    start = np.stack([x, 0 * t], axis=1)
    np.testing.assert_allclose(reference.evaluate(start), np.sin(x), atol=1e-15)
    ends = [reference.evaluate(np.stack([np.full_like(t, e), t], 1)) for e in (0.0, 2 * np.pi)]
    np.testing.assert_allclose(ends[0], ends[1], atol=2 * reference.accuracy)


@pytest.mark.parametrize("reynolds", [1.0, 40.0, 1e4])
def test_kovasznay(reynolds):
    reference = Kovasznay(reynolds)
    points = inside(reference)
    u, v, _ = reference.formula(points).T
    by_x, by_y = (derivative(reference, points, column) for column in (0, 1))
    viscous = laplacian(reference, points) / reynolds
    assert_balanced(by_x[:, 0], by_y[:, 1])
    for velocity, pressure in ((0, by_x[:, 2]), (1, by_y[:, 2])):
        assert_balanced(
            u * by_x[:, velocity], v * by_y[:, velocity], pressure, -viscous[:, velocity]
        )
    # p is 0 at x = 0; the flow repeats along y and has no v on the axes of symmetry.
    axis = np.array([[0.0, 0.0], [0.0, 1.0], [0.7, 0.5]])
    np.testing.assert_allclose(reference.evaluate(axis)[:2, 2], 0, atol=1e-15)
    np.testing.assert_allclose(reference.evaluate(axis)[:, 1], 0, atol=1e-15)


def test_the_rate_of_kovasznay_is_the_papers():
    assert Kovasznay(40.0).rate == pytest.approx(20 - np.sqrt(400 + 4 * np.pi**2), abs=1e-13)
    # l satisfies l^2 - Re l - 4 pi^2 = 0; for large Re the textbook form has lost its digits.
    rate = Kovasznay(1e9).rate
    assert rate == pytest.approx(-4 * np.pi**2 / 1e9, rel=1e-14)


def faces(reference, points):
    """The points, each moved onto each face of the box in turn."""
    moved = []
    for column, ends in enumerate(reference.domain):
        for end in ends:
            face = points.copy()
            face[:, column] = end
            moved.append(face)
    return np.concatenate(moved)


LONG_PI = np.longdouble("3.14159265358979323846264338327950288")


def plainly(name, points):
    """The same solutions, written once more, in extended precision."""
    p = points.astype(np.longdouble).T
    if name == "poisson_2d":
        return np.sin(LONG_PI * p[0]) * np.sin(LONG_PI * p[1])
    if name == "poisson_10d":
        return p[0] * p[1] + p[2] * p[3] + p[4] * p[5] + p[6] * p[7] + p[8] * p[9]
    if name == "helmholtz_2d":
        return np.sin(LONG_PI * p[0]) * np.sin(4 * LONG_PI * p[1])
    if name == "heat_1d":
        return np.exp(-np.longdouble(0.4) * LONG_PI**2 * p[1]) * np.sin(LONG_PI * p[0])
    if name == "advection_1d":
        return np.sin(p[0] - 80 * p[1])
    rate = 20 - np.sqrt(400 + 4 * LONG_PI**2)
    decay = np.exp(rate * p[0])
    angle = 2 * LONG_PI * p[1]
    u, v = 1 - decay * np.cos(angle), rate / (2 * LONG_PI) * decay * np.sin(angle)
    return np.stack([u, v, (1 - decay**2) / 2], axis=1)


@pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18, reason="long double is no wider than double here"
)
@pytest.mark.parametrize("name", sorted(ALL))
def test_values_are_as_accurate_as_stated(name):
    reference = ALL[name]
    points = inside(reference, count=20_000)
    error = np.abs(reference.evaluate(points) - plainly(name, points)).max()
    assert error <= reference.accuracy
    assert reference.accuracy <= 1e-13


def test_values_are_float64_for_any_real_points(reference):
    points = inside(reference, count=5).astype(np.float32)
    values = reference.evaluate(points)
    assert values.dtype == np.float64
    assert len(values) == 5
    np.testing.assert_array_equal(values, reference.evaluate(points.astype(np.float64)))


def test_other_points_are_refused(reference):
    points = inside(reference, count=4)
    with pytest.raises(ValueError, match=r"expected points of shape \[n, "):
        reference.evaluate(points[0])
    with pytest.raises(ValueError, match=r"expected points of shape \[n, "):
        reference.evaluate(points[:, :1])
    with pytest.raises(ValueError, match="expected real points, got dtype complex128"):
        reference.evaluate(points.astype(complex))
    for wrong in (np.nan, np.inf, -7.0, 7.0):
        points[2, -1] = wrong
        with pytest.raises(ValueError, match=r"point 2, .* is not in the box"):
            reference.evaluate(points)


def test_no_reference_needs_jax():
    modules = "allen_cahn, burgers, formulas, lshape"
    code = "import sys\nfor name in ('jax', 'jaxlib', 'flax', 'optax'): sys.modules[name] = None\n"
    code += f"from dnnbench.problems.pde.reference import {modules}\n"
    subprocess.run([sys.executable, "-c", code], check=True)
