"""The differentiable energy of formulas: the expected weight of what random bits violate."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from dnnbench.instances.formula import Formula, Kind
from dnnbench.problems.relaxed import Score
from dnnbench.problems.satisfiability.constraints import violated
from dnnbench.problems.satisfiability.groups import Group, make_groups


class Clauses(NamedTuple):
    """A formula on the device; constraints stand in the order of the groups, not of the formula.

    Attributes:
        groups: constraints of one kind and width together.
        weights: of each constraint in the energy, [m].
        hard: 1 for hard constraints, 0 for others, [m].
        order: the constraint of the formula that stands at each place, int32 [m].
    """

    groups: tuple[Group, ...]
    weights: jax.Array
    hard: jax.Array
    order: jax.Array


@dataclass(frozen=True)
class FormulaEnergy:
    """sum_c w_c P(c is violated) at x in [0, 1]^n, the chances of independent bits to be true.

    A clause is violated with the product of the chances q_j of its literals to be false, an XOR
    with (1 + prod_j (2 q_j - 1)) / 2, a cardinality constraint with the chance that too few are
    true (coefficients of a generating polynomial), not-all-equal with prod_j q_j +
    prod_j (1 - q_j). All are multilinear (if no constraint repeats a variable) and exact on binary
    points. For sums of whole weights below 2^24 so is float32.

    Attributes:
        kernel: not used: each group has the sparse product that fits it.
        dtype: floating point type of the arrays.
        lanes: not used.
        hard_weight: what violating a hard constraint weighs, in units of the most soft weight that
            shares a variable. Above 1 no flip of one variable that breaks one hard constraint more
            than it mends lowers the energy.
    """

    kernel: str
    dtype: str
    lanes: int = 1
    hard_weight: float = 2.0

    def weights(self, public: Formula) -> NDArray[np.float64]:
        """Weight of each constraint in the energy, in the order of the formula, [m]."""
        costs = public.costs.astype(np.float64)
        if public.hard is None:
            return costs
        most = _shared(public, np.where(public.hard, 0, costs)).max(initial=0.0)
        return np.where(public.hard, self.hard_weight * (most if most > 0 else 1.0), costs)

    def prepare(self, public: Formula) -> Clauses:
        """The formula's arrays."""
        groups, order = make_groups(public, self.dtype)
        hard = np.zeros(len(order)) if public.hard is None else public.hard
        return Clauses(
            tuple(groups),
            jnp.asarray(self.weights(public)[order], self.dtype),
            jnp.asarray(hard[order], self.dtype),
            jnp.asarray(order, jnp.int32),
        )

    def size(self, data: Clauses) -> int:
        """Number of variables n."""
        return data.groups[0].literals.n

    def violations(self, x: jax.Array, data: Clauses) -> jax.Array:
        """The chance that each constraint is violated, [m], in the order of `Clauses`.

        Args:
            x: chances of the variables to be true, [n].
            data: from `prepare`.
        """
        return jnp.concatenate([violated(group, x) for group in data.groups])

    def weighted(self, x: jax.Array, weights: jax.Array, data: Clauses) -> jax.Array:
        """The energy under other weights, [m] in the order of `Clauses`; a scalar."""
        return jnp.sum(weights * self.violations(x, data))

    def energy(self, x: jax.Array, data: Clauses) -> jax.Array:
        """The expected weight of violated constraints, a scalar."""
        return self.weighted(x, data.weights, data)

    def slopes(self, x: jax.Array, data: Clauses) -> jax.Array:
        """The gradient of `energy`, [n]."""
        return self.value_and_slopes(x, data.weights, data)[1]

    def value_and_slopes(
        self, x: jax.Array, weights: jax.Array, data: Clauses
    ) -> tuple[jax.Array, jax.Array]:
        """What is violated, [m], and the gradient of `weighted` in x, [n].

        Both in one pass, for methods that learn weights from what is violated.
        """
        values, pull = jax.vjp(lambda x: self.violations(x, data), x)
        return values, pull(weights)[0]

    def zeros(self, data: Clauses) -> jax.Array:
        """Zeros [n] of the dtype of the energy."""
        return jnp.zeros(self.size(data), data.weights.dtype)

    def field(self, data: Clauses) -> None:
        """Nothing of the slopes can be had beforehand."""

    def spin_slopes(self, spins: jax.Array, data: Clauses, field: None) -> jax.Array:
        """The gradient of `energy` in x at x = (1 + s) / 2, [n]."""
        del field
        return self.slopes((1 + spins) / 2, data)

    def powered_slopes(self, spins: jax.Array, data: Clauses, power: int) -> jax.Array:
        """The gradient in x of sum_c w_c P(c is violated)^power at x = (1 + s) / 2, [n]."""
        values, pull = jax.vjp(lambda x: self.violations(x, data), (1 + spins) / 2)
        return pull(data.weights * power * values ** (power - 1))[0]

    def round_score(
        self, x: jax.Array, merit: jax.Array, data: Clauses, key: jax.Array
    ) -> tuple[jax.Array, Score]:
        """Bits x > 1/2, uint8 [n]; how many hard constraints they violate, the weight of others."""
        del merit, key
        bits = x > 0.5
        broken = self.violations(bits.astype(data.weights.dtype), data)
        cost = jnp.sum(broken * data.weights * (1 - data.hard))
        return bits.astype(jnp.uint8), Score(jnp.sum(broken * data.hard), cost)

    def strength(self, public: Formula, field: None = None) -> NDArray[np.float64]:
        """Sum of the weights of each variable's constraints, which bounds |slopes|, [n]."""
        return _shared(public, self.weights(public))

    def temperature_unit(self, public: Formula, field: None = None) -> float:
        """What annealing counts in: the root mean square effect of a flip among random bits.

        Constraints count as independent; each matters with the chance that the other literals leave
        it to this one.
        """
        squares = np.square(self.weights(public)) * _matters(public)
        unit = _shared(public, squares)
        return float(np.sqrt(unit.mean())) if unit.any() else 1.0


def _shared(public: Formula, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of `amounts` [m] over the constraints of each variable, once for a literal, [n]."""
    variables = np.abs(public.literals).astype(np.int64) - 1
    sums = np.bincount(variables, amounts[public.owners], public.num_variables)
    return sums.astype(np.float64)


def _matters(public: Formula) -> NDArray[np.float64]:
    """The chance that one literal decides a constraint if all others are random bits, [m]."""
    widths, kinds = public.widths.astype(np.float64), public.kinds
    # Of w - 1 others exactly b - 1 are true; a clause is b = 1.
    free = np.maximum(widths - 1, 0)
    needed = np.where(kinds == Kind.AT_LEAST, public.bounds - 1.0, 0.0)
    possible = (needed >= 0) & (needed <= free)
    ways = gammaln(free + 1) - gammaln(np.where(possible, needed, 0) + 1)
    chance = np.exp(ways - gammaln(np.where(possible, free - needed, 0) + 1) - free * np.log(2))
    chance = np.where(possible, chance, 0.0)
    chance = np.where(kinds == Kind.XOR, 1.0, chance)
    both = np.where(widths < 2, 0.0, 2 * chance)
    return np.where(kinds == Kind.NOT_ALL_EQUAL, both, chance)
