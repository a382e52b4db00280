"""Copies of an instance of the registry: in the data folder, in the cache, generated, in a wheel.

A copy is good if it has the registry's sha256 or, for graphs whose edges have one, those edges.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from dnnbench.errors import MissingDataError, UserError
from dnnbench.instances.digest import public_sha256
from dnnbench.instances.download import fetch
from dnnbench.instances.embedded import SOURCE, embedded_bytes, is_recorded
from dnnbench.instances.formats import dimacs, parse_graph, rudy
from dnnbench.instances.formats.families import parse_formula
from dnnbench.instances.formats.open_text import read_bytes
from dnnbench.instances.formula import Formula
from dnnbench.instances.generators.dimacs import construction, is_construction
from dnnbench.instances.generators.gset import gset
from dnnbench.instances.graph import Graph
from dnnbench.instances.identity import is_file_of, is_graph_of
from dnnbench.instances.image import Image
from dnnbench.instances.registry import Entry, entry


class Content(NamedTuple):
    """An instance of the registry as a file's bytes or a made graph, and where it came from."""

    data: bytes | Graph
    source: str

    def as_bytes(self) -> bytes:
        """The file's content; a made graph in DIMACS format."""
        return dimacs.write(self.data).encode() if isinstance(self.data, Graph) else self.data


class Verified(NamedTuple):
    """The outcome of checking one instance.

    Attributes:
        name: the instance's name.
        ok: whether a copy was found and every copy is good.
        how: the sources checked, or what is wrong.
    """

    name: str
    ok: bool
    how: str


def stored(known: Entry, data_dir: Path | None, cache_dir: Path) -> Path | None:
    """The file in the data folder or the cache, or None."""
    places = ((data_dir, (known.path, known.raw_path)), (cache_dir, (known.raw_path,)))
    for folder, paths in places:
        for path in paths:
            if folder is not None and (folder / path).is_file():
                return folder / path
    return None


def verify(
    names: Iterable[str], *, data_dir: Path | None = None, cache_dir: Path
) -> Iterator[Verified]:
    """Check every copy at hand (data folder, cache, generator) against the registry.

    Raises:
        UserError: no such instance.
    """
    for known in [entry(name) for name in names]:
        checked: list[str] = []
        try:
            for found in at_hand(known, data_dir, cache_dir):
                _check(known, found)
                checked.append(found.source)
        except UserError as error:
            yield Verified(known.name, False, str(error))
            continue
        how = ", ".join(checked) or "not here: no data folder or cache holds it"
        yield Verified(known.name, bool(checked), how)


def at_hand(known: Entry, data_dir: Path | None, cache_dir: Path) -> Iterator[Content]:
    """Every copy at hand, in the order in which they are used; contents are not checked."""
    if data_dir is not None:
        path = stored(known, data_dir, data_dir)
        if path is not None:
            yield Content(read_bytes(path), "data folder")
    cached = cache_dir / known.raw_path
    if cached.is_file():
        yield Content(read_bytes(cached), "cache")
    if known.suite == "gset":
        yield Content(rudy.write(gset(known.name.split("/", 1)[1])).encode(), "generated")
    elif is_construction(known.name):
        yield Content(construction(known.name), "generated")
    inside = embedded_bytes(known)
    if inside is not None:
        yield Content(inside, SOURCE)


def content(known: Entry, data_dir: Path | None, cache_dir: Path, download: bool) -> Content:
    """The first copy at hand, checked; fetched if allowed and needed.

    Raises:
        UserError: the copy is damaged, or there is none; the message says how to get one.
    """
    for found in at_hand(known, data_dir, cache_dir):
        if found.source == "cache" and download:
            break  # fetch replaces a damaged copy
        if found.source != SOURCE:  # another picture is another instance, by its digest
            _check(known, found)
        return found
    if download:
        return Content(read_bytes(fetch(known, cache_dir)), "cache")
    if known.direct:
        remedy = f"run `dnnbench data fetch {known.name}`, or"
    else:
        remedy = f"it has no direct download (original: {known.url});"
    raise MissingDataError(f"{known.name} is not here: {remedy} set DNNBENCH_DATA to a data folder")


def graph_of(known: Entry, found: Content) -> Graph:
    """The graph of a checked copy, the same whichever copy it is."""
    if isinstance(found.data, Graph):
        return found.data
    graph = parse_graph(found.data, known.raw_path)
    return graph.in_order() if known.in_order else graph


def formula_of(known: Entry, found: Content) -> Formula:
    """The formula of a checked copy."""
    return parse_formula(found.as_bytes(), known.raw_path)


def public_of(known: Entry, found: Content) -> Any:
    """The public half of a checked copy, of one of the families in `READ`."""
    return READ[known.family](known, found)


READ: Mapping[str, Callable[[Entry, Content], Any]] = MappingProxyType(
    {"graph": graph_of, "cnf": formula_of}
)
"""The families of the registry whose files hold the public half, and how it is read."""


def picture_of(known: Entry, data: bytes) -> Image:
    """The picture of a name in the registry."""
    from dnnbench.instances.formats.pictures import parse_picture  # Pillow: only when needed

    return parse_picture(data, known.name)


def _check(known: Entry, found: Content) -> None:
    if isinstance(found.data, Graph):
        if not is_graph_of(known, found.data):
            raise UserError(f"{known.name}: the generator makes another graph (edges differ)")
    elif found.source == SOURCE:  # the pixels count, not how they are packed
        if not is_recorded(known.name, public_sha256("image", picture_of(known, found.data))):
            raise UserError(f"{known.name}: the installed scikit-image has another picture there")
    elif not is_file_of(known, found.data):
        raise UserError(f"{known.name}: the copy in the {found.source} is damaged (sha256 differs)")
