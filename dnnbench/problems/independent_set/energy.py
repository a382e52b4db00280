"""Differentiable energies of independent sets: a reward for vertices, a penalty for conflicts."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.kernels.spmm import make_sparse, spmm
from dnnbench.problems.cut.energy import Quadratic, QuadraticEnergy
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.relaxed import Score

_ROUNDS = 64
"""Rounds in which conflicts are resolved: never reached, as about half of them go in each."""


@dataclass(frozen=True)
class SetEnergy(QuadraticEnergy):
    """-sum_i w_i x_i + penalty sum over conflicts ij of c_ij x_i x_j, with c_ij = min(w_i, w_j).

    With a penalty above 1 the minima over {0, 1}^n are the heaviest independent sets: leaving out
    the lighter end of a conflict always pays. With `covers` the variables are those of the vertex
    cover, y = 1 - x, and the energy is n more, the size of a cover plus the penalty of the edges
    it misses.

    Attributes:
        penalty: of a conflict, in units of its lighter end.
        repair: `delete` takes vertices out of the rounded set until it has no conflicts; `none`
            leaves it as it is, with its conflicts as its violation.
        covers: whether answers are vertex covers.
    """

    penalty: float = 2.0
    repair: str = "delete"
    covers: bool = False

    def prepare(self, public: Conflicts) -> Quadratic:
        """Couplings (half the penalty each way), linear part and offset.

        Products go by the graph given or its complement, whichever has fewer edges.
        """
        half = self.penalty / 2
        weights = np.asarray(public.weights, np.float64)
        offset = 0.0
        # Scaled after the product, so that sums of whole numbers stay exact.
        if public.implicit:
            form = (-public.stored, self.kernel, self.dtype)
            matrix = make_sparse(*form, rest=1.0, scale=half)
        else:
            matrix = make_sparse(_lighter(public), self.kernel, self.dtype, scale=half)
        linear = -weights
        if self.covers:
            linear = weights - self.penalty * public.degrees
            offset = self.penalty * public.num_edges
        return Quadratic(matrix, jnp.asarray(linear, self.dtype), jnp.asarray(offset, self.dtype))

    def terms(self, public: Any) -> Any:
        """Not used: `prepare` builds all of it."""
        raise NotImplementedError

    def couplings(self, public: Conflicts) -> sp.csr_array:
        """A as a matrix on the host.

        Raises:
            UserError: it is that of a complement which is too large.
        """
        return self.penalty / 2 * _lighter(public)

    def temperature_unit(self, public: Conflicts, field: NDArray[np.float64]) -> float:
        """The mean weight of a vertex: what is at stake is one vertex, whatever its conflicts."""
        return float(np.mean(public.weights))

    def coupling_sums(self, public: Conflicts) -> NDArray[np.float64]:
        """Sum of |A_ij| over j, [n]; an upper bound where weights differ."""
        heaviest = np.asarray(public.weights, np.float64)
        return self.penalty / 2 * heaviest * public.degrees

    def coupling_squares(self, public: Conflicts) -> NDArray[np.float64]:
        """Sum of A_ij^2 over j, [n]; an upper bound where weights differ."""
        heaviest = np.asarray(public.weights, np.float64)
        return np.square(self.penalty / 2 * heaviest) * public.degrees

    def independent(self, x: jax.Array) -> jax.Array:
        """The relaxed independent set behind a relaxed answer, and the other way round."""
        return 1 - x if self.covers else x

    def conflicts(self, x: jax.Array, data: Quadratic) -> jax.Array:
        """For each vertex the sum of `x` over those in conflict with it (unit weights), [n]."""
        return spmm(data.matrix, x) * (2 / self.penalty)

    def round_score(
        self, x: jax.Array, merit: jax.Array, data: Quadratic, key: jax.Array
    ) -> tuple[jax.Array, Score]:
        """Bits x > 1/2, repaired if so wished, uint8 [n]; cost is minus the weight of the set.

        Vertices leave in rounds: one goes if its count of conflicts, blurred at random, is not
        below the mean of those in conflict with it. That is so for the highest of every cluster
        and never for the lowest, so some stay and every round makes progress.
        """
        del merit
        chosen = (self.independent(x) > 0.5).astype(data.linear.dtype)
        pull = spmm(data.matrix, chosen)
        violation = jnp.zeros((), chosen.dtype)
        if self.repair == "delete":
            chosen = self._deleted(chosen, pull, data, key)
        else:
            violation = jnp.sum(chosen * pull)
        z = self.independent(chosen)
        # Vertices of covers weigh 1.
        cost = jnp.sum(z) if self.covers else jnp.sum(chosen * data.linear)
        return (z > 0.5).astype(jnp.uint8), Score(violation, cost)

    def _deleted(
        self, chosen: jax.Array, pull: jax.Array, data: Quadratic, key: jax.Array
    ) -> jax.Array:
        """The rounds above; where nothing conflicts none is made."""

        def conflicting(carry: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
            count, chosen, pull = carry
            return (count < _ROUNDS) & jnp.any(chosen * pull > 0)

        def leave(
            carry: tuple[jax.Array, jax.Array, jax.Array],
        ) -> tuple[jax.Array, jax.Array, jax.Array]:
            count, chosen, pull = carry
            noise = jax.random.uniform(jax.random.fold_in(key, count), chosen.shape, chosen.dtype)
            burden = chosen * (pull + noise * self.penalty / 2)
            leaves = (pull > 0) & (burden * pull >= spmm(data.matrix, burden))
            chosen = jnp.where(leaves, 0, chosen)
            return count + 1, chosen, spmm(data.matrix, chosen)

        start = (jnp.zeros((), jnp.int32), chosen, pull)
        _, chosen, pull = jax.lax.while_loop(conflicting, leave, start)
        return jnp.where(pull > 0, 0, chosen)


def _lighter(public: Conflicts) -> sp.csr_array:
    """The weight of the lighter end of each conflict, [n, n]."""
    weights = np.asarray(public.weights, np.float64)
    matrix = public.adjacency.astype(np.float64)
    rows = np.repeat(np.arange(public.num_vertices), np.diff(matrix.indptr))
    matrix.data = np.minimum(weights[rows], weights[matrix.indices])
    return matrix
