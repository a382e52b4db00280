"""EvoGSO: a population trained as its copies alone, and selection that keeps the best."""

from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.engine.gradient import GradState
from dnnbench.methods.gumbel_softmax import logistic
from dnnbench.methods.gumbel_softmax_evolution import GumbelSoftmaxEvolution
from tests.methods.dense import FIELD, Adam, context, couplings, double, slope, walk
from tests.methods.test_gumbel_softmax import HP, two_class_loss

COPIES = 8


def population(proportion=4):
    return GumbelSoftmaxEvolution(double(True), 5, COPIES, 100, proportion)


def selected(mutation, proportion=4):
    """(costs before, logits before, logits after) one selection.

    The logits are so large that a hard sample is their sign.
    """
    x = 100 * np.random.default_rng(2).choice([-1.0, 1.0], (10, COPIES)) + np.arange(COPIES)
    with x64(True):
        method = population(proportion)
        ctx = context(method, HP | {"mutation": mutation}, 100)
        state = GradState(jnp.asarray(x), (), "the optimiser's state")
        after = method.outer(state, method.phases[0], ctx)
    assert after.opt == "the optimiser's state"
    s = np.sign(x)
    return 0.5 * np.sum(s * (couplings() @ s), axis=0) - FIELD @ s, x, np.array(after.params)


def test_steps_equal_copies_trained_apart():
    with x64(True):
        moments = walk(population(), HP | {"mutation": 0.0}, 4)
        noise = [np.array(logistic(m.ctx.key, m.before.params)) for m in moments]
    x, adam = np.array(moments[0].before.params), Adam(0.5)
    assert x.shape == (10, COPIES)
    for t, (moment, draw) in enumerate(zip(moments, noise, strict=True)):
        tau = 20 - 19 * t / 5
        losses = [partial(two_class_loss, noise=d, tau=tau, field=FIELD) for d in draw.T]
        gradient = [slope(f, column) for f, column in zip(losses, x.T, strict=True)]
        x = adam.step(x, np.stack(gradient, axis=1) / COPIES)
        np.testing.assert_allclose(moment.after.params, x, atol=1e-6)


@pytest.mark.parametrize("proportion", [2, 4, 8])
def test_the_best_overwrite_the_worst_and_stay(proportion):
    cost, before, after = selected(0.0, proportion)
    order, number = np.argsort(cost), COPIES // proportion
    np.testing.assert_array_equal(after[:, order[:-number]], before[:, order[:-number]])
    np.testing.assert_array_equal(after[:, order[::-1][:number]], before[:, order[:number]])


def test_mutation_puts_fresh_copies_in_the_worst_places_only():
    cost, before, after = selected(1.0)
    order = np.argsort(cost)
    np.testing.assert_array_equal(after[:, order[:6]], before[:, order[:6]])
    fresh = after[:, order[6:]]
    assert 0 < np.abs(fresh).max() < 6 * HP["init_scale"]


def test_selection_is_due_every_cycle_and_the_readout_is_the_population():
    with x64(True):
        method = population()
        assert [p.outer_every for p in method.phases] == [100]
        ctx = context(method, HP | {"mutation": 0.0}, -1)
        assert method.readout(method.init(ctx), ctx).shape == (10, COPIES)
    assert method.ensemble_axis == 1
