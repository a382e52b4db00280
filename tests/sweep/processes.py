"""Sweeps as processes of their own that can be killed, and the traces they leave."""

import contextlib
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

import psutil

from tests.cli.command import HEARING, environment

PLUGIN = Path(__file__).with_name("naughty.py")
PATIENCE = 120.0
"""Seconds after which something that must happen counts as not happening."""


def wait_for(condition, what):
    """Poll until `condition()` is true; gives its value."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} never came")


class Workplace:
    """A folder in which sweeps are run; every process that comes of them carries its mark."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "log"
        self.results = folder / "results"
        self.mark = secrets.token_hex(8)

    def environment(self):
        return environment(NAUGHTY_LOG=str(self.log), SWEEP_MARK=self.mark)

    def start(self, *arguments):
        """`dnnbench ARGUMENTS` in a session of its own."""
        return subprocess.Popen(
            [*HEARING, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments):
        """`dnnbench ARGUMENTS` to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def lines(self, word):
        """The events of this kind in the log, each a list of words."""
        text = self.log.read_text() if self.log.exists() else ""
        return [line.split()[1:] for line in text.splitlines() if line.split()[0] == word]

    def alive(self):
        """Processes that were started from here and still run."""
        wanted = f"SWEEP_MARK={self.mark}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, psutil.Error):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(psutil.Process(int(entry.name)))
        return found

    def all_gone(self):
        """Whether nothing that was started from here is left within a bounded time."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if not self.alive():
                return True
            time.sleep(0.05)
        return False

    def clean_up(self):
        """End what a failed test left running."""
        for process in self.alive():
            with contextlib.suppress(psutil.Error):
                process.kill()


def kill_group(process):
    """SIGKILL to the group that a process of `Workplace.start` leads, and to nothing else."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
