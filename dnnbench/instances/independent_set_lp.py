"""The linear relaxation of the maximum weight independent set problem."""

import numpy as np
import scipy.sparse as sp

from dnnbench.instances.graph import Graph
from dnnbench.instances.program import Program, frozen


def independent_set_lp(graph: Graph) -> Program:
    """Maximise sum w_v x_v with x_u + x_v <= 1 for each edge, 0 <= x <= 1.

    Its vertices are half-integral: G. Nemhauser, L. Trotter, "Vertex packings: structural
    properties and algorithms", Mathematical Programming 8, 1975. Weights of edges do not count.

    Args:
        graph: of n vertices and m edges; w is 1 where it has no weights of vertices.
    """
    n, m = graph.num_vertices, graph.num_edges
    weights = np.ones(n) if graph.vertex_weights is None else graph.vertex_weights
    ends = graph.edges.astype(np.int64).ravel()
    matrix = sp.csr_array((np.ones(2 * m), ends, 2 * np.arange(m + 1)), shape=(m, n))
    return frozen(
        Program(
            cost=-weights.astype(np.float64),
            matrix=matrix,
            row_lower=np.full(m, -np.inf),
            row_upper=np.ones(m),
            lower=np.zeros(n),
            upper=np.ones(n),
            maximised=True,
        )
    )
