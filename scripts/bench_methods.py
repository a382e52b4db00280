"""Time per step of dnnbench's methods beside the memory bound and a PyTorch PI-GNN, interleaved.

Usage: python scripts/bench_methods.py [--torch-python PATH] [--json FILE] [--only TEXT] ...

Every row is measured once a round and the order rotates from round to round, so that a busy
neighbour hits all rows alike; ratios are taken within a round. Our side is what a user's
`dnnbench run` executes: the composed config, its plan, the engine with a budget of steps, scoring
included; time per step is `Result.solve_seconds / Result.steps`, and per restart-step the same over
the lanes. Compilation is left out (a temporary cache keeps it from being repeated). The reference
is `scripts/reference/pi_gnn_torch.py` in a child process on the same cores with as many threads:
`dgl` sums over neighbours as the published code does, `csr` by a sparse product. Torch is no
dependency: without it those rows are left out.

What a step must move (float32; n vertices, z = 2 m stored nonzeros of 4 + 4 bytes, L lanes):

    pi_gnn        4 L (8 P + 2 n d + 8 n h + 10 n) + 40 z    bytes, P = n d + d h + 2 h + 1:
                  Adam reads and writes p, m, v and writes and reads g (8 P); the embedding is read
                  for X W and for the gradient of W; eight passes over [n, h] (X W and A X W
                  written and read, forward and backward); about ten vectors; five sparse products
                  (two layers forward and backward, one for the loss, whose gradient is free)
    simulated_bifurcation   16 n L + 8 z: x and y read and written
    mean_field              24 n L + 8 z: p, m, v read and written
    pqqa                    24 n S L + 8 z: the same for S copies

and compute:

    pi_gnn        L (6 n d h + 4 z h + 6 z + 12 P) operations
    simulated_bifurcation   L (2 z + 12 n);   mean_field   L (2 z + 30 n)
    pqqa                    S L (2 z + 120 n): a normal number is some 80 operations

The bound is the larger of bytes / bandwidth and operations / rate, both measured at the start of
this run: on a CPU the bandwidth of a copy of this row's own size (read + write; small rows live in
cache), on a GPU that of a large copy; the rate is a float32 matrix product's. Scoring is not in the
bound.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

REFERENCE = Path(__file__).parent / "reference" / "pi_gnn_torch.py"
REGULAR_1K = "gen/random_regular-n1000-d3-s1"
REGULAR_10K = "gen/random_regular-n10000-d3-s1"
BARS = {REGULAR_1K: 0.2, "gset/G14": 0.5, REGULAR_10K: 0.15}
RESTARTS, RESTARTS_BAR = 128, 0.15


@dataclass
class Row:
    """One line of the table.

    Attributes:
        name: what is timed.
        instance: name of the graph.
        overrides: of our method's config; None for the reference.
        aggregation: of the reference; empty for ours.
        bar: largest ratio to the reference that we accept, or None.
        lanes: restarts that one step advances.
        bytes, operations: that a step of one restart must move and compute.
        working_set: bytes that a step touches at once.
        steps: of one measurement, set in the first round.
        milliseconds: per restart-step, one entry a round.
    """

    name: str
    instance: str
    overrides: list[str] | None = None
    aggregation: str = ""
    bar: float | None = None
    lanes: int = 1
    bytes: float = 0.0
    operations: float = 0.0
    working_set: float = 0.0
    steps: int = 0
    milliseconds: list[float] = field(default_factory=list)
    bound: float = 0.0


def rows(aggregations: list[str], micro_batches: list[int]) -> list[Row]:
    """All rows, ours and the reference's."""
    found = []
    for instance, bar in BARS.items():
        found.append(Row("pi_gnn", instance, ["method=pi_gnn", "plan.lanes=1"], bar=bar))
        found += [Row(f"torch {a}", instance, aggregation=a) for a in aggregations]
    for instance in (REGULAR_1K, "gset/G14"):
        for size in micro_batches:
            plan = [f"plan.lanes={RESTARTS}", f"plan.micro_batch={size}"]
            name = f"pi_gnn x{RESTARTS}, {size} a unit"
            found.append(Row(name, instance, ["method=pi_gnn", *plan], bar=RESTARTS_BAR))
    for method in ("simulated_bifurcation", "pqqa", "mean_field"):
        for instance in ("gset/G14", "gset/G22", "gset/G70"):
            found.append(Row(method, instance, [f"method={method}"]))
    return found


