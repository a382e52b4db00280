"""Second-order phases inside a run: resampled points, renewal, lanes."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.budget import Budget
from dnnbench.engine.compat import x64
from dnnbench.engine.contract import Ctx, Oracle, Phase
from dnnbench.engine.job import Job
from dnnbench.engine.run import run
from dnnbench.optimizers.from_optax import adam
from dnnbench.optimizers.gauss_newton import GaussNewton
from dnnbench.optimizers.lbfgs import LBFGS
from dnnbench.optimizers.ssbroyden import SSBroyden
from tests.engine import probes

GRID = np.linspace(0, 1, 21)
EXACT = np.sin(np.pi * GRID)


@dataclass(frozen=True)
class Resampled(probes.Pinn):
    """u'' = -pi^2 sin(pi x) again, with new points in the second phase too."""

    second: Any = None
    second_steps: int | None = 60
    outer_every: int | None = 20

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("adam", self.adam_steps, adam(decay_rate=0.9, decay_every=50), outer_every=20),
            Phase("second", self.second_steps, self.second, outer_every=self.outer_every),
        )

    def start(self, ctx: Ctx) -> Any:
        keys = jax.random.split(ctx.key, 3)
        params = {
            "w": jax.random.normal(keys[0], (12,), ctx.problem.dtype) * 3,
            "b": jax.random.normal(keys[1], (12,), ctx.problem.dtype),
            "v": jnp.zeros((12,), ctx.problem.dtype),
        }
        return params, jax.random.uniform(keys[2], (64,), ctx.problem.dtype)

    def outer(self, s: Any, phase: Phase, ctx: Ctx) -> Any:
        points = jax.random.uniform(ctx.key, s.aux.shape, s.aux.dtype)
        return self.renewed(s, phase, points)


def solve(second, **more):
    method = Resampled(second=second, adam_steps=60, **more)
    plan = probes.plan(dtype="float64", batching="map", lanes=2, micro_batch=2, score_every=20)
    budget = Budget(restarts=2, steps=method.adam_steps + method.second_steps)
    hp = ({"learning_rate": 0.02},)
    return run(Job(method, probes.data(GRID), hp, 3, budget, plan)).outcomes[0]


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (SSBroyden(), 1e-4),
        (GaussNewton(1e-12), 1e-6),
    ],
    ids=["ssbroyden", "gauss_newton"],
)
def test_resampled_points(second, error):
    outcome = solve(second)
    assert outcome.z.dtype == np.float64
    assert np.abs(outcome.z - EXACT).max() < error
    assert outcome.diverged == 0


def test_renewal_matters():
    """The first loss after a renewal is that of the new points."""
    method = Resampled(second=SSBroyden())
    phase = method.phases[1]
    key = jax.random.key(1)
    hp = {"learning_rate": jnp.asarray(0.01)}
    ctx = Ctx(probes.data(GRID), None, hp, jnp.zeros((), jnp.int32), key)
    s = method.enter(method.init(ctx), phase, ctx)
    step = jax.jit(lambda s: method.step(s, phase, ctx))
    for _ in range(3):
        s, _ = step(s)
    told = method.outer(s, phase, ctx)
    truth = float(method.loss(told.params, told.aux, ctx)[0])
    assert float(step(told)[1].merit) == pytest.approx(truth, rel=1e-12)
    untold = s._replace(aux=told.aux)
    assert float(step(untold)[1].merit) != pytest.approx(truth, rel=1e-3)


def test_a_restart_ends_where_no_step_is_left():
    """Without a last step, the optimiser itself ends the restart, and not before it is there."""
    method = Resampled(
        second=GaussNewton(1e-12), adam_steps=60, second_steps=None, outer_every=None
    )
    plan = probes.plan(dtype="float64", batching="serial", lanes=1, micro_batch=1, score_every=20)
    hp = ({"learning_rate": 0.02},)
    budget = Budget(restarts=1, steps=100_000)
    result = run(Job(method, probes.data(GRID), hp, 3, budget, plan))
    assert result.stop == "converged"
    assert 60 < result.steps < 100_000
    assert np.abs(result.outcomes[0].z - EXACT).max() < 1e-5


@pytest.mark.parametrize("optimizer", [SSBroyden(), LBFGS(5)], ids=["ssbroyden", "lbfgs"])
def test_a_quasi_newton_method_says_when_it_can_do_no_more(optimizer):
    """On a quadratic with a minimum of 1: exhausted there, at rounding, and nowhere else."""
    with x64(True):
        scale = jnp.logspace(-2, 2, 10)
        x = jnp.arange(10.0)

        def value(x):
            return 1 + jnp.sum(scale * (x - 1) ** 2), None

        oracle = Oracle(value, jax.value_and_grad(value, has_aux=True), None)
        step = jax.jit(lambda x, s: optimizer.update(oracle, x, s, {})[:2])
        s = optimizer.init(x, {})
        count = 0
        while not optimizer.exhausted(s):
            assert count < 1000
            x, s = step(x, s)
            count += 1
        assert np.abs(scale * (x - 1)).max() < 1e-6
        assert not optimizer.exhausted(optimizer.renew(s))
