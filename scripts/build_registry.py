"""Rebuild `datasets/` from the manifest of a data folder.

Usage: python scripts/build_registry.py PATH/TO/MANIFEST.csv [DATASETS_FOLDER]

Every row of the manifest becomes a row of one of the CSV files that `dnnbench.instances.registry`
reads; the order is natural, so that a rebuild changes only what changed.
"""

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

COLUMNS = [
    *("name", "suite", "family", "path", "url", "sha256", "bytes", "raw_sha256", "raw_bytes"),
    *("n", "m", "best_known", "best_known_kind", "best_known_source", "verified_value", "notes"),
]

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
        write(target / f"{file}.csv", sorted(rows, key=lambda row: natural(row["name"])))
        print(f"{file}.csv: {len(rows)} rows")
    suites = target / "suites"
    suites.mkdir(exist_ok=True)
    members = sorted((row["name"] for row in files["gset"]), key=natural)
    (suites / "gset.txt").write_text("\n".join(members) + "\n", encoding="utf-8")


def write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write one CSV file with Unix line ends."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    default = Path(__file__).resolve().parent.parent / "datasets"
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else default)
