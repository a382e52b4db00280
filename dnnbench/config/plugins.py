"""Solvers, problems and suites of other packages and of single files.

A plug-in is a Python module with the classes and, in a string named `DNNBENCH`, the same YAML
that built-ins have under `configs/`, by group and name:

    DNNBENCH = '''
    method:
      my_method:
        learning_rate: 0.1
        _about: {title: My method, implementation: MyMethod, kind: relaxation, problems: [maxcut]}
    '''

The string is read from the source, so that listing plug-ins imports none of them. A module comes
in by a path (`--plugin my_method.py`) or, once installed, through an entry point in the group
`dnnbench.plugins` whose value is the module's name.
"""

import ast
import hashlib
import importlib.machinery
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dnnbench.errors import UserError, unknown

ENTRY_POINTS = "dnnbench.plugins"
GROUPS = ("method", "baseline", "problem", "suite", "experiment")
_REQUIRED = {
    "method": ("title", "implementation", "kind", "problems"),
    "baseline": ("title", "implementation", "kind", "problems"),
    "problem": ("title", "family", "metric", "sense", "exact", "energy", "default_instance"),
    "suite": (),
    "experiment": (),
}
# What problems of a family have in common, and a plug-in may leave out.
_FAMILIES: dict[str, dict[str, dict[str, Any]]] = {
    "pde": {
        "_about": {
            "metric": "relative_l2",
            "sense": "min",
            "unit": "",
            "energy": "builtin:pde.energy.PdeEnergy",
            "solution": "a NumPy file with the values at the evaluation points",
        },
        "settings": {"grid": None, "polish": "none"},
    }
}
_FAMILY_OPTIONS: dict[str, dict[str, Any]] = {
    "grid": {"help": "points of the evaluation grid", "type": "str", "optional": True},
    "polish": {"help": "there is none", "type": "str", "choices": ["none"]},
}
# In this order, because a bool is an int.
_TYPES: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str}
_DEFAULT_PLAN = {
    "lanes": {"cpu": 32, "gpu": 1024},
    "micro_batch": {"cpu": 32, "gpu": 1024},
    "score_every": 50,
    "columns": 1,
    "batching": "vmap",
    "loop": "loop",
    "lane_axis": 0,
    "dtype": "float32",
    "one_wave": False,
}


@dataclass(frozen=True)
class Plugin:
    """A module that brings solvers, problems or suites.

    Attributes:
        source: what it was asked for by: a path, or an entry point's module.
        nodes: its YAML by group and name, completed.
    """

    source: str
    nodes: Mapping[str, Mapping[str, dict[str, Any]]]


def read_file(path: Path) -> Plugin:
    """The plug-in in a file.

    Raises:
        UserError: it cannot be read, or its YAML is wrong; the message names file and key.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise UserError(f"--plugin: cannot read '{path}': {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"--plugin: '{path}' is not a Python file in UTF-8") from None
    where = {"path": str(path.resolve()), "sha256": hashlib.sha256(data).hexdigest()}
    return Plugin(str(path), _nodes(text, str(path), where))


@cache
def installed() -> tuple[Plugin, ...]:
    """The plug-ins of installed packages.

    Raises:
        UserError: one of them is wrong.
    """
    found = []
    for point in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda p: p.name):
        file = _source_of(point.value)
        if file is None:
            raise UserError(f"plug-in '{point.name}': there is no module '{point.value}'")
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise UserError(
                f"plug-in '{point.name}': the source of '{point.value}' cannot be read"
            ) from None
        found.append(Plugin(point.value, _nodes(text, point.value, {"module": point.value})))
    return tuple(found)


def _source_of(module: str) -> Path | None:
    """Where a module's source is; nothing is imported on the way."""
    path: list[str] | None = None
    spec = None
    parts = module.split(".")
    for i in range(len(parts)):
        spec = importlib.machinery.PathFinder.find_spec(".".join(parts[: i + 1]), path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or [])
    assert spec is not None
    return Path(spec.origin) if spec.origin else None


