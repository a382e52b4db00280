"""A sweep whose trials are timed beside the calibration kernel, and the file of its seconds.

`ROOT/calibration.json` stands beside the records. It holds, by the trial's id, the processor's
seconds of the solve and of the kernel right before and right after it, and the run they belong to:
a trial that was run again without the gate has none. It also says which code ran, so that records
of an earlier state of the code are never judged as those of this one.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

from dnnbench.errors import UserError
from dnnbench.paths import shared_folder
from dnnbench.records.environment import environment, fingerprint
from dnnbench.records.files import publish, stage
from dnnbench.records.schema import Record
from dnnbench.runner.supervise import Watch
from dnnbench.studies.regress.calibration import KERNEL, calibrate
from dnnbench.studies.regress.processor_time import seconds_of_children
from dnnbench.sweep.execute import Event
from dnnbench.sweep.planning import Task

FILE = "calibration.json"
_VERSION = 1
_SOURCES = ("*.py", "*.yaml", "*.csv")


@dataclass(frozen=True)
class Timing:
    """Processor seconds of one run of a trial.

    Attributes:
        run_id: of the run.
        solve: of its processes, from the word to start until their last one.
        before: of the kernel, right before.
        after: of the kernel, right after.
    """

    run_id: str
    solve: float
    before: float
    after: float

    @property
    def ratio(self) -> float | None:
        """The solve in units of the kernel; None if the clock was too coarse to tell."""
        kernel = (self.before + self.after) / 2
        return self.solve / kernel if self.solve > 0 and kernel > 0 else None


@dataclass(frozen=True)
class Calibrations:
    """What is known of the clock of a store's trials.

    Attributes:
        code: digest of the code that ran them.
        kernel: version of the kernel.
        timings: by the trial's id.
    """

    code: str
    kernel: int = KERNEL
    timings: Mapping[str, Timing] = field(default_factory=dict)

    def of(self, record: Record) -> Timing | None:
        """The timing of a record's run; None if it was not timed."""
        found = self.timings.get(record.trial_id)
        return found if found is not None and found.run_id == record.run_id else None

    def only(self, records: Mapping[str, Record]) -> "Calibrations":
        """Those of these records, by their trials' ids."""
        kept = {trial: row for trial, row in self.timings.items() if trial in records}
        return replace(self, timings=kept)


class Clock:
    """Times the kernel around the solves of a sweep with one line of trials.

    Args:
        root: folder of the records.
        code: digest of the code.
    """

    def __init__(self, root: Path, code: str) -> None:
        self._root = root
        self._known = read(root) or Calibrations(code)
        self._begun: tuple[float, float] | None = None

    def start(self) -> None:
        """Write down which code runs here, before it has run anything.

        Raises:
            UserError: the folder cannot be written.
        """
        write(self._root, self._known)

    def around(
        self, started: Callable[[Task], Watch], ended: Callable[[Event], None]
    ) -> tuple[Callable[[Task], Watch], Callable[[Event], None]]:
        """Two callbacks of a sweep, with the clock in them."""

        def begin(task: Task) -> Watch:
            watch = started(task)
            shown = watch.phase

            def phase(name: str) -> None:
                shown(name)
                if name == "solve":  # compiled, and waiting for the word to start
                    self._begun = calibrate(), seconds_of_children()

            return replace(watch, phase=phase)

        def end(event: Event) -> None:
            if event.record is not None and self._begun is not None:
                before, start = self._begun
                solve = seconds_of_children() - start
                timing = Timing(event.record.run_id, solve, before, calibrate())
                self._keep(event.record.trial_id, timing)
            self._begun = None
            ended(event)

        return begin, end

    def _keep(self, trial: str, timing: Timing) -> None:
        self._known = replace(self._known, timings={**self._known.timings, trial: timing})
        write(self._root, self._known)


def write(root: Path, known: Calibrations) -> None:
    """Write the file, in one step.

    Raises:
        UserError: the folder cannot be written.
    """
    content = {
        "version": _VERSION,
        "code": known.code,
        "kernel": known.kernel,
        "timings": {trial: astuple(row) for trial, row in sorted(known.timings.items())},
    }
    try:
        publish(stage(root, json.dumps(content, indent=0).encode()), root / FILE, replace=True)
    except OSError as error:
        raise UserError(f"cannot write {FILE} to {root}: {error.strerror}") from None


def read(root: Path) -> Calibrations | None:
    """What the folder's file says; None if it has none.

    Raises:
        UserError: the file is damaged.
    """
    path = root / FILE
    try:
        content = json.loads(path.read_bytes())
        if content["version"] != _VERSION:
            raise UserError(f"{path} was written by another version of dnnbench")
        rows = {
            str(trial): Timing(str(run), float(solve), float(before), float(after))
            for trial, (run, solve, before, after) in content["timings"].items()
        }
        return Calibrations(str(content["code"]), int(content["kernel"]), rows)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is damaged; start again with another folder") from None


def code_digest() -> str:
    """Eight hex digits of all that a trial's result or speed hangs on here.

    The sources of dnnbench, its configurations and data tables, the versions of the packages it
    computes with, and the machine.
    """
    facts = environment()
    digest = hashlib.sha256(repr((sorted(facts["packages"].items()), fingerprint(facts))).encode())
    package = Path(__file__).resolve().parents[2]
    for folder in (package, shared_folder("configs"), shared_folder("datasets")):
        for pattern in _SOURCES:
            for path in sorted(folder.rglob(pattern)):
                digest.update(str(path.relative_to(folder)).encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
