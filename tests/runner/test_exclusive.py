"""Which device a timed trial waits for."""

import contextlib
from dataclasses import replace

import pytest

from dnnbench.config.compose import compose
from dnnbench.instances.load import load_instance
from dnnbench.runner import trial
from dnnbench.runner.exclusive import lock_path
from dnnbench.runner.spec import make_spec


def test_each_device_and_folder_has_a_lock_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("DNNBENCH_LOCKS", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    whole = lock_path("gpu")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    paths = {lock_path("cpu"), whole, lock_path("gpu")}
    assert len(paths) == 3
    assert {path.parent for path in paths} == {tmp_path}


@pytest.mark.parametrize("platform", ["cpu", "gpu"])
def test_a_baseline_never_waits_for_the_accelerator(monkeypatch, tmp_path, platform):
    words = [
        "baseline=greedy",
        "instance=gen/random_regular-n20-d3-s1",
        "budget.seconds=0.05",
        "hardware=cpu",
    ]
    config = compose(words)
    instance = load_instance(
        "gen/random_regular-n20-d3-s1", data_dir=None, cache_dir=tmp_path, download=False
    )
    spec = make_spec(config, instance)
    spec = replace(spec, hardware=replace(spec.hardware, platform=platform))
    asked = []

    def turn(device, waiting, given_up):
        asked.append(device)
        return contextlib.nullcontext()

    monkeypatch.setattr(trial, "turn", turn)
    record = trial.run_trial(spec, None).record
    assert asked == ["cpu"]
    assert record.hardware["platform"] == "cpu"
