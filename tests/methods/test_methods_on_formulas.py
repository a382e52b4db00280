"""Methods on plain variables beside dense transcriptions, on a formula with every kind."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.instances.formula import Formula, Kind
from dnnbench.methods.fem import FreeEnergyMachine
from dnnbench.methods.heo import HeatDiffusion
from dnnbench.methods.mean_field import MeanField
from dnnbench.methods.pqqa import PQQA
from dnnbench.problems.satisfiability.energy import FormulaEnergy
from tests.methods.dense import Adam, context, double, slope, walk, weighted_graph

ROWS = [
    (Kind.OR, 0, (1, -2, 3), 2),
    (Kind.OR, 0, (-1, 4, -6), 1),
    (Kind.OR, 0, (2, 5), 3),
    (Kind.XOR, 0, (1, -3, 5), 2),
    (Kind.AT_LEAST, 2, (2, -4, 5, 6), 4),
    (Kind.NOT_ALL_EQUAL, 0, (-3, 4, 6), 1),
]
WEIGHTS = np.array([weight for *_, weight in ROWS])
FORMULA = Formula(
    7,  # the last variable is in no constraint
    np.array([literal for _, _, literals, _ in ROWS for literal in literals], np.int32),
    np.cumsum([0, *(len(literals) for _, _, literals, _ in ROWS)]),
    np.array([kind for kind, *_ in ROWS], np.uint8),
    np.array([bound for _, bound, *_ in ROWS], np.int32),
    WEIGHTS,
)
DEGREES = np.array([5, 9, 5, 6, 9, 6, 0])  # sums of the weights
UNIT = 2.5


class Fixed(FormulaEnergy):
    """The formula's energy with a round unit, so that tests see where it enters."""

    def temperature_unit(self, public, field=None):
        return UNIT


def holds(kind, bound, bits):
    if kind == Kind.XOR:
        return sum(bits) % 2 == 1
    if kind == Kind.NOT_ALL_EQUAL:
        return 0 < sum(bits) < len(bits)
    return sum(bits) >= (bound if kind == Kind.AT_LEAST else 1)


def dense(x, power=1):
    """sum_c w_c P(c is violated)^power by going through every row of each truth table."""
    total = 0
    for kind, bound, literals, weight in ROWS:
        chances = [x[v - 1] if v > 0 else 1 - x[-v - 1] for v in literals]
        tables = itertools.product([0, 1], repeat=len(literals))
        violated = sum(
            np.prod([p if bit else 1 - p for p, bit in zip(chances, bits, strict=True)])
            for bits in tables
            if not holds(kind, bound, bits)
        )
        total = total + weight * violated**power
    return total


def sigmoid(h):
    return 1 / (1 + np.exp(-h))


@pytest.mark.parametrize("power", [1, 4])
def test_slopes_in_spins(power):
    x = np.random.default_rng(2).random(7)
    with x64(True):
        energy = FormulaEnergy("ell", "float64")
        data = energy.prepare(FORMULA)
        ours = energy.powered_slopes(jnp.asarray(2 * x - 1), data, power)
        plain = energy.spin_slopes(jnp.asarray(2 * x - 1), data, energy.field(data))
    np.testing.assert_allclose(ours, slope(lambda y: dense(y, power), x), atol=1e-12)
    np.testing.assert_allclose(plain, slope(dense, x), atol=1e-12)


@pytest.mark.parametrize("discretize", [True, False])
@pytest.mark.parametrize("units", ["energy", "problem", "variable"])
def test_fem(discretize, units):
    hp = {"hot": 0.5, "cold": 0.01, "learning_rate": 0.2, "alpha": 0.6, "momentum": 0.7}
    hp |= {"weight_decay": 0.02, "init_scale": 0.3}
    with x64(True):
        method = FreeEnergyMachine(Fixed("ell", "float64"), 5, "linear", discretize, units)
        moments = walk(method, hp, 5, FORMULA)
    scale = {"energy": 1.0, "problem": UNIT, "variable": DEGREES}[units]
    scale = np.where(DEGREES > 0, scale, np.inf)
    h = np.array(moments[0].before.h)
    v, b = np.zeros(7), np.zeros(7)
    for moment, temperature in zip(moments, np.linspace(0.5, 0.01, 5), strict=True):
        p = sigmoid(h)
        energy = slope(dense, (p > 0.5).astype(float) if discretize else p) / scale
        entropy = np.log(1 - p) - np.log(p)
        g = p * (1 - p) * (energy - temperature * entropy) + 0.02 * h
        v = 0.6 * v + 0.4 * g**2
        b = 0.7 * b + g / (np.sqrt(v) + 1e-8)
        h = h - 0.2 * b
        np.testing.assert_allclose(moment.after.h, h, atol=1e-9)


