"""Every method in the registry, on every problem it lists; a new method edits nothing here."""

import jax
import numpy as np
import pytest

from dnnbench.config import catalog
from dnnbench.runner.resolve import exact_side
from tests.methods import conformance

PAIRS = [
    (method, problem)
    for method, entry in catalog.entries("method").items()
    for problem in entry.about["problems"]
]


@pytest.mark.parametrize("name", conformance.TINY)
@pytest.mark.parametrize(("method", "problem"), PAIRS)
def test_finds_the_optimum_and_claims_no_more(method, problem, name):
    spec = conformance.spec_of(method, problem, conformance.tiny(name))
    optimum = conformance.best_cut(spec.instance.public)
    declared = conformance.declared(method)
    asked = name != "signed" or declared.get("optimum_with_signed_weights", True)
    steps = conformance.CAP if asked else conformance.STEPS
    result = conformance.solve(spec, steps=steps, target=-optimum)
    outcome = result.outcomes[0]
    verdict = exact_side(spec.problem_about).verify(outcome.z, spec.instance.public, None)
    assert verdict.feasible
    assert -outcome.cost == verdict.objective
    assert verdict.objective <= optimum
    assert outcome.restarts >= conformance.LANES
    if asked:
        assert verdict.objective == optimum
        assert result.stop == "target"


@pytest.mark.parametrize(("method", "problem"), PAIRS)
def test_same_seed_same_record_other_seed_another(method, problem):
    instance = conformance.tiny("dense")
    compiled = []

    def note(event, seconds, **details):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(details["fun_name"])

    jax.monitoring.register_event_duration_secs_listener(note)
    try:
        first = conformance.solve(conformance.spec_of(method, problem, instance))
    finally:
        jax.monitoring.unregister_event_duration_listener(note)
    assert compiled.count("jit(chunk)") <= 1  # later chunks, longer or shorter, do not recompile
    again = conformance.solve(conformance.spec_of(method, problem, instance))
    other = conformance.solve(conformance.spec_of(method, problem, instance, seed=1))
    a, b, c = (r.outcomes[0] for r in (first, again, other))
    np.testing.assert_array_equal(a.z, b.z)
    assert (a.cost, a.restarts, a.diagnostics, first.steps) == (
        b.cost,
        b.restarts,
        b.diagnostics,
        again.steps,
    )
    assert a.diagnostics["restart_cost"] != c.diagnostics["restart_cost"] or (
        a.z.tobytes() != c.z.tobytes()
    )


def test_graph_networks_cannot_part_twins():
    """Known limit of PI-GNN, kept as a test: vertices with the same neighbours stay together."""
    spec = conformance.spec_of("pi_gnn", "maxcut", conformance.tiny("twins"))
    z = conformance.solve(spec).outcomes[0].z
    assert z[1] == z[3]
    assert conformance.best_cut(spec.instance.public) == 10  # needs 1 and 3 on different sides
