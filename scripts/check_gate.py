"""Does the regression gate speak up when it must, and hold its tongue when it must?

    python scripts/check_gate.py [--results DIR]

Runs the sweep of `configs/experiment/ci.yaml` with twenty seeds in place of ten and checks, with
the words of the command line wherever a person would use them:

1. the gate passes against `results/reference/ci`. An alarm counts if a second run raises it too.
   It is shown and does not count where the machine must be the reason: on another kind than the
   reference's, or if the very same code made both (processors of one name may differ);
2. a run that is accepted as a reference passes against it;
3. a solver that was truly run with a twentieth of its chains is caught;
4. answers lowered by 1 % in copies of the records are caught, for every solver, and nobody else is;
5. so are seconds times 1.5. The two sides are different seeds, so that the clock's noise is
   that of two runs;
6. of 200 random halves of equal records, no more raise an alarm than the level allows.

Ends with 1 if any of these fails, naming it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import binom

from dnnbench.paths import shared_folder
from dnnbench.records.environment import fingerprint
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.studies.regress import clocked
from dnnbench.studies.regress.judge import Side, judge
from dnnbench.studies.regress.reference import read_side
from dnnbench.sweep import manifest

SEEDS, LEVEL, SPLITS, PLANTED_SPLITS = 10, 0.05, 200, 5
SURE = 0.99
"""Probability with which equal records keep within the bound."""
LEAST_CAUGHT = 0.75
"""Of the planted slowdowns: seeds differ in speed too, and a crowded machine hides some."""

# The very solver and instance of the experiment with a twentieth of its chains: sets 1 % smaller.
WORSE = """\
overrides:
  - problem=mis
  - instance=gen/random_regular-n600-d5-s1
  - method=rlsa
  - method.num_steps=200
  - plan.lanes=10
  - seed=range(0,10)
  - budget.steps=200
  - budget.cores=1
  - hardware=cpu
