"""The families of DIMACS clique graphs that are constructions: made exactly, vertex by vertex.

With `complement` set, the graph for independent sets is made at once, without the larger one.
Sources: J. Hasselberg, P. M. Pardalos, G. Vairaktarakis, "Test case generators and computational
results for the maximum clique problem", J. Global Optim. 1993 (Hamming, Johnson, c-fat); J. C.
Lagarias, P. W. Shor, Bull. AMS 27 (1992) 279-283 (Keller); C. Mannino in the comments of MANN_a27.
"""

import math
import re
from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import simple_graph
from dnnbench.instances.generators.steiner import triple_system
from dnnbench.instances.graph import Graph
from dnnbench.instances.graph_view import MAX_EDGES
from dnnbench.instances.graph_view import complement as complement_of

_MAX_VERTICES = math.isqrt(2 * MAX_EDGES)
_BLOCK = 2**22

_Joined = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]


def hamming(n: int, d: int, *, complement: bool = False) -> Graph:
    """Words of n bits in increasing order, joined where they differ in at least d of them."""
    if not 1 <= d <= n:
        raise UserError(f"hamming: d={d} is not in 1..{n}")
    words = np.arange(_size("hamming", 2 ** min(n, 62)))
    return _graph(words, lambda a, b: np.bitwise_count(a ^ b) >= d, complement)


def johnson(n: int, w: int, d: int, *, complement: bool = False) -> Graph:
    """Words of n bits, w of them ones, in increasing order, joined as in `hamming`."""
    if not (1 <= w <= n <= 62 and d >= 1):
        raise UserError(f"johnson: needs 1 <= w <= n <= 62 and d >= 1, not n={n} w={w} d={d}")
    _size("johnson", math.comb(n, w))
    words = sorted(sum(1 << bit for bit in ones) for ones in combinations(range(n), w))
    return _graph(np.array(words), lambda a, b: np.bitwise_count(a ^ b) >= d, complement)


def keller(d: int, *, complement: bool = False) -> Graph:
    """The neighbours of the zero word in the Keller graph of d digits, in increasing order.

    Words of d digits 0..3 are joined where at least two digits differ and one differs by 2.
    """
    if d < 2:
        raise UserError(f"keller: needs at least 2 digits, not d={d}")
    digits = min(d, 31)
    _size("keller", 4**digits - 3**digits - digits)
    low = sum(1 << 2 * digit for digit in range(d))

    def joined(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        both = a ^ b  # two bits a digit: 10 where the digits differ by 2 mod 4, 00 where they agree
        several = np.bitwise_count((both | both >> 1) & low) >= 2
        return several & ((both >> 1 & ~both & low) != 0)

    words = np.arange(4**d)
    return _graph(words[joined(words, np.zeros(1, np.int64))], joined, complement)


def c_fat(n: int, c: int, *, complement: bool = False) -> Graph:
    """A ring of floor(n / (c ln n)) classes; vertices of the same or of adjacent ones are joined.

    Vertex v is in class v modulo the number of classes.
    """
    _size("c_fat", n)
    classes = math.floor(n / (c * math.log(n))) if n > 1 and c >= 1 else 0
    if classes < 1:
        raise UserError(f"c_fat: n={n} c={c} gives no class of vertices")

    def joined(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        apart = (a - b) % classes
        return (apart <= 1) | (apart == classes - 1)

    return _graph(np.arange(n) % classes, joined, complement)


def mann(v: int, *, complement: bool = False) -> Graph:
    """Covering a Steiner triple system of v points, as a clique problem.

    In the complement, each triple owns three vertices after those of the points; they are joined
    to each other, and the k-th of them to the k-th point of the triple.
    """
    triples = triple_system(v)
    n = _size("mann", v + 3 * len(triples))
    own = v + np.arange(3 * len(triples)).reshape(-1, 3)
    pairs = [own[:, [0, 1]], own[:, [0, 2]], own[:, [1, 2]]]
    pairs += [np.column_stack([triples[:, k], own[:, k]]) for k in range(3)]
    sparse = simple_graph(n, np.concatenate(pairs).astype(np.int32)).in_order()
    return sparse if complement else complement_of(sparse, f"mann with v={v}")


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Graph]], ...] = (
    (re.compile(r"hamming(\d+)-(\d+)"), hamming),
    (re.compile(r"johnson(\d+)-(\d+)-(\d+)"), johnson),
    (re.compile(r"keller(\d+)"), keller),
    (re.compile(r"c-fat(\d+)-(\d+)"), c_fat),
    (re.compile(r"MANN_a(\d+)"), mann),
)


def is_construction(name: str) -> bool:
    """Whether the registry's name (`dimacs/keller4`, `mis/keller6-complement`) is one of these."""
    return _call(name) is not None


def construction(name: str) -> Graph:
    """The graph of such a name, edges in lexicographic order."""
    found = _call(name)
    if found is None:
        raise ValueError(f"{name} is no construction")
    make, numbers, complement = found
    return make(*numbers, complement=complement)


def _call(name: str) -> tuple[Callable[..., Graph], list[int], bool] | None:
    folder, _, own = name.partition("/")
    if folder not in ("dimacs", "mis"):
        return None
    family = own.removesuffix("-complement")
    for form, make in _FORMS:
        match = form.fullmatch(family)
        if match:
            return make, [int(number) for number in match.groups()], family != own
    return None


def _size(kind: str, n: int) -> int:
    """n, if a graph on so many vertices is small enough to be made."""
    if not 1 <= n <= _MAX_VERTICES:
        shown = str(n) if n < 10**12 else "too many"
        raise UserError(f"{kind}: {shown} vertices are not in 1..{_MAX_VERTICES}")
    return n


def _graph(labels: NDArray[np.int64], joined: _Joined, complement: bool) -> Graph:
    """The graph whose vertices i < j are joined where `joined` says so of their labels [n]."""
    n = len(labels)
    found = [np.zeros((0, 2), np.int32)]
    block = max(1, _BLOCK // n)
    for first in range(0, n, block):
        rows = np.arange(first, min(first + block, n))
        wanted = joined(labels[rows, np.newaxis], labels[first:])
        if complement:
            wanted = ~wanted
        wanted &= np.arange(first, n) > rows[:, np.newaxis]
        low, high = np.nonzero(wanted)
        found.append((np.column_stack([low, high]) + first).astype(np.int32))
    return simple_graph(n, np.concatenate(found))
