"""What the config groups hold: names and metadata of everything that can be chosen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from dnnbench.config import plugins
from dnnbench.errors import UserError, unknown
from dnnbench.paths import shared_folder

GROUPS = ("method", "baseline", "problem", "budget", "hardware")
# What only many trials have: how they are started, on which instances, which belong together.
SWEEP_GROUPS = ("launcher", "suite", "experiment")

# The safe loader in C where PyYAML has it: ten times faster, and every command reads these files.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Plug-ins named by a path in this process; Hydra keeps its own such register of added configs.
_LOADED: dict[str, plugins.Plugin] = {}


@dataclass(frozen=True)
class Entry:
    """One option of a config group.

    Attributes:
        group: one of `GROUPS` or `SWEEP_GROUPS`.
        name: the option's name.
        about: its metadata (`_about`).
        options: documentation of its settings (`_options`).
        defaults: settings with their default values.
        node: everything that stands in its YAML.
    """

    group: str
    name: str
    about: dict[str, Any]
    options: dict[str, dict[str, Any]]
    defaults: dict[str, Any]
    node: dict[str, Any]

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
            "plugin": "plugin" in about,
        }


def entries(group: str) -> Mapping[str, Entry]:
    """All options of a group by name, sorted; built-ins, installed plug-ins, loaded files.

    Raises:
        UserError: a plug-in takes a name that is taken.
    """
    brought = (*plugins.installed(), *_LOADED.values())
    if not any(group in p.nodes for p in brought):
        return _shipped(group)
    found = dict(_shipped(group))
    for plugin in brought:
        for name, node in plugin.nodes.get(group, {}).items():
            if name in found:
                raise UserError(
                    f"plug-in {plugin.source}: there is a {group} '{name}' already; rename it"
                )
            found[name] = _entry(group, name, node)
    return MappingProxyType(dict(sorted(found.items())))


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
    return [entries(g)[name] for g in (*GROUPS, *SWEEP_GROUPS) if name in entries(g)]


def load_plugins(paths: Iterable[Path]) -> None:
    """Add the plug-ins in these files to what can be chosen in this process.

    Raises:
        UserError: a file cannot be read or is no plug-in, or takes a name that is taken.
    """
    before = dict(_LOADED)
    try:
        for path in paths:
            _LOADED[str(path.resolve())] = plugins.read_file(path)
        for group in plugins.GROUPS:
            entries(group)
    except UserError:
        _LOADED.clear()
        _LOADED.update(before)
        raise


def loaded_plugins() -> tuple[Path, ...]:
    """The files that were loaded, for whoever starts another process."""
    return tuple(Path(path) for path in _LOADED)


@cache
def _shipped(group: str) -> Mapping[str, Entry]:
    folder = shared_folder("configs") / group
    nodes = {p.stem: _read(p) for p in sorted(folder.glob("*.yaml"))}
    return MappingProxyType({name: _entry(group, name, node) for name, node in nodes.items()})


def _read(path: Path) -> dict[str, Any]:
    """The node in a file, over those that its `defaults` name, as Hydra composes it."""
    own = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or {}
    node: dict[str, Any] = {}
    for base in own.pop("defaults", []):
        if base != "_self_":
            node = _merged(node, _read(path.with_name(f"{base}.yaml")))
    return _merged(node, own)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = _merged(result[key], value) if both else value
    return result


def _entry(group: str, name: str, node: dict[str, Any]) -> Entry:
    settings = {k: v for k, v in node.items() if not k.startswith("_") and k != "name"}
    return Entry(group, name, node.get("_about", {}), node.get("_options", {}), settings, node)
