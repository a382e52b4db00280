"""Steps of methods for programs beside SciPy's products with the same matrices, and a stack.

Usage: python scripts/bench_lp.py [--rounds 7] [--seconds 0.3] [--stack 1000] [--json FILE]

Two programs in float64: a transport problem (100 x 100 places: n = 10,000, m = 200, two entries a
column) and a dense one (m = 1000, n = 500). Ours is what `dnnbench run` executes on the engine,
scoring and looks at averages included, compilation not. Beside it, on the same single core:

    scipy products    A x and A^T y by CSR, what a step of one product each way cannot do without
    copy              a copy of as many bytes as such a step has to move, which takes its own share
                      of the caches: the bound

A step moves the matrix twice (8 bytes a value, 4 an index) and the vectors: 24 z + 8 (10 n + 8 m)
for pdhg, see the methods for theirs. Times are medians, ratios medians of the rounds' ratios.

Then `--stack` dense programs (n = 50, m = 30), all in one compiled run to a KKT error of 1e-6,
beside HiGHS, with its own settings, over the same programs in a loop, on the same core and
interleaved. Neither loading nor compiling is in the times of a run; both are printed beside.
Passing a program to HiGHS is in its time.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

BYTES = {
    "pdhg": lambda z, n, m: 24 * z + 8 * (10 * n + 8 * m),
    "projection_nn": lambda z, n, m: 36 * z + 8 * (8 * n + 7 * m),
    "kennedy_chua": lambda z, n, m: 24 * z + 8 * (7 * n + 2 * m),
    "hopfield_tank": lambda z, n, m: 24 * z + 8 * (7 * n + 2 * m),
}


def transport() -> Any:
    """Supplies and demands of 100 places each, random costs."""
    rng = np.random.default_rng(0)
    k = 100
    ones, eye = np.ones((1, k)), sp.eye_array(k)
    matrix = sp.vstack([sp.kron(eye, ones), sp.kron(ones, eye)]).tocsr()
    return _program(rng.random(k * k), matrix, np.ones(2 * k))


def dense() -> Any:
    """A x >= b with 500,000 entries, x >= 0."""
    rng = np.random.default_rng(0)
    matrix = rng.random((1000, 500))
    rows = matrix @ rng.random(500)
    return _program(rng.random(500), sp.csr_array(matrix), rows, np.full(1000, np.inf))


def _program(cost: Any, matrix: Any, lower: Any, upper: Any = None) -> Any:
    from dnnbench.instances.program import Program

    matrix, n = sp.csr_array(matrix), len(cost)
    matrix.sort_indices()
    high = lower if upper is None else upper
    return Program(cost, matrix, lower, high, np.zeros(n), np.full(n, np.inf))


def ours(name: str, program: Any) -> Callable[[int], float]:
    """Seconds a step for so many steps of a method on the engine."""
    from dnnbench.config.compose import compose
    from dnnbench.engine.budget import Budget
    from dnnbench.engine.compiled import Programs
    from dnnbench.engine.job import Job
    from dnnbench.engine.run import run
    from dnnbench.instances.digest import in_memory
    from dnnbench.runner.solve_method import assemble
    from dnnbench.runner.spec import make_spec

    words = [f"method={name}", "problem=lp", "hardware=cpu", "budget.steps=1"]
    spec = make_spec(compose(words), in_memory("bench", "program", program))
    method, data, hp = assemble(spec.job(0), program, spec.plan)
    programs = Programs()

    def measure(steps: int) -> float:
        job = Job(method, data, (hp,), 0, Budget(steps=steps), spec.plan)
        result = run(job, programs=programs)
        return result.solve_seconds / result.steps

    return measure


def repeated(once: Callable[[], Any]) -> Callable[[int], float]:
    """Seconds a call for so many calls."""

    def measure(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            once()
        return (time.perf_counter() - begin) / count

    return measure


def products(program: Any) -> Callable[[int], float]:
    """SciPy's A x and A^T y, both matrices in CSR form."""
    rng = np.random.default_rng(0)
    a, b = program.matrix, program.transposed
    x, y = rng.random(program.num_variables), rng.random(program.num_rows)

    def once() -> None:
        a @ x
        b @ y

    return repeated(once)


