import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.records.status import Status
from dnnbench.records.trial_id import check_trial_id, is_trial_id, trial_id

PARTS = {
    "solver": "pi_gnn",
    "version": 3,
    "settings": {"lr": 1e-3, "layers": [64, 32], "name": "größe", "warm": True, "none": None},
    "budget": {"seconds": float("inf"), "target": -0.1},
    "seed": 2**63,
}
# Changing any of this orphans every record that people have. Only a new schema may do it.
GOLDEN = "fc7291bd8a81da2cccad"


def test_golden():
    assert trial_id(PARTS) == GOLDEN


def test_it_is_the_hash_of_the_documented_text():
    text = b'{"a":[1,0.1,null,{"$float":"inf"}],"b":"\\u00e9"}'
    parts = {"b": "é", "a": (1, 0.1, None, float("inf"))}
    assert trial_id(parts) == hashlib.sha256(text).hexdigest()[:20]


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_same_in_other_processes(seed):
    code = (
        "import math; from dnnbench.records.trial_id import trial_id;"
        f"print(trial_id({PARTS!r}))".replace("inf", "math.inf")
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == GOLDEN


def test_order_of_keys_does_not_count_and_order_of_lists_does():
    assert trial_id({"a": 1, "b": {"c": 2, "d": 3}}) == trial_id({"b": {"d": 3, "c": 2}, "a": 1})
    assert trial_id({"a": [1, 2]}) != trial_id({"a": [2, 1]})


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((1, 2), [1, 2]),
        (np.float64(0.1), 0.1),
        (np.int32(3), 3),
        (np.bool_(True), True),
        (-0.0, 0.0),
        ([-0.0], [0.0]),
        (Status.ERROR, "error"),
        (1e22, 10.0**22),
    ],
)
def test_alike(a, b):
    assert trial_id({"x": a}) == trial_id({"x": b})


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (1, True),
        (1, "1"),
        (None, "null"),
        (None, False),
        (0.1, 0.1 + 2**-55),
        (float("nan"), "nan"),
        (float("inf"), float("-inf")),
        ([], {}),
        ("é", "e\u0301"),
        (2**53, 2**53 + 1),
    ],
)
def test_different(a, b):
    assert trial_id({"x": a}) != trial_id({"x": b})


def test_a_missing_key_is_not_a_none():
    assert trial_id({"x": None}) != trial_id({})


@given(st.dictionaries(st.text().filter(lambda k: k != "$float"), st.floats() | st.text()))
def test_every_id_has_the_form_of_one(parts):
    assert is_trial_id(trial_id(parts))


@pytest.mark.parametrize("bad", [{"x": object()}, {1: 2}, {"x": b"y"}, {"x": {1, 2}}])
def test_not_plain_data(bad):
    with pytest.raises(ValueError, match="plain data"):
        trial_id(bad)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "../../../../etc/x",
        "a" * 19,
        "a" * 21,
        "A" * 20,
        "g" * 20,
        "a" * 20 + "\n",
        "/" * 20,
    ],
)
def test_nothing_else_becomes_a_file_name(text):
    with pytest.raises(UserError, match="is not a trial id"):
        check_trial_id(text)
