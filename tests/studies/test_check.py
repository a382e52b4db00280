"""The conformance suite on proofs: right ones are results, wrong ones are found."""

from types import SimpleNamespace

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.studies.check import _Checks


@pytest.mark.parametrize(
    ("instance", "right"), [("unsatisfiable", True), ("three_sat", False), ("mixed", False)]
)
def test_a_proof_is_held_against_the_optimum(instance, right):
    checks = _Checks("baseline", "random", "sat", None)
    record = example_record(status=Status.UNSAT, value=None, feasible=None)
    checks._run = lambda instance, values: SimpleNamespace(record=record)
    (finding,) = checks._optimum(checks.tiny[instance])
    assert (finding.check, finding.ok) == ("optimum", right)
    assert "proved unsatisfiable" in finding.detail