# Our side -----------------------------------------------------------------------------------------


class Ours:
    """Runs rows on the engine; keeps graphs, not programs."""

    def __init__(self, platform: str, seconds: float) -> None:
        self.platform, self.seconds = platform, seconds

    def prepare(self, row: Row) -> Callable[[int], float]:
        """Fill in the row's work; the result runs so many steps and returns the seconds of one."""
        from dnnbench.config.compose import compose
        from dnnbench.engine.budget import Budget
        from dnnbench.engine.job import Job
        from dnnbench.engine.run import run
        from dnnbench.instances.load import default_cache_dir, load_instance
        from dnnbench.runner.solve_method import assemble
        from dnnbench.runner.spec import make_spec

        instance = load_instance(row.instance, cache_dir=default_cache_dir())
        chosen = ["problem=maxcut", f"hardware={self.platform}", "budget.steps=1"]
        spec = make_spec(compose([*(row.overrides or []), *chosen]), instance)
        assert spec.plan is not None
        plan, graph = spec.plan, instance.public
        method, data, hp = assemble(spec.job(0), graph, plan)
        row.lanes = plan.lanes
        name, z = spec.solver, 2 * graph.num_edges
        row.bytes, row.operations = work(name, method, graph.num_vertices, z, plan)
        row.working_set = row.bytes * plan.micro_batch

        def measure(steps: int) -> float:
            result = run(Job(method, data, (hp,), 0, Budget(steps=steps), plan))
            return result.solve_seconds / result.steps

        self.score_every = plan.score_every
        return measure


def work(name: str, method: Any, n: int, z: int, plan: Any) -> tuple[float, float]:
    """(bytes, operations) of one restart's step, as in the docstring above."""
    matrix = z / plan.micro_batch
    if name == "pi_gnn":
        d, h = method.sizes(n)
        p = n * d + d * h + 2 * h + 1
        moved = 4 * (8 * p + 2 * n * d + 8 * n * h + 10 * n) + 40 * matrix
        return moved, 6 * n * d * h + 4 * z * h + 6 * z + 12 * p
    if name == "simulated_bifurcation":
        return 16 * n + 8 * matrix, 2 * z + 12 * n
    if name == "mean_field":
        return 24 * n + 8 * matrix, 2 * z + 30 * n
    copies = method.num_replicas
    return 24 * n * copies + 8 * matrix, copies * (2 * z + 120 * n)


def our_milliseconds(row: Row, measure: Callable[[int], float], every: int, goal: float) -> float:
    """One measurement of about `goal` seconds, per restart-step."""
    if not row.steps:
        per_step = measure(2 * every)
        row.steps = max(round(goal / per_step / every), 2) * every
        if per_step * 2 * every < goal:
            per_step = measure(row.steps)
            row.steps = max(round(goal / per_step / every), 2) * every
    return measure(row.steps) / row.lanes * 1e3


# The reference ------------------------------------------------------------------------------------


