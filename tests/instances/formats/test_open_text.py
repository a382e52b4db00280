import gzip
import os
import tracemalloc

import pytest

from dnnbench.errors import UserError
from dnnbench.instances.formats.open_text import check_text, read_bytes, read_text, unpack

PACKED = gzip.compress(b"hello" * 100, mtime=0)


def test_plain_and_gzipped_files_give_the_same_bytes(tmp_path):
    text = b"3 1 \n1 2 1\n"
    (tmp_path / "plain").write_bytes(text)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(text))
    (tmp_path / "packed_without_suffix").write_bytes(gzip.compress(text))
    assert {read_text(path) for path in tmp_path.iterdir()} == {text}


def test_gzip_bomb_is_refused_by_its_unpacked_size(tmp_path):
    bomb = gzip.compress(b"0" * 10_000_000)
    assert len(bomb) < 20_000
    (tmp_path / "bomb.gz").write_bytes(bomb)
    with pytest.raises(UserError, match=r"bomb\.gz: larger than the cap of 1000000 bytes"):
        read_bytes(tmp_path / "bomb.gz", max_bytes=1_000_000)
    assert len(read_bytes(tmp_path / "bomb.gz", max_bytes=10_000_000)) == 10_000_000


def test_a_bomb_is_not_unpacked_beyond_the_cap():
    bomb = gzip.compress(b"0" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="cap"):
            unpack(bomb, "x", max_bytes=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_nested_and_concatenated_gzip(tmp_path):
    assert unpack(gzip.compress(b"a") + gzip.compress(b"b"), "x") == b"ab"
    with pytest.raises(UserError, match="cap of 3 bytes"):
        unpack(gzip.compress(b"aa") + gzip.compress(b"bb"), "x", max_bytes=3)


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


def test_gz_suffix_without_gzip_content(tmp_path):
    (tmp_path / "x.gz").write_bytes(b"3 1\n")
    with pytest.raises(UserError, match=r"x\.gz is not a gzip file"):
        read_bytes(tmp_path / "x.gz")


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
