"""The perceptron as coordinates: its bounds, what a penalty leaves, what multipliers mend."""

import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.methods.mlp_reparam import Held, MlpReparam, within
from dnnbench.problems.program.tiny import tiny_linear
from tests.methods.dense import context
from tests.methods.programs import ENERGY, highs, lacks, random_program, settled


def method(constraints):
    return MlpReparam(
        energy=ENERGY,
        num_steps=4000,
        width=16,
        depth=1,
        decay_rate=0.8,
        decay_every=500,
        ruiz_rounds=10,
        inputs=8,
        constraints=constraints,
        update_every=50,
    )


def hp(rho):
    return {"learning_rate": 0.01, "rho": rho}


def test_outputs_of_any_size_lie_within_bounds_of_all_kinds():
    program = random_program(30, 4, 0)
    with x64(True):
        data = ENERGY.prepare(program)
        raw = [jnp.full(30, size) for size in (-900.0, 0.0, 900.0)]
        first, middle, last = (np.array(within(r, jnp.ones(30), data)) for r in raw)
    for x in (first, middle, last):
        assert (x >= program.lower).all()
        assert (x <= program.upper).all()
    low, high = np.isfinite(program.lower), np.isfinite(program.upper)
    assert len(set(zip(low, high, strict=True))) == 4
    assert (first[low] == program.lower[low]).all()
    assert (last[low & high] == program.upper[low & high]).all()
    assert (first[~low & high] == program.upper[~low & high]).all()
    assert (last[low & ~high] > 800).all()
    assert (last[~low & high] < -800).all()
    assert (first[~low & ~high] == -900).all()


def test_the_loss_is_the_augmented_lagrangian_in_units_of_the_program():
    program = random_program(7, 6, 1, "definite")
    own = method("augmented_lagrangian")
    rng = np.random.default_rng(0)
    with x64(True):
        ctx = context(own, hp(3.0), -1, program)
        params, aux = own.start(ctx)
        aux = Held(aux.input, jnp.asarray(rng.normal(size=6)))
        x, loss = np.array(own.point(params, aux, ctx)), float(own.loss(params, aux, ctx)[0])
        size, unit = np.array(own.sizes(ctx)), float(ctx.method.objective)
        bounds, rows = float(ctx.method.bounds), np.array(ctx.method.scales.rows)
    np.testing.assert_allclose(size, 2 * 3.0 * unit * rows / bounds**2)
    y = np.array(aux.y)
    value = program.cost @ x + x @ (program.quadratic @ x) / 2
    for i, ax in enumerate(program.matrix @ x):  # the least over rows moved within their bounds
        z = np.clip(ax - y[i] / size[i], program.row_lower[i], program.row_upper[i])
        value += -y[i] * (ax - z) + size[i] * (ax - z) ** 2 / 2
    assert loss == pytest.approx(value / unit, rel=1e-12)


def test_a_penalty_leaves_each_active_row_violated_by_multiplier_over_twice_rho():
    program = tiny_linear()["inequalities"]
    own = method("penalty")
    with x64(True):
        sizes = np.array(own.sizes(context(own, hp(10.0), -1, program)))
        _, z, figures = settled(own, hp(10.0), program, 4000)
    violation, y = program.matrix @ z[:2] - program.row_upper, highs(program)[2]
    np.testing.assert_allclose(violation, -y / sizes, rtol=1e-4)
    np.testing.assert_allclose(z[2:], y, rtol=1e-4)
    assert figures["violation"] == pytest.approx(figures["multiplier_over_penalty"], rel=1e-6)


@pytest.mark.parametrize("name", ["inequalities", "mixed"])
def test_multipliers_mend_what_a_penalty_leaves(name):
    program = tiny_linear()[name]
    with x64(True):
        left = settled(method("penalty"), hp(10.0), program, 4000)[1]
        mended = settled(method("augmented_lagrangian"), hp(1.0), program, 4000)[1]
    assert lacks(left, program).kkt_error > 1e-3
    assert lacks(mended, program).kkt_error < 1e-4


def test_an_unknown_way_of_keeping_constraints_is_said():
    with pytest.raises(UserError, match="augmented_lagrangian"):
        method("lagrangian")
