"""Every solver in the registry, on every problem it lists; a new one edits nothing here."""

import importlib.util
from contextlib import nullcontext

import numpy as np
import pytest
import scipy.sparse as sp

from dnnbench.config import catalog
from dnnbench.config.compose import compose_values
from dnnbench.instances.convert import as_graph
from dnnbench.instances.digest import in_memory
from dnnbench.paths import shared_folder
from dnnbench.problems.cut.exact import MaxCut
from dnnbench.runner.pool import Pool
from dnnbench.runner.resolve import exact_side
from dnnbench.runner.spec import make_spec
from dnnbench.runner.trial import run_trial
from dnnbench.studies import check
from dnnbench.studies.check import brute_force, check_on


def _derived(entry):
    """Whether the config only changes settings of another one's class."""
    path = shared_folder("configs") / entry.group / f"{entry.name}.yaml"
    return path.is_file() and path.read_text("utf-8").startswith("defaults:")


def _cases(role, entry, problem):
    """`make test` runs a solver briefly, on the first problem it lists; the rest differs by little.

    A solver whose config says `slow` under `_conformance` is left to `make test-full`.
    """
    extra = entry.about.get("extra")
    package = {"noncommercial": entry.name, "kamis": "chszlablib"}.get(extra)
    skip = []
    if package and importlib.util.find_spec(package) is None:
        skip = [pytest.mark.skip(reason=f"the package {package} ({extra}) is not installed")]
    declared = entry.node.get("_conformance") or {}
    later = problem != entry.about["problems"][0] or declared.get("slow", False)
    case = (role, entry.name, problem)
    if not later and not (role == "method" and _derived(entry)):
        yield pytest.param(*case, True, marks=skip)
    yield pytest.param(*case, False, marks=[*skip, pytest.mark.full])


CASES = [
    case
    for role in ("method", "baseline")
    for entry in catalog.entries(role).values()
    for problem in entry.about["problems"]
    for case in _cases(role, entry, problem)
]

TWINS = (8, [(0, 1, 2), (1, 2, -1), (2, 3, 3), (3, 0, -2), (0, 4, 1), (4, 5, 4), (5, 6, -3)])


@pytest.fixture(scope="module")
def warm():
    with Pool() as pool:
        yield pool


@pytest.mark.parametrize(("role", "name", "problem", "brief"), CASES)
def test_conformance(role, name, problem, brief, warm, monkeypatch):
    if brief:
        # The process is the last solver's, as in a sweep, and with as many lanes as the check on
        # restarts has, one program serves all checks: starting and compiling are most of the time.
        monkeypatch.setattr(check, "Pool", lambda: nullcontext(warm))
        monkeypatch.setattr(check, "LANES", 3)
        monkeypatch.setattr(check, "_PICTURE_LANES", 3)
    findings = list(check_on(role, name, problem, brief=brief))
    assert [f for f in findings if not f.ok] == []
    checks = {f.check for f in findings}
    wanted = {"same seed", "restarts", "time limit"}
    wanted |= {"one program"} if role == "method" else set()
    exact = exact_side(catalog.entry("problem", problem).about)
    if not exact.knowable:
        wanted |= {"improves", "feasible"}
    elif exact.binary:
        wanted |= {"optimum", "honest claim", "feasible"}
    else:
        wanted |= {"converges", "honest claim"}
    # A proof is no answer that could be feasible, and a biased answer need not be.
    assert wanted <= checks <= wanted | {"feasible", "refuses", "honest claim"}


def test_graph_networks_cannot_part_twins():
    """Known limit of PI-GNN, kept as a test: vertices with the same neighbours stay together."""
    n, rows = TWINS
    edges = np.array(rows)
    weights = np.zeros((n, n), np.int64)
    weights[edges[:, 0], edges[:, 1]] = edges[:, 2]
    graph = as_graph(sp.csr_array(weights + weights.T))
    declared = catalog.entry("method", "pi_gnn").node["_conformance"]["settings"]
    values = {f"method.{key}": value for key, value in declared.items()}
    values |= {"budget.steps": 600, "plan.lanes": 32, "problem.polish": "none"}
    chosen = {"method": "pi_gnn", "problem": "maxcut", "hardware": "cpu"}
    spec = make_spec(compose_values(chosen, values), in_memory("twins", "graph", graph))
    z = run_trial(spec, None).solution
    assert z[1] == z[3]
    assert brute_force(MaxCut(), graph) == 10  # needs 1 and 3 on different sides
