"""One lane: a restart with its bookkeeping, as pure functions that know nothing of batching."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import (
    Ctx,
    Data,
    Method,
    Monitor,
    Phase,
    PyTree,
    Reading,
    Scalar,
    Score,
)

# Keys of a restart are folded with t = 0, 1, ...; these two tags lie outside that range.
_INIT_TAG = 0xFFFFFFFF
_SCORE_TAG = 0x80000000


class RestartStats(NamedTuple):
    """What became of a lane's finished restarts.

    Attributes:
        finished: int32, restarts that ended by themselves or at their last step.
        diverged: int32, restarts lost to non-finite values.
        cost_sum, cost_square_sum: float, over the best costs of finished restarts.
        cost_min, cost_max: float, extremes of the same.
        stall_sum: float, sum of the steps at which finished restarts found their best.
    """

    finished: Scalar
    diverged: Scalar
    cost_sum: Scalar
    cost_square_sum: Scalar
    cost_min: Scalar
    cost_max: Scalar
    stall_sum: Scalar


class Lane(NamedTuple):
    """State of one lane; the engine batches every leaf.

    Attributes:
        state: the method's state.
        restart: int32, id of the running restart within its trial.
        t: int32, steps of this restart.
        phase_t: int32, steps of this restart in the current phase.
        alive: whether the lane still runs (False once no restart is left for it).
        frozen: whether the restart has ended and waits for a refill or the next phase.
        lost: whether it ended by divergence.
        merit: the method's loss at the last step.
        best, best_z, best_step: over all restarts of the lane; engine step of the find.
        run, run_step: best of the running restart and its own step of the find.
        stats: finished restarts.
        monitors: states of the monitors, of the running restart; of `lasting` ones, of all.
    """

    state: PyTree
    restart: Scalar
    t: Scalar
    phase_t: Scalar
    alive: Scalar
    frozen: Scalar
    lost: Scalar
    merit: Scalar
    best: Score
    best_z: jax.Array
    best_step: Scalar
    run: Score
    run_step: Scalar
    stats: RestartStats
    monitors: tuple[PyTree, ...]


class Shared(NamedTuple):
    """Arguments that all lanes share.

    Attributes:
        data: the instance.
        hp: hyperparameters, or None where each lane has its own.
        seed: uint32.
        max_restarts: int32, restarts a trial may begin.
        sealed: sealed half of the instance for oracle monitors, or None; no method sees it.
    """

    data: Data
    hp: dict[str, Scalar] | None
    seed: Scalar
    max_restarts: Scalar
    sealed: PyTree = None


class Own(NamedTuple):
    """Arguments of one lane.

    Attributes:
        hp: its hyperparameters, or None.
        item: where each lane has an instance of its own, the leaves of `Shared.data`, None in the
            place of those that are equal in all of them; else None.
        target: cost at which its trial may stop; -inf for never.
    """

    hp: dict[str, Scalar] | None
    item: tuple[Any, ...] | None
    target: Scalar


@dataclass(frozen=True)
class Spec:
    """What the lane functions are specialised on at compile time.

    Attributes:
        method: the method.
        monitors: passive measurements.
        dtype: floating point type of scores.
        stride: lanes of one trial; a refilled lane's next restart id is this much higher.
        score_every: steps between scorings.
        refills: whether lanes are refilled one by one inside the program, or go in waves.
    """

    method: Method
    monitors: tuple[Monitor, ...]
    dtype: Any
    stride: int
    score_every: int
    refills: bool


def is_oracle(monitor: Monitor) -> bool:
    """Whether a monitor may see the sealed half of the instance: its name has to say so."""
    return monitor.name.startswith("oracle_")


def less(a: Score, b: Score) -> Scalar:
    """Whether score `a` is strictly better than `b`."""
    return (a.violation < b.violation) | ((a.violation == b.violation) & (a.cost < b.cost))


def select(mask: Scalar, a: PyTree, b: PyTree) -> PyTree:
    """`a` where the lane's mask holds, else `b` (one lane: the mask is a scalar)."""
    return jax.tree.map(lambda x, y: jnp.where(mask, x, y), a, b)


def instance_of(item: tuple[Any, ...] | None, data: Data) -> Data | None:
    """A lane's own instance: its own leaves, and the shared ones where it has none."""
    if item is None:
        return None
    leaves, structure = jax.tree.flatten(data)
    merged = [b if a is None else a for a, b in zip(item, leaves, strict=True)]
    found: Data = jax.tree.unflatten(structure, merged)
    return found