def copy(size: int) -> Callable[[int], float]:
    """A copy that reads and writes `size` bytes together."""
    source, target = np.zeros(size // 16), np.zeros(size // 16)
    return repeated(lambda: np.copyto(target, source))


def compare(label: str, program: Any, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Times of all, interleaved, printed as a table."""
    n, m, z = program.num_variables, program.num_rows, program.matrix.nnz
    every = {name: ours(name, program) for name in BYTES} | {"scipy products": products(program)}
    for name, size in BYTES.items():
        every[f"copy for {name}"] = copy(size(z, n, m))
    counts = {}
    for name, measure in every.items():
        measure(50)
        counts[name] = max(100, int(seconds / measure(100)))
    times: dict[str, list[float]] = {name: [] for name in every}
    for _ in range(rounds):
        for name, measure in every.items():
            times[name].append(measure(counts[name]))
    print(f"{label}: n = {n}, m = {m}, {z} entries; load {os.getloadavg()[0]:.1f}")
    for name, found in times.items():
        line = f"  {name:22} {1e6 * statistics.median(found):9.1f} us"
        for other in ("scipy products", f"copy for {name}"):
            if name in BYTES:
                ratio = statistics.median(a / b for a, b in zip(found, times[other], strict=True))
                line += f"  / {other} {ratio:.2f}"
        print(line, flush=True)
    return times


def highs_loop(programs: list[Any]) -> float:
    """Seconds in which HiGHS solves all programs, one thread."""
    import highspy

    models = []
    for program in programs:
        model, columns = highspy.HighsLp(), program.matrix.tocsc()
        model.num_col_, model.num_row_ = program.num_variables, program.num_rows
        model.col_cost_ = program.cost
        model.col_lower_, model.col_upper_ = program.lower, program.upper
        model.row_lower_, model.row_upper_ = program.row_lower, program.row_upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = columns.indptr, columns.indices
        model.a_matrix_.value_ = columns.data
        models.append(model)
    begin = time.perf_counter()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    for model in models:
        solver.passModel(model)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError("HiGHS did not find an optimum")
        solver.getSolution()
    return time.perf_counter() - begin


def stacked(name: str, programs: list[Any], seconds: float) -> Callable[[], Any]:
    """The last words of a stack of all programs to 1e-6, or for so many seconds."""
    from dnnbench.config.compose import compose
    from dnnbench.instances.digest import in_memory
    from dnnbench.runner.inprocess import solve_in_process
    from dnnbench.runner.spec import make_spec
    from dnnbench.runner.stack import joined, of_instances

    limits = ["budget.target=1e-6", f"budget.seconds={seconds}"]
    instances = [in_memory(f"lp{k}", "program", p) for k, p in enumerate(programs)]
    config = compose([f"method={name}", "problem=lp", "hardware=cpu", *limits])
    run = joined(of_instances(make_spec(config, instances[0]), instances))
    return lambda: solve_in_process(run, "min").finals[0]


def compare_stacks(count: int, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Times of stacks and of HiGHS, interleaved, printed with their ratios."""
    from dnnbench.instances.generators.programs import dense_lp

    programs = [dense_lp(50, 30, 1 + k) for k in range(count)]
    runs = {name: stacked(name, programs, seconds) for name in ("projection_nn", "pdhg")}
    times: dict[str, list[float]] = {name: [] for name in ("HiGHS", *runs)}
    print(f"{count} dense programs, n = 50, m = 30; load {os.getloadavg()[0]:.1f}", flush=True)
    compiling = dict.fromkeys(runs, 0.0)
    for _ in range(rounds):
        times["HiGHS"].append(highs_loop(programs))
        for name, solve in runs.items():
            final = solve()
            times[name].append(final.solve_seconds)
            compiling[name] = max(compiling[name], final.compile_seconds)
            if len(times[name]) == rounds:
                claims = [row["claim"] for row in final.diagnostics["stack"]]
                met = sum(claim <= 1e-6 for claim in claims)
                ratio = statistics.median(
                    a / b for a, b in zip(times[name], times["HiGHS"], strict=True)
                )
                print(
                    f"  {name:14} {statistics.median(times[name]):8.2f} s  / HiGHS {ratio:.2f}  "
                    f"{met} of {count} to 1e-6; loaded in {final.load_seconds:.2f} s, "
                    f"compiled in {compiling[name]:.2f} s",
                    flush=True,
                )
    print(f"  {'HiGHS':14} {statistics.median(times['HiGHS']):8.2f} s", flush=True)
    return times


def main() -> None:
    """Measure both programs and the stack on one core."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="0: the stack alone")
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--stack", type=int, default=1000, help="programs of the stack; 0: none")
    parser.add_argument("--stack-rounds", type=int, default=3)
    parser.add_argument("--stack-seconds", type=float, default=120, help="limit of one run")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["JAX_PLATFORMS"] = "cpu"
    found = {
        name: compare(name, program, args.rounds, args.seconds)
        for name, program in (("transport", transport()), ("dense", dense()))
        if args.rounds
    }
    if args.stack:
        found["stack"] = compare_stacks(args.stack, args.stack_rounds, args.stack_seconds)
    if args.json is not None:
        args.json.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()
