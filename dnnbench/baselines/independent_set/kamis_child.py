"""KaMIS in the process of `apart.child`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit


def library() -> Any:
    """The package."""
    import chszlablib

    return chszlablib


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers calls with `seconds` and `seed`: one set each.

    Args:
        task: `variant`, the library's function.
        arrays: row starts and columns of the conflicts.
    """
    graph = library().Graph.from_csr(*arrays)
    function = getattr(library().IndependenceProblems, task["variant"])

    def solve(call: dict[str, Any], emit: Emit) -> None:
        found = function(graph, time_limit=call["seconds"], seed=call["seed"])
        emit({}, np.asarray(found.vertices, np.int64))

    return solve
