"""PDHG beside NumPy: its steps, when it begins a new average, and where it settles."""

import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.instances.generators.programs import svm
from dnnbench.methods.pdhg import PDHG
from dnnbench.methods.program_common import equilibrated, scales, spectral_norm
from dnnbench.problems.program.tiny import tiny_linear, tiny_quadratic
from tests.methods.dense import walk
from tests.methods.programs import ENERGY, highs, lacks, random_program, settled

HP = {"sufficient": 0.2, "necessary": 0.8, "artificial": 0.36, "smoothing": 0.5}


class Transcription:
    """PDLP's loop on the scaled program, restarts by the weighted KKT error."""

    def __init__(self, program, check_every):
        self.program, self.check_every = program, check_every
        self.r, self.c = equilibrated(program, 10)
        own = scales(program, 10)
        n, m = program.num_variables, program.num_rows
        q = np.zeros((n, n)) if program.quadratic is None else program.quadratic.toarray()
        self.a = self.r[:, None] * program.matrix.toarray() * self.c
        self.q, self.cost = self.c[:, None] * q * self.c, self.c * program.cost
        self.lower, self.upper = program.lower / self.c, program.upper / self.c
        self.low, self.high = self.r * program.row_lower, self.r * program.row_upper
        self.omega = own.weight
        self.eta = 1 / (own.matrix_norm + own.quadratic_norm / own.weight)
        self.x, self.y = np.clip(np.zeros(n), self.lower, self.upper), np.zeros(m)
        self.begin(self.x, self.y)
        self.last = self.first
        self.averages = self.k = 0

    def begin(self, x, y):
        self.x, self.y, self.start = x, y, (x, y)
        self.sum_x, self.sum_y, self.total, self.since = 0 * x, 0 * y, 0.0, 0
        self.first = self.last = self.error(x, y)

    def error(self, x, y):
        rows, reduced = self.a @ x, self.cost + self.q @ x - self.a.T @ y
        outside = rows - np.clip(rows, self.low, self.high)
        bound = np.concatenate(
            [np.where(y > 0, self.low, self.high), np.where(reduced > 0, self.lower, self.upper)]
        )
        multiplier = np.concatenate([y, reduced])
        finite = np.isfinite(bound)
        gap = self.cost @ x + x @ self.q @ x - multiplier[finite] @ bound[finite]
        stray = np.linalg.norm(multiplier[~finite])
        return np.sqrt(
            (self.omega * np.linalg.norm(outside)) ** 2 + (stray / self.omega) ** 2 + gap**2
        )

    def look(self):
        means = (self.x, self.y)
        if self.total > 0:
            means = (self.sum_x / self.total, self.sum_y / self.total)
        x, y = min([(self.x, self.y), means], key=lambda z: self.error(*z))
        error = self.error(x, y)
        fell = error <= 0.2 * self.first
        stalls = error <= 0.8 * self.first and error > self.last
        if fell or stalls or self.since >= 0.36 * self.k:
            dx, dy = np.linalg.norm(x - self.start[0]), np.linalg.norm(y - self.start[1])
            if dx > 0 and dy > 0:
                self.omega = np.sqrt(dy / dx * self.omega)
            self.begin(x, y)
            self.averages += 1
        else:
            self.last = error

    def step(self):
        if self.k and self.k % self.check_every == 0:
            self.look()
        tau, sigma = self.eta / self.omega, self.eta * self.omega
        slope = self.cost + self.q @ self.x - self.a.T @ self.y
        x = np.clip(self.x - tau * slope, self.lower, self.upper)
        rows = self.a @ (2 * x - self.x)
        y = self.y - sigma * rows
        y = np.maximum(y + sigma * self.low, np.minimum(y + sigma * self.high, 0))
        dx, dy = x - self.x, y - self.y
        length = self.omega * dx @ dx + dy @ dy / self.omega
        limit = length / (2 * abs(dy @ self.a @ dx) + dx @ self.q @ dx)
        eta = self.eta
        self.k += 1
        self.eta = min((1 - (self.k + 1) ** -0.3) * limit, (1 + (self.k + 1) ** -0.6) * eta)
        self.since += 1
        if eta <= limit:
            self.x, self.y = x, y
            self.sum_x, self.sum_y = self.sum_x + eta * x, self.sum_y + eta * y
            self.total += eta


