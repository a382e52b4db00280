"""The protocols between engine, methods, optimisers and energies.

Everything is written for ONE restart (lane). Lanes, devices, clock and disk belong to the engine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import jax

from dnnbench.problems.relaxed import Energy, Score

__all__ = [
    "Ctx",
    "Data",
    "Energy",
    "Info",
    "Method",
    "Monitor",
    "Need",
    "Optimizer",
    "Oracle",
    "Phase",
    "PyTree",
    "Reading",
    "Scalar",
    "Score",
]

PyTree = Any
Scalar = jax.Array
Need = Literal["grad", "value", "residuals", "jacobian", "jvp", "frozen"]


class Data(NamedTuple):
    """Public arrays shared by all lanes; jit arguments, never closed over.

    Attributes:
        problem: what the energy reads.
        method: what the method added in `prepare`.
    """

    problem: PyTree
    method: PyTree


class Ctx(NamedTuple):
    """All that a pure function may see besides its own state.

    Attributes:
        data: public arrays of the instance.
        item: the instance of this lane, where each has its own (stacks of instances), or None.
        hp: traced hyperparameters of this lane.
        t: this lane's own step, int32; a refilled lane starts again at 0.
        key: `fold_in(fold_in(key(seed), restart), t)`, threefry.
    """

    data: Data
    item: Data | None
    hp: dict[str, Scalar]
    t: Scalar
    key: jax.Array

    @property
    def problem(self) -> PyTree:
        """The problem's arrays as this lane sees them: of its own instance, else the shared one."""
        return (self.item or self.data).problem

    @property
    def method(self) -> PyTree:
        """The method's arrays of the same instance."""
        return (self.item or self.data).method


class Info(NamedTuple):
    """What a step tells the engine.

    Attributes:
        merit: the method's own figure of merit, lower is better (its loss).
        finite: False once the lane has diverged.
        done: True when the method's own stopping rule ends this restart.
    """

    merit: Scalar
    finite: Scalar
    done: Scalar


class Oracle(NamedTuple):
    """What an optimiser may ask about the loss at this step (points and key fixed).

    Attributes:
        value: params -> (loss, aux).
        value_and_grad: params -> ((loss, aux), grad).
        residuals: params -> residual vector whose mean square is the loss, or None.
        jacobian: params -> (residual vector [N], its Jacobian [N, P]), or None; the columns are
            ordered as `ravel_pytree` orders the parameters.
    """

    value: Callable[[PyTree], tuple[Scalar, PyTree]]
    value_and_grad: Callable[[PyTree], tuple[tuple[Scalar, PyTree], PyTree]]
    residuals: Callable[[PyTree], jax.Array] | None
    jacobian: Callable[[PyTree], tuple[jax.Array, jax.Array]] | None = None


class Optimizer(Protocol):
    """An update rule; `needs` says what it asks of the oracle, hyperparameters are traced.

    One that needs `frozen` evaluates the loss several times a step and may keep loss and gradient
    of the last evaluation for the next step. The loss must then depend on parameters and aux alone
    (not on `ctx.t` or `ctx.key`), and what it reads of aux may change in `outer` only, which has to
    `renew` the optimiser's state (`GradientMethod.renewed` does both).

    One that can tell that it will not move any more also has `exhausted(state)`, which ends the
    restart.
    """

    @property
    def needs(self) -> frozenset[Need]:
        """What it asks for; `frozen` means points and key fixed."""

    def init(self, params: PyTree, hp: dict[str, Scalar]) -> PyTree:
        """Optimiser state for these parameters."""

    def update(
        self, oracle: Oracle, params: PyTree, state: PyTree, hp: dict[str, Scalar]
    ) -> tuple[PyTree, PyTree, Scalar, PyTree]:
        """One step: (params, state, loss before the step, aux from the loss)."""

    def renew(self, state: PyTree) -> PyTree:
        """The state for a loss that has changed (new points, new weights) at the same parameters.

        Whatever it keeps of the old loss's values is dropped; curvature and momentum stay.
        """


@dataclass(frozen=True)
class Phase:
    """A stretch of a restart under one optimiser.

    Attributes:
        name: for diagnostics.
        steps: the most steps it lasts, or None for no end of its own.
        optimizer: update rule, or None for methods with a step of their own.
        outer_every: steps between two calls of `outer`, or None for never.
    """

    name: str
    steps: int | None = None
    optimizer: Optimizer | None = None
    outer_every: int | None = None


class Method(Protocol):
    """A dataless method: a frozen dataclass whose fields are static.

    One that has more to say of a restart's last state than monitors can see of its readouts also
    has `figures(s, ctx)`, a dictionary of numbers, or of such dictionaries, for the record. One
    whose readout is not the relaxed point itself (but the best set so far, say) has
    `relaxed(s, ctx)`, of the readout's shape, which monitors are shown.
    """

    version: ClassVar[int]
    hyperparameters: ClassVar[tuple[str, ...]]

    @property
    def energy(self) -> Energy:
        """The energy it descends, bound to kernel and dtype."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Its phases, in order."""

    @property
    def ensemble_axis(self) -> int | None:
        """Axis of `readout` that counts replicas of one lane, or None."""

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """Host, once: the method's own arrays, and hyperparameters derived from the instance."""

    def init(self, ctx: Ctx) -> PyTree:
        """A fresh state for one restart."""

    def enter(self, s: PyTree, phase: Phase, ctx: Ctx) -> PyTree:
        """The state on entering a later phase."""

    def step(self, s: PyTree, phase: Phase, ctx: Ctx) -> tuple[PyTree, Info]:
        """One step."""

    def outer(self, s: PyTree, phase: Phase, ctx: Ctx) -> PyTree:
        """Every `outer_every` steps: resample points, reweight, update duals."""

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """The relaxed candidate."""


class Reading(NamedTuple):
    """What a monitor is shown when a lane is scored.

    Attributes:
        x: the readout.
        t: steps of the lane's restart so far, int32.
        ctx: what the method itself sees.
        live: whether the restart still runs; a lost one's output means nothing.
        sealed: the instance's sealed half; None for every monitor whose name does not begin with
            `oracle_`.
    """

    x: jax.Array
    t: Scalar
    ctx: Ctx
    live: Scalar
    sealed: PyTree


class Monitor(Protocol):
    """A passive measurement or stopping rule, shown the readout whenever lanes are scored.

    A rule that returns an output of its own also has `image(m)`, and one that keeps several
    `images(m)`, which gives them by name (both on the host). One that is `lasting` keeps its
    state from one restart of a lane to the next, and its summary is given the states of all lanes.
    """

    @property
    def name(self) -> str:
        """Key in the record's diagnostics."""

    def init(self, x: jax.Array) -> PyTree:
        """State before the first reading, for a readout shaped like `x`."""

    def update(self, m: PyTree, reading: Reading) -> PyTree:
        """State after one more reading."""

    def summary(self, m: PyTree) -> dict[str, Any]:
        """Named figures for the record, from the winning lane's state (host)."""
