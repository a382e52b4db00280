"""Libraries for linear and quadratic programs: answers, multipliers, proofs, limits.

All but PDLP are called in this process; `apart.child` says why PDLP is not. What the libraries do
as whole trials is the conformance suite's.
"""

import importlib
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from dnnbench.baselines.base import Limits
from dnnbench.baselines.program.outcome import Outcome, answering, as_arrays, from_arrays
from dnnbench.instances.program import Program
from dnnbench.problems.program.exact import LinearProgram, QuadraticProgram
from dnnbench.problems.program.tiny import program

from .conftest import CONFIGS, FakeSearch, load

INF = np.inf
LP, QP = LinearProgram(), QuadraticProgram()
NAMES = [path.stem for path in CONFIGS if "lp" in load(path)[0]["_about"]["problems"]]
REACHED = {"osqp": 1e-2, "scs": 1e-3, "pdlp": 1e-5}
"""The KKT error to which a library's own tolerance leads; of the others 1e-6."""


class Search(FakeSearch):
    """Has certificates checked, and keeps what they prove."""

    def __init__(self, public, **limits):
        super().__init__(**limits)
        self.public, self.proofs = public, {}

    def prove(self, status, certificate):
        self.proofs[status] = QP.prove(status, certificate, self.public)
        return self.proofs[status].holds


def made(name, **settings):
    path = next(path for path in CONFIGS if path.stem == name)
    _, kind, defaults = load(path)
    return kind(**defaults | settings)


def run(baseline, public, search=None, **limits):
    """A run in a process of the library's own."""
    search = search or Search(public)
    baseline.prepare(QP, public)
    baseline.solve(QP, public, np.random.default_rng(0), Limits(**limits), search)
    return search


def called(baseline, public, **call):
    """What the library tells: header, answer, certificate."""
    told = []
    module = importlib.import_module(f"dnnbench.baselines.{baseline.library}_child")
    solve = module.solver(baseline.task(), as_arrays(public))
    solve({"seconds": None, "steps": None} | call, lambda *message: told.append(message))
    ((header, values),) = told
    return header, values[: header["answer"]], values[header["answer"] :]


def error(z, public):
    return QP.verify(z, public, None).objective


def solved(baseline, public):
    """The KKT error of the answer."""
    if baseline.baseline == "pdlp":
        return run(baseline, public).offers[-1][1]
    header, z, _ = called(baseline, public)
    assert header["ended"] == "solved"
    return error(z, public)


def proof(baseline, public):
    """What the library proves, and whether it holds."""
    if baseline.baseline == "pdlp":
        ((status, found),) = run(baseline, public).proofs.items()
        return status, found.holds
    header, z, certificate = called(baseline, public)
    assert not z.size
    if header["proves"] == "unbounded":
        certificate = certificate.reshape(2, -1)
    return header["proves"], QP.prove(header["proves"], certificate, public).holds


