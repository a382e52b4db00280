"""Trials on linear and quadratic programs: proofs as statuses, notes, plans, conformance."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dnnbench.config.compose import compose
from dnnbench.instances.digest import in_memory
from dnnbench.problems.base import Verdict
from dnnbench.problems.program.exact import LinearProgram
from dnnbench.problems.program.tiny import program, tiny_linear, tiny_quadratic
from dnnbench.records.example import example_record
from dnnbench.runner.api import _instance
from dnnbench.runner.diagnose import notes
from dnnbench.runner.messages import Final
from dnnbench.runner.spec import make_spec
from dnnbench.runner.supervise import Report
from dnnbench.runner.trial import _merge, describe, run_trial
from dnnbench.studies.check import _Checks

LP = LinearProgram()
MIXED = tiny_linear()["mixed"]
EMPTY = program([1, 1], [[1, 1], [1, -1]], ([3, -9], [9, 9]), ([0, 0], [1, 1]))
"""The first row asks for 3 of variables that are 1 at most."""


def trial(*words, public=MIXED, problem="lp"):
    """A trial of `baseline=random`, which is told that it may be asked this."""
    words = (f"problem={problem}", "budget.cores=1", "budget.steps=1", *words)
    config = compose(["baseline=random", *words])
    config["baseline"]["_about"]["problems"] = [problem]
    return make_spec(config, in_memory("program", "program", public))


def record_of(z, spec=None, **final):
    """The record of an answer that is given."""
    values = {"claim": None, "status": "budget", "steps": 1, "restarts": 1}
    times = {"load_seconds": 0.0, "compile_seconds": 0.0, "solve_seconds": 0.0}
    last = Final(z=z, raw_z=z, **(values | times | final))
    return describe(spec or trial(), LP, Report(finals={0: last}), last, 1, {}).record


@pytest.mark.parametrize(
    ("public", "status"),
    [(EMPTY, "infeasible"), (tiny_linear()["inequalities"], "budget")],
)
def test_a_certificate_is_a_status_once_it_is_checked(naughty, pool, public, status):
    spec = replace(trial(public=public), about=naughty("Certifies").about)
    record = run_trial(spec, pool).record
    assert record.status == status
    assert (record.diagnostics["farkas_value"] == 1.0) == (status == "infeasible")
    refused = [n for n in record.diagnostics["notes"] if "its certificate does not show it" in n]
    assert len(refused) == (status != "infeasible")


@pytest.mark.parametrize("status", ["infeasible", "unbounded"])
def test_a_proof_of_one_process_is_that_of_all(status):
    finals = {
        i: Final(np.zeros(5), np.zeros(5), 1.0, s, 1, 1, 0, 0, 0)
        for i, s in enumerate(("interrupted", status, "budget"))
    }
    assert _merge(Report(finals=finals), LP, trial()).status == status


def test_a_record_has_sizes_residuals_and_what_the_polish_did():
    record = record_of(np.array([0.25, 0.0, 0.75, 0.75, 0.25]))
    assert record.instance_size == {"n": 3, "m": 2, "nonzeros": 5}
    assert (record.value, record.feasible, record.metric) == (0.0, True, "kkt_error")
    assert record.metrics["objective"] == 1.625


def test_a_program_in_memory_is_an_instance():
    assert _instance(MIXED, None, None).sha256 == trial().instance.sha256


def test_a_quadratic_part_chooses_a_kernel_and_a_linear_one_none():
    def kernel(problem, public):
        config = compose(["method=projection_nn", f"problem={problem}", "hardware=cpu"])
        return make_spec(config, in_memory("program", "program", public)).plan.kernel

    assert kernel("lp", MIXED) == "none"
    assert kernel("qp", tiny_quadratic()["definite"]) == "dense"


RESIDUALS = {"primal_residual": 0.25, "relative_primal": 0, "relative_dual": 0, "relative_gap": 0}


@pytest.mark.parametrize(
    ("residuals", "said"),
    [
        ({}, []),
        ({"relative_dual": 1e-3, "relative_gap": 1e-4}, []),
        ({"relative_primal": 0.1}, ["the rows are violated by 0.25 (relative 0.1)"]),
        ({"relative_dual": 0.1}, ["the multipliers are furthest"]),
        ({"relative_gap": 0.1}, ["the primal and the dual objective are furthest apart"]),
        ({"relative_primal": 0.2, "relative_dual": 0.1}, ["the rows are violated"]),
        ({"relative_primal": 0.1, "relative_dual": 0.2}, ["the rows", "the multipliers"]),
    ],
)
def test_notes_name_what_keeps_an_answer_from_being_optimal(residuals, said):
    verdict = Verdict(0.5, violation=0.5, metrics=RESIDUALS | residuals)
    final = Final(None, None, None, "budget", 1, 1, 0, 0, 0)
    found = notes(final, verdict, LP)
    assert len(found) == len(said)
    assert all(note.startswith(begin) for note, begin in zip(found, said, strict=True))


def test_restarts_of_a_convex_program_may_end_alike():
    spread = {"restart_cost": {"count": 8, "min": 1e-7, "max": 1e-7}}
    final = Final(None, None, None, "budget", 1, 1, 0, 0, 0, diagnostics=spread)
    assert notes(final, Verdict(1e-7, metrics=RESIDUALS), LP) == []


class TestConformance:
    @pytest.fixture
    def findings(self, monkeypatch):
        """What is said of a first answer, and with which limits it was sought."""

        def make(outcome, declared=None, **changes):
            checks = _Checks("method", "projection_nn", "lp", None)
            checks.declared, asked = declared or {}, []
            values = {"metric": "kkt_error", "sense": "min", "value": 1e-3, "raw_value": 1e-3}
            record = example_record(**(values | {"claimed_value": 1e-3} | changes))
            result = outcome or SimpleNamespace(record=record)
            monkeypatch.setattr(checks, "_run", lambda _, limits: asked.append(limits) or result)
            found = list(checks._first(checks.tiny["mixed"]))
            return {f.check: f.ok for f in found}, asked[0]

        return make

    def test_the_error_of_the_problem_is_the_target(self, findings):
        found, limits = findings(None)
        assert found == {"converges": True, "feasible": True, "honest claim": True}
        assert limits == {"budget.steps": 30_000, "budget.target": 1e-3}

    def test_more_is_too_much_and_claims_are_checked(self, findings):
        assert not findings(None, value=1.1e-3)[0]["converges"]
        assert not findings(None, feasible=False, violation=0.5)[0]["feasible"]
        assert not findings(None, claimed_value=0.5)[0]["honest claim"]

    def test_a_biased_method_is_not_asked_for_it(self, findings):
        waived = {"optimum_not_asked": ["mixed"]}
        found, limits = findings(None, waived, value=0.5, feasible=False)
        assert found == {"converges": True, "honest claim": True}
        assert limits["budget.steps"] < 30_000

    def test_what_is_refused_by_nature_must_be_refused(self, findings):
        declared = {"refused": ["lp mixed"]}
        assert findings("needs a definite Q", declared)[0] == {"refuses": True}
        assert findings(None, declared)[0] == {"refuses": False}
        assert findings("needs a definite Q")[0] == {"converges": False}
