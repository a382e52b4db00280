"""Identity of instances that have no file."""

import hashlib
from typing import Any

import numpy as np

from dnnbench.instances.convert import graph_sha256
from dnnbench.instances.equation import Equation
from dnnbench.instances.graph import Graph
from dnnbench.instances.image import Image
from dnnbench.instances.instance import Instance
from dnnbench.instances.serialise import to_arrays


def in_memory(name: str, family: str, public: Any) -> Instance:
    """An instance around a public half that somebody made.

    A picture and an equation become the sealed half: problems make from it what solvers see.
    """
    digest = public_sha256(family, public)
    if isinstance(public, Image | Equation):
        return Instance(name, family, None, public, digest, "memory")
    return Instance(name, family, public, None, digest, "memory")


def public_sha256(family: str, public: Any) -> str:
    """Hex digest of a public half: of its arrays' names, types, shapes and values.

    For a picture, which has no public half of its own, the digest is that of its levels, whatever
    file format they came in: the same pixels are the same instance.
    """
    if isinstance(public, Graph):
        return graph_sha256(public)
    if isinstance(public, Equation):
        return hashlib.sha256(f"equation\n{public.name}\n".encode()).hexdigest()
    arrays = {"levels": public.levels} if isinstance(public, Image) else to_arrays(family, public)
    digest = hashlib.sha256(family.encode())
    for name, array in sorted(arrays.items()):
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
        digest.update(f"\n{name} {little.dtype.str} {little.shape}\n".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
