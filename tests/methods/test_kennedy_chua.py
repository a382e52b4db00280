"""The penalty network beside NumPy, and the violation that it is bound to leave."""

import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.methods.kennedy_chua import KennedyChua
from dnnbench.problems.program.tiny import tiny_linear, tiny_quadratic
from tests.methods.dense import walk
from tests.methods.programs import ENERGY, highs, lacks, random_program, settled


def constant(penalty):
    return {"penalty_start": penalty, "penalty_end": penalty, "growth": 10.0, "step": 1.8}


@pytest.mark.parametrize("curved", ["", "semidefinite"])
def test_steps_equal_a_dense_transcription(curved):
    program = random_program(6, 5, 0, curved)
    with x64(True):
        moments = walk(KennedyChua(ENERGY, 9, 9), constant(7.0), 6, program)
    a, q = program.matrix.toarray(), np.zeros((6, 6))
    if curved:
        q = program.quadratic.toarray()
    capacitance = np.abs(q).sum(1) + 7 * (np.abs(a).T @ np.abs(a)).sum(1)
    x = np.clip(np.zeros(6), program.lower, program.upper)
    for moment in moments:
        rows = a @ x
        v = np.maximum(rows - program.row_upper, 0) - np.maximum(program.row_lower - rows, 0)
        slope = program.cost + q @ x + 7 * a.T @ v
        x = np.clip(x - 1.8 * slope / capacitance, program.lower, program.upper)
        np.testing.assert_allclose(moment.after.x, x, atol=1e-12)


@pytest.mark.parametrize("penalty", [10.0, 100.0, 1000.0])
def test_active_rows_are_violated_by_multiplier_over_penalty(penalty):
    program = tiny_linear()["inequalities"]
    optimum, _, y = highs(program)
    with x64(True):
        method = KennedyChua(ENERGY, 20000, 20000)
        _, z, figures = settled(method, constant(penalty), program, 20000)
    np.testing.assert_allclose(program.matrix @ z[:2] - program.row_upper, -y / penalty, rtol=1e-9)
    np.testing.assert_allclose(z[2:], y, rtol=1e-9)
    assert figures["violation"] == pytest.approx(abs(y).max() / penalty)
    assert lacks(z, program).objective - optimum == pytest.approx(-(y @ y) / penalty)


def test_penalty_grows_by_stages_and_the_last_stage_predicts_the_violation():
    program = tiny_quadratic()["definite"]
    hp = {"penalty_start": 10.0, "penalty_end": 3000.0, "growth": 10.0, "step": 1.8}
    with x64(True):
        method = KennedyChua(ENERGY, 8000, 2000)
        stages = [settled(method, hp, program, steps)[2]["penalty"] for steps in (2000, 2001)]
        _, z, figures = settled(method, hp, program, 8000)
    assert stages == [10, 100]
    assert figures["penalty"] == 3000
    assert figures["violation_predicted"] == pytest.approx(figures["violation"], rel=1e-2)
    assert figures["violation"] > 0
    assert lacks(z, program).primal == pytest.approx(figures["violation"], rel=1e-6)
