"""Plug-ins: what their YAML may say, what is refused, and what a change of their file changes."""

import os
import sys

import pytest

from dnnbench.config import catalog, plugins
from dnnbench.config.compose import compose
from dnnbench.errors import UserError
from dnnbench.instances.load import load_instance
from dnnbench.runner.spec import make_spec
from tests.cli.command import INSTANCE, ROOT, dnnbench, environment

EXAMPLE = ROOT / "examples" / "mean_field_annealing.py"

METHOD = """
method:
  mine:
    rate: 0.5
    width: 3
    _about: {title: Mine, implementation: Mine, kind: relaxation, problems: [maxcut]}
"""


def module(yaml, code=""):
    """The source of a plug-in."""
    return f"DNNBENCH = '''{yaml}'''\n{code}"


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """No plug-in of another test."""
    monkeypatch.setattr(catalog, "_LOADED", {})


@pytest.fixture
def load(tmp_path):
    """Load a plug-in of this source; returns its path."""

    def write(source, name="plugin.py"):
        path = tmp_path / name
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        catalog.load_plugins([path])
        return path

    return write


def refusal(load, source):
    before = {group: list(catalog.entries(group)) for group in plugins.GROUPS}
    with pytest.raises(UserError) as caught:
        load(source)
    assert {group: list(catalog.entries(group)) for group in plugins.GROUPS} == before
    return str(caught.value)


def test_what_may_be_left_out_is_filled_in(load):
    path = load(module(METHOD))
    entry = catalog.entry("method", "mine")
    assert entry.defaults == {"rate": 0.5, "width": 3}
    assert {key: o["type"] for key, o in entry.options.items()} == {"rate": "float", "width": "int"}
    assert (entry.about["taxonomy"], entry.about["licence"]) == ("none", None)
    assert entry.about["plugin"]["path"] == str(path)
    assert entry.summary()["plugin"] is True
    config = compose(["method=mine", "method.rate=2", "budget.steps=5"])
    assert config["method"]["rate"] == 2.0
    assert type(config["method"]["rate"]) is float
    assert config["method"]["_plan"]["score_every"] == 50


def test_a_description_may_leave_out_its_type(load):
    load(module(METHOD + "    _options: {rate: {help: step size, above: 0}}\n"))
    assert catalog.entry("method", "mine").options["rate"]["type"] == "float"
    with pytest.raises(UserError, match=r"method\.rate must be a number > 0, not -1\.0"):
        compose(["method=mine", "method.rate=-1"])


def test_an_annotated_string_will_do(load):
    load(module(METHOD).replace("DNNBENCH =", "DNNBENCH: str ="))
    assert "mine" in catalog.entries("method")


def test_nothing_of_it_is_run(load):
    load(module(METHOD, "raise RuntimeError('imported')\n"))
    config = compose(["method=mine"])
    instance = load_instance(INSTANCE, cache_dir=ROOT)
    assert make_spec(config, instance).solver == "mine"


def test_baselines_problems_suites_and_experiments_come_in_too(load):
    load(
        module("""
baseline:
  guess:
    _about: {title: Guess, implementation: Guess, kind: classical, problems: [maxcut]}
suite:
  two: {instances: [gset/G1, gset/G2]}
experiment:
  both: {overrides: [baseline=guess, suite=two]}
""")
    )
    about = catalog.entry("baseline", "guess").about
    assert (about["threads"], about["version"]) == (1, 1)
    assert catalog.entry("suite", "two").node["instances"] == ["gset/G1", "gset/G2"]
    assert catalog.entry("experiment", "both").node["overrides"][0] == "baseline=guess"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\n", "no string named DNNBENCH"),
        ("DNNBENCH = 3\n", "no string named DNNBENCH"),
        ("DNNBENCH = ''\n", "must map groups"),
        ("x = 1\ndef f(:\n    pass\n", ":2: "),
        ("x = 1\0\n", "null bytes"),
        (b"x = '\xff'\n", "is not a Python file in UTF-8"),
        (module("method: ["), "DNNBENCH is no YAML"),
        (module("method: {a: !!python/name:os.system }"), "DNNBENCH is no YAML"),
        (module("- a\n- b"), "must map groups"),
        (module("methods: {a: {}}"), "'methods' is none of the groups method, baseline"),
        (module("hardware: {a: {}}"), "'hardware' is none of the groups"),
        (module("method: 3"), "'method' is none of the groups"),
        (module("method: {a: 3}"), "method 'a' must be an identifier that maps to its settings"),
        (module("method: {a-b: {}}"), "must be an identifier"),
        (module("method: {a: {}}"), "_about lacks title, implementation, kind, problems"),
        (module("method: {a: {_about: here}}"), "_about must be a mapping"),
        (module(METHOD.replace("kind: relaxation, ", "")), "method 'mine': _about lacks kind"),
        (module(METHOD.replace("[maxcut]", "maxcut")), "problems must be a list"),
        (module(METHOD.replace("width: 3", "width: null")), "setting 'width' needs a type"),
        (module(METHOD.replace("width: 3", "width: [3]")), "setting 'width' needs a type"),
        (module(METHOD.replace("width", "3")), "the key 3 is no word"),
        (module(METHOD + "    _options: [rate]\n"), "_options must be a mapping"),
        (module(METHOD + "    _options: {rat: {}}\n"), "describes 'rat', which is no setting"),
        (module(METHOD + "    _options: {rate: fast}\n"), "_options.rate must be a mapping"),
        (module(METHOD + "    _options: {rate: {type: real}}\n"), "is none of bool, int, float"),
        (module(METHOD + "    _plan: {lane: 3}\n"), "unknown key of _plan 'lane' (did you mean"),
        (module(METHOD.replace("mine", "pi_gnn")), "there is a method 'pi_gnn' already"),
        (module("problem: {a: {_about: {title: A}}}"), "_about lacks family, metric, sense"),
        (module("suite: {a: {}}"), "suite 'a' needs `instances`"),
        (module("suite: {a: {instances: gset/G1}}"), "suite 'a' needs `instances`"),
        (module("suite: {a: {instances: [1]}}"), "suite 'a' needs `instances`"),
    ],
)
def test_what_is_refused_and_why(load, source, said):
    message = refusal(load, source)
    assert said in message
    assert "plugin.py" in message


