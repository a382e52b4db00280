"""The seven probes of the design: each family's shape of method runs on the engine."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from dnnbench.engine.budget import Budget
from dnnbench.engine.compiled import Programs
from dnnbench.engine.job import Hooks, Job
from dnnbench.engine.run import run
from tests.engine import probes


def job(method, problem, hp, plan, budget, own=(), **more):
    trials = hp if isinstance(hp, tuple) else (hp,)
    return Job(method, probes.data(problem, own), trials, 3, budget, plan, **more)


@pytest.mark.parametrize(("lanes", "micro_batch"), [(8, 8), (8, 2), (1, 1)])
@pytest.mark.parametrize("lane_axis", [-1, 0])
def test_relaxation(lane_axis, lanes, micro_batch):
    q = probes.random_quadratic(10, 1)
    plan = probes.plan(lane_axis=lane_axis, lanes=lanes, micro_batch=micro_batch)
    result = run(
        job(probes.Relaxation(), q, {"learning_rate": 0.3}, plan, Budget(restarts=40, steps=4000))
    )
    outcome = result.outcomes[0]
    z = outcome.z.astype(np.float64)
    assert outcome.cost == z @ q @ z == probes.brute_force(q)
    assert outcome.restarts == 40
    assert result.stop == "converged"


def test_convolutions_one_call_a_step():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(1, 12, 12, 1)).astype(np.float32)
    noise = rng.normal(size=(1, 12, 12, 4)).astype(np.float32)
    plan = probes.plan(loop="call", batching="serial", lanes=2, micro_batch=1)
    result = run(
        job(probes.ConvPrior(), target, {"learning_rate": 0.02}, plan, Budget(steps=60), own=noise)
    )
    outcome = result.outcomes[0]
    assert outcome.z.shape == target.shape
    assert outcome.cost < 0.9 * float(np.mean(target**2))
    assert result.steps == 60
    assert outcome.restarts == 2


def test_pinn_adam_then_lbfgs():
    x = np.linspace(0, 1, 21).astype(np.float32)
    plan = probes.plan(batching="map", lanes=2, micro_batch=2, score_every=10)
    method = probes.Pinn()
    programs = Programs()

    def after(steps):
        budget = Budget(restarts=2, steps=steps)
        return run(job(method, x, {"learning_rate": 0.02}, plan, budget), programs=programs)

    result = after(method.adam_steps + method.lbfgs_steps)
    outcome = result.outcomes[0]
    assert np.abs(outcome.z - np.sin(np.pi * x)).max() < 0.02
    adam_alone = after(method.adam_steps + 1)
    assert outcome.cost < 0.1 * adam_alone.outcomes[0].cost


def test_waves_restart_from_the_first_phase():
    x = np.linspace(0, 1, 5).astype(np.float32)
    plan = probes.plan(batching="map", lanes=2, micro_batch=2, score_every=10)
    method = probes.Pinn(adam_steps=20, lbfgs_steps=10)
    result = run(job(method, x, {"learning_rate": 0.02}, plan, Budget(restarts=6)))
    assert result.outcomes[0].restarts == 6
    assert result.outcomes[0].diagnostics["restarts_finished"] == 6
    assert result.steps == 3 * 30


def test_gauss_newton_in_float64():
    x = np.linspace(0, 3, 20)
    y = 2.0 * np.exp(-0.7 * x)
    plan = probes.plan(dtype="float64", score_every=1)
    result = run(job(probes.Fit(), (x, y), {"learning_rate": 1.0}, plan, Budget(restarts=4)))
    z = result.outcomes[0].z
    assert z.dtype == np.float64
    np.testing.assert_allclose(z, [2.0, -0.7], rtol=0, atol=1e-12)


def test_sampler_with_an_ensemble_axis():
    q = probes.random_quadratic(9, 4)
    result = run(
        job(probes.Metropolis(), q, {"temperature": 1.5}, probes.plan(), Budget(restarts=8))
    )
    outcome = result.outcomes[0]
    assert outcome.z.shape == (9,)
    assert outcome.cost == probes.brute_force(q)


def linear_programs(count):
    rng = np.random.default_rng(7)
    a = rng.uniform(0, 1, (count, 5, 8)).astype(np.float32)
    b = np.full((count, 5), 2.0, np.float32)
    c = -rng.uniform(0, 1, (count, 8)).astype(np.float32)
    return probes.Program(a, b, c)


@pytest.mark.parametrize("lane_axis", [-1, 0])
def test_stack_of_eight_programs(lane_axis):
    programs = linear_programs(8)
    plan = probes.plan(lanes=8, micro_batch=8, score_every=50, lane_axis=lane_axis)
    hp = ({"tau": 0.2},) * 8
    first = jax.tree.map(lambda x: x[0], programs)
    items = tuple(jax.tree.leaves(programs))
    result = run(job(probes.Pdhg(), first, hp, plan, Budget(steps=3000), items=items))
    assert len(result.outcomes) == 8
    for k, outcome in enumerate(result.outcomes):
        exact = scipy.optimize.linprog(
            programs.c[k], programs.a[k], programs.b[k], bounds=(0, 1), method="highs"
        )
        assert outcome.violation == 0
        assert outcome.cost == pytest.approx(exact.fun, abs=2e-3)


def test_a_stack_ends_at_its_last_step_although_some_have_met_their_targets():
    programs = linear_programs(4)
    plan = probes.plan(lanes=4, micro_batch=1, score_every=50, lane_axis=0)
    first = jax.tree.map(lambda x: x[0], programs)
    items = tuple(jax.tree.leaves(programs))
    targets = (np.inf, -np.inf, np.inf, -np.inf)
    hp = ({"tau": 0.2},) * 4
    result = run(
        job(probes.Pdhg(), first, hp, plan, Budget(steps=3000), items=items, target_costs=targets),
        Hooks(should_stop=Patience(40)),
    )
    assert (result.stop, result.steps) == ("budget", 3000)
    assert result.outcomes[2].violation == 0  # so that its unit stopped


class Patience:
    """Gives up on a run that does not end by itself."""

    def __init__(self, chunks):
        self.left = chunks

    def __call__(self):
        self.left -= 1
        return self.left < 0


_DEVICES = """
import sys
import numpy as np
from tests.engine import probes
from dnnbench.engine.budget import Budget
from dnnbench.engine.job import Job
from dnnbench.engine.run import run

