"""How long tables, plots and exports of a large results folder take, and how that grows.

Usage: python scripts/bench_report.py [--records 2000,20000] [--folder DIR] [--json FILE]

For each number of records a folder is made up in the store's own layout (plain JSON files of
about 4 kB with a trace of 60 rows): 10 solvers, two of them in two variants, 10 seeds, and as many
instances as that takes, four in five under `maxcut`, the others under `sat`. Of the graphs the
first have best-known values. Then, in a process of its own for each number:

- `floor`: reading the bytes of all record files and `json.loads` of each, nothing kept. It is what
  any program must do that has no second copy of the records. `cold` is after the kernel was asked
  to forget the files, `warm` after that.
- `read`: the same through `Store.all_records`, which checks every field and keeps all in a list.
- each table, plot and export from the records in that list. Plots of single instances get as many
  as a figure holds: `anytime` one (6 solvers), `ttt` 12, `gaps` 60.
- whole commands in new processes, with their peaks of resident memory.

Seconds are the processor's, which are those of the clock where nothing else runs; of cold reading
and of whole commands they are the clock's, with waiting. `/ floor` is `read` (warm) and the report
together over the warm floor, at the largest number; `growth` is the seconds there over those at the
number before it. All rows of a column come from one run, so that a busy machine shifts both sides
of a ratio.
"""

import argparse
import gc
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dnnbench.instances.registry import registry
from dnnbench.records.environment import PACKAGES
from dnnbench.records.example import example_record
from dnnbench.records.schema import Record
from dnnbench.records.status import Status
from dnnbench.records.store import Store
from dnnbench.records.trial_id import trial_id

SOLVERS, SEEDS, TRACE = 10, 10, 60
TIMED_INSTANCES, MAPPED_INSTANCES, CURVED_SOLVERS = 12, 60, 6
FAILING = 50
"""One trial in so many leaves no answer."""

ENVIRONMENT = {
    "python": "cpython 3.11.7",
    "packages": {"dnnbench": "0.1.0", **dict.fromkeys(PACKAGES, "1.2.3")},
    "os": "Linux",
    "kernel": "6.1.0",
    "machine": "x86_64",
    "cpu_model": "Example CPU",
    "cores_physical": 2,
    "cores_logical": 2,
    "memory_gib": 16.0,
    "git_commit": "0123456789ab",
    "git_dirty": False,
    "load_1min": 1.0,
    "exclusive": True,
    "concurrent": 1,
    "program_reused": True,
    "resumed": False,
}


# The records --------------------------------------------------------------------------------------


def subjects(count: int) -> list[tuple[str, str]]:
    """Problem and instance of each column: public names first, then generated ones."""
    formulas = count // 5
    cuts = [n for n, e in registry().items() if e.suite == "gset"][: count - formulas]
    cuts += [f"gen/random_regular-n800-d3-s{k}" for k in range(count - formulas - len(cuts))]
    sats = [n for n, e in registry().items() if n.startswith("satlib/")][:formulas]
    sats += [f"gen/random_ksat-n50-m200-k3-s{k}" for k in range(formulas - len(sats))]
    return [("maxcut", name) for name in cuts] + [("sat", name) for name in sats]


