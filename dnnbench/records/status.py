"""How a trial ended."""

from enum import StrEnum


class Status(StrEnum):
    """The outcome of a trial; each has one sentence for people."""

    TARGET = "target"
    BUDGET = "budget"
    CONVERGED = "converged"
    DIVERGED = "diverged"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    INTERRUPTED = "interrupted"
    ERROR = "error"

    @property
    def sentence(self) -> str:
        """What happened, in one sentence."""
        return _SENTENCES[self]

    @property
    def ok(self) -> bool:
        """Whether a trial that ends so has a usable answer (if it found any at all)."""
        return self not in _FAILED


_FAILED = frozenset({Status.DIVERGED, Status.OUT_OF_MEMORY, Status.ERROR})

_SENTENCES = {
    Status.TARGET: "The target value was reached.",
    Status.BUDGET: "The budget was used up.",
    Status.CONVERGED: "The solver had nothing left to do before the budget was used up.",
    Status.DIVERGED: "Every restart ended in values that are not finite.",
    Status.TIMEOUT: "The solver did not stop in time and was ended; its last answer was kept.",
    Status.OUT_OF_MEMORY: "The memory limit was reached.",
    Status.INTERRUPTED: "The user interrupted the run; the best answer so far was kept.",
    Status.ERROR: "The solver failed; the message says how.",
}
