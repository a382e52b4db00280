"""How fast the machine is at the moment: a fixed kernel, timed beside every trial.

A processor's speed changes with its clock and with what shares its caches. The gate therefore
compares not seconds but seconds over those of a fixed piece of work, done on the trial's own core
right before its solve and right after it. Both are processor time: on a crowded machine the
scheduler gives a short piece of work after a pause more of a core than a long one, so that in
seconds of the wall the ratio would follow the crowd (by up to a factor of 1.28, measured). What the
kernel touches fits the caches that solvers of small instances live in; a larger one would feel the
neighbours more than they do (by up to a factor of 1.23, measured).

The kernel is what solvers mostly do: products of a sparse matrix with a few vectors and a
transcendental function over the result, in small calls. It is NumPy and SciPy, single-threaded, so
that no change to this project or to JAX changes it; `KERNEL` is its version, and seconds of two
versions are never compared.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import scipy.sparse

KERNEL = 1
"""Version of the kernel: to be raised with every change to it."""

_ROWS, _ENTRIES_A_ROW, _COLUMNS, _ROUNDS = 400, 16, 16, 60
_REPEATS = 30


def calibrate() -> float:
    """Processor seconds of the kernel, now, on the core of a trial that has one: a mean."""
    kernel = _kernel()
    with _on_first_core():
        kernel()  # what it needs is in the caches then, as a solver's is
        begin = time.thread_time()
        for _ in range(_REPEATS):
            kernel()
        return (time.thread_time() - begin) / _REPEATS


@cache
def _kernel() -> Callable[[], float]:
    """The work, on inputs made once; it returns a figure so that none of it can be left out."""
    random = np.random.default_rng(0)
    indices = random.integers(0, _ROWS, _ROWS * _ENTRIES_A_ROW)
    starts = np.arange(0, indices.size + 1, _ENTRIES_A_ROW)
    values = np.full(indices.size, 1 / _ENTRIES_A_ROW, np.float32)
    matrix = scipy.sparse.csr_array((values, indices, starts), shape=(_ROWS, _ROWS))
    start = random.standard_normal((_ROWS, _COLUMNS)).astype(np.float32)

    def work() -> float:
        x = start
        for _ in range(_ROUNDS):
            x = np.tanh(x + matrix @ x)
        return float(x[0, 0])

    return work


@contextlib.contextmanager
def _on_first_core() -> Iterator[None]:
    """Run this thread where the runner puts the worker of a trial with one core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
