"""Diagnostics of a finished run: what became of the restarts of each trial."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.compiled import without_optimizer
from dnnbench.engine.contract import Ctx, Monitor, PyTree
from dnnbench.engine.job import Outcome
from dnnbench.engine.lanes import instance_of

if TYPE_CHECKING:
    from dnnbench.engine.run import _Runner

_MOST_VALUES = 40
"""Different costs of the lanes' last restarts up to which their distribution is written down."""


def summarise(runner: "_Runner", trial: int, outcome: Outcome) -> None:
    """Fill in restart counts, the spread over restarts and the monitors of one trial."""
    per_trial = runner.lanes_per_trial
    mine = slice(trial * per_trial, (trial + 1) * per_trial)
    lanes = [u.lanes for u in runner.units]

    def column(pick: object) -> np.ndarray:
        return np.concatenate([np.asarray(pick(u)) for u in lanes])[mine]  # type: ignore[operator]

    finished = column(lambda u: u.stats.finished)
    diverged = column(lambda u: u.stats.diverged)
    alive = column(lambda u: u.alive)
    lost_now = column(lambda u: u.lost) & alive
    running = column(lambda u: u.run.cost).astype(np.float64)
    running = running[alive & np.isfinite(running)]
    outcome.restarts = int((finished + diverged + alive).sum())
    outcome.diverged = int((diverged + lost_now).sum())
    count = int(finished.sum())
    total = float(column(lambda u: u.stats.cost_sum).astype(np.float64).sum())
    square = float(column(lambda u: u.stats.cost_square_sum).astype(np.float64).sum())
    diagnostics: dict[str, object] = {
        "restarts_finished": count,
        "restarts_running": int(alive.sum()),
        "restarts_diverged": outcome.diverged,
    }
    low = column(lambda u: u.stats.cost_min).astype(np.float64)
    high = column(lambda u: u.stats.cost_max).astype(np.float64)
    everything = np.concatenate([low[np.isfinite(low)], high[np.isfinite(high)], running])
    if everything.size:
        n = count + running.size
        mean = (total + running.sum()) / n
        variance = max((square + np.square(running).sum()) / n - mean**2, 0.0)
        diagnostics["restart_cost"] = {
            "count": n,
            "mean": float(mean),
            "std": float(np.sqrt(variance)),
            "min": float(everything.min()),
            "max": float(everything.max()),
        }
    every = column(lambda u: u.run.cost).astype(np.float64)
    values, times = np.unique(every[np.isfinite(every)], return_counts=True)
    if 0 < len(values) <= _MOST_VALUES:
        diagnostics["last_costs"] = {f"{v:g}": int(k) for v, k in zip(values, times, strict=True)}
    if count:
        stall = float(column(lambda u: u.stats.stall_sum).astype(np.float64).sum())
        diagnostics["mean_step_of_best"] = stall / count
    merits = column(lambda u: u.merit).astype(np.float64)
    merits = merits[np.isfinite(merits)]
    if merits.size:
        diagnostics["merit"] = {"mean": float(merits.mean()), "min": float(merits.min())}
    costs = column(lambda u: u.best.cost).astype(np.float64)
    violations = column(lambda u: u.best.violation).astype(np.float64)
    costs = np.where(np.isfinite(costs), costs, np.inf)
    best = trial * per_trial + int(np.lexsort((costs, violations))[0])
    for i, (monitor, own) in enumerate(_monitors(runner, best)):
        if getattr(monitor, "lasting", False):
            own = _of_all_lanes(runner, i, mine)
        diagnostics[monitor.name] = monitor.summary(own)
        if hasattr(monitor, "image"):
            outcome.pictures[monitor.name] = monitor.image(own)
        if hasattr(monitor, "images"):
            outcome.pictures |= monitor.images(own)
    if hasattr(runner.job.method, "figures"):
        diagnostics |= _figures(runner, best)
    outcome.diagnostics = diagnostics
    answer = getattr(runner.job.method, "answer", None)
    if answer is not None and per_trial > 1:
        for restart in range(per_trial):
            for monitor, own in _monitors(runner, trial * per_trial + restart):
                if monitor.name == answer:
                    outcome.pictures[f"restart_{restart}"] = monitor.image(own)  # type: ignore[attr-defined]


def _figures(runner: "_Runner", number: int) -> dict[str, Any]:
    """What the method says of a lane's last state."""
    unit, lane = divmod(number, runner.plan.micro_batch * runner.rows)
    pick = partial(_lane, lane=lane, axis=runner.plan.lane_axis)
    lanes, hp = runner.units[unit].lanes, runner.shared.hp
    if hp is None:  # a stack's lanes have their own
        hp = jax.tree.map(lambda x: jnp.asarray(pick(x)), runner.owns[unit].hp)
    t = jnp.asarray(pick(lanes.t))
    data = jax.device_put(runner.shared.data, jax.local_devices()[0])
    item = jax.tree.map(lambda x: jnp.asarray(pick(x)), runner.owns[unit].item)
    ctx = Ctx(data, instance_of(item, data), hp, t, jax.random.key(0))
    state = jax.tree.map(lambda x: jnp.asarray(pick(x)), without_optimizer(lanes.state))
    assert runner.compiled.figures is not None
    found = runner.compiled.figures(state, ctx)
    return {name: jax.tree.map(float, value) for name, value in found.items()}


def _monitors(runner: "_Runner", number: int) -> Iterator[tuple[Monitor, PyTree]]:
    """The monitors and their states in one lane of the run."""
    unit, lane = divmod(number, runner.plan.micro_batch * runner.rows)
    pick = partial(_lane, lane=lane, axis=runner.plan.lane_axis)
    states = runner.units[unit].lanes.monitors
    for monitor, state in zip(runner.spec.monitors, states, strict=True):
        yield monitor, jax.tree.map(pick, state)


def _of_all_lanes(runner: "_Runner", index: int, mine: slice) -> PyTree:
    """The states of one monitor in all lanes of a trial, stacked along a first axis."""
    axis = runner.plan.lane_axis
    units = [u.lanes.monitors[index] for u in runner.units]
    return jax.tree.map(
        lambda *xs: np.concatenate([np.moveaxis(np.asarray(x), axis, 0) for x in xs])[mine], *units
    )


def _lane(x: Any, lane: int, axis: int) -> np.ndarray:
    return np.asarray(np.take(np.asarray(x), lane, axis=axis))