def made_up(count: int) -> Iterator[Record]:
    """So many records, the same each time."""
    rng = random.Random(0)
    columns = subjects(max(5, count // (SOLVERS * SEEDS)))
    place = 0
    for problem, instance in columns:
        for number in range(SOLVERS):
            for seed in range(SEEDS):
                if place < count:
                    yield one(problem, instance, number, seed, rng, fails=place % FAILING == 7)
                place += 1


def one(
    problem: str, instance: str, number: int, seed: int, rng: random.Random, *, fails: bool
) -> Record:
    """One trial: a curve that approaches an end which depends on solver and instance."""
    best, sense = (3000.0, "max") if problem == "maxcut" else (0.0, "min")
    solver = f"solver_{number}" if number < SOLVERS - 2 else f"solver_{number - 2}"
    rate = 0.02 if number < SOLVERS - 2 else 0.01
    loss = 2 * number + rng.randrange(6)
    moments = sorted(10 * rng.random() ** 3 for _ in range(TRACE))
    sign = -1 if sense == "max" else 1
    ends = [best + sign * (loss + round(600 / (1 + row))) for row in range(TRACE)]
    value = None if fails else int(best + sign * loss)
    key = {"problem": problem, "instance": instance, "solver": number, "seed": seed}
    return example_record(
        trial_id=trial_id(key),
        run_id=f"{rng.getrandbits(128):032x}",
        created=f"2026-01-02T03:{seed:02}:{number:02}+00:00",
        solver=solver,
        role="method" if number % 2 else "baseline",
        problem=problem,
        problem_settings={"polish": "one_flip"},
        instance=instance,
        instance_sha256=f"{random.Random(instance).getrandbits(256):064x}",
        seed=seed,
        settings={
            "learning_rate": rate,
            "layers": [64, 32],
            "optimizer": {"name": "adam", "b1": 0.9, "b2": 0.999},
            "lanes": 8,
        },
        metric="cut" if problem == "maxcut" else "violated",
        sense=sense,
        value=value,
        raw_value=value,
        claimed_value=None if value is None else float(value),
        feasible=None if fails else True,
        status=Status.ERROR if fails else Status.BUDGET,
        message="the solver failed" if fails else None,
        solve_seconds=10 + rng.random() / 100,
        trace=[[t, 50 * (i + 1), e] for i, (t, e) in enumerate(zip(moments, ends, strict=True))],
        diagnostics={"notes": [], "losses": [rng.random() for _ in range(8)]},
        environment=ENVIRONMENT,
        solution=None,
    )


def make(folder: Path, count: int) -> None:
    """Write the records where a store has them; not synced one by one, as nothing is at stake."""
    store = Store(folder)
    for record in made_up(count):
        path = store.path(record.trial_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(record.dumps(), encoding="ascii")
    os.sync()


# Measuring ----------------------------------------------------------------------------------------


def clocked(
    call: Callable[[], Any], clock: Callable[[], float] = time.process_time
) -> tuple[float, Any]:
    """Seconds of a call, and what it returned."""
    begin = clock()
    found = call()
    return clock() - begin, found


def forget(paths: Sequence[Path]) -> None:
    """Ask the kernel to drop the files from its cache, so that the next reading is cold."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def floor(paths: Sequence[Path]) -> int:
    """Parse all files and keep nothing; the number of bytes."""
    total = 0
    for path in paths:
        data = path.read_bytes()
        total += len(data)
        json.loads(data)
    return total


def reading(folder: Path) -> tuple[dict[str, float], float, list[Record]]:
    """Seconds of floor and reading, MB of all files, and the records."""
    paths = sorted(folder.glob("records/*/*.json"))
    seconds: dict[str, float] = {}
    forget(paths)
    seconds["floor, cold"], total = clocked(lambda: floor(paths), time.perf_counter)
    seconds["floor, warm"], _ = clocked(lambda: floor(paths))
    forget(paths)
    seconds["read, cold"], records = clocked(Store(folder).all_records, time.perf_counter)
    del records
    gc.collect()
    seconds["read, warm"], records = clocked(Store(folder).all_records)
    return seconds, total / 1e6, records


def reports(records: list[Record], output: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each report by its command's words."""
    from dnnbench.report.aggregate import aggregate
    from dnnbench.report.best_known import registry_best_known
    from dnnbench.report.export import frame, trace_frame, write
    from dnnbench.report.export_schema import TRACES
    from dnnbench.report.solved import solved_rows
    from dnnbench.report.solved_table import render_solved
    from dnnbench.report.table import FORMATS, render
    from dnnbench.report.wide import render_wide

    def table(style: Any) -> str:
        return render(aggregate(records, registry_best_known), style, width=160)

    for style in FORMATS:
        yield f"table --format {style}", lambda style=style: table(style)
    yield (
        "table --wide",
        lambda: render_wide(
            aggregate(records, registry_best_known, across=True), "terminal", width=160
        ),
    )
    yield "table --solved", lambda: render_solved(solved_rows(records), "terminal", width=160)
    for kind in ("anytime", "profile", "ecdf", "ttt", "ranks", "gaps", "quality"):
        yield f"plot {kind}", lambda kind=kind: drawn(kind, records, output / f"{kind}.png")
    for style in ("csv", "parquet", "json"):
        path = output / f"records.{style}"
        yield (
            f"export --format {style}",
            lambda style=style, path=path: write(frame(records, registry_best_known), style, path),
        )
    yield (
        "export --traces --format parquet",
        lambda: write(trace_frame(records), "parquet", output / "traces.parquet", TRACES),
    )


def drawn(kind: str, records: list[Record], path: Path) -> None:
    """The figure of one kind, of as many instances as it holds, in a PNG file."""
    from matplotlib import rc_context

    from dnnbench.report.best_known import registry_best_known
    from dnnbench.report.plots import anytime, compared
    from dnnbench.report.plots.style import PRINTED

    names = list(dict.fromkeys(r.instance for r in sorted(records, key=lambda r: r.instance)))
    most = {"anytime": 1, "ttt": TIMED_INSTANCES, "gaps": MAPPED_INSTANCES}.get(kind, len(names))
    wanted = set(names[:most])
    chosen = [r for r in records if r.instance in wanted]
    if kind == "anytime":
        solvers = {f"solver_{k}" for k in range(CURVED_SOLVERS)}
        chosen = [r for r in chosen if r.solver in solvers]
        with rc_context(PRINTED):
            figure = anytime.anytime(chosen, registry_best_known, "page")
            figure.savefig(path, dpi=200)
        return
    goals = {
        "profile": (compared.profile, (0.01,)),
        "ecdf": (compared.runtimes, (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0)),
        "ttt": (compared.time_to_target_plot, (0.01,)),
    }
    with rc_context(PRINTED):
        found = compared.pooled(chosen, registry_best_known)
        if kind in goals:
            draw, gaps = goals[kind]
            figure = draw(found, compared.Goal(gaps), "page")
        else:
            draw = {"ranks": compared.ranks, "gaps": compared.gaps, "quality": compared.quality}
            figure = draw[kind](found, "page")
        figure.savefig(path, dpi=200)


def command(words: Sequence[str]) -> tuple[float, float]:
    """Seconds and peak memory in MiB of a `dnnbench` command in a new process."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "dnnbench.cli.main", *words], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"dnnbench {' '.join(words)}: exit code {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def measure(folder: Path, count: int) -> dict[str, Any]:
    """All figures of one folder."""
    seconds, megabytes, records = reading(folder)
    if len(records) != count:
        raise SystemExit(f"{len(records)} of {count} records could be read")
    output = folder / "output"
    output.mkdir(exist_ok=True)
    for name, call in reports(records, output):
        seconds[name], _ = clocked(call)
        print(f"  {name}: {seconds[name]:.3g} s", file=sys.stderr, flush=True)
    return {"records": count, "megabytes": megabytes, "seconds": seconds}


def whole_commands(folder: Path) -> dict[str, tuple[float, float]]:
    """Whole commands, from the start of Python to the last byte."""
    output = folder / "output"
    return {
        name: command([*words, str(folder)] if len(words) == 1 else words)
        for name, words in {
            "dnnbench table": ["table"],
            "dnnbench plot profile": [
                "plot", "profile", str(folder), "-o", str(output / "command.png"),
            ],
            "dnnbench export -f parquet": [
                "export", str(folder), "-f", "parquet", "-o", str(output / "command.parquet"),
            ],
        }.items()
    }  # fmt: skip


# Output -------------------------------------------------------------------------------------------


def figure_text(value: float) -> str:
    """Three digits."""
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def markdown(found: Sequence[dict[str, Any]]) -> str:
    """Rows: what was done; columns: seconds for each number of records, and the ratios."""
    last = found[-1]["seconds"]
    least, read = last["floor, warm"], last["read, warm"]
    header = ["row", "/ floor"]
    header += ["growth"] if len(found) > 1 else []
    header += [f"{one['records']:,}, s" for one in found]
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    for name in last:
        own = name.startswith(("floor", "read"))
        cells = [name, figure_text((last[name] if own else read + last[name]) / least)]
        if len(found) > 1:
            cells.append(figure_text(last[name] / found[-2]["seconds"][name]))
        cells += [figure_text(one["seconds"][name]) for one in found]
        lines.append("| " + " | ".join(cells) + " |")
    for name in found[-1]["commands"]:
        times = [one["commands"][name][0] for one in found]
        cells = [name, figure_text(times[-1] / least)]
        cells += [figure_text(times[-1] / times[-2])] if len(times) > 1 else []
        cells += [
            f"{figure_text(s)} ({m:.0f} MiB)" for s, m in (o["commands"][name] for o in found)
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", default="2000,20000", help="numbers of records")
    parser.add_argument("--folder", type=Path, help="where to make them; kept, and used again")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(measure(chosen.folder, chosen.child)))
        return
    numbers = [int(text) for text in chosen.records.split(",")]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}\n")
    found = []
    with tempfile.TemporaryDirectory(prefix="dnnbench-report-") as temporary:
        for number in numbers:
            folder = (chosen.folder or Path(temporary)) / str(number)
            if not (folder / "records").exists():
                begin = time.perf_counter()
                make(folder, number)
                seconds = time.perf_counter() - begin
                print(f"{number:,} records made in {seconds:.0f} s", file=sys.stderr, flush=True)
            words = [sys.executable, __file__, "--child", str(number), "--folder", str(folder)]
            done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
            found.append({**json.loads(done.stdout), "commands": whole_commands(folder)})
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")
    sizes = ", ".join(f"{one['records']:,} records {one['megabytes']:.0f} MB" for one in found)
    print(f"Bytes that must be read: {sizes}.\n\n{markdown(found)}\n")
    print(f"load {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
