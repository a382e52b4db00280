"""Jets against nested automatic differentiation, one point at a time, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.engine.compat import x64
from dnnbench.kernels import taylor
from dnnbench.kernels.taylor import Directions, Jet, concatenate, constant, dense, seed
from tests.kernels.nested import close, nested, once

LAPLACE = ((0, 0, 1.0), (1, 1, 1.0))
ALL = Directions(2, True, (LAPLACE, ((0, 1, 1.0),), ((1, 0, -0.5), (1, 1, 2.0))))
POINTS = np.random.default_rng(0).uniform(0.2, 0.9, (7, 2))


def of_formula(formula, points, directions=ALL):
    """(by jets, by nested differentiation) of `formula(xp, x, y)`, both as rows."""
    jet = formula(taylor, *seed(points, directions).columns())
    plain = nested(lambda p: formula(jnp, p[0:1], p[1:2]), points, directions)
    return jet.rows, plain


FORMULAS = {
    "tanh": lambda xp, x, y: xp.tanh(3 * x - y),
    "sin": lambda xp, x, y: xp.sin(x * y + 2 * x),
    "cos": lambda xp, x, y: xp.cos(x - 3 * y),
    "exp": lambda xp, x, y: xp.exp(-x * y),
    "log": lambda xp, x, y: xp.log(x + 2 * y),
    "sqrt": lambda xp, x, y: xp.sqrt(x + y * y),
    "square": lambda xp, x, y: xp.square(x - 2 * y),
    "reciprocal": lambda xp, x, y: xp.reciprocal(1 + x * y),
    "power": lambda xp, x, y: xp.power(x + y, 1.7) - xp.power(x, -2),
    "powers": lambda xp, x, y: (x - y) ** 3 + x**2.0 + (y - x) ** 1 + x**0 + x**-1.5,
    "power of jets": lambda xp, x, y: (x + 1) ** y + 2.0**x,
    "quotient": lambda xp, x, y: (x - y) / (1 + x) + 3 / y - y / 4,
    "signs": lambda xp, x, y: -(2 - x) + (+y) - (x - 1) * 0.5,
    "manufactured": lambda xp, x, y: x * (1 - x) * xp.sin(xp.pi * y) * xp.exp(-(xp.pi**2) * x),
}


FEWER = {
    "values": Directions(2, False, ()),
    "slopes": Directions(2, True, ()),
    "a Laplacian": Directions(2, True, (LAPLACE,)),
}


@pytest.fixture(scope="module")
def found():
    """Everything that is compared, from one compilation."""
    kernel, bias = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]]), np.array([4.0, 5.0, 6.0])

    def both(points):
        pairs = {name: of_formula(f, points) for name, f in FORMULAS.items()}
        for name, directions in FEWER.items():
            pairs[name] = of_formula(FORMULAS["manufactured"], points, directions)
        x = seed(points - 0.5, ALL) * 2
        pairs["cubed_relu"] = (
            taylor.cubed_relu(x).rows,
            nested(lambda p: jnp.maximum(2 * p, 0) ** 3, points - 0.5, ALL),
        )
        pairs["dense"] = (
            dense(taylor.tanh(seed(points, ALL)), jnp.asarray(kernel), jnp.asarray(bias)).rows,
            nested(lambda p: jnp.tanh(p) @ kernel + bias, points, ALL),
        )
        return pairs

    with x64(True):
        return once(both, jnp.asarray(POINTS))


@pytest.mark.parametrize("name", [*FORMULAS, *FEWER, "cubed_relu", "dense"])
def test_functions_and_operators_equal_nested_differentiation(found, name):
    got, wanted = found[name]
    assert got.dtype == jnp.float64
    assert got.shape[0] == FEWER.get(name, ALL).blocks * len(POINTS)
    close(got, wanted)


def test_powers_of_zero_have_finite_derivatives():
    x = seed(jnp.zeros((1, 1)), Directions(1, True, (((0, 0, 1.0),),)))
    for exponent, wanted in ((0, [1, 0, 0]), (1, [0, 1, 0]), (2, [0, 0, 2]), (3, [0, 0, 0])):
        np.testing.assert_array_equal((x**exponent).rows[:, 0], wanted)


def expressions():
    """Formulas of two variables with no singularity on the points."""
    leaf = st.sampled_from(
        [lambda xp, x, y: x, lambda xp, x, y: y, lambda xp, x, y: 1.5, lambda xp, x, y: x - 0.7 * y]
    )

    def unary(f):
        return st.sampled_from(
            [
                lambda xp, x, y: xp.tanh(f(xp, x, y)),
                lambda xp, x, y: xp.sin(f(xp, x, y)),
                lambda xp, x, y: -f(xp, x, y) / 3,
                lambda xp, x, y: 1 / (2 + xp.cos(f(xp, x, y))),
                lambda xp, x, y: xp.sqrt(2 + xp.tanh(f(xp, x, y)) ** 2),
            ]
        )

    def binary(pair):
        f, g = pair
        return st.sampled_from(
            [
                lambda xp, x, y: f(xp, x, y) + g(xp, x, y),
                lambda xp, x, y: f(xp, x, y) - g(xp, x, y),
                lambda xp, x, y: f(xp, x, y) * g(xp, x, y),
                lambda xp, x, y: f(xp, x, y) / (1.5 + xp.sin(g(xp, x, y))),
            ]
        )

    return st.recursive(
        leaf,
        lambda inner: st.one_of(inner.flatmap(unary), st.tuples(inner, inner).flatmap(binary)),
        max_leaves=5,
    )


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.lists(expressions(), min_size=5, max_size=5))
def test_any_expression_equals_nested_differentiation(formulas):
    def both(points):
        # A term of x makes a jet of an expression that is a number.
        return [of_formula(lambda xp, x, y, f=f: f(xp, x, y) + 0 * x, points) for f in formulas]

    with x64(True):
        for got, wanted in once(both, jnp.asarray(POINTS)):
            close(got, wanted)


def test_numbers_and_arrays_are_functions_without_derivatives():
    with x64(True):
        points = jnp.asarray(POINTS)
        factor = np.linspace(-1, 1, 7)[:, None]
        row = np.array([[2.0, 3.0]])
        x = seed(points, ALL)
        wide = x[:, :1] * row + factor - np.float64(2)
        assert wide.width == 2
        close((factor * x).rows, (constant(jnp.asarray(factor), ALL) * x).rows)
        close((factor / x).rows, (constant(jnp.asarray(factor), ALL) / x).rows)
        close((factor - x).rows, (constant(jnp.asarray(factor), ALL) - x).rows)
        close(wide.value, POINTS[:, :1] * row + factor - 2)
        close(wide.first(0), np.broadcast_to(row, (7, 2)))
        assert not np.asarray(wide.second(0)).any()
        assert (np.float32(2) * seed(points.astype(jnp.float32), ALL)).rows.dtype == jnp.float32


def test_functions_of_anything_else_are_the_plain_ones():
    for name in ("tanh", "sin", "cos", "exp", "log", "sqrt", "square", "reciprocal"):
        x = jnp.asarray([0.3, 0.8])
        np.testing.assert_allclose(getattr(taylor, name)(x), getattr(jnp, name)(x), rtol=1e-6)
        assert float(getattr(taylor, name)(0.5)) == pytest.approx(float(getattr(jnp, name)(0.5)))
    assert float(taylor.power(2.0, 3)) == 8


def test_layout_selection_and_concatenation():
    x = seed(jnp.asarray(POINTS, jnp.float32), ALL)
    assert (x.rows.shape, x.n, x.width) == ((6 * 7, 2), 7, 2)
    np.testing.assert_array_equal(x.value, POINTS.astype(np.float32))
    np.testing.assert_array_equal(x.first(1), np.broadcast_to([0.0, 1.0], (7, 2)))
    for jet in (x, *x.columns()):
        np.testing.assert_array_equal(jet.second(2), np.zeros((7, jet.width)))
    again = concatenate([x[:, 1:2], x[:, :1]])
    np.testing.assert_array_equal(again.rows, x.rows[:, ::-1])


def test_float32_agrees_with_float64(found):
    names = ("tanh", "sin", "cos", "exp")

    def rows(points):
        return {n: FORMULAS[n](taylor, *seed(points, ALL).columns()).rows for n in names}

    for name, got in jax.jit(rows)(jnp.asarray(POINTS, jnp.float32)).items():
        assert got.dtype == jnp.float32
        np.testing.assert_allclose(got, found[name][1], atol=2e-5)


def test_transformations_commute_with_jets():
    """Points one at a time, lanes, both modes of differentiation with respect to parameters."""

    def rows(kernel, points):
        return taylor.tanh(dense(seed(points, ALL), kernel)).rows

    def each(kernel, points):
        whole, jacobian = rows(kernel, points), jax.jacrev(rows)(kernel, points)
        by_point = jacobian.reshape(6, 7, 3, 2, 3).transpose(1, 0, 2, 3, 4)
        own = jax.vmap(lambda p: rows(kernel, p[None]))(points)
        mapped = jax.lax.map(lambda p: rows(kernel, p[None]), points)
        lanes = jax.vmap(rows, (0, None))(jnp.stack([2 * kernel, kernel]), points)
        jacobians = jax.vmap(jax.jacrev(lambda k, p: rows(k, p[None])), (None, 0))(kernel, points)
        return {
            "vmap of points": (own.transpose(1, 0, 2).reshape(-1, 3), whole),
            "map of points": (mapped.transpose(1, 0, 2).reshape(-1, 3), whole),
            "lanes": (lanes[1], whole),
            "forward": (jax.jacfwd(rows)(kernel, points), jacobian),
            "Jacobians of points": (jacobians, by_point),
        }

    with x64(True):
        points = jnp.asarray(POINTS)
        kernel = jnp.asarray(np.random.default_rng(1).normal(size=(2, 3)))
        for pair in once(each, kernel, points).values():
            close(*pair)
        close(jax.jit(rows)(kernel, points), rows(kernel, points))


def test_a_jet_is_made_of_its_rows():
    x = taylor.tanh(seed(jnp.asarray(POINTS, jnp.float32), ALL))
    again = Jet(x.rows, ALL, 7)
    np.testing.assert_array_equal(again.second(1), x.second(1))
    np.testing.assert_array_equal(again.rows[7:14], x.first(0))
    with pytest.raises(ValueError, match="6 rows a point"):
        Jet(x.rows[1:], ALL, 7)


def test_a_jet_is_a_pytree_with_static_directions():
    x = seed(jnp.asarray(POINTS, jnp.float32), ALL)
    out = jax.jit(lambda jet: jet * 2)(x)
    assert isinstance(out, Jet)
    assert (out.directions, out.n) == (ALL, 7)
    assert [leaf.shape for leaf in jax.tree.leaves(x)] == [(2, 7)] * 6
    assert hash(ALL) == hash(Directions(2, True, ALL.second))


def test_mistakes_are_named():
    x = seed(jnp.asarray(POINTS, jnp.float32), ALL)
    other = seed(jnp.asarray(POINTS[:3], jnp.float32), ALL)
    with pytest.raises(ValueError, match="second derivatives need the first"):
        Directions(2, False, (LAPLACE,))
    with pytest.raises(ValueError, match="there are 2 coordinates"):
        Directions(2, True, (((0, 2, 1.0),),))
    with pytest.raises(ValueError, match="different points"):
        _ = x + other
    with pytest.raises(ValueError, match="different points"):
        concatenate([x, other])
    with pytest.raises(ValueError, match="not with one of shape"):
        _ = x * np.ones(7)
    with pytest.raises(ValueError, match="not with one of shape"):
        _ = np.ones((3, 1)) + x
    with pytest.raises(ValueError, match="3 coordinates"):
        seed(jnp.zeros((4, 3)), ALL)
    with pytest.raises(IndexError, match="not carried"):
        x.second(3)
    with pytest.raises(IndexError, match="not carried"):
        x.first(2)
    with pytest.raises(TypeError, match="columns"):
        x[0]
