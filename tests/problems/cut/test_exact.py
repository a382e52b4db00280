import itertools

import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Verdict
from dnnbench.problems.cut.exact import MaxCut

MAXCUT = MaxCut()


def graph(n, edges, weights):
    """A graph from plain lists; integer weights become int64, others float64."""
    integral = all(isinstance(w, int) for w in weights)
    return Graph(
        n,
        np.array(edges, dtype=np.int32).reshape(-1, 2),
        np.array(weights, dtype=np.int64 if integral else np.float64),
    )


def random_graph(n, m, seed, kind="signed"):
    rng = np.random.default_rng(seed)
    pairs = list(itertools.combinations(range(n), 2))
    edges = [pairs[i] for i in rng.permutation(len(pairs))[:m]]
    weights = {
        "unit": [1] * len(edges),
        "signed": [int(w) for w in rng.integers(-5, 6, len(edges))],
        "real": [float(w) for w in rng.normal(size=len(edges))],
    }[kind]
    return graph(n, edges, weights)


def plain_cut(instance, z):
    """The definition, in Python numbers."""
    total = 0
    for (u, v), w in zip(instance.edges.tolist(), instance.weights.tolist(), strict=True):
        if z[u] != z[v]:
            total += w
    return total


def never():
    return False


def cut(*sides):
    return np.array(sides, dtype=np.uint8)


class TestVerify:
    @pytest.mark.parametrize("kind", ["unit", "signed", "real"])
    def test_every_cut_of_a_small_graph_matches_the_definition(self, kind):
        instance = random_graph(6, 11, seed=3, kind=kind)
        for sides in itertools.product((0, 1), repeat=6):
            verdict = MAXCUT.verify(cut(*sides), instance, None)
            assert verdict.objective == pytest.approx(plain_cut(instance, sides), abs=1e-12)
            assert verdict.feasible

    def test_integer_weights_give_a_python_int_and_real_ones_a_float(self):
        whole = MAXCUT.verify(cut(0, 1), graph(2, [(0, 1)], [3]), None)
        real = MAXCUT.verify(cut(0, 1), graph(2, [(0, 1)], [0.5]), None)
        assert type(whole.objective) is int
        assert type(real.objective) is float
        assert whole == Verdict(3)

    def test_integers_beyond_float64_precision_are_exact(self):
        instance = graph(3, [(0, 1), (0, 2)], [2**55 + 1, 2**55 + 3])
        assert MAXCUT.verify(cut(1, 0, 0), instance, None).objective == 2**56 + 4
        assert MAXCUT.verify(cut(0, 1, 0), instance, None).objective == 2**55 + 1

    def test_sums_beyond_int64_do_not_wrap(self):
        instance = graph(4, [(0, 1), (0, 2), (0, 3)], [2**62 + 1] * 3)
        assert MAXCUT.verify(cut(1, 0, 0, 0), instance, None).objective == 3 * (2**62 + 1)

    def test_real_weights_are_summed_without_cancellation(self):
        instance = graph(4, [(0, 1), (0, 2), (0, 3)], [1e16, 1.0, -1e16])
        assert MAXCUT.verify(cut(1, 0, 0, 0), instance, None).objective == 1.0

    def test_a_graph_without_edges_has_cut_zero(self):
        assert MAXCUT.verify(cut(0, 1), graph(2, [], []), None).objective == 0

    @pytest.mark.parametrize(
        ("z", "named"),
        [
            (cut(0, 1), r"shape \(3,\), not \(2,\)"),
            (cut(0, 1, 1)[None], r"shape \(3,\), not \(1, 3\)"),
            (np.array([0, 1, 1]), "dtype uint8, not int64"),
            (np.array([0.0, 1.0, 0.5]), "dtype uint8, not float64"),
            (cut(0, 1, 2), "vertex 2 has 2"),
            ([0, 1, 1], "numpy array, not list"),
        ],
    )
    def test_a_bad_solution_is_refused_by_name(self, z, named):
        instance = graph(3, [(0, 1), (1, 2)], [1, 1])
        with pytest.raises(ValueError, match=named):
            MAXCUT.verify(z, instance, None)


