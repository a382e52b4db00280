"""What is known about public instances: names, addresses, checksums, best-known values.

The facts stand in `datasets/*.csv` (made by `scripts/build_registry.py`); the data does not.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from dnnbench.errors import UserError, nearest, unknown
from dnnbench.paths import shared_folder

FILES = ("gset", "dimacs", "mis", "satlib", "images", "skimage", "pde")


@dataclass(frozen=True)
class BestKnown:
    """The best value known for an instance.

    Attributes:
        value: a cut weight, the size of a clique or independent set, or a number of clauses.
        kind: `optimum-proved`, `optimal`, or `best-known` (no proof).
        source: where the value was published, or how it was proved.
    """

    value: int | float
    kind: str
    source: str


@dataclass(frozen=True)
class Entry:
    """One instance of the registry.

    Attributes:
        name: `gset/G14`.
        suite: the suite it belongs to.
        family: kind of data: `graph`, `cnf`, `image`, `pde`, `table`.
        path: where it lies in a data folder; ends in `.gz` where it is stored packed.
        url: where the original is published, not always in this packing.
        sha256: checksum of the file as stored under `path`.
        size: bytes of that file.
        raw_sha256: checksum of the content, unpacked.
        raw_size: bytes of the content.
        n: vertices, variables or pixels; None where it has no meaning.
        m: edges, clauses or channels; None where it has no meaning.
        best_known: None where no value is known.
        verified_value: the value re-evaluated from a stored solution, or None.
        notes: remarks, `UNVERIFIED` where something was not confirmed.
        edges_sha256: `convert.edges_sha256` of the graph, by which copies with other comments or
            another order of the edges are known; None where no copy was at hand.
    """

    name: str
    suite: str
    family: str
    path: str
    url: str
    sha256: str
    size: int
    raw_sha256: str
    raw_size: int
    n: int | None
    m: int | None
    best_known: BestKnown | None
    verified_value: int | float | None
    notes: str
    edges_sha256: str | None

    @property
    def raw_path(self) -> str:
        """The path of the unpacked file, relative to a data folder or the cache."""
        return self.path.removesuffix(".gz")

    @property
    def in_order(self) -> bool:
        """Whether edges are put in lexicographic order, so that all copies are the same graph."""
        return self.family == "graph" and self.name.startswith(("dimacs/", "mis/"))

    @property
    def binary(self) -> bool:
        """Whether the address names this graph in the binary format of DIMACS.

        For `NAME-complement` that of NAME counts, whose complement is then taken.
        """
        own = PurePosixPath(self.raw_path).name.replace("-complement.clq", ".clq")
        return self.url.rsplit("/", 1)[-1] == own + ".b"

    @property
    def direct(self) -> bool:
        """Whether the address names this very instance, so that it can be downloaded from there."""
        own = PurePosixPath(self.raw_path).name
        return self.binary or self.url.rsplit("/", 1)[-1] in (own, own + ".gz")


@cache
def registry() -> Mapping[str, Entry]:
    """All entries by name."""
    folder = shared_folder("datasets")
    entries: dict[str, Entry] = {}
    for file in FILES:
        with (folder / f"{file}.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                entries[row["name"]] = _entry(row)
    return MappingProxyType(entries)


def entry(name: str) -> Entry:
    """The entry of one instance.

    Raises:
        UserError: no such instance; the message gives the nearest names.
    """
    known = registry()
    if name not in known:
        raise unknown_instance(name)
    return known[name]


def unknown_instance(name: str) -> UserError:
    """The error for a name that is not in the registry; a missing prefix is recognised."""
    if name in suites() and not _tails(name):
        return UserError(f"'{name}' is a suite, not an instance; it begins with {suite(name)[0]}")
    return _unknown_instance(name)


def _tails(name: str) -> list[str]:
    """The instances that are called so after their prefix."""
    return [full for full in registry() if full.split("/", 1)[1].lower() == name.lower()]


def _unknown_instance(name: str) -> UserError:
    tails = _tails(name)
    if tails:
        return UserError(f"unknown instance '{name}' (did you mean '{tails[0]}'?)")
    hint = nearest(name, registry()) or f"; names begin with {', '.join(sorted(_prefixes()))}, gen"
    return UserError(f"unknown instance {name!r}{hint}")


def is_registry_prefix(name: str) -> bool:
    """Whether the part of a name before its first `/` begins names of the registry."""
    return "/" in name and name.split("/", 1)[0] in _prefixes()


def suite(name: str) -> tuple[str, ...]:
    """The instance names of a suite.

    Args:
        name: a list in `datasets/suites/`, a suite of the registry (`uf100`), or the first part
            of instance names (`satlib`).

    Raises:
        UserError: no such suite; the message gives the nearest names.
    """
    known = suites()
    if name not in known:
        raise unknown("suite", name, known)
    return known[name]


@cache
def suites() -> Mapping[str, tuple[str, ...]]:
    """All suites: the names of their instances, by the suite's name."""
    found: dict[str, list[str]] = {}
    for each in registry().values():
        for key in dict.fromkeys([each.suite, each.name.split("/", 1)[0]]):
            found.setdefault(key, []).append(each.name)
    for file in sorted((shared_folder("datasets") / "suites").glob("*.txt")):
        found[file.stem] = _members(file)
    return MappingProxyType({key: tuple(names) for key, names in found.items()})


def best_known(name: str) -> BestKnown | None:
    """The best value known for an instance of the registry, or None.

    Raises:
        UserError: no such instance.
    """
    return entry(name).best_known


def _members(file: Path) -> list[str]:
    """The names in a list of `datasets/suites/`, one a line: also `NAME@complement`, `gen/...`."""
    names = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        name = line.strip()
        if not name:
            continue
        try:
            names.append(_member(name))
        except UserError as error:
            raise UserError(f"{file.name}, line {number}: {error}") from None
    return names


def _member(name: str) -> str:
    """The name, if there is such an instance, or such a view of one."""
    if name in registry():
        return name
    from dnnbench.instances.generators.spec import PREFIX, parse_spec  # NumPy: only when needed
    from dnnbench.instances.view import split_view
    from dnnbench.instances.views import graph_view, picture_view

    base, changes = split_view(name)
    if base.startswith(PREFIX):
        spec = parse_spec(base)
        if changes is None:
            return spec.name
        return f"{spec.name}@{graph_view(spec.family, changes, name, base).name}"
    if changes is None or base not in registry():
        raise _unknown_instance(base)  # not `entry`, whose message looks at the suites again
    family = registry()[base].family
    if family == "image":
        return f"{base}@{picture_view(changes, name, base).name}"
    return f"{base}@{graph_view(family, changes, name, base).name}"


@cache
def _prefixes() -> frozenset[str]:
    return frozenset(name.split("/", 1)[0] for name in registry())


def _entry(row: dict[str, str]) -> Entry:
    value = _number(row["best_known"])
    known = (
        None
        if value is None
        else BestKnown(value, row["best_known_kind"], row["best_known_source"])
    )
    return Entry(
        name=row["name"],
        suite=row["suite"],
        family=row["family"],
        path=row["path"],
        url=row["url"],
        sha256=row["sha256"],
        size=int(row["bytes"]),
        raw_sha256=row["raw_sha256"],
        raw_size=int(row["raw_bytes"]),
        n=int(row["n"]) if row["n"] else None,
        m=int(row["m"]) if row["m"] else None,
        best_known=known,
        verified_value=_number(row["verified_value"]),
        notes=row["notes"],
        edges_sha256=row.get("edges_sha256") or None,
    )


def _number(text: str) -> int | float | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)
