"""Every equation in the registry against its reference solution; a new one edits nothing here."""

from types import SimpleNamespace

import numpy as np
import pytest

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.instances.equation import Equation
from dnnbench.problems.pde.base import Pde
from dnnbench.runner.resolve import exact_side

EQUATIONS = [
    name for name, entry in catalog.entries("problem").items() if "pde" in entry.about["family"]
]
SLOW = ("allen_cahn_1d",)  # whose reference is a series a point of time
# Sixth-order central differences, first and second.
FIRST = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60
SECOND = np.array([2, -27, 270, -490, 270, -27, 2]) / 180
SHIFTS = np.arange(-3, 4)


def made(name):
    node = catalog.entry("problem", name).node
    pde = exact_side(node["_about"])
    return pde, pde.values_of(node), {k: v for k, v in node.items() if not k.startswith("_")}


def interior(pde, p, count, margin, seed=0):
    """Points so far inside that differences stay in the domain."""
    domain = pde.domain(p)
    points = domain.interior(
        np.random.default_rng(seed).random((20 * count, domain.dimensions)), np
    )
    keep = np.ones(len(points), bool)
    for axis in range(domain.dimensions):
        for shift in (-margin, margin):
            moved = points.copy()
            moved[:, axis] += shift
            keep &= domain.inside(moved)
    return points[keep][:count]


