"""Imaging problems as a user types them: run, records, pictures, tables, figures, bad input."""

import json
import signal
import subprocess
import time

import numpy as np
import pytest
from PIL import Image

from dnnbench.records.store import Store
from tests.cli.command import HEARING, dnnbench, environment

PICTURE = "skimage/camera@crop32"
QUICK = ("method.num_steps=40", "method.window=5", "method.patience=10", "method.curve_every=10")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two trials of a network and one of a baseline on a small picture."""
    folder = tmp_path_factory.mktemp("imaging")
    words = (f"instance={PICTURE}", "problem=denoise", f"results={folder}")
    own = ("method.width=8", "method.doublings=2", "method.bands=3", "method.held_out=0.1")
    snapshots = "method.snapshots='1 20'"
    for more in ((), ("problem.sigma=50",)):
        done = dnnbench("run", "method=deep_decoder", *words, *QUICK, *own, snapshots, *more)
        assert done.returncode == 0, done.stderr
    done = dnnbench("run", "baseline=nonlocal_means", *words)
    assert done.returncode == 0, done.stderr
    return folder


def one(results, solver="deep_decoder", sigma=25.0):
    (record,) = [
        r
        for r in Store(results).records()
        if r.solver == solver and r.problem_settings["sigma"] == sigma
    ]
    return record


def test_the_record_holds_every_rules_step_and_figures(results):
    record = one(results)
    rules = {k: v for k, v in record.diagnostics.items() if isinstance(v, dict) and "psnr" in v}
    assert set(rules) >= {"fixed", "ema", "es_wmv", "es_emv", "held_out", "oracle_psnr"}
    assert rules["fixed"]["step"] == 40
    assert record.value == rules["fixed"]["psnr"] == record.metrics["psnr"]
    best = max(v["psnr"] for name, v in rules.items() if name != "ema" and "step_" not in name)
    assert rules["oracle_psnr"]["psnr"] == best
    assert [t for t, _ in rules["oracle_psnr"]["curve"]] == [10, 20, 30, 40]
    assert len(record.diagnostics["oracle_bands"]["curve"]) == 4
    assert record.claimed_value is None
    assert record.instance_size == {"height": 32, "width": 32, "channels": 1}


def test_the_trace_is_psnr_and_the_stored_answer_is_what_was_judged(results):
    from skimage.data import camera
    from skimage.metrics import peak_signal_noise_ratio

    record = one(results)
    answer = Store(results).solution(record.trial_id)
    clean = camera()[240:272, 240:272, None] / 255
    assert record.value == peak_signal_noise_ratio(clean, answer.astype(float), data_range=1)
    values = [row[2] for row in record.trace]
    assert all(5 < value < 40 for value in values)


def test_pictures_of_all_rules_lie_beside_the_record(results):
    record = one(results)
    files = Store(results).pictures(record.trial_id)
    assert set(files) >= {"clean", "measured", "answer", "es_emv", "step_1", "step_20"}
    assert "latest" not in files
    with Image.open(files["fixed"]) as picture:
        shown = np.asarray(picture, float) / 255
    answer = Store(results).solution(record.trial_id)
    assert np.abs(shown - answer[..., 0]).max() <= 0.5 / 255 + 1e-6


def test_the_table_of_rules(cli, results):
    done = cli("table", results, "--rules", "--format", "csv")
    assert done.code == 0
    lines = done.out.splitlines()
    assert sum("deep_decoder" in line and "held_out" in line for line in lines) == 2
    assert sum("nonlocal_means" in line and "answer" in line for line in lines) == 1


@pytest.mark.parametrize("kind", ["anytime", "trajectory", "bands", "strip"])
def test_figures(cli, results, tmp_path, kind):
    path = tmp_path / "figure.png"
    done = cli("plot", kind, results, "-o", path)
    assert done.code == 0, done.err
    with Image.open(path) as figure:
        shown = np.asarray(figure.convert("L"))
    assert min(shown.shape) > 100
    assert (shown < 200).mean() > 0.005  # not a blank sheet


def test_the_printed_end_names_the_rules_and_marks_the_answer(results):
    words = ("method=deep_decoder", f"instance={PICTURE}", "problem=denoise", f"results={results}")
    own = ("method.width=8", "method.doublings=2", "method.bands=3", "method.held_out=0.1")
    done = dnnbench("run", *words, *QUICK, *own, "method.snapshots='1 20'")
    assert done.returncode == 0
    assert "this trial is on record" in done.stdout
    assert "<- the answer" in done.stdout
    assert " dB" in done.stdout
    assert "nonlocal_means" in done.stdout


@pytest.mark.full
def test_the_sealed_picture_is_kept_from_solvers_unless_an_oracle_is_asked_for(tmp_path):
    words = ("method=deep_decoder", f"instance={PICTURE}", "problem=denoise", "--json")
    own = ("method.width=8", "method.doublings=2", "method.oracle=false", f"results={tmp_path}")
    done = dnnbench("run", *words, *QUICK, *own)
    record = json.loads(done.stdout)
    assert not [name for name in record["diagnostics"] if name.startswith("oracle")]
    assert record["value"] > 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("problem=maxcut",), "maxcut needs a graph"),
        (("problem=denoise", "problem.sigma=300"), "problem.sigma must be"),
        (("problem=denoise", "problem.noise=gausian"), "problem.noise must be one of"),
        (("problem=inpaint", "problem.mask=skimage/coins"), "the mask skimage/coins is 303 x 384"),
        (("problem=inpaint", "problem.mask=skimage/coin"), "did you mean 'skimage/coins'"),
        (("problem=inpaint", "problem.missing=1"), "problem.missing must be"),
        (("problem=super_resolution", "problem.factor=5"), "problem.factor must be one of"),
        (("problem=denoise", "method.answer=held_out"), "answer=held_out needs held_out > 0"),
    ],
)
def test_bad_input_is_one_line(cli, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    done = cli("run", "method=deep_decoder", f"instance={PICTURE}", *words)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_too_many_trials_for_a_figure_and_unknown_folders_are_refused(cli, results, tmp_path):
    done = dnnbench(
        "plot", "bands", results, "--solver", "nonlocal_means", "-o", tmp_path / "x.png"
    )
    assert done.returncode == 2
    assert "method.bands=5" in done.stderr
    assert "Traceback" not in done.stderr
    assert cli("plot", "strip", tmp_path / "nowhere").code == 2
    done = cli("plot", "strip", results, "-o", tmp_path / "x.nonsense")
    assert done.code == 2
    assert "Traceback" not in done.err


@pytest.mark.full
def test_an_interrupted_trial_goes_on_to_the_same_record(tmp_path):
    words = ("method=deep_decoder", f"instance={PICTURE}", "problem=denoise")
    words += ("method.width=8", "method.doublings=2", "method.num_steps=4000")
    words += ("method.held_out=0.1", "method.answer=held_out", "hardware.threads=1")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert dnnbench("run", *words, f"results={whole}").returncode == 0
    first = subprocess.Popen(
        [*HEARING, "run", *words, f"results={parts}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    while first.poll() is None and not list(parts.glob("pictures/*/latest.png")):
        time.sleep(0.02)
    first.send_signal(signal.SIGINT)
    assert first.wait(60) == 130
    assert list(parts.glob("checkpoints/*.npz"))
    assert dnnbench("run", *words, f"results={parts}").returncode == 0
    ours, theirs = (next(Store(folder).records()) for folder in (parts, whole))
    assert ours.environment["resumed"]
    assert ours.trial_id == theirs.trial_id
    assert ours.diagnostics == theirs.diagnostics
    answers = [Store(folder).solution(ours.trial_id) for folder in (parts, whole)]
    np.testing.assert_array_equal(*answers)