def test_missing_files(tmp_path):
    for path in (tmp_path / "none.py", tmp_path):
        with pytest.raises(UserError, match="--plugin: cannot read"):
            catalog.load_plugins([path])


def test_two_files_with_one_name_clash(load):
    load(module(METHOD))
    assert "there is a method 'mine' already" in refusal(
        lambda source: load(source, "other plugin.py"), module(METHOD)
    )
    load(module(METHOD))  # the same file again is no clash


def test_an_unknown_option_of_a_plugin(load):
    load(module(METHOD))
    with pytest.raises(UserError, match=r"method has no option 'rat' \(did you mean 'rate'"):
        compose(["method=mine", "method.rat=1"])


def trial(*words):
    instance = load_instance(INSTANCE, cache_dir=ROOT)
    return make_spec(compose(["budget.steps=5", *words]), instance).trial_id


def test_changing_the_file_changes_the_trial(load):
    load(module(METHOD))
    first, other = trial("method=mine"), trial("baseline=greedy")
    load(module(METHOD, "# a comment\n"))
    assert trial("method=mine") != first
    assert trial("baseline=greedy") == other
    load(module(METHOD))
    assert trial("method=mine") == first


def test_where_the_file_is_does_not(load):
    load(module(METHOD))
    first = trial("method=mine")
    catalog._LOADED.clear()
    load(module(METHOD), "elsewhere.py")
    assert trial("method=mine") == first


def test_changed_defaults_count_in_a_process_that_has_both(load):
    load(module(METHOD))
    assert compose(["method=mine"])["method"]["rate"] == 0.5
    load(module(METHOD.replace("0.5", "0.25")))
    assert compose(["method=mine"])["method"]["rate"] == 0.25


# Installed plug-ins ------------------------------------------------------------------------------


def install(site, source, value="their_package.solvers", name="theirs"):
    """A distribution as pip leaves it: a package and its entry point."""
    package = site / "their_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    if source is not None:
        path = package / "solvers.py"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
    info = site / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{plugins.ENTRY_POINTS}]\n{name} = {value}\n")
    return {"PYTHONPATH": f"{ROOT}{os.pathsep}{site}"}


def test_installed_plugins_are_listed_without_an_import(tmp_path):
    there = install(tmp_path, module(METHOD, "import no_such_module\n"))
    done = dnnbench("show", "mine", **there)
    assert (done.returncode, done.stderr) == (0, "")
    assert "mine (method): Mine" in done.stdout
    assert "method.width = 3" in done.stdout
    assert "mine" in dnnbench("list", "methods", **there).stdout
    assert "mine" not in dnnbench("list", "methods").stdout


def test_an_installed_plugin_solves(tmp_path):
    there = install(tmp_path, EXAMPLE.read_text())
    (tmp_path / "their_package" / "__init__.py").write_text("")
    words = ("method=mean_field_annealing", "budget.steps=60", f"instance={INSTANCE}", "-q")
    done = dnnbench("run", *words, cwd=tmp_path, **there)
    assert done.returncode == 0, done.stderr
    assert "mean_field_annealing (relaxation)" in done.stdout


@pytest.mark.parametrize(
    ("source", "value", "said"),
    [
        (None, "their_package.solvers", "there is no module 'their_package.solvers'"),
        (module(METHOD), "no_package", "there is no module 'no_package'"),
        (b"\xff\n", "their_package.solvers", "the source of 'their_package.solvers' cannot be"),
        ("x = (\n", "their_package.solvers", "plug-in their_package.solvers:1: "),
        (module(METHOD.replace("mine", "pqqa")), "their_package.solvers", "'pqqa' already"),
    ],
)
def test_a_broken_installed_plugin_is_named(tmp_path, source, value, said):
    done = dnnbench("list", "methods", **install(tmp_path, source, value))
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_environment_of_these_tests_has_no_plugins():
    """Else the tests above would not say what they seem to."""
    assert "DNNBENCH_PLUGINS" not in environment()
    assert not plugins.installed()
    assert "mine" not in sys.modules
