"""Seconds an iteration of physics-informed networks beside DeepXDE's, interleaved in one run.

Usage: python scripts/bench_pde.py [--torch-python PATH] [--jax-python PATH] [--rounds 5] ...

The problems, networks and points are those of `scripts/reference/pinn_deepxde.py`, which runs
DeepXDE in child processes, once with each back end for which a Python is named; Adam at 1e-3,
float32, all on one thread of the same core. `ours` is the method's network and loss in one compiled
loop; `engine` is the method `pinn` on the engine as a user runs it, scoring included, with as many
points of its own (and so not compared in its error). First all but it get the same parameters and
the same points, and losses and gradients are held against DeepXDE's. Then rounds: each takes its
turn with as many iterations, so that all have trained equally long when their errors are compared
at the end. Ratios are taken within a round, of wall seconds and of the processor's seconds.

`start` is the time from a built problem to the first iteration done (drawing parameters, compiling,
one step), with the processor's in brackets. The rate of products alone is that of a hidden layer's
three for each part of a jet, in the same shapes.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SCRIPT = Path(__file__).parent / "reference" / "pinn_deepxde.py"
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Problem:
    """One problem of the table.

    Attributes:
        name: of it.
        sizes: widths of the network.
        counts: residual points and points of the conditions, where no reference gives them.
        settings: of the method `pinn`.
        bars: largest ratios to DeepXDE with PyTorch and with JAX that we accept.
    """

    name: str
    sizes: tuple[int, ...]
    counts: tuple[int, int]
    settings: str
    bars: dict[str, float]


COMMON = (
    "network=mlp activation=tanh weight_init=glorot_uniform normalize=false sampling=uniform "
    "boundary_weight=1 optimizer=adam learning_rate=0.001 decay_rate=1"
)
PROBLEMS = (
    Problem(
        "poisson",
        (2, 50, 50, 50, 50, 1),
        (1320, 120),
        "problem=poisson_2d interior=1320 boundary=30",
        {"pytorch": 0.4, "jax": 0.6},
    ),
    Problem(
        "burgers",
        (2, 20, 20, 20, 1),
        (2780, 240),
        "problem=burgers_1d interior=2780 boundary=40 initial=160",
        {"pytorch": 0.3, "jax": 0.5},
    ),
)


def products(problem: Problem, rows: int) -> float:
    """Floating point operations of an iteration's matrix products.

    Forward, the weights' gradients, and the inputs' gradients save those of the first layer.
    """
    pairs = [a * b for a, b in zip(problem.sizes, problem.sizes[1:], strict=False)]
    return 2.0 * rows * (3 * sum(pairs) - pairs[0])


class Ours:
    """Our network on one problem."""

    def __init__(self, problem: Problem, points: dict[str, np.ndarray]) -> None:
        import jax
        import jax.numpy as jnp
        import optax

        from dnnbench.kernels import taylor
        from dnnbench.kernels.taylor import Directions, seed
        from dnnbench.networks.mlp import Mlp, draw

        self.problem = problem
        poisson = problem.name == "poisson"
        channel = ((0, 0, 1.0), (1, 1, 1.0)) if poisson else ((0, 0, 1.0),)
        inner, outer = Directions(2, True, (channel,)), Directions(2, False, ())
        self.blocks = inner.blocks
        self.rows = inner.blocks * len(points["inside"]) + len(points["edge"])
        network = Mlp(problem.sizes[1], len(problem.sizes) - 2, 1)
        self.points = {k: jnp.asarray(points[k], jnp.float32) for k in ("inside", "edge", "values")}
        self.counts = [int(c) for c in points["counts"]]
        optimizer = optax.adam(1e-3)

        def residual(u: Any, x: Any) -> Any:
            if poisson:
                source = 2 * taylor.pi**2 * taylor.sin(taylor.pi * x)
                return -u.second(0) - source[:, :1] * taylor.sin(taylor.pi * x[:, 1:])
            return u.first(1) + u.value * u.first(0) - 0.01 / taylor.pi * u.second(0)

        def loss(params: Any, points: Any) -> Any:
            inside = network.apply(params, seed(points["inside"], inner))
            edge = network.apply(params, seed(points["edge"], outer)).value - points["values"]
            total, start = jnp.mean(residual(inside, points["inside"]) ** 2), 0
            for count in self.counts:
                total += jnp.mean(edge[start : start + count] ** 2)
                start += count
            return total

        def step(state: Any, points: Any) -> Any:
            gradient = jax.grad(loss)(state[0], points)
            updates, moments = optimizer.update(gradient, state[1], state[0])
            return optax.apply_updates(state[0], updates), moments

        def loop(count: Any, state: Any, points: Any) -> Any:
            return jax.lax.fori_loop(0, count, lambda _, s: step(s, points), state)

        def init(key: Any, points: Any) -> Any:
            params = draw(network, key, seed(points["edge"], outer), "glorot_uniform")
            return params, optimizer.init(params)

        begin, used = time.perf_counter(), time.process_time()
        self.loop = jax.jit(loop, donate_argnums=1)
        self.state = jax.jit(init)(jax.random.key(0), self.points)
        kept = jax.tree.map(jnp.copy, self.state)
        self.wait = jax.block_until_ready
        self.wait(self.loop(1, kept, self.points))
        self.start = time.perf_counter() - begin, time.process_time() - used
        self.evaluate = jax.jit(jax.value_and_grad(loss))
        self.outputs = jax.jit(lambda p, x: network.apply(p, seed(x, outer)).value)

    def layers(self, tree: Any) -> dict[str, np.ndarray]:
        """Arrays kernel_i and bias_i of the parameters or their gradients."""
        names = [f"layer_{i}" for i in range(len(self.problem.sizes) - 2)] + ["output"]
        found = {}
        for i, name in enumerate(names):
            for part in ("kernel", "bias"):
                found[f"{part}_{i}"] = np.asarray(tree["params"][name][part])
        return found

    def train(self, steps: int) -> tuple[float, float]:
        """Wall and processor seconds an iteration."""
        begin, used = time.perf_counter(), time.process_time()
        self.state = self.wait(self.loop(steps, self.state, self.points))
        return (time.perf_counter() - begin) / steps, (time.process_time() - used) / steps

    def predict(self, points: np.ndarray) -> np.ndarray:
        """Values at points."""
        return np.asarray(self.outputs(self.state[0], points.astype(np.float32)))


class Engine:
    """The method on the engine."""

    def __init__(self, problem: Problem) -> None:
        from dnnbench.config.compose import compose
        from dnnbench.engine.compiled import Programs
        from dnnbench.instances.load import default_cache_dir, load_instance
        from dnnbench.runner.solve_method import assemble
        from dnnbench.runner.spec import make_spec

        name, *own = problem.settings.split()
        width, depth = problem.sizes[1], len(problem.sizes) - 2
        settings = [*COMMON.split(), f"width={width}", f"depth={depth}", *own]
        chosen = ["method=pinn", *(f"method.{s}" for s in settings), name]
        equation = load_instance(
            f"equation/{name.removeprefix('problem=')}", cache_dir=default_cache_dir()
        )
        spec = make_spec(compose([*chosen, "hardware=cpu", "budget.steps=1"]), equation)
        assert spec.plan is not None
        self.plan, self.programs = spec.plan, Programs()
        made = assemble(spec.job(0), spec.instance.public, self.plan)
        self.method, self.data, self.hp = made
        begin, used = time.perf_counter(), time.process_time()
        self.train(1)
        self.start = time.perf_counter() - begin, time.process_time() - used

    def train(self, steps: int) -> tuple[float, float]:
        """Wall and processor seconds an iteration, of a run from a new beginning."""
        from dnnbench.engine.budget import Budget
        from dnnbench.engine.job import Job
        from dnnbench.engine.run import run

        used = []
        job = Job(self.method, self.data, (self.hp,), 0, Budget(steps=steps), self.plan)
        result = run(
            job,
            on_compiled=lambda _: used.append(time.process_time()),
            programs=self.programs,
        )
        busy = time.process_time() - used[0]
        return result.solve_seconds / result.steps, busy / result.steps


class Reference:
    """DeepXDE in a child process."""

    def __init__(
        self, problem: Problem, backend: str, python: str, options: list[str] | None = None
    ) -> None:
        environment = os.environ | {"DDE_BACKEND": backend, "OMP_NUM_THREADS": "1"}
        command = [python, str(SCRIPT), problem.name, *(options or [])]
        self.name = " ".join(["deepxde", backend, *(options or [])])
        pipe = subprocess.PIPE
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (lives as long as the child)
        self.child = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=self.errors, text=True, env=environment
        )

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """The answer to one command."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        try:
            print(json.dumps({"do": do} | more), file=self.child.stdin, flush=True)
            return json.loads(self.child.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            self.errors.seek(0)
            raise SystemExit(f"{self.name} failed:\n{self.errors.read()[-2000:]}") from None

    def train(self, steps: int) -> tuple[float, float]:
        """Wall and processor seconds an iteration."""
        found = self.ask("train", steps=steps)
        return found["wall"], found["processor"]

    def close(self) -> None:
        """Ends the child."""
        assert self.child.stdin is not None
        self.child.stdin.close()
        self.child.wait()


def own_points(problem: Problem) -> dict[str, np.ndarray]:
    """Points of the right numbers where there is no reference, good for timing only."""
    rng, (inside, edge) = np.random.default_rng(0), problem.counts
    at = rng.uniform(0, 1, (edge, 2))
    at[:, 0] = np.round(at[:, 0])
    found = {"inside": rng.uniform(0, 1, (inside, 2)), "edge": at, "values": np.zeros((edge, 1))}
    return found | {"counts": np.asarray([edge])}


def exact(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """A grid of points with the solution's values [n, 1]."""
    from dnnbench.problems.pde.reference.burgers import Burgers1D
    from dnnbench.problems.pde.reference.formulas import Poisson2D

    solution = Poisson2D() if problem.name == "poisson" else Burgers1D(0.01 / np.pi)
    axes = [np.linspace(low, high, 65) for low, high in solution.domain]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return points, solution.evaluate(points)[:, None]


def stored(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file."""
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def errors(
    problem: Problem, ours: Ours, references: list[Reference], python: str | None, folder: Path
) -> dict[str, float]:
    """Gives all the same parameters; how far everyone's gradient is from DeepXDE's.

    Which is PyTorch's in float64 where there is one. The difference is that of the worst entry,
    relative to the largest of all; so is the loss's.
    """
    np.savez(folder / "init.npz", **ours.layers(ours.state[0]))
    double = [] if python is None else [Reference(problem, "pytorch", python, ["--double"])]
    found = {}
    for who in (*double, *references):
        if who in double:
            who.ask("start")
        who.ask("load", path=str(folder / "init.npz"))
        who.ask("check", path=str(folder / "check.npz"))
        found[who.name] = stored(folder / "check.npz")
    for who in double:
        who.close()
    loss, gradient = ours.evaluate(ours.state[0], ours.points)
    found["ours"] = {"loss": np.asarray(loss)} | ours.layers(gradient)
    truth = next(iter(found.values()))
    scale = max(np.abs(truth[name]).max() for name in truth if name != "loss")

    def error(other: dict[str, np.ndarray]) -> float:
        worst = max(np.abs(other[name] - truth[name]).max() for name in truth if name != "loss")
        return float(max(worst / scale, abs(other["loss"] / truth["loss"] - 1)))

    return {name: error(arrays) for name, arrays in found.items()}


def measure(problem: Problem, pythons: dict[str, str], rounds: int, steps: int) -> dict[str, Any]:
    """Everything about one problem."""
    start, errors_at_end, seconds = {}, {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder, references = Path(name), []
        points = own_points(problem)
        for backend, python in pythons.items():
            references.append(Reference(problem, backend, python))
            found = references[-1].ask("start")
            start[references[-1].name] = found["wall"], found["processor"]
            references[-1].ask("points", path=str(folder / f"{backend}.npz"))
            drawn = stored(folder / f"{backend}.npz")
            if len(references) > 1 and not np.array_equal(drawn["inside"], points["inside"]):
                raise SystemExit("the back ends draw different points")
            points = drawn
        ours = Ours(problem, points)
        engine = Engine(problem)
        start |= {"ours": ours.start, "engine": engine.start}
        every: dict[str, Any] = {reference.name: reference for reference in references}
        every |= {"ours": ours, "engine": engine}
        apart = errors(problem, ours, references, pythons.get("pytorch"), folder)
        for round_ in range(rounds + 1):
            for who, runner in every.items():
                pair = runner.train(steps)
                if round_:  # the first warms up
                    seconds.setdefault(who, []).append(pair)
        grid, values = exact(problem)
        np.savez(folder / "grid.npz", points=grid.astype(np.float32))
        for who, runner in every.items():
            if runner is engine:
                continue
            if runner is ours:
                found = runner.predict(grid)
            else:
                to = str(folder / "values.npz")
                runner.ask("predict", path=str(folder / "grid.npz"), to=to)
                found = stored(Path(to))["values"]
                runner.close()
            errors_at_end[who] = float(np.linalg.norm(found - values) / np.linalg.norm(values))
    work = products(problem, ours.rows)
    return {
        "problem": problem.name,
        "iterations": (rounds + 1) * steps,
        "start": start,
        "seconds": seconds,
        "apart": apart,
        "errors": errors_at_end,
        "rows": ours.rows,
        "operations": work,
        "peak": peak(ours.blocks, len(points["inside"]), problem.sizes[1]),
    }


def peak(blocks: int, n: int, width: int) -> float:
    """Operations a second of a hidden layer's products and nothing else, in one loop."""
    import jax
    import jax.numpy as jnp

    def body(_: Any, state: Any) -> Any:
        parts, kernel, _ = state
        made = [kernel.T @ z for z in parts]
        back = [kernel @ z for z in made]  # an orthogonal kernel gives the parts back
        return back, kernel, [z @ y.T for z, y in zip(parts, made, strict=True)]

    kernel = jnp.linalg.qr(jax.random.normal(jax.random.key(0), (width, width)))[0]
    parts = list(jax.random.normal(jax.random.key(1), (blocks, width, n)))
    loop = jax.jit(lambda count, state: jax.lax.fori_loop(0, count, body, state))
    state = jax.block_until_ready(loop(10, (parts, kernel, [kernel] * blocks)))
    times = []
    for _ in range(5):
        begin = time.process_time()
        state = jax.block_until_ready(loop(100, state))
        times.append((time.process_time() - begin) / 100)
    return 6.0 * blocks * n * width * width / statistics.median(times)


def report(row: dict[str, Any], problem: Problem) -> str:
    """The table's lines of one problem."""
    lines = [
        f"{row['problem']}: {row['operations'] / 1e9:.3f} GFLOP an iteration, {row['rows']} rows"
    ]
    for who, found in row["seconds"].items():
        wall, busy = (1e3 * statistics.median(f[i] for f in found) for i in (0, 1))
        begun, used = row["start"][who]
        line = f"  {who:15} {wall:6.2f} ms ({busy:6.2f} of processor)"
        line += f"  start {begun:5.2f} s ({used:5.2f})"
        if who in row["apart"] and len(row["apart"]) > 1:
            line += f"  gradient off by {row['apart'][who]:.1e}"
            line += f"  error {row['errors'][who]:.3g} after {row['iterations']}"
        lines.append(line)
    busy = statistics.median(pair[1] for pair in row["seconds"]["ours"])
    rate, most = row["operations"] / busy, row["peak"]
    lines.append(
        f"  ours: {rate / 1e9:.0f} GFLOP/s, {100 * rate / most:.0f} % of the {most / 1e9:.0f} "
        "GFLOP/s of products alone"
    )
    for backend, bar in problem.bars.items():
        theirs = f"deepxde {backend}"
        for mine in ("ours", "engine") if theirs in row["seconds"] else ():
            lines.append(f"  {mine} / {backend}: {compared(row, mine, theirs, bar)}")
    return "\n".join(lines)


def compared(row: dict[str, Any], mine: str, theirs: str, bar: float) -> str:
    """Ratios of seconds an iteration, by round, and of the starts."""
    parts = []
    for i, what in enumerate(("wall", "processor")):
        pairs = zip(row["seconds"][mine], row["seconds"][theirs], strict=True)
        found = [a[i] / b[i] for a, b in pairs]
        middle = statistics.median(found)
        parts.append(f"{what} {middle:.3f} ({min(found):.3f}-{max(found):.3f})")
        if not i:
            met = "yes" if middle <= bar else "NO"
    start = row["start"][mine][1] / row["start"][theirs][1]
    return ", ".join([*parts, f"start {start:.2f} (processor)"]) + f"; bar {bar}: {met}"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--torch-python", help="a Python that has deepxde and torch")
    add("--jax-python", help="a Python that has deepxde, jax, flax and optax")
    add("--rounds", type=int, default=5)
    add("--steps", type=int, default=100, help="iterations a round")
    add("--only", default="", help="the problem with this in its name")
    add("--json", type=Path, help="write everything measured to this file")
    args = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])  # before JAX sizes its pool
    pythons = {"pytorch": args.torch_python, "jax": args.jax_python}
    pythons = {backend: python for backend, python in pythons.items() if python}
    if not pythons:
        print("no references (--torch-python and --jax-python name Pythons with deepxde)")
    table = []
    for problem in (p for p in PROBLEMS if args.only in p.name):
        table.append(measure(problem, pythons, args.rounds, args.steps))
        print(report(table[-1], problem), flush=True)
    print(f"one thread, load {os.getloadavg()[0]:.1f}")
    if args.json is not None:
        args.json.write_text(json.dumps(table), "utf-8")
    if any(apart > TOLERANCE for row in table for apart in row["apart"].values()):
        raise SystemExit("ours and DeepXDE do not compute the same")


if __name__ == "__main__":
    main()
