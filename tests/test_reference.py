"""The records that ship with dnnbench say what their solutions are worth."""

from pathlib import Path

from dnnbench.config import catalog
from dnnbench.instances.load import load_instance
from dnnbench.paths import shared_folder
from dnnbench.records.store import Store
from dnnbench.runner.resolve import exact_side


def test_every_shipped_value_is_verified_again(tmp_path):
    store = Store(shared_folder("reference"), read_only=True)
    records = list(store.records())
    assert {r.instance for r in records} >= {"gset/G14"}
    for record in records:
        instance = load_instance(record.instance, cache_dir=Path(tmp_path))
        assert instance.sha256 == record.instance_sha256
        problem = exact_side(catalog.entry("problem", record.problem).about)
        verdict = problem.verify(store.solution(record.trial_id), instance.public, None)
        assert verdict.objective == record.value
        assert record.role == "baseline"