q = probes.random_quadratic(12, 5)
plan = probes.plan(lanes=16, micro_batch=2, devices=int(sys.argv[1]), lane_axis=int(sys.argv[2]))
job = Job(probes.Relaxation(), probes.data(q), ({"learning_rate": 0.2},), 1,
          Budget(steps=int(sys.argv[3])), plan)
result = run(job)
o = result.outcomes[0]
print(o.z.tolist(), o.cost.hex(), o.restarts, result.steps, o.diagnostics)
"""


@pytest.mark.parametrize("lane_axis", [-1, 0])
def test_eight_devices_give_the_bits_of_one(lane_axis):
    def on(devices):
        flags = f"--xla_force_host_platform_device_count={devices}"
        return subprocess.run(
            [sys.executable, "-c", _DEVICES, str(devices), str(lane_axis), "130"],
            env=dict(os.environ, XLA_FLAGS=flags, JAX_PLATFORMS="cpu"),
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    one = on(1)
    assert "restarts_finished" in one
    assert on(8) == one


def test_learning_rates_are_a_batch_axis():
    """Sixteen learning rates are one stack: one compilation, and each equals its own run."""
    import jax

    q = probes.random_quadratic(10, 6)
    rates = tuple({"learning_rate": 0.02 * (i + 1)} for i in range(16))
    compiled = []

    def note(name, seconds, **details):
        if name == "/jax/core/compile/backend_compile_duration":
            compiled.append(details["fun_name"])

    jax.monitoring.register_event_duration_secs_listener(note)
    try:
        method, budget = probes.Relaxation(), Budget(steps=80)
        plan = probes.plan(lanes=32, micro_batch=32)
        stacked = run(job(method, q, rates, plan, budget))
    finally:
        jax.monitoring.unregister_event_duration_listener(note)
    assert compiled.count("jit(chunk)") == 1
    assert compiled.count("jit(start)") == 1
    for k in (0, 7, 15):
        alone = run(job(method, q, (rates[k],), probes.plan(lanes=2, micro_batch=2), budget))
        assert stacked.outcomes[k].cost == alone.outcomes[0].cost
        np.testing.assert_array_equal(stacked.outcomes[k].z, alone.outcomes[0].z)
    costs = [o.cost for o in stacked.outcomes]
    assert len(jnp.unique(jnp.asarray(costs))) > 1
