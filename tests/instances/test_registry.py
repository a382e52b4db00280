import re
from collections import Counter

import pytest

from dnnbench.errors import UserError
from dnnbench.instances import registry as module
from dnnbench.instances.convert import edges_sha256
from dnnbench.instances.formats import read_graph
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


def test_the_gset_and_dimacs_are_published_file_by_file():
    suites_of = {each.suite for each in registry().values() if each.direct}
    assert suites_of == {"gset", "dimacs", "mis_dimacs"}
    for name in suite("gset"):
        assert (registry()[name].direct, registry()[name].binary) == (True, False)
    for name in [*suite("dimacs"), *suite("mis_dimacs")]:
        assert (registry()[name].direct, registry()[name].binary) == (True, True)


def test_which_graphs_have_a_checksum_of_their_edges():
    recorded = Counter()
    for each in registry().values():
        if each.edges_sha256 is not None:
            assert re.fullmatch("[0-9a-f]{64}", each.edges_sha256)
            assert each.in_order
            recorded[each.name.split("/")[0]] += 1
    assert recorded == {"dimacs": 57, "mis": 38}
    assert len({each.edges_sha256 for each in registry().values()}) == 57 + 38 + 1


@pytest.mark.data
def test_checksums_of_edges_are_those_of_the_files(data_dir):
    small = [e for e in registry().values() if e.in_order and e.raw_size < 300_000]
    here = [e for e in small if (data_dir / e.path).is_file()]
    assert len(here) > 30
    for each in here:
        assert edges_sha256(read_graph(data_dir / each.path)) == each.edges_sha256, each.name


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """A function that makes a suite `own` of these lines and returns its members."""

    def make(text):
        (tmp_path / "suites").mkdir()
        (tmp_path / "suites" / "own.txt").write_text(text)
        monkeypatch.setattr(module, "shared_folder", lambda name: tmp_path)
        monkeypatch.setattr(module, "suites", suites.__wrapped__)
        return suite("own")

    return make


def test_a_suite_may_name_views_and_generated_graphs(listed):
    text = """gset/G1
        dimacs/C125.9@complement
        mis/karate@weights0200-complement

        gen/gnp-p0.50-n10-s1
        gen/hamming-n8-d4@complement
        skimage/camera@gray-crop8x8
        """
    assert listed(text) == (
        "gset/G1",
        "dimacs/C125.9@complement",
        "mis/karate@complement-weights200",
        "gen/gnp-n10-p0.5-s1",
        "gen/hamming-n8-d4@complement",
        "skimage/camera@crop8-gray",
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gset/G99", r"unknown instance 'gset/G99' \(did you mean"),
        ("gset/G1 gset/G2", "unknown instance 'gset/G1 gset/G2'"),
        ("gset/G99@complement", r"unknown instance 'gset/G99' \(did you mean"),
        ("gset/G1@crop8", "gset/G1 is no picture, .*a graph has NAME@complement-weights"),
        ("gset/G1@complements", r"unknown change 'complements' \(did you mean 'complement'"),
        ("skimage/camera@complement", "skimage/camera is a picture, so it has no complement"),
        ("satlib/uf20-01@complement", "satlib/uf20-01 is no graph, so it has no complement"),
        ("gen/qubo-n5-p1-s1@complement", "gen/qubo-n5-p1-s1 is no graph"),
        ("gen/gnp-n10-p2", "parameter 's' is missing"),
        ("gen/hamming-n8-d4-s1", "unknown parameter 's1'"),
    ],
)
def test_a_wrong_line_of_a_suite_is_named(listed, line, message):
    with pytest.raises(UserError, match=rf"^own\.txt, line 3: .*{message}"):
        listed(f"gset/G1\n\n{line}\ngset/G2\n")


def test_suites():
    assert suite("gset")[:2] == ("gset/G1", "gset/G2")
    assert len(suite("gset")) == 71
    assert len(suite("uf100")) == 20
    assert len(suite("satlib")) == 393
    assert len(suite("mis_er")) == 8
    members = [name for names in suites().values() for name in names]
    assert all(name in registry() or name.startswith("gen/") for name in members)


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
