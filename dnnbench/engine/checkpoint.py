"""A run's state as plain arrays, so that it can be kept on disk and gone on from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.job import Outcome
from dnnbench.engine.program import Unit


class Checkpoint(NamedTuple):
    """What a run needs to go on as if it had never stopped.

    Attributes:
        phase: index of the phase its lanes are in.
        seconds: solve time so far.
        units: its units.
        outcomes: incumbents and traces so far, one a trial.
    """

    phase: int
    seconds: float
    units: list[Unit]
    outcomes: list[Outcome]


def write_checkpoint(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    """The checkpoint as arrays of NumPy's own types; its bookkeeping is JSON in `meta`."""
    arrays: dict[str, np.ndarray] = {}
    for i, unit in enumerate(checkpoint.units):
        for j, leaf in enumerate(jax.tree.leaves(unit)):
            arrays[f"unit{i}_{j}"] = _plain(leaf)
    rows = []
    for k, outcome in enumerate(checkpoint.outcomes):
        fields = asdict(outcome)
        if outcome.z is not None:
            arrays[f"z{k}"] = outcome.z
        del fields["z"], fields["pictures"]  # pictures come at the end only
        rows.append(fields)
    meta = {"phase": checkpoint.phase, "seconds": checkpoint.seconds, "outcomes": rows}
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    return arrays


def read_checkpoint(
    arrays: Mapping[str, np.ndarray], shapes: Sequence[Unit], units: int
) -> Checkpoint | None:
    """The inverse of `write_checkpoint`.

    Args:
        arrays: what it returned, or anything else that came from a disk.
        shapes: per phase the shapes and types of a unit.
        units: how many units the run has.

    Returns:
        None if the arrays are not a checkpoint of a run with these shapes.
    """
    try:
        meta = json.loads(bytes(np.asarray(arrays["meta"], np.uint8)))
        phase, seconds, rows = meta["phase"], float(meta["seconds"]), meta["outcomes"]
        leaves, structure = jax.tree.flatten(shapes[phase])
        restored = [
            jax.tree.unflatten(
                structure,
                [_restored(arrays[f"unit{i}_{j}"], leaf) for j, leaf in enumerate(leaves)],
            )
            for i in range(units)
        ]
        outcomes = [_outcome(row, arrays.get(f"z{k}")) for k, row in enumerate(rows)]
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return Checkpoint(phase, seconds, restored, outcomes)


def _outcome(row: dict[str, Any], z: np.ndarray | None) -> Outcome:
    trace = [(float(s), int(n), value) for s, n, value in row.pop("trace")]
    return Outcome(z=z, trace=trace, **row)


def _plain(leaf: Any) -> np.ndarray:
    """Types that NumPy cannot write (keys, bfloat16) as unsigned integers of the same bits."""
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    array = np.asarray(leaf)
    if array.dtype.kind == "V":
        return array.view(np.dtype(f"u{array.dtype.itemsize}"))
    return array


def _restored(array: np.ndarray, like: Any) -> Any:
    if jnp.issubdtype(like.dtype, jax.dtypes.prng_key):
        key = jax.random.wrap_key_data(jnp.asarray(array), impl="threefry2x32")
        if key.shape != like.shape:
            raise ValueError("another shape")
        return key
    wanted = np.dtype(like.dtype)
    if wanted.kind == "V":
        array = array.view(wanted)
    if array.shape != like.shape or array.dtype != wanted:
        raise ValueError("another shape or type")
    return array
