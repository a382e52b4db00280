"""What the harness itself costs: a trial, a long trial, and a sweep whose trials are all on record.

Usage: python scripts/bench_harness.py [--repeat 200] [--seconds 30] [--trials 100000] [--json FILE]
                                       [--only trial,long,skip]

- `trial`: overhead per trial. A baseline that returns its first answer (a plug-in made here) and
  simulated bifurcation with `budget.steps=1`, on a graph of 20 vertices: through a sweep's executor
  on warm workers, and in this process. The first trial, which starts a worker and compiles, is left
  out of the means. The parts of a trial through a sweep:

      plan      expanding, composing and hashing (all trials at once, divided by their number; Hydra
                is imported before)
      spec      the executor's own resolving of the task
      solve     the worker's load, compile (of a reused program) and solve, as the record has them
      pipe      the rest of the time between the job's sending and the worker's last word
      describe  verification, environment and the record
      store     solution and record on the disk, synced
      rest      the claim, the look at the store, calls

- `long`: `dnnbench run` of one trial of `--seconds`: the wall time of the command less what
  starting the two interpreters with their imports takes (measured apart, median of three), less
  load, compile and solve as on record; as a share of the solve time. It must stay below 1 %. The
  trial does not wait for others (`hardware.exclusive=false`), as waiting is no work of the harness.
- `skip`: a sweep of `--trials` trials (20 settings x 5 instances x seeds) that are all on record:
  planning, looking each up and writing the manifest, against reading every record of the store
  once; seconds, and the peak of resident memory, each in a process of its own. The records are made
  up from one true record; only their files are real.
"""

import argparse
import contextlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dnnbench.config.catalog import load_plugins
from dnnbench.config.compose import compose
from dnnbench.instances.load import default_cache_dir
from dnnbench.records.store import Store
from dnnbench.runner import trial
from dnnbench.runner.supervise import Watch
from dnnbench.sweep import execute
from dnnbench.sweep.campaign import plan_request, read_request, run_survey, survey

ROOT = Path(__file__).resolve().parents[1]
GRAPH = "gen/random_regular-n20-d3-s1"
SETTINGS, INSTANCES = 20, 5
BAR = 0.01

PLUGIN = '''
from dataclasses import dataclass
from typing import ClassVar

from dnnbench.baselines.base import Baseline

DNNBENCH = """
baseline:
  at_once:
    _about: {title: First answer, implementation: AtOnce, kind: classical, problems: [maxcut]}
"""


@dataclass(frozen=True)
class AtOnce(Baseline):
    version: ClassVar[int] = 1

    def solve(self, problem, public, rng, limits, search):
        z = problem.random(public, rng)
        search.offer(z, float(problem.verify(z, public, None).objective), 1, 1)
'''

Times = dict[str, list[float]]


