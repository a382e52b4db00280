"""Compare every sparse product with the chosen one, SciPy, NumPy and the memory's speed.

Run `python -m dnnbench.kernels.bench_spmm [--quick] [--json FILE]`. All kernels of a shape run
interleaved in rotated order; figures are medians over the rounds, in microseconds a product.
Products run inside a compiled loop, as the engine runs them, with y <- A y / s + 1 to stay bounded.
"""

import argparse
import dataclasses
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.kernels.bench_graphs import suite
from dnnbench.kernels.choice import choose_spmm
from dnnbench.kernels.spmm import Sparse, make_sparse, spmm

COLUMNS = (1, 2, 4, 8, 15, 16, 31, 64, 128, 256, 512, 1024)
QUICK_COLUMNS = (1, 16, 128)
_DENSE_LIMIT = 2048  # rows up to which dense products are tried
_DENSE_RATIO = 64  # matrix elements an entry up to which they are tried on CPU


@dataclasses.dataclass(frozen=True)
class Row:
    """One shape's comparison; times in microseconds a product.

    Attributes:
        graph: name of the graph.
        n: rows.
        nnz: stored entries.
        columns: columns of the product.
        bytes: compulsory traffic: x read, y written, index and weight of every entry.
        flops: 2 nnz columns.
        bound: the time of `bytes` at the measured copy speed.
        chosen: the kernel that the table names.
        kernels: time of every candidate kernel.
        scipy: time of the SciPy CSR product.
        dense: time of the NumPy dense product, where tried.
    """

    graph: str
    n: int
    nnz: int
    columns: int
    bytes: int
    flops: int
    bound: float
    chosen: str
    kernels: dict[str, float]
    scipy: float
    dense: float | None

    @property
    def ratios(self) -> tuple[float, float, float]:
        """Time of the chosen kernel over the fastest kernel, the bound and SciPy."""
        time_us = self.kernels[self.chosen]
        return time_us / min(self.kernels.values()), time_us / self.bound, time_us / self.scipy


