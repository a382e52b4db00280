import gzip
import hashlib
import subprocess
import sys

import pytest

from dnnbench.errors import UserError
from dnnbench.instances import copies, load
from dnnbench.instances.convert import graph_sha256
from dnnbench.instances.formats import rudy
from dnnbench.instances.generators.gset import gset
from dnnbench.instances.load import export, load_instance, locate, raw_bytes, verify
from dnnbench.instances.registry import entry, registry, suite

from .same import assert_same


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def gset_text(name):
    return rudy.write(gset(name)).encode()


def put(folder, path, content):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def test_gset_is_generated_where_there_is_no_file(cache):
    instance = load_instance("gset/G11", cache_dir=cache)
    assert (instance.name, instance.family, instance.source) == ("gset/G11", "graph", "generated")
    assert instance.sealed is None
    assert instance.sha256 == entry("gset/G11").raw_sha256
    assert_same(instance.public, gset("G11"))
    assert not cache.exists()


@pytest.mark.parametrize("stored", ["plain", "packed"])
def test_data_folder_comes_before_cache_before_generator(tmp_path, cache, stored):
    data = tmp_path / "data"
    put(cache, "gset/G22", gset_text("G22"))
    assert load_instance("gset/G22", data_dir=data, cache_dir=cache).source == "cache"
    if stored == "plain":
        put(data, "gset/G22", gset_text("G22"))
    else:
        put(data, "gset/G22.gz", gzip.compress(gset_text("G22")))
    instance = load_instance("gset/G22", data_dir=data, cache_dir=cache)
    assert instance.source == "data folder"
    assert_same(instance.public, gset("G22"))


@pytest.mark.parametrize(("place", "words"), [("data", "data folder"), ("cache", "cache")])
def test_damaged_copies_are_refused(tmp_path, cache, place, words):
    put(tmp_path / place, "gset/G11", gset_text("G12"))
    with pytest.raises(UserError, match=f"gset/G11: the copy in the {words} is damaged"):
        load_instance("gset/G11", data_dir=tmp_path / "data", cache_dir=cache)


def test_a_generator_gone_wrong_is_noticed(cache, monkeypatch):
    monkeypatch.setattr(copies, "gset", lambda name: gset("G12"))
    with pytest.raises(UserError, match="sha256 differs"):
        load_instance("gset/G11", cache_dir=cache)
    assert [v.ok for v in verify(["gset/G11"], cache_dir=cache)] == [False]


def test_what_is_missing_says_how_to_get_it(cache, monkeypatch):
    with pytest.raises(UserError, match=r"mis/karate is not here: .*QOBLIB.*DNNBENCH_DATA"):
        load_instance("mis/karate", cache_dir=cache)
    with pytest.raises(UserError, match=r"`dnnbench data fetch dimacs/C125\.9`, or set DNNBENCH_D"):
        load_instance("dimacs/C125.9", cache_dir=cache)
    monkeypatch.setattr(copies, "at_hand", lambda *_: iter(()))
    with pytest.raises(UserError, match="run `dnnbench data fetch gset/G1`, or set DNNBENCH_DATA"):
        load_instance("gset/G1", cache_dir=cache)


def test_download_is_asked_only_if_allowed_and_needed(cache, monkeypatch):
    asked = []

    def fetch(known, folder):
        asked.append(known.name)
        put(folder, known.raw_path, gset_text("G11"))
        return folder / known.raw_path

    monkeypatch.setattr(copies, "fetch", fetch)
    load_instance("gset/G11", cache_dir=cache, download=True)
    assert asked == []
    put(cache, "gset/G11", b"damaged")
    assert load_instance("gset/G11", cache_dir=cache, download=True).source == "cache"
    assert asked == ["gset/G11"]


def test_other_families_are_known_but_not_loaded_yet(cache):
    with pytest.raises(UserError, match="not supported yet by this version"):
        load_instance("pde/AC", cache_dir=cache)
    assert locate("pde/AC", cache_dir=cache) is None


def test_generated_instances_carry_their_canonical_name(cache):
    instance = load_instance("gen/random_regular-s1-d3-n50", cache_dir=cache)
    assert instance.name == "gen/random_regular-n50-d3-s1"
    assert instance.sha256 == graph_sha256(instance.public)
    assert instance.source == "generated"


def test_files_of_the_user(tmp_path, cache, monkeypatch):
    text = b"3 1 \n1 3 -1\n"
    put(tmp_path, "own/g.rudy.gz", gzip.compress(text))
    monkeypatch.chdir(tmp_path)
    instance = load_instance("own/g.rudy.gz", cache_dir=cache)
    assert (instance.name, instance.source) == ("own/g.rudy.gz", "file")
    assert instance.sha256 == hashlib.sha256(text).hexdigest()
    assert instance.public.edges.tolist() == [[0, 2]]
    assert export("own/g.rudy.gz", cache_dir=cache) == text.decode()


