"""Seconds an iteration of the image networks beside PyTorch's, interleaved in one run.

Usage: python scripts/bench_imaging.py [--torch-python PATH] [--rounds 3] [--only TEXT] [--layers]

Rows: Deep Image Prior, large and small, at 256x256; SIREN at 64x64 and 256x256. One iteration is
loss, gradient and Adam. Ours comes in two ways: `call`, one jit call an iteration with donated
state, and `loop`, several iterations in one compiled loop, which is how the engine runs. The
reference is `scripts/reference/{dip,siren}_torch.py` in a child process with as many threads on
the same cores. First both get the same parameters, and outputs and gradients are compared with
PyTorch's in float64. Ratios are taken within a round, of wall seconds and of the processor's
seconds (all threads), which a busy neighbour disturbs less.

`--layers` times instead each form of `kernels.convolution_forms` on each 3x3 and 1x1 layer shape.

What an iteration must do (float32, multiplications and additions counted apart):

    dip large 256x256   116 GFLOP   608 MB of layer outputs forward, about six passes over them
    dip small 256x256   2.6 GFLOP    65 MB of layer outputs forward, about six passes
    siren 64x64         4.9 GFLOP    4 MB a layer; siren 256x256 77.6 GFLOP, 67 MB a layer
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

REFERENCES = Path(__file__).parent / "reference"
TOLERANCE = 1e-4


@dataclass
class Row:
    """One line of the table.

    Attributes:
        name: what is timed.
        script: the reference's file.
        options: of the reference.
        size: height and width.
        bar: largest ratio to the reference that we accept.
        steps: iterations of one measurement.
        seconds: way -> (wall, processor) seconds an iteration, one a round.
        differences: see `Reference.compare`.
    """

    name: str
    script: str
    options: list[str]
    size: int
    bar: float
    steps: int
    seconds: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    differences: tuple[float, float, float] = (np.nan, np.nan, np.nan)


def rows() -> list[Row]:
    """All rows."""
    return [
        Row("dip large", "dip_torch.py", ["--setting", "large"], 256, 1.3, 2),
        Row("dip small", "dip_torch.py", ["--setting", "small"], 256, 2.0, 10),
        Row("siren", "siren_torch.py", [], 64, 1.0, 10),
        Row("siren", "siren_torch.py", [], 256, 1.0, 2),
    ]


class Ours:
    """One row's network with its compiled programs."""

    def __init__(self, row: Row) -> None:
        import jax
        import jax.numpy as jnp
        import optax

        from dnnbench.networks.draw import draw_parameters
        from dnnbench.networks.siren import Siren, coordinates, draw_siren
        from dnnbench.networks.skip import SkipNetwork, skip_setting

        n, key = row.size, jax.random.key(0)
        self.target = jax.random.uniform(jax.random.key(1), (n, n, 1), jnp.float32)
        if row.name == "siren":
            network: Any = Siren(1)
            self.x = coordinates(n, n)
            draw, rate = draw_siren, 1e-4
        else:
            setting = skip_setting(row.name.split()[1])
            network = SkipNetwork(setting, 1)
            shape = (n, n, setting.input_channels)
            self.x = 0.1 * jax.random.uniform(jax.random.key(2), shape, jnp.float32)
            draw, rate = draw_parameters, 0.01
        self.params = jax.jit(lambda k: draw(network, k, self.x))(key)
        optimizer = optax.adam(rate)

        def loss(params: Any, x: Any, target: Any) -> tuple[Any, Any]:
            y = network.apply(params, x)
            return jnp.mean((y - target) ** 2), y

        def step(state: Any, x: Any, target: Any) -> Any:
            _, gradient = jax.value_and_grad(loss, has_aux=True)(state[0], x, target)
            updates, moments = optimizer.update(gradient, state[1], state[0])
            return optax.apply_updates(state[0], updates), moments

        def loop(count: Any, state: Any, x: Any, target: Any) -> Any:
            return jax.lax.fori_loop(0, count, lambda _, s: step(s, x, target), state)

        self.evaluate = jax.jit(jax.value_and_grad(loss, has_aux=True))
        self.call, self.loop = jax.jit(step, donate_argnums=0), jax.jit(loop, donate_argnums=1)
        copy = jax.tree.map(jnp.copy, self.params)
        self.state = copy, optimizer.init(copy)
        self.wait: Callable[[Any], Any] = jax.block_until_ready

    def measure(self, way: str, steps: int) -> tuple[float, float]:
        """Wall and processor seconds an iteration."""
        begin, used = time.perf_counter(), time.process_time()
        if way == "loop":
            self.state = self.wait(self.loop(steps, self.state, self.x, self.target))
        else:
            for _ in range(steps):
                self.state = self.wait(self.call(self.state, self.x, self.target))
        return (time.perf_counter() - begin) / steps, (time.process_time() - used) / steps


