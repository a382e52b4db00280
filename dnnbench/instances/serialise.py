"""Public halves of instances as named arrays, for pipes and checkpoints."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from dnnbench.instances.equation import Evaluation
from dnnbench.instances.graph import Graph
from dnnbench.instances.measurement import Measurement
from dnnbench.instances.quadratic import Domain, QuadraticModel

DOMAINS: Mapping[str, Domain] = MappingProxyType({"qubo": "bits", "ising": "spins"})
"""The families of quadratic models, and what their variables are."""


def to_arrays(family: str, public: Any) -> dict[str, np.ndarray]:
    """The public half as arrays."""
    if family == "graph":
        assert isinstance(public, Graph)
        arrays: dict[str, np.ndarray] = {
            "num_vertices": np.asarray(public.num_vertices, np.int64),
            "edges": public.edges,
            "weights": public.weights,
        }
        if public.vertex_weights is not None:
            arrays["vertex_weights"] = public.vertex_weights
        return arrays
    if family in DOMAINS:
        assert isinstance(public, QuadraticModel)
        return {
            **to_arrays("graph", public.graph),
            "linear": public.linear,
            "offset": np.asarray(public.offset, public.linear.dtype),
        }
    if family == "measurement":
        assert isinstance(public, Measurement)
        given = {name: getattr(public, name) for name in ("mask", "kernel", "sigma")}
        return {
            "values": public.values,
            "size": np.array([public.height, public.width, public.factor], np.int64),
            "noise": np.frombuffer(public.noise.encode(), np.uint8),
            **{name: np.asarray(value) for name, value in given.items() if value is not None},
        }
    if family == "evaluation":
        assert isinstance(public, Evaluation)
        names = sorted(public.parameters)
        return {
            "points": public.points,
            "names": np.frombuffer("\n".join(names).encode(), np.uint8),
            "values": np.array([public.parameters[name] for name in names], np.float64),
        }
    raise ValueError(f"instances of family '{family}' cannot be sent to a worker")


def from_arrays(family: str, arrays: Mapping[str, np.ndarray]) -> Any:
    """The inverse of `to_arrays`."""
    if family in DOMAINS:
        graph = from_arrays("graph", arrays)
        return QuadraticModel(DOMAINS[family], graph, arrays["linear"], arrays["offset"].item())
    if family == "graph":
        return Graph(
            int(arrays["num_vertices"]),
            arrays["edges"],
            arrays["weights"],
            arrays.get("vertex_weights"),
        )
    if family == "measurement":
        height, width, factor = (int(number) for number in arrays["size"])
        return Measurement(
            arrays["values"],
            height,
            width,
            mask=arrays.get("mask"),
            kernel=arrays.get("kernel"),
            factor=factor,
            noise=arrays["noise"].tobytes().decode(),
            sigma=float(arrays["sigma"]) if "sigma" in arrays else None,
        )
    if family == "evaluation":
        names = arrays["names"].tobytes().decode().split()
        values = arrays["values"].tolist()
        return Evaluation(arrays["points"], dict(zip(names, values, strict=True)))
    raise ValueError(f"unknown family '{family}'")