def _ctx(shared: Shared, own: Own, restart: Scalar, t: Scalar, tag: Scalar) -> Ctx:
    key = jax.random.key(shared.seed, impl="threefry2x32")
    key = jax.random.fold_in(jax.random.fold_in(key, restart), tag)
    hp = own.hp if own.hp is not None else shared.hp
    assert hp is not None
    return Ctx(shared.data, instance_of(own.item, shared.data), hp, t, key)


def _worst(dtype: Any) -> Score:
    return Score(jnp.asarray(jnp.inf, dtype), jnp.asarray(jnp.inf, dtype))


def _readout(spec: Spec, state: PyTree, ctx: Ctx) -> jax.Array:
    return spec.method.readout(state, ctx)


def _round(spec: Spec, lane_merit: Scalar, x: jax.Array, ctx: Ctx) -> tuple[jax.Array, Score]:
    """Round the readout; an ensemble is rounded replica by replica and the best one counts."""
    energy, axis = spec.method.energy, spec.method.ensemble_axis
    if axis is None:
        z, score = energy.round_score(x, lane_merit, ctx.problem, ctx.key)
        return z, Score(*(jnp.asarray(s, spec.dtype) for s in score))
    keys = jax.random.split(ctx.key, x.shape[axis])
    zs, scores = jax.vmap(
        lambda xi, ki: energy.round_score(xi, lane_merit, ctx.problem, ki),
        in_axes=(axis, 0),
        out_axes=(axis, 0),
    )(x, keys)
    feasible_first = jnp.lexsort((scores.cost, scores.violation))[0]
    z = jax.lax.dynamic_index_in_dim(zs, feasible_first, axis, keepdims=False)
    return z, Score(*(jnp.asarray(s[feasible_first], spec.dtype) for s in scores))


def fresh(spec: Spec, restart: Scalar, shared: Shared, own: Own) -> Lane:
    """A lane at the start of its first restart."""
    zero = jnp.zeros((), jnp.int32)
    ctx = _ctx(shared, own, restart, zero, jnp.uint32(_INIT_TAG))
    state = spec.method.init(ctx)
    x = _readout(spec, state, ctx)
    merit = jnp.asarray(jnp.inf, spec.dtype)
    z_shape = jax.eval_shape(lambda: _round(spec, merit, x, ctx)[0])
    number = jnp.zeros((), spec.dtype)
    infinity = jnp.asarray(jnp.inf, spec.dtype)
    stats = RestartStats(zero, zero, number, number, infinity, -infinity, number)
    flag = jnp.zeros((), bool)
    return Lane(
        state=state,
        restart=jnp.asarray(restart, jnp.int32),
        t=zero,
        phase_t=zero,
        alive=jnp.asarray(restart, jnp.int32) < shared.max_restarts,
        frozen=flag,
        lost=flag,
        merit=merit,
        best=_worst(spec.dtype),
        best_z=jnp.zeros(z_shape.shape, z_shape.dtype),
        best_step=zero,
        run=_worst(spec.dtype),
        run_step=zero,
        stats=stats,
        monitors=tuple(m.init(x) for m in spec.monitors),
    )


def step(spec: Spec, phase: Phase, lane: Lane, shared: Shared, own: Own) -> Lane:
    """One step of the method, with the flags that end a restart."""
    ctx = _ctx(shared, own, lane.restart, lane.t, lane.t.astype(jnp.uint32))
    state, info = spec.method.step(lane.state, phase, ctx)
    phase_t = lane.phase_t + 1
    lost = lane.lost | ~info.finite
    ended = info.done | lost
    if phase.steps is not None:
        ended |= phase_t >= phase.steps
    moved = lane._replace(
        state=state,
        t=lane.t + 1,
        phase_t=phase_t,
        lost=lost,
        frozen=lane.frozen | ended,
        merit=jnp.asarray(info.merit, spec.dtype),
    )
    if phase.steps is not None and phase.steps % spec.score_every:
        # The restart's last step lies inside a block: hold what it ended with.
        over = lane.phase_t >= phase.steps
        return select(over, lane, moved)
    return moved


