"""Seeded graphs of the shapes on which the sparse products are compared."""

import networkx as nx
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def uniform(n: int, m: int, seed: int) -> sp.csr_array:
    """Adjacency of m distinct edges drawn uniformly among n vertices."""
    rng = np.random.default_rng(seed)
    keys = np.zeros(0, np.int64)
    while keys.size < m:
        ends = rng.integers(n, size=(2 * m, 2), dtype=np.int64)
        low, high = ends.min(axis=1), ends.max(axis=1)
        keys = np.unique(np.concatenate([keys, (low * n + high)[low < high]]))
    keys = rng.permutation(keys)[:m]
    return adjacency(n, np.stack([keys // n, keys % n], axis=1))


def regular(n: int, degree: int, seed: int) -> sp.csr_array:
    """Adjacency of a random regular graph."""
    graph = nx.random_regular_graph(degree, n, seed=seed)
    return adjacency(n, np.asarray(graph.edges, np.int64))


def planar_union(n: int, seed: int) -> sp.csr_array:
    """Adjacency of the union of two random Apollonian networks: heavy-tailed degrees, as in G14."""
    rng = np.random.default_rng(seed)
    edges = []
    for _ in range(2):
        names = rng.permutation(n)
        faces = [(0, 1, 2), (0, 1, 2)]
        found = [(0, 1), (0, 2), (1, 2)]
        for new in range(3, n):
            at = int(rng.integers(len(faces)))
            a, b, c = faces[at]
            faces[at] = (a, b, new)
            faces += [(a, c, new), (b, c, new)]
            found += [(a, new), (b, new), (c, new)]
        edges.append(names[np.asarray(found, np.int64)])
    return adjacency(n, np.concatenate(edges))


def adjacency(n: int, edges: NDArray[np.int64]) -> sp.csr_array:
    """Symmetric 0-1 matrix [n, n] in float64 of edges [m, 2]; repeated edges count once."""
    ends = np.concatenate([edges, edges[:, ::-1]])
    ones = np.ones(len(ends), np.float64)
    matrix = sp.csr_array(sp.coo_array((ones, (ends[:, 0], ends[:, 1])), shape=(n, n)))
    matrix.data[:] = 1.0
    return matrix


def suite(quick: bool) -> dict[str, sp.csr_array]:
    """The compared graphs by name: those of the Gset shapes G14, G1, G22, G55, G70 and regular."""
    small = {"planar-800": planar_union(800, 14), "3-regular-1000": regular(1000, 3, 0)}
    if quick:
        return small
    return small | {
        "uniform-800-19176": uniform(800, 19176, 1),
        "uniform-2000-19990": uniform(2000, 19990, 22),
        "uniform-700-36872": uniform(700, 36872, 700),
        "uniform-5000-12498": uniform(5000, 12498, 55),
        "uniform-10000-9999": uniform(10000, 9999, 70),
        "3-regular-10000": regular(10000, 3, 0),
        "3-regular-20000": regular(20000, 3, 0),
    }
