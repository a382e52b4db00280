"""QUBO and Ising: exact values, polish, energies, and baselines through the cut form."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.baselines.as_cut import posed
from dnnbench.baselines.base import Limits
from dnnbench.baselines.exact import ExactCut
from dnnbench.baselines.goemans_williamson import GoemansWilliamson
from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.instances.graph import Graph
from dnnbench.instances.quadratic import from_cut, quadratic_model
from dnnbench.problems.cut.energy import IsingEnergy, QuboEnergy
from dnnbench.problems.cut.exact import MaxCut
from dnnbench.problems.cut.quadratic import Ising, Qubo
from dnnbench.problems.cut.tiny import tiny_graphs

BOTH = [(Qubo(), QuboEnergy), (Ising(), IsingEnergy)]
both = pytest.mark.parametrize(("problem", "energy"), BOTH, ids=["qubo", "ising"])


def points(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.uint8)


def slow(problem, model, x):
    """The polynomial written out, in Python's numbers."""
    z = [int(b) if problem.name == "qubo" else 2 * int(b) - 1 for b in x]
    total = model.offset
    for (u, v), c in zip(model.edges.tolist(), model.graph.weights.tolist(), strict=True):
        total += c * z[u] * z[v]
    for a, s in zip(model.linear.tolist(), z, strict=True):
        total += a * s
    return total


def real(problem, seed=0, n=9):
    rng = np.random.default_rng(seed)
    u, v = np.triu_indices(n, k=1)
    graph = Graph(n, np.column_stack([u, v]).astype(np.int32), rng.normal(size=len(u)))
    return quadratic_model(problem.domain, graph, rng.normal(size=n), 0.25)


@both
@pytest.mark.parametrize("name", tiny_graphs())
def test_values_are_exact_integers(problem, energy, name):
    model = problem.tiny()[name]
    for x in points(model.num_vertices):
        found = problem.verify(x, model, None)
        assert found.objective == slow(problem, model, x)
        assert type(found.objective) is int
        assert found.feasible


@both
def test_real_values_are_correctly_rounded(problem, energy):
    graph = Graph(2, np.array([[0, 1]], np.int32), np.array([1e16]))
    model = quadratic_model(problem.domain, graph, np.array([-1e16, 0.5]), 0.0)
    assert problem.verify(np.array([1, 1], np.uint8), model, None).objective == 0.5


@both
def test_large_integers_do_not_overflow(problem, energy):
    big = 2**53
    graph = Graph(3, np.array([[0, 1], [1, 2]], np.int32), np.array([big, big]))
    model = quadratic_model(problem.domain, graph, np.full(3, big - 1), 1)
    problem.check(model)
    assert problem.verify(np.ones(3, np.uint8), model, None).objective == 5 * big - 3 + 1


@both
@pytest.mark.parametrize("seed", range(4))
def test_polish_ends_where_no_flip_lowers_the_value(problem, energy, seed):
    for model in (*problem.tiny().values(), real(problem, seed)):
        rng = np.random.default_rng(seed)
        start = problem.random(model, rng)
        kept = start.copy()
        z = problem.polish("one_flip", start, model, rng, lambda: False)
        value = problem.verify(z, model, None).objective
        assert np.array_equal(start, kept)
        assert value <= problem.verify(start, model, None).objective
        for i in range(model.num_vertices):
            other = z.copy()
            other[i] ^= 1
            assert problem.verify(other, model, None).objective >= value - 1e-9


@both
def test_polish_uses_the_linear_part_alone_where_there_are_no_pairs(problem, energy):
    model = quadratic_model(
        problem.domain, Graph(3, np.zeros((0, 2), np.int32), np.zeros(0)), np.array([2, -1, 3]), 0
    )
    z = problem.polish(
        "one_flip", np.array([1, 0, 1], np.uint8), model, np.random.default_rng(0), lambda: False
    )
    assert z.tolist() == [0, 1, 0]


@both
def test_polish_of_a_cut_is_that_of_maxcut(problem, energy):
    graph = tiny_graphs()["dense"]
    z = np.zeros(8, np.uint8)
    ours = problem.polish(
        "one_flip", z, from_cut(graph, problem.domain), np.random.default_rng(3), lambda: False
    )
    cuts = MaxCut().polish("one_flip", z, graph, np.random.default_rng(3), lambda: False)
    assert np.array_equal(ours, cuts)


