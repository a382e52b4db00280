"""The network over time: its path, its loss beside NumPy, and where training leads."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate

from dnnbench.engine.compat import x64
from dnnbench.methods.wu_lisser import WuLisser
from dnnbench.problems.program.tiny import tiny_linear
from tests.methods.dense import context
from tests.methods.programs import ENERGY, lacks, random_program, settled
from tests.methods.test_projection_nn import sizes as diagonals

METHOD = WuLisser(
    energy=ENERGY,
    num_steps=1500,
    width=16,
    depth=1,
    decay_rate=0.9,
    decay_every=500,
    ruiz_rounds=10,
    times=24,
)
HP = {"learning_rate": 0.005, "horizon": 10.0, "gain": 1.0}


def velocity(z, program):
    """Phi of the projection network, dense."""
    T, S = diagonals(program)
    n = program.num_variables
    a, x, y = program.matrix.toarray(), z[:n], z[n:]
    q = np.zeros((n, n)) if program.quadratic is None else program.quadratic.toarray()
    slope = program.cost + q @ x - a.T @ y
    e_x = x - np.clip(x - T * slope, program.lower, program.upper)
    e_z = a @ x - np.clip(a @ x - y / S, program.row_lower, program.row_upper)
    return -np.concatenate([e_x + T * (q @ e_x + a.T @ (S * e_z)), S * (e_z - a @ e_x)])


def test_a_path_begins_at_the_origin_and_its_speed_is_its_derivative():
    program = random_program(6, 5, 2)
    with x64(True):
        ctx = context(METHOD, HP, -1, program)
        params, _ = METHOD.start(ctx)
        shares, step = np.array([0.0, 0.03, 0.4, 0.9]), 1e-6
        z, speed = (np.array(v) for v in METHOD.path(params, jnp.asarray(shares), ctx))
        ahead, behind = (
            np.array(METHOD.path(params, jnp.asarray(shares + e), ctx)[0]) for e in (step, -step)
        )
    origin = np.concatenate([np.clip(0, program.lower, program.upper), np.zeros(5)])
    np.testing.assert_array_equal(z[:, 0], origin)
    np.testing.assert_allclose(speed, (ahead - behind) / (2 * step * HP["horizon"]), atol=1e-6)
    assert abs(speed).max() > 1e-3


@pytest.mark.parametrize("curved", ["", "semidefinite"])
def test_the_loss_is_the_mean_square_beside_the_flow(curved):
    program = random_program(6, 5, 2, curved)
    with x64(True):
        ctx = context(METHOD, HP, -1, program)
        params, times = METHOD.start(ctx)
        z, speed = (np.array(v) for v in METHOD.path(params, times, ctx))
        loss = float(METHOD.loss(params, times, ctx)[0])
        unit, shares = float(ctx.method.objective), np.array(times)
    flow = np.stack([velocity(point, program) for point in z.T], axis=1)
    D = np.sqrt(np.concatenate(diagonals(program)) * unit / 11)
    assert loss == pytest.approx(np.mean(((speed - flow) / D[:, None]) ** 2), rel=1e-10)
    assert shares.shape == (24,)
    assert 0 <= shares.min() < 0.2 < 0.8 < shares.max() < 1


def test_training_leads_to_the_path_of_the_flow_and_so_near_the_optimum():
    program = tiny_linear()["inequalities"]
    with x64(True):
        _, z, figures = settled(METHOD, HP, program, 1500)
    path = scipy.integrate.solve_ivp(
        lambda _, z: velocity(z, program), (0, 10), np.zeros(4), rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(z, path.y[:, -1], atol=0.15)
    assert abs(path.y[:, -1]).max() > 1
    assert lacks(z, program).kkt_error < 0.03
    assert 0 < figures["path_residual"] < 0.2
    assert 0 < figures["distance_from_rest"] < 0.1
