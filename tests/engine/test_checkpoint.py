"""Checkpoints: a run that is stopped anywhere and goes on gives the bits of one that is not."""

import io
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine import compiled
from dnnbench.engine.budget import Budget
from dnnbench.engine.checkpoint import read_checkpoint, write_checkpoint
from dnnbench.engine.compiled import Programs
from dnnbench.engine.contract import Ctx, Info, Phase
from dnnbench.engine.job import Hooks, Job
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.engine.run import run
from tests.engine import probes


def stop_after(chunks):
    """Hooks that interrupt a run after so many chunks, and the checkpoints it leaves."""
    seen, kept = [], []
    hooks = Hooks(
        progress=lambda seconds, steps: seen.append(steps),
        should_stop=lambda: len(seen) >= chunks,
        checkpoint=lambda state: kept.append(state()),
    )
    return hooks, kept


def through_a_file(arrays):
    """What is left of the arrays after a disk: types that NumPy knows, no pickle."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def same(a, b):
    """All but the clock."""
    assert (a.stop, a.steps) == (b.stop, b.steps)
    for one, other in zip(a.outcomes, b.outcomes, strict=True):
        assert one.z.tobytes() == other.z.tobytes()
        assert (one.cost, one.restarts, one.diverged) == (
            other.cost,
            other.restarts,
            other.diverged,
        )
        assert one.diagnostics == other.diagnostics


@pytest.fixture(scope="module")
def programs():
    """Compiling is most of the time here."""
    return Programs()


def interrupted_and_resumed(job, times, programs):
    """Stop the run so many times, each after one block: a run's first chunk is that short."""
    saved = None
    for number in range(1, times + 1):
        hooks, kept = stop_after(1)
        result = run(job, replace(hooks, resume=saved), programs=programs)
        assert (result.stop, result.steps) == ("interrupted", number * job.plan.score_every)
        saved = through_a_file(kept[-1])
    return run(job, Hooks(resume=saved), programs=programs)


def relaxation(**changes):
    q = probes.random_quadratic(10, 1)
    values = {"budget": Budget(steps=400), "plan": probes.plan(), "seed": 3} | changes
    return Job(probes.Relaxation(), probes.data(q), ({"learning_rate": 0.3},), **values)


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    "plan", [{}, {"micro_batch": 2}, {"lane_axis": -1}, {"loop": "call"}], ids=str
)
def test_refilled_lanes(programs, plan, times):
    job = relaxation(plan=probes.plan(**plan))
    resumed = interrupted_and_resumed(job, times, programs)
    assert resumed.steps == 400
    same(resumed, run(job, programs=programs))


class Half(NamedTuple):
    """State in types that NumPy cannot write: bfloat16 and keys; and a boolean and a scalar."""

    x: jax.Array
    key: jax.Array
    flipped: jax.Array
    count: jax.Array


@dataclass(frozen=True)
class HalfPrecision(OwnStepMethod):
    """A noisy descent in bfloat16 that draws from a key of its own."""

    num_steps: int = 60
    energy: Any = probes.DenseQuadratic()  # noqa: RUF009

    def init(self, ctx: Ctx) -> Half:
        x = jax.random.normal(ctx.key, ctx.problem.shape[:1], jnp.bfloat16)
        return Half(
            x, jax.random.fold_in(ctx.key, 7), jnp.zeros((), bool), jnp.zeros((), jnp.int32)
        )

    def step(self, s: Half, phase: Phase, ctx: Ctx) -> tuple[Half, Info]:
        key, own = jax.random.split(s.key)
        noise = jax.random.normal(own, s.x.shape, jnp.bfloat16)
        pull = (ctx.problem @ jax.nn.sigmoid(s.x).astype(jnp.float32)).astype(jnp.bfloat16)
        x = s.x - jnp.bfloat16(0.05) * pull + jnp.bfloat16(0.2) * noise
        merit = jnp.sum(x.astype(jnp.float32))
        moved = Half(x, key, ~s.flipped, s.count + 1)
        return moved, Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def readout(self, s: Half, ctx: Ctx) -> jax.Array:
        return jax.nn.sigmoid(s.x.astype(jnp.float32))


def test_bfloat16_and_keys(programs):
    q = probes.random_quadratic(12, 2)
    job = Job(HalfPrecision(), probes.data(q), ({},), 5, Budget(steps=300), probes.plan())
    hooks, kept = stop_after(1)
    run(job, hooks, programs=programs)
    assert {a.dtype.kind for a in kept[0].values()} <= set("biuf")
    resumed = interrupted_and_resumed(job, 1, programs)
    same(resumed, run(job, programs=programs))