@contextlib.contextmanager
def clocked(times: Times, **functions: tuple[Any, str]) -> Iterator[None]:
    """While the block runs, every call of `functions` (name: owner, attribute) is timed."""
    true = {name: getattr(*place) for name, place in functions.items()}

    def timed(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            begin = time.perf_counter()
            try:
                return true[name](*arguments, **options)
            finally:
                times[name].append(time.perf_counter() - begin)

        return call

    for name, (owner, attribute) in functions.items():
        setattr(owner, attribute, timed(name))
    try:
        yield
    finally:
        for name, (owner, attribute) in functions.items():
            setattr(owner, attribute, true[name])


def row(name: str, parts: dict[str, float]) -> dict[str, Any]:
    """A line of the first table, milliseconds."""
    return {"row": name, **{key: 1000 * value for key, value in parts.items()}}


# One trial ----------------------------------------------------------------------------------------


def sweep_row(words: list[str], repeat: int, folder: Path) -> dict[str, Any]:
    """Means over a sweep's trials after the first."""
    cache = default_cache_dir()
    seeds = f"seed=range(0,{repeat + 1})"
    request = read_request([*words, seeds, f"results={folder}"])
    compose(["method=mean_field"])
    begin = time.perf_counter()
    tasks = plan_request(request, data_dir=None, cache_dir=cache)
    plan = (time.perf_counter() - begin) / len(tasks)
    times: Times = defaultdict(list)
    worker = []
    settings = execute.Settings(folder, None, cache)
    with (
        contextlib.closing(execute.Executor(settings)) as executor,
        clocked(
            times,
            whole=(execute.Executor, "run"),
            spec=(execute.Executor, "spec"),
            supervise=(trial, "supervise"),
            describe=(trial, "_record"),
            store=(execute, "keep"),
        ),
    ):
        for task in tasks:
            record = execute.Executor.run(executor, task, Watch()).record
            assert record is not None
            assert record.value is not None
            apart = (record.load_seconds, record.compile_seconds, record.solve_seconds)
            worker.append(sum(s or 0.0 for s in apart))
    mean = {name: statistics.mean(values[1:]) for name, values in times.items()}
    solve = statistics.mean(worker[1:])
    parts = {
        "plan": plan,
        "spec": mean["spec"],
        "solve": solve,
        "pipe": mean["supervise"] - solve,
        "describe": mean["describe"],
        "store": mean["store"],
    }
    parts["rest"] = mean["whole"] + plan - sum(parts.values())
    total = mean["whole"] + plan
    return row(f"{words[0]}, sweep", {"total": total, **parts, "first": times["whole"][0]})


def in_process_rows(words: list[str], repeat: int) -> Iterator[dict[str, Any]]:
    """Means of `run_trial(spec, None)` and of `dnnbench.solve(..., in_process=True)`."""
    import dnnbench

    folder = Path(tempfile.gettempdir())
    request = read_request([*words, f"seed=range(0,{repeat + 1})", f"results={folder}"])
    tasks = plan_request(request, data_dir=None, cache_dir=default_cache_dir())
    times: Times = defaultdict(list)
    solved = []
    settings = execute.Settings(folder, None, default_cache_dir())
    with contextlib.closing(execute.Executor(settings)) as executor:
        places = {"whole": (trial, "run_trial"), "describe": (trial, "_record")}
        with clocked(times, **places):
            for task in tasks:
                record = trial.run_trial(executor.spec(task), None).record
                apart = (record.load_seconds, record.compile_seconds, record.solve_seconds)
                solved.append(sum(s or 0.0 for s in apart))
    mean = {name: statistics.mean(values[1:]) for name, values in times.items()}
    solve = statistics.mean(solved[1:])
    parts = {"total": mean["whole"], "solve": solve, "describe": mean["describe"]}
    parts["rest"] = mean["whole"] - solve - mean["describe"]
    yield row(f"{words[0]}, run_trial(spec, None)", {**parts, "first": times["whole"][0]})
    role, _, name = words[0].partition("=")
    calls = []
    for seed in range(repeat + 1):
        begin = time.perf_counter()
        dnnbench.solve(GRAPH, **{role: name}, budget={"steps": 1}, seed=seed, in_process=True)
        calls.append(time.perf_counter() - begin)
    total = statistics.mean(calls[1:])
    yield row(f"{words[0]}, dnnbench.solve", {"total": total, "first": calls[0]})


def bench_trial(repeat: int, folder: Path) -> list[dict[str, Any]]:
    """The first table."""
    plugin = folder / "at_once.py"
    plugin.write_text(PLUGIN)
    load_plugins([plugin])
    rows = []
    for solver in ("baseline=at_once", "method=simulated_bifurcation"):
        words = [solver, f"instance={GRAPH}", "budget.steps=1", "budget.cores=1", "hardware=cpu"]
        rows.append(sweep_row(words, repeat, folder / solver))
        rows.extend(in_process_rows(words, repeat))
    return rows


# A long trial -------------------------------------------------------------------------------------


def wall(command: list[str], **variables: str) -> tuple[float, str]:
    """Seconds of a command and what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", **variables}
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return time.perf_counter() - begin, done.stdout


def start_seconds(imports: str) -> float:
    """An interpreter's start with these imports, and its end; median of three."""
    code = f"import {imports}"
    return statistics.median(wall([sys.executable, "-c", code])[0] for _ in range(3))


def bench_long(seconds: float, folder: Path) -> dict[str, Any]:
    """The second table."""
    parent = start_seconds(
        "dnnbench.cli.main, dnnbench.runner.once, hydra, dnnbench.cli.live, dnnbench.report.summary"
    )
    worker = start_seconds(
        "dnnbench.runner.worker, dnnbench.runner.solve_method, "
        "dnnbench.methods.simulated_bifurcation"
    )
    words = ["method=simulated_bifurcation", "instance=gset/G14", f"budget.seconds={seconds}"]
    words += ["hardware=cpu", "hardware.exclusive=false"]
    command = [sys.executable, "-m", "dnnbench", "run", *words, "--json", "-q"]
    total, printed = wall([*command, f"results={folder}/long"])
    record = json.loads(printed)
    phases = {key: record[f"{key}_seconds"] for key in ("load", "compile", "solve")}
    left = total - parent - worker - sum(phases.values())
    share = left / phases["solve"]
    return {
        "wall": total,
        "command starts": parent,
        "worker starts": worker,
        **phases,
        "left": left,
        "share of solve": share,
        "below 1 %": share < BAR,
    }


# All on record ------------------------------------------------------------------------------------


def skip_words(trials: int, folder: Path) -> list[str]:
    """A sweep of about so many trials."""
    seeds = max(1, trials // (SETTINGS * INSTANCES))
    steps = ",".join(f"{0.5 + k / 100}" for k in range(SETTINGS))
    names = ",".join(f"gen/random_regular-n20-d3-s{k}" for k in range(INSTANCES))
    return [
        "method=simulated_bifurcation",
        f"method.dt={steps}",
        f"instance={names}",
        f"seed=range(0,{seeds})",
        "budget.steps=1",
        "budget.cores=1",
        "hardware=cpu",
        f"results={folder}",
    ]


def fabricate(words: list[str], folder: Path) -> int:
    """Write a record for every trial of the sweep, all copies of one true one."""
    tasks = plan_request(read_request(words), data_dir=None, cache_dir=default_cache_dir())
    settings = execute.Settings(folder, None, default_cache_dir())
    with contextlib.closing(execute.Executor(settings)) as executor:
        record = executor.run(tasks[0], Watch()).record
        assert record is not None
        store = executor.store
        template, of = "", None
        for task in tasks[1:]:
            if of != (task.words, task.instance):
                of = (task.words, task.instance)
                spec = executor.spec(task)
                made = replace(record, trial_id="@", settings=spec.settings, instance=task.instance)
                template = replace(made, seed=-1, instance_sha256=spec.instance.sha256).dumps()
            text = template.replace('"@"', f'"{task.trial_id}"')
            path = store.path(task.trial_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace('"seed": -1', f'"seed": {task.seed}'))
    return len(tasks)


def peak_mib() -> float:
    """The most resident memory of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux hands ru_maxrss on from the process that started this one
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 2**10
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def child(kind: str, words: list[str], folder: Path) -> dict[str, float]:
    """One measurement in this process; memory in MiB."""
    before = peak_mib()
    begin = time.perf_counter()
    parts = {}
    if kind == "read":
        count = sum(1 for _ in Store(folder, read_only=True).records())
    else:
        request = read_request(words)
        tasks = plan_request(request, data_dir=None, cache_dir=default_cache_dir())
        parts["plan"] = time.perf_counter() - begin
        found = survey(Store(folder), tasks, retry_failed=False)
        parts["look up"] = time.perf_counter() - begin - parts["plan"]
        assert not found.left
        settings = execute.Settings(folder, None, default_cache_dir())
        summary = run_survey(request, found, settings, lambda task: Watch(), lambda event: None)
        count = summary.counts[execute.How.SKIPPED]
    seconds = time.perf_counter() - begin
    return {"trials": count, "seconds": seconds, **parts, "before": before, "peak": peak_mib()}


def bench_skip(trials: int, folder: Path) -> list[dict[str, Any]]:
    """The third table; each row twice, the second time counts (the files are cached)."""
    words = skip_words(trials, folder)
    made = fabricate(words, folder)
    rows = []
    for kind in ("read", "skip"):
        command = [sys.executable, __file__, "--child", kind, "--trials", str(trials)]
        for _ in range(2):
            found = json.loads(wall([*command, "--folder", str(folder)])[1])
        assert found["trials"] == made
        rows.append({"row": kind, **found})
    rows[1]["times reading"] = rows[1]["seconds"] / rows[0]["seconds"]
    return rows


# Output -------------------------------------------------------------------------------------------


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    columns = list(dict.fromkeys(key for one in rows for key in one))

    def text(value: Any) -> str:
        if isinstance(value, float):
            return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
        return "" if value is None else str(value)

    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(text(one.get(c)) for c in columns) + " |" for one in rows]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=200, help="trials of a row")
    parser.add_argument("--seconds", type=float, default=30.0, help="budget of the long trial")
    parser.add_argument("--trials", type=int, default=100_000, help="trials of the skipped sweep")
    parser.add_argument("--only", default="trial,long,skip", help="which of the three")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--child", choices=["read", "skip"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        words = skip_words(chosen.trials, chosen.folder)
        print(json.dumps(child(chosen.child, words, chosen.folder)))
        return
    wanted = set(chosen.only.split(","))
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}\n")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="dnnbench-harness-") as name:
        folder = Path(name)
        if "trial" in wanted:
            figures["trial"] = bench_trial(chosen.repeat, folder)
            print(f"One trial, ms, mean of {chosen.repeat}\n\n{table(figures['trial'])}\n")
        if "long" in wanted:
            figures["long"] = bench_long(chosen.seconds, folder)
            print(f"A trial of {chosen.seconds:g} s, s\n\n{table([figures['long']])}\n")
        if "skip" in wanted:
            figures["skip"] = bench_skip(chosen.trials, folder / "skip")
            print(f"All on record, s and MiB\n\n{table(figures['skip'])}\n")
    print(f"load {os.getloadavg()[0]:.2f}")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
