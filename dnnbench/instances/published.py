"""Published optima of the programs of netlib and of Maros and Meszaros, by the names of files.

The registry has none of these programs: nobody has recorded the sha256 of their files, without
which nothing is downloaded. Who has a file gets the value published for its name; that the file is
the one that was meant is not checked. The values stand in `datasets/programs.csv`.
"""

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from types import MappingProxyType
from typing import NamedTuple

from dnnbench.instances.formats.open_text import unpacked_name
from dnnbench.paths import shared_folder

_SUFFIXES = MappingProxyType({".mps": "netlib", ".qps": "maros_meszaros"})
"""The suite that a file of this kind may belong to."""


class Published(NamedTuple):
    """The optimum that is published for a name, which solvers confirm to 6 digits or so.

    Attributes:
        optimum: the objective.
        source: where it stands, and which solver found it.
    """

    optimum: float
    source: str


def published_optimum(file: str) -> Published | None:
    """The optimum published for the program that a file is called after, or None.

    Case and punctuation do not count: `netlib/PILOT_JA.mps.gz` is `pilot.ja`, but the suffix does.
    """
    path = PurePath(unpacked_name(file))
    suite = _SUFFIXES.get(path.suffix.lower())
    return None if suite is None else _all().get((suite, _key(path.stem)))


@cache
def _all() -> Mapping[tuple[str, str], Published]:
    with (shared_folder("datasets") / "programs.csv").open(encoding="utf-8", newline="") as stream:
        return MappingProxyType(
            {
                (row["suite"], _key(row["name"])): Published(float(row["optimum"]), row["source"])
                for row in csv.DictReader(stream)
            }
        )


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
