"""Points: inside, on the right sides, with the right values, dense where residuals are large."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.collocation.points import KINDS, Sampler, by_residual
from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.problems.pde.energy import PdeEnergy
from dnnbench.runner.resolve import exact_side


def energy(name):
    node = catalog.entry("problem", name).node
    pde = exact_side(node["_about"])
    return PdeEnergy("none", "float32", pde, tuple((k, float(node[k])) for k in pde.parameters))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name",
    ["poisson_2d", "poisson_lshape", "burgers_1d", "allen_cahn_1d", "navier_stokes_kovasznay"],
)
def test_points_lie_where_they_should(kind, name):
    e = energy(name)
    sampler = Sampler(e, 64, 16, 25, kind)
    fixed = {k: jnp.asarray(v, jnp.float32) for k, v in sampler.fixed_variates().items()}
    points = sampler.draw(jax.random.key(0), fixed)
    domain = e.pde.domain(e.p)
    for part in points[:2]:
        assert domain.inside(np.asarray(part, np.float64), 1e-6).all()
    assert len(points.interior) == 64
    assert len(np.unique(np.asarray(points.interior), axis=0)) == 64
    assert points.boundary.shape[0] == points.given.shape[0] == sampler.spans[-1].stop
    by_name = {part.name: part for part in e.parts}
    for span in sampler.spans:
        assert span.stop - span.start == (25 if span.name == "initial" else 16)
        rows = slice(span.start, span.stop)
        given, which = e.given(by_name[span.name], points.boundary[rows])
        np.testing.assert_array_equal(points.given[rows], given)
        assert which == span.given
    if e.pde.periodic:
        assert len(points.low) == len(points.high) == 16
        axis = e.pde.coordinates.index(e.pde.periodic[0])
        others = [i for i in range(points.low.shape[1]) if i != axis]
        np.testing.assert_array_equal(points.low[:, others], points.high[:, others])
        assert (points.high[:, axis] > points.low[:, axis]).all()
    else:
        assert len(points.low) == 0


def test_the_initial_side_has_the_initial_value_and_the_pressure_is_not_given():
    e = energy("burgers_1d")
    sampler = Sampler(e, 8, 4, 32, "uniform")
    points = sampler.draw(jax.random.key(1), {})
    span = next(s for s in sampler.spans if s.name == "initial")
    x, t = np.asarray(points.boundary[span.start : span.stop]).T
    assert (t == 0).all()
    np.testing.assert_allclose(
        points.given[span.start : span.stop, 0], -np.sin(np.pi * x), atol=1e-6
    )
    flow = Sampler(energy("navier_stokes_kovasznay"), 8, 4, 4, "uniform")
    assert {s.given for s in flow.spans} == {(True, True, False)}


def test_uniform_points_differ_by_key_and_sobol_points_do_not():
    for kind, same in (("uniform", False), ("sobol", True), ("grid", True)):
        sampler = Sampler(energy("poisson_2d"), 36, 8, 8, kind)
        fixed = {k: jnp.asarray(v, jnp.float32) for k, v in sampler.fixed_variates().items()}
        first, second = (sampler.draw(jax.random.key(k), fixed).interior for k in (0, 1))
        assert bool((first == second).all()) == same


def test_points_of_the_lshape_are_uniform():
    points = np.asarray(
        Sampler(energy("poisson_lshape"), 3000, 4, 4, "uniform").draw(jax.random.key(0), {})[0]
    )
    quadrants = [(points[:, 0] < 0) & (points[:, 1] < 0), (points[:, 0] < 0) & (points[:, 1] > 0)]
    for quadrant in (*quadrants, (points > 0).all(axis=1)):
        assert abs(quadrant.sum() - 1000) < 130  # five standard deviations
        inside = points[quadrant] % 1
        assert abs(inside.mean() - 0.5) < 0.04


def test_residual_based_points_follow_the_density():
    """The share of chosen points where the residual is 3 times as large, by the paper's density."""
    pool = jax.random.uniform(jax.random.key(0), (40_000, 2))
    residual = lambda x: jnp.where(x[:, 0] < 0.5, 3.0, 1.0)  # noqa: E731
    for power, floor in ((1.0, 1.0), (2.0, 0.0), (0.0, 1.0)):
        chosen = by_residual(residual, pool, 2000, power, floor, jax.random.key(1))
        assert len(np.unique(np.asarray(chosen), axis=0)) == 2000
        sizes = np.array([3.0, 1.0]) ** power
        density = sizes / sizes.mean() + floor
        share = float((chosen[:, 0] < 0.5).mean())
        assert share == pytest.approx(density[0] / density.sum(), abs=0.06)


def test_residual_based_points_survive_zero_and_broken_residuals():
    pool = jax.random.uniform(jax.random.key(0), (100, 2))
    for value in (0.0, jnp.nan, jnp.inf):
        r = lambda x, value=value: jnp.full(x.shape[0], value)  # noqa: E731
        chosen = by_residual(r, pool, 50, 1.0, 0.0, jax.random.key(1))
        assert bool(jnp.isfinite(chosen).all())
        assert len(np.unique(np.asarray(chosen), axis=0)) == 50


def test_unknown_sampling():
    with pytest.raises(UserError, match="did you mean 'sobol'"):
        Sampler(energy("poisson_2d"), 8, 4, 4, "sobl")