"""

_faults: list[str] = []


def check(holds: bool, text: str) -> None:
    """Print a finding and remember it if it does not hold."""
    print(f"gate: {text}: {'ok' if holds else 'FAILED'}", flush=True)
    if not holds:
        _faults.append(text)


def dnnbench(*words: object) -> subprocess.CompletedProcess[str]:
    """The command line, as typed."""
    command = [sys.executable, "-m", "dnnbench", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main() -> int:
    """Run all checks; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, help="folder of an earlier run of this script")
    parser.add_argument("--baseline", type=Path, default=Path("results/reference/ci"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        results = options.results or place / "run"
        run_twenty_seeds(results, place)
        against_reference(results, options.baseline, place)
        own = accepted(results, place)
        truly_worse(own, place)
        pool = read_side(results, "twenty", "the run in")
        planted_losses(read_side(results, "ci", "the run in"), own, place)
        planted_slowdowns(pool)
        false_alarms(pool)
    print(f"gate: {len(_faults)} faults" if _faults else "gate: all as it must be")
    return 1 if _faults else 0


def run_twenty_seeds(results: Path, place: Path) -> None:
    """The experiment `ci` with twice its seeds, timed; goes on where an earlier one stopped."""
    text = (shared_folder("configs") / "experiment" / "ci.yaml").read_text(encoding="utf-8")
    path = place / "twenty.yaml"
    path.write_text(text.replace("range(0,10)", "range(0,20)"), encoding="utf-8")
    done = dnnbench("regress", "--record", "--experiment", path, "--results", results)
    if done.returncode:
        sys.exit(f"gate: the sweep did not run: {done.stderr}")


def against_reference(results: Path, baseline: Path, place: Path) -> None:
    """Check 1."""
    passes = silent_against(results, baseline)
    if not passes and (not same_kind(results, baseline) or same_code(results, baseline)):
        print("gate: the machine is another than that of the reference: shown, not counted")
        return
    if not passes:
        print("gate: once more, to confirm it")
        again = place / "again"
        dnnbench("regress", "--baseline", baseline, "--results", again, "--quiet")
        passes = silent_against(again, baseline)
    check(passes, f"passes against {baseline}")


def silent_against(results: Path, baseline: Path) -> bool:
    """Whether the gate has nothing to say of a run; what it says is printed."""
    done = dnnbench("regress", "--baseline", baseline, "--results", results)
    print(done.stdout, done.stderr, sep="")
    return done.returncode == 0


def same_kind(results: Path, baseline: Path) -> bool:
    """Whether a run and the reference were made on one kind of machine."""
    kinds = [
        {fingerprint(record.environment) for record in Store(folder).records()}
        for folder in (results, baseline)
    ]
    return kinds[0] == kinds[1]


def same_code(results: Path, baseline: Path) -> bool:
    """Whether one state of the code, with the same packages, made a run and the reference."""
    known = [clocked.read(folder) for folder in (results, baseline)]
    return None not in known and len({one.code for one in known if one is not None}) == 1


def accepted(results: Path, place: Path) -> Path:
    """Check 2; the new reference."""
    own = place / "reference"
    words = ("--baseline", own, "--results", results)
    done = dnnbench("accept", *words, "--experiment", "ci", "--yes")
    check(done.returncode == 0, "a run can be accepted")
    done = dnnbench("regress", *words, "--stored", "--exact")
    check(done.returncode == 0, "an accepted run passes against itself")
    return own


def truly_worse(own: Path, place: Path) -> None:
    """Check 3."""
    path = place / "worse.yaml"
    path.write_text(WORSE, encoding="utf-8")
    words = ("--baseline", own, "--experiment", path, "--results", place / "worse", "--no-speed")
    done = dnnbench("regress", *words, "--format", "json", "--quiet")
    found = json.loads(done.stdout) if done.stdout else {"reasons": [done.stderr]}
    caught = done.returncode == 1 and names_only(found["reasons"], "rlsa")
    check(caught, f"rlsa with a twentieth of its chains caught {found['reasons']}")


def planted_losses(run: Side, own: Path, place: Path) -> None:
    """Check 4."""
    reference = read_side(own, None, "the reference")
    for solver in solvers(run):
        worse = changed(run, solver, lower)
        reasons = judge(reference, worse, level=LEVEL).reasons
        check(names_only(reasons, solver), f"planted 1 % quality loss of {solver} caught")
    # Once with the words of the command line: a person must see the row.
    solver = solvers(run)[0]
    folder = place / "lowered"
    keep(folder, changed(run, solver, lower))
    done = dnnbench("regress", "--stored", "--baseline", own, "--results", folder)
    seen = done.returncode == 1 and solver in done.stdout and "worse" in done.stdout
    check(seen, f"planted 1 % quality loss of {solver} shown in the table, with exit code 1")


def planted_slowdowns(pool: Side) -> None:
    """Check 5."""
    caught, silent, wrong = 0, [], []
    for reference, run in halves(pool, PLANTED_SPLITS, seed=1):
        fast = judge(reference, run, level=LEVEL).speed
        timed = [] if fast is None else sorted({line.solver for line in fast.overall})
        for solver in timed:
            verdict = judge(reference, slowed(run, solver), level=LEVEL)
            found = [reason for reason in verdict.reasons if reason.startswith("speed")]
            caught += any(names(reason, solver) for reason in found)
            silent += [] if any(names(reason, solver) for reason in found) else [solver]
            wrong += [reason for reason in found if not names(reason, solver)]
    share = caught / (caught + len(silent)) if caught else 0.0
    missed = f", missed: {', '.join(silent)}" if silent else ""
    other = f", others: {'; '.join(wrong)}" if wrong else ""
    text = f"planted 1.5x slowdown caught {caught} times of {caught + len(silent)}{missed}{other}"
    check(share >= LEAST_CAUGHT, text)


def false_alarms(pool: Side) -> None:
    """Check 6."""
    alarms = {"answers": 0, "speed": 0}
    for reference, run in halves(pool, SPLITS, seed=2):
        reasons = judge(reference, run, level=LEVEL).reasons
        for what in alarms:
            alarms[what] += any(reason.startswith(what) for reason in reasons)
    bound = int(binom.ppf(SURE, SPLITS, LEVEL))
    for what, count in alarms.items():
        text = f"{count} false alarms about {what} in {SPLITS} halves of equal records"
        check(count <= bound, f"{text} (at most {bound})")


def halves(pool: Side, count: int, *, seed: int) -> Iterator[tuple[Side, Side]]:
    """Random halves of each solver's seeds, as if they were the seeds 0 to 9 of two runs.

    One side claims other packages: then values need not repeat, and the test alone decides.
    """
    random = np.random.default_rng(seed)
    for _ in range(count):
        sides: tuple[list[Record], list[Record]] = ([], [])
        for solver in solvers(pool):
            mine = [record for record in pool.records if record.solver == solver]
            order = random.permutation(len(mine))
            for place, index in enumerate(order[: 2 * SEEDS]):
                side = sides[place % 2]
                side.append(replace(mine[index], seed=place // 2))
        other = [
            replace(record, environment={**record.environment, "packages": {}})
            for record in sides[1]
        ]
        yield replace(pool, records=tuple(sides[0])), replace(pool, records=tuple(other))


def slowed(side: Side, solver: str) -> Side:
    """The side with the processor's seconds of a solver's solves times 1.5."""
    mine = {record.trial_id for record in side.records if record.solver == solver}
    timings = {
        trial: replace(timing, solve=1.5 * timing.solve) if trial in mine else timing
        for trial, timing in side.clock.timings.items()
    }
    return replace(side, clock=replace(side.clock, timings=timings))


def changed(side: Side, solver: str, how: Callable[[Record], Record]) -> Side:
    """The side with the records of a solver changed."""
    records = (how(r) if r.solver == solver else r for r in side.records)
    return replace(side, records=tuple(records))


def lower(record: Record) -> Record:
    """One per cent worse."""
    assert record.value is not None
    return replace(record, value=record.value * (0.99 if record.sense == "max" else 1.01))


def keep(folder: Path, side: Side) -> None:
    """A results folder of these records."""
    store = Store(folder)
    for record in side.records:
        store.put(record)
    found = side.experiment
    manifest.write(folder, found.name, found.blocks, (), found.trials)
    clocked.write(folder, side.clock)


def solvers(side: Side) -> list[str]:
    """The solvers of a side."""
    return sorted({record.solver for record in side.records})


def names(reason: str, solver: str) -> bool:
    """Whether a reason of the gate is about a solver."""
    return f": {solver} on " in reason


def names_only(reasons: Sequence[str], solver: str) -> bool:
    """Whether all reasons, at least one, are about a solver."""
    return bool(reasons) and all(names(reason, solver) for reason in reasons)


if __name__ == "__main__":
    sys.exit(main())