@pytest.mark.parametrize("power", [1, 4])
@pytest.mark.parametrize("units", ["energy", "problem"])
def test_heo(power, units):
    hp = {"learning_rate": 0.3, "momentum": 0.9}
    with x64(True):
        method = HeatDiffusion(Fixed("ell", "float64"), 5, power, units)
        moments = walk(method, hp, 5, FORMULA)
        draws = [jax.random.bits(m.ctx.key, (7,), jnp.uint16) for m in moments]
    theta, velocity = np.full(7, 0.5), np.zeros(7)
    for t, (moment, draw) in enumerate(zip(moments, draws, strict=True)):
        u, sigma = (np.array(draw) + 0.5) / 65536, 1 - t / 5

        def twice(theta, u=u, sigma=sigma):
            # Slopes in x are twice those in spins.
            return 2 * dense((1 + erf((theta - u) / (np.sqrt(2) * sigma))) / 2, power)

        velocity = 0.9 * velocity + slope(twice, theta)
        rate = 0.3 / (UNIT if units == "problem" else 1)
        theta = np.clip(theta - rate * velocity, 0, 1)
        np.testing.assert_allclose(moment.after.theta, theta, atol=1e-9)


def test_only_formulas_have_powers():
    with pytest.raises(UserError, match=r"method\.power=4 is for formulas"):
        HeatDiffusion(double(False), 5, 4, "energy").prepare(weighted_graph())


def test_mean_field():
    with x64(True):
        method = MeanField(FormulaEnergy("ell", "float64"), 5)
        moments = walk(method, {"learning_rate": 0.1, "init_scale": 0.5}, 5, FORMULA)
    logits, adam = np.array(moments[0].before.params), Adam(0.1)
    for moment in moments:
        logits = adam.step(logits, slope(lambda h: dense(sigmoid(h)), logits))
        np.testing.assert_allclose(moment.after.params, logits, atol=1e-7)


@pytest.mark.parametrize("units", ["energy", "problem"])
def test_pqqa(units):
    hp = {"learning_rate": 1.0, "weight_decay": 0.0, "temperature": 0.0, "diversity": 0.2}
    hp |= {"min_bg": -3.0, "max_bg": 0.1}
    x = np.random.default_rng(3).random((7, 4))
    with x64(True):
        method = PQQA(Fixed("ell", "float64"), 4, 10, 4, units)
        ctx = context(method, hp, 5, FORMULA)
        value, slopes = jax.value_and_grad(lambda x: method.loss(x, (), ctx)[0])(jnp.asarray(x))

    def loss(x):
        cost = sum(dense(copy) for copy in x.T) / (UNIT if units == "problem" else 1)
        penalty = (1 - (1 - 2 * x) ** 4).sum()
        spread = np.sqrt(((x - x.mean(1, keepdims=True)) ** 2).sum(1) / 3).sum()
        return 0.8 * (cost + (-3 + 3.1 / 2) * penalty) - 0.2 * 4 * spread

    np.testing.assert_allclose(value, loss(x), rtol=1e-12)
    np.testing.assert_allclose(slopes, slope(loss, x), atol=1e-9)


def test_strength_bounds_slopes():
    corners = [np.array(bits, float) for bits in itertools.product([0, 1], repeat=7)]
    steepest = np.max([np.abs(slope(dense, x)) for x in corners], axis=0)
    bound = FormulaEnergy("ell", "float64").strength(FORMULA)
    np.testing.assert_array_equal(bound, DEGREES)
    assert (steepest <= bound).all()


def test_strength_of_quadratic_energies_is_reached():
    energy, graph = double(True), weighted_graph()
    with x64(True):
        data = energy.prepare(graph)
        field = energy.field(data)
        steepest = np.abs(energy.couplings(graph).toarray()).sum(1) + np.abs(np.asarray(field))
        i = int(np.argmax(steepest))
        signs = np.sign(energy.couplings(graph).toarray()[i])
        spins = -signs * np.sign(np.asarray(field)[i])
        met = energy.spin_slopes(jnp.asarray(spins), data, field)
    assert abs(float(met[i])) == pytest.approx(energy.strength(graph, field)[i])
