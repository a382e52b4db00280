"""Rebuild `datasets/` from the manifest of a data folder.

Usage: python scripts/build_registry.py PATH/TO/MANIFEST.csv [DATASETS_FOLDER]

Every row of the manifest becomes a row of one of the CSV files that `dnnbench.instances.registry`
reads; the order is natural, so that a rebuild changes only what changed.

Graphs for cliques and independent sets get the sha256 of their edges (`convert.edges_sha256`) from
the file beside the manifest, else from our generator if its n and m are the manifest's, else from
the row that stands in DATASETS_FOLDER already. It stays empty where none of these has the graph.
"""

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from dnnbench.instances.convert import edges_sha256
from dnnbench.instances.formats import read_graph
from dnnbench.instances.generators.dimacs import construction, is_construction

COLUMNS = [
    *("name", "suite", "family", "path", "url", "sha256", "bytes", "raw_sha256", "raw_bytes"),
    *("n", "m", "best_known", "best_known_kind", "best_known_source", "verified_value", "notes"),
]
EDGES = "edges_sha256"
EDGE_FILES = ("dimacs", "mis")
"""The files in datasets/ whose rows have the sha256 of the edges."""

# The manifest's family -> (file in datasets/, kind of data, first part of the name, suite).
# A suite of None is the folder's name.
GROUPS: dict[str, tuple[str, str, str, str | None]] = {
    "gset": ("gset", "graph", "gset", "gset"),
    "dimacs-clique": ("dimacs", "graph", "dimacs", "dimacs"),
    "dimacs-complement": ("mis", "graph", "mis", "mis_dimacs"),
    "mis-er-700-800": ("mis", "graph", "mis", "mis_er"),
    "mis-satlib": ("mis", "graph", "mis", "mis_satlib"),
    "mis-qoblib": ("mis", "graph", "mis", "mis_qoblib"),
    "checksums": ("mis", "table", "mis", "mis_tables"),
    "satlib-uf": ("satlib", "cnf", "satlib", None),
    "satlib-uuf": ("satlib", "cnf", "satlib", None),
    "satlib-beijing": ("satlib", "cnf", "satlib", "satlib_beijing"),
    "satlib-blocksworld": ("satlib", "cnf", "satlib", "satlib_blocksworld"),
    "satlib-cbs": ("satlib", "cnf", "satlib", "satlib_cbs"),
    "satlib-dimacs": ("satlib", "cnf", "satlib", "satlib_dimacs"),
    "satlib-flat": ("satlib", "cnf", "satlib", "satlib_flat"),
    "bmc-preprocessed": ("satlib", "cnf", "satlib", "satlib_bmc"),
    "misc-sat": ("satlib", "cnf", "satlib", "satlib_misc"),
    "image-bsd68": ("images", "image", "bsd68", "bsd68"),
    "image-set12": ("images", "image", "set12", "set12"),
    "image-kodak24": ("images", "image", "kodak24", "kodak24"),
    "image-dip": ("images", "image", "dip", "dip"),
    "pde-pinns": ("pde", "pde", "pde", "pinns"),
    "pde-pinnacle": ("pde", "pde", "pde", "pinnacle"),
}


def convert(row: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The file a manifest row belongs to, and its row there."""
    file, family, prefix, suite = GROUPS[row["family"]]
    stem = PurePosixPath(row["path"].removesuffix(".gz"))
    own = stem.stem if family == "table" else row["instance"]
    kept = {column: row.get(column, "").strip() for column in COLUMNS}
    kept |= {
        "name": f"{prefix}/{own}",
        "suite": suite or stem.parent.name,
        "family": family,
        "url": row["canonical_url"],
    }
    return file, kept


def edges_of(row: dict[str, str], root: Path, known: dict[str, dict[str, str]]) -> str:
    """The sha256 of the edges of a row's graph, empty if the graph is nowhere.

    Args:
        row: as `convert` makes it.
        root: the data folder.
        known: the rows that stand in datasets/ already, by name.

    Raises:
        SystemExit: the graph at hand has another n or m than the manifest says.
    """
    if row["family"] != "graph":
        return ""
    if (root / row["path"]).is_file():
        graph, origin = read_graph(root / row["path"]), "file"
    elif is_construction(row["name"]):
        graph, origin = construction(row["name"]), "generator"
    else:
        before = known.get(row["name"], {})
        return before.get(EDGES, "") if before.get("raw_sha256") == row["raw_sha256"] else ""
    if (graph.num_vertices, graph.num_edges) != (int(row["n"]), int(row["m"])):
        raise SystemExit(f"{row['name']}: n and m of the {origin} are not those of the manifest")
    return edges_sha256(graph)


def natural(text: str) -> list[tuple[int, str]]:
    """A sort key under which G2 comes before G10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def main(manifest: Path, target: Path) -> None:
    """Write the CSV files and the list of the G-set suite."""
    with manifest.open(encoding="utf-8", newline="") as stream:
        converted = [convert(row) for row in csv.DictReader(stream)]
    files: dict[str, list[dict[str, str]]] = defaultdict(list)
    for file, row in converted:
        files[file].append(row)
    names = [row["name"] for _, row in converted]
    if len(set(names)) != len(names):
        raise SystemExit("two rows of the manifest get the same name")
    for file, rows in files.items():
        columns = COLUMNS
        if file in EDGE_FILES:
            columns = [*COLUMNS, EDGES]
            known = {row["name"]: row for row in read(target / f"{file}.csv")}
            for row in rows:
                row[EDGES] = edges_of(row, manifest.parent, known)
        in_order = sorted(rows, key=lambda row: natural(row["name"]))
        write(target / f"{file}.csv", columns, in_order)
        print(f"{file}.csv: {len(rows)} rows")
    suites = target / "suites"
    suites.mkdir(exist_ok=True)
    members = sorted((row["name"] for row in files["gset"]), key=natural)
    (suites / "gset.txt").write_text("\n".join(members) + "\n", encoding="utf-8")


def read(path: Path) -> list[dict[str, str]]:
    """The rows of one CSV file, none if there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, columns: list[str], rows: Iterable[dict[str, str]]) -> None:
    """Write one CSV file with Unix line ends."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    default = Path(__file__).resolve().parent.parent / "datasets"
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else default)
