"""Physics-informed neural networks, with the improvements of the last years as options.

    loss = sum over terms j of w_j mean over points i of (w_ji r_ji)^2

whose terms are the equation's residuals, the boundary values, the initial values, and the equality
of opposite sides in periodic coordinates.

References:
    Raissi, Perdikaris & Karniadakis, J. Comput. Phys. 378:686, 2019 (network of tanh, Xavier
    initialisation, full batch, coordinates stretched to [-1, 1], L-BFGS). Its example draws a
    Latin hypercube; here points are drawn as `sampling` says.
    Wang, Teng & Perdikaris, SIAM J. Sci. Comput. 43(5), 2021 (modified MLP; weights of terms).
    Tancik et al., NeurIPS 2020, arXiv 2006.10739 (Fourier features). Weights: see
    `collocation.weights`; points: `collocation.points`; ansatz: Lagaris, Likas & Fotiadis, IEEE
    Trans. Neural Networks 9(5), 1998.
"""

from dataclasses import dataclass
from functools import cached_property
from math import gcd
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from dnnbench.collocation.points import Points, Sampler, by_residual
from dnnbench.collocation.weights import Weighting, WeightState
from dnnbench.engine.contract import Ctx, Info, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradState
from dnnbench.errors import UserError, unknown
from dnnbench.instances.equation import Evaluation
from dnnbench.kernels.taylor import Jet
from dnnbench.methods.pde_network import PdeNetwork

RESAMPLE = ("none", "uniform", "rad")
OBJECTIVES = ("mean_square", "root", "log")

_BALANCE_EVERY = 1000
"""Steps between two looks at the gradients' norms (the setting of arXiv 2308.08468)."""

_POOL = 10
"""Candidates for each point that `rad` chooses (the paper: many times the points)."""

_ROUNDING = 1e-5
"""How far single precision may move a point out of its domain."""


class Raw(NamedTuple):
    """Residuals as they are computed, before they are sorted into terms.

    Attributes:
        inside: [n, residuals of the equation].
        sides: network minus given values, [m, unknowns], or None.
        pairs: differences of opposite points, [k, ...], or None.
    """

    inside: jax.Array
    sides: jax.Array | None
    pairs: jax.Array | None


class PinnAux(NamedTuple):
    """What a restart keeps beside its parameters.

    Attributes:
        fixed: parameters of the network that are not trained (random frequencies).
        points: where residuals are asked for.
        weights: see `collocation.weights`.
        follow: whether weights of points still follow; they rest under optimisers that need the
            loss to stay what it is.
        merit: sum of the terms' mean squares with fixed weights, at the last loss.
        rounds: int32, calls of `outer` so far; what is due is counted in them, so that a second
            phase goes on where the first one ended, whatever its length.
    """

    fixed: PyTree
    points: Points
    weights: WeightState
    follow: Scalar
    merit: Scalar
    rounds: Scalar