def outer(spec: Spec, phase: Phase, lane: Lane, shared: Shared, own: Own) -> Lane:
    """The method's slow update."""
    ctx = _ctx(shared, own, lane.restart, lane.t, lane.t.astype(jnp.uint32))
    return lane._replace(state=spec.method.outer(lane.state, phase, ctx))


def outer_due(phase: Phase, lane: Lane) -> Scalar:
    """Whether the slow update comes before the next step."""
    assert phase.outer_every is not None
    return (lane.phase_t > 0) & (lane.phase_t % phase.outer_every == 0)


def score(spec: Spec, lane: Lane, shared: Shared, own: Own, engine_step: Scalar) -> Lane:
    """Round and score the lane, keep what is better, feed the monitors."""
    tag = lane.t.astype(jnp.uint32) | jnp.uint32(_SCORE_TAG)
    ctx = _ctx(shared, own, lane.restart, lane.t, tag)
    x = _readout(spec, lane.state, ctx)
    z, found = _round(spec, lane.merit, x, ctx)
    looked_at = x
    if hasattr(spec.method, "relaxed"):
        looked_at = spec.method.relaxed(lane.state, ctx)
    live = lane.alive & ~lane.lost
    valid = live & jnp.isfinite(found.cost)
    better_run = valid & less(found, lane.run)
    better = valid & less(found, lane.best)
    return lane._replace(
        best=select(better, found, lane.best),
        best_z=jnp.where(better, z, lane.best_z),
        best_step=jnp.where(better, engine_step, lane.best_step),
        run=select(better_run, found, lane.run),
        run_step=jnp.where(better_run, lane.t, lane.run_step),
        monitors=tuple(
            m.update(
                s, Reading(looked_at, lane.t, ctx, live, shared.sealed if is_oracle(m) else None)
            )
            for m, s in zip(spec.monitors, lane.monitors, strict=True)
        ),
    )


def hit(lane: Lane, own: Own) -> Scalar:
    """Whether the lane's best is feasible and at or below its target."""
    return (lane.best.violation <= 0) & (lane.best.cost <= own.target)


def refill(spec: Spec, lane: Lane, shared: Shared, own: Own) -> Lane:
    """Close a frozen restart and begin the lane's next one, if any is left."""
    new = next_restart(spec, lane, shared, own)
    ended = lane.alive & lane.frozen
    kept = lane._replace(stats=new.stats, alive=lane.alive & ~ended)
    return select(ended & new.alive, new, kept)


def next_restart(spec: Spec, lane: Lane, shared: Shared, own: Own) -> Lane:
    """The lane at the start of its next restart, dead if none is left for it.

    What is kept over restarts (the best, the statistics) is carried over.
    """
    ended = lane.alive & lane.frozen
    whole = ended & ~lane.lost & jnp.isfinite(lane.run.cost)
    s, cost = lane.stats, lane.run.cost
    gain = jnp.where(whole, cost, 0)
    stats = RestartStats(
        finished=s.finished + (ended & ~lane.lost),
        diverged=s.diverged + (ended & lane.lost),
        cost_sum=s.cost_sum + gain,
        cost_square_sum=s.cost_square_sum + gain * gain,
        cost_min=jnp.where(whole, jnp.minimum(s.cost_min, cost), s.cost_min),
        cost_max=jnp.where(whole, jnp.maximum(s.cost_max, cost), s.cost_max),
        stall_sum=s.stall_sum + jnp.where(whole, lane.run_step.astype(spec.dtype), 0),
    )
    new = fresh(spec, lane.restart + spec.stride, shared, own)
    return new._replace(
        alive=new.alive & lane.alive,
        best=lane.best,
        best_z=lane.best_z,
        best_step=lane.best_step,
        stats=stats,
        monitors=tuple(
            old if getattr(m, "lasting", False) else anew
            for m, old, anew in zip(spec.monitors, lane.monitors, new.monitors, strict=True)
        ),
    )


def enter(spec: Spec, phase: Phase, lane: Lane, shared: Shared, own: Own) -> Lane:
    """Move a waiting lane into the next phase; a diverged one stays frozen."""
    ctx = _ctx(shared, own, lane.restart, lane.t, lane.t.astype(jnp.uint32))
    state = spec.method.enter(lane.state, phase, ctx)
    zero = jnp.zeros((), jnp.int32)
    return lane._replace(state=state, phase_t=zero, frozen=lane.lost)
