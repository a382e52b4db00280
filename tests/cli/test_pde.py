"""Differential equations as a user types them: run, records, tables, figures, own equations."""

import json

import numpy as np
import pytest
from PIL import Image

from dnnbench.records.store import Store
from tests.cli.command import ROOT, dnnbench

EXAMPLE = ROOT / "examples" / "fisher_equation.py"
QUICK = ("method.width=8", "method.depth=2", "method.interior=64", "method.boundary=8",
         "method.initial=8", "method.optimizer=adam", "budget.steps=200")  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A network and two discretisations on Burgers' equation."""
    folder = tmp_path_factory.mktemp("pde")
    words = ("problem=burgers_1d", "problem.grid=33x11", f"results={folder}")
    for solver in (
        ("method=pinn", *QUICK),
        ("baseline=finite_differences", "baseline.last_resolution=64"),
        ("baseline=spectral", "baseline.last_resolution=32"),
    ):
        done = dnnbench("run", *solver, *words)
        assert done.returncode == 0, done.stderr
    return folder


def test_the_record_is_judged_against_the_reference(results):
    from dnnbench.problems.pde.reference.burgers import Burgers1D

    store = Store(results)
    for record in store.records():
        x, t = np.linspace(-1, 1, 33), np.linspace(0, 1, 11)
        points = np.stack([a.ravel() for a in np.meshgrid(x, t, indexing="ij")], axis=1)
        reference = Burgers1D(0.01 / np.pi).evaluate(points)
        answer = store.solution(record.trial_id)
        assert answer.shape == (363, 1)
        wanted = np.linalg.norm(answer[:, 0] - reference) / np.linalg.norm(reference)
        assert record.value == pytest.approx(wanted, rel=1e-9)
        assert record.metrics["max_error"] == pytest.approx(np.abs(answer[:, 0] - reference).max())
        assert record.metrics["reference_accuracy"] < 1e-12
        assert record.claimed_value is None
        assert record.instance == "equation/burgers_1d"
        assert record.instance_size == {"points": 363, "dimensions": 2}
        assert record.problem_settings["nu"] == pytest.approx(0.01 / np.pi)


def test_a_network_says_its_residuals_and_a_baseline_its_resolution(results):
    by_solver = {r.solver: r for r in Store(results).records()}
    assert set(by_solver["pinn"].diagnostics["residuals"]) == {"burgers", "boundary", "initial"}
    assert by_solver["finite_differences"].diagnostics["resolution"] == 64
    trace = [row[2] for row in by_solver["finite_differences"].trace]
    assert len(trace) >= 3
    assert trace[-1] < trace[0]
    assert trace[-1] == pytest.approx(by_solver["finite_differences"].value)


@pytest.mark.parametrize("kind", ["anytime", "field"])
def test_figures(cli, results, tmp_path, kind):
    path = tmp_path / f"{kind}.png"
    done = cli("plot", kind, results, "-o", path)
    assert done.code == 0, done.err
    with Image.open(path) as picture:
        assert min(picture.size) > 200
        assert len(set(picture.convert("L").resize((64, 64)).tobytes())) > 20


def test_the_table_has_errors(cli, results):
    done = cli("table", results)
    assert done.code == 0
    for solver in ("pinn", "finite_differences", "spectral"):
        assert solver in done.out


@pytest.mark.full
def test_an_equation_of_ones_own(tmp_path):
    words = ("problem=fisher", "--plugin", EXAMPLE, f"results={tmp_path}", "--json")
    errors = []
    for steps in (1, 400):
        settings = [w for w in QUICK if "steps" not in w]
        done = dnnbench("run", "method=pinn", *settings, *words, f"budget.steps={steps}")
        assert done.returncode == 0, done.stderr
        errors.append(json.loads(done.stdout)["value"])
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("method=pinn", "instance=equation/heat_1d"), "burgers_1d is the equation/burgers_1d"),
        (("method=pinn", "instance=gset/G1"), "burgers_1d needs a pde"),
        (("method=pinn", "problem.grid=12"), "problem.grid must be 2 whole numbers"),
        (("method=pinn", "problem.nu=0"), "problem.nu must be"),
        (("method=pinn", "method.optimizer=adm"), "method.optimizer must be one of"),
        (("method=deep_ritz",), "method 'deep_ritz' does not solve 'burgers_1d'"),
        (("method=pinn", "budget.target=0.1"), "nobody can know the relative_l2"),
        (("baseline=walk_on_spheres",), "does not solve 'burgers_1d'"),
    ],
)
def test_bad_input_is_one_line(cli, tmp_path, words, message):
    done = cli("run", "problem=burgers_1d", *words, f"results={tmp_path}")
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
