"""The energy of formulas against plain counting, and its derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.instances.formula import Formula, Kind, clauses
from dnnbench.problems.satisfiability.energy import FormulaEnergy

N = 6


def formula(constraints, n=N, weights=None, hard=None):
    """A formula from (kind, literals, bound)."""
    widths = [len(literals) for _, literals, _ in constraints]
    return Formula(
        n,
        np.array([v for _, literals, _ in constraints for v in literals], np.int32),
        np.concatenate([[0], np.cumsum(widths)]).astype(np.int64),
        np.array([kind for kind, _, _ in constraints], np.uint8),
        np.array([bound for _, _, bound in constraints], np.int32),
        None if weights is None else np.array(weights),
        None if hard is None else np.array(hard, bool),
    )


def holds(kind, literals, bound, z):
    true = sum(bool(z[abs(v) - 1]) == (v > 0) for v in literals)
    if kind == Kind.OR:
        return true >= 1
    if kind == Kind.XOR:
        return true % 2 == 1
    if kind == Kind.AT_LEAST:
        return true >= bound
    return 1 <= true < len(literals)


def mixed(seed, widths, n=N, repeats=True):
    """Constraints of every kind in a random order; the last variable occurs nowhere."""
    rng = np.random.default_rng(seed)
    made = []
    for width in widths:
        for kind in Kind:
            bound = 1 + width // 2 if kind == Kind.AT_LEAST else 0
            free = rng.choice(n - 1, width, replace=repeats) + 1
            literals = [int(v) for v in free * rng.choice([-1, 1], width)]
            made.append((kind, literals, bound))
    return [made[i] for i in rng.permutation(len(made))]


def points(n=N):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.uint8)


def build(public, dtype="float64", **settings):
    energy = FormulaEnergy("ell", dtype, **settings)
    return energy, energy.prepare(public)


HAND_MADE = [
    (Kind.OR, [], 0),
    (Kind.XOR, [], 0),
    (Kind.NOT_ALL_EQUAL, [], 0),
    (Kind.AT_LEAST, [], 0),
    (Kind.AT_LEAST, [], 1),
    (Kind.OR, [1, 1], 0),
    (Kind.OR, [1, -1], 0),
    (Kind.XOR, [2, 2], 0),
    (Kind.XOR, [2, -2, 3], 0),
    (Kind.NOT_ALL_EQUAL, [3, -3], 0),
    (Kind.NOT_ALL_EQUAL, [4], 0),
    (Kind.AT_LEAST, [1, 1, 2, -2], 3),
    (Kind.AT_LEAST, [1, -2], -1),
    (Kind.AT_LEAST, [1, -2, 3, 5], 0),
    (Kind.AT_LEAST, [1, -2, 3], 1),
    (Kind.AT_LEAST, [-1, 2, 3], 3),
    (Kind.AT_LEAST, [1, 2, 3], 4),
    # Padded: to width 10, and to bound 10 of width 12.
    (Kind.OR, [1, 2, 3, 4, 5, 1, 2, 3, 4], 0),
    (Kind.AT_LEAST, [1, 2, -3, 4, 5, 1, 2, -3, 4, 5, 1], 9),
]


@pytest.mark.parametrize(
    ("dtype", "hard"),
    [("float32", True), pytest.param("float64", False, marks=pytest.mark.full)],
)
def test_equals_the_count_on_all_points(dtype, hard):
    rng = np.random.default_rng(3)
    constraints = [*mixed(0, range(1, 8)), *HAND_MADE]
    weights = rng.integers(1, 2000, size=len(constraints))
    chosen = rng.random(len(constraints)) < 0.4 if hard else np.zeros(len(constraints), bool)
    public = formula(constraints, weights=weights, hard=chosen if hard else None)
    x = points()
    broken = np.array([[not holds(*c, z) for c in constraints] for z in x], int)
    with x64(dtype == "float64"):
        energy, data = build(public, dtype, hard_weight=4.0)
        assert energy.size(data) == N

        def all_of(x):
            key, merit = jax.random.key(0), jnp.zeros((), dtype)
            return (
                energy.violations(x, data),
                energy.energy(x, data),
                *energy.round_score(x, merit, data, key),
            )

        # A lane's own bits are those above one half.
        shown = jnp.asarray(x, dtype)
        chances, value, bits, score = jax.jit(jax.vmap(all_of))(shown)
        assert value.dtype == dtype
    order = np.asarray(data.order)
    np.testing.assert_array_equal(np.sort(order), np.arange(len(constraints)))
    np.testing.assert_array_equal(chances, broken[:, order])
    np.testing.assert_array_equal(value, broken @ energy.weights(public))
    np.testing.assert_array_equal(bits, x)
    assert bits.dtype == np.uint8
    np.testing.assert_array_equal(score.violation, broken @ chosen)
    np.testing.assert_array_equal(score.cost, broken @ (weights * ~chosen))


def test_is_the_expectation_over_independent_bits():
    constraints = mixed(1, range(1, 6), repeats=False)
    x = np.random.default_rng(0).uniform(size=N)
    z = points()
    chance = np.prod(np.where(z == 1, x, 1 - x), axis=1)
    expected = chance @ np.array([[not holds(*c, row) for c in constraints] for row in z])
    with x64(True):
        energy, data = build(formula(constraints))
        got = jax.jit(energy.violations)(jnp.asarray(x), data)
    np.testing.assert_allclose(got, expected[np.asarray(data.order)], atol=1e-14)


def test_slopes_are_the_gradient_in_both_modes_and_finite_differences():
    constraints = mixed(2, [1, 3, 4])
    weights = np.random.default_rng(0).uniform(size=len(constraints))
    with x64(True):
        energy, data = build(formula(constraints, weights=weights))
        x = jnp.asarray(np.random.default_rng(1).uniform(size=N))
        steps = 1e-6 * jnp.eye(N)
        value = jax.jit(jax.vmap(energy.energy, (0, None)))
        differences = (value(x + steps, data) - value(x - steps, data)) / 2e-6
        slopes = jax.jit(energy.slopes)(x, data)
        np.testing.assert_allclose(slopes, differences, atol=1e-8)
        for mode in (jax.grad, jax.jacfwd):
            got = jax.jit(mode(energy.energy))(x, data)
            np.testing.assert_allclose(got, slopes, rtol=1e-12, atol=1e-13)
        # Multilinear: so is every derivative, whose differences are exact.
        plain = [c for c in constraints if len({abs(v) for v in c[1]}) == len(c[1])]
        energy, data = build(formula(plain))
        hessian = jax.jit(jax.hessian(energy.energy))(x, data)
        slope = jax.jit(energy.slopes)
        for i in range(N):
            ends = [slope(x.at[i].set(end), data) for end in (0.0, 1.0)]
            np.testing.assert_allclose(hessian[i], ends[1] - ends[0], atol=1e-12)


def test_lanes_last_equals_single_lanes():
    constraints = mixed(4, [1, 3, 5])
    rng = np.random.default_rng(0)
    energy, data = build(formula(constraints), "float32")
    x = rng.uniform(size=(N, 5)).astype(np.float32)
    weights = rng.uniform(size=(len(constraints), 5)).astype(np.float32)
    value, slopes = jax.jit(lanes_last(energy.value_and_slopes, (True, True, False)))(
        x, weights, data
    )
    gradient = jax.jit(lanes_last(jax.grad(energy.weighted), (True, True, False)))(x, weights, data)
    single = jax.jit(energy.value_and_slopes)
    for b in range(5):
        expected = single(x[:, b], weights[:, b], data)
        np.testing.assert_allclose(value[:, b], expected[0], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(slopes[:, b], expected[1], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(gradient[:, b], expected[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("width", [3, 5])
def test_nothing_scatters_or_is_transposed(width):
    rng = np.random.default_rng(0)
    each = [rng.choice(20, width, replace=False) + 1 for _ in range(60)]
    energy, data = build(clauses(20, [[int(v) for v in c] for c in each]), "float32")
    slopes = jax.jit(lanes_last(energy.slopes, (True, False)))
    gradient = jax.jit(lanes_last(jax.grad(energy.energy), (True, False)))
    x = jnp.zeros((20, 16), jnp.float32)
    for f in (slopes, gradient):
        text = f.lower(x, data).as_text()
        assert "gather" in text
        assert not any(word in text for word in ("scatter", "transpose", "pad("))


@pytest.mark.parametrize("bound", [20, 180, 280])
def test_long_cardinality_constraints_are_stable_in_single_precision(bound):
    n = 300
    rng = np.random.default_rng(0)
    public = formula([(Kind.AT_LEAST, [int(v) for v in range(1, n + 1)], bound)], n=n)
    x = (rng.uniform(size=n) * 0.2 + (bound / n - 0.1)).clip(0, 1)
    distribution = np.ones(1)
    for p in x:
        distribution = np.convolve(distribution, [1 - p, p])
    energy, data = build(public, "float32")
    shown = jnp.asarray(x, jnp.float32)
    got = jax.jit(energy.energy)(shown, data)
    np.testing.assert_allclose(got, distribution[:bound].sum(), rtol=1e-4)
    slopes = jax.jit(energy.slopes)(shown, data)
    for i in (0, 150, 299):
        others = np.ones(1)
        for p in np.delete(x, i):
            others = np.convolve(others, [1 - p, p])
        np.testing.assert_allclose(slopes[i], -others[bound - 1], rtol=1e-4)


def test_strength_bounds_slopes_and_unit_is_the_effect_of_a_flip():
    constraints = mixed(5, [3], repeats=False)
    weights = np.random.default_rng(0).uniform(1, 3, size=len(constraints))
    hard = np.arange(len(constraints)) % 4 == 0
    public = formula(constraints, weights=weights, hard=hard)
    with x64(True):
        energy, data = build(public)
        x = jnp.asarray(np.vstack([points(), np.random.default_rng(1).uniform(size=(50, N))]))
        slopes = jax.jit(jax.vmap(energy.slopes, (0, None)))(x, data)
    strength = energy.strength(public)
    assert strength.dtype == np.float64
    assert strength[-1] == 0
    assert np.all(np.abs(slopes) <= strength + 1e-9)
    # One constraint of each shape alone: there the independence assumed is exact.
    with x64(True):
        for constraint in constraints:
            public = formula([constraint], weights=[2.0])
            energy, data = build(public)
            slopes = jax.vmap(energy.slopes, (0, None))(jnp.asarray(points(), float), data)
            mean = np.sqrt(np.mean(np.square(slopes)))
            assert energy.temperature_unit(public) == pytest.approx(mean if mean > 0 else 1.0)


def test_a_hard_constraint_outweighs_what_one_flip_can_gain():
    public = formula(
        [(Kind.OR, [1, 2], 0), (Kind.OR, [-1], 0), (Kind.OR, [-1, 3], 0), (Kind.OR, [-2], 0)],
        weights=[1, 7, 5, 8],
        hard=[True, False, False, False],
    )
    energy, _ = build(public, "float32", hard_weight=2.0)
    np.testing.assert_array_equal(energy.weights(public), [24, 7, 5, 8])
    only = formula([(Kind.OR, [1], 0)], hard=[True])
    assert energy.weights(only) == [2]


def test_no_constraints_and_no_variables():
    energy, data = build(formula([]), "float32")
    x = jnp.full(N, 0.5, jnp.float32)
    assert energy.size(data) == N
    assert energy.violations(x, data).shape == (0,)
    assert energy.energy(x, data) == 0
    np.testing.assert_array_equal(energy.slopes(x, data), np.zeros(N))
    assert energy.temperature_unit(formula([])) == 1.0
    energy, data = build(formula([(Kind.OR, [], 0)], n=0), "float32")
    assert energy.energy(jnp.zeros(0, jnp.float32), data) == 1
