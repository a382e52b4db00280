"""Overrides become one validated configuration."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.config.compose import compose
from dnnbench.errors import UserError

ODD = [
    "a b.txt",
    "a=b.txt",
    "a,b.txt",
    "[a].txt",
    "{a: b}.txt",
    "it's.txt",
    "'it's'.txt",
    '"a',
    "a\\b",
    "a\\",
    "\\'",
    "${seed}",
    "${oc.env:HOME}",
    "~x",
    "a#b",
    " padded ",
    "null.txt",
    "5",
    "",
    "ü/é.txt",
]


@pytest.mark.parametrize("key", ["instance", "results"])
@pytest.mark.parametrize("value", ODD)
def test_names_and_paths_are_taken_literally(key, value):
    assert compose([f"{key}={value}"])[key] == value


@settings(max_examples=10, deadline=None)
@given(st.text(st.characters(blacklist_characters="\0'\"", blacklist_categories=["Cs"])))
def test_any_unquoted_text_is_a_path(text):
    expected = None if text == "null" else text
    assert compose([f"instance={text}"])["instance"] == expected


@pytest.mark.parametrize("quoted", ["'my file'", '"my file"'])
def test_quotes_around_a_path_are_hydra_s(quoted):
    assert compose([f"instance={quoted}"])["instance"] == "my file"


def test_the_last_override_wins():
    assert compose(["seed=1", "seed=2"])["seed"] == 2
    assert compose(["instance=a", "instance='b'"])["instance"] == "b"
    assert compose(["method=pi_gnn", "method=pqqa"])["method"]["name"] == "pqqa"
    assert compose(["method=pi_gnn", "method=null"]).get("method") is None
    assert compose(["method=null", "method=pi_gnn"])["method"]["name"] == "pi_gnn"


def test_nothing_given():
    config = compose([])
    assert config["problem"]["name"] == "maxcut"
    assert config["hardware"]["name"] == "auto"
    assert config["instance"] is None
    assert config.get("method") is None
    assert (config["seed"], config["results"]) == (0, "results")


@pytest.mark.parametrize("text", ["1", "1.0", "1e0"])
def test_floats_have_one_type_however_they_are_written(text):
    value = compose(["method=pi_gnn", f"method.learning_rate={text}"])["method"]["learning_rate"]
    assert type(value) is float
    assert value == 1.0


def test_settings_come_in_any_order():
    words = ["method=pi_gnn", "method.patience=7", "budget.steps=5", "seed=3"]
    assert compose(words) == compose(words[::-1])


@pytest.mark.parametrize(
    "override",
    [
        *("method", "=", "=1", "~method", "~seed", "seed=", "seed=1.5", "seed=null", "seed=[1]"),
        *("method=[pi_gnn]", "method={a:1}", "problem=null", "budget=null", "hardware=null"),
        *("budget=3", "budget.seconds=0", "budget.seconds=nan", "budget.steps=0", "budget.x=1"),
        *("budget.steps=true", "plan={lanes:3}", "plan.lanes=0", "results=null", "a.b.c=1"),
        *("method@x=pi_gnn", "hydra.verbose=true", "+seed=1", "seed=${nothing}", "seed=$(1)"),
        *("method.name=x", "_options=1", "_options.seed.min=-9", "seed=glob(*)", "seed=1,2"),
        *("experiment=x", "seed={a", "seed='1", "seed=a b]", "budget.seconds={a:1}"),
    ],
)
def test_wrong_overrides_are_the_user_s_error(override):
    with pytest.raises(UserError) as caught:
        compose([override])
    assert str(caught.value).count("\n") == 0


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=12))
def test_no_override_raises_anything_but_user_error(text):
    for override in (text, f"seed={text}", f"budget.{text}", f"{text}=1"):
        try:
            compose([override])
        except UserError:
            continue
