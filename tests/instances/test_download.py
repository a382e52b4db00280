import contextlib
import dataclasses
import gzip
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dnnbench.errors import UserError
from dnnbench.instances import download
from dnnbench.instances.convert import from_edges
from dnnbench.instances.download import fetch
from dnnbench.instances.formats import dimacs, dimacs_binary, parse_graph
from dnnbench.instances.generators.dimacs import construction
from dnnbench.instances.graph_view import complement
from dnnbench.instances.registry import entry

CONTENT = b"3 2 \n1 2 1\n2 3 1\n"
PAGES = {
    "/good/G1": (200, {}, CONTENT),
    "/packed/G1": (200, {}, gzip.compress(CONTENT)),
    "/encoded/G1": (200, {"Content-Encoding": "gzip"}, gzip.compress(CONTENT)),
    "/wrong/G1": (200, {}, b"3 2 \n1 2 1\n1 3 1\n"),
    "/wrong_packed/G1": (200, {}, gzip.compress(b"something else")),
    "/broken_packed/G1": (200, {}, gzip.compress(CONTENT)[:-6]),
    "/page/G1": (200, {}, b"<html>moved</html>"),
    "/empty/G1": (200, {}, b""),
    "/truncated/G1": (200, {"Content-Length": str(len(CONTENT))}, CONTENT[:5]),
    "/oversized/G1": (200, {}, CONTENT * 50_000),
    "/bomb/G1": (200, {}, gzip.compress(b"0" * 50_000_000)),
    "/encoded_bomb/G1": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"0" * 50_000_000)),
    "/strange_length/G1": (200, {"Content-Length": "many"}, CONTENT),
    "/redirect/G1": (302, {"Location": "/good/G1"}, b""),
    "/loop/G1": (302, {"Location": "/loop/G1"}, b""),
    "/gone/G1": (404, {}, b"not found"),
    "/ill/G1": (500, {}, b""),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        status, headers, body = PAGES[self.path]
        self.send_response(status)
        for key, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(key, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the client may have had enough
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked = []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def at(server):
    def make(page):
        return dataclasses.replace(
            entry("gset/G1"),
            url=f"http://127.0.0.1:{server.server_port}/{page}/G1",
            raw_sha256=hashlib.sha256(CONTENT).hexdigest(),
            raw_size=len(CONTENT),
        )

    return make


GRAPH = construction("dimacs/hamming6-4")
OTHER = from_edges([*GRAPH.edges[1:].tolist(), [0, 1]], 64)  # as many edges, one moved
COMMENTS = "c by hand\n"
SPARSE = construction("mis/hamming10-2-complement")
DENSE = complement(SPARSE, "x")
PAGES |= {
    "/good/hamming6-4.clq.b": (200, {}, dimacs_binary.write(GRAPH, COMMENTS)),
    "/packed/hamming6-4.clq.b": (200, {}, gzip.compress(dimacs_binary.write(GRAPH, COMMENTS))),
    "/text/hamming6-4.clq.b": (200, {}, dimacs.write(GRAPH).encode()),
    "/cut/hamming6-4.clq.b": (200, {}, dimacs_binary.write(GRAPH)[:-1]),
    "/other/hamming6-4.clq.b": (200, {}, dimacs_binary.write(OTHER)),
    "/smaller/hamming6-4.clq.b": (200, {}, dimacs_binary.write(construction("dimacs/keller4"))),
    "/page/hamming6-4.clq.b": (200, {}, b"<html>moved</html>"),
    "/bomb/hamming6-4.clq.b": (200, {}, gzip.compress(b"0" * 50_000_000)),
    "/oversized/hamming6-4.clq.b": (200, {}, bytes(500_000)),
    "/good/hamming10-2.clq.b": (200, {}, dimacs_binary.write(DENSE)),
    "/itself/hamming10-2.clq.b": (200, {}, dimacs_binary.write(SPARSE)),
}


@pytest.fixture
def binary(server):
    """A function that makes the entry of a graph which is published in binary format."""

    def make(page, name="dimacs/hamming6-4", **changes):
        known = entry(name)
        file = known.url.rsplit("/", 1)[-1]
        url = f"http://127.0.0.1:{server.server_port}/{page}/{file}"
        return dataclasses.replace(known, url=url, **changes)

    return make


def rows_of(graph):
    """The edges of a text as the challenge's own programs write them: row by row."""
    return "".join(f"e {v + 1} {u + 1}\n" for v, u in sorted((v, u) for u, v in graph.edges))


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("page", ["good", "packed", "text"])
def test_a_binary_graph_becomes_the_registrys_file(binary, tmp_path, page):
    known = binary(page)
    path = fetch(known, tmp_path)
    assert path == tmp_path / "dimacs" / "hamming6-4.clq"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == known.raw_sha256


def test_a_binary_file_may_be_larger_than_the_text(binary, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_PACKING_SLACK", 100)
    assert fetch(binary("good", raw_size=10), tmp_path).is_file()
    monkeypatch.setattr(download, "_PACKING_SLACK", 1)
    with pytest.raises(UserError, match="larger than the expected 288 bytes"):
        fetch(binary("good", raw_size=10), tmp_path / "other")


@pytest.mark.parametrize("cut", [0, 1])
def test_a_file_with_the_comments_and_without_a_last_line_break_is_made_too(binary, tmp_path, cut):
    text = COMMENTS + "p edge 64 704\n" + rows_of(GRAPH)
    text = text[: len(text) - cut]
    known = binary("good", raw_sha256=sha(text), raw_size=len(text), edges_sha256=None)
    assert fetch(known, tmp_path).read_text() == text


def test_where_no_form_has_the_sha256_the_edges_decide(binary, server, tmp_path):
    known = binary("good", raw_sha256=sha("another file"))
    path = fetch(known, tmp_path)
    assert path.read_text() == COMMENTS + "p edge 64 704\n" + rows_of(GRAPH)
    assert fetch(known, tmp_path) == path
    assert len(server.asked) == 1
    path.write_text(path.read_text().replace("e 64 1\n", "e 63 1\n"))
    fetch(known, tmp_path)
    assert len(server.asked) == 2


def test_the_complement_of_a_published_graph(binary, tmp_path):
    known = binary("good", "mis/hamming10-2-complement")
    graph = parse_graph(fetch(known, tmp_path).read_bytes(), "g.clq")
    assert graph.edges.tolist() == SPARSE.edges.tolist()
    with pytest.raises(UserError, match=r"n=1024 m=518656 instead of n=1024 m=5120"):
        fetch(binary("itself", "mis/hamming10-2-complement"), tmp_path / "other")


@pytest.mark.parametrize(
    ("page", "changes", "message"),
    [
        ("cut", {}, "287 bytes after the preamble, but n=64 needs 288; truncated"),
        ("other", {}, "the sha256 of its edges differs"),
        ("smaller", {}, "n=171 m=9435 instead of n=64 m=704"),
        ("page", {}, "line 1: expected the length of the preamble"),
        ("bomb", {}, "larger than the cap"),
        ("oversized", {}, "larger than the expected"),
        ("good", {"raw_sha256": "0" * 64, "edges_sha256": None}, "of the edges alone is not rec"),
        ("good", {"edges_sha256": "0" * 64, "raw_sha256": "0" * 64}, "sha256 of its edges differs"),
    ],
)
def test_other_binary_content_is_refused(binary, tmp_path, page, changes, message):
    known = binary(page, **changes)
    with pytest.raises(UserError, match=message) as caught:
        fetch(known, tmp_path)
    assert known.url in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("page", ["good", "packed", "encoded", "redirect"])
def test_good_content_comes_to_lie_in_the_cache(at, tmp_path, page):
    path = fetch(at(page), tmp_path / "cache")
    assert path == tmp_path / "cache" / "gset" / "G1"
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("wrong", "is not the expected file"),
        ("wrong_packed", "is not the expected file"),
        ("broken_packed", "damaged or truncated gzip"),
        ("page", "is not the expected file"),
        ("empty", "is not the expected file"),
        ("truncated", "cannot download"),
        ("oversized", "larger than the expected"),
        ("bomb", "larger than the cap"),
        ("encoded_bomb", "larger than the expected"),
        ("strange_length", "cannot download"),
        ("loop", "cannot download"),
        ("gone", r"cannot download .*404.* DNNBENCH_DATA"),
        ("ill", r"cannot download .*500.* DNNBENCH_DATA"),
    ],
)
def test_bad_content_is_refused_and_leaves_nothing_behind(at, tmp_path, page, message):
    asked = at(page)
    with pytest.raises(UserError, match=message) as caught:
        fetch(asked, tmp_path)
    assert asked.url in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_no_server(at, server, tmp_path):
    asked = dataclasses.replace(at("good"), url="http://127.0.0.1:1/G1")
    with pytest.raises(
        UserError, match=r"cannot download http://127\.0\.0\.1:1/G1 .*DNNBENCH_DATA"
    ):
        fetch(asked, tmp_path)


