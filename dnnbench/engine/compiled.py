"""Compiles the functions of a run, once for all runs of a process that have the same shapes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, PyTree
from dnnbench.engine.lanes import Own, Shared, Spec, instance_of
from dnnbench.engine.plan import Plan
from dnnbench.engine.program import NEVER, Program, Unit

_KEPT = 24
"""Programs; a sweep goes seed by seed, so that it comes back to each after all the others."""


class Compiled(NamedTuple):
    """The compiled functions of a run.

    Attributes:
        start: (restarts, shared, own) -> unit.
        chunks: per phase (unit, shared, own, blocks, limit) -> unit.
        enters: per later phase (unit, shared, own) -> unit.
        next_wave: (unit, shared, own) -> unit, or None where lanes are refilled one by one.
        shapes: per phase the shapes and types of a unit.
        memory_bytes: what the compiler expects a unit to need, or None.
        figures: (state of one lane, its context) -> what the method says of it, or None.
    """

    start: Callable[..., Unit]
    chunks: tuple[Callable[..., Unit], ...]
    enters: tuple[Callable[..., Unit], ...]
    next_wave: Callable[..., Unit] | None
    shapes: tuple[Unit, ...]
    memory_bytes: int | None
    figures: Callable[..., dict[str, Any]] | None = None


class Programs:
    """The programs that a process compiled last; a run of the same shapes takes them over."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Compiled] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Compiled]) -> tuple[Compiled, bool]:
        """The program under `key`, made if need be, and whether it was there."""
        try:
            found = self._kept.get(key)
        except TypeError:  # a method with a field that cannot be hashed is compiled every time
            return make(), False
        if found is not None:
            self._kept.move_to_end(key)
            return found, True
        made = make()
        self._kept[key] = made
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return made, False


def program_key(
    spec: Spec, plan: Plan, one_trial: bool, devices: int, args: tuple[PyTree, ...]
) -> Hashable:
    """Everything that a compiled run depends on: code, layout, shapes and types."""
    leaves, structure = jax.tree.flatten(args)
    shapes = tuple((np.shape(x), jnp.result_type(x).name) for x in leaves)
    return spec, plan, one_trial, devices, structure, shapes


def compile_run(
    program: Program, restarts: jax.Array, shared: Shared, own: Own, memory_limit: int | None
) -> Compiled:
    """Compile every function of a run ahead of time.

    Raises:
        MemoryError: a unit needs more than `memory_limit` bytes.
    """
    phases, spec = program.spec.method.phases, program.spec
    number = np.int32(1)
    start = program.compile(program.start, (restarts, shared, own), "lsl", "u", donate=False)
    unit = jax.eval_shape(program.start, restarts, shared, own)
    if program.mesh is not None:  # the unsharded shape function sees one row of scalars
        rows = jax.ShapeDtypeStruct((program.mesh.size,), jnp.int32)
        unit = unit._replace(step=rows, hit_step=rows)
    shapes, chunks, enters = [unit], [], []
    memory: int | None = None
    for i, phase in enumerate(phases):
        if i > 0:  # the state's structure may change with the optimiser
            move = partial(program.enter, phase)
            enters.append(program.compile(move, (unit, shared, own), "usl", "u", True))
            unit = jax.eval_shape(move, unit, shared, own)
            shapes.append(unit)
        if program.plan.loop == "loop":
            f = partial(program.chunk, phase)
            args = (unit, shared, own, number, number)
            compiled = program.compile(f, args, "uslss", "u", donate=True)
            chunks.append(compiled)
        else:
            step = partial(program.one_step, phase)
            compiled = program.compile(step, (unit, shared, own), "usl", "u", donate=spec.refills)
            settle = program.compile(
                program.settle, (unit.lanes, unit, shared, own), "lusl", "u", donate=False
            )
            chunks.append(partial(_call_chunk, program, compiled, settle))
        memory = _memory(compiled)
        if memory_limit is not None and memory is not None and memory > memory_limit:
            raise MemoryError(f"a unit needs {memory} bytes, the limit is {memory_limit}")
    next_wave: Callable[..., Unit] | None = None
    if not spec.refills:
        shapes_only = jax.eval_shape(lambda *args: args, unit, shared, own)  # no instance is kept

        def compile_next() -> Callable[..., Unit]:
            made: Callable[..., Unit] = program.compile(
                program.next_wave, shapes_only, "usl", "u", donate=False
            )
            return made

        # A restart without a last step ends by divergence alone: few runs need another one.
        endless = phases[-1].steps is None
        next_wave = _Deferred(compile_next) if endless else compile_next()
    figures = _figures(program, shapes[0], shared, own) if hasattr(spec.method, "figures") else None
    return Compiled(start, tuple(chunks), tuple(enters), next_wave, tuple(shapes), memory, figures)