@both
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_energies_equal_the_exact_values_on_all_points(problem, energy, dtype):
    for model in problem.tiny().values():
        x = points(model.num_vertices)
        exact = [problem.verify(z, model, None).objective for z in x]
        with x64(dtype == "float64"):
            e = energy("ell", dtype)
            data = e.prepare(model)
            for form in (e.energy, e.qubo):
                values = jax.vmap(form, in_axes=(0, None))(jnp.asarray(x, dtype), data)
                assert values.dtype == dtype
                np.testing.assert_array_equal(values, exact)
            z, score = jax.vmap(e.round_score, in_axes=(0, None, None, None))(
                jnp.asarray(x, dtype), jnp.zeros((), dtype), data, jax.random.key(0)
            )
        np.testing.assert_array_equal(z, x)
        np.testing.assert_array_equal(score.cost, exact)
        np.testing.assert_array_equal(data.offset.dtype, dtype)


@both
def test_the_energy_of_a_cut_is_that_of_maxcut(problem, energy):
    graph = tiny_graphs()["signed"]
    model = from_cut(graph, problem.domain)
    for x in points(graph.num_vertices)[::5]:
        cut = MaxCut().verify(x, graph, None).objective
        assert problem.verify(x, model, None).objective == -cut


class Line:
    """A search that keeps offers and notes."""

    def __init__(self):
        self.offers, self.notes = [], {}

    def should_stop(self):
        return False

    def seconds_left(self):
        return float("inf")

    def offer(self, z, claim, steps, restarts):
        self.offers.append((z.copy(), claim))

    def note(self, name, value):
        self.notes[name] = value


@both
@pytest.mark.parametrize(
    "baseline", [ExactCut(), GoemansWilliamson(1e-9)], ids=["exact", "goemans_williamson"]
)
def test_baselines_bound_and_solve_models_through_cuts(problem, energy, baseline):
    for model in (*problem.tiny().values(), real(problem)):
        optimum = min(slow(problem, model, x) for x in points(model.num_vertices))
        line = Line()
        given = posed(problem, model, line)
        baseline.solve(
            given.problem,
            given.public,
            np.random.default_rng(0),
            Limits(restarts=300),
            given.search,
        )
        assert min(claim for _, claim in line.offers) == pytest.approx(optimum, abs=1e-9)
        for z, claim in line.offers:
            found = problem.verify(z, model, None).objective
            assert claim == (found if model.integral else pytest.approx(found, abs=1e-9))
        bound = line.notes["lower_bound"]
        assert bound <= optimum + 1e-9
        assert "upper_bound" not in line.notes
        if line.notes.get("optimum_proved"):
            assert optimum - bound <= (2 if model.integral else 1e-4)


def test_cuts_are_posed_as_they_are():
    graph, line = tiny_graphs()["dense"], Line()
    assert posed(MaxCut(), graph, line) == (MaxCut(), graph, line)


@both
def test_what_does_not_fit_is_refused(problem, energy):
    other = {"bits": "spins", "spins": "bits"}[problem.domain]
    graph = tiny_graphs()["dense"]
    for wrong in (graph, from_cut(graph, other), None):
        with pytest.raises(UserError, match=f"{problem.name} needs a quadratic model of"):
            problem.check(wrong)
    huge = Graph(2, np.array([[0, 1]], np.int32), np.array([np.inf]))
    with pytest.raises(UserError, match="finite"):
        problem.check(quadratic_model(problem.domain, huge, np.zeros(2), 0))


@both
@pytest.mark.parametrize("z", [[0, 1], np.zeros(7), np.zeros(6, np.uint8), np.full(7, 2, np.uint8)])
def test_wrong_solutions_are_refused(problem, energy, z):
    with pytest.raises(ValueError, match="a solution"):
        problem.verify(z, problem.tiny()["cycle"], None)


@both
def test_solutions_are_written_and_read(problem, energy):
    model = problem.tiny()["cycle"]
    z = problem.random(model, np.random.default_rng(1))
    assert np.array_equal(problem.read_solution(problem.write_solution(z), model), z)
    with pytest.raises(UserError, match="6 values"):
        problem.read_solution("0\n" * 6, model)


@both
def test_no_tiny_model_has_two_minimisers_that_are_complements(problem, energy):
    """So that a solver which ignores the linear part is found out."""
    for model in problem.tiny().values():
        values = {tuple(x): slow(problem, model, x) for x in points(model.num_vertices)}
        best = min(values.values())
        minimisers = [x for x, value in values.items() if value == best]
        for a, b in itertools.combinations(minimisers, 2):
            assert any(p == q for p, q in zip(a, b, strict=True))