def test_cached_file_is_used_without_asking_and_a_damaged_one_replaced(at, server, tmp_path):
    path = fetch(at("good"), tmp_path)
    fetch(at("good"), tmp_path)
    assert server.asked == ["/good/G1"]
    path.write_bytes(b"damaged")
    assert fetch(at("good"), tmp_path).read_bytes() == CONTENT
    path.write_bytes(b"damaged")
    with pytest.raises(UserError):
        fetch(at("wrong"), tmp_path)
    assert path.read_bytes() == b"damaged"


def test_cap_and_addresses_that_are_no_file_are_refused_without_asking(at, server, tmp_path):
    with pytest.raises(UserError, match="beyond the cap of 5"):
        fetch(at("good"), tmp_path, max_bytes=5)
    with pytest.raises(UserError, match=r"no direct download .*QOBLIB.*DNNBENCH_DATA"):
        fetch(entry("mis/karate"), tmp_path)
    with pytest.raises(UserError, match="no direct download"):
        fetch(dataclasses.replace(at("good"), url="file:///etc/G1"), tmp_path)
    assert server.asked == []


def test_unwritable_cache(at, tmp_path):
    (tmp_path / "gset").write_text("a file where a folder should be")
    with pytest.raises(UserError, match="cannot write"):
        fetch(at("good"), tmp_path)