def _nodes(text: str, source: str, where: dict[str, str]) -> dict[str, dict[str, dict[str, Any]]]:
    try:
        declared = _declaration(ast.parse(text))
    except SyntaxError as error:
        raise UserError(f"plug-in {source}:{error.lineno}: {error.msg}") from None
    except ValueError as error:  # null bytes, in some Python versions
        raise UserError(f"plug-in {source}: {error}") from None
    if declared is None:
        raise UserError(f"plug-in {source}: no string named DNNBENCH with its YAML")
    try:
        groups = yaml.safe_load(declared)
    except yaml.YAMLError as error:
        line = str(error).replace("\n", " ")
        raise UserError(f"plug-in {source}: DNNBENCH is no YAML: {line}") from None
    if not isinstance(groups, dict) or not groups:
        raise UserError(f"plug-in {source}: DNNBENCH must map groups to what they contain")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for group, nodes in groups.items():
        if group not in GROUPS or not isinstance(nodes, dict):
            raise UserError(
                f"plug-in {source}: '{group}' is none of the groups " + ", ".join(GROUPS)
            )
        found[group] = {
            str(name): _completed(group, str(name), node, source, where)
            for name, node in nodes.items()
        }
    return found


def _declaration(tree: ast.Module) -> str | None:
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        named = any(isinstance(t, ast.Name) and t.id == "DNNBENCH" for t in targets)
        value = statement.value
        if named and isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return None


def _completed(
    group: str, name: str, node: Any, source: str, where: dict[str, str]
) -> dict[str, Any]:
    """The node with what a plug-in may leave out, and with where its code is."""
    at = f"plug-in {source}: {group} '{name}'"
    if not isinstance(node, dict) or not name.isidentifier():
        raise UserError(f"{at} must be an identifier that maps to its settings")
    strange = [key for key in node if not isinstance(key, str)]
    if strange:
        raise UserError(f"{at}: the key {strange[0]!r} is no word")
    if group == "experiment":
        return dict(node)
    if group == "suite":
        names = node.get("instances")
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names) or not names:
            raise UserError(f"{at} needs `instances`, a list of names")
        return dict(node)
    about = _mapping(node, "_about", at)
    if group == "problem" and about.get("family") in _FAMILIES:
        about = _FAMILIES[about["family"]]["_about"] | about
        node = _FAMILIES[about["family"]]["settings"] | node
    missing = [key for key in _REQUIRED[group] if not about.get(key)]
    if missing:
        raise UserError(f"{at}: _about lacks {', '.join(missing)}")
    about = {"taxonomy": "none", "paper": None, "licence": None} | about | {"plugin": where}
    if group == "baseline":
        about = {"threads": 1, "version": 1} | about
    if "problems" in _REQUIRED[group] and not isinstance(about["problems"], list):
        raise UserError(f"{at}: problems must be a list, as in [maxcut]")
    settings = {k: v for k, v in node.items() if not k.startswith("_") and k != "name"}
    described = _mapping(node, "_options", at)
    if about.get("family") in _FAMILIES:
        described = _FAMILY_OPTIONS | described
    options = _options(settings, described, at)
    complete = {"name": name, **settings, "_about": about, "_options": options}
    if group == "method":
        plan = _mapping(node, "_plan", at)
        for key in plan:
            if key not in _DEFAULT_PLAN:
                raise UserError(f"{at}: {unknown('key of _plan', key, _DEFAULT_PLAN)}")
        complete["_plan"] = _DEFAULT_PLAN | plan
    for key in ("_conformance", "_per_problem", "_budget"):
        if key in node:
            complete[key] = node[key]
    return complete


def _mapping(node: Mapping[str, Any], key: str, at: str) -> dict[str, Any]:
    """The mapping under a key that may be left out."""
    value = node.get(key) or {}
    if not isinstance(value, dict):
        raise UserError(f"{at}: {key} must be a mapping")
    return dict(value)


def _options(
    settings: Mapping[str, Any], described: Mapping[str, Any], at: str
) -> dict[str, dict[str, Any]]:
    """The documentation of every setting: what the plug-in says, the rest by its default."""
    options: dict[str, dict[str, Any]] = {}
    for key, said in described.items():
        if key not in settings:
            raise UserError(f"{at}: _options describes '{key}', which is no setting")
        if not isinstance(said, dict):
            raise UserError(f"{at}: _options.{key} must be a mapping")
        options[key] = {"help": "(no description)"} | said
        if "type" not in said:
            options[key] |= {"type": _guessed(settings[key], f"{at}: setting '{key}'")["type"]}
        if options[key]["type"] not in _TYPES:
            raise UserError(f"{at}: the type of setting '{key}' is none of {', '.join(_TYPES)}")
    for key, value in settings.items():
        if key not in options:
            options[key] = _guessed(value, f"{at}: setting '{key}'")
    return options


def _guessed(value: Any, at: str) -> dict[str, Any]:
    """The documentation of a setting that has none: its type."""
    for kind, type_ in _TYPES.items():
        if isinstance(value, type_):
            return {"help": "(no description)", "type": kind}
    raise UserError(f"{at} needs a type: describe it under _options")
