"""The dual network beside NumPy, where it settles, and what it refuses."""

import numpy as np
import pytest
import scipy.sparse as sp

from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.methods.dual_nn import DualNetwork
from dnnbench.problems.program.tiny import tiny_linear, tiny_quadratic
from tests.methods.dense import walk
from tests.methods.programs import ENERGY, highs, lacks, random_program, settled

HP = {"relaxation": 1.8}


def test_steps_equal_a_dense_transcription():
    program = random_program(7, 5, 2, "definite")
    with x64(True):
        moments = walk(DualNetwork(ENERGY, 30, 100), HP, 30, program)
    q, E = program.quadratic.toarray(), np.vstack([program.matrix.toarray(), np.eye(7)])
    low = np.concatenate([program.row_lower, program.lower])
    high = np.concatenate([program.row_upper, program.upper])
    W = E @ np.linalg.solve(q, E.T)
    S, u = 1 / np.diag(W), np.zeros(12)
    for moment in moments:
        w = E @ np.linalg.solve(q, E.T @ u - program.cost)
        e = w - np.clip(w - u / S, low, high)
        d = S * e
        u = u - 1.8 * (e @ d) / (e @ d + d @ W @ d) * d
        after = moment.after
        np.testing.assert_allclose(np.concatenate([after.y, after.r]), u, atol=1e-9)
        x = np.linalg.solve(q, E.T @ u - program.cost)
        np.testing.assert_allclose(np.concatenate([after.rows, after.x]), E @ x, atol=1e-9)


@pytest.mark.parametrize(
    "program",
    [tiny_quadratic()["definite"], random_program(20, 12, 2, "definite")],
    ids=["tiny", "random"],
)
def test_it_settles_at_the_optimum(program):
    with x64(True):
        z = settled(DualNetwork(ENERGY, 5000, 100), HP, program, 5000)[1]
    assert lacks(z, program).kkt_error < 1e-8
    optimum, x, _ = highs(program)
    assert lacks(z, program).objective == pytest.approx(optimum, abs=1e-6)
    np.testing.assert_allclose(z[: len(x)], x, atol=1e-5)


def refusal(program):
    with pytest.raises(UserError) as caught:
        DualNetwork(ENERGY, 1, 1).prepare_item(program)
    return str(caught.value)


def test_it_refuses_programs_without_a_definite_q():
    assert "this program is linear" in refusal(tiny_linear()["mixed"])
    assert "singular" in refusal(tiny_quadratic()["semidefinite"])


def test_it_refuses_programs_too_large_to_invert():
    large = tiny_quadratic()["definite"].__class__(
        np.zeros(2001),
        sp.csr_array((0, 2001)),
        *([np.zeros(0)] * 2),
        *([np.zeros(2001)] * 2),
        sp.csr_array(sp.eye_array(2001)),
    )
    assert "up to 2000 variables; this one has 2001" in refusal(large)