class TestPolish:
    @pytest.mark.parametrize("kind", ["unit", "signed", "real"])
    @pytest.mark.parametrize("seed", range(8))
    def test_ends_locally_optimal_and_never_worse(self, kind, seed):
        instance = random_graph(30, 140, seed, kind)
        rng = np.random.default_rng(seed)
        z = MAXCUT.random(instance, rng)
        before, start = z.copy(), plain_cut(instance, z)
        polished = MAXCUT.polish("one_flip", z, instance, rng, never)
        end = plain_cut(instance, polished)
        assert end >= start
        assert np.array_equal(z, before)
        for vertex in range(30):
            flipped = polished.copy()
            flipped[vertex] ^= 1
            assert plain_cut(instance, flipped) <= end + 1e-9

    @pytest.mark.parametrize("allowed", range(4))
    def test_a_stopped_polish_is_never_worse_and_ends_at_once(self, allowed):
        instance = random_graph(60, 900, seed=1)
        rng = np.random.default_rng(5)
        z = MAXCUT.random(instance, rng)
        asked = []

        def stop():
            asked.append(True)
            return len(asked) > allowed

        polished = MAXCUT.polish("one_flip", z, instance, rng, stop)
        assert len(asked) == allowed + 1
        assert plain_cut(instance, polished) >= plain_cut(instance, z)
        if allowed == 0:
            assert np.array_equal(polished, z)

    def test_ties_between_neighbours_are_broken(self):
        """On a complete graph from the empty cut, all gains are equal and all are rivals."""
        pairs = list(itertools.combinations(range(8), 2))
        instance = graph(8, pairs, [1] * len(pairs))
        polished = MAXCUT.polish(
            "one_flip", np.zeros(8, np.uint8), instance, np.random.default_rng(0), never
        )
        assert plain_cut(instance, polished) == 16

    def test_is_the_same_for_the_same_generator(self):
        instance = random_graph(40, 300, seed=2, kind="unit")
        z = MAXCUT.random(instance, np.random.default_rng(1))
        first, second = (
            MAXCUT.polish("one_flip", z, instance, np.random.default_rng(7), never)
            for _ in range(2)
        )
        assert np.array_equal(first, second)

    def test_a_graph_without_edges_is_left_alone(self):
        z = cut(0, 1, 1)
        polished = MAXCUT.polish("one_flip", z, graph(3, [], []), np.random.default_rng(0), never)
        assert np.array_equal(polished, z)

    def test_an_unknown_name_is_refused(self):
        with pytest.raises(UserError, match="one_flip"):
            MAXCUT.polish("one_flop", cut(0), graph(1, [], []), np.random.default_rng(0), never)


class TestCheck:
    def test_accepts_a_graph(self):
        MAXCUT.check(random_graph(5, 6, seed=0))

    @pytest.mark.parametrize(
        ("public", "named"),
        [
            ("G14", "not str"),
            (graph(0, [], []), "at least one vertex"),
            (graph(2, [(0, 1)], [float("nan")]), "finite"),
            (graph(3, [(0, 1), (1, 2)], [2**62, 2**62]), "2\\^62"),
        ],
    )
    def test_refuses_what_has_no_exact_cut(self, public, named):
        with pytest.raises(UserError, match=named):
            MAXCUT.check(public)


class TestSolutions:
    def test_random_is_uniform_and_in_the_stored_format(self):
        z = MAXCUT.random(graph(10_000, [], []), np.random.default_rng(0))
        assert z.dtype == np.uint8
        assert set(z.tolist()) == {0, 1}
        assert abs(z.mean() - 0.5) < 0.03

    def test_text_reads_back(self):
        instance = graph(4, [(0, 1)], [1])
        text = MAXCUT.write_solution(cut(0, 1, 1, 0))
        assert text == "0\n1\n1\n0\n"
        z = MAXCUT.read_solution(text, instance)
        assert z.dtype == np.uint8
        assert z.tolist() == [0, 1, 1, 0]

    @pytest.mark.parametrize(
        ("text", "named"),
        [
            ("0\n1\n2\n", "line 3: expected 0 or 1, found '2'"),
            ("0\n\nx\n1\n", "line 3: expected 0 or 1, found 'x'"),
            ("0\n1\n", "2 values, the graph 3 vertices"),
            ("0\n1\n0\n1\n", "4 values, the graph 3 vertices"),
        ],
    )
    def test_a_bad_file_is_refused_by_line(self, text, named):
        with pytest.raises(UserError, match=named):
            MAXCUT.read_solution(text, graph(3, [(0, 1)], [1]))