def planted(seed, curved=False, n=30, m=20):
    """A program with rows and bounds of every kind, made around its optimum."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(m) % 5  # equality, at its lower or upper bound, between, without coefficients
    matrix = np.where(kinds[:, None] == 4, 0, rng.normal(size=(m, n)))
    y = np.select([kinds == 0, kinds == 1, kinds == 2], [rng.normal(size=m), 1.0, -1.0])
    x, places = rng.normal(size=n), np.arange(n) % 6  # free, fixed, at a bound, at one of two, open
    reduced = np.select([places == 1, places == 2, places == 3], [rng.normal(size=n), 1.0, -1.0])
    root = rng.normal(size=(n, n // 2)) if curved else np.zeros((n, 1))
    rows, below, above = matrix @ x, rng.random(m), rng.random(m)
    one_sided = rng.random(m) < 0.5
    return program(
        cost=reduced + matrix.T @ y - root @ root.T @ x,
        matrix=matrix,
        rows=(
            np.select([kinds <= 1, one_sided], [rows, -INF], rows - below),
            np.select([(kinds == 0) | (kinds == 2), one_sided], [rows, INF], rows + above),
        ),
        bounds=(
            np.select([places == 0, (places == 1) | (places == 2)], [-INF, x], x - 1),
            np.select([places % 4 == 0, (places == 1) | (places == 3)], [INF, x], x + 1),
        ),
        quadratic=root @ root.T if curved else None,
        offset=2.0,
    )


def test_what_is_planted_is_of_every_kind():
    public = planted(0)
    for low, high in ((public.row_lower, public.row_upper), (public.lower, public.upper)):
        finite = np.isfinite(low).astype(int) + np.isfinite(high)
        assert (low == high).any()
        assert (finite == 1).any()
        assert ((finite == 2) & (low < high)).any()
    assert not (np.isfinite(public.lower) | np.isfinite(public.upper)).all()
    assert (np.diff(public.matrix.indptr) == 0).any()


@pytest.mark.parametrize("name", NAMES)
def test_solves_linear_programs_to_its_tolerance(name):
    assert solved(made(name), planted(0)) <= REACHED.get(name, 1e-6)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"highs_ipm", "pdlp"}))
def test_solves_quadratic_programs_to_its_tolerance(name):
    for seed in (1, 2):
        assert solved(made(name), planted(seed, curved=True)) <= REACHED.get(name, 1e-6)
    free = program([-2, 1], np.zeros((0, 2)), ([], []), ([-INF] * 2, [INF] * 2), np.diag([1, 2]))
    assert solved(made(name), free) <= REACHED.get(name, 1e-6)


@pytest.mark.parametrize("name", ["osqp", "scs"])
def test_a_smaller_tolerance_makes_it_more_accurate(name):
    assert solved(made(name, tolerance=1e-9), planted(3)) <= 1e-7


def test_its_polish_makes_osqp_more_accurate():
    public = planted(1, curved=True)
    assert solved(made("osqp", polish=True), public) < 0.1 * solved(made("osqp"), public)


def test_without_regularization_highs_is_exact():
    public = planted(1, curved=True)
    error = solved(made("highs_simplex", qp_regularization=0.0), public)
    assert error < 1e-3 * solved(made("highs_simplex"), public)


# x0 + x1 >= 3 and x0 - x1 <= 1 with x0 <= 1.5 and x1 <= 1.
EMPTY = program([1, 0], [[1, 1], [1, -1]], ([3, -INF], [INF, 1]), ([0, 0], [1.5, 1]))
# 3 <= x0 and x0 <= 1, while -x1 falls.
EMPTY_AND_FALLING = program([-1, -1], [[1, 0], [1, 0]], ([3, -INF], [4, 1]), ([0, 0], [INF, INF]))
FALLING = program([-2, 1], [[1, -1]], ([-INF], [4]), ([0, 0], [INF, INF]))
EMPTY_ROW = program([1, 1], [[0, 0]], ([1], [INF]), ([0, 0], [1, INF]))
NO_ROW = program([-2, -1], np.zeros((0, 2)), ([], []), ([0, 0], [1, INF]))
EMPTY_CURVED = replace(EMPTY, quadratic=sp.eye_array(2, format="csr"))
FALLING_CURVED = program(
    [-2, -1, 1], [[1, -1, 1]], ([-INF], [4]), ([0, 0, -INF], [INF] * 3),
    np.array([[1, -1, 0], [-1, 1, 0], [0, 0, 2]]),
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_proves_that_there_is_no_optimum(name):
    assert proof(made(name), EMPTY) == ("infeasible", True)
    assert proof(made(name), FALLING) == ("unbounded", True)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"pdlp"}))
@pytest.mark.parametrize(
    ("public", "status"),
    [(EMPTY_AND_FALLING, "infeasible"), (EMPTY_ROW, "infeasible"), (NO_ROW, "unbounded")],
    ids=["both", "empty row", "no row"],
)
def test_proves_it_where_little_is_left_to_compute(name, public, status):
    assert proof(made(name), public) == (status, True)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("clarabel", {}),
        ("highs_simplex", {"qp_regularization": 0.0}),
        ("osqp", {}),
        ("scs", {}),
    ],
)
def test_proves_it_of_quadratic_programs(name, settings):
    assert proof(made(name, **settings), EMPTY_CURVED) == ("infeasible", True)
    assert proof(made(name, **settings), FALLING_CURVED) == ("unbounded", True)


def test_a_loose_certificate_of_osqp_does_not_hold():
    loose = made("osqp", certificate_tolerance=1e-3)
    assert proof(loose, EMPTY_AND_FALLING) == ("infeasible", False)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"pdlp"}))
def test_ends_at_a_limit_on_steps_and_says_so(name):
    header, z, _ = called(made(name), planted(0), steps=2)
    assert header["ended"] == "limit"
    assert header["steps"] == 2
    assert z.size in (0, 50)


def test_a_whole_run_offers_the_box_s_point_and_then_the_answer():
    public = planted(4)
    found = run(made("clarabel"), public)
    first, last = found.offers
    nearest = np.minimum(np.maximum(public.lower, 0), public.upper)
    assert np.array_equal(first[0], np.concatenate([nearest, np.zeros(20)]))
    assert first[2:] == (0, 0)
    assert last[1] == error(last[0], public) <= 1e-6
    assert last[2] > 0
    assert last[3] == 1
    assert found.notes == {"solver_status": "Solved"}
    assert not found.proofs


def test_a_whole_run_proves_and_offers_nothing_but_the_first_point():
    found = run(made("scs"), FALLING)
    assert found.proofs["unbounded"].holds
    assert all(np.array_equal(z, [0, 0, 0]) for z, *_ in found.offers)
    assert found.offers[-1][2] > 0
    assert found.notes["solver_status"] == "unbounded"


def test_the_library_s_own_time_limit_is_no_convergence():
    """It is reached before the run's, which the fake clock hardly moves."""
    public = planted(0, curved=True)
    found = run(made("osqp", tolerance=1e-30), public, Search(public, seconds=0.2, tick=1e-9))
    assert found.notes["optimum_proved"] is False
    assert found.offers[-1][2] > 0