def test_two_phases(programs):
    """Adam, then L-BFGS, whose state has another structure: from a point in either."""
    x = np.linspace(0, 1, 5).astype(np.float32)
    job = Job(
        probes.Pinn(adam_steps=400, lbfgs_steps=400),
        probes.data(x),
        ({"learning_rate": 0.02},),
        3,
        Budget(restarts=2),
        probes.plan(batching="map", lanes=2, micro_batch=2, score_every=1),
    )
    states = []
    whole = run(job, Hooks(checkpoint=lambda state: states.append(state())), programs=programs)
    phases = [_meta(state)["phase"] for state in states]
    assert set(phases) == {0, 1}
    for phase in (0, 1):
        state = states[phases.index(phase)]
        same(run(job, Hooks(resume=through_a_file(state)), programs=programs), whole)


def _meta(state):
    return json.loads(bytes(state["meta"]))


def test_a_stack_of_trials(programs):
    q = probes.random_quadratic(10, 6)
    job = Job(
        probes.Relaxation(),
        probes.data(q),
        tuple({"learning_rate": rate} for rate in (0.02, 0.2, 0.4, 0.8)),
        3,
        Budget(steps=200),
        probes.plan(lanes=8, micro_batch=8),
    )
    resumed = interrupted_and_resumed(job, 2, programs)
    same(resumed, run(job, programs=programs))
    assert len({o.cost for o in resumed.outcomes}) > 1


def test_float64(programs):
    x = np.linspace(0, 3, 20)
    data = probes.data((x, 2.0 * np.exp(-0.7 * x)))
    plan = probes.plan(dtype="float64", score_every=1)
    job = Job(probes.Fit(), data, ({"learning_rate": 0.1},), 3, Budget(steps=60), plan)
    resumed = interrupted_and_resumed(job, 2, programs)
    assert resumed.outcomes[0].z.dtype == np.float64
    same(resumed, run(job, programs=programs))


def test_the_clock_and_the_trace_go_on(programs):
    job = relaxation(budget=Budget(steps=400, seconds=1000.0))
    hooks, kept = stop_after(1)
    first = run(job, hooks, programs=programs)
    saved = through_a_file(kept[-1])
    before = [tuple(row) for row in _meta(saved)["outcomes"][0]["trace"]]
    assert before == first.outcomes[0].trace
    late = {**saved, "meta": _with_seconds(saved["meta"], 500.0)}
    resumed = run(job, Hooks(resume=late), programs=programs)
    assert resumed.outcomes[0].trace[: len(before)] == before
    assert all(row[0] >= 500.0 for row in resumed.outcomes[0].trace[len(before) :])
    assert 500.0 < resumed.solve_seconds < 1000.0
    past = {**saved, "meta": _with_seconds(saved["meta"], 1000.0)}
    over = run(job, Hooks(resume=past), programs=programs)
    assert (over.stop, over.steps) == ("budget", first.steps)


def _with_seconds(meta, seconds):
    changed = json.loads(bytes(meta)) | {"seconds": seconds}
    return np.frombuffer(json.dumps(changed).encode(), np.uint8)


@pytest.fixture(scope="module")
def saved(programs):
    hooks, kept = stop_after(1)
    run(relaxation(), hooks, programs=programs)
    return kept[-1]


