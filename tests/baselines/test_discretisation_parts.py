"""What discretisations are made of: grids, Chebyshev points, triangles, Newton, walks."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.sparse import csc_array

from dnnbench.baselines.discretisation import chebyshev, finite_element_heat, triangles
from dnnbench.baselines.discretisation.direct import factorised
from dnnbench.baselines.discretisation.newton import newton
from dnnbench.baselines.discretisation.regular_grid import GridFunction, mesh, stencil
from dnnbench.baselines.discretisation.solution import NotSolvedError
from dnnbench.baselines.discretisation.walk_on_spheres import SHELL, Estimate, exits

SIDES = ((-1.0, 2.0), (0.5, 1.0))


@pytest.mark.parametrize("width", [2, 4, 8])
def test_stencils_reproduce_polynomials_up_to_both_ends(width):
    count = 11
    places = np.concatenate([np.linspace(0, count - 1, 101), np.arange(count)])
    first, weights = stencil(places, count, width)
    assert first.min() >= 0
    assert (first + width).max() <= count
    nodes = np.arange(count) / count
    for power in range(width):
        values = nodes**power
        found = sum(weights[:, i] * values[first + i] for i in range(width))
        np.testing.assert_allclose(found, (places / count) ** power, atol=1e-11)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)
    # The nodes are in the middle of the stencil wherever there are enough on both sides.
    offsets = (places - first)[(places > width) & (places < count - width)]
    assert (np.abs(offsets - (width - 1) / 2) <= 0.5).all()


def test_a_grid_function_is_bicubic_and_takes_its_values_at_the_nodes():
    def cubic(points):
        x, y = points.T
        return x**3 * y**2 - 2 * x * y**3 + 0.5

    counts = (9, 6)
    axes = [np.linspace(*side, n) for side, n in zip(SIDES, counts, strict=True)]
    nodes = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
    function = GridFunction(SIDES, cubic(nodes).reshape(counts))
    np.testing.assert_allclose(function(nodes), cubic(nodes), atol=1e-12)
    points = np.random.default_rng(0).uniform([-1, 0.5], [2, 1], (300, 2))
    np.testing.assert_allclose(function(points), cubic(points), atol=1e-12)


def test_inner_points_of_a_grid():
    points = mesh(SIDES, (3, 2))
    np.testing.assert_allclose(points, [[0.0, 0.75], [1.0, 0.75]])


@pytest.mark.parametrize(("nodes", "degree"), [(chebyshev.closed, 9), (chebyshev.inner, 11)])
def test_chebyshev_nodes_interpolate_and_differentiate_polynomials(nodes, degree):
    axis = nodes(degree, (0.5, 3.0))
    assert len(axis.x) == 10
    assert (np.diff(axis.x) < 0).all()
    polynomial = np.polynomial.Polynomial([1, -2, 0.5, 3, 0, -1, 0.2, 0, 0, 0.1])
    x = np.concatenate([np.linspace(0.5, 3.0, 57), axis.x])
    scale = np.abs(polynomial(x)).max()
    np.testing.assert_allclose(
        axis.basis(x) @ polynomial(axis.x), polynomial(x), atol=1e-11 * scale
    )
    np.testing.assert_array_equal(axis.basis(axis.x), np.eye(10))
    np.testing.assert_allclose(
        axis.derivative() @ polynomial(axis.x), polynomial.deriv()(axis.x), rtol=1e-9
    )


def test_closed_nodes_have_the_ends():
    axis = chebyshev.closed(7, (-0.5, 1.5))
    assert axis.x[[0, -1]].tolist() == [1.5, -0.5]


@pytest.mark.parametrize("grading", [1.0, 2.0, 4.0])
def test_graded_meshes_cover_the_l_shape_and_shrink_towards_the_corner(grading):
    grid = triangles.lshape(16, grading)
    a, b, c = (grid.p[:, grid.t[i]] for i in range(3))
    u, v = b - a, c - a
    areas = np.abs(u[0] * v[1] - u[1] * v[0]) / 2
    assert areas.sum() == pytest.approx(3.0, rel=1e-12)
    assert areas.min() > 0
    assert np.abs(grid.p).max() == 1
    middle = (a + b + c) / 3
    assert ((middle[0] < 0) | (middle[1] > 0)).all()
    radius = np.abs(grid.p).max(axis=0)
    assert radius[radius > 0].min() == pytest.approx((1 / 8) ** grading)
    assert len(grid.boundary_nodes()) == 8 * 8


@pytest.mark.parametrize("grading", [1.0, 4.0])
def test_points_are_found_in_their_triangles(grading):
    grid = triangles.lshape(20, grading)
    rng = np.random.default_rng(2)
    points = rng.uniform(-1, 1, (2000, 2))
    points[:500] *= np.geomspace(1e-8, 1, 500)[:, None]
    points = points[(points[:, 0] <= 0) | (points[:, 1] >= 0)]
    edges = (grid.p[:, grid.t[0]] + 2 * grid.p[:, grid.t[1]]).T / 3
    points = np.concatenate([points, grid.p.T, edges])
    found, local = triangles.located(grid, points)
    a, b, c = (grid.p[:, grid.t[i, found]] for i in range(3))
    again = a + (b - a) * local[0] + (c - a) * local[1]
    np.testing.assert_allclose(again.T, points, atol=1e-12)
    assert min(local.min(), (1 - local.sum(axis=0)).min()) > -1e-9


def test_a_point_outside_the_mesh_is_refused():
    grid = triangles.lshape(4, 1.0)
    with pytest.raises(ValueError, match=r"point \[0.5, -0.5\] is in no triangle"):
        triangles.located(grid, np.array([[0.5, 0.5], [0.5, -0.5]]))


def test_the_gauss_method_is_of_fourth_order_in_time():
    """Against the matrix exponential of the same elements."""
    alpha, n = 2.0, 16
    errors = []
    for steps in (16, 32, 64):
        found = finite_element_heat.heat(n, 1, alpha, steps).values.nodes
        assert found.shape == (steps + 1, n + 1)
        h = 1 / n
        near = np.eye(n - 1, k=1) + np.eye(n - 1, k=-1)
        stiffness = (2 * np.eye(n - 1) - near) / h
        mass = (4 * np.eye(n - 1) + near) * h / 6
        exact = expm(-alpha / 4 * np.linalg.solve(mass, stiffness)) @ found[0, 1:-1]
        errors.append(np.abs(found[steps // 4, 1:-1] - exact).max())
    ratios = np.array(errors[:-1]) / errors[1:]
    assert ratios == pytest.approx([16, 16], rel=0.25)


def test_newton_finds_a_root_or_says_that_it_does_not():
    root = newton(lambda x: -(x**2 - 2) / (2 * x), np.array([1.0, -3.0]), 5)
    np.testing.assert_allclose(root, np.sqrt(2) * np.array([1, -1]), rtol=1e-12)
    with pytest.raises(NotSolvedError, match="resolution 5"):
        newton(lambda x: np.ones_like(x) * (1 + np.abs(x)), np.array([1.0]), 5)
    asked = []
    with pytest.raises(NotSolvedError):
        newton(lambda x: asked.append(x) or np.full_like(x, np.nan), np.array([1.0]), 5)
    assert len(asked) == 1


@pytest.mark.parametrize("symmetric", [False, True])
def test_sparse_systems_are_solved_or_said_to_be_singular(symmetric):
    matrix = np.diag([4.0, -5.0, 6.0, 7.0]) + np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1)
    right = np.array([1.0, -2.0, 0.5, 3.0])
    factors = factorised(csc_array(matrix), symmetric=symmetric)
    np.testing.assert_allclose(matrix @ factors.solve(right), right, atol=1e-14)
    assert factors.peak_bytes > matrix.nbytes
    with pytest.raises(NotSolvedError, match="4 rows is singular"):
        factorised(csc_array(np.ones((4, 4))), symmetric=symmetric)


def test_walks_end_on_the_boundary_and_leave_their_starts_alone():
    rng = np.random.default_rng(0)
    starts = rng.uniform(0, 1, (400, 10))
    starts[0, 3], starts[1] = 1.0, 0.5
    kept = starts.copy()
    ends = exits(starts, rng)
    np.testing.assert_array_equal(starts, kept)
    assert ((ends >= -SHELL) & (ends <= 1 + SHELL)).all()
    assert ((ends == 0) | (ends == 1)).any(axis=1).all()
    np.testing.assert_array_equal(ends[0], starts[0])


def test_the_mean_over_walks_is_the_harmonic_function():
    def boundary(points):
        return points[:, 0] * points[:, 1] - points[:, 2] ** 2 + points[:, 3] ** 2

    rng = np.random.default_rng(3)
    points = rng.uniform(0.1, 0.9, (200, 4))
    estimate = Estimate(points, boundary)
    seen = []
    for _ in range(64):
        estimate.walk(rng)
        off = np.linalg.norm(estimate.values - boundary(points))
        seen.append(off / np.linalg.norm(estimate.values))
    assert estimate.walks == 64
    # The error is what its own estimate says, and falls with the root of the number of walks.
    assert seen[-1] == pytest.approx(estimate.relative_error, rel=0.25)
    assert seen[3] / seen[-1] == pytest.approx(4, rel=0.35)
    # No bias: the mean over all points is much nearer.
    mean = abs((estimate.values - boundary(points)).mean())
    assert mean < 4 * np.abs(estimate.values - boundary(points)).std() / np.sqrt(200)


def test_the_place_where_walks_are_ended_is_no_bias():
    starts = np.tile([0.8, 0.5], (30_000, 1))
    ends = exits(starts, np.random.default_rng(5))
    found = ends[:, 0] ** 2 - ends[:, 1] ** 2
    # Most leave at x = 1, where the slope is 2: ended 0.01 from there they give 0.01 too much.
    noise = 3 * found.std() / np.sqrt(30_000)
    assert noise < 0.01
    assert found.mean() == pytest.approx(0.39, abs=noise)


def test_one_walk_has_no_estimate():
    estimate = Estimate(np.full((3, 2), 0.5), lambda points: points[:, 0])
    estimate.walk(np.random.default_rng(0))
    assert estimate.relative_error is None