def without_optimizer(state: PyTree) -> PyTree:
    """A method's state as it is in every phase: what an optimiser keeps is its own."""
    return state._replace(opt=None) if hasattr(state, "opt") else state


def _figures(
    program: Program, unit: Unit, shared: Shared, own: Own
) -> Callable[..., dict[str, Any]]:
    """The method's figures of one lane, compiled before the clock starts like everything else."""
    method, axis = program.spec.method, program.plan.lane_axis

    def one(x: Any) -> Any:
        return jax.ShapeDtypeStruct(np.delete(x.shape, axis).tolist(), x.dtype)

    def shapes(tree: PyTree) -> Any:
        return jax.tree.map(lambda x: jax.ShapeDtypeStruct(np.shape(x), jnp.result_type(x)), tree)

    state = jax.tree.map(one, without_optimizer(unit.lanes.state))
    key: Any = jax.eval_shape(lambda: jax.random.key(0))
    hp: Any = jax.tree.map(one, own.hp) if shared.hp is None else shapes(shared.hp)
    t: Any = jax.ShapeDtypeStruct((), np.int32)
    data: Any = shapes(shared.data)
    ctx = Ctx(data, instance_of(jax.tree.map(one, own.item), data), hp, t, key)
    figures: Any = method.figures  # type: ignore[attr-defined]
    made: Callable[..., dict[str, Any]] = jax.jit(figures).lower(state, ctx).compile()
    return made


class _Deferred:
    """A function that is compiled when it is first called."""

    def __init__(self, make: Callable[[], Callable[..., Unit]]) -> None:
        self._make = make
        self._made: Callable[..., Unit] | None = None

    def __call__(self, *args: Any) -> Unit:
        if self._made is None:
            self._made = self._make()
        return self._made(*args)


def _memory(compiled: Any) -> int | None:
    analysis = compiled.memory_analysis()
    if analysis is None:
        return None
    return int(
        analysis.temp_size_in_bytes
        + analysis.argument_size_in_bytes
        + analysis.output_size_in_bytes
        - analysis.alias_size_in_bytes
    )


def _call_chunk(
    program: Program,
    step: Callable[..., Unit],
    settle: Callable[..., Unit],
    unit: Unit,
    shared: Shared,
    own: Own,
    blocks: Any,
    limit: Any,
) -> Unit:
    """The chunk as one jit call a step (`loop: call`)."""
    spec = program.spec
    for _ in range(int(blocks)):
        at = int(np.asarray(unit.step)[0])
        alive, frozen = np.asarray(unit.lanes.alive), np.asarray(unit.lanes.frozen)
        stopped = program.one_trial and int(np.asarray(unit.hit_step).min()) != NEVER
        running = (alive & (~frozen | spec.refills)).any()
        if at >= int(limit) or not running or stopped:
            break
        # A donated unit is gone after its step; only methods of several phases look back.
        before = None if spec.refills else unit.lanes
        for _ in range(min(spec.score_every, int(limit) - at)):
            unit = step(unit, shared, own)
        unit = settle(unit.lanes if before is None else before, unit, shared, own)
    return unit
