"""A dataless network of ReLU units for formulas: a unit for each clause, Adam with clamping.

The variables theta in [0, 1]^n are the only parameters. A literal's output y is theta or 1 - theta,
and a clause is a unit of the rest of the network, whose weights are the formula's:

    f(theta) = sum_c w_c (1 - sum_{j in c} y_j)_+ + gamma(t) sum_i (1 - (2 theta_i - 1)^2).

At binary points the first sum is the weight of the violated clauses. Between them it is no such
thing: a clause is content with a literal mass of 1, and in 3-SAT the point with theta = 1/2
everywhere has no loss at all. Two things keep the descent from ending there. It starts at a uniform
point of the cube, not in its middle; and the concave second sum, whose weight gamma rises evenly
from `gamma_start` as in continuous relaxation annealing, has its maximum at 1/2, so that fractional
points that cost nothing at first are left for the faces, while a clause pushes back as soon as its
mass falls below 1.

What is not a clause becomes units as well: at least k literals, (k - sum_j y_j)_+; not all equal,
two of these, one for the negations; an XOR of r literals, its 2^(r - 1) clauses.

References:
    The construction for independent sets is that of Alkhouri, Atia & Velasquez, A differentiable
    approach to the maximum independent set problem using dataless neural networks, Neural Networks
    155:168, 2022. Its form for clauses is derived by dnnbench; no paper has it. The second sum is
    that of Ichikawa, arXiv 2309.16965 (`methods.cra`), there from a negative gamma, which would
    draw all points to the same middle. A factor n before the units, as in the construction for
    sets, is left out: Adam does not see it.
"""

import itertools
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod, GradState
from dnnbench.errors import UserError
from dnnbench.instances.formula import Formula, Kind
from dnnbench.kernels.rectangular import Rectangular, make_rectangular, matmul
from dnnbench.methods import cra
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.satisfiability.energy import FormulaEnergy

# An XOR of r literals becomes 2^(r - 1) units.
_WIDEST_XOR = 12


class Units(NamedTuple):
    """(bias - matrix theta)_+, weighted.

    Attributes:
        matrix: the sum of a unit's literals without what does not depend on theta, [u, n].
        bias: literals asked for, less the number of negated ones, [u].
        weights: [u].
    """

    matrix: Rectangular
    bias: jax.Array
    weights: jax.Array


def literal_units(formula: Formula) -> list[tuple[int, int, tuple[int, ...]]]:
    """(constraint, k, literals) of each unit: at least k of its literals have to be true.

    Raises:
        UserError: an XOR has too many literals.
    """
    units = []
    for c in range(formula.num_constraints):
        kind, bound = formula.kinds[c], int(formula.bounds[c])
        literals = tuple(int(v) for v in formula.constraint(c))
        negated = tuple(-v for v in literals)
        if kind == Kind.XOR:
            if len(literals) > _WIDEST_XOR:
                raise UserError(
                    f"relu_sat turns an XOR of r literals into 2^(r - 1) units, and constraint "
                    f"{c + 1} has {len(literals)}, more than {_WIDEST_XOR}; fourier_sat takes it"
                )
            # What an even number of true literals would look like, each forbidden by a clause.
            for signs in itertools.product((1, -1), repeat=len(literals)):
                if signs.count(-1) % 2 == 0:
                    pairs = zip(signs, literals, strict=True)
                    units.append((c, 1, tuple(s * v for s, v in pairs)))
        elif kind == Kind.AT_LEAST:
            units.append((c, bound, literals))
        else:
            units.append((c, 1, literals))
            if kind == Kind.NOT_ALL_EQUAL:
                units.append((c, 1, negated))
    return units


@dataclass(frozen=True)
class ReluSat(GradientMethod):
    """ReLU network of a formula.

    Attributes:
        energy: energy of a formula.
        num_steps: steps of one restart.

    Hyperparameters (traced): `learning_rate` of Adam; `gamma_start` and `gamma_rate`, weight of the
    concave term, in units of the mean weight of a constraint, and its rise in a step.
    """

    energy: FormulaEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", *cra.HYPERPARAMETERS)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam."""
        return (Phase("descend", self.num_steps, adam()),)

    def prepare(self, public: Formula) -> tuple[Units, dict[str, float]]:
        """The units, with weights in units of the mean weight of a constraint."""
        units = literal_units(public)
        dtype, n = self.energy.dtype, public.num_variables
        own = self.energy.weights(public)
        own = own / (own.mean() if own.size else 1)
        rows = np.repeat(np.arange(len(units)), [len(u[2]) for u in units])
        literals = np.array([v for u in units for v in u[2]], np.int64)
        entries = (np.sign(literals).astype(np.float64), (rows, np.abs(literals) - 1))
        matrix = sp.csr_array(sp.coo_array(entries, shape=(len(units), n)))
        bias = [k - sum(v < 0 for v in each) for _, k, each in units]
        weights = own[[c for c, _, _ in units]]
        return (
            Units(
                make_rectangular(matrix, dtype),
                jnp.asarray(bias, dtype),
                jnp.asarray(weights, dtype),
            ),
            {},
        )

    def start(self, ctx: Ctx) -> tuple[jax.Array, PyTree]:
        """A uniform point of the cube, [n]."""
        own: Units = ctx.method
        return jax.random.uniform(ctx.key, (own.matrix.n,), own.bias.dtype), ()

    def loss(self, params: jax.Array, aux: PyTree, ctx: Ctx) -> tuple[Scalar, PyTree]:
        """The units' sum and the concave term."""
        own: Units = ctx.method
        units = jax.nn.relu(own.bias - matmul(own.matrix, params))
        penalty = cra.penalty(params, ctx.t, ctx.hp, 2)
        return jnp.sum(own.weights * units) + penalty, aux

    def project(self, params: jax.Array, ctx: Ctx) -> jax.Array:
        """Clamp to the cube."""
        return jnp.clip(params, 0, 1)

    def readout(self, s: GradState, ctx: Ctx) -> jax.Array:
        """theta, [n]."""
        return jnp.asarray(s.params)
