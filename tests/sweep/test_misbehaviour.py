"""Solvers that misbehave: every trial becomes a record, and nothing they started lives on."""

import psutil
import pytest

from dnnbench.instances.load import load_instance
from dnnbench.problems.cut.exact import MaxCut
from dnnbench.records.store import Store
from tests.cli.command import INSTANCE
from tests.sweep.processes import PLUGIN

COMMON = (f"instance={INSTANCE}", "hardware.threads=1", "problem.polish=none")
SLACK = 5.0
"""Seconds after its hard limit by which a solver must be gone."""


@pytest.fixture
def outcome(cli, place):
    """Sweep one solver; gives the exit code, the record and its solution."""

    def sweep(solver, *words, plugin=PLUGIN):
        done = cli("sweep", f"baseline={solver}", *COMMON, *words, "--plugin", plugin, "--json")
        store = Store(place.results)
        (record,) = store.records()
        assert store.problems == []
        return done.code, record, store.solution(record.trial_id)

    return sweep


def gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def check_kept(record, solution):
    """The last incumbent was kept and verified."""
    assert record.feasible
    assert record.claimed_value == record.value == record.trace[-1][2]
    assert 0 < record.value <= 30
    assert solution.shape == (20,)


def test_endless_is_ended_at_the_hard_limit(outcome, place):
    code, record, solution = outcome("endless", "budget.seconds=0.5")
    assert (code, record.status) == (0, "timeout")
    assert 2.5 <= record.solve_seconds <= 2.5 + SLACK  # budget, and two seconds of grace
    check_kept(record, solution)
    assert "after the start of the solve" in record.message
    assert place.all_gone()


def test_endless_without_a_budget_in_seconds(outcome):
    code, record, solution = outcome("endless", "budget.steps=5", "hardware.time_limit=1")
    assert (code, record.status) == (0, "timeout")
    assert 1 <= record.solve_seconds <= 1 + SLACK
    check_kept(record, solution)


def test_stuck_in_preparation(outcome, cli):
    code, record, solution = outcome("stuck", "budget.steps=5", "hardware.setup_limit=3")
    assert (code, record.status, record.value, solution) == (1, "timeout", None, None)
    assert record.message == "loading and compiling took more than 3 s"
    assert f"timeout: stuck {INSTANCE} seed 0" in cli("status").out
    # Without an answer it is a failure the second time too, and no sweep waits for it again.
    words = ("baseline=stuck", *COMMON, "budget.steps=5", "hardware.setup_limit=3")
    again = cli("sweep", *words, "--plugin", PLUGIN)
    assert (again.code, "1 skipped, 1 failed" in again.out) == (1, True)


def test_timeouts_are_counted(cli, place):
    words = ("sweep", "baseline=endless,random", *COMMON, "budget.seconds=0.2", "seed=0,1")
    done = cli(*words, "--plugin", PLUGIN, "--name", "mine", "-q")
    assert (done.code, done.out) == (0, "mine: 2 done, 0 skipped, 0 failed, 2 timed out\n")
    assert "2 timeout" in cli("status").out
    assert "4 skipped, 0 failed" in cli(*words, "--plugin", PLUGIN, "--name", "mine", "-q").out


def test_hungry_is_ended_at_the_memory_limit(outcome):
    code, record, solution = outcome("hungry", "budget.seconds=60", "hardware.memory_limit=0.5")
    assert (code, record.status) == (1, "out_of_memory")
    assert "GiB of 0.50" in record.message
    check_kept(record, solution)


@pytest.mark.parametrize(
    ("solver", "said"),
    [
        ("aborts", "the solver's process was killed by signal 6"),
        ("misshapen", "a cut has shape (20,), not (3,)"),
        ("undefined", "ValueError"),
    ],
)
def test_errors(outcome, solver, said):
    code, record, solution = outcome(solver, "budget.steps=5")
    assert (code, record.status, record.value, solution) == (1, "error", None, None)
    assert said in record.message


def test_boasts_are_recorded_apart(outcome):
    code, record, solution = outcome("boasts", "budget.steps=5")
    assert code == 0
    assert record.claimed_value == 1e9
    assert record.value <= 30
    assert solution is not None
    assert "the solver claimed 1e+09" in record.diagnostics["notes"][0]


def test_chatter_harms_nothing(outcome):
    code, record, solution = outcome("chatters", "budget.steps=5")
    assert (code, record.status) == (0, "budget")
    check_kept(record, solution)


@pytest.mark.parametrize("then", ["hangs", "aborts", "orphans"])
def test_a_process_of_its_own_session_is_ended_too(outcome, place, then):
    words = (f"baseline.then={then}", "budget.steps=5", "hardware.time_limit=1")
    _, record, solution = outcome("breeds", *words)
    assert record.status == ("error" if then == "aborts" else "timeout")
    check_kept(record, solution)
    ((child,),) = place.lines("child")
    assert gone(int(child))
    assert place.all_gone()


def test_all_of_them_in_one_sweep(cli, place):
    solvers = "aborts,misshapen,random,boasts,idle,chatters,undefined"
    words = ("sweep", f"baseline={solvers}", *COMMON, "budget.steps=5", "--plugin", PLUGIN)
    done = cli(*words, "launcher.jobs=2", "--name", "mine", "-q")
    assert done.code == 1
    assert done.out.startswith("mine: 3 done, 0 skipped, 4 failed, 0 timed out\n")
    store = Store(place.results)
    graph = load_instance(INSTANCE, cache_dir=place.folder).public
    answers = {}
    for record in store.records():
        solution = store.solution(record.trial_id)
        answers[record.solver] = record.value
        if solution is not None:
            assert record.value == MaxCut().verify(solution, graph, None).objective
    assert {solver for solver, value in answers.items() if value is None} == {
        "aborts",
        "misshapen",
        "undefined",
        "idle",
    }
    assert len(answers) == 7
