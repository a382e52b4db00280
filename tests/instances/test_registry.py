import re
from collections import Counter

import pytest

from dnnbench.errors import UserError
from dnnbench.instances.registry import best_known, entry, registry, suite, suites


def test_every_instance_is_there():
    prefixes = Counter(name.split("/")[0] for name in registry())
    assert prefixes == {
        "gset": 71,
        "dimacs": 69,
        "mis": 44,
        "satlib": 393,
        "bsd68": 68,
        "set12": 12,
        "kodak24": 24,
        "dip": 11,
        "skimage": 19,
        "pde": 15,
    }


def test_paths_are_unique_and_checksums_well_formed():
    entries = registry().values()
    assert len({each.path for each in entries}) == len(entries) == 726
    for each in entries:
        assert re.fullmatch("[0-9a-f]{64}", each.sha256)
        assert re.fullmatch("[0-9a-f]{64}", each.raw_sha256)
        assert (each.sha256 == each.raw_sha256) == (not each.path.endswith(".gz"))
        assert each.size > 0
        assert each.raw_size > 0
        assert each.url.startswith(("https://", "http://"))
        assert not each.path.startswith("/")
        assert ".." not in each.path


@pytest.mark.parametrize(
    "name",
    [
        "gset/G1",
        "dimacs/C125.9",
        "satlib/uf100-01",
        "bsd68/test001",
        "set12/01",
        "kodak24/kodim01",
        "mis/C2000.9-complement",
        "pde/AC",
        "dip/denoising/F16_GT",
    ],
)
def test_names(name):
    assert entry(name).name == name


def test_every_graph_has_sizes_and_a_best_known_value_with_its_source():
    for each in registry().values():
        if each.family == "graph":
            assert each.n > 0
            assert each.m > 0
            assert each.best_known is not None, each.name
        if each.best_known is not None:
            assert each.best_known.kind in ("optimum-proved", "optimal", "best-known")
            assert each.best_known.source


def test_best_known_values():
    assert best_known("gset/G1").value == 11624
    assert best_known("gset/G50").value == 5880
    assert best_known("dimacs/C125.9").value == 34
    assert best_known("bsd68/test001") is None
    assert entry("gset/G81").verified_value <= entry("gset/G81").best_known.value


def test_only_the_gset_is_published_file_by_file():
    assert {each.suite for each in registry().values() if each.direct} == {"gset"}
    assert all(registry()[name].direct for name in suite("gset"))


def test_suites():
    assert suite("gset")[:2] == ("gset/G1", "gset/G2")
    assert len(suite("gset")) == 71
    assert len(suite("uf100")) == 20
    assert len(suite("satlib")) == 393
    assert len(suite("mis_er")) == 8
    assert all(name in registry() for names in suites().values() for name in names)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gset/G99", r"unknown instance 'gset/G99' \(did you mean 'gset/G\d+'"),
        ("gset/g14", "did you mean .*'gset/G14'"),
        ("G14", r"unknown instance 'G14' \(did you mean 'gset/G14'\?\)"),
        ("uf100", "'uf100' is a suite, not an instance; it begins with satlib/uf100-01"),
        ("!!", "unknown instance '!!'; names begin with bsd68, "),
    ],
)
def test_unknown_instance(name, message):
    with pytest.raises(UserError, match=message) as caught:
        entry(name)
    assert len(str(caught.value)) < 150


def test_unknown_suite():
    with pytest.raises(UserError, match=r"unknown suite 'g-set' \(did you mean 'gset'"):
        suite("g-set")
