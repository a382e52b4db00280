"""The store: one file a record, under its trial's id; any number of processes may write to it.

    ROOT/records/3f/3f0c....json           one record
    ROOT/solutions/3f/3f0c...-<hash>.npy   its solution; the name carries a hash of the bytes
    ROOT/quarantine/3f0c...-<random>.json  record files that could not be read
    ROOT/checkpoints/3f0c....npz           state of a method's trial that has not ended
    ROOT/pictures/3f0c.../es_wmv.png       what a stopping rule returned, for looking at

A record comes into being in one step (a hard link to a finished temporary file), after its
solution, so that a writer killed at any instant leaves either the whole trial or nothing that
counts. Temporary files and solutions without a record do no harm; `Store.clean` removes them.
Opening a store touches nothing, so a read-only folder can be read.
"""

import contextlib
import gc
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace as with_fields
from pathlib import Path

import numpy as np

from dnnbench.errors import UserError
from dnnbench.records import plain, solution_file
from dnnbench.records.files import publish, read_regular, stage, sweep_temporary, sync_folder
from dnnbench.records.schema import NewerSchemaError, Record
from dnnbench.records.status import Status
from dnnbench.records.trial_id import check_trial_id, is_trial_id

STALE_SECONDS = 3600.0
LARGEST_RECORD = 64 * 2**20
"""Bytes: a trace of a million improvements, and little enough to be parsed in memory."""
_LONGEST_PROBLEM = 300
_ENDED_LINES = re.compile(
    rb'^"status": "(?P<status>[a-z_]+)",$.*?^"value": (?P<value>[^\n]+),$', re.MULTILINE | re.DOTALL
)