def test_the_registry_wins_over_a_file_of_the_same_name(tmp_path, cache, monkeypatch):
    put(tmp_path, "gset/G11", b"2 1 \n1 2 1\n")
    monkeypatch.chdir(tmp_path)
    assert load_instance("gset/G11", cache_dir=cache).public.num_vertices == 800
    assert load_instance("./gset/G11", cache_dir=cache).public.num_vertices == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gset/G99", r"unknown instance 'gset/G99' \(did you mean"),
        ("G14", r"did you mean 'gset/G14'"),
        ("gsett", "unknown instance 'gsett'"),
        ("", "unknown instance ''"),
        ("no/such.txt", r"no such file, and no instance of this name: no/such\.txt"),
        ("such.rudy", r"no such file.*such\.rudy"),
        ("a\0b", "unknown instance"),
        ("x" * 5000 + ".txt", "no such file"),
        ("gen/sk", "parameter 'n' is missing"),
        (".", "not a regular file"),
    ],
)
def test_names_that_mean_nothing(cache, name, message):
    with pytest.raises(UserError, match=message):
        load_instance(name, cache_dir=cache)


def test_export_is_byte_exact(cache):
    assert export("gset/G11", cache_dir=cache).encode() == gset_text("G11")
    assert raw_bytes("gset/G11", cache_dir=cache) == gset_text("G11")
    spec = "gen/toroidal_2d-r3-c4-s1"
    graph = load_instance(spec, cache_dir=cache).public
    assert export(spec, cache_dir=cache) == rudy.write(graph)
    with pytest.raises(UserError, match="binary"):
        export("bsd68/test001", cache_dir=cache)


def test_locate_prefers_the_data_folder(tmp_path, cache):
    put(cache, "gset/G22", b"")
    assert locate("gset/G22", cache_dir=cache) == cache / "gset/G22"
    put(tmp_path, "gset/G22.gz", b"")
    assert locate("gset/G22", data_dir=tmp_path, cache_dir=cache) == tmp_path / "gset/G22.gz"
    with pytest.raises(UserError, match="unknown instance"):
        locate("gset/G99", cache_dir=cache)


def test_verify_the_gset_without_any_folder(cache):
    checked = list(verify(suite("gset"), cache_dir=cache))
    assert len(checked) == 71
    assert all(each.ok and each.how == "generated" for each in checked)


def test_verify_checks_every_copy(tmp_path, cache):
    put(tmp_path, "gset/G11", gset_text("G11"))
    put(cache, "gset/G11", gset_text("G11"))
    put(cache, "gset/G12", gset_text("G11"))
    names = ["gset/G11", "gset/G12", "dimacs/C125.9"]
    found = list(verify(names, data_dir=tmp_path, cache_dir=cache))
    assert found[0] == ("gset/G11", True, "data folder, cache, generated")
    assert found[1] == (
        "gset/G12",
        False,
        "gset/G12: the copy in the cache is damaged (sha256 differs)",
    )
    assert found[2] == ("dimacs/C125.9", False, "not here: no data folder or cache holds it")
    with pytest.raises(UserError, match="unknown instance"):
        list(verify(["gset/G99"], cache_dir=cache))


def test_default_cache_dir_is_the_users(monkeypatch):
    assert load.default_cache_dir().name == "dnnbench"


def test_jax_is_never_imported():
    code = (
        "import sys, pathlib; sys.modules['jax'] = None\n"
        "from dnnbench.instances import load\n"
        "load.load_instance('gset/G11', cache_dir=pathlib.Path('nowhere'))\n"
        "assert not {'networkx', 'pandas', 'pooch', 'PIL', 'skimage'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.data
def test_every_file_of_the_data_folder_is_intact_and_loads(data_dir, cache):
    here = [n for n in registry() if locate(n, data_dir=data_dir, cache_dir=cache)]
    assert here
    assert all(each.ok for each in verify(here, data_dir=data_dir, cache_dir=cache))
    for name in here:
        known = entry(name)
        if known.family not in ("graph", "cnf"):
            continue
        instance = load_instance(name, data_dir=data_dir, cache_dir=cache)
        assert (instance.source, instance.sha256) == ("data folder", known.raw_sha256)
        public = instance.public
        if known.family == "graph":
            assert (public.num_vertices, public.num_edges) == (known.n, known.m), name
        else:
            assert (public.num_variables, public.num_constraints) == (known.n, known.m), name
            assert public.is_cnf
