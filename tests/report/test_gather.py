import math

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.best_known import BestKnown, no_best_known
from dnnbench.report.gather import gather


def record(value, seed=0, solver="pi_gnn", instance="gset/G14", **changes):
    """A trial of 10 s whose answer is not polished and which has no trace, unless said."""
    given = {"raw_value": value, "polish": None, "trace": [], "solve_seconds": 10.0, **changes}
    return example_record(
        value=value, seed=seed, solver=solver, instance=instance, instance_sha256=instance, **given
    )


def failed(seed=0, status=Status.ERROR, **changes):
    return record(None, seed, status=status, feasible=None, **changes)


def hundred(instance, problem):
    return BestKnown(100, "optimal", f"{instance} {problem}")


def one(records, best_known=hundred):
    (matrix,) = gather(records, best_known)
    return matrix


def test_solvers_instances_and_seeds_have_their_places():
    matrix = one(
        [
            record(90, 1),
            record(80, 0),
            record(70, 0, instance="gset/G2"),
            record(60, 0, "tabu", role="baseline"),
            record(50, 0, "fem"),
        ]
    )
    assert (matrix.problem, matrix.metric, matrix.sense) == ("maxcut", "cut", "max")
    assert [solver.text for solver in matrix.solvers] == ["fem", "pi_gnn", "tabu"]
    assert [instance.name for instance in matrix.instances] == ["gset/G2", "gset/G14"]
    assert matrix.values() == [[[], [50]], [[70], [80, 90]], [[], [60]]]
    assert matrix.solvers[1].budget == "seconds=10.0, cores=2"
    assert matrix.solvers[1].hardware == "cpu (Example CPU)"
    assert matrix.superseded == 0


def test_missing_cells_are_named_and_are_no_failures():
    matrix = one([record(90), record(80, instance="gset/G2"), record(70, solver="fem")])
    assert matrix.missing() == [("fem", "gset/G2")]
    with pytest.raises(ValueError, match="no trials"):
        matrix.mean_gaps()
    with pytest.raises(ValueError, match="no trials"):
        matrix.erts(0.1)
    common = matrix.common()
    assert common.missing() == []
    assert common.values() == [[[70]], [[90]]]
    assert common.mean_gaps() == [[0.3], [0.1]]


def test_solvers_can_be_chosen():
    matrix = one([record(90), record(80, instance="gset/G2"), record(70, solver="fem")])
    assert matrix.of(["pi_gnn"]).values() == [[[80], [90]]]
    assert matrix.of(["pi_gnn"]).missing() == []


def test_variants_and_problem_settings_are_kept_apart():
    slow, fast = {"settings": {"lr": 0.1}}, {"settings": {"lr": 0.2}}
    matrix = one([record(90, **slow), record(80, **fast), record(70, instance="gset/G2", **fast)])
    assert [solver.text for solver in matrix.solvers] == ["pi_gnn (lr=0.1)", "pi_gnn (lr=0.2)"]
    assert matrix.values() == [[[], [90]], [[70], [80]]]
    two = gather(
        [record(90), record(80, problem="mis"), record(70, problem_settings={"w": 1})], hundred
    )
    assert [(m.problem, m.settings) for m in two] == [
        ("maxcut", {"w": 1}),
        ("maxcut", {}),
        ("mis", {}),
    ]


def test_how_answers_are_sought_makes_no_other_problem():
    records = [record(90, problem_settings={"penalty": 2.0}), record(80, solver="fem")]
    assert one(records).settings == {}
    assert one(records).common().values() == [[[80]], [[90]]]


def test_two_instances_of_one_name():
    matrix = one([record(90), example_record(value=80)])
    assert [i.name for i in matrix.instances] == ["gset/G14@ababab", "gset/G14@gset/G"]


def test_the_newest_of_a_seed_counts():
    old, new = {"created": "2026-01-01T00:00:00Z"}, {"created": "2026-01-02T00:00:00Z"}
    matrix = one([record(80, **new), record(90, **old)])
    assert matrix.values() == [[[80]]]
    assert matrix.superseded == 1


