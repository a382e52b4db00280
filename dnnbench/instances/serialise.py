"""Public halves of instances as named arrays, for pipes and checkpoints."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dnnbench.instances.graph import Graph


def to_arrays(family: str, public: Any) -> dict[str, np.ndarray]:
    """The public half as arrays."""
    if family == "graph":
        assert isinstance(public, Graph)
        return {
            "num_vertices": np.asarray(public.num_vertices, np.int64),
            "edges": public.edges,
            "weights": public.weights,
        }
    raise ValueError(f"instances of family '{family}' cannot be sent to a worker")


def from_arrays(family: str, arrays: Mapping[str, np.ndarray]) -> Any:
    """The inverse of `to_arrays`."""
    if family == "graph":
        return Graph(int(arrays["num_vertices"]), arrays["edges"], arrays["weights"])
    raise ValueError(f"unknown family '{family}'")
