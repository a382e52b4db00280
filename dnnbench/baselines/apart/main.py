"""What runs in the process of `child`."""

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from dnnbench.baselines.apart.child import read, write

Emit = Callable[[dict[str, Any], NDArray[Any]], None]


def main() -> None:
    """Load the library, read what to solve, answer calls until the input ends.

    The process's last argument is the library, with its family. The module `<library>_child` has
    two functions: `library()` loads it; `solver(task, arrays)` returns what answers a call, a
    function of the call's arguments and of what to tell each answer to: a header and an array, the
    numbers of vertices or variables.
    """
    # Whatever the libraries print must not get between the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def emit(header: dict[str, Any], chosen: NDArray[Any]) -> None:
        write(out, header, [chosen])

    try:
        name = f"dnnbench.baselines.{sys.argv[-1]}_child"
        module = importlib.import_module(name)
        module.library()
        write(out, {}, ())
        message = read(sys.stdin.buffer)
        if message is None:
            return
        solve = module.solver(*message)
        write(out, {}, ())
        while (message := read(sys.stdin.buffer)) is not None:
            solve(message.header, emit)
    except Exception as error:
        write(out, {"error": f"{type(error).__name__}: {error}"}, ())
