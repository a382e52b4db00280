"""The projection network beside NumPy, its approach to optima, and where it settles."""

import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.methods.program_common import scales
from dnnbench.methods.projection_nn import ProjectionNetwork
from dnnbench.problems.program.tiny import tiny_linear, tiny_quadratic
from tests.methods.dense import walk
from tests.methods.programs import ENERGY, highs, lacks, random_program, settled

HP = {"gain": 1.0, "relaxation": 1.8}


def sizes(program):
    """T and S."""
    own = scales(program, 10)
    tau = 1 / (own.weight * own.matrix_norm + own.quadratic_norm)
    return tau * own.columns, own.weight / own.matrix_norm * own.rows


@pytest.mark.parametrize("curved", ["", "semidefinite"])
def test_steps_equal_a_dense_transcription_and_approach_the_optimum(curved):
    program = random_program(8, 6, 1, curved)
    with x64(True):
        moments = walk(ProjectionNetwork(ENERGY, 40, 10), HP, 40, program)
    a, q = program.matrix.toarray(), np.zeros((8, 8))
    if curved:
        q = program.quadratic.toarray()
    T, S = sizes(program)
    _, best_x, best_y = highs(program)
    x, y = np.clip(np.zeros(8), program.lower, program.upper), np.zeros(6)
    distance = np.inf
    for moment in moments:
        g = program.cost + q @ x - a.T @ y
        e_x = x - np.clip(x - T * g, program.lower, program.upper)
        e_z = a @ x - np.clip(a @ x - y / S, program.row_lower, program.row_upper)
        d_x, d_y = e_x + T * (q @ e_x + a.T @ (S * e_z)), S * (e_z - a @ e_x)
        error, speed = e_x @ (e_x / T) + e_z @ (S * e_z), d_x @ (d_x / T) + d_y @ (d_y / S)
        along = (x - best_x) @ (d_x / T) + (y - best_y) @ (d_y / S)
        assert along >= error - 1e-5  # the inequality of the proof, as exact as HiGHS is
        x, y = x - 1.8 * error / speed * d_x, y - 1.8 * error / speed * d_y
        np.testing.assert_allclose(moment.after.x, x, atol=1e-10)
        np.testing.assert_allclose(moment.after.y, y, atol=1e-10)
        before = distance
        distance = (x - best_x) @ ((x - best_x) / T) + (y - best_y) @ ((y - best_y) / S)
        assert distance <= before + 1e-5


PROGRAMS = {
    **tiny_linear(),
    **tiny_quadratic(),
    "random semidefinite": random_program(20, 12, 3, "semidefinite"),
}


@pytest.mark.parametrize("name", ["mixed", "random semidefinite"])
def test_it_settles_at_the_optimum(name):
    program = PROGRAMS[name]
    with x64(True):
        z = settled(ProjectionNetwork(ENERGY, 12000, 10), HP, program, 12000)[1]
    assert lacks(z, program).kkt_error < 1e-9
    assert lacks(z, program).objective == pytest.approx(highs(program)[0], abs=1e-6)
