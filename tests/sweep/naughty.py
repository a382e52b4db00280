"""A plug-in whose baselines misbehave, each in one way, and some that only leave a trace.

What they do beside solving is written to the file that NAUGHTY_LOG names, a line an event, so that
tests can count it. It is no setting, so it is no part of a trial's id.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from dnnbench.baselines.base import Baseline

DNNBENCH = """
baseline:
  idle:
    _about: &all {title: Returns at once, implementation: Idle, kind: classical, problems: [maxcut]}
  endless: {_about: {<<: *all, title: Never stops, implementation: Endless}}
  stuck: {_about: {<<: *all, title: Hangs in prepare, implementation: Stuck}}
  aborts: {_about: {<<: *all, title: Aborts, implementation: Aborts}}
  hungry: {_about: {<<: *all, title: Eats memory, implementation: Hungry}}
  boasts: {_about: {<<: *all, title: Claims too much, implementation: Boasts}}
  misshapen: {_about: {<<: *all, title: Wrong shape, implementation: Misshapen}}
  undefined: {_about: {<<: *all, title: NaN, implementation: Undefined}}
  chatters: {_about: {<<: *all, title: Prints, implementation: Chatters}}
  breeds:
    then: hangs
    _about: {<<: *all, title: Starts a process of its own, implementation: Breeds}
  slow:
    pause: 0.3
    _about: {<<: *all, title: Takes its time, implementation: Slow}
  meets: {_about: {<<: *all, title: Waits for another, implementation: Meets}}
"""


def note(*words):
    """Append a line to the log in one write, so that lines of several processes do not mix."""
    line = " ".join(str(word) for word in words) + "\n"
    handle = os.open(os.environ["NAUGHTY_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, line.encode())
    os.close(handle)


def offered(problem, public, rng, search):
    """Offer a random cut; gives it back."""
    z = problem.random(public, rng)
    search.offer(z, float(problem.verify(z, public, None).objective), 1, 1)
    return z


def for_ever():
    while True:
        time.sleep(0.05)


@dataclass(frozen=True)
class Naughty(Baseline):
    version: ClassVar[int] = 1


@dataclass(frozen=True)
class Idle(Naughty):
    def solve(self, problem, public, rng, limits, search):
        note("idle")


@dataclass(frozen=True)
class Endless(Naughty):
    def solve(self, problem, public, rng, limits, search):
        offered(problem, public, rng, search)
        for_ever()


@dataclass(frozen=True)
class Stuck(Naughty):
    def prepare(self, problem, public):
        for_ever()

    def solve(self, problem, public, rng, limits, search):
        raise AssertionError("prepare never returns")


@dataclass(frozen=True)
class Aborts(Naughty):
    def solve(self, problem, public, rng, limits, search):
        note("aborts")
        os.abort()


@dataclass(frozen=True)
class Hungry(Naughty):
    """Takes 32 MiB at a time and stops at 1 GiB, so that a missing limit harms nobody."""

    def solve(self, problem, public, rng, limits, search):
        offered(problem, public, rng, search)
        eaten = []
        while len(eaten) < 32:
            eaten.append(np.ones(2**22))
            time.sleep(0.05)


@dataclass(frozen=True)
class Boasts(Naughty):
    def solve(self, problem, public, rng, limits, search):
        search.offer(problem.random(public, rng), 1e9, 1, 1)


@dataclass(frozen=True)
class Misshapen(Naughty):
    def solve(self, problem, public, rng, limits, search):
        search.offer(np.zeros(3, np.uint8), 1e9, 1, 1)


@dataclass(frozen=True)
class Undefined(Naughty):
    def solve(self, problem, public, rng, limits, search):
        search.offer(np.full(public.num_vertices, np.nan), float("nan"), 1, 1)


@dataclass(frozen=True)
class Chatters(Naughty):
    def solve(self, problem, public, rng, limits, search):
        print("x" * 100_000, flush=True)
        os.write(1, b"not a frame")
        offered(problem, public, rng, search)


@dataclass(frozen=True)
class Breeds(Naughty):
    """Starts a process in a session of its own, then `hangs` or `aborts`.

    With `orphans` the process is nobody's child any more when it hangs.
    """

    then: str

    def solve(self, problem, public, rng, limits, search):
        offered(problem, public, rng, search)
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        if self.then == "orphans":
            start = f"import subprocess; p = subprocess.Popen({command}, start_new_session=True)"
            leave = f"{start}; print(p.pid, flush=True); import os; os._exit(0)"
            # The process that stays would keep a pipe open, so the pid comes through a file.
            with tempfile.TemporaryFile() as file:
                subprocess.run([sys.executable, "-c", leave], stdout=file, check=True)
                file.seek(0)
                note("child", file.read().decode().strip())
        else:
            note("child", subprocess.Popen(command, start_new_session=True).pid)
        if self.then == "aborts":
            os.abort()
        for_ever()


@dataclass(frozen=True)
class Slow(Naughty):
    """One random cut, `pause` seconds, the next one; says when it begins and ends."""

    pause: float

    def solve(self, problem, public, rng, limits, search):
        z = offered(problem, public, rng, search)
        who = "".join(map(str, z))
        note("begin", who, time.monotonic())
        time.sleep(self.pause)
        z = problem.random(public, rng)
        search.offer(z, float(problem.verify(z, public, None).objective), 2, 2)
        note("end", who, time.monotonic())


@dataclass(frozen=True)
class Meets(Naughty):
    """Ends only when two trials are under way at the same time."""

    def solve(self, problem, public, rng, limits, search):
        note("here")
        until = time.monotonic() + 60
        while Path(os.environ["NAUGHTY_LOG"]).read_text().count("here") < 2:
            if time.monotonic() > until:
                raise TimeoutError("nobody came")
            time.sleep(0.02)
        offered(problem, public, rng, search)
