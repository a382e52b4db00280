"""Identity of instances that have no file."""

import hashlib
from typing import Any

import numpy as np

from dnnbench.instances.convert import graph_sha256
from dnnbench.instances.graph import Graph
from dnnbench.instances.instance import Instance
from dnnbench.instances.serialise import to_arrays


def in_memory(name: str, family: str, public: Any) -> Instance:
    """An instance around a public half that somebody made."""
    return Instance(name, family, public, None, public_sha256(family, public), "memory")


def public_sha256(family: str, public: Any) -> str:
    """Hex digest of a public half: of its arrays' names, types, shapes and values."""
    if isinstance(public, Graph):
        return graph_sha256(public)
    digest = hashlib.sha256(family.encode())
    for name, array in sorted(to_arrays(family, public).items()):
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
        digest.update(f"\n{name} {little.dtype.str} {little.shape}\n".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
