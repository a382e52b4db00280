"""Discretisations converge to the references at the orders that theory gives them."""

import importlib
from itertools import pairwise

import numpy as np
import pytest

from dnnbench.baselines.discretisation.solution import NotSolvedError
from dnnbench.errors import UserError
from dnnbench.problems.pde.reference import allen_cahn, lshape
from dnnbench.problems.pde.reference.burgers import Burgers1D
from dnnbench.problems.pde.reference.formulas import (
    Advection1D,
    Heat1D,
    Helmholtz2D,
    Kovasznay,
    Poisson2D,
)

NU = 0.05
HELMHOLTZ = {"a1": 1.0, "a2": 3.0, "k": 2.0}
FLOW = "navier_stokes_kovasznay"

FORMULAS = {
    "poisson_2d": (Poisson2D(), {}),
    "helmholtz_2d": (Helmholtz2D(1, 3, 2.0), HELMHOLTZ),
    "heat_1d": (Heat1D(1.0), {"alpha": 1.0}),
    "burgers_1d": (Burgers1D(NU), {"nu": NU}),
    "advection_1d": (Advection1D(80.0), {"c": 80.0}),
    FLOW: (Kovasznay(40.0), {"reynolds": 40.0}),
}


@pytest.fixture(scope="module")
def references():
    """By problem, the reference and the coefficients it belongs to."""
    solved = {
        "poisson_lshape": (lshape.solve(24), {}),
        "allen_cahn_1d": (allen_cahn.solve(1024, 16, 2.0**-9, 1024), {}),
    }
    return FORMULAS | solved


def schemes(module):
    return importlib.import_module(f"dnnbench.baselines.discretisation.{module}").SCHEMES


