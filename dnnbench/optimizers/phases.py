"""Phases of a restart by the optimiser's name: one optimiser, or Adam first and then another."""

from dataclasses import dataclass

from dnnbench.engine.contract import Optimizer, Phase
from dnnbench.errors import unknown
from dnnbench.optimizers.from_optax import adam
from dnnbench.optimizers.gauss_newton import GaussNewton
from dnnbench.optimizers.lbfgs import LBFGS
from dnnbench.optimizers.ssbroyden import SSBroyden

SECOND = ("lbfgs", "bfgs", "ssbfgs", "ssbroyden", "gauss_newton")
NAMES = ("adam", *SECOND, *(f"adam_{name}" for name in SECOND))


@dataclass(frozen=True)
class Schedule:
    """Which optimisers, for how long.

    Attributes:
        name: one of `NAMES`; `adam_lbfgs` is Adam for `adam_steps`, then L-BFGS.
        adam_steps: steps of a first phase under Adam; not read where Adam is alone.
        num_steps: steps of the last phase; None for as long as the budget lasts.
        decay_rate, decay_every: Adam's rate falls by this factor every so many steps.
        memory_size: pairs that L-BFGS keeps.
        rcond: eigenvalues below this share of the largest count as zero in Gauss-Newton.
        outer_every: steps between two slow updates; None for never.
    """

    name: str
    adam_steps: int
    num_steps: int | None
    decay_rate: float
    decay_every: int
    memory_size: int
    rcond: float
    outer_every: int | None = None

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise unknown("optimizer", self.name, NAMES)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases in order."""
        if self.name == "adam":
            return (Phase("adam", self.num_steps, self._adam(), self.outer_every),)
        first = self.name.startswith("adam_")
        last = self.name.removeprefix("adam_")
        later = Phase(last, self.num_steps, self._second(last), self.outer_every)
        if not first:
            return (later,)
        return (Phase("adam", self.adam_steps, self._adam(), self.outer_every), later)

    def _adam(self) -> Optimizer:
        return adam(decay_rate=self.decay_rate, decay_every=self.decay_every)

    def _second(self, name: str) -> Optimizer:
        if name == "lbfgs":
            return LBFGS(self.memory_size)
        if name == "gauss_newton":
            return GaussNewton(self.rcond)
        return SSBroyden(name)  # type: ignore[arg-type]