@dataclass(frozen=True, kw_only=True)
class Pinn(PdeNetwork):
    """PINN on an equation.

    Attributes:
        interior, boundary, initial: points inside, on each side, on the initial side.
        sampling: `uniform`, `sobol` or `grid`.
        resample: `none`; `uniform`: new points every `resample_every` steps; `rad`: new points
            inside only, more where the residual is large.
        resample_every: steps.
        rad_power, rad_floor: k and c of that density.
        weights: `none`, `self_adaptive`, `residual_attention`, `gradient_norm`.
        weight_rate: of the first two.
        weight_memory: of `residual_attention`.
        objective: what is minimised: the loss above (`mean_square`), its root or its logarithm,
            whose curvature stays of order one while the loss falls by orders of magnitude.
        (The others are those of `PdeNetwork`.)

    Hyperparameters (traced): `learning_rate` of Adam; `boundary_weight`, the fixed weight of all
    terms but the equation's.
    """

    interior: int
    boundary: int
    initial: int
    sampling: str
    resample: str
    resample_every: int
    rad_power: float
    rad_floor: float
    weights: str
    weight_rate: float
    weight_memory: float
    objective: str

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "boundary_weight")

    def __post_init__(self) -> None:
        """Check what the config's bounds cannot say."""
        super().__post_init__()
        if self.resample not in RESAMPLE:
            raise unknown("resample", self.resample, RESAMPLE)
        if self.objective not in OBJECTIVES:
            raise unknown("objective", self.objective, OBJECTIVES)
        if self.objective != "mean_square" and self.optimizer.endswith("gauss_newton"):
            raise UserError("gauss_newton minimises a mean square: objective=mean_square")
        if self.resample != "none" and self.weights in ("self_adaptive", "residual_attention"):
            raise UserError(f"weights={self.weights} belong to points: resample=none")
        if self.resample != "none" and self.sampling == "grid":
            raise UserError("sampling=grid has no new points: resample=none")
        _ = self.weighting, self.phases

    @cached_property
    def sampler(self) -> Sampler:
        """Where points come from."""
        sizes = (self.interior, self.boundary, self.initial)
        return Sampler(self.energy, *sizes, self.sampling)

    @cached_property
    def weighting(self) -> Weighting:
        """How weights follow."""
        interior = tuple(self._residual_names())
        return Weighting(self.weights, self.weight_rate, self.weight_memory, interior)

    def _residual_names(self) -> list[str]:
        """Names of the equation's residuals, from shapes alone."""
        energy = self.energy
        d, m = len(energy.pde.coordinates), len(energy.pde.unknowns)
        n = 2  # a wrong shape should not pass for a right one by being a single number

        def probe() -> dict[str, jax.Array]:
            rows = jnp.zeros((energy.directions.blocks * n, m), jnp.float32)
            jet = Jet(rows, energy.directions, n)
            return energy.residuals(jet, jnp.zeros((n, d), jnp.float32))

        return list(jax.eval_shape(probe))

    @property
    def outer_every(self) -> int | None:
        """The common divisor of the two slow updates' periods."""
        periods = [] if self.resample == "none" else [self.resample_every]
        periods += [_BALANCE_EVERY] if self.weights == "gradient_norm" else []
        return gcd(*periods) if periods else None

    def prepare(self, public: Evaluation) -> tuple[dict[str, Any], dict[str, float]]:
        """Variates that all restarts share.

        Raises:
            UserError: residuals or conditions have wrong shapes or are not finite; the term is
                named.
        """
        fixed = self.sampler.fixed_variates()
        shared = {k: jnp.asarray(v, self.energy.dtype) for k, v in fixed.items()}
        self._try_out(shared)
        return shared, {}

    def _try_out(self, shared: dict[str, jax.Array]) -> None:
        key = jax.random.key(0)

        def terms(fixed_points: dict[str, jax.Array]) -> tuple[Points, dict[str, Scalar]]:
            points = self.sampler.draw(key, fixed_points)
            found = self.terms(*self.fresh(key), points)
            return points, {name: jnp.isfinite(r).all() for name, r in found.items()}

        points, finite = jax.jit(terms)(shared)
        domain = self.energy.pde.domain(self.energy.p)
        for what, at in (("interior", points.interior), ("boundary", points.boundary)):
            if not domain.inside(np.asarray(at, np.float64), _ROUNDING).all():
                raise UserError(f"{self.energy.pde.name}: points of the {what} lie outside of it")
        for name, fine in finite.items():
            if not bool(fine):
                raise UserError(
                    f"{self.energy.pde.name}: the term '{name}' is not finite for a fresh network"
                )

    # One restart --------------------------------------------------------------------------------

    def start(self, ctx: Ctx) -> tuple[PyTree, PinnAux]:
        """A fresh network, its points and weights."""
        keys = jax.random.split(ctx.key, 3)
        params, fixed = self.fresh(keys[0])
        points = self.sampler.draw(keys[1], ctx.method)
        shapes = jax.eval_shape(lambda: self.terms(params, fixed, points))
        weights = self.weighting.init(shapes, keys[2])
        merit = jnp.full((), jnp.inf, jnp.dtype(self.energy.dtype))
        rounds = jnp.zeros((), jnp.int32)
        return params, PinnAux(fixed, points, weights, jnp.ones((), bool), merit, rounds)

    def terms(self, params: PyTree, fixed: PyTree, points: Points) -> dict[str, jax.Array]:
        """The residuals of every term, [n] each."""
        return self._sorted(self._raw(params, fixed, points))

    def _raw(self, params: PyTree, fixed: PyTree, points: Points) -> Raw:
        energy = self.energy
        u = self.u(params, fixed, points.interior, energy.directions)
        inside = jnp.stack(list(energy.residuals(u, points.interior).values()), axis=1)
        if self.conditions == "hard":
            return Raw(inside, None, None)
        sides = pairs = None
        if points.boundary.shape[0]:
            sides = self.u(params, fixed, points.boundary, energy.value_only).value - points.given
        if points.low.shape[0] and not self.harmonics:
            jets = [
                self.u(params, fixed, at, energy.first_order) for at in (points.low, points.high)
            ]
            # What crosses the seam: values, and slopes if the equation has second derivatives.
            blocks = energy.first_order.blocks if energy.pde.derivatives else 1
            count = points.low.shape[0]
            difference = (jets[0].rows - jets[1].rows)[: blocks * count]
            pairs = jnp.moveaxis(difference.reshape(blocks, count, -1), 1, 0).reshape(count, -1)
        return Raw(inside, sides, pairs)

    def _sorted(self, raw: Raw) -> dict[str, jax.Array]:
        """By term; arrays may have further axes at their end."""
        made = {name: raw.inside[:, k] for k, name in enumerate(self.weighting.interior)}
        if raw.sides is not None:
            for name in ("boundary", "initial"):
                columns = [
                    raw.sides[span.start : span.stop, i]
                    for span in self.sampler.spans
                    for i, given in enumerate(span.given)
                    if given and (span.name == "initial") == (name == "initial")
                ]
                if columns:
                    made[name] = jnp.concatenate(columns)
        if raw.pairs is not None:
            made["periodic"] = raw.pairs.reshape(-1, *raw.pairs.shape[2:])
        return made

    def loss(self, params: PyTree, aux: PinnAux, ctx: Ctx) -> tuple[Scalar, PinnAux]:
        """The loss above; weights of points that follow this step."""
        terms = self.terms(params, aux.fixed, aux.points)
        if self.weights == "none":
            return self._objective(self._sum(terms, ctx)), aux
        value = self._objective(self._sum(self.weighting.weighted(terms, aux.weights), ctx))
        followed = self.weighting.follow(terms, aux.weights)
        weights = jax.tree.map(
            lambda new, old: jnp.where(aux.follow, new, old), followed, aux.weights
        )
        return value, aux._replace(weights=weights, merit=self._sum(terms, ctx))

    def _objective(self, total: Scalar) -> Scalar:
        """What is minimised in place of the sum of mean squares."""
        return {"mean_square": lambda x: x, "root": jnp.sqrt, "log": jnp.log}[self.objective](total)

    def _fixed_weight(self, name: str, ctx: Ctx) -> Any:
        return 1.0 if name in self.weighting.interior else ctx.hp["boundary_weight"]

    def _sum(self, terms: dict[str, jax.Array], ctx: Ctx) -> Scalar:
        return sum(self._fixed_weight(name, ctx) * jnp.mean(r * r) for name, r in terms.items())

    def residuals(self, params: PyTree, aux: PinnAux, ctx: Ctx) -> jax.Array:
        """All residuals, scaled so that their mean square is the loss, [N]."""
        return self._vector(self.terms(params, aux.fixed, aux.points), aux.weights, ctx)

    def _vector(self, terms: dict[str, jax.Array], weights: WeightState, ctx: Ctx) -> jax.Array:
        """Residuals [n], or their gradients [n, P], of all terms below one another."""
        ones = {name: jnp.ones(t.shape[0], t.dtype) for name, t in terms.items()}
        scale = self.weighting.weighted(ones, weights)
        total = sum(t.shape[0] for t in terms.values())
        rows = []
        for name, t in terms.items():
            share = jnp.sqrt(total / t.shape[0] * self._fixed_weight(name, ctx))
            rows.append((share * scale[name]).reshape(-1, *[1] * (t.ndim - 1)) * t)
        return jnp.concatenate(rows)

    def jacobian(self, params: PyTree, aux: PinnAux, ctx: Ctx) -> tuple[jax.Array, jax.Array]:
        """`residuals` and their Jacobian [N, P], by a reverse pass a point."""
        flat, restore = ravel_pytree(params)
        whole = self._raw(params, aux.fixed, aux.points)
        empty = Points(*(p[:0] for p in aux.points))

        def gradients(what: str, *names: str) -> jax.Array:
            def one(x: jax.Array, *rows: jax.Array) -> jax.Array:
                own = dict(zip(names, (row[None] for row in rows), strict=True))
                found: jax.Array = getattr(
                    self._raw(restore(x), aux.fixed, empty._replace(**own)), what
                )[0]
                return found

            each = jax.vmap(jax.jacrev(one), in_axes=(None, *[0] * len(names)))
            made: jax.Array = each(flat, *(getattr(aux.points, name) for name in names))
            return made

        by_point = Raw(
            gradients("inside", "interior"),
            None if whole.sides is None else gradients("sides", "boundary", "given"),
            None if whole.pairs is None else gradients("pairs", "low", "high"),
        )
        vectors = (self._vector(self._sorted(r), aux.weights, ctx) for r in (whole, by_point))
        return next(vectors), next(vectors)

    def step(self, s: GradState, phase: Phase, ctx: Ctx) -> tuple[GradState, Info]:
        """One update; the merit is free of weights that follow."""
        new, info = super().step(s, phase, ctx)
        if self.weights == "none":
            return new, info
        return new, info._replace(merit=new.aux.merit)

    def enter(self, s: GradState, phase: Phase, ctx: Ctx) -> GradState:
        """Weights of points rest from the second phase on."""
        later = super().enter(s, phase, ctx)
        return later._replace(aux=later.aux._replace(follow=jnp.zeros((), bool)))

    def outer(self, s: GradState, phase: Phase, ctx: Ctx) -> GradState:
        """New points, weights of terms, each when it is due."""
        aux = s.aux._replace(rounds=s.aux.rounds + 1)
        if self.resample != "none":
            aux = self._when(self.resample_every, aux, lambda a: self._resampled(s, a, ctx))
        if self.weights == "gradient_norm":
            aux = self._when(_BALANCE_EVERY, aux, lambda a: self._balanced(s, a, ctx))
        return self.renewed(s, phase, aux)

    def _when(self, period: int, aux: PinnAux, update: Any) -> PinnAux:
        assert self.outer_every is not None
        due = aux.rounds % (period // self.outer_every) == 0
        changed: PinnAux = jax.lax.cond(due, update, lambda a: a, aux)
        return changed

    def _resampled(self, s: GradState, aux: PinnAux, ctx: Ctx) -> PinnAux:
        first, second = jax.random.split(ctx.key)
        if self.resample == "uniform":
            return aux._replace(points=self.sampler.draw(first, {}))

        def size(at: jax.Array) -> jax.Array:
            u = self.u(s.params, aux.fixed, at, self.energy.directions)
            found = self.energy.residuals(u, at).values()
            return jnp.sqrt(sum(r * r for r in found))

        pool = self.sampler.fresh_interior(first, _POOL * self.interior)
        inside = by_residual(size, pool, self.interior, self.rad_power, self.rad_floor, second)
        return aux._replace(points=aux.points._replace(interior=inside))

    def _balanced(self, s: GradState, aux: PinnAux, ctx: Ctx) -> PinnAux:
        def losses(params: PyTree) -> dict[str, Scalar]:
            terms = self.terms(params, aux.fixed, aux.points)
            return {n: self._fixed_weight(n, ctx) * jnp.mean(r * r) for n, r in terms.items()}

        return aux._replace(weights=self.weighting.balance(losses, s.params, aux.weights))

    def figures(self, s: GradState, ctx: Ctx) -> dict[str, dict[str, Scalar]]:
        """Root mean square of each term at the end."""
        terms = self.terms(s.params, s.aux.fixed, s.aux.points)
        return {"residuals": {n: jnp.sqrt(jnp.mean(r * r)) for n, r in terms.items()}}

    def readout(self, s: GradState, ctx: Ctx) -> jax.Array:
        """The unknowns at the evaluation points, [n, unknowns]."""
        return self.values(s.params, s.aux.fixed, ctx)
