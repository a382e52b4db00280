"""Weights of residuals that follow the optimisation, so that no point and no term is left behind.

Weights of points multiply each residual inside the square: mean((w r)^2). Weights of terms
multiply each term's mean square.

| weighting | what |
| --- | --- |
| `none` | all ones |
| `self_adaptive` | of points, by gradient ascent (Adam), from uniform in (0, 1) |
| `residual_attention` | of interior points, w <- gamma w + eta abs(r) / max abs(r), from 0 |
| `gradient_norm` | of terms, so that their gradients have equal norms |

References:
    `self_adaptive`: McClenny & Braga-Neto, J. Comput. Phys. 474:111722, 2023, arXiv 2009.04544.
    `residual_attention`: Anagnostopoulos, Toscano, Stergiopulos & Karniadakis, Computer Methods in
    Applied Mechanics and Engineering 421:116805, 2024, arXiv 2307.00379.
    `gradient_norm`: Wang, Teng & Perdikaris, SIAM J. Sci. Comput. 43(5), 2021, in the form of
    arXiv 2308.08468.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from dnnbench.engine.contract import PyTree, Scalar
from dnnbench.errors import unknown

KINDS = ("none", "self_adaptive", "residual_attention", "gradient_norm")

_INITIAL_FACTOR = 100.0
"""Of the weights of boundary and initial points in `self_adaptive` (the paper's U(0, 1) times 100
for the initial condition of Allen-Cahn)."""

_MEMORY = 0.9
"""Weight of the past in `gradient_norm` (the setting of arXiv 2308.08468)."""

Terms = Mapping[str, jax.Array]


class WeightState(NamedTuple):
    """Weights of one restart.

    Attributes:
        points: weights of each term's points, [n] each; empty where there are none.
        terms: weight of each term; empty where there are none.
        opt: state of the ascent.
    """

    points: dict[str, jax.Array]
    terms: dict[str, jax.Array]
    opt: PyTree


@dataclass(frozen=True)
class Weighting:
    """One row of the table.

    Attributes:
        kind: its name.
        rate: Adam's in `self_adaptive`, eta of `residual_attention`.
        memory: gamma of `residual_attention`.
        interior: names of the terms that are residuals of the equation.
    """

    kind: str
    rate: float
    memory: float
    interior: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown("weights", self.kind, KINDS)

    @property
    def _ascent(self) -> optax.GradientTransformation:
        return optax.adam(self.rate)

    def init(self, terms: Mapping[str, jax.ShapeDtypeStruct], key: jax.Array) -> WeightState:
        """Weights at the start of a restart, for terms of these shapes."""
        points: dict[str, jax.Array] = {}
        whole: dict[str, jax.Array] = {}
        opt: Any = ()
        if self.kind == "self_adaptive":
            for number, (name, like) in enumerate(sorted(terms.items())):
                drawn = jax.random.uniform(jax.random.fold_in(key, number), like.shape, like.dtype)
                points[name] = drawn * (1.0 if name in self.interior else _INITIAL_FACTOR)
            opt = self._ascent.init(points)
        elif self.kind == "residual_attention":
            points = {n: jnp.zeros(terms[n].shape, terms[n].dtype) for n in self.interior}
        elif self.kind == "gradient_norm":
            whole = {name: jnp.ones((), like.dtype) for name, like in terms.items()}
        return WeightState(points, whole, opt)

    def weighted(self, terms: Terms, state: WeightState) -> dict[str, jax.Array]:
        """The residuals with their weights, so that the loss is the sum of their mean squares."""
        made = {}
        for name, r in terms.items():
            if name in state.points:
                r = r * state.points[name]
            if name in state.terms:
                r = r * jnp.sqrt(state.terms[name])
            made[name] = r
        return made

    def follow(self, terms: Terms, state: WeightState) -> WeightState:
        """The weights of points after a step, from that step's residuals."""
        fixed = {name: jax.lax.stop_gradient(r) for name, r in terms.items()}
        if self.kind == "self_adaptive":
            slope = {n: -2 * w * fixed[n] ** 2 / w.size for n, w in state.points.items()}
            updates, opt = self._ascent.update(slope, state.opt)
            points: Any = optax.apply_updates(state.points, updates)
            return state._replace(points=points, opt=opt)
        if self.kind == "residual_attention":
            return state._replace(
                points={n: self._attend(w, jnp.abs(fixed[n])) for n, w in state.points.items()}
            )
        return state

    def _attend(self, weights: jax.Array, size: jax.Array) -> jax.Array:
        largest = jnp.maximum(size.max(), jnp.finfo(size.dtype).tiny)
        return self.memory * weights + self.rate * size / largest

    def balance(
        self, losses: Callable[[PyTree], dict[str, Scalar]], params: PyTree, state: WeightState
    ) -> WeightState:
        """The weights of terms from the norms of their gradients.

        Args:
            losses: parameters -> mean square of each term, without weights of terms.
            params: where.
            state: the weights so far.
        """
        norms = {}
        for name in state.terms:
            gradient = jax.grad(lambda p, name=name: losses(p)[name])(params)
            squares = (jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(gradient))
            norms[name] = jnp.sqrt(sum(squares))
        total = sum(norms.values())
        tiny = jnp.finfo(jnp.result_type(*norms.values())).tiny
        return state._replace(
            terms={
                name: _MEMORY * state.terms[name] + (1 - _MEMORY) * total / jnp.maximum(norm, tiny)
                for name, norm in norms.items()
            }
        )
