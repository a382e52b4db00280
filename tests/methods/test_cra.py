"""Continuous relaxation annealing: the term, its schedule, its end, its place in each method."""

import itertools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.methods import cra
from dnnbench.methods.qubo_network import NetworkAux, Patience
from tests.methods.networks import Bench, signed_graph

NETWORKS = ["pi_gnn", "pi_gnn_sage", "qrf_gnn"]


def hp_of(**values):
    return {k: jnp.float32(v) for k, v in values.items()}


@pytest.mark.parametrize("alpha", [2, 4])
def test_the_term_is_the_paper_s(alpha):
    p = np.random.default_rng(0).uniform(size=50)
    hp = hp_of(gamma_start=-3.0, gamma_rate=0.25)
    ours = cra.penalty(jnp.asarray(p, jnp.float32), jnp.int32(8), hp, alpha)
    expected = (-3.0 + 0.25 * 8) * np.sum(1 - (2 * p - 1) ** alpha)
    assert float(ours) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("alpha", [2, 4])
def test_phi_is_zero_on_binary_points_only_and_n_at_one_half(alpha):
    points = jnp.asarray(list(itertools.product([0.0, 1.0], repeat=6)), jnp.float32)
    phi = jax.vmap(lambda p: cra.discreteness(p, alpha))
    assert not np.any(phi(points))
    assert np.all(phi(0.1 + 0.8 * points) > 0.5)
    assert cra.discreteness(jnp.full(6, 0.5), alpha) == 6


def test_schedule_of_the_paper_crosses_zero_at_epoch_6000_and_goes_on():
    node = catalog.entry("method", "cra_pi_gnn").defaults
    assert (node["annealing"], node["curve_rate"]) == (True, 2)
    hp = hp_of(**{k: node[k] for k in cra.HYPERPARAMETERS})
    at = [float(cra.gamma(jnp.int32(t), hp, jnp.float32)) for t in (0, 3000, 6000, 100_000)]
    np.testing.assert_allclose(at, [-6, -3, 0, 94], atol=1e-5)


def test_paper_s_optimiser_and_sizes():
    node = catalog.entry("method", "cra_pi_gnn").defaults
    wanted = {"learning_rate": 1e-4, "weight_decay": 1e-2, "tolerance": 1e-5, "patience": 1000}
    assert {k: node[k] for k in wanted} == wanted
    method = Bench("cra_pi_gnn", signed_graph()).method
    assert method.sizes(10_000) == (100, 100)
    assert replace(method, embedding_power=0.8).sizes(10_000) == (1584, 1584)
    assert Bench("pi_gnn", signed_graph()).method.sizes(10_000) == (100, 50)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_option_adds_exactly_the_term_to_the_loss(name):
    graph, t = signed_graph(), 500
    settings = {"dropout": 0.0}
    if name == "qrf_gnn":
        settings["penalty_rate"] = 0.0  # its own penalty gives way to the term
    plain = Bench(name, graph, **settings)
    annealed = Bench(name, graph, annealing=True, gamma_start=-2.0, gamma_rate=0.01, **settings)
    params, aux = plain.start()[:2]
    without, left = plain.loss(params, aux, t)
    term, _ = annealed.loss(params, annealed.start().aux, t)
    p = np.asarray(left.probabilities, np.float64)
    assert float(term - without) == pytest.approx(3.0 * np.sum(1 - (2 * p - 1) ** 2), rel=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_off_by_default_and_then_its_settings_are_without_effect(name):
    assert catalog.entry("method", name).defaults["annealing"] is False
    graph, states = signed_graph(), []
    for start, rate in ((-6.0, 0.001), (50.0, 7.0)):
        bench = Bench(name, graph, gamma_start=start, gamma_rate=rate)
        state = bench.start()
        for t in range(3):
            state, _ = bench.step(state, t)
        states.append(jax.tree.leaves(state.params))
    for a, b in zip(*states, strict=True):
        np.testing.assert_array_equal(a, b)


def stalls(annealing, loss_change, phi_change):
    """Whether one step with these changes counts as one without progress."""
    bench = Bench("pi_gnn", signed_graph(), annealing=annealing, tolerance=1e-3)
    p = jnp.full(40, 0.25)
    phi = cra.discreteness(p, 2) - phi_change
    patience = Patience(jnp.float32(1.0), phi if annealing else None, jnp.int32(4))
    aux = NetworkAux(patience, p, ())
    after, _ = bench.method.converged(jnp.float32(1.0 + loss_change), aux, bench.ctx(0))
    assert int(after.patience.streak) in (0, 5)
    return int(after.patience.streak) == 5


@pytest.mark.parametrize(
    ("annealing", "loss_change", "phi_change", "expected"),
    [
        (False, -0.5, 0.0, False),
        (False, 0.0, 0.5, True),
        (False, 0.5, 0.0, True),  # a rise
        (True, 0.0, 0.0, True),
        (True, 0.0, 0.5, False),  # the loss alone stands still
        (True, 0.5, 0.0, False),  # gamma moves the loss: a rise means nothing
    ],
)
def test_what_counts_as_no_progress(annealing, loss_change, phi_change, expected):
    assert stalls(annealing, loss_change, phi_change) is expected


def test_a_restart_ends_by_itself_once_gamma_is_positive_and_p_binary():
    fast = {"learning_rate": 0.02, "gamma_start": -4.0, "gamma_rate": 0.02}
    rule = {"patience": 20, "tolerance": 1e-3, "embedding": 16, "weight_decay": 0.0}
    bench = Bench("cra_pi_gnn", signed_graph(), **fast, **rule)
    state, relaxed = bench.start(), []
    for t in range(3000):
        state, info = bench.step(state, t)
        relaxed.append(float(cra.discreteness(state.aux.probabilities, 2)) / 40)
        if info.done:
            break
    assert info.done
    assert t > 200  # gamma = 0
    assert relaxed[100] > 0.9  # held at one half while gamma is negative
    assert relaxed[-1] < 0.02


def test_an_odd_exponent_is_refused():
    with pytest.raises(UserError, match="even"):
        Bench("cra_pi_gnn", signed_graph(), curve_rate=3)
