"""Quadratic polynomials of binary variables, the public half of QUBO and Ising instances.

One class serves both: `domain` says whether the variables are bits x in {0, 1} (a QUBO) or spins
s in {-1, 1} (an Ising model). The conversions keep the value of every point:

    s = 2 x - 1;    cut of W:  -cut(s) = sum w_ij (s_i s_j - 1) / 2  (Hammer, Oper. Res. 13, 1965);

a linear part becomes edges to one more vertex (Barahona, Junger, Reinelt, Math. Programming 44,
1989), on whose side a variable is 1.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.instances.build import EXACT
from dnnbench.instances.graph import Graph

Domain = Literal["bits", "spins"]
Array = NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class QuadraticModel:
    """f(z) = sum over pairs of c_ij z_i z_j + sum a_i z_i + offset, to be minimised.

    Make one with `quadratic_model`, which gives all numbers the same dtype.

    Attributes:
        domain: `bits` (z = x in {0, 1}^n) or `spins` (z = s in {-1, 1}^n).
        graph: the pairs i < j as edges, c_ij as their weights [m].
        linear: a [n], int64 if every number is an integer, else float64; as `graph.weights`.
        offset: an int or a float.
    """

    domain: Domain
    graph: Graph
    linear: Array
    offset: int | float

    @property
    def num_vertices(self) -> int:
        """Number of variables n."""
        return self.graph.num_vertices

    @property
    def num_edges(self) -> int:
        """Number of pairs m."""
        return self.graph.num_edges

    @property
    def edges(self) -> NDArray[np.int32]:
        """The pairs, int32 [m, 2]."""
        return self.graph.edges

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Number of partners of each variable, int64 [n]."""
        return self.graph.degrees

    @property
    def integral(self) -> bool:
        """Whether all numbers are integers, so that values are exact in int64."""
        return self.graph.integral

    @cached_property
    def adjacency(self) -> sp.csr_array:
        """A [n, n] with f = x^T A x + linear part in bits x, as the energies have it."""
        return self.graph.adjacency * (2 if self.domain == "spins" else 0.5)

    @cached_property
    def field(self) -> Array:
        """Numbers b [n] such that flipping spin i of s lowers f in proportion to s_i (C s + b)_i.

        C is the symmetric matrix of the c_ij. For spins b = a; for bits b = 2 a + C 1.
        """
        if self.domain == "spins":
            return self.linear
        return 2 * self.linear + self.graph.adjacency.sum(axis=1)


def quadratic_model(domain: Domain, graph: Graph, linear: Array, offset: float) -> QuadraticModel:
    """The model of these numbers: int64 where all are whole up to 2^53, else float64.

    Args:
        domain: `bits` or `spins`.
        graph: pairs and their coefficients.
        linear: [n].
        offset: constant term.
    """
    numbers = np.concatenate([graph.weights, linear, [offset]]).astype(np.float64)
    whole = bool(np.all(numbers == np.floor(numbers)) and np.all(np.abs(numbers) <= EXACT))
    dtype: Any = np.int64 if whole else np.float64
    couplings: Array = graph.weights.astype(dtype)
    fields: Array = np.asarray(linear).astype(dtype)
    couplings.setflags(write=False)
    fields.setflags(write=False)
    same = Graph(graph.num_vertices, graph.edges, couplings)
    return QuadraticModel(domain, same, fields, int(offset) if whole else float(offset))


def to_spins(model: QuadraticModel) -> QuadraticModel:
    """The same function in spins s = 2 x - 1; quarters are exact in float64."""
    if model.domain == "spins":
        return model
    quarter = model.graph.weights / 4
    graph = Graph(model.num_vertices, model.edges, quarter)
    linear = model.linear / 2 + graph.adjacency.sum(axis=1)
    offset = model.offset + quarter.sum() + model.linear.sum() / 2
    return quadratic_model("spins", graph, linear, offset)


def to_bits(model: QuadraticModel) -> QuadraticModel:
    """The same function in bits x = (1 + s) / 2."""
    if model.domain == "bits":
        return model
    graph = Graph(model.num_vertices, model.edges, 4 * model.graph.weights)
    linear = 2 * (model.linear - model.graph.adjacency.sum(axis=1))
    offset = model.offset + (model.graph.weights.sum() - model.linear.sum())
    return quadratic_model("bits", graph, linear, offset)


def from_cut(graph: Graph, domain: Domain) -> QuadraticModel:
    """Minus the cut value of a graph, a function of the vertices' sides."""
    half = graph.weights / 2
    zero = np.zeros(graph.num_vertices)
    spins = quadratic_model(
        "spins", Graph(graph.num_vertices, graph.edges, half), zero, -half.sum()
    )
    return spins if domain == "spins" else to_bits(spins)


@dataclass(frozen=True)
class CutForm:
    """A model as a maximum cut: f = top - cut * step for the matching cut.

    Attributes:
        graph: n + 1 vertices; the last stands for the constant 1. Integer where the model is.
        top: value where all variables are 1, which cuts nothing.
        halve: whether a unit of cut is worth 1/2 (bits) or 2 (spins).
    """

    graph: Graph
    top: int | float
    halve: bool

    def value(self, cut: float) -> float:
        """The f of the variables whose cut has this value; exact for integers (cuts are even)."""
        if not self.halve:
            return self.top - 2 * cut
        whole = isinstance(cut, int) and isinstance(self.top, int)
        return self.top - (cut // 2 if whole else cut / 2)

    def bits(self, z: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The variables (1 on the side of the last vertex) of a cut uint8 [n + 1]."""
        return (z[:-1] == z[-1]).astype(np.uint8)


def to_cut(model: QuadraticModel) -> CutForm:
    """The maximum cut problem whose cuts are the model's points."""
    n, field = model.num_vertices, model.field
    tied = np.flatnonzero(field)
    ties = np.column_stack([tied, np.full(len(tied), n)]).astype(np.int32)
    edges = np.concatenate([model.edges, ties])
    graph = Graph(n + 1, edges, np.concatenate([model.graph.weights, field[tied]]))
    total = model.graph.weights.sum() + model.linear.sum()
    top = model.offset + (int(total) if model.integral else float(total))
    return CutForm(graph, top, model.domain == "bits")