def torch_names(tree: dict[str, Any]) -> dict[str, np.ndarray]:
    """Parameters (or their gradients) under PyTorch's names and in its layout."""
    found = {}

    def walk(prefix: str, node: dict[str, Any]) -> None:
        for name, value in node.items():
            if isinstance(value, dict):
                walk(f"{prefix}{name}.", value)
                continue
            array = np.asarray(value)
            if name == "kernel":
                array = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T
            found[prefix + ("bias" if name == "bias" else "weight")] = np.ascontiguousarray(array)

    walk("", tree["params"])
    return found


class Reference:
    """Runs the PyTorch code in child processes."""

    def __init__(self, python: str, device: str, threads: int, folder: Path) -> None:
        self.python, self.device, self.threads, self.folder = python, device, threads, folder

    def call(self, row: Row, *more: str) -> dict[str, Any]:
        """The reference's own report."""
        command = [self.python, str(REFERENCES / row.script), *row.options, "--size", str(row.size)]
        command += ["--threads", str(self.threads), "--device", self.device, *more]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"the reference failed:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def compare(self, row: Row, ours: Ours) -> tuple[float, float, float]:
        """Errors at equal parameters, over the largest entry of what is compared.

        Our output and gradients in float32 and PyTorch's gradients in float32, all against PyTorch
        in float64.
        """
        init = self.folder / "init.npz"
        arrays = torch_names(ours.params)
        np.savez(init, input=np.asarray(ours.x), target=np.asarray(ours.target), **arrays)
        found = []
        for more in (["--double"], []):
            check = self.folder / f"check{len(more)}.npz"
            self.call(row, "--init", str(init), "--check", str(check), *more)
            with np.load(check, allow_pickle=False) as stored:
                found.append({name: stored[name] for name in stored.files})
        exact, theirs = found
        (_, y), gradient = ours.evaluate(ours.params, ours.x, ours.target)
        mine = torch_names(gradient)
        largest = max(np.abs(exact[n]).max() for n in mine)

        def error(some: dict[str, np.ndarray]) -> float:
            return float(max(np.abs(some[n] - exact[n]).max() for n in mine) / largest)

        output = np.abs(exact["output"] - np.asarray(y)).max() / np.abs(exact["output"]).max()
        return float(output), error(mine), error(theirs)


def agrees(row: Row) -> bool:
    """Whether the errors are within 1e-4, or those of the gradients within twice PyTorch's own.

    Gradients through many normalisations lose digits in float32 whoever computes them.
    """
    output, gradients, theirs = row.differences
    return output <= TOLERANCE and gradients <= max(TOLERANCE, 2 * theirs)


def repeated(stride: int, form: Any, count: Any, state: Any) -> Any:
    """`count` times the layer with both gradients; state is (x, kernel)."""
    import jax

    from dnnbench.kernels.convolution import convolve

    def body(_: Any, state: Any) -> Any:
        y, back = jax.vjp(lambda x, kernel: convolve(x, kernel, stride, chosen=form), *state)
        return tuple(a + 1e-9 * b for a, b in zip(state, back(y), strict=True))

    return jax.lax.fori_loop(0, count, body, state)


def layers(rounds: int) -> None:
    """Milliseconds of the forms, forward and both gradients, inside one compiled loop."""
    import jax
    import jax.numpy as jnp

    from dnnbench.kernels.convolution_forms import FORMS, Forms, choose_forms

    shapes = [(3, 8, 256, 3, 2), (8, 8, 128, 3, 1), (16, 8, 256, 3, 1), (8, 16, 128, 3, 2)]
    shapes += [(32, 16, 128, 3, 1), (68, 32, 64, 3, 1), (64, 64, 16, 3, 1), (8, 8, 256, 1, 1)]
    shapes += [(32, 128, 256, 3, 2), (128, 128, 128, 3, 2), (128, 128, 64, 3, 1)]
    shapes += [(132, 128, 64, 3, 1), (128, 128, 64, 1, 1), (128, 4, 128, 1, 1)]
    print("layer (c_in, c_out, size, k, stride), then form ms (chosen: *)")
    for c_in, c_out, n, k, stride in shapes:
        x = jax.random.normal(jax.random.key(0), (n, n, c_in), jnp.float32)
        kernel = jax.random.normal(jax.random.key(1), (k, k, c_in, c_out), jnp.float32)
        line = f"{(c_in, c_out, n, k, stride)!s:26}"
        chosen = choose_forms("cpu", c_in, c_out, k, stride, "float32")
        every = [Forms(f, f, f) for f in FORMS if f != "winograd" or (k == 3 and stride == 1)]
        for form in [*every, *([] if chosen in every else [chosen])]:
            loop = jax.jit(functools.partial(repeated, stride, form))
            jax.block_until_ready(loop(1, (x, kernel)))
            times = []
            for _ in range(rounds):
                used = time.process_time()
                jax.block_until_ready(loop(3, (x, kernel)))
                times.append((time.process_time() - used) / 3e-3)
            name = form.forward if form in every else "mixed"
            line += f"  {name}{'*' if form == chosen else ''} {min(times):.1f}"
        print(line, flush=True)


