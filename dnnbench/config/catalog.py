"""What the config groups hold: names and metadata of everything that can be chosen."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dnnbench.errors import unknown
from dnnbench.paths import shared_folder

GROUPS = ("method", "baseline", "problem", "budget", "hardware")


@dataclass(frozen=True)
class Entry:
    """One option of a config group.

    Attributes:
        group: `method`, `baseline`, `problem`, `budget` or `hardware`.
        name: the option's name.
        about: its metadata (`_about`).
        options: documentation of its settings (`_options`).
        defaults: settings with their default values.
    """

    group: str
    name: str
    about: dict[str, Any]
    options: dict[str, dict[str, Any]]
    defaults: dict[str, Any]

    def summary(self) -> dict[str, Any]:
        """The machine-readable object of `list --json`."""
        about = self.about
        return {
            "name": self.name,
            "kind": about.get("kind"),
            "taxonomy": about.get("taxonomy"),
            "problems": list(about.get("problems", [])),
            "paper": about.get("paper"),
            "licence": about.get("licence"),
            "title": about.get("title"),
            "extra": about.get("extra"),
        }


def _read(path: Path, group: str) -> Entry:
    raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    settings = {k: v for k, v in raw.items() if not k.startswith("_") and k != "name"}
    return Entry(group, path.stem, raw.get("_about", {}), raw.get("_options", {}), settings)


@cache
def entries(group: str) -> dict[str, Entry]:
    """All options of a group by name, sorted."""
    folder = shared_folder("configs") / group
    return {p.stem: _read(p, group) for p in sorted(folder.glob("*.yaml"))}


def entry(group: str, name: str) -> Entry:
    """One option of a group.

    Raises:
        UserError: there is none of that name; the message gives the nearest ones.
    """
    known = entries(group)
    if name not in known:
        raise unknown(group, name, known)
    return known[name]


def find(name: str) -> list[Entry]:
    """The entries of this name in any group (for `show`)."""
    return [entries(g)[name] for g in GROUPS if name in entries(g)]