def random_points(reference, count=10_000, seed=0):
    """Many, for the sake of corners and fronts; on few lines, because equal times are cheap."""
    low, high = np.array(reference.domain).T
    rng = np.random.default_rng(seed)
    points = rng.uniform(low, high, (count, len(low)))
    points[:, -1] = np.repeat(points[: count // 100, -1], 100)
    if isinstance(reference, lshape.PoissonLShape):
        points = points[(points[:, 0] <= 0) | (points[:, 1] >= 0)]
    return points


def edge_points(reference, count=41):
    """A grid with both ends of every interval: corners, sides, nodes, first and last times."""
    axes = [np.linspace(*ends, count) for ends in reference.domain]
    points = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
    if isinstance(reference, lshape.PoissonLShape):
        points = points[(points[:, 0] <= 0) | (points[:, 1] >= 0)]
    return points


def error(found, reference, points):
    """Relative L2, of all fields together; a pressure counts but for its mean."""
    expected = reference.evaluate(points).reshape(len(points), -1)
    off = found(points).reshape(expected.shape) - expected
    if expected.shape[1] == 3:
        off[:, 2] -= off[:, 2].mean()
    return np.linalg.norm(off) / np.linalg.norm(expected)


def rates(module, problem, resolutions, references, **options):
    """Observed orders between successive resolutions, and the last error."""
    reference, coefficients = references[problem]
    points = random_points(reference)
    solve = schemes(module)[problem]
    errors = [error(solve(n, **options, **coefficients), reference, points) for n in resolutions]
    widths = np.array([n / m for m, n in pairwise(resolutions)])
    return np.log(np.array(errors[:-1]) / errors[1:]) / np.log(widths), errors[-1]


@pytest.mark.parametrize(
    ("problem", "resolutions", "order", "bound"),
    [
        ("poisson_2d", (16, 32, 64), 2, 3e-4),
        ("helmholtz_2d", (32, 64, 128), 2, 5e-3),
        ("poisson_lshape", (16, 32, 64), 4 / 3, 4e-3),
        ("heat_1d", (16, 32, 64), 2, 2e-4),
        ("burgers_1d", (64, 128, 256), 2, 1e-3),
        ("allen_cahn_1d", (1024, 2048), 2, 1e-5),
        ("advection_1d", (64, 128, 256), 2, 6e-3),
    ],
)
def test_finite_differences_are_of_second_order_but_at_the_corner(
    problem, resolutions, order, bound, references
):
    found, last = rates("finite_differences", problem, resolutions, references)
    assert found == pytest.approx(order, abs=0.15)
    assert last < bound


@pytest.mark.parametrize(
    ("problem", "degree", "resolutions", "bound"),
    [
        ("poisson_2d", 1, (8, 16, 32), 4e-3),
        ("poisson_2d", 2, (4, 8, 16), 2e-4),
        ("helmholtz_2d", 1, (32, 64), 2e-2),
        ("helmholtz_2d", 2, (16, 32), 3e-3),
        ("heat_1d", 1, (8, 16, 32), 3e-3),
        ("heat_1d", 2, (8, 16, 32), 3e-5),
    ],
)
def test_finite_elements_are_of_order_degree_plus_one(
    problem, degree, resolutions, bound, references
):
    found, last = rates("finite_elements", problem, resolutions, references, degree=degree)
    assert found == pytest.approx(degree + 1, abs=0.15)
    assert last < bound


@pytest.mark.parametrize("degree", [1, 2])
def test_the_corner_spoils_the_order_of_uniform_elements_and_grading_restores_it(
    degree, references
):
    uniform, coarse = rates(
        "finite_elements", "poisson_lshape", (32, 64), references, degree=degree, grading=1.0
    )
    graded, fine = rates("finite_elements", "poisson_lshape", (32, 64), references, degree=degree)
    # Uniform P1 approaches 4/3 from above, as its regular error is still seen.
    assert uniform == pytest.approx(4 / 3, abs=0.25)
    assert graded == pytest.approx(degree + 1, abs=0.3)
    assert fine < coarse


@pytest.mark.parametrize(
    ("problem", "resolution", "bound"),
    [
        ("poisson_2d", 12, 1e-9),
        ("helmholtz_2d", 32, 1e-10),
        ("heat_1d", 12, 1e-9),
        ("burgers_1d", 48, 1e-8),
        ("advection_1d", 4, 1e-13),
        (FLOW, 20, 1e-8),
    ],
)
def test_spectral_methods_are_accurate_at_modest_resolutions(
    problem, resolution, bound, references
):
    reference, coefficients = references[problem]
    found = schemes("spectral")[problem](resolution, **coefficients)
    assert error(found, reference, random_points(reference)) < bound


def test_spectral_allen_cahn_converges_as_its_kink_is_smoothed(references):
    found, last = rates("spectral", "allen_cahn_1d", (128, 256), references)
    assert found > 3
    assert last < 1e-5


def test_spectral_burgers_resolves_the_thin_front():
    reference = Burgers1D(0.01 / np.pi)
    points = random_points(reference)
    coarse, fine = (
        error(schemes("spectral")["burgers_1d"](n, 0.01 / np.pi), reference, points)
        for n in (45, 91)
    )
    assert fine < 1e-6
    assert fine < coarse / 300


@pytest.mark.parametrize(
    ("degree", "resolutions", "order", "bound"), [(1, (16, 24), 2, 3e-2), (2, (8, 16), 3, 3e-3)]
)
def test_the_velocity_of_mixed_elements(degree, resolutions, order, bound):
    reference = Kovasznay(40.0)
    points = random_points(reference)
    expected = reference.evaluate(points)
    speeds, pressures = [], []
    for n in resolutions:
        off = schemes("finite_elements")[FLOW](n, degree, 40.0)(points) - expected
        off[:, 2] -= off[:, 2].mean()
        speeds.append(np.linalg.norm(off[:, :2]) / np.linalg.norm(expected[:, :2]))
        pressures.append(np.linalg.norm(off[:, 2]) / np.linalg.norm(expected[:, 2]))
    width = np.log(resolutions[1] / resolutions[0])
    assert np.log(speeds[0] / speeds[1]) / width == pytest.approx(order, abs=0.3)
    assert np.log(pressures[0] / pressures[1]) / width > degree - 0.3
    assert speeds[1] < bound


CASES = [
    (module, problem, resolution, options)
    for module, resolution, options in (
        ("finite_differences", 64, {}),
        ("finite_elements", 16, {"degree": 1}),
        ("finite_elements", 16, {"degree": 2}),
        ("spectral", 48, {}),
    )
    for problem in schemes(module)
    if (module, problem) != ("spectral", FLOW)
] + [("spectral", FLOW, 16, {})]


@pytest.mark.parametrize(
    ("module", "problem", "resolution", "options"),
    CASES,
    ids=["-".join([m, p, *map(str, o.values())]) for m, p, _, o in CASES],
)
def test_values_between_nodes_and_on_the_boundary_are_as_good_as_elsewhere(
    module, problem, resolution, options, references
):
    """Interpolation adds little, and no point of the closed domain is special."""
    reference, coefficients = references[problem]
    found = schemes(module)[problem](resolution, **options, **coefficients)
    inside = error(found, reference, random_points(reference))
    everywhere = edge_points(reference)
    values = found(everywhere)
    assert values.dtype == np.float64
    assert np.isfinite(values).all()
    assert error(found, reference, everywhere) < 2 * inside + 1e-12
    order = np.random.default_rng(1).permutation(len(everywhere))
    np.testing.assert_allclose(found(everywhere[order]), values[order], atol=1e-11)
    assert found(everywhere[:1]).shape == values[:1].shape
    assert found.unknowns > 0
    assert found.peak_bytes > 0


@pytest.mark.parametrize("module", ["finite_differences", "finite_elements", "spectral"])
def test_what_is_given_on_the_boundary_is_there(module, references):
    options = {"degree": 2} if module == "finite_elements" else {}
    side = np.linspace(0.0, 1.0, 21)
    for problem in ("poisson_2d", "helmholtz_2d", "heat_1d"):
        reference, coefficients = references[problem]
        found = schemes(module)[problem](12, **options, **coefficients)
        (low, high), (first, last) = reference.domain
        along = first + (last - first) * side
        for x in (low, high):
            points = np.stack([np.full_like(along, x), along], axis=1)
            np.testing.assert_allclose(found(points), 0, atol=1e-12)


@pytest.mark.parametrize("module", ["finite_differences", "spectral"])
@pytest.mark.parametrize("problem", ["allen_cahn_1d", "advection_1d"])
def test_periodic_solutions_are_the_same_at_both_ends(module, problem, references):
    reference, coefficients = references[problem]
    found = schemes(module)[problem](64, **coefficients)
    (low, high), _ = reference.domain
    times = np.linspace(0.0, 1.0, 33)
    ends = [found(np.stack([np.full_like(times, x), times], axis=1)) for x in (low, high)]
    np.testing.assert_allclose(*ends, atol=1e-12)


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        (module, problem)
        for module in ("finite_differences", "finite_elements", "spectral")
        for problem in schemes(module)
        if problem.endswith("1d")
    ],
)
def test_initial_values_are_those_given(module, problem, references):
    options = {"degree": 2} if module == "finite_elements" else {}
    reference, coefficients = references[problem]
    found = schemes(module)[problem](32, **options, **coefficients)
    x = np.linspace(*reference.domain[0], 33)  # nodes of the first two
    points = np.stack([x, np.zeros_like(x)], axis=1)
    np.testing.assert_allclose(found(points), reference.evaluate(points), atol=1e-9)


