"""Idle workers kept warm for the next trial with the same hardware and cores."""

import queue
import threading

from dnnbench.config.hardware import Hardware
from dnnbench.runner.process import Frame, Worker


class Pool:
    """Workers by (hardware, cores, position); closes them all at the end.

    Args:
        line: which of the pools that work at the same time this is, from 0. Their workers are
            bound to different cores as long as there are any.

    Attributes:
        inbox: where the frames of all workers arrive.
        interrupted: set once `interrupt` was called.
    """

    def __init__(self, line: int = 0) -> None:
        self._line = line
        self.inbox: queue.Queue[Frame | None] = queue.Queue()
        self.interrupted = threading.Event()
        self._idle: dict[tuple[Hardware, int, int], Worker] = {}
        self._lent: dict[tuple[Hardware, int, int], Worker] = {}

    def take(self, hardware: Hardware, cores: int, count: int) -> list[Worker]:
        """`count` workers of `cores` cores each, warm ones where there are any."""
        taken = []
        for i in range(count):
            key = (hardware, cores, i)
            worker = self._idle.pop(key, None)
            if worker is None:
                first = (self._line * count + i) * cores
                worker = Worker(hardware, cores, self.inbox, first_core=first)
            self._lent[key] = worker
            taken.append(worker)
        return taken

    def give_back(self, healthy: bool) -> None:
        """Return all lent workers; unhealthy ones are ended."""
        for key, worker in self._lent.items():
            if healthy:
                self._idle[key] = worker
            else:
                worker.kill()
        self._lent.clear()

    def interrupt(self) -> None:
        """Interrupt the trial that runs on this pool in another thread, as Ctrl-C would there."""
        self.interrupted.set()
        self.inbox.put(None)

    def close(self) -> None:
        """End all workers."""
        for worker in (*self._lent.values(), *self._idle.values()):
            worker.kill()
        self._lent.clear()
        self._idle.clear()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
