"""Methods trained by a gradient: `step` from a `loss` or `residuals` and an optimiser."""

from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from dnnbench.engine.contract import Ctx, Info, Oracle, Phase, PyTree, Scalar


class GradState(NamedTuple):
    """State of one restart.

    Attributes:
        params: what is trained.
        aux: what is not (running averages, multipliers, collocation points, patience counters).
        opt: the optimiser's state.
    """

    params: PyTree
    aux: PyTree
    opt: PyTree


class GradientMethod:
    """Supplies `init`, `enter` and `step`; subclasses give `start`, `loss` and `readout`.

    Subclasses are frozen dataclasses with a field `energy` and a property `phases`.
    """

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ()

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases, each with its optimiser."""
        raise NotImplementedError

    @property
    def ensemble_axis(self) -> int | None:
        """No ensemble: the readout is one candidate."""
        return None

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """No arrays beyond the problem's, no derived hyperparameters."""
        return (), {}

    def start(self, ctx: Ctx) -> tuple[PyTree, PyTree]:
        """Fresh (params, aux) of one restart."""
        raise NotImplementedError

    def loss(self, params: PyTree, aux: PyTree, ctx: Ctx) -> tuple[Scalar, PyTree]:
        """(loss, new aux); by default the mean square of `residuals`."""
        r = self.residuals(params, aux, ctx)
        return jnp.mean(jnp.square(r)), aux

    def residuals(self, params: PyTree, aux: PyTree, ctx: Ctx) -> jax.Array:
        """Residual vector, for losses that are its mean square."""
        raise NotImplementedError

    def jacobian(self, params: PyTree, aux: PyTree, ctx: Ctx) -> tuple[jax.Array, jax.Array]:
        """(`residuals` [N], their Jacobian [N, P]), columns in the order of `ravel_pytree`.

        Forward mode, one product a parameter; where each residual depends on few points, a
        reverse pass a point is cheaper.
        """
        flat, restore = ravel_pytree(params)
        r, product = jax.linearize(lambda x: self.residuals(restore(x), aux, ctx), flat)
        return r, jax.vmap(product, out_axes=1)(jnp.eye(flat.size, dtype=flat.dtype))

    def converged(self, value: Scalar, aux: PyTree, ctx: Ctx) -> tuple[PyTree, Scalar]:
        """(aux, done) after a step with loss `value`; never done by default."""
        return aux, jnp.zeros((), bool)

    def project(self, params: PyTree, ctx: Ctx) -> PyTree:
        """Constrain the updated parameters; the identity by default."""
        return params

    def outer(self, s: GradState, phase: Phase, ctx: Ctx) -> GradState:
        """Nothing by default."""
        return s

    def renewed(self, s: GradState, phase: Phase, aux: PyTree) -> GradState:
        """The state with new points or weights in `aux`; for `outer`.

        Optimisers that keep losses or gradients from one step to the next are told to drop them.
        """
        assert phase.optimizer is not None
        return s._replace(aux=aux, opt=phase.optimizer.renew(s.opt))

    def init(self, ctx: Ctx) -> GradState:
        """Parameters from `start`, optimiser state of the first phase."""
        params, aux = self.start(ctx)
        optimizer = self.phases[0].optimizer
        assert optimizer is not None
        return GradState(params, aux, optimizer.init(params, ctx.hp))

    def enter(self, s: GradState, phase: Phase, ctx: Ctx) -> GradState:
        """Keep the parameters, start the phase's optimiser afresh."""
        assert phase.optimizer is not None
        return s._replace(opt=phase.optimizer.init(s.params, ctx.hp))

    def step(self, s: GradState, phase: Phase, ctx: Ctx) -> tuple[GradState, Info]:
        """One update of the phase's optimiser."""
        optimizer = phase.optimizer
        assert optimizer is not None

        def value(params: PyTree) -> tuple[Scalar, PyTree]:
            return self.loss(params, s.aux, ctx)

        def residuals(params: PyTree) -> jax.Array:
            return self.residuals(params, s.aux, ctx)

        def jacobian(params: PyTree) -> tuple[jax.Array, jax.Array]:
            return self.jacobian(params, s.aux, ctx)

        oracle = Oracle(
            value=value,
            value_and_grad=jax.value_and_grad(value, has_aux=True),
            residuals=residuals if "residuals" in optimizer.needs else None,
            jacobian=jacobian if "jacobian" in optimizer.needs else None,
        )
        params, opt, loss, aux = optimizer.update(oracle, s.params, s.opt, ctx.hp)
        params = self.project(params, ctx)
        aux, done = self.converged(loss, aux, ctx)
        if hasattr(optimizer, "exhausted"):
            done |= optimizer.exhausted(opt)
        return GradState(params, aux, opt), Info(loss, jnp.isfinite(loss), done)