@pytest.mark.parametrize("curved", ["", "semidefinite"])
def test_it_equals_a_transcription_on_the_scaled_program(curved):
    program = random_program(12, 9, 3, curved)
    other = Transcription(program, 10)
    with x64(True):
        for _ in range(75):
            other.step()
        state, z, figures = settled(PDHG(ENERGY, 75, 10, 10), HP, program, 75)
    assert figures["averages"] == other.averages > 1
    assert figures["step_size"] == pytest.approx(other.eta, rel=1e-6)
    assert figures["primal_weight"] == pytest.approx(other.omega, rel=1e-6)
    np.testing.assert_allclose(state.now.x, other.c * other.x, atol=1e-8)
    np.testing.assert_allclose(state.now.y, other.r * other.y, atol=1e-8)
    np.testing.assert_allclose(z[:12, 1] * other.total, other.c * other.sum_x, atol=1e-8)


def test_a_step_that_is_too_long_is_not_made():
    program = random_program(12, 9, 3)
    method = PDHG(ENERGY, 9, 40, 10)
    with x64(True):
        moment = walk(method, HP, 1, program)[0]
        long = moment.before._replace(eta=moment.before.eta * 1e3)
        after, _ = method.step(long, method.phases[0], moment.ctx)
    np.testing.assert_array_equal(after.now.x, long.now.x)
    np.testing.assert_array_equal(after.now.y, long.now.y)
    assert int(after.rejected) == 1
    assert float(after.total) == 0
    assert float(after.eta) < float(long.eta)


PROGRAMS = {**tiny_linear(), **tiny_quadratic()}


@pytest.mark.parametrize("name", ["mixed", "semidefinite"])
def test_it_settles_at_the_optimum(name):
    program = PROGRAMS[name]
    with x64(True):
        z = settled(PDHG(ENERGY, 4000, 40, 10), HP, program, 4000)[1]
    assert lacks(z[:, 0], program).kkt_error < 1e-9
    assert lacks(z[:, 0], program).objective == pytest.approx(highs(program)[0], abs=1e-6)


def test_it_meets_the_one_row_of_a_support_vector_machine():
    """There a primal weight without bounds falls to 1e-9 of the first, and y stands still."""
    program = svm(500, 10, 1)
    with x64(True):
        _, z, figures = settled(PDHG(ENERGY, 5000, 40, 10), HP, program, 5000)
    assert lacks(z[:, 0], program).kkt_error < 1e-9
    assert 0.1 <= figures["primal_weight"] / scales(program, 10).weight <= 10


@pytest.mark.full
@pytest.mark.parametrize("shape", [(1500, 1000), (500, 1000)])
def test_a_thousand_rows(shape):
    program = random_program(*shape, 5, density=0.01)
    with x64(True):
        z = settled(PDHG(ENERGY, 20000, 40, 10), HP, program, 20000)[1]
    found = lacks(z[:, 0], program)
    assert found.kkt_error < 1e-7
    assert found.objective == pytest.approx(highs(program)[0], rel=1e-6)


def test_scaling_evens_out_rows_and_columns():
    program = random_program(12, 9, 3)
    uneven = program.matrix.multiply(np.geomspace(1e-3, 1e3, 9)[:, None]).tocsr()
    skewed = program.__class__(
        program.cost, uneven, program.row_lower, program.row_upper, program.lower, program.upper
    )
    rows, columns = equilibrated(skewed, 10)
    scaled = rows[:, None] * uneven.toarray() * columns
    assert spectral_norm(uneven) > 100
    assert np.linalg.norm(scaled, 2) <= 1 + 1e-12  # what the scaling of Pock and Chambolle promises
    assert np.abs(scaled).max(axis=1).min() > 0.05
    assert scales(skewed, 10).matrix_norm == pytest.approx(np.linalg.norm(scaled, 2), rel=1e-3)