@pytest.mark.parametrize(
    ("module", "arguments"), [("finite_elements", (8, 2, 40.0)), ("spectral", (12, 40.0))]
)
def test_corrections_are_newtons(module, arguments, monkeypatch):
    """With wrong derivatives more steps would be needed, if they sufficed."""
    monkeypatch.setattr("dnnbench.baselines.discretisation.newton._STEPS", 8)
    found = schemes(module)[FLOW](*arguments)
    reference = Kovasznay(40.0)
    assert error(found, reference, random_points(reference)) < 0.1


@pytest.mark.parametrize(
    ("module", "options"), [("finite_differences", {}), ("finite_elements", {"degree": 2})]
)
def test_a_fast_decay_is_not_lost_between_times(module, options):
    reference = Heat1D(10.0)
    found = schemes(module)["heat_1d"](32, **options, alpha=10.0)
    points = random_points(reference)
    points[:, 1] **= 3
    assert error(found, reference, points) < 1e-3


def test_a_resonance_is_refused():
    n, h = 8, 2 / 8
    eigenvalue = 2 * 4 / h**2 * np.sin(np.pi / (2 * n)) ** 2
    with pytest.raises(UserError, match="eigenvalue at resolution 8"):
        schemes("finite_differences")["helmholtz_2d"](n, 1.0, 4.0, np.sqrt(eigenvalue))


def test_what_is_too_coarse_is_not_solved():
    with pytest.raises(NotSolvedError, match="resolution 7"):
        schemes("spectral")[FLOW](7, 40.0)
    with pytest.raises(NotSolvedError, match="7 coefficients"):
        schemes("spectral")["burgers_1d"](8, 0.01 / np.pi)
