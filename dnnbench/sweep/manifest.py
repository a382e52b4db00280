"""Which trials belong to an experiment, written down in its results folder when it starts.

`ROOT/experiments/NAME.json` holds the override words, so that `resume` needs nothing else, and
the trials' ids, so that `status` need not expand anything.
"""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dnnbench.errors import UserError, nearest
from dnnbench.records.files import publish, stage

_VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Manifest:
    """An experiment that was started.

    Attributes:
        name: under which `status` and `resume` know it.
        blocks: its override words, the user's changes included.
        plugins: plug-in files it needs, relative to the results folder.
        trials: ids of its trials, in order.
        created: when it was last started, ISO 8601.
    """

    name: str
    blocks: tuple[tuple[str, ...], ...]
    plugins: tuple[str, ...]
    trials: tuple[str, ...]
    created: str


def default_name(blocks: Sequence[Sequence[str]]) -> str:
    """A name for a sweep that has none: the same words, the same name."""
    text = json.dumps([list(block) for block in blocks])
    return "sweep-" + hashlib.sha256(text.encode()).hexdigest()[:8]


def check_name(name: str) -> str:
    """`name` itself.

    Raises:
        UserError: it could not be a file's name.
    """
    if _NAME.fullmatch(name) is None:
        raise UserError(f"--name: '{name}' must consist of letters, digits, '.', '_' and '-'")
    return name


def write(
    root: Path,
    name: str,
    blocks: Sequence[Sequence[str]],
    plugins: Sequence[Path],
    trials: Sequence[str],
) -> None:
    """Write an experiment down, in one step.

    Raises:
        UserError: the results folder cannot be written.
    """
    content = {
        "version": _VERSION,
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "blocks": [list(block) for block in blocks],
        "plugins": [os.path.relpath(path, root.resolve()) for path in plugins],
        "trials": list(trials),
    }
    try:
        staged = stage(root / "experiments", json.dumps(content, indent=0).encode())
        publish(staged, root / "experiments" / f"{name}.json", replace=True)
    except OSError as error:
        raise UserError(f"cannot write to the results folder {root}: {error.strerror}") from None


def read(root: Path, name: str | None) -> Manifest:
    """The experiment of this name; without a name, the only one there is.

    Raises:
        UserError: there is none, or several to choose from, or its file is damaged.
    """
    known = names(root)
    if name is None:
        if len(known) != 1:
            what = f"one of: {', '.join(known)}" if known else "none was started there"
            raise UserError(f"which experiment in {root}? {what}")
        name = known[0]
    if name not in known:
        hint = nearest(name, known) or f"; there are: {', '.join(known) or 'none'}"
        raise UserError(f"no experiment '{name}' in {root}{hint}")
    path = root / "experiments" / f"{name}.json"
    try:
        content = json.loads(path.read_bytes())
        if content["version"] != _VERSION:
            raise UserError(f"{path} was written by another version of dnnbench")
        return Manifest(
            name=str(content["name"]),
            blocks=tuple(tuple(str(w) for w in block) for block in content["blocks"]),
            plugins=tuple(str(p) for p in content["plugins"]),
            trials=tuple(str(t) for t in content["trials"]),
            created=str(content["created"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{path} is damaged; start its sweep again") from None


def names(root: Path) -> list[str]:
    """The experiments that were started in a results folder."""
    return sorted(path.stem for path in (root / "experiments").glob("*.json"))
