"""What a paper shows: a file of `configs/paper`, or a YAML file of the user's."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dnnbench.errors import UserError, unknown
from dnnbench.paths import shared_folder
from dnnbench.report.paper.spec import Spec, read_spec, spec_of
from dnnbench.report.plots.style import WIDTHS
from dnnbench.studies.figure import KINDS, Drawing, drawing

_KEYS = ("title", "text", "profiles", "families")
_FAMILY_KEYS = ("title", "text", "sweep", "table", "figure")
_FIGURE_KEYS = (
    "kind",
    "caption",
    "width",
    "gap",
    "target",
    "solvers",
    "instances",
    "seeds",
    "where",
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Picture:
    """The figure of a family.

    Attributes:
        drawing: what is drawn.
        caption: below it.
        solvers, instances, seeds: of these trials only; empty is all.
        where: `KEY=VALUE` words that hold for them.
        options: those of `dnnbench plot` that say the same.
    """

    drawing: Drawing
    caption: str = ""
    solvers: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    where: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """One section: a sweep, its table and its figure.

    Attributes:
        name: of its files.
        title: of the section.
        text: below that, in LaTeX's plain words; everything in it is shown as it stands.
        sweeps: by profile, the words that follow `dnnbench sweep`.
        table: what the table shows.
        report: the table as YAML has it, to be written beside the table.
        picture: the figure; None for none.
    """

    name: str
    title: str
    text: str
    sweeps: Mapping[str, tuple[str, ...]]
    table: Spec
    report: Mapping[str, Any]
    picture: Picture | None


@dataclass(frozen=True)
class Description:
    """A paper.

    Attributes:
        name: of the file.
        folder: where the files are that it names; None for a shipped one.
        title, text: of the paper and of its introduction.
        profiles: how much is run, the first one where nothing is said.
        families: its sections, in order.
    """

    name: str
    folder: Path | None
    title: str
    text: str
    profiles: tuple[str, ...]
    families: tuple[Family, ...]

    def only(self, names: Iterable[str]) -> "Description":
        """The paper with these families alone, in its own order.

        Raises:
            UserError: it has no such family.
        """
        wanted = list(names)
        known = [family.name for family in self.families]
        for name in wanted:
            if name not in known:
                raise unknown(f"family of paper '{self.name}':", name, known)
        if not wanted:
            return self
        return replace(self, families=tuple(f for f in self.families if f.name in wanted))

    def profile(self, name: str | None) -> str:
        """The profile of this name; without a name the first.

        Raises:
            UserError: it has no such profile.
        """
        if name is None:
            return self.profiles[0]
        if name not in self.profiles:
            raise unknown(f"profile of paper '{self.name}':", name, self.profiles)
        return name


def names() -> list[str]:
    """The papers that are shipped."""
    return sorted(path.stem for path in (shared_folder("configs") / "paper").glob("*.yaml"))


def read_description(name: str) -> Description:
    """The description of this name, or in this YAML file.

    Raises:
        UserError: there is none, or something in it is wrong.
    """
    import yaml

    own = name.endswith((".yaml", ".yml"))
    if not own and name not in names():
        raise unknown("paper", name, names())
    path = Path(name) if own else shared_folder("configs") / "paper" / f"{name}.yaml"
    try:
        node = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"paper '{name}': {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"paper '{name}': {' '.join(str(error).split())}") from None
    return _description(path.stem, path.parent if own else None, node)


def _description(name: str, folder: Path | None, node: Any) -> Description:
    what = f"paper '{name}'"
    _check_keys(what, node, (*_KEYS, "_about"))
    profiles = _words(what, node, "profiles") or ("quick", "full")
    families = node.get("families")
    if not isinstance(families, Mapping) or not families:
        raise UserError(f"{what}: `families` maps names to what is shown of each")
    return Description(
        name=name,
        folder=folder,
        title=_text(what, node, "title") or name,
        text=_text(what, node, "text"),
        profiles=profiles,
        families=tuple(
            _family(what, str(key), each, profiles, folder) for key, each in families.items()
        ),
    )


def _family(
    paper: str, name: str, node: Any, profiles: tuple[str, ...], folder: Path | None
) -> Family:
    what = f"family '{name}' of {paper}"
    if _NAME.fullmatch(name) is None:
        raise UserError(f"{what}: its name has letters, digits, '_' and '-' only")
    _check_keys(what, node, _FAMILY_KEYS)
    table, report = _table(what, name, node.get("table"))
    return Family(
        name=name,
        title=_text(what, node, "title") or name,
        text=_text(what, node, "text"),
        sweeps=_sweeps(what, node.get("sweep"), profiles, folder),
        table=replace(table, format="latex"),
        report=report,
        picture=None if node.get("figure") is None else _picture(what, node["figure"]),
    )


def _sweeps(
    what: str, node: Any, profiles: tuple[str, ...], folder: Path | None
) -> dict[str, tuple[str, ...]]:
    """The words of each profile; files of experiments are looked for beside the description."""
    if not isinstance(node, Mapping) or not all(isinstance(text, str) for text in node.values()):
        raise UserError(f"{what}: `sweep` maps each profile to what follows `dnnbench sweep`")
    for key in node:
        if key not in profiles:
            raise unknown(f"profile in `sweep` of {what}:", str(key), profiles)
    lacking = [profile for profile in profiles if profile not in node]
    if lacking:
        raise UserError(f"{what}: `sweep` says nothing of the profile '{lacking[0]}'")
    found = {}
    for profile, text in node.items():
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise UserError(f"{what}: `sweep` of '{profile}': {error}") from None
        if any(word.startswith("results=") for word in words):
            raise UserError(f"{what}: `sweep` must not name results=; the paper does")
        found[str(profile)] = tuple(_beside(word, folder) for word in words)
    return found


def _beside(word: str, folder: Path | None) -> str:
    key, _, value = word.partition("=")
    if key != "experiment" or folder is None or not value.endswith((".yaml", ".yml")):
        return word
    return f"{key}={folder / value}"


def _table(what: str, name: str, node: Any) -> tuple[Spec, Mapping[str, Any]]:
    """A table's description within this one, or the name of one of `configs/report`."""
    if isinstance(node, str):
        return read_spec(node), {"name": node}
    if not isinstance(node, Mapping):
        raise UserError(f"{what}: `table` is a report's description or its name")
    full = {"label": f"tab:{name}"} | dict(node)
    return spec_of(name, full), full


