"""The leaky circuit beside NumPy, and how its two biases scale."""

import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.methods.hopfield_tank import HopfieldTank
from dnnbench.problems.program.tiny import program as tiny
from dnnbench.problems.program.tiny import tiny_linear, tiny_quadratic
from tests.methods.dense import walk
from tests.methods.programs import ENERGY, INF, highs, lacks, random_program, settled


@pytest.mark.parametrize("gain", ["linear", "sigmoid"])
def test_steps_equal_a_dense_transcription(gain):
    program = random_program(6, 5, 4)
    assert (np.isfinite(program.lower) & np.isfinite(program.upper)).any()
    hp = {"penalty": 7.0, "resistance": 3.0, "step": 1.5}
    with x64(True):
        moments = walk(HopfieldTank(ENERGY, 9, gain), hp, 6, program)
    a, lower, upper = program.matrix.toarray(), program.lower, program.upper
    capacitance = 7 * (np.abs(a).T @ np.abs(a)).sum(1) + 1 / 3
    boxed = np.isfinite(upper - lower)
    width = np.where(boxed, upper - lower, 1)
    u = np.zeros(6)
    for moment in moments:
        x = np.clip(u, lower, upper)
        if gain == "sigmoid":
            middle = np.where(boxed, lower + width / 2, 0)
            x = np.where(boxed, middle + width / 2 * np.tanh(2 * u / width), x)
        rows = a @ x
        v = np.maximum(rows - program.row_upper, 0) - np.maximum(program.row_lower - rows, 0)
        u = u - 1.5 * (program.cost + 7 * a.T @ v + u / 3) / capacitance
        np.testing.assert_allclose(moment.after.u, u, atol=1e-12)


def rests(program, penalty, resistance, steps=40000):
    """(answer, figures) at rest."""
    hp = {"penalty": penalty, "resistance": resistance, "step": 1.8}
    with x64(True):
        return settled(HopfieldTank(ENERGY, steps, "linear"), hp, program, steps)[1:]


def test_biases_of_a_vertex_are_one_over_penalty_and_one_over_resistance():
    program = tiny_linear()["inequalities"]  # its optimum: both rows active, x = (1.5, 2.5)
    _, x, y = highs(program)
    for penalty, resistance in [(30.0, 30.0), (300.0, 30.0), (30.0, 300.0)]:
        z, figures = rests(program, penalty, resistance)
        assert lacks(z, program).dual == pytest.approx(x.max() / resistance, rel=0.05)
        assert figures["leak_bias"] == pytest.approx(x.max() / resistance, rel=0.05)
        assert figures["penalty_bias"] == pytest.approx(abs(y).max() / penalty, rel=0.1)
        assert lacks(z, program).primal == pytest.approx(figures["penalty_bias"])


def test_curvature_turns_the_leak_into_an_error_of_x():
    """Without rows active, x is off by Q^-1 x* / R to first order, whatever the penalty is."""
    program = tiny([-1, -2], [[1, 1]], ([-INF], [9]), ([-INF] * 2, [INF] * 2), [[2, 0], [0, 4]])
    for resistance in (100.0, 1000.0):
        z, _ = rests(program, 50.0, resistance)
        np.testing.assert_allclose(0.5 - z[:2], [0.25 / resistance, 0.125 / resistance], rtol=0.01)


def test_it_does_not_solve_what_it_rests_on():
    program = tiny_quadratic()["definite"]
    optimum = highs(program)[0]
    found = lacks(rests(program, 100.0, 100.0)[0], program)
    assert found.kkt_error > 1e-3
    assert abs(found.objective - optimum) > 1e-3
