"""What the baselines of programs do alike: one call of a library in a process of its own.

It is told the program and the budget, and tells its answer when it ends; none of these libraries
tells points on the way. Its own time limit is a little shorter than the budget, so that it shows
what it has; where it does not look at its clock in time the process is ended with the budget, and
the answer is the first candidate.
"""

import importlib.util
import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from dnnbench.baselines.apart.child import load, loaded
from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import missing_extra
from dnnbench.baselines.program.outcome import as_arrays
from dnnbench.instances.program import Program
from dnnbench.problems.base import Exact

_MARGIN = 0.02
"""Share of what is left of the budget that the library leaves for ending late."""


@dataclass(frozen=True)
class Library(Baseline):
    """Subclasses name their library. A step is one of its iterations, a restart the whole call.

    The first candidate is the point of the box nearest to 0, with multipliers 0. Notes
    `solver_status`, what the library says of its end in its own words, and its other figures; what
    the runner makes of a certificate is noted there.

    Attributes:
        tolerance: of the library, in its own measure.
    """

    version: ClassVar[int] = 1
    library: ClassVar[str]
    package: ClassVar[str]
    baseline: ClassVar[str]
    tolerance: float

    def prepare(self, problem: Exact, public: Program) -> None:
        """Load the library, in the process that will call it."""
        if importlib.util.find_spec(self.package) is None:
            raise missing_extra(self.baseline)
        load(self.library)

    def task(self) -> dict[str, Any]:
        """What the process is told beside the program."""
        return asdict(self)

    def solve(
        self,
        problem: Exact,
        public: Program,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Run until the library ends or `search.should_stop()`."""

        def offer(z: np.ndarray, steps: int, restarts: int) -> None:
            search.offer(z, problem.verify(z, public, None).objective, steps, restarts)

        nearest = np.clip(np.zeros(public.num_variables), public.lower, public.upper)
        first = np.concatenate([nearest, np.zeros(public.num_rows)])
        offer(first, 0, 0)
        message = None
        if not search.should_stop():
            with loaded(self.library) as child:
                child.send(self.task(), as_arrays(public))
                if child.answer(search.should_stop) is not None:
                    seconds = (1 - _MARGIN) * search.seconds_left()
                    limited = max(seconds, 0.0) if math.isfinite(seconds) else None
                    child.send({"seconds": limited, "steps": limits.steps})
                    message = child.answer(search.should_stop)
        if message is None:
            return
        header, (values,) = message
        size = header["answer"]
        offer(values[:size] if size else first, header["steps"], 1)
        search.note("solver_status", header["words"])
        for name, figure in header["figures"].items():
            search.note(name, figure)
        if header["ended"] == "limit":
            search.note("optimum_proved", False)
        if header["proves"] is not None:
            certificate = values[size:]
            if header["proves"] == "unbounded":
                certificate = certificate.reshape(2, -1)
            search.prove(header["proves"], certificate)
