"""The host's side of a run: compile, then advance the units chunk by chunk under the budget."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from dnnbench.engine.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from dnnbench.engine.compat import out_of_memory, x64
from dnnbench.engine.compiled import Compiled, Programs, compile_run, program_key
from dnnbench.engine.contract import Method, PyTree
from dnnbench.engine.job import Hooks, Job, Outcome, Result, Stop
from dnnbench.engine.lanes import Own, Shared, Spec
from dnnbench.engine.plan import Plan
from dnnbench.engine.program import NEVER, Program, Unit
from dnnbench.engine.summary import summarise

_FIRST_CHUNK_SECONDS = 0.1
_LONGEST_CHUNK_SECONDS = 1.0
_CHUNK_SHARE = 0.05
_LONG_RESTART = 1000  # steps, beside which handing a restart over to the host costs nothing


def run(
    job: Job,
    hooks: Hooks | None = None,
    on_compiled: Callable[[int | None], None] = lambda memory: None,
    programs: Programs | None = None,
) -> Result:
    """Run a job to its budget and return the best candidate of each trial.

    Args:
        job: what to run.
        hooks: the caller's side effects.
        on_compiled: called when compilation is over, right before the clock starts and memory is
            taken, with the bytes that all units together are expected to need, or None.
        programs: compiled programs of earlier runs in this process, to be taken over and added to.

    An out-of-memory error in compilation or at the first step halves the micro-batch and starts
    over; later ones propagate.

    Raises:
        ValueError: the budget is open-ended, or the plan does not fit the number of trials.
    """
    if not job.budget.finite and job.target_costs is None:
        raise ValueError("the budget needs seconds, steps, restarts or a target")
    if job.plan.lanes % job.trials:
        raise ValueError(f"{job.plan.lanes} lanes cannot be shared by {job.trials} trials")
    plan = job.plan
    compile_seconds = 0.0
    programs = Programs() if programs is None else programs
    with x64(plan.dtype == "float64"):
        while True:
            begin = time.perf_counter()
            try:
                runner = _Runner(job, plan, programs)
                compile_seconds += time.perf_counter() - begin
                on_compiled(runner.memory_bytes)
                return runner.go(hooks or Hooks(), compile_seconds)
            except (jax.errors.JaxRuntimeError, MemoryError) as error:
                if not out_of_memory(error) or plan.micro_batch == 1:
                    raise
                plan = plan.halved()


def refills(method: Method, plan: Plan) -> bool:
    """Whether lanes are refilled one by one inside the program.

    Methods of several phases go in waves. So does a single lane of long restarts: for it a wave is
    a refill, and its program does not have to hold the first steps of the next restart.
    """
    if len(method.phases) > 1:
        return False
    steps = method.phases[0].steps
    return plan.loop != "loop" or plan.lanes > 1 or (steps is not None and steps < _LONG_RESTART)


class _Runner:
    """One attempt at a job with one plan; mutable, lives for one run."""

    def __init__(self, job: Job, plan: Plan, programs: Programs) -> None:
        self.job, self.plan = job, plan
        self.lanes_per_trial = plan.lanes // job.trials
        dtype = jnp.dtype(plan.dtype)
        self.spec = Spec(
            job.method,
            job.monitors,
            dtype,
            self.lanes_per_trial,
            plan.score_every,
            refills(job.method, plan),
        )
        self.mesh = self._make_mesh(plan)
        self.rows = 1 if self.mesh is None else self.mesh.size
        self.units: list[Unit] = []
        self._prepare_arguments(dtype)
        self._compile(programs)

    @staticmethod
    def _make_mesh(plan: Plan) -> Mesh | None:
        count = min(plan.devices, plan.units, len(jax.local_devices()))
        while plan.units % count:
            count -= 1
        if count == 1:
            return None
        return Mesh(np.array(jax.local_devices()[:count]), ("lanes",))

    # Arguments ----------------------------------------------------------------------------------

    def _place(self, tree: PyTree, lane_axis: int | None) -> PyTree:
        mesh = self.mesh
        if mesh is None:
            return jax.device_put(tree)

        def put(x: Any) -> jax.Array:
            spec = PartitionSpec()
            if lane_axis is not None:
                rank = np.ndim(x)
                at = lane_axis % rank
                spec = PartitionSpec(*("lanes" if i == at else None for i in range(rank)))
            return jax.device_put(x, NamedSharding(mesh, spec))

        return jax.tree.map(put, tree)

    def _prepare_arguments(self, dtype: Any) -> None:
        job, per_trial = self.job, self.lanes_per_trial
        stacked = job.trials > 1
        lane = np.arange(self.plan.lanes)
        trial = lane // per_trial
        restarts = (lane % per_trial).astype(np.int32)
        limit = NEVER if job.budget.restarts is None else min(job.budget.restarts, NEVER)

        def scalars(hp: dict[str, float]) -> dict[str, Any]:
            return {k: np.asarray(v, dtype) for k, v in hp.items()}

        seed: Any = np.uint32(job.seed % 2**32)
        most: Any = np.int32(limit)
        shared = Shared(job.data, None if stacked else scalars(job.hp[0]), seed, most, job.sealed)
        self.shared = self._place(shared, None)
        costs = job.target_costs or (-np.inf,) * job.trials
        self.targets = np.asarray(costs, np.float64)
        self.owns: list[Own] = []
        self.restarts: list[jax.Array] = []
        width = self.plan.micro_batch * self.rows
        for first in range(0, self.plan.lanes, width):
            mine = trial[first : first + width]
            hp: dict[str, Any] | None = None
            if stacked:
                hp = {k: np.asarray([job.hp[i][k] for i in mine], dtype) for k in job.hp[0]}
            items = None
            if job.items is not None:
                items = jax.tree.map(
                    lambda x, mine=mine: np.moveaxis(np.asarray(x)[mine], 0, self.plan.lane_axis),
                    job.items,
                )
            targets: Any = np.asarray(self.targets[mine], dtype)
            own = Own(hp, items, targets)
            self.owns.append(self._place(own, self.plan.lane_axis))
            self.restarts.append(self._place(restarts[first : first + width], 0))

    # Compilation --------------------------------------------------------------------------------

    def _compile(self, programs: Programs) -> None:
        args = (self.restarts[0], self.shared, self.owns[0])
        one_trial = self.job.trials == 1
        limit = self.job.memory_limit

        def make() -> Compiled:
            program = Program(self.spec, self.plan, one_trial, self.mesh)
            return compile_run(program, *args, limit)

        key = program_key(self.spec, self.plan, one_trial, self.rows, args)
        self.compiled, self.reused = programs.get((key, limit), make)

    @property
    def memory_bytes(self) -> int | None:
        """What the compiler expects the run to need: the unit that computes, and the others' state.

        A bound from above: a resting unit holds its state only.
        """
        unit = self.compiled.memory_bytes
        return None if unit is None else unit * len(self.owns)

    # The run ------------------------------------------------------------------------------------

    def go(self, hooks: Hooks, compile_seconds: float) -> Result:
        """Advance all units until the budget ends."""
        budget = self.job.budget
        self.hooks = hooks
        phase = self._begin()
        limit = NEVER if budget.steps is None else min(budget.steps, NEVER)
        per_block: float | None = None
        stop: Stop | None = None
        while stop is None:
            left = self._seconds_left()
            if left <= 0 or (per_block is not None and left < 0.5 * per_block):
                stop = "budget"
                break
            blocks = self._blocks(per_block, left)
            began = time.perf_counter()
            steps_before = self._steps()
            numbers = self._place((np.int32(blocks), np.int32(limit)), None)
            self.units = [
                self.compiled.chunks[phase](unit, self.shared, own, *numbers)
                for unit, own in zip(self.units, self.owns, strict=True)
            ]
            jax.block_until_ready(self.units)
            made = max(self._steps() - steps_before, 1)
            now = time.perf_counter()
            per_block = (now - began) / max(made / self.plan.score_every, 1e-9)
            self._collect(now - self.begin)
            hooks.progress(now - self.begin, self._steps())
            stop, phase = self._after_chunk(limit, phase)
            if stop in (None, "interrupted"):
                hooks.checkpoint(partial(self._checkpoint, phase))
        solve_seconds = time.perf_counter() - self.begin
        for k, outcome in enumerate(self.outcomes):
            summarise(self, k, outcome)
        if stop in ("budget", "converged") and all(o.z is None for o in self.outcomes):
            stop = "diverged" if any(o.diverged for o in self.outcomes) else stop
        return Result(
            self.outcomes,
            stop,
            self._steps(),
            compile_seconds,
            solve_seconds,
            self.plan,
            self.compiled.memory_bytes,
            self.reused,
            self.resumed,
        )

    def _begin(self) -> int:
        """Fresh units, or those of a checkpoint with its clock; the phase to begin with."""
        saved = None
        if self.hooks.resume is not None:
            saved = read_checkpoint(self.hooks.resume, self.compiled.shapes, len(self.owns))
        self.resumed = saved is not None
        if saved is None:
            self.outcomes = [Outcome() for _ in range(self.job.trials)]
            self.begin = time.perf_counter()
            self.units = [
                self.compiled.start(r, self.shared, own)
                for r, own in zip(self.restarts, self.owns, strict=True)
            ]
            jax.block_until_ready(self.units)
            return 0
        self.outcomes = saved.outcomes
        self.units = [self._place_unit(unit) for unit in saved.units]
        jax.block_until_ready(self.units)
        self.begin = time.perf_counter() - saved.seconds
        return saved.phase

    def _place_unit(self, unit: Unit) -> Unit:
        lanes = self._place(unit.lanes, self.plan.lane_axis)
        return Unit(lanes, self._place(unit.step, 0), self._place(unit.hit_step, 0))

    def _checkpoint(self, phase: int) -> dict[str, np.ndarray]:
        seconds = time.perf_counter() - self.begin
        return write_checkpoint(Checkpoint(phase, seconds, self.units, self.outcomes))

    def _seconds_left(self) -> float:
        if self.job.budget.seconds is None:
            return float("inf")
        spent = time.perf_counter() - self.begin
        return self.job.budget.seconds - spent - self.hooks.reserve()

    def _blocks(self, per_block: float | None, left: float) -> int:
        if per_block is None:
            return 1
        spent = time.perf_counter() - self.begin
        wished = min(max(_CHUNK_SHARE * spent, _FIRST_CHUNK_SECONDS), _LONGEST_CHUNK_SECONDS)
        return max(1, int(min(wished, left) / max(per_block, 1e-9)))

    def _steps(self) -> int:
        """Steps the run has made; after a hit, those up to the first one.

        All rows are given the same number of blocks a round, so every row that has not met the
        target is at or beyond the first hit, and what counts does not depend on the clock.
        """
        hits = self._hits()
        if self.job.trials == 1 and hits.min() != NEVER:
            return int(hits.min())
        return int(np.concatenate([np.asarray(u.step) for u in self.units]).max())

    def _hits(self) -> np.ndarray:
        return np.concatenate([np.asarray(u.hit_step) for u in self.units])

    def _after_chunk(self, limit: int, phase: int) -> tuple[Stop | None, int]:
        """What ends the run now, if anything, and the phase to go on with."""
        steps = np.concatenate([np.asarray(u.step) for u in self.units])
        alive = np.concatenate([np.asarray(u.lanes.alive) for u in self.units])
        frozen = np.concatenate([np.asarray(u.lanes.frozen) for u in self.units])
        if self.job.trials == 1 and self._hits().min() != NEVER:
            return "target", phase
        if self.hooks.should_stop():
            return "interrupted", phase
        if not alive.any():
            costs_met = self.job.trials > 1 and self.job.target_costs is not None
            return ("target" if costs_met and self._all_hit() else "converged"), phase
        if (steps[alive.reshape(len(steps), -1).any(axis=1)] >= limit).all():
            return "budget", phase
        if not self.spec.refills and (frozen | ~alive).all():
            phase += 1
            if phase < len(self.job.method.phases):
                advance = self.compiled.enters[phase - 1]
            else:
                assert self.compiled.next_wave is not None
                advance, phase = self.compiled.next_wave, 0
            self.units = [
                advance(unit, self.shared, own)
                for unit, own in zip(self.units, self.owns, strict=True)
            ]
        return None, phase

    def _all_hit(self) -> bool:
        return all(
            o.violation <= 0 and o.cost <= target
            for o, target in zip(self.outcomes, self.targets, strict=True)
        )

    def _collect(self, seconds: float) -> None:
        """Take over improved incumbents and append them to the traces."""
        axis, per_trial = self.plan.lane_axis, self.lanes_per_trial
        lanes = [u.lanes for u in self.units]
        violation = np.concatenate([np.asarray(u.best.violation, np.float64) for u in lanes])
        cost = np.concatenate([np.asarray(u.best.cost, np.float64) for u in lanes])
        # Of equal answers the earliest find wins, so that the length of chunks decides nothing.
        found_at = np.concatenate([np.asarray(u.best_step) for u in lanes])
        hits = self._hits()
        if self.job.trials == 1 and hits.min() != NEVER:
            # Only rows that met the target first compete: others may have run past that step.
            row = np.repeat(hits == hits.min(), self.plan.micro_batch)
            violation = np.where(row, violation, np.inf)
        steps = self._steps()
        for k, outcome in enumerate(self.outcomes):
            mine = slice(k * per_trial, (k + 1) * per_trial)
            order = np.lexsort((found_at[mine], cost[mine], violation[mine]))
            winner = k * per_trial + int(order[0])
            found = (float(violation[winner]), float(cost[winner]))
            if not np.isfinite(found[1]) or not found < (outcome.violation, outcome.cost):
                continue
            unit, column = divmod(winner, self.plan.micro_batch * self.rows)
            z = np.array(np.take(np.asarray(lanes[unit].best_z), column, axis=axis))
            outcome.z, (outcome.violation, outcome.cost) = z, found
            exact = self.hooks.incumbent(k, z, found[1], seconds, steps)
            outcome.trace.append((seconds, steps, exact))
