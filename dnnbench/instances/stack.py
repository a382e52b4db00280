"""Many instances of one family and one shape, which a method solves in one compiled run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

FAMILY = "stack"
"""The family under which a stack travels to a worker."""


@dataclass(frozen=True)
class Stack:
    """Public halves.

    Attributes:
        family: of each of them.
        publics: in order.
    """

    family: str
    publics: tuple[Any, ...]


def pack(family: str, rows: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Instances as few arrays: those of one name flat, behind each other, and their shapes.

    Raises:
        ValueError: not all of them have the same arrays, of as many axes.
    """
    if any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError("the instances of a stack do not have the same arrays")
    packed = {}
    for name in rows[0]:
        shapes = np.array([row[name].shape for row in rows], np.int64)
        packed[f"{family}/{name}"] = np.concatenate([row[name].ravel() for row in rows])
        packed[f"{family}/{name}/shapes"] = shapes.reshape(len(rows), -1)
    return packed


def unpack(arrays: Mapping[str, np.ndarray]) -> tuple[str, list[dict[str, np.ndarray]]]:
    """The inverse of `pack`."""
    family = next(iter(arrays)).partition("/")[0]
    columns = {}
    for key, flat in arrays.items():
        if not key.endswith("/shapes"):
            shapes = arrays[f"{key}/shapes"]
            pieces = np.split(flat, np.cumsum(shapes.prod(axis=1))[:-1])
            name = key.partition("/")[2]
            columns[name] = [p.reshape(tuple(s)) for p, s in zip(pieces, shapes, strict=True)]
    rows = zip(*columns.values(), strict=True)
    return family, [dict(zip(columns, row, strict=True)) for row in rows]