def _picture(what: str, node: Any) -> Picture:
    what = f"`figure` of {what}"
    _check_keys(what, node, _FIGURE_KEYS)
    kind, width = _text(what, node, "kind"), _text(what, node, "width") or None
    if kind not in KINDS:
        raise unknown(f"kind in {what}:", kind, KINDS)
    if width is not None and width not in WIDTHS:
        raise unknown(f"width in {what}:", width, WIDTHS)
    gaps, targets = _numbers(what, node, "gap"), _numbers(what, node, "target")
    try:
        asked = drawing(kind, gaps, targets, width)
    except UserError as error:
        raise UserError(f"{what}: {error}") from None
    options = [f"--gap {gap:g}" for gap in gaps] + [f"--target {value:g}" for value in targets]
    options += [f"--width {width}"] if width else []
    picked = {key: _words(what, node, key) for key in ("solvers", "instances", "where")}
    seeds = tuple(int(seed) for seed in _numbers(what, node, "seeds"))
    flags = (("solver", "solvers"), ("instance", "instances"), ("where", "where"))
    options += [f"--{flag} {shlex.quote(one)}" for flag, key in flags for one in picked[key]]
    options += [f"--seed {seed}" for seed in seeds]
    if any("=" not in word for word in picked["where"]):
        raise UserError(f"{what}: `where` has words KEY=VALUE")
    return Picture(
        drawing=asked,
        caption=_text(what, node, "caption"),
        solvers=picked["solvers"],
        instances=picked["instances"],
        seeds=seeds,
        where=picked["where"],
        options=tuple(options),
    )


def _check_keys(what: str, node: Any, keys: tuple[str, ...]) -> None:
    if not isinstance(node, Mapping):
        raise UserError(f"{what}: not a mapping")
    for key in node:
        if key not in keys:
            raise unknown(f"key of {what}:", str(key), [k for k in keys if k != "_about"])


def _text(what: str, node: Mapping[str, Any], key: str) -> str:
    value = node.get(key)
    if value is not None and not isinstance(value, str):
        raise UserError(f"{what}: `{key}` is a text")
    return " ".join((value or "").split())


def _words(what: str, node: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = node.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise UserError(f"{what}: `{key}` is a list of words")
    return tuple(dict.fromkeys(values))


def _numbers(what: str, node: Mapping[str, Any], key: str) -> tuple[float, ...]:
    values = node.get(key)
    values = values if isinstance(values, list) else [] if values is None else [values]
    try:
        return tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise UserError(f"{what}: `{key}` is a number or a list of numbers") from None