class Store:
    """The records in one folder.

    Args:
        root: the folder; it is made by the first `put`.
        on_problem: called with each line that is added to `problems`.
        read_only: whether nothing may be written, and damaged files stay where they are.

    Attributes:
        problems: one line for each record file that could not be read so far.
    """

    def __init__(
        self,
        root: Path,
        on_problem: Callable[[str], None] | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        self.root = Path(root)
        self.read_only = read_only
        self.problems: list[str] = []
        self._on_problem = on_problem
        self._swept: set[Path] = set()

    def put(
        self, record: Record, solution: np.ndarray | None = None, replace: bool = False
    ) -> bool:
        """Add a trial, its solution first; `record.solution` is set here.

        Args:
            record: the record to keep.
            solution: its solution, if it has one (never an object array).
            replace: whether a record of the same id gives way.

        Returns:
            False if the id has a (readable) record already and `replace` is off.

        Raises:
            UserError: the folder cannot be written, or the disk is full; nothing was added.
            ValueError: the record or the solution has something in it that cannot be stored.
        """
        self._refuse_if_read_only()
        path = self.path(record.trial_id)
        staged: list[Path] = []
        data = None if solution is None else solution_file.to_bytes(solution)
        name = None if data is None else solution_file.name_for(record.trial_id, data)
        text = with_fields(record, solution=name).dumps().encode("ascii")
        if len(text) > LARGEST_RECORD:  # what could not be read back must never be written
            raise ValueError(f"the record has {len(text)} bytes, more than {LARGEST_RECORD}")
        try:
            if data is not None and name is not None:
                staged.append(stage((self.root / name).parent, data))
            staged.append(stage(path.parent, text))
            if name is not None:
                publish(staged[0], self.root / name, replace=True)
            added = publish(staged[-1], path, replace=replace)
            if added:
                sync_folder(path.parent)
            self._sweep_once(staged)
        except OSError as error:
            raise UserError(
                f"cannot write record {record.trial_id} to {self.root}: {_reason(error)}"
            ) from None
        finally:
            for leftover in staged:
                with contextlib.suppress(OSError):
                    leftover.unlink(missing_ok=True)
        if not added and self._read(record.trial_id) is None and not path.exists():
            return self.put(record, solution)  # what was in the way was damaged and is gone
        return added

    def put_picture(self, trial_id: str, name: str, png: bytes) -> None:
        """Keep or replace a picture of a trial; it is for looking at, the solution is the answer.

        Raises:
            UserError: the folder cannot be written.
        """
        self._refuse_if_read_only()
        path = self.picture_path(trial_id, name)
        try:
            publish(stage(path.parent, png), path, replace=True)
        except OSError as error:
            raise UserError(f"cannot write {path.name} to {self.root}: {_reason(error)}") from None

    def pictures(self, trial_id: str) -> dict[str, Path]:
        """The files of a trial's pictures by name; none if it has none."""
        folder = self.picture_path(trial_id, "any").parent
        names = [name for name in self._names(folder) if name.endswith(".png")]
        return {name.removesuffix(".png"): folder / name for name in names}

    def picture_path(self, trial_id: str, name: str) -> Path:
        """Where a picture of a trial is, or would be."""
        return self.root / "pictures" / check_trial_id(trial_id) / f"{name}.png"

    def check_writable(self) -> None:
        """Raise `UserError` now, rather than after a long run, if nothing could be `put`."""
        self._refuse_if_read_only()
        try:
            stage(self.root / "records", b"").unlink()
        except OSError as error:
            raise UserError(
                f"cannot write to the results folder {self.root}: {_reason(error)}"
            ) from None

    def has(self, trial_id: str) -> bool:
        """Whether there is a record of this id; it is not read."""
        try:
            return self.path(trial_id).exists()
        except OSError as error:
            raise self._unreadable(error) from None

    def get(self, trial_id: str) -> Record:
        """The record of this id.

        Raises:
            UserError: there is none, or it cannot be read.
        """
        record = self._read(trial_id, strict=True)
        if record is None:
            raise UserError(f"no record {trial_id} in {self.root}")
        return record

    def solution(self, trial_id: str) -> np.ndarray | None:
        """The solution stored with the record of this id, None if it has none.

        Raises:
            UserError: there is no such record, or the solution is missing or damaged.
        """
        name = self.get(trial_id).solution
        if name is None:
            return None
        if solution_file.trial_of(name) != trial_id:
            raise UserError(f"record {trial_id} names a solution that is not its own: {name!r}")
        try:
            return solution_file.from_bytes(read_regular(self.root / name), name)
        except OSError as error:
            raise UserError(f"the solution of {trial_id} is missing: {_reason(error)}") from None
        except ValueError:
            raise UserError(
                f"the solution of {trial_id} is damaged ({name}): run the trial again"
            ) from None

    def status(self, trial_id: str) -> Status | None:
        """How the trial of this id ended, None without a (readable) record."""
        ended = self.ended(trial_id)
        return None if ended is None else ended[0]

    def ended(self, trial_id: str) -> tuple[Status, bool] | None:
        """How the trial of this id ended and whether it has a verified value; None as `status`.

        Only the lines that say so are looked at, because a sweep asks about every trial.
        """
        try:
            data = read_regular(self.path(trial_id), LARGEST_RECORD)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from None
        except ValueError:
            data = b""  # `_read` says what is wrong
        found = _ENDED_LINES.search(data)
        if found is None or not data.endswith(b"}\n"):
            record = self._read(trial_id)  # damaged, or not in our own layout
            return None if record is None else (record.status, record.value is not None)
        return Status(found["status"].decode()), found["value"] != b"null"

    def checkpoints(self) -> Iterator[str]:
        """The ids of all trials that have a checkpoint."""
        for name in self._names(self.root / "checkpoints"):
            stem = name.removesuffix(".npz")
            if is_trial_id(stem):
                yield stem

    def checkpoint_path(self, trial_id: str) -> Path:
        """Where a running trial of this id keeps its state."""
        return self.root / "checkpoints" / f"{check_trial_id(trial_id)}.npz"

    def drop_checkpoint(self, trial_id: str) -> None:
        """Delete the state of a trial that has ended."""
        path = self.checkpoint_path(trial_id)
        with contextlib.suppress(OSError):
            path.unlink()
            self._sweep_once([path])

    def ids(self) -> Iterator[str]:
        """The ids of all records, from the folders' listings alone, in order."""
        for shard in self._names(self.root / "records"):
            if len(shard) == 2:
                names = self._names(self.root / "records" / shard)
                stems = (name.removesuffix(".json") for name in names if name.endswith(".json"))
                yield from (stem for stem in stems if is_trial_id(stem) and stem[:2] == shard)

    def records(self) -> Iterator[Record]:
        """All records that can be read, in the order of their ids; the others become `problems`."""
        for trial_id in self.ids():
            record = self._read(trial_id)
            if record is not None:
                yield record

    def all_records(self, wanted: Callable[[Record], bool] = lambda record: True) -> list[Record]:
        """The records that are wanted, as `records`; for many of them twice as fast.

        Python's search for cyclic garbage would look at all that is kept again and again, while
        nothing here is garbage.
        """
        with _without_collection():
            return [record for record in self.records() if wanted(record)]

    def records_with(self, **fields: str) -> Iterator[Record]:
        """The records whose fields have these texts; others are told apart without being parsed."""
        lines = [f'"{name}": {plain.dumps(text)},\n'.encode() for name, text in fields.items()]
        for trial_id in self.ids():
            try:
                data = read_regular(self.path(trial_id), LARGEST_RECORD)
            except (OSError, ValueError):
                continue
            if all(line in data for line in lines):
                record = self._read(trial_id)
                if record is not None:
                    yield record

    def path(self, trial_id: str) -> Path:
        """Where the record of this id is, or would be."""
        check_trial_id(trial_id)
        return self.root / "records" / trial_id[:2] / f"{trial_id}.json"

    def clean(self, older_than: float = STALE_SECONDS) -> int:
        """Delete temporary files, and solutions and pictures without a record, older than this.

        Returns:
            How many files were deleted.
        """
        self._refuse_if_read_only()
        limit = time.time() - older_than
        deleted = 0
        flat = [self.root / "checkpoints", self.root / "experiments"]
        flat += [self.root / "pictures" / name for name in self._names(self.root / "pictures")]
        kinds = [self.root / kind for kind in ("records", "solutions")]
        sharded = [kind / shard for kind in kinds for shard in self._names(kind)]
        for folder in (*flat, *sharded):
            if folder.is_dir():
                deleted += sweep_temporary(folder, older_than=older_than)
        for shard in self._names(self.root / "solutions"):
            for file in self._names(self.root / "solutions" / shard):
                name = f"solutions/{shard}/{file}"
                if self._in_use(name):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    if (self.root / name).stat().st_mtime < limit:
                        (self.root / name).unlink()
                        deleted += 1
        for trial_id in self._names(self.root / "pictures"):
            if is_trial_id(trial_id) and not self.has(trial_id):
                deleted += self._drop_pictures(trial_id, limit)
        return deleted

    def _drop_pictures(self, trial_id: str, limit: float) -> int:
        """Delete the pictures, older than this time, of a trial that has no record."""
        dropped = 0
        for path in self.pictures(trial_id).values():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < limit:
                    path.unlink()
                    dropped += 1
        with contextlib.suppress(OSError):
            self.picture_path(trial_id, "any").parent.rmdir()
        return dropped

    def _in_use(self, name: str) -> bool:
        """Whether a record names this file, or cannot be asked, or the file is none of ours."""
        trial_id = solution_file.trial_of(name)
        if trial_id is None:
            return True
        if not self.has(trial_id):
            return False
        record = self._read(trial_id)
        return record is None or record.solution == name

    def _read(self, trial_id: str, strict: bool = False) -> Record | None:
        """The record, or None if there is none or (not `strict`) it could not be read."""
        path = self.path(trial_id)
        data = None
        try:
            data = read_regular(path, LARGEST_RECORD)
            record = Record.loads(data)
            if record.trial_id != trial_id:
                raise ValueError(f"it is the record of trial {record.trial_id!r}")
            return record
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from None
        except NewerSchemaError as error:
            problem = f"record {trial_id} was left out: {_printable(str(error))}"
        except ValueError as error:
            what = _printable(str(error))
            problem = f"record {trial_id} is damaged ({what}); {self._quarantine(path, data)}"
        self.problems.append(problem)
        if self._on_problem is not None:
            self._on_problem(problem)
        if strict:
            raise UserError(problem)
        return None

    def _quarantine(self, path: Path, data: bytes | None) -> str:
        """Move the damaged file out of the way; says in words what became of it.

        Args:
            path: of the file; of a link, the link is moved.
            data: what was read from it; None if nothing was.
        """
        if self.read_only:
            return "it was left where it is"
        target = self.root / "quarantine" / f"{path.stem}-{secrets.token_hex(4)}.json"
        try:
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
            if _content(target) != data:  # another process had just put a new record there
                publish(target, path, replace=False)
                return "it has been replaced since"
        except FileNotFoundError:
            return "another process moved it to quarantine/"
        except OSError as error:
            return f"it was left where it is ({_reason(error)})"
        return f"moved to quarantine/{target.name}: run the trial again"

    def _sweep_once(self, written: list[Path]) -> None:
        """Delete stale temporary files beside what was written, the first time in each folder."""
        for folder in {path.parent for path in written} - self._swept:
            self._swept.add(folder)
            with contextlib.suppress(OSError):
                sweep_temporary(folder, older_than=STALE_SECONDS)

    def _names(self, folder: Path) -> list[str]:
        """The sorted names in a folder; none if it does not exist."""
        try:
            with os.scandir(folder) as entries:
                return sorted(entry.name for entry in entries)
        except FileNotFoundError:
            return []
        except NotADirectoryError as error:
            if folder.parent == self.root or folder == self.root:
                raise self._unreadable(error) from None
            return []
        except OSError as error:
            raise self._unreadable(error) from None

    def _refuse_if_read_only(self) -> None:
        if self.read_only:
            raise UserError(f"the results folder {self.root} is opened for reading only")

    def _unreadable(self, error: OSError) -> UserError:
        return UserError(f"cannot read the results folder {self.root}: {_reason(error)}")


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """While the block runs, cyclic garbage is not searched for."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _content(path: Path) -> bytes | None:
    """The bytes of a record file, None if it is not one."""
    try:
        return read_regular(path, LARGEST_RECORD)
    except ValueError:
        return None


def _printable(text: str) -> str:
    """A short line of what a file's content made of an error: no control characters, no novels."""
    short = text if len(text) <= _LONGEST_PROBLEM else f"{text[:_LONGEST_PROBLEM]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
