"""The compiled unit: `micro_batch` lanes stepped, scored, frozen and refilled in one program."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from dnnbench.engine import lanes as lane_functions
from dnnbench.engine.contract import Phase, PyTree, Scalar
from dnnbench.engine.lanes import Lane, Own, Shared, Spec
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.engine.plan import Plan

NEVER = jnp.iinfo(jnp.int32).max


class Unit(NamedTuple):
    """State of one compiled unit; with several devices, one row of lanes a device.

    Attributes:
        lanes: every leaf batched at the plan's lane axis.
        step: int32 [devices], steps the unit has made.
        hit_step: int32 [devices], step at which a target was first met, or NEVER.
    """

    lanes: Lane
    step: jax.Array
    hit_step: jax.Array


class Program:
    """The functions of one run, batched as the plan says; compile them with `compile`.

    Args:
        spec: what the lanes are specialised on.
        plan: layout.
        one_trial: whether all lanes belong to one trial, so that one hit stops the unit.
        mesh: devices that share the unit, or None for one device.
    """

    def __init__(self, spec: Spec, plan: Plan, one_trial: bool, mesh: Mesh | None) -> None:
        self.spec, self.plan, self.one_trial, self.mesh = spec, plan, one_trial, mesh
        self._axis = plan.lane_axis

    # Batching ---------------------------------------------------------------------------------

    def _batched(self, f: Callable[..., Any], *in_lanes: bool) -> Callable[..., Any]:
        """`f` over lanes; `in_lanes` says which arguments have a lane axis."""
        axis = self._axis
        if self.plan.batching == "vmap" and axis == -1:
            return lanes_last(f, in_lanes)
        if self.plan.batching == "vmap":
            axes = tuple(axis if batched else None for batched in in_lanes)
            return jax.vmap(f, in_axes=axes, out_axes=axis)
        if self.plan.batching == "map":

            def mapped(*args: PyTree) -> PyTree:
                own = [a for a, batched in zip(args, in_lanes, strict=True) if batched]

                def one(picked: list[PyTree]) -> PyTree:
                    it = iter(picked)
                    pairs = zip(args, in_lanes, strict=True)
                    return f(*(next(it) if batched else a for a, batched in pairs))

                return jax.lax.map(one, own)

            return mapped

        def serial(*args: PyTree) -> PyTree:
            drop = partial(jnp.squeeze, axis=axis)
            single = (
                jax.tree.map(drop, a) if batched else a
                for a, batched in zip(args, in_lanes, strict=True)
            )
            return jax.tree.map(lambda x: jnp.expand_dims(x, axis), f(*single))

        return serial

    def _where(self, mask: jax.Array, a: PyTree, b: PyTree) -> PyTree:
        return self._batched(lane_functions.select, True, True, True)(mask, a, b)

    # The functions that are compiled ------------------------------------------------------------

    def start(self, restarts: jax.Array, shared: Shared, own: Own) -> Unit:
        """Fresh lanes for these restart ids ([lanes])."""
        lanes = self._batched(partial(lane_functions.fresh, self.spec), True, False, True)(
            restarts, shared, own
        )
        return Unit(lanes, jnp.zeros((1,), jnp.int32), jnp.full((1,), NEVER, jnp.int32))

    def one_step(self, phase: Phase, unit: Unit, shared: Shared, own: Own) -> Unit:
        """One step of all lanes, the slow update before it where it is due."""
        return self._advance(phase, self._slow(phase, unit, shared, own), shared, own)

    def _advance(self, phase: Phase, unit: Unit, shared: Shared, own: Own) -> Unit:
        advance = self._batched(partial(lane_functions.step, self.spec, phase), True, False, True)
        return unit._replace(lanes=advance(unit.lanes, shared, own), step=unit.step + 1)

    def _slow(self, phase: Phase, unit: Unit, shared: Shared, own: Own) -> Unit:
        """The slow update of the lanes for which it is due."""
        if phase.outer_every is None:
            return unit
        due = lane_functions.outer_due(phase, unit.lanes)
        slow = self._batched(partial(lane_functions.outer, self.spec, phase), True, False, True)
        lanes = jax.lax.cond(
            jnp.any(due),
            lambda current: self._where(due, slow(current, shared, own), current),
            lambda current: current,
            unit.lanes,
        )
        return unit._replace(lanes=lanes)

    def _steps(self, phase: Phase, unit: Unit, count: Scalar, shared: Shared, own: Own) -> Unit:
        """A block of `count` steps of all lanes."""
        step = self.one_step
        if self._slow_between_blocks(phase):
            step, unit = self._advance, self._slow(phase, unit, shared, own)
        elif phase.outer_every is None:
            step = self._advance
        if step == self.one_step or self.plan.batching == "vmap":
            return jax.lax.fori_loop(0, count, lambda _, u: step(phase, u, shared, own), unit)

        # Lanes apart: each makes the whole block, so that no step has to take it from the batch.
        def block(lane: Lane, shared: Shared, own: Own, count: Scalar) -> Lane:
            def one(_: Scalar, lane: Lane) -> Lane:
                return lane_functions.step(self.spec, phase, lane, shared, own)

            return jax.lax.fori_loop(0, count, one, lane)

        lanes = self._batched(block, True, False, True, False)(unit.lanes, shared, own, count)
        return unit._replace(lanes=lanes, step=unit.step + count)

    def _slow_between_blocks(self, phase: Phase) -> bool:
        """Whether slow updates fall on the first steps of blocks only.

        Restarts and phases begin with a block, so lanes that run have made whole blocks at its
        start. Asking once a block spares small steps a conditional that copies their state.
        """
        return phase.outer_every is not None and phase.outer_every % self.spec.score_every == 0

    def settle(self, before: Lane, unit: Unit, shared: Shared, own: Own) -> Unit:
        """After a block of steps: hold frozen lanes, score, note hits, refill."""
        spec, lanes = self.spec, unit.lanes
        if not spec.refills:
            lanes = self._where(before.frozen, before, lanes)
        lanes = self._batched(partial(lane_functions.score, spec), True, False, True, False)(
            lanes, shared, own, unit.step[0]
        )
        hits = lane_functions.hit(lanes, own)
        hit_step = jnp.where(jnp.any(hits), jnp.minimum(unit.hit_step, unit.step), unit.hit_step)
        if not self.one_trial:
            lanes = lanes._replace(alive=lanes.alive & ~hits)
        if spec.refills:
            again = self._batched(partial(lane_functions.refill, spec), True, False, True)
            lanes = jax.lax.cond(
                jnp.any(lanes.alive & lanes.frozen),
                lambda current: again(current, shared, own),
                lambda current: current,
                lanes,
            )
        return Unit(lanes, unit.step, hit_step)

    def chunk(
        self, phase: Phase, unit: Unit, shared: Shared, own: Own, blocks: Scalar, limit: Scalar
    ) -> Unit:
        """Up to `blocks` blocks of `score_every` steps, not beyond engine step `limit`.

        Both bounds are traced, so that the clock sets a chunk's length and nothing recompiles.
        """

        def go_on(carry: tuple[Scalar, Unit]) -> Scalar:
            done, unit = carry
            running = unit.lanes.alive & (~unit.lanes.frozen | self.spec.refills)
            stopped = (unit.hit_step[0] != NEVER) & self.one_trial
            return (done < blocks) & (unit.step[0] < limit) & jnp.any(running) & ~stopped

        def block(carry: tuple[Scalar, Unit]) -> tuple[Scalar, Unit]:
            done, unit = carry
            count = jnp.minimum(self.spec.score_every, limit - unit.step[0])
            moved = self._steps(phase, unit, count, shared, own)
            return done + 1, self.settle(unit.lanes, moved, shared, own)

        return jax.lax.while_loop(go_on, block, (jnp.zeros((), jnp.int32), unit))[1]

    def enter(self, phase: Phase, unit: Unit, shared: Shared, own: Own) -> Unit:
        """All lanes into the next phase."""
        move = self._batched(partial(lane_functions.enter, self.spec, phase), True, False, True)
        return unit._replace(lanes=move(unit.lanes, shared, own))

    def next_wave(self, unit: Unit, shared: Shared, own: Own) -> Unit:
        """All lanes, frozen after the last phase, into their next restart."""
        again = self._batched(partial(lane_functions.next_restart, self.spec), True, False, True)
        return unit._replace(lanes=again(unit.lanes, shared, own))

    # Compilation ----------------------------------------------------------------------------------

    def _specs(self, tree: PyTree, axis: int | None) -> PyTree:
        def of(x: Any) -> PartitionSpec:
            if axis is None:
                return PartitionSpec()
            rank = len(x.shape)
            position = axis % rank
            return PartitionSpec(*("lanes" if i == position else None for i in range(rank)))

        return jax.tree.map(of, tree)

    def compile(
        self, f: Callable[..., Any], args: tuple[PyTree, ...], roles: str, out: str, donate: bool
    ) -> Any:
        """Compile `f` ahead of time for these arguments.

        Args:
            f: one of the functions above.
            args: its arguments (arrays).
            roles: a letter an argument: `u` unit, `l` lane-batched, `s` shared.
            out: role of the result.
            donate: whether the first argument's memory may be reused.
        """
        donated = (0,) if donate else ()
        if self.mesh is None:
            return jax.jit(f, donate_argnums=donated).lower(*args).compile()

        mesh = self.mesh

        def specs(tree: PyTree, role: str) -> PyTree:
            if role == "u":
                flat: Any = PartitionSpec("lanes")
                return Unit(self._specs(tree.lanes, self._axis), flat, flat)
            return self._specs(tree, self._axis if role == "l" else None)

        in_specs = tuple(specs(a, r) for a, r in zip(args, roles, strict=True))
        result = jax.eval_shape(f, *args)
        mapped = jax.shard_map(
            f, mesh=self.mesh, in_specs=in_specs, out_specs=specs(result, out), check_vma=False
        )
        placed = tuple(
            jax.tree.map(
                lambda x, p: jax.ShapeDtypeStruct(
                    np.shape(x), x.dtype, sharding=NamedSharding(mesh, p)
                ),
                a,
                s,
            )
            for a, s in zip(args, in_specs, strict=True)
        )
        return jax.jit(mapped, donate_argnums=donated).lower(*placed).compile()
