"""How a trial ended."""

from enum import StrEnum


class Status(StrEnum):
    """The outcome of a trial; each has one sentence for people."""

    TARGET = "target"
    BUDGET = "budget"
    CONVERGED = "converged"
    UNSAT = "unsat"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    DIVERGED = "diverged"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    INTERRUPTED = "interrupted"
    ERROR = "error"

    @property
    def sentence(self) -> str:
        """What happened, in one sentence."""
        return _SENTENCES[self]

    def succeeded(self, answered: bool) -> bool:
        """Whether a trial that ends so, with or without a verified answer, has a result.

        A proof that there is no answer is one.
        """
        return self.ok and (answered or self in _PROOFS)

    @property
    def ok(self) -> bool:
        """Whether a trial that ends so has a usable answer (if it found any at all)."""
        return self not in _FAILED


_FAILED = frozenset({Status.DIVERGED, Status.OUT_OF_MEMORY, Status.ERROR})

_PROOFS = frozenset({Status.UNSAT, Status.INFEASIBLE, Status.UNBOUNDED})

_SENTENCES = {
    Status.TARGET: "The target value was reached.",
    Status.BUDGET: "The budget was used up.",
    Status.CONVERGED: "The solver had nothing left to do before the budget was used up.",
    Status.UNSAT: "The formula was proved unsatisfiable.",
    Status.INFEASIBLE: "The program was proved infeasible; the proof was checked.",
    Status.UNBOUNDED: "The program was proved unbounded; the proof was checked.",
    Status.DIVERGED: "Every restart ended in values that are not finite.",
    Status.TIMEOUT: "The solver did not stop in time and was ended; its last answer was kept.",
    Status.OUT_OF_MEMORY: "The memory limit was reached.",
    Status.INTERRUPTED: "The user interrupted the run; the best answer so far was kept.",
    Status.ERROR: "The solver failed; the message says how.",
}
