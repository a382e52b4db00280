"""Public halves of instances as named arrays, for pipes and checkpoints."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from dnnbench.instances.equation import Evaluation
from dnnbench.instances.formula import Formula
from dnnbench.instances.graph import Graph
from dnnbench.instances.measurement import Measurement
from dnnbench.instances.program import Program
from dnnbench.instances.quadratic import Domain, QuadraticModel
from dnnbench.instances.stack import FAMILY, Stack, pack, unpack

Arrays = Mapping[str, np.ndarray]


_PROGRAM = ("cost", "row_lower", "row_upper", "lower", "upper")
"""The vectors of a program."""


class _Codec(NamedTuple):
    """How the public halves of a family become arrays, and arrays them."""

    pack: Callable[[Any], dict[str, np.ndarray]]
    unpack: Callable[[Arrays], Any]


def to_arrays(family: str, public: Any) -> dict[str, np.ndarray]:
    """The public half as arrays."""
    if family not in _CODECS:
        raise ValueError(f"instances of family '{family}' cannot be sent to a worker")
    return _CODECS[family].pack(public)


def from_arrays(family: str, arrays: Arrays) -> Any:
    """The inverse of `to_arrays`."""
    if family not in _CODECS:
        raise ValueError(f"unknown family '{family}'")
    return _CODECS[family].unpack(arrays)


def _pack_graph(public: Graph) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {
        "num_vertices": np.asarray(public.num_vertices, np.int64),
        "edges": public.edges,
        "weights": public.weights,
    }
    if public.vertex_weights is not None:
        arrays["vertex_weights"] = public.vertex_weights
    return arrays


def _unpack_graph(arrays: Arrays) -> Graph:
    return Graph(
        int(arrays["num_vertices"]),
        arrays["edges"],
        arrays["weights"],
        arrays.get("vertex_weights"),
    )


def _pack_model(public: QuadraticModel) -> dict[str, np.ndarray]:
    return {
        **_pack_graph(public.graph),
        "linear": public.linear,
        "offset": np.asarray(public.offset, public.linear.dtype),
    }


def _unpack_model(domain: Domain, arrays: Arrays) -> QuadraticModel:
    offset = arrays["offset"].item()
    return QuadraticModel(domain, _unpack_graph(arrays), arrays["linear"], offset)


def _pack_formula(public: Formula) -> dict[str, np.ndarray]:
    given = {field.name: getattr(public, field.name) for field in fields(Formula)}
    return {name: np.asarray(value) for name, value in given.items() if value is not None}


def _unpack_formula(arrays: Arrays) -> Formula:
    given: dict[str, Any] = {**arrays, "num_variables": int(arrays["num_variables"])}
    return Formula(**given)


def _pack_program(public: Program) -> dict[str, np.ndarray]:
    arrays = {
        name: np.asarray(getattr(public, name)) for name in (*_PROGRAM, "offset", "maximised")
    }
    for name in ("matrix", "quadratic"):
        matrix = getattr(public, name)
        if matrix is not None:
            arrays[f"{name}_data"] = matrix.data
            arrays[f"{name}_indices"] = matrix.indices.astype(np.int64)
            arrays[f"{name}_indptr"] = matrix.indptr.astype(np.int64)
    return arrays


def _unpack_program(arrays: Arrays) -> Program:
    n, m = len(arrays["cost"]), len(arrays["row_lower"])

    def matrix(name: str, rows: int) -> sp.csr_array:
        parts = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
        return sp.csr_array(parts, shape=(rows, n))

    return Program(
        **{name: arrays[name] for name in _PROGRAM},
        matrix=matrix("matrix", m),
        quadratic=matrix("quadratic", n) if "quadratic_data" in arrays else None,
        offset=float(arrays["offset"]),
        maximised=bool(arrays["maximised"]),
    )


def _pack_measurement(public: Measurement) -> dict[str, np.ndarray]:
    given = {name: getattr(public, name) for name in ("mask", "kernel", "sigma")}
    return {
        "values": public.values,
        "size": np.array([public.height, public.width, public.factor], np.int64),
        "noise": np.frombuffer(public.noise.encode(), np.uint8),
        **{name: np.asarray(value) for name, value in given.items() if value is not None},
    }


def _unpack_measurement(arrays: Arrays) -> Measurement:
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


def _pack_evaluation(public: Evaluation) -> dict[str, np.ndarray]:
    names = sorted(public.parameters)
    return {
        "points": public.points,
        "names": np.frombuffer("\n".join(names).encode(), np.uint8),
        "values": np.array([public.parameters[name] for name in names], np.float64),
    }


def _unpack_evaluation(arrays: Arrays) -> Evaluation:
    names = arrays["names"].tobytes().decode().split()
    values = arrays["values"].tolist()
    return Evaluation(arrays["points"], dict(zip(names, values, strict=True)))


def _pack_stack(public: Stack) -> dict[str, np.ndarray]:
    return pack(public.family, [to_arrays(public.family, own) for own in public.publics])


def _unpack_stack(arrays: Arrays) -> Stack:
    family, rows = unpack(arrays)
    return Stack(family, tuple(from_arrays(family, row) for row in rows))


_CODECS: Mapping[str, _Codec] = MappingProxyType(
    {
        "graph": _Codec(_pack_graph, _unpack_graph),
        "qubo": _Codec(_pack_model, partial(_unpack_model, "bits")),
        "ising": _Codec(_pack_model, partial(_unpack_model, "spins")),
        "cnf": _Codec(_pack_formula, _unpack_formula),
        "program": _Codec(_pack_program, _unpack_program),
        "measurement": _Codec(_pack_measurement, _unpack_measurement),
        "evaluation": _Codec(_pack_evaluation, _unpack_evaluation),
        FAMILY: _Codec(_pack_stack, _unpack_stack),
    }
)
