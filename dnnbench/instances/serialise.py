"""Public halves of instances as named arrays, for pipes and checkpoints."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from dnnbench.instances.graph import Graph
from dnnbench.instances.quadratic import Domain, QuadraticModel

DOMAINS: Mapping[str, Domain] = MappingProxyType({"qubo": "bits", "ising": "spins"})
"""The families of quadratic models, and what their variables are."""


def to_arrays(family: str, public: Any) -> dict[str, np.ndarray]:
    """The public half as arrays."""
    if family == "graph":
        assert isinstance(public, Graph)
        return {
            "num_vertices": np.asarray(public.num_vertices, np.int64),
            "edges": public.edges,
            "weights": public.weights,
        }
    if family in DOMAINS:
        assert isinstance(public, QuadraticModel)
        return {
            **to_arrays("graph", public.graph),
            "linear": public.linear,
            "offset": np.asarray(public.offset, public.linear.dtype),
        }
    raise ValueError(f"instances of family '{family}' cannot be sent to a worker")


def from_arrays(family: str, arrays: Mapping[str, np.ndarray]) -> Any:
    """The inverse of `to_arrays`."""
    if family in DOMAINS:
        graph = from_arrays("graph", arrays)
        return QuadraticModel(DOMAINS[family], graph, arrays["linear"], arrays["offset"].item())
    if family == "graph":
        return Graph(int(arrays["num_vertices"]), arrays["edges"], arrays["weights"])
    raise ValueError(f"unknown family '{family}'")
