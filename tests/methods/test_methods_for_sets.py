"""Methods for quadratic energies on independent sets, cliques and covers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.config.compose import compose
from dnnbench.engine.compat import x64
from dnnbench.engine.contract import Ctx, Data
from dnnbench.instances.digest import in_memory
from dnnbench.instances.generators.random_graphs import gnp
from dnnbench.instances.graph import Graph
from dnnbench.methods.gumbel_softmax import logistic
from dnnbench.methods.gumbel_softmax_hard import GumbelSoftmaxHard
from dnnbench.methods.rlsa import RLSA
from dnnbench.methods.simulated_bifurcation import SimulatedBifurcation
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.independent_set.energy import SetEnergy
from dnnbench.runner.spec import make_spec
from dnnbench.runner.trial import run_trial


def conflicts_of(graph):
    return Conflicts(graph, False, np.ones(graph.num_vertices, np.int64))


def context(method, conflicts, hp, t=0):
    """What a restart sees at step t (t = -1: at its start)."""
    data = Data(method.energy.prepare(conflicts), method.prepare(conflicts)[0])
    values = {k: jnp.asarray(v, method.energy.dtype) for k, v in hp.items()}
    key = jax.random.fold_in(jax.random.key(2), t + 1)
    return Ctx(data, None, values, jnp.int32(max(t, 0)), key)


# Steps beside the published form ----------------------------------------------------------------


def test_hard_gumbel_softmax_equals_the_published_loss():
    """-sum s + 5 s^T A s of a hard sample, slopes of the soft one, plain gradient descent."""
    conflicts = conflicts_of(gnp(12, 0.3, 1))
    a = conflicts.adjacency.toarray().astype(float)
    hp = {"learning_rate": 0.01, "tau": 0.7, "init_scale": 0.5}
    with x64(True):
        method = GumbelSoftmaxHard(SetEnergy("ell", "float64", penalty=10.0), 30)
        state = method.init(context(method, conflicts, hp, -1))
        x = np.array(state.params)
        seen = set()
        for t in range(30):
            ctx = context(method, conflicts, hp, t)
            noisy = x + np.array(logistic(ctx.key, state.params))
            hard, soft = (noisy > 0).astype(float), 1 / (1 + np.exp(-noisy / 0.7))
            slope = (-1 + 10 * a @ hard) * soft * (1 - soft) / 0.7
            state, info = method.step(state, method.phases[0], ctx)
            assert float(info.merit) == pytest.approx(-hard.sum() + 5 * hard @ a @ hard, abs=1e-9)
            x = x - 0.01 * slope
            np.testing.assert_allclose(state.params, x, atol=1e-10)
            seen.add(tuple(hard))
        answer = method.readout(state, context(method, conflicts, hp, 31))
    assert len(seen) > 1
    assert set(np.unique(answer)) <= {0.0, 1.0}


@pytest.mark.parametrize("covers", [False, True])
def test_rlsa_flips_by_the_energy_of_sets(covers):
    """Delta = grad H (2x - 1) / 2 with H = -sum x + beta sum over conflicts x_i x_j."""
    conflicts = conflicts_of(gnp(20, 0.3, 2))
    a, beta = conflicts.adjacency.toarray().astype(float), 1.25
    method = RLSA(SetEnergy("ell", "float32", penalty=beta, covers=covers), 10)
    hp = {"tau0": 0.4, "distance": 4.0}
    state = method.init(context(method, conflicts, hp, -1))
    x = np.array(state.x, float)
    for t in range(10):
        ctx = context(method, conflicts, hp, t)
        independent = 1 - x if covers else x
        gradient = (-1 + beta * a @ independent) * (-1 if covers else 1)
        delta = gradient * (2 * x - 1) / 2
        threshold = np.sort(delta)[-4]
        chance = 1 / (1 + np.exp(-(delta - threshold) / (0.4 * (1 - t / 10))))
        draws = np.array(jax.random.uniform(ctx.key, (20,), jnp.float32))
        assert np.abs(draws - chance).min() > 1e-5
        x = np.where(draws < chance, 1 - x, x)
        state, info = method.step(state, method.phases[0], ctx)
        np.testing.assert_array_equal(state.x, x)
        independent = 1 - x if covers else x
        inside = independent @ a @ independent / 2
        constant = -20.0 if covers else 0.0  # of covers, n; the engine adds it when it scores
        offset = float(ctx.problem.offset)
        expected = -independent.sum() + beta * inside - constant
        assert float(info.merit) + offset == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("penalty", [2.0, 3.0])
def test_simulated_bifurcation_scales_by_the_couplings_in_force(penalty):
    conflicts = conflicts_of(gnp(15, 0.4, 3))
    method = SimulatedBifurcation(SetEnergy("ell", "float32", penalty=penalty), "discrete", 10)
    data, _ = method.prepare(conflicts)
    norm = np.linalg.norm(penalty / 2 * conflicts.adjacency.toarray())
    assert float(data["coupling"]) == pytest.approx(np.sqrt(14) / norm, rel=1e-6)


# Whole trials ------------------------------------------------------------------------------------


def heaviest(graph, weights, chosen=0, free=None):
    """The weight of the best independent set, by branching on a vertex of the largest degree."""
    a = graph.adjacency.toarray() != 0
    free = np.ones(len(a), bool) if free is None else free
    if not free.any():
        return chosen
    degrees = np.where(free, a[:, free].sum(axis=1), -1)
    v = int(np.argmax(degrees))
    if degrees[v] == 0:
        return chosen + weights[free].sum()
    without = free.copy()
    without[v] = False
    best = heaviest(graph, weights, chosen, without)
    return max(best, heaviest(graph, weights, chosen + weights[v], without & ~a[v]))


GRAPH = gnp(30, 0.25, 4)
WEIGHTS = 1 + (7 * np.arange(30)) % 11

SETTINGS = {
    "heo": {"num_steps": 300},
    "simulated_bifurcation": {"num_steps": 300},
    "rlsa": {"distance": 3, "num_steps": 300},
}


def trial(problem, method, graph):
    words = [f"method={method}", f"problem={problem}", "hardware=cpu", "budget.steps=300"]
    words += ["problem.polish=none", "budget.cores=1", "plan.score_every=25"]
    words += ["plan.lanes=16", "plan.micro_batch=16"]
    words += [f"method.{k}={v}" for k, v in SETTINGS.get(method, {}).items()]
    return run_trial(make_spec(compose(words), in_memory("small", "graph", graph)), None).record


@pytest.mark.parametrize("method", ["fem", "heo", "simulated_bifurcation"])
def test_methods_find_the_largest_independent_set_of_a_small_graph(method):
    record = trial("mis", method, GRAPH)
    assert record.feasible
    assert record.claimed_value == record.value
    assert record.value == heaviest(GRAPH, np.ones(30, np.int64))


def test_one_method_on_sets_weights_cliques_and_covers():
    method, ones = "rlsa", np.ones(30, np.int64)
    assert trial("mis", method, GRAPH).value == heaviest(GRAPH, ones)
    weighted = Graph(30, GRAPH.edges, GRAPH.weights, WEIGHTS)
    assert trial("mwis", method, weighted).value == heaviest(weighted, WEIGHTS)
    assert trial("vertex_cover", method, GRAPH).value == 30 - heaviest(GRAPH, np.ones(30, np.int64))
    absent = np.argwhere(np.triu(1 - GRAPH.adjacency.toarray(), 1)).astype(np.int32)
    complement = Graph(30, absent, np.ones(len(absent), np.int64))
    assert trial("max_clique", method, complement).value == heaviest(GRAPH, ones)