@pytest.mark.parametrize(
    "trial",
    [
        failed(1),
        failed(1, Status.OUT_OF_MEMORY),
        record(99, 1, status=Status.INTERRUPTED),
        record(999, 1, feasible=False),
        record(math.nan, 1),
    ],
    ids=lambda trial: f"{trial.status} {trial.value}",
)
def test_failures_stay_in_the_denominator(trial):
    trial = example_record(**{**vars(trial), "trace": [[1.0, 1, 100]]})
    matrix = one([record(90), trial])
    assert matrix.values() == [[[90, None]]]
    assert matrix.gaps() == [[[0.1, 1.0]]]
    assert matrix.mean_gaps() == [[0.55]]
    assert matrix.times(0.1) == [[[10.0, None]]]
    assert matrix.erts(0.1) == [[20.0]]
    assert matrix.integrals(20.0) == [[[10 + 0.1 * 10, 20.0]]]


def test_the_reference_is_the_better_of_registry_and_records():
    assert one([record(90)]).instances[0].best == 100
    best = one([record(105), record(90, 1), record(999, 2, feasible=False)]).instances[0]
    assert (best.best, best.best_known.value) == (105, 100)
    assert one([record(105), record(95, 1)], no_best_known).instances[0].best == 105
    assert one([record(105, sense="min"), record(95, 1, sense="min")]).instances[0].best == 95
    nothing = one([failed()], no_best_known)
    assert nothing.instances[0].best is None
    assert (nothing.gaps(), nothing.times(0.1)) == ([[[1.0]]], [[[None]]])
    assert nothing.integrals(5.0) == [[[5.0]]]


def test_times_are_those_of_the_trace_and_of_the_answer():
    rows = [[1.0, 10, 80], [2.0, 20, None], [3.0, 30, 90]]
    matrix = one([record(95, raw_value=90, trace=rows)])
    assert [matrix.times(gap)[0][0][0] for gap in (0.2, 0.1, 0.05, 0.04)] == [1.0, 3.0, 10.0, None]
    assert matrix.spent() == [[[10.0]]]
    assert matrix.integrals(20.0)[0][0][0] == pytest.approx(1 + 0.2 * 2 + 0.1 * 7 + 0.05 * 10)


def test_claims_that_verification_refuted_reach_no_target():
    rows = [[1.0, 10, 100], [2.0, 20, 90.00001], [11.0, 30, 90]]
    (trial,) = one([record(90, trace=rows)]).cells[0][0]
    assert trial.trace == ((2.0, 90), (10.0, 90))
    # What polish made worse was verified all the same.
    (trial,) = one([record(80, raw_value=90, trace=[[2.0, 20, 90]])]).cells[0][0]
    assert trial.trace == ((2.0, 90), (10.0, 80))


def test_trials_of_a_stack_have_no_times():
    matrix = one([record(90, stacked=True), failed(1, stacked=True), record(80, 2)])
    assert matrix.values() == [[[90, None, 80]]]
    assert (matrix.times(0.2), matrix.spent()) == ([[[10.0]]], [[[10.0]]])
    with pytest.raises(ValueError, match="no trials"):
        one([record(90, stacked=True)]).erts(0.2)


def test_what_a_failure_spent_is_at_least_its_budget():
    crashed = failed(1, solve_seconds=0.5)
    late = failed(2, solve_seconds=12.0)
    unknown = failed(3, solve_seconds=None, budget=crashed.budget)
    assert one([crashed, late, unknown]).spent() == [[[10.0, 12.0, 10.0]]]
    endless = {"budget": {"seconds": None}}
    matrix = one([record(90, **endless), failed(1, solve_seconds=None, **endless)])
    assert matrix.spent() == [[[10.0, math.inf]]]
    assert matrix.erts(0.1) == [[math.inf]]


def test_no_records():
    assert gather([], hundred) == []
