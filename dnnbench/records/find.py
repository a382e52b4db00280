"""Finds a record by what a person types: its id, the id's first digits, or its file."""

from pathlib import Path

from dnnbench.errors import UserError
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.records.trial_id import is_trial_id

_LEAST_DIGITS = 4


def find_record(named: str, root: Path) -> tuple[Store, Record]:
    """The record and the store it is in.

    Args:
        named: a trial id, at least four first digits of one, or a record's file.
        root: the results folder to look in; a file says its own.

    Raises:
        UserError: there is none, or more than one begins so.
    """
    path = Path(named)
    if path.suffix == ".json" and is_trial_id(path.stem):
        if not path.is_file():
            raise UserError(f"no such record file: {named}")
        shard = path.resolve().parent
        if shard.parent.name != "records" or shard.name != path.stem[:2]:
            raise UserError(f"{named} is not where records are (RESULTS/records/{path.stem[:2]}/)")
        store = Store(shard.parent.parent, read_only=True)
        return store, store.get(path.stem)
    if not root.is_dir():
        raise UserError(f"no results folder '{root}'; name it with --results")
    store = Store(root, read_only=True)
    if is_trial_id(named):
        return store, store.get(named)
    if len(named) < _LEAST_DIGITS:
        raise UserError(f"'{named}': give at least {_LEAST_DIGITS} digits of the trial's id")
    found = [trial for trial in store.ids() if trial.startswith(named)]
    if len(found) != 1:
        what = "no record" if not found else f"{len(found)} records"
        raise UserError(f"{what} in {root} with an id that begins with '{named}'")
    return store, store.get(found[0])
