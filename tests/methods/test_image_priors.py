"""Image priors one step at a time: what is trained on, what is fed, what is gone back to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dnnbench
from dnnbench.config.compose import compose_values
from dnnbench.engine.contract import Ctx
from dnnbench.engine.plan import Plan
from dnnbench.errors import UserError
from dnnbench.instances.digest import in_memory
from dnnbench.instances.image import Image
from dnnbench.problems.imaging.tiny import tiny_pictures
from dnnbench.runner.solve_method import assemble, method_monitors
from dnnbench.runner.spec import make_spec

SMALL = {
    "dip_small": {},
    "deep_decoder": {"width": 8, "doublings": 2},
    "siren": {"width": 16, "hidden": 1},
}


class Bench:
    """A method on a small picture: one restart, one step at a time."""

    def __init__(self, name, problem="denoise", picture=None, **settings):
        picture = tiny_pictures()["disc"] if picture is None else picture
        values = {f"method.{k}": v for k, v in {**SMALL[name], **settings}.items()}
        chosen = {"method": name, "problem": problem, "hardware": "cpu"}
        config = compose_values(chosen, values)
        self.spec = make_spec(config, in_memory("test", "image", picture))
        job = self.spec.job(0)
        public = self.spec.instance.public
        self.method, self.data, hp = assemble(job, public, Plan(**job["plan"]))
        self.hp = {k: jnp.asarray(v, jnp.float32) for k, v in hp.items()}
        self.phase = self.method.phases[0]
        # Hyperparameters are arguments, as in the engine: other values are no other program.
        self._begin = jax.jit(lambda hp: self.method.init(self.ctx(0, hp)))
        self._step = jax.jit(lambda s, t, hp: self.method.step(s, self.phase, self.ctx(t, hp)))
        self._picture = jax.jit(
            lambda s, t, hp: self.method.picture(s.params, s.aux.fixed, self.ctx(t, hp))
        )

    def ctx(self, t, hp=None):
        key = jax.random.fold_in(jax.random.key(7), t)
        return Ctx(self.data, None, self.hp if hp is None else hp, jnp.int32(t), key)

    def begin(self):
        return self._begin(self.hp)

    def step(self, state, t):
        return self._step(state, t, self.hp)

    def picture(self, state, t):
        return self._picture(state, t, self.hp)

    def loss(self, params, aux):
        return self.method.loss(params, aux, self.ctx(1))[0]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        pytest.param("dip_small", (32, 32, 1), marks=pytest.mark.full),
        ("deep_decoder", (33, 45, 3)),
        ("siren", (33, 45, 3)),
    ],
)
def test_pictures_have_the_right_size_and_the_loss_falls(name, shape):
    rng = np.random.default_rng(0)
    smooth = 40 + 4 * np.mgrid[: shape[0], : shape[1]].sum(0)[..., None] * np.ones(shape[2])
    picture = Image((smooth % 256 + rng.integers(0, 5, shape)).clip(0, 255).astype(np.uint8))
    bench = Bench(name, picture=picture)
    state = bench.begin()
    losses = []
    for t in range(15):
        state, info = bench.step(state, t)
        losses.append(float(info.merit))
    out = bench.method.readout(state, bench.ctx(15))
    assert out.shape == shape
    assert out.dtype == jnp.float32
    assert np.isfinite(losses).all()
    assert min(losses[10:]) < losses[0]


@pytest.mark.parametrize("name", ["deep_decoder", "siren"])
@pytest.mark.parametrize("problem", ["inpaint", "super_resolution"])
def test_the_loss_is_the_misfit_of_the_measurement_alone(name, problem):
    bench = Bench(name, problem)
    state = bench.begin()
    aux = bench.method.loss(state.params, state.aux, bench.ctx(1))[1]
    public, sealed = bench.spec.halves
    from dnnbench.problems.imaging import operators

    misfit = operators.forward(np.asarray(aux.picture, float), public) - public.values
    if public.mask is not None:
        misfit = misfit[public.mask]
    assert float(bench.loss(state.params, state.aux)) == pytest.approx(np.mean(misfit**2), rel=1e-4)
    assert sealed.shape == aux.picture.shape


@pytest.mark.parametrize("problem", ["denoise", "inpaint"])
def test_held_out_values_have_no_part_in_the_gradient(problem):
    bench = Bench("siren", problem, held_out=0.3)
    state = bench.begin()
    held = np.asarray(bench.data.method["held_out"])
    seen = np.asarray(bench.data.problem.seen)
    assert 0.2 < held.sum() / seen.sum() < 0.4
    assert (held <= seen).all()

    def gradient(values):
        problem = bench.data.problem._replace(values=jnp.asarray(values))
        bench_data = bench.data._replace(problem=problem)
        ctx = bench.ctx(1)._replace(data=bench_data)
        return jax.grad(lambda p: bench.method.loss(p, state.aux, ctx)[0])(state.params)

    values = np.asarray(bench.data.problem.values)
    same = gradient(values), gradient(np.where(held > 0, values + 0.5, values))
    for a, b in zip(*map(jax.tree.leaves, same), strict=True):
        np.testing.assert_array_equal(a, b)
    other = gradient(np.where((held == 0) & (seen > 0), values + 0.5, values))
    assert any(
        (np.asarray(a) != b).any()
        for a, b in zip(*map(jax.tree.leaves, (same[0], other)), strict=True)
    )


@pytest.fixture(scope="module")
def dip():
    return Bench("dip_small", reg_noise=0.0)


def test_the_input_noise_is_fresh_in_every_step_and_the_input_is_not(dip, monkeypatch):
    state = dip.begin()
    np.testing.assert_array_equal(dip.picture(state, 1), dip.picture(state, 2))
    monkeypatch.setitem(dip.hp, "reg_noise", jnp.float32(0.1))
    pictures = [np.asarray(dip.picture(state, t)) for t in (1, 1, 2)]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert np.abs(pictures[0] - pictures[2]).max() > 1e-4


@pytest.mark.parametrize("jump", [False, True])
def test_a_jump_of_the_misfit_goes_back_to_the_last_good_step(dip, jump):
    bench = dip
    first, info = bench.step(bench.begin(), 0)
    look = first.aux.fixed.look
    for a, b in zip(
        jax.tree.leaves(look.params), jax.tree.leaves(bench.begin().params), strict=True
    ):
        np.testing.assert_array_equal(a, b)  # of the output that was looked at
    assert float(look.misfit) == pytest.approx(-10 * np.log10(float(info.merit)), rel=1e-5)
    # A last good step that was 4 or 6 dB better than what the next output will be.
    better = look._replace(misfit=look.misfit + (60.0 if jump else 4.0))
    aux = first.aux._replace(fixed=first.aux.fixed._replace(look=better))
    second, _ = bench.step(first._replace(aux=aux), 1)
    plain, _ = bench.step(first, 1)
    expected = better.params if jump else plain.params
    for a, b in zip(jax.tree.leaves(second.params), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (float(second.aux.fixed.look.misfit) == float(better.misfit)) == jump


def test_mixed_precision_keeps_the_parameters_in_float32():
    bench = Bench("deep_decoder", compute_dtype="bfloat16")
    state = bench.begin()
    state, info = bench.step(state, 0)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(state.params)} == {"float32"}
    assert np.isfinite(float(info.merit))
    full, half = Bench("deep_decoder").picture(state, 1), bench.picture(state, 1)
    assert 0 < float(jnp.abs(full - half).max()) < 0.2


def test_oracles_watch_only_where_there_is_something_to_see():
    method = Bench("siren", bands=4, snapshots="1 2").method
    every = [m.name for m in method_monitors(method, np.zeros(1))]
    assert every == ["fixed", "ema", "es_wmv", "es_emv", "oracle_psnr", "oracle_bands", "snapshots"]
    honest = [m.name for m in method_monitors(method, None)]
    assert honest == ["fixed", "ema", "es_wmv", "es_emv", "snapshots"]


def test_the_job_carries_the_sealed_picture_for_oracles_alone():
    assert Bench("siren").spec.oracle is not None
    assert Bench("siren", oracle=False).spec.oracle is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"answer": "held_out"}, "needs held_out > 0"),
        ({"answer": "oracle_psnr", "oracle": False}, "needs oracle=true"),
        ({"held_out": 1e-7}, "of 1024 values leaves none to hold out"),
        ({"snapshots": "10 abc"}, "'abc' is no step from 1 to"),
        ({"snapshots": "0"}, "'0' is no step"),
    ],
)
def test_what_cannot_be_done_is_refused(settings, message):
    with pytest.raises(UserError, match=message):
        Bench("siren", **settings)


def test_settings_follow_the_task_unless_the_user_says_otherwise():
    denoise, inpaint = Bench("dip_small"), Bench("dip_small", "inpaint")
    assert (denoise.method.num_steps, inpaint.method.num_steps) == (2400, 11000)
    assert float(inpaint.hp["learning_rate"]) == pytest.approx(0.001)
    assert not inpaint.method.backtracking
    assert Bench("dip_small", "inpaint", num_steps=7).method.num_steps == 7
    assert denoise.spec.budget.restarts == 1
    assert denoise.spec.budget.seconds is None


def solve(budget, **settings):
    values = {**SMALL["siren"], "num_steps": 12, "window": 5, "patience": 3, **settings}
    return dnnbench.solve(
        tiny_pictures()["disc"],
        "denoise",
        method="siren",
        settings=values,
        budget=budget,
        in_process=True,
    )


def test_traces_are_psnr_in_process_too():
    record = solve({"restarts": 1}).record
    assert record.trace
    assert all(0 < row[2] < 40 for row in record.trace)
    assert record.claimed_value is None


def test_a_short_run_answers_with_its_newest_output():
    result = solve({"restarts": 1}, answer="es_emv")  # ends before the warm-up of 100 steps
    rules = result.record.diagnostics
    assert rules["es_emv"]["step"] == 12
    assert rules["es_emv"]["psnr"] == rules["fixed"]["psnr"] == result.record.value


def test_restarts_are_lanes_and_each_says_what_it_reached():
    result = solve({"restarts": 3, "steps": 12})
    found = [result.record.diagnostics[f"restart_{k}"]["psnr"] for k in range(3)]
    assert len(set(found)) == 3
    assert result.record.value in found
    assert result.record.restarts == 3


def test_what_diverges_says_so():
    record = solve({"restarts": 1}, learning_rate=1e30).record
    assert record.status in ("diverged", "converged")
    assert record.message is None
    assert record.value is None or np.isfinite(record.value)


@pytest.mark.parametrize(
    ("budget", "more", "message"),
    [
        ({"target": 30.0}, (), "nobody can know the psnr"),
        ({"restarts": 1}, ("plan.score_every=5",), "score_every must be 1"),
        ({"restarts": 9}, ("plan.lanes=2",), "plan.lanes=9"),
    ],
)
def test_budgets_that_make_no_sense_are_refused(budget, more, message):
    with pytest.raises(UserError, match=message):
        dnnbench.solve(
            tiny_pictures()["disc"],
            "denoise",
            method="siren",
            settings=SMALL["siren"],
            budget=budget,
            overrides=more,
            in_process=True,
        )