def differentiated(pde, p, points, h):
    """The reference as `f` of `Pde.residuals`, with derivatives by differences."""
    reference = pde.reference(p)
    n = len(pde.coordinates)

    def values(at):
        return reference.evaluate(at).reshape(len(at), len(pde.unknowns))

    def along(axis, weights, at, power):
        total = 0.0
        for weight, shift in zip(weights, SHIFTS, strict=True):
            if weight:
                moved = at.copy()
                moved[:, axis] += shift * h[axis]
                total = total + weight * values(moved)
        return total / h[axis] ** power

    derivatives = {"value": values(points)}
    for axis, name in enumerate(pde.coordinates):
        derivatives[name] = along(axis, FIRST, points, 1)
    for name in pde.derivatives:
        if name == "laplacian":
            axes = [i for i in range(n) if pde.coordinates[i] != "t"]
        else:
            axes = [pde.coordinates.index(name[: len(name) // 2])]
        derivatives[name] = sum(along(axis, SECOND, points, 2) for axis in axes)
    fields = {
        unknown: SimpleNamespace(**{k: v[:, i] for k, v in derivatives.items()})
        for i, unknown in enumerate(pde.unknowns)
    }
    return SimpleNamespace(**fields)


def named(pde, points):
    return SimpleNamespace(**{c: points[:, i] for i, c in enumerate(pde.coordinates)})


@pytest.mark.parametrize("name", EQUATIONS)
def test_the_reference_solves_the_equation(name):
    pde, p, _ = made(name)
    box = np.array(pde.domain(p).box)
    h = (box[:, 1] - box[:, 0]) * 5e-4
    points = interior(pde, p, 4 if name in SLOW else 40, 4 * h.max())
    fields = differentiated(pde, p, points, h)
    scale = 1 + max(np.abs(vars(f)[d]).max() for f in vars(fields).values() for d in vars(f))
    for term, residual in pde.residuals(fields, named(pde, points), p, np).items():
        assert residual.shape == (len(points),), term
        assert np.abs(residual).max() < 1e-5 * scale, term
    # The check can fail: another solution leaves a residual.
    other = vars(fields)[pde.unknowns[0]]
    for key, value in vars(other).items():
        setattr(other, key, value * (1.01 if key == pde.coordinates[-1] else 1.0))
    if name not in ("poisson_2d", "poisson_lshape", "poisson_10d", "helmholtz_2d"):
        worst = max(
            np.abs(r).max() for r in pde.residuals(fields, named(pde, points), p, np).values()
        )
        assert worst > 1e-4


@pytest.mark.parametrize("name", EQUATIONS)
def test_the_reference_has_the_values_given_on_the_boundary(name):
    pde, p, _ = made(name)
    left_out = set(pde.free) | {f"{c}_{end}" for c in pde.periodic for end in ("low", "high")}
    reference = pde.reference(p)
    domain = pde.domain(p)
    seen = 0
    for part in domain.parts:
        count = 3 if name in SLOW else 30
        v = np.random.default_rng(1).random((count, domain.dimensions - 1))
        points = part.at(v, np)
        assert domain.inside(points).all()
        values = reference.evaluate(points).reshape(count, -1)
        if part.name in left_out:
            continue
        given = pde.boundary(part.name, named(pde, points), p, np)
        assert given
        for unknown, value in given.items():
            np.testing.assert_allclose(
                values[:, pde.unknowns.index(unknown)], np.broadcast_to(value, count), atol=1e-9
            )
            seen += 1
    assert seen


@pytest.mark.parametrize("name", [n for n in EQUATIONS if made(n)[0].periodic])
def test_the_reference_is_periodic(name):
    pde, p, _ = made(name)
    parts = {part.name: part for part in pde.domain(p).parts}
    v = np.random.default_rng(2).random((3, len(pde.coordinates) - 1))
    for coordinate in pde.periodic:
        low, high = (
            pde.reference(p).evaluate(parts[f"{coordinate}_{end}"].at(v, np))
            for end in ("low", "high")
        )
        np.testing.assert_allclose(low, high, atol=1e-9)


@pytest.mark.parametrize("name", [n for n in EQUATIONS if made(n)[0].offers("constrained")])
def test_the_ansatz_has_the_given_values_for_any_network(name):
    pde, p, _ = made(name)
    rng = np.random.default_rng(3)
    left_out = {f"{c}_{end}" for c in pde.periodic for end in ("low", "high")}
    for part in pde.domain(p).parts:
        if part.name in left_out:
            continue
        points = part.at(rng.random((25, len(pde.coordinates) - 1)), np)
        net = SimpleNamespace(**{u: rng.standard_normal(25) for u in pde.unknowns})
        made_ = pde.constrained(net, named(pde, points), p, np)
        for unknown, value in pde.boundary(part.name, named(pde, points), p, np).items():
            np.testing.assert_allclose(made_[unknown], np.broadcast_to(value, 25), atol=1e-12)
    points = interior(pde, p, 25, 1e-3)
    nets = [SimpleNamespace(u=np.full(len(points), level)) for level in (0.0, 1.0)]
    low, high = (pde.constrained(net, named(pde, points), p, np)["u"] for net in nets)
    assert (np.abs(high - low) > 0).all()  # inside the network decides everything


@pytest.mark.parametrize("name", [n for n in EQUATIONS if made(n)[0].offers("ritz")])
def test_the_reference_minimises_the_integral(name):
    """To first order nothing that vanishes on the boundary lowers it; to second order it rises."""
    pde, p, _ = made(name)
    box = np.array(pde.domain(p).box)
    domain = pde.domain(p)
    rng = np.random.default_rng(4)
    points = domain.interior(rng.random((20_000, domain.dimensions)), np)
    low, high = box.T
    if name == "poisson_10d":
        bump = lambda x: np.prod(np.sin(np.pi * (x - low) / (high - low)), axis=1)[:, None]  # noqa: E731
    else:
        bump = lambda x: np.prod(np.sin(2 * np.pi * (x - low) / (high - low)), axis=1)[:, None]  # noqa: E731
    reference = pde.reference(p)
    h = 1e-5 * (high - low)
    inside = np.ones(len(points), bool)
    for axis in range(domain.dimensions):
        for sign in (-1, 1):
            moved = points.copy()
            moved[:, axis] += sign * h[axis]
            inside &= domain.inside(moved)
    points = points[inside]

    def density(epsilon):
        def u(x):
            return reference.evaluate(x).reshape(len(x), 1) + epsilon * bump(x)

        parts = {"value": u(points)[:, 0]}
        for axis, c in enumerate(pde.coordinates):
            step = np.zeros(domain.dimensions)
            step[axis] = h[axis]
            parts[c] = ((u(points + step) - u(points - step)) / (2 * h[axis]))[:, 0]
        f = SimpleNamespace(u=SimpleNamespace(**parts))
        return pde.ritz(f, named(pde, points), p, np)

    for epsilon in (0.5, -0.5):
        rise = density(epsilon) - density(0.0)
        error = rise.std() / np.sqrt(len(rise))
        assert rise.mean() > 0
        # The second-order term alone: epsilon^2 times a constant; the first order is noise.
        both = (density(epsilon) + density(-epsilon)) / 2 - density(0.0)
        assert abs(rise.mean() - both.mean()) < 5 * error


@pytest.mark.parametrize("name", EQUATIONS)
def test_posing_and_judging(name):
    pde, p, settings = made(name)
    settings["grid"] = "33x5" if name in SLOW else None
    posed = pde.pose(Equation(name), settings, None)
    points, sealed = posed.public.points, posed.sealed
    assert points.dtype == sealed.dtype == np.float64
    assert sealed.shape == (len(points), len(pde.unknowns))
    assert not points.flags.writeable
    assert pde.domain(p).inside(points).all()
    assert posed.public.parameters == {k: settings[k] for k in pde.parameters}
    again = pde.verify(sealed.copy(), posed.public, sealed)
    assert again.objective == 0
    assert again.feasible
    assert again.metrics["reference_accuracy"] <= 1e-9
    zero = pde.verify(pde.plain(posed.public), posed.public, sealed)
    assert zero.objective == pytest.approx(1.0)
    assert np.isnan(pde.verify(pde.plain(posed.public), posed.public, None).objective)
    shifted = sealed + 0.25
    found = pde.verify(shifted, posed.public, sealed)
    if not pde.up_to_constant:
        wanted = 0.25 * np.sqrt(sealed.size) / np.linalg.norm(sealed)
        assert found.objective == pytest.approx(wanted)
        assert found.metrics["max_error"] == pytest.approx(0.25)
    else:
        for unknown in pde.up_to_constant:
            assert found.metrics[f"relative_l2_{unknown}"] < 1e-12
    for wrong in (sealed[:-1], sealed[:, 0], sealed * np.nan, sealed.astype(int)):
        with pytest.raises(ValueError, match="expected"):
            pde.verify(wrong, posed.public, sealed)


def test_the_wrong_equation_and_grids_that_do_not_fit():
    pde, _, settings = made("burgers_1d")
    with pytest.raises(UserError, match="not equation/heat_1d"):
        pde.pose(Equation("heat_1d"), settings, None)
    for grid in ("101", "1x5", "101x101x3", "axb", "10001x2", "5000x5000", "-3x4", "3.5x4"):
        with pytest.raises(UserError, match=r"problem\.grid"):
            pde.pose(Equation("burgers_1d"), {**settings, "grid": grid}, None)
    posed = pde.pose(Equation("burgers_1d"), {**settings, "grid": "5x3"}, None)
    assert len(posed.public.points) == 15
    ten, _, settings = made("poisson_10d")
    with pytest.raises(UserError, match=r"problem\.grid"):
        ten.pose(Equation("poisson_10d"), {**settings, "grid": "2x2"}, None)
    helmholtz, _, settings = made("helmholtz_2d")
    with pytest.raises(UserError, match=r"problem\.a1"):
        helmholtz.pose(Equation("helmholtz_2d"), {**settings, "a1": 1.5}, None)


def test_offers_says_what_an_equation_has():
    assert made("poisson_2d")[0].offers("ritz")
    assert not made("burgers_1d")[0].offers("ritz")
    assert not made("navier_stokes_kovasznay")[0].offers("constrained")
    assert not Pde().offers("ritz")