def test_a_run_that_is_stopped_at_once_asks_no_library():
    public = planted(0)
    search = Search(public, stop_after=0)
    made("pdlp").solve(QP, public, np.random.default_rng(0), Limits(), search)
    assert len(search.offers) == 1


@pytest.mark.parametrize("curved", [False, True])
def test_a_program_is_the_same_after_the_way_to_the_library(curved):
    given = planted(5, curved)
    back = from_arrays(as_arrays(given))
    for field in ("cost", "row_lower", "row_upper", "lower", "upper", "offset"):
        assert np.array_equal(getattr(given, field), getattr(back, field))
    assert abs(given.matrix - back.matrix).nnz == 0
    assert (back.quadratic is None) == (not curved)
    if curved:
        assert abs(given.quadratic - back.quadratic).nnz == 0


def test_a_direction_without_steps_left_for_a_point_proves_nothing():
    asked, told = [], []

    def once(public: Program, ask) -> Outcome:
        asked.append(ask.steps)
        return Outcome("unbounded", "", 7, np.zeros(2), np.zeros(1), np.ones(2))

    for steps in (7, 10):
        solve = answering(FALLING, once, 1.0)
        solve({"seconds": None, "steps": steps}, lambda *message: told.append(message))
    assert [header["proves"] for header, _ in told] == [None, "unbounded"]
    assert asked == [7, 10, 3]


def test_values_that_are_not_finite_are_no_answer_and_no_certificate():
    def once(public: Program, ask) -> Outcome:
        nan = np.full(2, np.nan)
        return Outcome("infeasible" if ask.steps == 1 else "gave up", "", 1, nan, nan, nan)

    told = []
    for steps in (1, 2):
        solve = answering(EMPTY, once, 1.0)
        solve({"seconds": None, "steps": steps}, lambda *message: told.append(message))
    for header, values in told:
        assert not values.size
        assert header["answer"] == 0
        assert header["proves"] is None
