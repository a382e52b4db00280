"""The ReLU network of a formula: its units, and its steps beside NumPy."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.instances.formula import Kind, clauses
from dnnbench.methods.relu_sat import ReluSat, literal_units
from dnnbench.problems.satisfiability.energy import FormulaEnergy
from dnnbench.problems.satisfiability.evaluate import violated
from tests.methods.dense import Adam, context, slope, walk
from tests.methods.test_methods_on_formulas import FORMULA, WEIGHTS

HP = {"learning_rate": 0.1, "gamma_start": 0.1, "gamma_rate": 0.05}


def relaxed(theta, gamma):
    """The loss, unit by unit; takes complex theta."""
    total = gamma * (1 - (2 * theta - 1) ** 2).sum()
    for c, asked, literals in literal_units(FORMULA):
        lack = asked - sum(theta[v - 1] if v > 0 else 1 - theta[-v - 1] for v in literals)
        total = total + WEIGHTS[c] / WEIGHTS.mean() * (lack if lack.real > 0 else 0)
    return total


def test_steps_equal_a_transcription():
    with x64(True):
        moments = walk(ReluSat(FormulaEnergy("ell", "float64"), 9), HP, 9, FORMULA)
    theta, adam = np.array(moments[0].before.params), Adam(0.1)
    for t, moment in enumerate(moments):
        gradient = slope(lambda y, t=t: relaxed(y, 0.1 + 0.05 * t), theta)
        theta = np.clip(adam.step(theta, gradient), 0, 1)
        np.testing.assert_allclose(moment.after.params, theta, atol=1e-9)
    assert {0.0, 1.0} & set(theta)  # the clamp was at work


def test_units_are_zero_just_where_all_holds():
    """On every binary point, constraint by constraint."""
    units = literal_units(FORMULA)
    for bits in itertools.product([0, 1], repeat=FORMULA.num_variables):
        lacking = np.zeros(FORMULA.num_constraints, bool)
        for c, asked, literals in units:
            true = sum(bits[v - 1] if v > 0 else 1 - bits[-v - 1] for v in literals)
            lacking[c] |= true < asked
        np.testing.assert_array_equal(lacking, violated(np.array(bits, np.uint8), FORMULA))


def test_the_middle_costs_nothing_but_the_concave_term():
    """Why there is one: three literals of 1/2 are more than a clause asks for."""
    formula = clauses(3, [(1, 2, 3), (-1, -2, -3), (1, -2, 3)])
    with x64(True):
        method = ReluSat(FormulaEnergy("ell", "float64"), 9)
        ctx = context(method, {**HP, "gamma_start": 0.0, "gamma_rate": 0.5}, 2, formula)
        middle = method.start(ctx)[0] * 0 + 0.5
        assert float(method.loss(middle, (), ctx)[0]) == pytest.approx(3.0)  # gamma 1, n 3
        assert float(method.loss(middle, (), ctx._replace(t=ctx.t * 0))[0]) == 0
        assert abs(method.start(ctx)[0] - 0.5).min() > 0


def test_wide_parities_are_refused():
    formula = clauses(20, [(1, 2), tuple(range(1, 21))])
    formula = replace(formula, kinds=np.array([Kind.OR, Kind.XOR], np.uint8))
    with pytest.raises(UserError, match="constraint 2 has 20"):
        literal_units(formula)
