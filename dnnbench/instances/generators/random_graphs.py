"""Seeded random graphs; the result depends on the arguments and the seed alone.

Edges come sorted by (u, v). `weights` is `one` (all 1), `pm` (+1 or -1) or `gauss` (standard
normal, rounded to 6 decimals).
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import build_graph, check_num_vertices
from dnnbench.instances.generators import rudy
from dnnbench.instances.generators.stream import Stream
from dnnbench.instances.graph import Graph

Weights = Literal["one", "pm", "gauss"]

MAX_EDGES = 50_000_000
"""Larger graphs are refused before anything is allocated for them."""


def random_regular(n: int, d: int, seed: int, weights: Weights = "one") -> Graph:
    """A random d-regular graph.

    Stubs are paired at random. Up to d = 4 the whole pairing is drawn again until the graph is
    simple, so that it is exactly uniform (B. Bollobas, Eur. J. Comb. 1 (1980) 311-316); beyond,
    only the pairs that make loops or double edges are drawn again, which is nearly uniform
    (A. Steger, N. Wormald, Comb. Probab. Comput. 8 (1999) 377-396). Dense graphs are the
    complements of sparse ones.
    """
    _check_size("random_regular", n, n * d // 2)
    if not 0 <= d < n or n * d % 2:
        raise UserError(f"random_regular: no graph with n={n} has all degrees d={d}")
    stream = Stream(seed)
    sparse = min(d, n - 1 - d)
    keys = None
    while keys is None:
        keys = _pairing(n, sparse, stream, at_once=sparse <= 4)
    if sparse != d:
        u, v = np.triu_indices(n, k=1)
        keys = np.setdiff1d(u * n + v, keys)
    return _finish(n, keys, weights, stream)


def gnp(n: int, p: float, seed: int, weights: Weights = "one") -> Graph:
    """Erdos-Renyi G(n, p): each pair is an edge with chance p, drawn by skipping along the pairs.

    Source: V. Batagelj, U. Brandes, Phys. Rev. E 71 (2005) 036113.
    """
    if not 0 <= p <= 1:
        raise UserError(f"gnp: p={p} is not in 0..1")
    pairs = n * (n - 1) // 2
    _check_size("gnp", n, int(pairs * p))
    stream = Stream(seed)
    if p in (0, 1):
        return _finish(n, _pair_keys(np.arange(pairs if p else 0), n), weights, stream)
    chunks = []
    at = -1
    while at < pairs:
        block = max(1000, int(1.1 * pairs * p) + 100)
        gaps = np.floor(np.log(stream.uniform(block)) / np.log1p(-p))
        stops = at + np.cumsum(np.minimum(gaps, pairs).astype(np.int64) + 1)
        chunks.append(stops[stops < pairs])
        at = int(stops[-1])
    return _finish(n, _pair_keys(np.concatenate(chunks), n), weights, stream)


def gnm(n: int, m: int, seed: int, weights: Weights = "one") -> Graph:
    """Erdos-Renyi G(n, m): m edges chosen uniformly."""
    pairs = n * (n - 1) // 2
    _check_size("gnm", n, m)
    if not 0 <= m <= pairs:
        raise UserError(f"gnm: m={m} is not in 0..{pairs}")
    stream = Stream(seed)
    few = min(m, pairs - m)
    chosen = np.zeros(0, np.int64)
    while len(chosen) < few:
        drawn = np.concatenate([chosen, stream.below(pairs, few - len(chosen))])
        _, first = np.unique(drawn, return_index=True)
        chosen = drawn[np.sort(first)]
    if few != m:
        chosen = np.setdiff1d(np.arange(pairs), chosen)
    return _finish(n, _pair_keys(chosen, n), weights, stream)


def barabasi_albert(n: int, m: int, seed: int, weights: Weights = "one") -> Graph:
    """Preferential attachment: each new vertex joins m others, chosen by their degree.

    It starts from a star of m + 1 vertices.
    Source: A.-L. Barabasi, R. Albert, Science 286 (1999) 509-512.
    """
    _check_size("barabasi_albert", n, n * m)
    if not 1 <= m < n:
        raise UserError(f"barabasi_albert: m={m} is not in 1..{n - 1}")
    stream = Stream(seed)
    edges = [(0, leaf) for leaf in range(1, m + 1)]
    ends = [end for edge in edges for end in edge]
    chances: list[float] = []
    for vertex in range(m + 1, n):
        targets: dict[int, None] = {}
        while len(targets) < m:
            if not chances:
                chances = stream.uniform(4096).tolist()
            targets.setdefault(ends[int(chances.pop() * len(ends))])
        for target in targets:
            edges.append((target, vertex))
            ends += [target, vertex]
    table = np.array(edges, np.int64)
    return _finish(n, table[:, 0] * n + table[:, 1], weights, stream)


def toroidal_2d(rows: int, columns: int, seed: int, weights: Weights = "pm") -> Graph:
    """A square grid closed to a torus; vertex (r, c) has number r * columns + c."""
    _check_size("toroidal_2d", rows * columns, 2 * rows * columns)
    edges = rudy.toroidal_grid_2d(rows, columns).edges.astype(np.int64)
    n = rows * columns
    return _finish(n, edges[:, 0] * n + edges[:, 1], weights, Stream(seed))


def toroidal_3d(side: int, seed: int, weights: Weights = "pm") -> Graph:
    """A cubic grid closed to a torus; vertex (x, y, z) has number (x * side + y) * side + z."""
    if side < 3:
        raise UserError(f"toroidal_3d: needs a side of at least 3, not {side}")
    n = side**3
    _check_size("toroidal_3d", n, 3 * n)
    vertex = np.arange(n).reshape(side, side, side)
    u = np.tile(vertex.ravel(), 3)
    v = np.concatenate([np.roll(vertex, -1, axis=axis).ravel() for axis in range(3)])
    return _finish(n, np.minimum(u, v) * n + np.maximum(u, v), weights, Stream(seed))


def sk(n: int, seed: int, weights: Weights = "pm") -> Graph:
    """Sherrington-Kirkpatrick: a complete graph with random weights (not divided by sqrt(n)).

    Source: D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35 (1975) 1792-1796.
    """
    pairs = n * (n - 1) // 2
    _check_size("sk", n, pairs)
    return _finish(n, _pair_keys(np.arange(pairs), n), weights, Stream(seed))


def _check_size(kind: str, n: int, m: int) -> None:
    check_num_vertices(n, kind)
    if m > MAX_EDGES:
        raise UserError(f"{kind}: {m} edges are more than the {MAX_EDGES} accepted")


def _finish(n: int, keys: NDArray[np.int64], weights: Weights, stream: Stream) -> Graph:
    """The graph with edge keys u * n + v (u < v) [m] and weights drawn in sorted order."""
    keys = np.sort(keys)
    drawn: NDArray[np.int64] | NDArray[np.float64]
    if weights == "pm":
        drawn = stream.signs(len(keys))
    elif weights == "gauss":
        drawn = stream.normal(len(keys))
    else:
        drawn = np.ones(len(keys), np.int64)
    return build_graph(
        n, keys // n, keys % n, drawn, source="generator", place=lambda i: f"edge {i}"
    )


def _pair_keys(index: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Keys u * n + v of the pairs u < v numbered v (v - 1) / 2 + u [m]."""
    v = ((1 + np.sqrt(1.0 + 8.0 * index)) / 2).astype(np.int64)
    v -= v * (v - 1) // 2 > index  # the root is rounded up, if at all, for n up to 10^8
    return (index - v * (v - 1) // 2) * n + v


def _pairing(n: int, d: int, stream: Stream, *, at_once: bool) -> NDArray[np.int64] | None:
    """Edge keys of one random d-regular graph, or None if the pairing failed.

    With `at_once` it fails if there is any bad pair, else if those left over cannot be mended.
    """
    stubs = np.repeat(np.arange(n), d)
    keys = np.zeros(0, np.int64)
    while stubs.size:
        stubs = stubs[stream.permutation(len(stubs))]
        low = np.minimum(stubs[0::2], stubs[1::2])
        high = np.maximum(stubs[0::2], stubs[1::2])
        key = low * n + high
        first = np.zeros(len(key), np.bool_)
        first[np.unique(key, return_index=True)[1]] = True
        good = first & (low != high) & ~np.isin(key, keys)
        keys = np.concatenate([keys, key[good]])
        stubs = np.concatenate([low[~good], high[~good]])
        if stubs.size and at_once:
            return None
        if not good.any() and not _can_go_on(np.unique(stubs), keys, n):
            return None
    return keys


def _can_go_on(left: NDArray[np.int64], keys: NDArray[np.int64], n: int) -> bool:
    """Whether some two of the vertices `left` are not joined yet."""
    u, v = np.triu_indices(len(left), k=1)
    return bool(np.any(~np.isin(left[u] * n + left[v], keys)))
