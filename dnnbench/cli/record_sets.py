"""The sets of records that `diff` is about, by what a person types.

`FOLDER` is all records of a results folder, `EXPERIMENT` those of a sweep in `--results`,
`FOLDER:EXPERIMENT` those of a sweep in that folder, and `FOLDER@COMMIT` (or `@COMMIT`, in
`--results`) those that were made with that commit of dnnbench checked out.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dnnbench.cli.selection import open_store
from dnnbench.errors import UserError, nearest
from dnnbench.records.schema import Record
from dnnbench.report.where import holding
from dnnbench.sweep import manifest

_COMMIT = re.compile(r"[0-9a-f]{4,40}")
_SHOWN = 12


@dataclass(frozen=True)
class RecordSet:
    """Records with a name.

    Attributes:
        name: in words, with how many there are.
        records: at least one.
        notes: what else is to be said of them.
    """

    name: str
    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()


def read_set(typed: str, results: Path, where: Sequence[str] | None = None) -> RecordSet:
    """The records that a word stands for.

    Args:
        typed: one of the forms above.
        results: the folder of experiments and commits that name none.
        where: `KEY=VALUE` words that all hold.

    Raises:
        UserError: it is none of the forms, names nothing or several things, or no record matches.
    """
    folder = Path(typed)
    if folder.is_dir():
        if folder.name == typed and typed in manifest.names(results):
            raise UserError(
                f"'{typed}' is a folder and an experiment in {results}; write ./{typed} or "
                f"{results}:{typed}"
            )
        return _chosen(typed, list(open_store(folder).records()), where)
    before, sign, commit = typed.rpartition("@")
    if sign and (not before or Path(before).is_dir()):
        return _of_commit(Path(before) if before else results, commit, where)
    before, sign, experiment = typed.rpartition(":")
    if sign and Path(before).is_dir():
        return _of_experiment(Path(before), experiment, where)
    if not results.is_dir() or typed not in (known := manifest.names(results)):
        hint = ""
        if results.is_dir():
            hint = nearest(typed, known) or f"; there are: {', '.join(known) or 'none'}"
        raise UserError(
            f"'{typed}' is neither a results folder nor an experiment in '{results}'{hint}"
        )
    return _of_experiment(results, typed, where)


def _of_experiment(folder: Path, name: str, where: Sequence[str] | None) -> RecordSet:
    store = open_store(folder)
    found = manifest.read(folder, name)
    own = [store.get(trial) for trial in found.trials if store.has(trial)]
    if not own:
        raise UserError(f"no trial of experiment '{name}' in {folder} is on record")
    missing = len(found.trials) - len(own)
    note = f"Experiment {name}: {missing} of {len(found.trials)} trials were not run."
    return _chosen(f"experiment {name} in {folder}", own, where, *([note] if missing else []))


def _of_commit(folder: Path, commit: str, where: Sequence[str] | None) -> RecordSet:
    every = list(open_store(folder).records())
    counts = Counter(name for record in every if (name := _commit(record)) is not None)
    there = ", ".join(f"{name} ({count})" for name, count in counts.most_common(_SHOWN))
    there = f"; there are: {there or 'none'}"
    if _COMMIT.fullmatch(commit) is None:
        raise UserError(f"'@{commit}': give at least four digits of a commit{there}")
    # A record has the commit's first twelve digits; `git rev-parse` prints all of them.
    found = [name for name in counts if name.startswith(commit) or commit.startswith(name)]
    if len(found) != 1:
        what = "no record" if not found else f"records of {len(found)} commits"
        raise UserError(f"{what} in {folder} of a commit that begins with '{commit}'{there}")
    own = [record for record in every if _commit(record) == found[0]]
    dirty = sum(record.environment.get("git_dirty") is True for record in own)
    note = f"Commit {found[0]}: {dirty} of {len(own)} records were made with changed files."
    return _chosen(f"commit {found[0]} in {folder}", own, where, *([note] if dirty else []))


def _commit(record: Record) -> str | None:
    found = record.environment.get("git_commit")
    return found if isinstance(found, str) else None


def _chosen(
    name: str, records: list[Record], where: Sequence[str] | None, *notes: str
) -> RecordSet:
    """The records for which all words hold, with a name."""
    for word in where or ():
        if "=" not in word:
            raise UserError(f"--where '{word}': write KEY=VALUE")
        records = holding(records, word)
    if not records:
        raise UserError(f"no records of {name} match" if where else f"no records in {name}")
    return RecordSet(f"{name} ({len(records)} records)", tuple(records), notes)
