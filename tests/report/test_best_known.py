"""Which problem the registry's best-known value of an instance answers."""

import pytest

from dnnbench.instances.registry import registry
from dnnbench.report.best_known import registry_best_known

PROBLEMS = (
    "maxcut",
    "mis",
    "mwis",
    "max_clique",
    "vertex_cover",
    "qubo",
    "denoise",
    "sat",
    "max_sat",
)


@pytest.mark.parametrize(
    ("instance", "answers"),
    [
        ("gset/G14", {"maxcut": 3064}),
        ("gset/G14@complement", {}),
        ("dimacs/brock200_2", {"max_clique": 12}),
        ("dimacs/brock200_2@complement", {"mis": 12, "vertex_cover": 188}),
        ("mis/frb59-26-2", {"mis": 59, "vertex_cover": 1534 - 59}),
        ("mis/frb59-26-2@complement", {"max_clique": 59}),
        ("mis/keller6-complement", {"mis": 59, "vertex_cover": 3361 - 59}),
        ("mis/keller6-complement@complement", {"max_clique": 59}),
        ("mis/difusco_test_checksums", {}),
        ("gen/hamming-n8-d4", {}),
        ("gen/hamming-n8-d4@complement", {}),
        ("dimacs/none", {}),
        ("dimacs/brock200_2@complement@complement", {}),
        ("dimacs/brock200_2@crop8", {}),
        ("brock200_2", {}),
        ("brock200_2@complement", {}),
        ("@complement", {}),
        ("my.clq@complement", {}),
        ("satlib/uf20-01", {"sat": 0, "max_sat": 0}),
        ("satlib/uuf50-01", {"sat": 1, "max_sat": 1}),
        ("satlib/uf20-01@complement", {}),
        ("skimage/camera", {}),
    ],
)
def test_every_problem_has_its_own_value_or_none(instance, answers):
    for problem in PROBLEMS:
        found = registry_best_known(instance, problem)
        assert (None if found is None else found.value) == answers.get(problem), problem


def test_kind_and_source_are_the_registrys():
    known = registry()["dimacs/brock200_2"].best_known
    clique = registry_best_known("dimacs/brock200_2", "max_clique")
    assert (clique.kind, clique.source) == (known.kind, known.source)
    cover = registry_best_known("dimacs/brock200_2@complement", "vertex_cover")
    assert cover.kind == "optimum-proved"
    assert cover.source == f"200 vertices less the 12 of: {known.source}"


def test_the_fewest_violated_clauses_are_those_that_cannot_hold():
    known = registry()["satlib/2bitadd_10"]
    fewest = registry_best_known("satlib/2bitadd_10", "sat")
    assert (known.m, known.best_known.value) == (1422, 1421)
    assert (fewest.value, fewest.kind) == (1, "optimum-proved")
    assert fewest.source == f"1422 clauses less the 1421 of: {known.best_known.source}"


def test_values_fit_their_graphs():
    for name, known in registry().items():
        if known.in_order:
            size = known.best_known.value
            assert 1 <= size <= known.n
            pairs = size * (size - 1) // 2
            free = known.n * (known.n - 1) // 2 - known.m
            assert pairs <= (known.m if name.startswith("dimacs/") else free), name
            if known.verified_value is not None:
                assert known.verified_value <= size
