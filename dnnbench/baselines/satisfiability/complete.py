"""Complete solvers: they find a satisfying assignment or prove that there is none.

They come with python-sat (Ignatiev, Morgado, Marques-Silva, "PySAT: a Python toolkit for
prototyping with SAT oracles", SAT 2018, doi:10.1007/978-3-319-94144-8_26; MIT licence) and run in
a process of their own (`apart.child`), which is ended when the budget is. Constraints that are not
clauses are turned into clauses (`to_cnf`).

They follow one line of search with few random choices. So that the processes of a trial do not all
do the same, each renames the variables and orders the clauses at random, unless told not to.
"""

import importlib.util
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dnnbench.baselines.apart.child import load, loaded
from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import missing_extra
from dnnbench.baselines.satisfiability.common import Incumbent
from dnnbench.baselines.satisfiability.messages import as_arrays
from dnnbench.baselines.weights import most
from dnnbench.instances.formula import Formula
from dnnbench.problems.base import Exact

_LIBRARY = "satisfiability.complete"


@dataclass(frozen=True)
class Complete(Baseline):
    """Subclasses name their solver. A step is one conflict; there are no restarts.

    It first offers the assignment in which each variable is as it mostly occurs, then a model or
    nothing. Notes `proved_unsatisfiable`, `optimum_proved`, `lower_bound` (of the number of
    violated constraints: 1 where the formula is unsatisfiable) and, unless the process was ended,
    the `conflicts`.

    Attributes:
        shuffle: whether to rename variables and order clauses at random.
    """

    version: ClassVar[int] = 1
    solver: ClassVar[str]
    baseline: ClassVar[str]
    interruptible: ClassVar[bool]
    shuffle: bool

    def prepare(self, problem: Exact, public: Formula) -> None:
        """Load the library, in the process that will call it."""
        if importlib.util.find_spec("pysat") is None:
            raise missing_extra(self.baseline)
        load(_LIBRARY)

    def solve(
        self,
        problem: Exact,
        public: Formula,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Run until the formula is decided, `search.should_stop()` or the limit on steps."""
        best = Incumbent(public, search)
        best.first()
        seed = int(rng.integers(2**31 - 1))
        task = {
            "solver": self.solver,
            "num_variables": public.num_variables,
            "seed": seed if self.shuffle else None,
            "interruptible": self.interruptible,
        }
        steps, unsatisfiable = 0, False
        message = None
        with loaded(_LIBRARY) as child:
            child.send(task, as_arrays(public))
            if not best.perfect and child.answer(search.should_stop) is not None:
                child.send({"steps": limits.steps})
                message = child.answer(search.should_stop)
            while message is not None:
                header, (true,) = message
                steps = int(min(header["steps"], most(limits.steps)))
                if header["end"]:
                    search.note("conflicts", header["steps"])
                    unsatisfiable = header["satisfiable"] is False
                    if header["satisfiable"]:
                        best.offer(best.of(true), steps, 0)
                    break
                message = None if search.should_stop() else child.answer(search.should_stop)
        best.finish(steps, 0)
        search.note("proved_unsatisfiable", unsatisfiable)
        search.note("lower_bound", int(unsatisfiable))
        search.note("optimum_proved", best.value <= int(unsatisfiable))


@dataclass(frozen=True)
class Cadical(Complete):
    """CaDiCaL 1.9.5 (MIT licence).

    Biere, Faller, Fazekas, Fleury, Froleyks, Pollitt, "CaDiCaL 2.0", CAV 2024,
    doi:10.1007/978-3-031-65627-9_7 describes it. It does not tell its conflicts while it runs:
    those of a call ended by the clock count as none.
    """

    solver: ClassVar[str] = "cadical195"
    baseline: ClassVar[str] = "cadical"
    interruptible: ClassVar[bool] = False


@dataclass(frozen=True)
class Glucose(Complete):
    """Glucose 4.1 (MIT licence, as MiniSat's, but for what is newer than its version 3.0).

    Files changed since then must not be used in competitive events such as the SAT competitions
    without their authors' permission.

    Audemard, Simon, "Predicting learnt clauses quality in modern SAT solvers", IJCAI 2009. It looks
    at a limit on conflicts only where it restarts and may overrun it several times over; steps are
    counted up to the limit, the note `conflicts` has them all.
    """

    solver: ClassVar[str] = "glucose4"
    baseline: ClassVar[str] = "glucose"
    interruptible: ClassVar[bool] = True


@dataclass(frozen=True)
class Minisat(Complete):
    """MiniSat 2.2 (MIT licence).

    Een, Sorensson, "An extensible SAT-solver", SAT 2003, doi:10.1007/978-3-540-24605-3_37.
    """

    solver: ClassVar[str] = "minisat22"
    baseline: ClassVar[str] = "minisat"
    interruptible: ClassVar[bool] = True
