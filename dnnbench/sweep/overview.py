"""What is on record of each sweep that was started in a results folder."""

from collections import Counter
from pathlib import Path
from typing import Any

from dnnbench.errors import UserError
from dnnbench.records.store import Store
from dnnbench.sweep import claims, manifest
from dnnbench.sweep.execute import failure, settled


def overview(root: Path, name: str | None = None) -> list[dict[str, Any]]:
    """One object an experiment: trials, counts by status, what is left, failures.

    Args:
        root: the results folder.
        name: only this experiment.

    Raises:
        UserError: there is no such folder or experiment.
    """
    if not root.is_dir():
        raise UserError(f"no results folder '{root}'")
    store = Store(root, read_only=True)
    names = manifest.names(root) if name is None else [name]
    return [_view(store, manifest.read(root, each)) for each in names]


def _view(store: Store, found: manifest.Manifest) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    failures, left = [], 0
    for trial in found.trials:
        ended = store.ended(trial)
        record = None
        if failure(ended):
            try:
                record = store.get(trial)
            except UserError:  # damaged in a place that was not looked at so far
                ended = None
        if ended is not None:
            counts[ended[0].value] += 1
        left += not settled(ended, retry_failed=False)
        if record is not None:
            failures.append(
                {
                    "trial_id": trial,
                    "status": record.status.value,
                    "solver": record.solver,
                    "instance": record.instance,
                    "seed": record.seed,
                    "message": record.message,
                }
            )
    return {
        "experiment": found.name,
        "created": found.created,
        "trials": len(found.trials),
        "by_status": dict(counts),
        "left": left,
        "running": claims.running(store.root) if left else 0,
        "failures": failures,
        "blocks": [list(block) for block in found.blocks],
    }