def ratio(row: Row, way: str, which: int) -> list[float]:
    """Ours over the reference's, one a round; which: 0 wall, 1 processor."""
    pairs = zip(row.seconds[way], row.seconds["torch"], strict=True)
    return [a[which] / b[which] for a, b in pairs]


def report(row: Row) -> str:
    """One line of the table."""
    line = f"{row.name} {row.size}x{row.size}".ljust(20)
    for way, found in row.seconds.items():
        wall, busy = (statistics.median(f[i] for f in found) for i in (0, 1))
        line += f"  {way} {wall:.3g} s ({busy:.3g} s of processor)"
    if "torch" in row.seconds:
        for way in ("call", "loop"):
            wall, busy = ratio(row, way, 0), ratio(row, way, 1)
            line += f"\n    {way} / torch: wall {statistics.median(wall):.2f}"
            line += f" ({min(wall):.2f}-{max(wall):.2f}), processor {statistics.median(busy):.2f}"
            met = statistics.median(wall) <= row.bar
            line += f" ({min(busy):.2f}-{max(busy):.2f}); bar {row.bar} {'yes' if met else 'NO'}"
        output, gradients, theirs = row.differences
        line += f"\n    error of output {output:.1e}, of gradients {gradients:.1e}"
        line += f" (torch's own {theirs:.1e}){'' if agrees(row) else ' TOO LARGE'}"
    return line


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--torch-python", help="a Python that has torch")
    add("--threads", type=int, default=1, help="processor cores, ours and the reference's")
    add("--rounds", type=int, default=3)
    add("--only", default="", help="rows whose `name size` holds one of these comma-separated")
    add("--layers", action="store_true", help="time the forms of the convolutions instead")
    add("--json", type=Path, help="write everything measured to this file")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    args = parse()
    cores = sorted(os.sched_getaffinity(0))
    if args.threads > len(cores):
        raise SystemExit(f"--threads {args.threads}: only {len(cores)} cores are at hand")
    os.sched_setaffinity(0, cores[-args.threads :])  # before JAX starts, which sizes its pool
    if args.layers:
        return layers(args.rounds)
    import jax

    device = "cuda" if jax.default_backend() == "gpu" else "cpu"
    table = [r for r in rows() if any(w in f"{r.name} {r.size}" for w in args.only.split(","))]
    if args.torch_python is None:
        print("no reference rows (--torch-python PATH names a Python with torch)")
    failed = False
    with tempfile.TemporaryDirectory() as name:
        reference = Reference(args.torch_python or sys.executable, device, args.threads, Path(name))
        for row in table:
            ours = Ours(row)
            if args.torch_python is not None:
                row.differences = reference.compare(row, ours)
                failed |= not agrees(row)
            for way in ("call", "loop"):
                ours.measure(way, 1)
            for _ in range(args.rounds):
                if args.torch_python is not None:
                    found = reference.call(row, "--steps", str(row.steps))
                    pair = found["seconds"], found["cpu_seconds"]
                    row.seconds.setdefault("torch", []).append(pair)
                for way in ("call", "loop"):
                    row.seconds.setdefault(way, []).append(ours.measure(way, row.steps))
            print(report(row), flush=True)
    print(f"threads {args.threads}, load {os.getloadavg()[0]:.1f}, jax {jax.__version__}")
    if args.json is not None:
        args.json.write_text(json.dumps([vars(r) for r in table]), "utf-8")
    if failed:
        raise SystemExit("ours and the reference do not compute the same")
    return None


if __name__ == "__main__":
    main()
