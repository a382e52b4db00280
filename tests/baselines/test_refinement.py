"""Baselines of differential equations: what they offer, claim and note, and when they end."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from omegaconf import OmegaConf

from dnnbench.baselines.base import Limits
from dnnbench.baselines.discretisation.solution import NotSolvedError, Solution
from dnnbench.baselines.finite_differences import FiniteDifferences
from dnnbench.baselines.finite_elements import FiniteElements
from dnnbench.baselines.refinement import Refinement
from dnnbench.baselines.spectral import Spectral
from dnnbench.baselines.walk_on_spheres import WalkOnSpheres
from dnnbench.errors import UserError
from dnnbench.paths import shared_folder
from dnnbench.problems.pde.reference import formulas

from .conftest import FakeSearch

LISTED = [
    (name, problem)
    for name in ("finite_differences", "finite_elements", "spectral")
    for problem in OmegaConf.load(
        shared_folder("configs") / "baseline" / f"{name}.yaml"
    )._about.problems
]
KINDS = {
    "finite_differences": FiniteDifferences(16, 32),
    "finite_elements": FiniteElements(8, 16, 2),
    "spectral": Spectral(16, 23),
}
COEFFICIENTS = {
    "helmholtz_2d": {"a1": 1.0, "a2": 2.0, "k": 1.0},
    "heat_1d": {"alpha": 0.1},
    "burgers_1d": {"nu": 0.05},
    "advection_1d": {"c": 5.0},
    "navier_stokes_kovasznay": {"reynolds": 40.0},
}
POINTS = np.random.default_rng(0).uniform(0.05, 0.95, (60, 2))


def problem(name="poisson_2d", sense="min"):
    return SimpleNamespace(name=name, sense=sense)


def run(baseline, search, name="poisson_2d", points=POINTS, sense="min", **limits):
    public = SimpleNamespace(points=points, parameters=COEFFICIENTS.get(name, {}))
    baseline.prepare(problem(name), public)
    rng = np.random.default_rng(0)
    baseline.solve(problem(name, sense), public, rng, Limits(**limits), search)
    return search


@dataclass(frozen=True)
class Scripted(Refinement):
    """Errors, seconds and bytes by resolution, as a script says."""

    errors: tuple[float, ...]
    clock: object = None
    seconds: float = 0.0
    bytes_: int = 1

    def schemes(self):
        def solve(resolution):
            if resolution < self.first_resolution:  # that of `prepare`
                raise NotSolvedError("far too coarse")
            if self.clock is not None:
                self.clock.left -= self.seconds * resolution**2
            step = round(np.log2(resolution / self.first_resolution))
            error = self.errors[min(step, len(self.errors) - 1)]
            if np.isnan(error):
                raise NotSolvedError(f"resolution {resolution}")
            size = self.bytes_ * resolution**2
            return Solution(lambda points: np.full(len(points), 1 + error), resolution, 2.0, size)

        return {"poisson_2d": solve}


@pytest.mark.parametrize(("name", "problem_name"), LISTED)
def test_every_listed_problem_is_solved(name, problem_name):
    points = POINTS * [1, -1] + [0, 1] if problem_name == "poisson_lshape" else POINTS
    search = run(KINDS[name], FakeSearch(), problem_name, points)
    assert len(search.offers) == 2
    fields = 3 if problem_name == "navier_stokes_kovasznay" else 1
    for z, _, _, _ in search.offers:
        assert z.shape == (60, fields)
        assert z.dtype == np.float64
        assert np.isfinite(z).all()
    assert search.notes["resolution"] == {"finite_elements": 16, "spectral": 23}.get(name, 32)
    assert search.notes["unknowns"] > 0
    assert 0 <= search.notes["estimated_error"] < 1


@pytest.mark.parametrize("baseline", [Spectral(16, 23), FiniteElements(8, 32, 2)])
def test_the_constant_of_a_pressure_is_no_error(baseline):
    search = run(baseline, FakeSearch(), "navier_stokes_kovasznay")
    claims = [claim for _, claim, _, _ in search.offers]
    assert claims[-1] < (1e-5 if isinstance(baseline, Spectral) else claims[-2] / 5)


def test_a_problem_without_a_scheme_is_an_error():
    with pytest.raises(UserError, match="unknown problem 'poisson_10d'"):
        run(KINDS["spectral"], FakeSearch(), "poisson_10d")


def test_the_trace_is_error_against_resolution():
    search = run(FiniteDifferences(8, 64), FakeSearch())
    exact = formulas.Poisson2D().evaluate(POINTS)[:, None]
    errors = [np.linalg.norm(z - exact) / np.linalg.norm(exact) for z, *_ in search.offers]
    claims = [claim for _, claim, _, _ in search.offers]
    assert [steps for _, _, steps, _ in search.offers] == [1, 2, 3, 4]
    assert [restarts for *_, restarts in search.offers] == [1, 2, 3, 4]
    assert np.log2(errors[-2] / errors[-1]) == pytest.approx(2, abs=0.1)
    # The difference to half the resolution is three times the error of a second-order scheme.
    assert claims[0] == 1.0
    assert claims[-1] == pytest.approx(3 * errors[-1], rel=0.1)
    assert search.notes["estimated_error"] == claims[-1]
    assert search.notes["order"] == 2.0
    assert search.notes["ended_by"] == "last_resolution"


@pytest.mark.parametrize("sense", ["min", "max"])
def test_later_is_always_better_by_its_claim(sense):
    search = run(Scripted(8, 128, (0.3, 0.2, 0.5, 0.5, 0.1)), FakeSearch(), sense=sense)
    claims = [claim for _, claim, _, _ in search.offers]
    better = np.diff(claims) < 0 if sense == "min" else np.diff(claims) > 0
    assert len(claims) == 5
    assert better.all()
    assert np.isfinite(claims).all()
    assert search.notes["estimated_error"] == pytest.approx(0.4 / 1.1)


@pytest.mark.parametrize("limits", [{"steps": 3}, {"restarts": 3}, {"steps": 3, "restarts": 9}])
def test_limits_count_resolutions(limits):
    search = run(FiniteDifferences(8, None), FakeSearch(), **limits)
    assert len(search.offers) == 3
    assert search.notes["resolution"] == 32
    assert search.notes["ended_by"] == "steps"


def test_something_is_offered_even_if_there_is_no_time():
    assert len(run(FiniteDifferences(8, None), FakeSearch(stop_after=0)).offers) == 1
    assert len(run(FiniteDifferences(8, None), FakeSearch(seconds=0.0)).offers) == 1


@pytest.mark.parametrize(("seconds", "resolutions"), [(0.5, 1), (40.0, 3), (70.0, 3), (400.0, 5)])
def test_what_cannot_end_in_time_is_not_begun(monkeypatch, seconds, resolutions):
    """Resolution n takes n^2 / 100 seconds: 0.64, 2.56, 10.2, 41, 164 from 8 on."""
    search = FakeSearch(seconds=seconds, tick=0.0)
    monkeypatch.setattr("time.perf_counter", lambda: -search.left)
    baseline = Scripted(8, None, (0.5, 0.1, 0.02, 0.004, 0.001), search, 0.01)
    run(baseline, search)
    assert len(search.offers) == resolutions
    assert search.notes["ended_by"] == "time"
    if resolutions > 1:
        assert search.left > 0


def test_what_does_not_fit_in_memory_is_not_begun(monkeypatch):
    free = SimpleNamespace(available=1000 * 32**2)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    search = run(Scripted(8, None, (0.5, 0.1, 0.02), bytes_=1000), FakeSearch())
    assert search.notes["resolution"] == 16
    assert search.notes["ended_by"] == "memory"


def test_it_ends_when_rounding_is_all_that_is_left():
    search = run(Spectral(8, None), FakeSearch())
    exact = formulas.Poisson2D().evaluate(POINTS)[:, None]
    assert len(search.offers) < 10
    assert np.abs(search.offers[-1][0] - exact).max() < 1e-12
    assert search.notes["order"] == "spectral"
    assert search.notes["ended_by"] == "rounding"
    # An error that has not fallen yet is no sign of it.
    assert len(run(Scripted(8, 64, (0.3, 0.2, 0.1, 0.2)), FakeSearch()).offers) == 4


def test_what_is_too_coarse_is_passed_over():
    nan = float("nan")
    search = run(Scripted(8, 64, (nan, nan, 0.2, 0.1)), FakeSearch())
    assert [steps for _, _, steps, _ in search.offers] == [1, 2]
    assert search.notes["resolution"] == 64
    with pytest.raises(UserError, match="last_resolution=16 is too coarse: resolution 16"):
        run(Scripted(8, 16, (nan, nan)), FakeSearch())


def test_a_last_resolution_below_the_first_is_an_error():
    with pytest.raises(UserError, match="last_resolution=8 is below first_resolution=16"):
        run(FiniteDifferences(16, 8), FakeSearch())


def test_memory_that_runs_out_after_all_ends_it(monkeypatch):
    def schemes(self):
        def solve(resolution):
            if resolution >= 32:
                raise MemoryError
            return Solution(lambda points: np.ones(len(points)) / resolution, 1, 2.0, 1)

        return {"poisson_2d": solve}

    monkeypatch.setattr(FiniteDifferences, "schemes", schemes)
    assert run(FiniteDifferences(8, None), FakeSearch()).notes["resolution"] == 16
    with pytest.raises(MemoryError):
        run(FiniteDifferences(32, None), FakeSearch())


def test_finite_elements_name_the_missing_package(monkeypatch):
    monkeypatch.setattr("dnnbench.baselines.finite_elements.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs the extra 'baselines'"):
        run(KINDS["finite_elements"], FakeSearch())


CUBE = np.random.default_rng(1).uniform(0, 1, (50, 10))


def test_walks_are_offered_when_their_number_has_doubled():
    search = run(WalkOnSpheres(None), FakeSearch(stop_after=10), "poisson_10d", CUBE)
    exact = formulas.Poisson10D().evaluate(CUBE)[:, None]
    assert [steps for _, _, steps, _ in search.offers] == [1, 2, 4, 8, 11]
    claims = [claim for _, claim, _, _ in search.offers]
    assert (np.diff(claims) < 0).all()
    z, claim, _, _ = search.offers[-1]
    assert z.shape == (50, 1)
    error = np.linalg.norm(z - exact) / np.linalg.norm(exact)
    assert claim == pytest.approx(error, rel=0.5)
    assert search.notes["walks"] == 11


@pytest.mark.parametrize("limits", [{"steps": 5}, {"restarts": 5}])
def test_walks_respect_limits_and_seeds(limits):
    first, second = (
        run(WalkOnSpheres(None), FakeSearch(), "poisson_10d", CUBE, **limits) for _ in range(2)
    )
    assert first.offers[-1][2:] == (5, 5)
    np.testing.assert_array_equal(first.offers[-1][0], second.offers[-1][0])
    assert len(run(WalkOnSpheres(1), FakeSearch(), "poisson_10d", CUBE).offers) == 1
