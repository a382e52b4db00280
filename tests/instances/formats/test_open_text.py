import bz2
import gzip
import lzma
import os
import tracemalloc

import pytest

from dnnbench.errors import UserError
from dnnbench.instances.formats.open_text import (
    check_text,
    read_bytes,
    read_text,
    unpack,
    unpacked_name,
)

PACKED = gzip.compress(b"hello" * 100, mtime=0)
PACKERS = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}


def test_plain_and_packed_files_give_the_same_bytes(tmp_path):
    text = b"3 1 \n1 2 1\n"
    (tmp_path / "plain").write_bytes(text)
    for suffix, pack in PACKERS.items():
        (tmp_path / f"packed.{suffix}").write_bytes(pack(text))
        (tmp_path / f"without_suffix_{suffix}").write_bytes(pack(text))
    assert {read_text(path) for path in tmp_path.iterdir()} == {text}


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_bomb_is_refused_by_its_unpacked_size(tmp_path, suffix):
    bomb = PACKERS[suffix](b"0" * 10_000_000)
    assert len(bomb) < 20_000
    path = tmp_path / f"bomb.{suffix}"
    path.write_bytes(bomb)
    with pytest.raises(UserError, match=rf"bomb\.{suffix}: larger than the cap of 1000000 bytes"):
        read_bytes(path, max_bytes=1_000_000)
    assert len(read_bytes(path, max_bytes=10_000_000)) == 10_000_000


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_bomb_is_not_unpacked_beyond_the_cap(suffix):
    bomb = PACKERS[suffix](b"0" * 30_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="cap"):
            unpack(bomb, "x", max_bytes=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 13_000_000  # xz keeps the last 8 MiB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pack", PACKERS.values())
def test_concatenated_packings(pack):
    assert unpack(pack(b"a") + pack(b"b"), "x") == b"ab"
    with pytest.raises(UserError, match="cap of 3 bytes"):
        unpack(pack(b"aa") + pack(b"bb"), "x", max_bytes=3)


def test_large_plain_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(UserError, match="larger than the cap"):
        read_bytes(path)


@pytest.mark.parametrize(
    "data",
    [
        PACKED[:-9],
        PACKED[:12] + b"\xff\xff\xff" + PACKED[15:],
        PACKED[:-6] + b"sum" + PACKED[-3:],
        b"\x1f\x8b\x08garbage",
        b"\x1f\x8b",
    ],
)
def test_damaged_gzip(tmp_path, data):
    (tmp_path / "bad.gz").write_bytes(data)
    with pytest.raises(UserError, match=r"bad\.gz: damaged or truncated gzip"):
        read_bytes(tmp_path / "bad.gz")


@pytest.mark.parametrize(("suffix", "name"), [("xz", "xz"), ("bz2", "bzip2")])
def test_every_cut_of_another_packing_is_named(tmp_path, suffix, name):
    packed = PACKERS[suffix](b"hello")
    path = tmp_path / f"bad.{suffix}"
    wrong = packed[:20] + b"\xff" * 4 + packed[24:]
    for data in [*(packed[:length] for length in range(len(packed))), wrong]:
        path.write_bytes(data)
        message = rf"bad\.{suffix}(: damaged or truncated| is not a) {name}"
        with pytest.raises(UserError, match=message):
            read_bytes(path)


@pytest.mark.parametrize(("suffix", "name"), [("gz", "gzip"), ("xz", "xz"), ("bz2", "bzip2")])
def test_a_suffix_without_the_content_it_promises(tmp_path, suffix, name):
    for data in (b"3 1\n", b"BZh9 is how a text may begin"):
        (tmp_path / f"x.{suffix}").write_bytes(data)
        with pytest.raises(UserError, match=rf"x\.{suffix} is not a {name} file"):
            read_bytes(tmp_path / f"x.{suffix}")


@pytest.mark.parametrize("name", ["a.cnf", "a.cnf.gz", "a.cnf.xz", "a.cnf.bz2"])
def test_the_suffix_of_the_packing_is_put_aside(name):
    assert unpacked_name(name) == "a.cnf"


def test_missing_file_folder_and_pipe(tmp_path):
    with pytest.raises(UserError, match=r"no such file: .*nowhere"):
        read_bytes(tmp_path / "nowhere")
    with pytest.raises(UserError, match="not a regular file"):
        read_bytes(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="not a regular file"):
        read_bytes(tmp_path / "pipe")


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_empty_file(tmp_path, data):
    (tmp_path / "void").write_bytes(data)
    with pytest.raises(UserError, match="void: the file is empty"):
        read_text(tmp_path / "void")


def test_wrong_encoding_names_the_line():
    with pytest.raises(UserError, match=r"latin\.clq, line 3: not UTF-8"):
        check_text("c one\nc two\nc Erdős\n".encode("iso8859-2"), "latin.clq")
    with pytest.raises(UserError, match=r"wide, line 1: not UTF-8"):
        check_text("3 1\n1 2\n".encode("utf-16"), "wide")


def test_utf8_passes_and_the_byte_order_mark_goes():
    assert check_text("\ufeffc Erdős\n".encode(), "x") == "c Erdős\n".encode()
