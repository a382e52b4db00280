"""A solver's own settings for single problems, the problem's among them."""

import pytest

from dnnbench.config import catalog
from dnnbench.config.compose import compose, compose_values
from dnnbench.config.validate import checked
from dnnbench.errors import UserError

OWN = [
    pytest.param(entry, problem, id=f"{name}-{problem}")
    for role in ("method", "baseline")
    for name, entry in catalog.entries(role).items()
    for problem in entry.node.get("_per_problem", {})
]


@pytest.mark.parametrize(("entry", "problem"), OWN)
def test_shipped_blocks_name_settings_and_have_valid_values(entry, problem):
    own = entry.node["_per_problem"][problem]
    assert own
    assert problem in entry.about["problems"]
    words = [f"{entry.group}={entry.name}", f"problem={problem}"]
    config = compose(words)
    checked(config)
    for key, value in own.items():
        group, _, name = key.rpartition(".")
        assert config[group or entry.group][name] == value
    others = set(entry.defaults) - set(own)
    assert {k: config[entry.group][k] for k in others} == {k: entry.defaults[k] for k in others}


def test_a_problem_s_setting_gives_way_to_the_user_s():
    penalty = catalog.entry("method", "rlsa").node["_per_problem"]["mis"]["problem.penalty"]
    default = catalog.entry("problem", "mis").defaults["penalty"]
    assert penalty != default
    words = ["method=rlsa", "problem=mis"]
    assert compose(words)["problem"]["penalty"] == penalty
    assert compose([*words, "problem.penalty=3"])["problem"]["penalty"] == 3.0
    chosen = {"method": "rlsa", "problem": "mis"}
    assert compose_values(chosen, {"problem.penalty": 5.0})["problem"]["penalty"] == 5.0
    assert compose(["method=mean_field", "problem=mis"])["problem"]["penalty"] == default


def test_it_does_not_leak_into_the_next_composition():
    compose(["method=rlsa", "problem=mis"])
    assert compose(["problem=mis"])["problem"]["penalty"] == 2.0
    assert catalog.entry("problem", "mis").defaults["penalty"] == 2.0


PLUGIN = '''
DNNBENCH = """
method:
  odd:
    strength: 1.0
    _per_problem:
      mis: {OWN}
    _about: {title: odd, implementation: Odd, kind: sampler, problems: [mis]}
"""
'''


@pytest.fixture
def with_own(tmp_path, monkeypatch):
    """Loads a plug-in whose method has this block for independent sets."""
    monkeypatch.setattr(catalog, "_LOADED", {})

    def load(own):
        path = tmp_path / "odd.py"
        path.write_text(PLUGIN.replace("OWN", own), "utf-8")
        catalog.load_plugins([path])

    return load


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("problem.penlty: 3.0", "did you mean 'penalty'"),
        ("stregth: 3.0", "did you mean 'strength'"),
        ("budget.steps: 3", "unknown setting of budget"),
        ("problem.name: mwis", "unknown setting of problem"),
    ],
)
def test_a_name_that_is_no_setting_is_the_author_s_error(with_own, own, said):
    with_own(own)
    with pytest.raises(UserError, match=said) as caught:
        compose(["method=odd", "problem=mis"])
    assert "odd" in str(caught.value)
    assert compose(["method=odd"])["method"]["strength"] == 1.0


def test_a_value_is_checked_like_the_user_s(with_own):
    with_own("problem.penalty: 0.5, strength: 2.5")
    with pytest.raises(UserError, match=r"problem\.penalty must be"):
        compose(["method=odd", "problem=mis"])
    config = compose(["method=odd", "problem=mis", "problem.penalty=1.5"])
    assert (config["method"]["strength"], config["problem"]["penalty"]) == (2.5, 1.5)
