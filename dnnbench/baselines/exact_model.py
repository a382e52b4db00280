"""The linear and the integer program of `exact`; importing it needs highspy.

Variables y_e, 1 where edge e is cut, and in the integer program x_v, the side of vertex v. The
linear program has odd-cycle inequalities alone; the integer program has besides, for each edge uv,
y <= x_u + x_v, y <= 2 - x_u - x_v and y >= |x_u - x_v|, which make y_e follow from integer x.
"""

from collections.abc import Callable, Iterable
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.odd_cycles import Cut
from dnnbench.instances.graph import Graph

_KINDS = highspy.cb.HighsCallbackType
_LINKS = (((1, -1, -1), 0), ((1, 1, 1), 2), ((-1, 1, -1), 0), ((-1, -1, 1), 0))
"""Coefficients of (y, x_u, x_v) and right-hand sides of the four links."""


class Model:
    """The programs of one graph; objectives are cut values divided by the largest |w|.

    Attributes:
        bound: no cut is worth more, as far as has been proved.
    """

    def __init__(self, graph: Graph, stop: Callable[[], bool]) -> None:
        """Make the linear program without inequalities.

        Args:
            graph: the graph, with at least one weight that is not zero.
            stop: asked during every solve, some 30 times a second.
        """
        self._graph, self._stop = graph, stop
        weights = graph.weights.astype(np.float64)
        self._scale = float(np.abs(weights).max())
        self._positive = float(weights[weights > 0].sum())
        self.bound = self._positive
        self._on_cut: Callable[[NDArray[np.uint8], int], None] = lambda z, nodes: None
        m = graph.num_edges
        self._highs = h = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("solver", "simplex")):
            h.setOptionValue(name, value)
        h.addVars(m, np.zeros(m), np.ones(m))
        h.changeColsCost(m, np.arange(m, dtype=np.int32), weights / self._scale)
        h.changeObjectiveSense(highspy.ObjSense.kMaximize)
        h.setCallback(self._called, None)
        for kind in (
            _KINDS.kCallbackSimplexInterrupt,
            _KINDS.kCallbackMipInterrupt,
            _KINDS.kCallbackMipImprovingSolution,
        ):
            h.startCallback(kind)

    def add(self, cuts: Iterable[Cut]) -> None:
        """Add odd-cycle inequalities."""
        for cut in cuts:
            edges = np.array([e for e, _ in cut], np.int32)
            signs = np.array([1.0 if odd else -1.0 for _, odd in cut])
            most = float(sum(odd for _, odd in cut) - 1)
            self._highs.addRow(-highspy.kHighsInf, most, len(edges), edges, signs)

    def relax(self) -> NDArray[np.float64] | None:
        """Solve the linear program: y [m] clipped to [0, 1], or None if it was stopped."""
        h = self._highs
        h.run()
        if h.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        self.bound = min(self.bound, h.getInfo().objective_function_value * self._scale)
        values: NDArray[np.float64] = np.array(h.getSolution().col_value)
        return np.clip(values, 0.0, 1.0)

    def branch(
        self,
        start: NDArray[np.uint8],
        gap: float,
        most_nodes: int | None,
        on_cut: Callable[[NDArray[np.uint8], int], None],
    ) -> int:
        """Solve the integer program by branch and bound.

        Args:
            start: a cut to begin with, uint8 [n].
            gap: the search ends when bound and best cut are closer than this.
            most_nodes: nodes allowed, or None.
            on_cut: told each better cut and the nodes so far.

        Returns:
            Nodes searched.
        """
        h, graph, m = self._highs, self._graph, self._graph.num_edges
        n = graph.num_vertices
        self._on_cut = on_cut
        h.addVars(n, np.zeros(n), np.ones(n))
        sides = np.arange(m, m + n, dtype=np.int32)
        h.changeColsIntegrality(n, sides, np.array([highspy.HighsVarType.kInteger] * n))
        first = int(np.argmax(graph.degrees))  # both sides are alike, so one vertex is fixed
        h.changeColBounds(m + first, 0.0, 0.0)
        for e, (u, v) in enumerate(graph.edges.tolist()):
            columns = np.array([e, m + u, m + v], np.int32)
            for signs, most in _LINKS:
                h.addRow(-highspy.kHighsInf, most, 3, columns, np.array(signs, np.float64))
        h.setOptionValue("mip_rel_gap", 0.0)
        h.setOptionValue("mip_abs_gap", gap / self._scale)
        if most_nodes is not None:
            h.setOptionValue("mip_max_nodes", most_nodes)
        x = start ^ start[first]
        solution = highspy.HighsSolution()
        crossing = x[graph.edges[:, 0]] != x[graph.edges[:, 1]]
        solution.col_value = np.concatenate([crossing, x]).astype(np.float64).tolist()
        h.setSolution(solution)
        h.run()
        info = h.getInfo()
        if np.isfinite(info.mip_dual_bound):
            self.bound = min(self.bound, info.mip_dual_bound * self._scale)
        return max(int(info.mip_node_count), 0)

    def _called(self, kind: Any, message: str, out: Any, answer: Any, user: Any) -> None:
        """What the solver calls: with a better solution, or to ask whether to go on."""
        if kind == _KINDS.kCallbackMipImprovingSolution:
            values = np.array(out.mip_solution)[self._graph.num_edges :]
            self._on_cut((values > 0.5).astype(np.uint8), max(int(out.mip_node_count), 0))
        elif self._stop():
            answer.user_interrupt = True
