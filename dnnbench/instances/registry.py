"""What is known about public instances: names, addresses, checksums, best-known values.

The facts stand in `datasets/*.csv` (made by `scripts/build_registry.py`); the data does not.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
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

    @property
    def raw_path(self) -> str:
        """The path of the unpacked file, relative to a data folder or the cache."""
        return self.path.removesuffix(".gz")

    @property
    def direct(self) -> bool:
        """Whether the address names this very file, so that it can be downloaded from there."""
        own = PurePosixPath(self.raw_path).name
        return self.url.rsplit("/", 1)[-1] in (own, own + ".gz")


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
    tails = [full for full in registry() if full.split("/", 1)[1].lower() == name.lower()]
    if tails:
        return UserError(f"unknown instance '{name}' (did you mean '{tails[0]}'?)")
    if name in suites():
        return UserError(f"'{name}' is a suite, not an instance; it begins with {suite(name)[0]}")
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
        found[file.stem] = [entry(line).name for line in file.read_text("utf-8").split()]
    return MappingProxyType({key: tuple(names) for key, names in found.items()})


def best_known(name: str) -> BestKnown | None:
    """The best value known for an instance of the registry, or None.

    Raises:
        UserError: no such instance.
    """
    return entry(name).best_known


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
    )


def _number(text: str) -> int | float | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)
