import json
import math

from dnnbench.records.example import example_record
from dnnbench.report.best_known import BestKnown, no_best_known
from dnnbench.report.summary import json_object

PROMISED = """
    trial_id solver kind problem instance seed status feasible metric sense value claimed_value
    best_known gap steps restarts load_seconds compile_seconds solve_seconds verify_seconds
    hardware record diagnostics
"""


def known(instance, problem):
    assert (instance, problem) == ("gset/G14", "maxcut")
    return BestKnown(3064, "best-known", "somewhere 2013")


def test_promised_keys_come_first_and_in_order():
    made = json_object(example_record(), known, "results/x.json")
    promised = PROMISED.split()
    assert list(made)[: len(promised)] == promised
    assert made["value"] == 3040
    assert made["best_known"] == 3064
    assert made["gap"] == 24 / 3064
    assert made["record"] == "results/x.json"
    assert made["status"] == "budget"
    assert made["best_known_source"] == "somewhere 2013"
    assert made["raw_value"] == 3031


def test_unknown_reference():
    made = json_object(example_record(), no_best_known)
    assert (made["best_known"], made["gap"], made["best_known_source"]) == (None,) * 3
    assert made["record"] is None


def test_an_infeasible_answer_has_no_gap():
    made = json_object(example_record(feasible=False, value=9999, violation=3.0), known)
    assert (made["feasible"], made["value"], made["violation"]) == (False, 9999, 3.0)
    assert made["gap"] is None


def test_it_is_strict_json_whatever_the_record_holds():
    record = example_record(
        violation=math.inf, diagnostics={"a": [math.nan, (1, "nan")]}, metrics={"x": -math.inf}
    )
    made = json.loads(json.dumps(json_object(record, known), allow_nan=False))
    assert made["violation"] is None
    assert made["diagnostics"] == {"a": [None, [1, "nan"]]}
    assert made["metrics"] == {"x": None}
