"""A complete, made-up record, to be varied: for tests, documentation and plug-in authors."""

from dataclasses import replace
from typing import Any

from dnnbench.records.schema import SCHEMA_VERSION, Record
from dnnbench.records.status import Status

_EXAMPLE = Record(
    schema=SCHEMA_VERSION,
    trial_id="0123456789abcdef0123",
    run_id="89abcdef",
    created="2026-01-02T03:04:05Z",
    solver="pi_gnn",
    role="method",
    kind="network",
    taxonomy="architecture-agnostic",
    solver_version=1,
    problem="maxcut",
    problem_settings={},
    instance="gset/G14",
    instance_sha256="ab" * 32,
    instance_size={"n": 800, "m": 4694},
    seed=0,
    settings={"learning_rate": 0.01, "layers": [64, 32]},
    budget={"seconds": 10.0, "steps": None, "restarts": None, "target": None, "cores": 2},
    plan={"platform": "cpu", "dtype": "float32", "kernel": "csr", "lanes": 8, "devices": 1},
    status=Status.BUDGET,
    message=None,
    feasible=True,
    violation=0.0,
    metric="cut",
    sense="max",
    value=3040,
    raw_value=3031,
    claimed_value=3031.0,
    polish={"name": "one_flip", "seconds": 0.002, "before": 3031, "after": 3040},
    metrics={},
    steps=4000,
    restarts=8,
    load_seconds=0.01,
    compile_seconds=1.5,
    solve_seconds=10.02,
    verify_seconds=0.001,
    stacked=False,
    trace=[[0.2, 80, 2980], [10.0, 4000, 3031]],
    diagnostics={},
    hardware={"platform": "cpu", "device_kind": "cpu", "devices": 1, "threads": 2},
    environment={"cpu_model": "Example CPU", "cores_logical": 2, "machine": "x86_64"},
    solution=None,
)


def example_record(**changes: Any) -> Record:
    """The example with some of its fields changed.

    Examples:
        >>> example_record(seed=3).seed
        3
    """
    return replace(_EXAMPLE, **changes)
