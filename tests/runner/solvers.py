"""Solvers that misbehave, for the worker to import as `dnnbench.baselines.naughty`."""

import os
import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dnnbench.baselines.base import Baseline


@dataclass(frozen=True)
class Naughty(Baseline):
    """Offers one cut, then does what its subclass says."""

    version: ClassVar[int] = 1

    def solve(self, problem, public, rng, limits, search):
        z = problem.random(public, rng)
        search.offer(z, float(problem.verify(z, public, None).objective), 1, 1)
        self.then(z, search)

    def then(self, z, search):
        raise NotImplementedError


class Dies(Naughty):
    def then(self, z, search):
        print("the last line")
        os._exit(7)


class DiesAtOnce(Naughty):
    def prepare(self, problem, public):
        os.abort()


class Raises(Naughty):
    def then(self, z, search):
        raise ArithmeticError("no such number")


class RunsOut(Naughty):
    def then(self, z, search):
        raise MemoryError


class NeverStops(Naughty):
    def then(self, z, search):
        while True:
            search.should_stop()


class Boasts(Naughty):
    def solve(self, problem, public, rng, limits, search):
        search.offer(problem.random(public, rng), 1e9, 1, 1)


class Malformed(Naughty):
    def then(self, z, search):
        search.offer(np.full(3, 2, np.uint8), 1e9, 2, 2)


class Chatters(Naughty):
    """Writes to standard output, where the frames go."""

    def then(self, z, search):
        print("x" * 100_000, flush=True)
        os.write(1, b"not a frame")


class GivesUp(Naughty):
    """Ends within its time without the proof that it would have given."""

    def then(self, z, search):
        search.note("optimum_proved", False)


class Refutes(Naughty):
    """Ends with a proof that there is no solution."""

    def then(self, z, search):
        search.note("proved_unsatisfiable", True)


class RefutesFirst(Naughty):
    """The first of its processes does; the others go on until they are stopped."""

    def solve(self, problem, public, rng, limits, search):
        if rng.random() == np.random.default_rng([0, 0, 0]).random():
            search.note("proved_unsatisfiable", True)
            return
        search.offer(problem.random(public, rng), 0.0, 1, 1)
        while not search.should_stop():
            time.sleep(0.01)


class Certifies(Naughty):
    """Ends with a certificate that the first of two rows cannot be fulfilled."""

    def then(self, z, search):
        search.prove("infeasible", np.array([1.0, 0.0]))


class Proves(Naughty):
    """Ends with a proof."""

    def then(self, z, search):
        search.note("optimum_proved", True)
