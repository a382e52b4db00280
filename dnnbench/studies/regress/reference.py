"""The reference of the gate: a store of records with their experiment and their calibrations.

It has what is compared and no more: no solutions, and records without their traces and diagnostics,
so that it can stand in a repository. Everything else in its folder (a README) is left as it is.
"""

import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dnnbench.errors import UserError
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.studies.regress import clocked
from dnnbench.studies.regress.clocked import Calibrations
from dnnbench.studies.regress.judge import Side
from dnnbench.sweep import manifest

_OWN = ("records", "experiments", clocked.FILE)


def read_side(root: Path, name: str | None, title: str) -> Side:
    """An experiment on record.

    Args:
        root: the results folder.
        name: of the experiment; None for the only one there.
        title: what messages call it.

    Raises:
        UserError: there is no such folder, experiment or record.
    """
    if not root.is_dir():
        raise UserError(f"no results folder '{root}'")
    found = manifest.read(root, name)
    store = Store(root, read_only=True)
    records = tuple(store.get(trial) for trial in found.trials if store.has(trial))
    if not records:
        raise UserError(f"no trial of experiment '{found.name}' in {root} is on record")
    clock = clocked.read(root) or Calibrations(code="")
    return Side(f"{title} {root} ({len(records)} records)", found, records, clock)


def read_reference(root: Path) -> Side:
    """The reference in a folder.

    Raises:
        UserError: there is none.
    """
    if not root.is_dir() or not manifest.names(root):
        raise UserError(
            f"no reference in '{root}': make one with dnnbench regress --record --experiment NAME "
            "--results DIR, then dnnbench accept"
        )
    return read_side(root, None, "the reference")


def check_complete(side: Side) -> None:
    """Raise `UserError` if a trial of the experiment has no record."""
    planned = len(side.experiment.trials)
    missing = planned - len(side.records)
    if missing:
        raise UserError(
            f"{missing} of {planned} trials of '{side.experiment.name}' have no record: run the "
            "gate to its end first"
        )


def replace_reference(root: Path, results: Path, side: Side) -> None:
    """Make an experiment on record the reference, in the place of the one that is there.

    The new one is complete, in a folder beside, before the old one is moved away; should the second
    of the two renames fail, the first is undone.

    Raises:
        UserError: a trial has no record, or the folder cannot be written.
    """
    check_complete(side)
    root = root.absolute()
    token = uuid.uuid4().hex[:8]
    new, old = (root.with_name(f".{root.name}.{word}-{token}") for word in ("new", "old"))
    try:
        if root.is_dir():
            shutil.copytree(root, new, ignore=_own_of(root))
        _write(new, results, side)
        if root.is_dir():
            root.rename(old)
        try:
            new.rename(root)
        except BaseException:  # an interrupt too: the old one must never be lost
            if old.is_dir():
                old.rename(root)
            raise
    except OSError as error:
        raise UserError(f"cannot write the reference {root}: {error.strerror}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if root.is_dir():
            shutil.rmtree(old, ignore_errors=True)


def _own_of(root: Path) -> Callable[[str, list[str]], list[str]]:
    """For `copytree`: what is not copied, the parts of the store at the top of the folder."""

    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder) == root and name in _OWN]

    return ignored


def _write(folder: Path, results: Path, side: Side) -> None:
    found = side.experiment
    store = Store(folder)
    for record in side.records:
        store.put(_slim(record))
    plugins = [(results / path).resolve() for path in found.plugins]
    manifest.write(folder, found.name, found.blocks, plugins, found.trials)
    clocked.write(folder, side.clock.only({record.trial_id: record for record in side.records}))


def _slim(record: Record) -> Record:
    return replace(record, trace=[], diagnostics={})
