"""Every shipped YAML: documented, valid by its own rules, and backed by code."""

import importlib
from dataclasses import fields

import pytest
import yaml

from dnnbench.config import catalog
from dnnbench.config.compose import compose
from dnnbench.config.validate import checked
from dnnbench.engine.plan import Plan
from dnnbench.paths import shared_folder
from dnnbench.runner.resolve import build, implementation

ABOUT = {
    "method": {"title", "implementation", "kind", "taxonomy", "problems", "paper", "licence"},
    "baseline": {"title", "implementation", "kind", "taxonomy", "problems", "paper", "licence"},
    "problem": {"title", "family", "metric", "sense", "exact", "energy", "default_instance"},
    "hardware": {"title"},
    "budget": set(),
}
KINDS = {"network", "relaxation", "dynamics", "sampler", "classical"}
TAXONOMIES = {"architecture-agnostic", "architecture-specific", "none"}
PLAN = {"lanes", "micro_batch", "score_every", "columns", "batching", "loop", "lane_axis", "dtype"}

ENTRIES = [entry for group in catalog.GROUPS for entry in catalog.entries(group).values()]
SOLVERS = [e for e in ENTRIES if e.group in ("method", "baseline")]


def name_of(entry):
    return f"{entry.group}-{entry.name}"


def raw(entry):
    path = shared_folder("configs") / entry.group / f"{entry.name}.yaml"
    return yaml.safe_load(path.read_text())


def of(entries):
    return pytest.mark.parametrize("entry", entries, ids=name_of)


def test_every_folder_of_configs_is_a_known_group():
    folders = {
        p.name for p in shared_folder("configs").iterdir() if p.is_dir() and any(p.iterdir())
    }
    assert folders <= {*catalog.GROUPS, *catalog.SWEEP_GROUPS, "report", "paper", "optimizer"}


@of(ENTRIES)
def test_about_has_what_list_and_show_need(entry):
    assert set(entry.about) >= ABOUT[entry.group]
    assert all(entry.about[key] for key in ABOUT[entry.group])


@of([e for e in ENTRIES if e.group != "budget"])
def test_name_is_the_file_s(entry):
    assert raw(entry)["name"] == entry.name


@of(ENTRIES)
def test_options_document_exactly_the_settings(entry):
    assert set(entry.options) == set(entry.defaults)
    for option in entry.options.values():
        assert option["help"]
        assert option["type"] in ("int", "float", "str", "bool")
        assert set(option) <= {
            *("help", "type", "unit", "optional", "choices", "min", "max", "above", "below")
        }


@of(ENTRIES)
def test_defaults_are_valid(entry):
    node = entry.defaults | {"_options": entry.options}
    for key, value in checked(node).items():
        if key in entry.options and value is not None:
            kinds = {"int": int, "float": float, "str": str, "bool": bool}
            assert type(value) is kinds[entry.options[key]["type"]]


@of(SOLVERS)
def test_solver_metadata(entry):
    assert entry.about["kind"] in KINDS
    assert entry.about["taxonomy"] in TAXONOMIES
    assert set(entry.about["problems"]) <= set(catalog.entries("problem"))
    assert not set(catalog.entries("method")) & set(catalog.entries("baseline"))


@of(SOLVERS)
def test_implementation_has_the_settings_as_fields_or_hyperparameters(entry):
    cls = implementation(f"{entry.group}s", entry.about)
    names = {f.name for f in fields(cls)} - {"energy"}
    traced = set(getattr(cls, "hyperparameters", ()))
    assert names | traced == set(entry.defaults)
    assert not names & traced
    given = {"energy": energy(entry)} if entry.group == "method" else {}
    assert build(cls, entry.defaults, **given)


def energy(entry):
    """Methods of equations look at theirs when they are made; the others at none."""
    about = catalog.entry("problem", entry.about["problems"][0]).about
    if about["family"] != "pde":
        return None
    from dnnbench.problems.pde.energy import PdeEnergy

    pde = implementation("problems", about, "exact")()
    return PdeEnergy("none", "float32", pde, tuple((name, 1.0) for name in pde.parameters))


@of(SOLVERS)
def test_version_on_file_is_the_code_s(entry):
    cls = implementation(f"{entry.group}s", entry.about)
    assert entry.about.get("version", 1) == cls.version


LAYOUT = ("score_every", "batching", "loop", "lane_axis", "dtype")


def one(value, number):
    """One of the values that depend on a setting (`{by: optimizer, else: 20, adam: 100}`)."""
    if not isinstance(value, dict) or "by" not in value:
        return value
    found = [v for key, v in value.items() if key != "by"]
    return found[number % len(found)]


@of(list(catalog.entries("method").values()))
def test_method_has_a_plan(entry):
    plan = raw(entry)["_plan"]
    assert set(plan) - {"one_wave"} == PLAN
    for key in ("lanes", "micro_batch"):
        assert set(plan[key]) == {"cpu", "gpu"}
    for platform in ("cpu", "gpu"):
        sizes = {k: plan[k][platform] for k in ("lanes", "micro_batch")}
        for of_setting in range(1 + max(len(v) for v in plan.values() if isinstance(v, dict))):
            rest = {k: one(plan[k], of_setting) for k in LAYOUT}
            if rest["batching"] == "serial":
                sizes["micro_batch"] = 1
            Plan(platform=platform, kernel="ell", **sizes, **rest)
    columns = plan["columns"]
    assert isinstance(columns, int) or columns in entry.defaults


@of(list(catalog.entries("problem").values()))
def test_problem_agrees_with_its_code(entry):
    exact = implementation("problems", entry.about, "exact")
    assert entry.name == exact.name
    for key in ("family", "metric", "sense"):
        assert entry.about[key] == getattr(exact, key)
    assert set(entry.options["polish"]["choices"]) == {"none", *exact.polishes}
    module, _, name = entry.about["energy"].rpartition(".")
    assert hasattr(importlib.import_module(f"dnnbench.problems.{module}"), name)


@of(ENTRIES)
def test_composes(entry):
    node = compose([f"{entry.group}={entry.name}"])[entry.group]
    assert {k: v for k, v in node.items() if k in entry.defaults} == entry.defaults
