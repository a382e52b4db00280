"""`dnnbench data`: list, verify, path, export, fetch."""

import hashlib

import pytest

from dnnbench.instances.registry import entry
from tests.cli.command import dnnbench


def test_list_is_the_list_of_instances(cli):
    assert cli("data", "list", "gset").out == cli("list", "instances", "--suite", "gset").out
    assert cli("data", "list", "--json").out == cli("list", "instances", "--json").out


def test_verify_generates_what_is_not_here(cli):
    said = cli("data", "verify", "gset/G1", "gset/G11")
    assert said.code == 0
    assert said.out.splitlines() == [
        "ok  gset/G1: generated",
        "ok  gset/G11: generated",
        "2 of 2 match their sha256",
    ]


def test_verify_finds_a_damaged_copy(cli, tmp_path):
    path = tmp_path / "cache" / entry("gset/G1").raw_path
    path.parent.mkdir(parents=True)
    path.write_text("800 1\n1 2 1\n")
    said = cli("data", "verify", "gset/G1")
    assert said.code == 1
    assert "BAD gset/G1: gset/G1: the copy in the cache is damaged" in said.out


def test_export_is_the_published_file_byte_for_byte(cli, tmp_path):
    file = tmp_path / "G1.txt"
    assert cli("data", "export", "gset/G1", "-o", file).code == 0
    assert hashlib.sha256(file.read_bytes()).hexdigest() == entry("gset/G1").raw_sha256


def test_export_to_standard_output(tmp_path):
    done = dnnbench("data", "export", "gen/toroidal_2d-r3-c3-s1")
    assert done.returncode == 0
    assert done.stdout.startswith("9 18 \n")


def test_path_and_fetch_of_what_is_in_the_cache(cli, tmp_path):
    path = tmp_path / "cache" / entry("gset/G1").raw_path
    path.parent.mkdir(parents=True)
    cli("data", "export", "gset/G1", "-o", path)
    assert cli("data", "path", "gset/G1").out.strip() == str(path)
    said = cli("data", "fetch", "gset/G1")
    assert said.code == 0
    assert "gset/G1: have it (cache, generated)" in said.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("path", "gset/G1"), "gset/G1 has no file here"),
        (("path", "gset/G100"), "unknown instance 'gset/G100' (did you mean 'gset/G10'"),
        (("verify", "gest"), "unknown instance 'gest'"),
        (("list", "gest"), "unknown suite 'gest' (did you mean 'gset'"),
        (("export", "gset/G0"), "unknown instance 'gset/G0'"),
        (("export", "gset/G1", "-o", "/nowhere/G1"), "cannot write '/nowhere/G1'"),
        (("export", "gen/gnp-n5"), "parameter 'p' is missing"),
        (("fetch", "G1"), "did you mean 'gset/G1'?"),
    ],
)
def test_wrong_use(cli, arguments, said):
    done = cli("data", *arguments)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""
    assert done.err.count("\n") == 1