def damages(arrays):
    """Checkpoints that do not fit, by what is wrong with them."""
    name = next(n for n, a in arrays.items() if n.startswith("unit") and a.dtype.kind == "f")
    leaf = arrays[name]
    without = {key: value for key, value in arrays.items() if key != name}
    meta = arrays["meta"]
    return {
        "nothing": {},
        "no state": without,
        "another shape": {**arrays, name: leaf[..., :-1]},
        "another type": {**arrays, name: leaf.astype(np.float64)},
        "no bookkeeping": {k: v for k, v in arrays.items() if k != "meta"},
        "half of it": {**arrays, "meta": meta[: len(meta) // 2]},
        "no object": {**arrays, "meta": np.frombuffer(b"[]", np.uint8)},
        "a phase there is not": {
            **arrays,
            "meta": np.frombuffer(bytes(meta).replace(b'"phase": 0', b'"phase": 9'), np.uint8),
        },
    }


@pytest.mark.parametrize(
    "kind",
    [
        "nothing",
        "no state",
        "another shape",
        "another type",
        "no bookkeeping",
        "half of it",
        "no object",
        "a phase there is not",
    ],
)
def test_what_does_not_fit_is_begun_anew(saved, kind, programs):
    job = relaxation()
    fresh = run(job, programs=programs)
    same(run(job, Hooks(resume=damages(saved)[kind]), programs=programs), fresh)
    assert fresh.steps == 400


def test_of_another_run_only_equal_shapes_fit(saved, programs):
    """Lanes of another width are another run; its checkpoint is not read half."""
    wider = relaxation(plan=probes.plan(lanes=8, micro_batch=8))
    fresh = run(wider, programs=programs)
    same(run(wider, Hooks(resume=saved), programs=programs), fresh)


def test_read_gives_back_what_was_written(saved, programs):
    shapes = []

    class Spy(Programs):
        def get(self, key, make):
            compiled, there = programs.get(key, make)
            shapes.append(compiled.shapes)
            return compiled, there

    run(relaxation(budget=Budget(steps=5)), programs=Spy())
    found = read_checkpoint(saved, shapes[0], 1)
    again = write_checkpoint(found)
    assert again.keys() == saved.keys()
    for name, array in saved.items():
        assert again[name].dtype == array.dtype
        assert again[name].tobytes() == array.tobytes()
    assert [asdict(o)["cost"] for o in found.outcomes] == [_meta(saved)["outcomes"][0]["cost"]]


# Programs ----------------------------------------------------------------------------------------


def reused(programs, **changes):
    return run(relaxation(**changes), programs=programs).reused


def test_a_program_is_taken_over_by_runs_of_equal_shapes():
    programs = Programs()
    steps = Budget(steps=10)
    assert not reused(programs, budget=steps)
    assert reused(programs, budget=steps)
    assert reused(programs, budget=Budget(steps=20, restarts=7), seed=9)
    other = Job(
        probes.Relaxation(),
        probes.data(probes.random_quadratic(10, 99)),
        ({"learning_rate": 0.7},),
        3,
        steps,
        probes.plan(),
    )
    assert run(other, programs=programs).reused
    assert not run(other, programs=Programs()).reused


@pytest.mark.parametrize(
    "changes",
    [
        {"plan": probes.plan(lanes=8, micro_batch=8)},
        {"plan": probes.plan(score_every=6)},
        {"plan": probes.plan(lane_axis=-1)},
        {"plan": probes.plan(loop="call")},
        {"memory_limit": 2**40},
    ],
    ids=["lanes", "score_every", "lane_axis", "loop", "memory_limit"],
)
def test_another_layout_is_another_program(changes):
    programs = Programs()
    assert not reused(programs, budget=Budget(steps=5))
    assert not reused(programs, budget=Budget(steps=5), **changes)
    assert reused(programs, budget=Budget(steps=5))


def test_another_size_or_a_static_field_is_another_program():
    programs = Programs()

    def go(method, size):
        q = probes.data(probes.random_quadratic(size, 1))
        job = Job(method, q, ({"learning_rate": 0.3},), 3, Budget(steps=5), probes.plan())
        return run(job, programs=programs)

    assert not go(probes.Relaxation(), 10).reused
    assert not go(probes.Relaxation(), 11).reused
    assert not go(probes.Relaxation(steps=41), 10).reused
    assert go(probes.Relaxation(), 11).reused


def test_a_reused_program_gives_the_result_of_a_fresh_one():
    """Other data, seed and hyperparameters go in as arguments: nothing of the first run is left."""
    programs = Programs()
    run(relaxation(), programs=programs)
    job = Job(
        probes.Relaxation(),
        probes.data(probes.random_quadratic(10, 42)),
        ({"learning_rate": 0.05},),
        11,
        Budget(steps=130),
        probes.plan(),
    )
    warm = run(job, programs=programs)
    assert warm.reused
    same(warm, run(job))


def test_the_programs_used_last_are_kept(monkeypatch):
    monkeypatch.setattr(compiled, "_KEPT", 8)
    programs = Programs()
    for name in range(8):
        assert not programs.get(name, object)[1]
    assert programs.get(0, object)[1]
    assert not programs.get(8, object)[1]  # 1 is gone, which was used longest ago
    assert all(programs.get(name, object)[1] for name in (0, 2, 8))
    assert not programs.get(1, object)[1]


def test_what_cannot_be_a_key_is_made_every_time():
    programs = Programs()
    for _ in range(2):
        assert not programs.get((1, [2]), object)[1]