class Reference:
    """Runs the PyTorch code in child processes."""

    def __init__(self, python: str, device: str, threads: int, goal: float, folder: Path) -> None:
        self.python, self.device, self.threads = python, device, threads
        self.goal, self.folder = goal, folder

    def call(self, row: Row, epochs: int) -> dict[str, Any]:
        """The reference's own report."""
        command = [self.python, str(REFERENCE), str(self._file(row.instance))]
        command += ["--aggregation", row.aggregation, "--epochs", str(epochs), "--chunks", "6"]
        command += ["--threads", str(self.threads), "--device", self.device]
        environment = {**os.environ, "DGLBACKEND": "pytorch"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode:
            raise SystemExit(f"the reference failed:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def milliseconds(self, row: Row) -> float:
        """One measurement of about the wanted seconds."""
        if not row.steps:
            estimate = self.call(row, 12)["ms_per_epoch"]
            row.steps = max(int(self.goal * 1e3 / estimate), 12)
        return float(self.call(row, row.steps)["ms_per_epoch"])

    def _file(self, instance: str) -> Path:
        from dnnbench.instances.load import default_cache_dir, export

        path = self.folder / (instance.replace("/", "_") + ".txt")
        if not path.exists():
            path.write_text(export(instance, cache_dir=default_cache_dir()), "utf-8")
        return path


def find_aggregations(python: str) -> list[str]:
    """`csr` where torch can be imported, `dgl` too where that can."""
    environment = {**os.environ, "DGLBACKEND": "pytorch"}

    def works(module: str) -> bool:
        command = [python, "-c", f"import {module}"]
        return not subprocess.run(command, capture_output=True, env=environment).returncode

    if not works("torch"):
        raise SystemExit(f"torch cannot be imported by {python}")
    return ["dgl", "csr"] if works("dgl") else ["csr"]


# The machine --------------------------------------------------------------------------------------


class Machine:
    """Bandwidth by size, and the rate of a matrix product; best of several."""

    def __init__(self, platform: str, threads: int) -> None:
        self.platform, self.threads = platform, threads
        self._known: dict[int, float] = {}
        self.rate = self._product_rate()

    def bandwidth(self, size: float) -> float:
        """Bytes a second, read and written, of a copy that touches `size` bytes."""
        exponent = 30 if self.platform == "gpu" else max(14, min(28, round(np.log2(size))))
        if exponent not in self._known:
            copy = self._gpu_copy if self.platform == "gpu" else self._cpu_copy
            self._known[exponent] = copy(2**exponent)
        return self._known[exponent]

    def _cpu_copy(self, size: int) -> float:
        count = max(size // (8 * self.threads), 1)
        pairs = [
            (np.ones(count, np.float32), np.zeros(count, np.float32)) for _ in range(self.threads)
        ]
        repeats = max(2**26 // size, 1)

        def copy(pair: tuple[np.ndarray, np.ndarray]) -> None:
            for _ in range(repeats):
                np.copyto(pair[1], pair[0])

        best = 0.0
        with ThreadPoolExecutor(self.threads) as pool:
            for _ in range(7):
                begin = time.perf_counter()
                list(pool.map(copy, pairs))
                seconds = time.perf_counter() - begin
                best = max(best, 8 * count * self.threads * repeats / seconds)
        return best

    @staticmethod
    def _gpu_copy(size: int) -> float:
        import jax
        import jax.numpy as jnp

        step = jax.jit(lambda x: x + 1, donate_argnums=0)
        x = step(jnp.zeros(size // 8, jnp.float32)).block_until_ready()
        best = 0.0
        for _ in range(5):
            begin = time.perf_counter()
            for _ in range(20):
                x = step(x)
            x.block_until_ready()
            best = max(best, 20 * size / (time.perf_counter() - begin))
        return best

    @staticmethod
    def _product_rate() -> float:
        import jax
        import jax.numpy as jnp

        n = 1024
        a = jnp.ones((n, n), jnp.float32)
        product = jax.jit(lambda a, b: jnp.matmul(a, b, precision="highest"))
        product(a, a).block_until_ready()
        best, end = 0.0, time.perf_counter() + 1.0
        while time.perf_counter() < end:
            begin = time.perf_counter()
            product(a, a).block_until_ready()
            best = max(best, 2 * n**3 / (time.perf_counter() - begin))
        return best


# The table ----------------------------------------------------------------------------------------


def spread(values: list[float]) -> str:
    """Median (min-max) in three digits."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.3g} ({low:.3g}-{high:.3g})"


def ratios(row: Row, table: list[Row]) -> dict[str, list[float]]:
    """Aggregation -> ratio of our time to the reference's, one a round."""
    found = {}
    for other in table:
        if row.bar is not None and other.aggregation and other.instance == row.instance:
            pairs = zip(row.milliseconds, other.milliseconds, strict=True)
            found[other.aggregation] = [a / b for a, b in pairs]
    return found


def verdict(row: Row, table: list[Row]) -> str:
    """The bar and whether the median ratio to the published form (else the other) meets it."""
    found = ratios(row, table)
    if row.bar is None:
        return ""
    if not found:
        return f"<= {row.bar} ?"
    judged = found.get("dgl") or found["csr"]
    return f"<= {row.bar} {'yes' if statistics.median(judged) <= row.bar else 'NO'}"


def render(table: list[Row], aggregations: list[str]) -> str:
    """The plain text table."""
    head = ["row", "graph", "KB", "kop", "bound us", "us a restart-step", "/ bound"]
    head += [f"/ {a}" for a in aggregations] + (["bar"] if aggregations else [])
    lines = [head]
    for row in table:
        micro = [1e3 * t for t in row.milliseconds]
        line = [row.name, row.instance.split("/")[1]]
        if row.aggregation:
            lines.append([*line, "", "", "", spread(micro), *[""] * (len(head) - 6)])
            continue
        bound = 1e6 * row.bound
        line += [f"{row.bytes / 1e3:.4g}", f"{row.operations / 1e3:.4g}", f"{bound:.3g}"]
        line += [spread(micro), f"{statistics.median(micro) / bound:.2g}"]
        found = ratios(row, table)
        line += [spread(found[a]) if a in found else "" for a in aggregations]
        lines.append([*line, *([verdict(row, table)] if aggregations else [])])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--torch-python", help="a Python that has torch (and, for the published form, dgl)")
    add("--threads", type=int, default=1, help="processor cores, ours and the reference's")
    add("--rounds", type=int, default=5)
    add("--seconds", type=float, default=1.0, help="of one measurement")
    add("--only", default="", help="rows whose `name graph` holds one of these comma-separated")
    add("--micro-batches", default="1,16", help="lanes a unit for the rows of 128 restarts")
    add("--json", type=Path, help="write everything measured to this file")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    args = parse()
    cores = sorted(os.sched_getaffinity(0))
    if args.threads > len(cores):
        raise SystemExit(f"--threads {args.threads}: only {len(cores)} cores are at hand")
    os.sched_setaffinity(0, cores[-args.threads :])  # before JAX starts, which sizes its pool

    import jax

    platform = "gpu" if jax.default_backend() == "gpu" else "cpu"
    python = args.torch_python
    if python is None and importlib.util.find_spec("torch") is not None:
        python = sys.executable
    aggregations = [] if python is None else find_aggregations(python)
    if python is None:
        print("torch is not here: no reference rows (--torch-python PATH names a Python with it)")

    table = rows(aggregations, [int(s) for s in args.micro_batches.split(",")])
    wanted = args.only.split(",")
    table = [r for r in table if any(w in f"{r.name} {r.instance}" for w in wanted)]
    machine = Machine(platform, args.threads)
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jax.config.update("jax_compilation_cache_dir", str(folder / "programs"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        device = "cuda" if platform == "gpu" else "cpu"
        reference = Reference(python or "", device, args.threads, args.seconds, folder)
        ours = Ours(platform, args.seconds)
        for k in range(args.rounds):
            for i in range(len(table)):
                row = table[(i + k * len(table) // args.rounds) % len(table)]
                if row.aggregation:
                    row.milliseconds.append(reference.milliseconds(row))
                    continue
                measure = ours.prepare(row)
                took = our_milliseconds(row, measure, ours.score_every, args.seconds)
                row.milliseconds.append(took)
            loads.append(os.getloadavg()[0])
            print(f"round {k + 1} of {args.rounds}, load {loads[-1]:.1f}", file=sys.stderr)
    for row in table:
        if not row.aggregation:
            moving = row.bytes / machine.bandwidth(row.working_set)
            row.bound = max(moving, row.operations / machine.rate)

    kind = jax.devices()[0].device_kind
    date = time.strftime("%Y-%m-%d")
    print(
        f"{date}, jax {jax.__version__} on {kind}, {args.threads} thread(s), {args.rounds} rounds"
    )
    print(f"load {min(loads):.1f}-{max(loads):.1f}, {machine.rate / 1e9:.0f} GFLOP/s,", end=" ")
    print(f"copy of 256 MiB {machine.bandwidth(2**28) / 1e9:.0f} GB/s\n")
    print(render(table, aggregations))
    print("\nkop: thousand operations; times are medians over rounds (min-max); a bar is judged")
    print("against the published form (dgl), or csr where DGL is missing; aim for x128: <= 0.05")
    if args.json is not None:
        facts = {
            "date": date,
            "platform": platform,
            "device_kind": kind,
            "jax": jax.__version__,
            "threads": args.threads,
            "load": loads,
            "flops": machine.rate,
            "bandwidth": machine.bandwidth(2**28),
            "rows": [{**asdict(r), "ratios": ratios(r, table)} for r in table],
        }
        args.json.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
