"""The processor's seconds of the processes that this one has started."""

import sys
import time

import psutil


def seconds_of_children() -> float:
    """Seconds that the processes below this one have computed so far, all threads together.

    Time in which a process waited for a core is not in it, nor that of a process that has ended
    unless its parent, below this one, has waited for it.
    """
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
            # `children_*` are those that ended; they are kept in ticks of a hundredth of a second.
            ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
            total += ended + _own(process.pid, times.user + times.system)
        except psutil.NoSuchProcess:
            continue
    return total


def _own(pid: int, coarse: float) -> float:
    """A process's own seconds, in nanoseconds' resolution where the system can tell.

    Linux gives every process a clock of its own, whose number is made of the process's
    (`clock_getcpuclockid(3)`).
    """
    if not sys.platform.startswith("linux"):
        return coarse
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return coarse