@functools.partial(jax.jit, static_argnames="steps")
def repeat(A: Sparse, x: jax.Array, scale: jax.Array, steps: int) -> jax.Array:
    """Steps of x <- scale A x + 1, for x [n, c]."""
    return jax.lax.fori_loop(0, steps, lambda _, y: spmm(A, y) * scale + 1, x)


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call, with the device drained."""
    start = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - start


def copy_speed(megabytes: int) -> float:
    """Bytes read and written a second by a NumPy copy into existing memory; median of 7."""
    source = np.ones(megabytes * 125_000, np.float64)
    target = np.zeros_like(source)
    times = [seconds(lambda: np.copyto(target, source)) for _ in range(7)]
    return 2 * source.nbytes / float(np.median(times))


def candidates(platform: str, csr: sp.csr_array, columns: int) -> list[str]:
    """The kernels worth timing: no dense form of large or sparse ones, no slow wide products."""
    n = csr.shape[0]
    names = ["ell", "bcsr", "sell"]
    if columns <= 16 or platform != "cpu":
        names.append("coo")
    if n <= _DENSE_LIMIT and (csr.nnz * _DENSE_RATIO > n * n or platform != "cpu"):
        names.append("dense")
        if platform != "cpu":
            names.append("dense_bf16")
    return names


def compare(
    graph: str,
    csr: sp.csr_array,
    columns: int,
    dtype: str,
    rounds: int,
    quantile: float,
    speed: float,
) -> Row:
    """Time one shape.

    Args:
        graph: name for the row.
        csr: symmetric matrix [n, n].
        columns: columns of x.
        dtype: element type.
        rounds: interleaved rounds.
        quantile: of the rounds, taken as the time; 0.5 is the median.
        speed: copy speed in bytes a second.
    """
    platform = jax.default_backend()
    n, element = csr.shape[0], np.dtype(dtype)
    host: NDArray = np.random.default_rng(0).random((n, columns)).astype(element)
    x = jax.device_put(host)
    degrees = np.diff(csr.indptr)
    scale = jax.device_put(np.asarray(1 / max(int(degrees.max()), 1), element))
    chosen = choose_spmm(platform, n, csr.nnz, columns, dtype, int(degrees.max()))
    names = candidates(platform, csr, columns)
    names += [] if chosen in names else [chosen]
    calls: dict[str, tuple[Callable[[], object], int]] = {}
    for name in names:
        A = make_sparse(csr, name, dtype)
        probe = functools.partial(repeat, A, x, scale, 2)
        jax.block_until_ready(probe())
        steps = int(np.clip(3e-3 / (seconds(probe) / 2), 3, 200))
        calls[name] = functools.partial(repeat, A, x, scale, steps), steps
        jax.block_until_ready(calls[name][0]())
    matrix = csr.astype(element)
    calls["scipy"] = (lambda: matrix @ host), 1
    times = interleave(calls, rounds, quantile)
    scipy_us, dense_us = times.pop("scipy"), None
    if n <= _DENSE_LIMIT:  # apart, since the threads of its library spin on after the call
        full = matrix.toarray()
        dense_us = interleave({"numpy": ((lambda: full @ host), 1)}, 3, quantile)["numpy"]
    size = 2 * host.nbytes + csr.nnz * (4 + element.itemsize)
    return Row(
        graph=graph,
        n=n,
        nnz=csr.nnz,
        columns=columns,
        bytes=size,
        flops=2 * csr.nnz * columns,
        bound=size / speed * 1e6,
        chosen=chosen,
        kernels=times,
        scipy=scipy_us,
        dense=dense_us,
    )


def interleave(
    calls: dict[str, tuple[Callable[[], object], int]], rounds: int, quantile: float
) -> dict[str, float]:
    """Microseconds a product (a quantile over rounds) of calls that hold several products."""
    names = list(calls)
    times: dict[str, list[float]] = {name: [] for name in names}
    for i in range(rounds):
        turn = i % len(names)
        for name in names[turn:] + names[:turn]:
            call, products = calls[name]
            times[name].append(seconds(call) / products * 1e6)
    return {name: float(np.quantile(values, quantile)) for name, values in times.items()}


def show(row: Row) -> str:
    """One line of the table."""
    fastest, bound, scipy_ratio = row.ratios
    kernels = "  ".join(
        f"{name} {us:.4g}" for name, us in sorted(row.kernels.items(), key=lambda item: item[1])
    )
    dense = "" if row.dense is None else f"  numpy {row.dense:.4g}"
    return (
        f"{row.graph:<20} {row.columns:>5} {row.bytes:>10} {row.flops:>11} {row.bound:>8.1f}  "
        f"{row.chosen:<6} {fastest:>5.2f} {bound:>6.2f} {scipy_ratio:>6.2f}   "
        f"{kernels}  scipy {row.scipy:.4g}{dense}"
    )


def main() -> None:
    """Print the comparison; write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two small graphs, three widths")
    parser.add_argument("--graphs", help="only graphs whose name contains this")
    parser.add_argument("--columns", help="widths, separated by commas")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--rounds", type=int, help="interleaved rounds a shape")
    parser.add_argument(
        "--quantile", type=float, default=0.5, help="of the rounds; below 0.5 on a busy machine"
    )
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    arguments = parser.parse_args()
    widths: tuple[int, ...] = QUICK_COLUMNS if arguments.quick else COLUMNS
    if arguments.columns:
        widths = tuple(int(c) for c in arguments.columns.split(","))
    rounds = arguments.rounds or (5 if arguments.quick else 9)
    jax.config.update("jax_enable_x64", arguments.dtype == "float64")
    speed = copy_speed(16 if arguments.quick else 128)
    print(f"{jax.default_backend()}, {arguments.dtype}, host copy {speed / 1e9:.1f} GB/s; times us")
    print(
        f"{'graph':<20} {'cols':>5} {'bytes':>10} {'flops':>11} {'bound':>8}  "
        f"{'chosen':<6} {'/best':>5} {'/bound':>6} {'/scipy':>6}   kernels, fastest first"
    )
    rows = []
    for graph, csr in suite(arguments.quick).items():
        if arguments.graphs and arguments.graphs not in graph:
            continue
        for columns in widths:
            rows.append(
                compare(graph, csr, columns, arguments.dtype, rounds, arguments.quantile, speed)
            )
            print(show(rows[-1]), flush=True)
    if arguments.json:
        report = {"copy_bytes_per_second": speed, "rows": [dataclasses.asdict(r) for r in rows]}
        arguments.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
