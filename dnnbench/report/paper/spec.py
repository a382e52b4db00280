"""The description of a table: `configs/report/NAME.yaml`, or a YAML file of the user's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnnbench.errors import UserError, unknown
from dnnbench.paths import shared_folder

COLUMNS = (
    "kind",
    "taxonomy",
    "seeds",
    "values",
    "gap",
    "mean",
    "geomean",
    "solved",
    "par2",
    "rank",
    "seconds",
    "failed",
)
_DEFAULT_COLUMNS = ("kind", "values", "gap", "failed")
_FORMATS = ("terminal", "markdown", "csv", "latex", "html")
_KEYS = ("problem", "instances", "suite", "solvers", "columns", "where", "caption", "label")
_LABEL = re.compile(r"[A-Za-z0-9:._-]*")


@dataclass(frozen=True)
class Printed:
    """A solver or an instance.

    Attributes:
        name: its name in the records.
        shown: how the table calls it.
    """

    name: str
    shown: str


@dataclass(frozen=True)
class Spec:
    """What a table shows, and in which order.

    Attributes:
        name: of the file.
        problem: whose records.
        others: further problems of the same metric, whose instances stand beside.
        instances: across; with `suite`, those of the suite; if both are empty, all on record.
        suite: its name; "" for none.
        solvers: down; empty is all on record, methods before baselines.
        columns: of `COLUMNS`; `values` is one column for each instance, `solved` one for each
            group of instances.
        where: `KEY=VALUE` words that hold for all records, as for `--where`.
        caption: above the table.
        label: by which a LaTeX text refers to it.
        format: how it is written where the command does not say.
    """

    name: str
    problem: str
    instances: tuple[Printed, ...] = ()
    suite: str = ""
    solvers: tuple[Printed, ...] = ()
    columns: tuple[str, ...] = _DEFAULT_COLUMNS
    where: tuple[str, ...] = ()
    caption: str = ""
    label: str = ""
    format: str = "terminal"
    others: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """All problems that it is about."""
        return (self.problem, *self.others)


def names() -> list[str]:
    """The tables that are shipped."""
    return sorted(path.stem for path in (shared_folder("configs") / "report").glob("*.yaml"))


def read_spec(name: str) -> Spec:
    """The description of this name, or in this YAML file.

    Raises:
        UserError: there is none, or something in it is wrong.
    """
    import yaml

    if name.endswith((".yaml", ".yml")):
        path = Path(name)
    elif name in names():
        path = shared_folder("configs") / "report" / f"{name}.yaml"
    else:
        raise unknown("report", name, names())
    try:
        node = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"report '{name}': {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"report '{name}': {' '.join(str(error).split())}") from None
    return spec_of(path.stem, node)


def spec_of(name: str, node: Any) -> Spec:
    """The description that stands in such a file, or within another one.

    Args:
        name: for messages.
        node: what YAML makes of it.

    Raises:
        UserError: something in it is wrong.
    """
    if not isinstance(node, Mapping):
        raise UserError(f"report '{name}': not a mapping")
    for key in node:
        if key not in (*_KEYS, "format", "_about"):
            raise unknown(f"key of report '{name}':", str(key), [*_KEYS, "format"])
    named = node.get("problem")
    problems = [named] if isinstance(named, str) else named
    if not (isinstance(problems, list) and problems and all(isinstance(p, str) for p in problems)):
        raise UserError(f"report '{name}': `problem` names the problem, or lists several")
    columns = tuple(_texts(name, node, "columns")) or _DEFAULT_COLUMNS
    for column in columns:
        if column not in COLUMNS:
            raise unknown(f"column of report '{name}':", column, COLUMNS)
    format_ = _text(name, node, "format") or "terminal"
    if format_ not in _FORMATS:
        raise unknown(f"format of report '{name}':", format_, _FORMATS)
    label = _text(name, node, "label")
    if _LABEL.fullmatch(label) is None:
        raise UserError(f"report '{name}': `label` has letters, digits, ':', '.', '_' and '-' only")
    suite = _text(name, node, "suite")
    if suite and node.get("instances"):
        raise UserError(f"report '{name}': give `instances` or `suite`, not both")
    return Spec(
        name=name,
        problem=problems[0],
        others=tuple(dict.fromkeys(p for p in problems if p != problems[0])),
        instances=_printed(name, node, "instances"),
        suite=suite,
        solvers=_printed(name, node, "solvers"),
        columns=columns,
        where=tuple(_texts(name, node, "where")),
        caption=_text(name, node, "caption"),
        label=label,
        format=format_,
    )


def _text(name: str, node: Mapping[str, Any], key: str) -> str:
    value = node.get(key)
    if value is not None and not isinstance(value, str):
        raise UserError(f"report '{name}': `{key}` is a text")
    return " ".join((value or "").split())


def _texts(name: str, node: Mapping[str, Any], key: str) -> list[str]:
    values = node.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise UserError(f"report '{name}': `{key}` is a list of words")
    return values


def _printed(name: str, node: Mapping[str, Any], key: str) -> tuple[Printed, ...]:
    """Entries such as `pi_gnn` or `{name: pi_gnn, print: PI-GNN}`."""
    entries = node.get(key) or []
    found: dict[str, Printed] = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        full = {"name": entry} if isinstance(entry, str) else entry
        good = isinstance(full, Mapping) and {"name"} <= set(full) <= {"name", "print"}
        if not good or not all(isinstance(value, str) for value in full.values()):
            raise UserError(f"report '{name}': `{key}` lists names or {{name: ..., print: ...}}")
        if full["name"] in found:
            raise UserError(f"report '{name}': '{full['name']}' is twice in `{key}`")
        found[full["name"]] = Printed(full["name"], full.get("print", full["name"]))
    return tuple(found.values())
