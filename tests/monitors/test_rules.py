"""Stopping rules against plain NumPy over recorded outputs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.contract import Ctx, Data, Reading
from dnnbench.instances.measurement import Measurement
from dnnbench.monitors.early_stopping import MovingVariance, WindowedVariance
from dnnbench.monitors.held_out import HeldOut
from dnnbench.monitors.oracle import OracleBands, OraclePsnr
from dnnbench.monitors.outputs import FixedStep, RunningAverage
from dnnbench.monitors.snapshots import Snapshots
from dnnbench.problems.imaging.energy import ImagingEnergy

SHAPE = (6, 5, 1)


@pytest.fixture
def outputs():
    """Outputs that settle down and then wander off: [60, h, w, c]."""
    rng = np.random.default_rng(0)
    size = np.concatenate([np.linspace(0.3, 0.02, 30), np.linspace(0.02, 0.2, 30)])
    return (0.5 + size[:, None, None, None] * rng.standard_normal((60, *SHAPE))).astype(np.float32)


def play(monitor, outputs, data=None, sealed=None):
    ctx = Ctx(data, None, {}, jnp.zeros((), jnp.int32), None)
    state = monitor.init(jnp.zeros(SHAPE, jnp.float32))
    update = jax.jit(lambda m, x, t: monitor.update(m, Reading(x, t, ctx, True, sealed)))
    for t, x in enumerate(outputs, start=1):
        state = update(state, jnp.asarray(x), jnp.int32(t))
    return jax.tree.map(np.asarray, state)


def first_least(values, patience):
    """(index of the least value before patience runs out, index at which it does or None)."""
    best = 0
    for i, value in enumerate(values):
        if value < values[best]:
            best = i
        elif i - best >= patience:
            return best, i
    return best, None


@pytest.mark.parametrize("patience", [3, 12, 100])
def test_windowed_variance(outputs, patience):
    window = 8
    variances = [
        outputs[i : i + window].astype(np.float64).var(axis=0).mean()
        for i in range(len(outputs) - window + 1)
    ]
    best, end = first_least(variances, patience)
    monitor = WindowedVariance(window, patience)
    state = play(monitor, outputs)
    said = monitor.summary(state)
    assert said["step"] == best + 1
    assert said["variance"] == pytest.approx(variances[best], rel=1e-5)
    assert (said["stopped"], said["stop_step"]) == ((0, 0) if end is None else (1, end + window))
    np.testing.assert_array_equal(monitor.image(state), outputs[best])


@pytest.mark.parametrize("monitor", [WindowedVariance(50, 10), MovingVariance(0.1, 10, 50)])
def test_a_run_too_short_for_a_variance_returns_its_newest_output(outputs, monitor):
    state = play(monitor, outputs[:20])
    said = monitor.summary(state)
    assert (said["step"], said["stopped"], said["variance"]) == (20, 0, np.inf)
    np.testing.assert_array_equal(monitor.image(state), outputs[19])


@pytest.mark.parametrize("patience", [3, 12, 100])
def test_moving_variance(outputs, patience):
    alpha, warm_up = 0.1, 10
    mean, variance, variances = outputs[0].astype(np.float64), 0.0, []
    for x in outputs.astype(np.float64):
        variance = (1 - alpha) * (variance + alpha * np.mean((x - mean) ** 2))
        mean = alpha * x + (1 - alpha) * mean
        variances.append(variance)
    best, end = first_least(variances[warm_up:], patience)
    monitor = MovingVariance(alpha, patience, warm_up)
    state = play(monitor, outputs)
    said = monitor.summary(state)
    assert said["step"] == best + warm_up + 1
    assert said["variance"] == pytest.approx(variances[best + warm_up], rel=1e-4)
    assert said["stop_step"] == (0 if end is None else end + warm_up + 1)
    np.testing.assert_array_equal(monitor.image(state), outputs[best + warm_up])


def test_fixed_step_and_running_average(outputs):
    fixed, average = FixedStep(40), RunningAverage(0.9, 40)
    np.testing.assert_array_equal(fixed.image(play(fixed, outputs)), outputs[39])
    np.testing.assert_array_equal(fixed.image(play(fixed, outputs[:7])), outputs[6])
    expected = outputs[0].astype(np.float64)
    for x in outputs[1:40]:
        expected = 0.9 * expected + 0.1 * x
    state = play(average, outputs)
    np.testing.assert_allclose(average.image(state), expected, rtol=1e-5)
    assert average.summary(state) == {"step": 40}


def test_held_out_values_choose_the_step(outputs):
    rng = np.random.default_rng(1)
    values = np.full(SHAPE, 0.5, np.float32)
    held = (rng.random((*SHAPE[:2], 1)) < 0.4).astype(np.float32)
    energy = ImagingEnergy("none", "float32")
    problem = energy.prepare(Measurement(values, *SHAPE[:2]))
    monitor = HeldOut(energy, patience=100)
    state = play(monitor, outputs, Data(problem, {"held_out": jnp.asarray(held)}))
    misfits = [np.mean(np.square(x - values)[held[..., 0] > 0]) for x in outputs]
    best = int(np.argmin(misfits))
    assert monitor.summary(state)["step"] == best + 1
    found = monitor.summary(state)["held_out_misfit"]
    assert found == pytest.approx(misfits[best], rel=1e-4)


def test_the_oracle_knows_the_peak_and_the_curve(outputs):
    clean = np.full(SHAPE, 0.5, np.float32)
    monitor = OraclePsnr(every=7, length=9)
    state = play(monitor, outputs, sealed=jnp.asarray(clean))
    psnr = [-10 * np.log10(np.mean(np.square(np.clip(x, 0, 1) - clean))) for x in outputs]
    said = monitor.summary(state)
    assert said["step"] == int(np.argmax(psnr)) + 1
    assert [t for t, _ in said["curve"]] == list(range(7, 61, 7))
    for t, value in said["curve"]:
        assert value == pytest.approx(psnr[t - 1], abs=2e-4)


def test_bands_are_rings_of_frequencies():
    h = w = 16
    y, x = np.mgrid[:h, :w]
    low = np.cos(2 * np.pi * 2 * x / w)[..., None]
    high = np.cos(2 * np.pi * 6 * y / h)[..., None]
    monitor = OracleBands(bands=4, every=1, length=2)
    state = monitor.init(jnp.zeros((h, w, 1)))
    clean = jnp.asarray(low + high, jnp.float32)
    for t, seen in enumerate((0.5 * low + 0.1 * high, low + high), start=1):
        reading = Reading(jnp.asarray(seen, jnp.float32), jnp.int32(t), None, True, clean)
        state = monitor.update(state, reading)
    said = monitor.summary(jax.tree.map(np.asarray, state))
    first, second = said["curve"]
    assert first[0] == 1
    assert first[2] == pytest.approx(0.25, abs=1e-4)  # radius 2 / 8 lies in the second ring
    assert first[4] == pytest.approx(0.81, abs=1e-4)  # radius 6 / 8 in the fourth
    assert max(second[1:]) < 1e-6


def test_snapshots_keep_the_steps_that_came(outputs):
    monitor = Snapshots((1, 30, 500))
    images = monitor.images(play(monitor, outputs))
    assert set(images) == {"step_1", "step_30"}
    np.testing.assert_array_equal(images["step_30"], outputs[29])


@pytest.mark.parametrize("monitor", [FixedStep(40), RunningAverage(0.9, 40)])
def test_the_output_of_a_lost_restart_is_not_taken(outputs, monitor):
    whole = play(monitor, outputs[:9])
    reading = Reading(jnp.full(SHAPE, jnp.nan), jnp.int32(10), None, jnp.asarray(False), None)
    after = monitor.update(jax.tree.map(jnp.asarray, whole), reading)
    np.testing.assert_array_equal(monitor.image(after), monitor.image(whole))
