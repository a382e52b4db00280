"""A grid of settings: one program, records of its own kind, a figure."""

import json

import numpy as np
import pytest

from dnnbench.cli.main import main
from dnnbench.config.compose import compose
from dnnbench.engine import compiled
from dnnbench.errors import UserError
from dnnbench.instances.load import load_instance
from dnnbench.runner.inprocess import solve_in_process
from dnnbench.runner.spec import make_spec
from dnnbench.runner.stack import stacked
from dnnbench.studies.landscape import landscape

WORDS = (
    "method=rlsa problem=maxcut instance=gen/gnm-n30-m90-s1 hardware=cpu "
    "method.num_steps=50 plan.lanes=4 plan.score_every=10"
).split()
AXES = [
    "x=method.tau0", "y=method.distance", "method.tau0=0.5,5,50", "method.distance=2,8",
]  # fmt: skip


def solve(tmp_path, *more):
    words = [*WORDS, *more, f"results={tmp_path / 'results'}"]
    return landscape(words, data_dir=None, cache_dir=tmp_path / "cache")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return solve(tmp_path_factory.mktemp("landscape"), *AXES)


def test_a_record_for_each_point_of_one_run(found):
    assert (found.x.values, found.y.values) == ((0.5, 5.0, 50.0), (2.0, 8.0))
    assert found.solved == len(found.records) == 6
    settings = [(r.settings["tau0"], r.settings["distance"]) for r in found.records]
    assert settings == [(0.5, 2), (5.0, 2), (50.0, 2), (0.5, 8), (5.0, 8), (50.0, 8)]
    assert all(r.stacked for r in found.records)
    assert len({r.run_id for r in found.records}) == 1
    assert len({r.trial_id for r in found.records}) == 6
    assert len({r.solve_seconds for r in found.records}) == 1
    for record in found.records:
        assert record.polish is None
        assert record.value == record.claimed_value
        assert record.restarts == 4
        assert "merit" in record.diagnostics


def test_every_point_is_what_a_run_of_its_own_finds(found):
    instance = load_instance("gen/gnm-n30-m90-s1", cache_dir=None)
    for record in found.records:
        own = [f"method.{k}={record.settings[k]}" for k in ("tau0", "distance")]
        spec = make_spec(
            compose([*WORDS, *own, "problem.polish=none", "budget.restarts=4"]), instance
        )
        single = solve_in_process(spec, "max").finals[0]
        assert single.claim == record.value
        assert spec.trial_id != record.trial_id  # its times are another matter
        assert record.restarts == single.restarts


def test_the_grid_is_compiled_once(monkeypatch):
    calls = []
    original = compiled.compile_run
    monkeypatch.setattr(
        "dnnbench.engine.run.compile_run", lambda *a, **k: calls.append(1) or original(*a, **k)
    )
    instance = load_instance("gen/gnm-n30-m90-s1", cache_dir=None)
    spec = make_spec(compose([*WORDS, "method.num_steps=49", "budget.restarts=4"]), instance)
    trials = stacked(spec, [{"tau0": t, "distance": d} for t in (1, 2, 4) for d in (3, 5)])
    from dataclasses import replace

    run = replace(
        trials[0],
        plan=replace(spec.plan, lanes=24, micro_batch=8),
        stack=tuple({"tau0": t.settings["tau0"], "distance": 3.0} for t in trials),
    )
    final = solve_in_process(run, "max").finals[0]
    assert len(calls) == 1
    assert final.z.shape == (6, 30)
    assert all(row["found"] for row in final.diagnostics["stack"])


def test_what_is_on_record_is_not_solved_again(found, tmp_path_factory):
    folder = found.store.root.parent
    again = solve(folder, *AXES)
    assert again.solved == 0
    assert [r.run_id for r in again.records] == [r.run_id for r in found.records]


def test_the_command_draws_it(found, tmp_path, capsys):
    figure = tmp_path / "map.png"
    words = [*WORDS, *AXES, f"results={found.store.root}"]
    with pytest.raises(SystemExit) as ended:
        main(["landscape", *words, "-q", "-o", str(figure)])
    assert ended.value.code == 0
    assert "6 points, on record" in capsys.readouterr().out
    assert figure.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x=method.tau0"], "give y=method.NAME"),
        (["x=method.tau0", "y=method.tau0"], "both axes are method.tau0"),
        (["x=method.tau0", "y=plan.lanes"], "an axis is a setting of the method"),
        (["x=method.tau0", "y=method.distance"], "has no values: give some"),
        (["x=method.tau0", "y=method.distance", "method.tau0=a,b", "method.distance=1"],
         "takes numbers"),
        (["x=method.tau0", "y=method.num_steps", "method.tau0=1,2", "method.num_steps=5,6"],
         "'num_steps' is compiled into the program"),
        (["x=method.tau0", "y=method.distance", "method.tau0=1,2", "method.distance=1.5,2"],
         "must be an integer"),
    ],
)  # fmt: skip
def test_a_wrong_grid_is_said(words, message, tmp_path):
    with pytest.raises(UserError, match=message):
        solve(tmp_path, *words)
    with pytest.raises(UserError, match="give method=NAME"):
        landscape(AXES, data_dir=None, cache_dir=tmp_path)


def test_numbers_of_the_figure(found):
    """Of cuts every rounding is feasible: the map shows the value itself."""
    from dnnbench.report.plots.heat_map import MAPS

    record = found.records[0]
    assert MAPS["best before repair"](record) == record.value
    assert MAPS["share feasible before repair"](record) is None
    assert np.isfinite(MAPS["relaxed loss at the end, mean"](record))
    json.dumps(record.diagnostics)
