"""Methods with a step of their own: what most of them leave as it is."""

from typing import Any, ClassVar

from dnnbench.engine.contract import Ctx, Phase, PyTree


class OwnStepMethod:
    """One phase, no ensemble, no slow update; subclasses give `init`, `step` and `readout`.

    Subclasses are frozen dataclasses with fields `energy` and `num_steps`.
    """

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ()
    num_steps: int

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase of `num_steps`."""
        return (Phase("solve", self.num_steps),)

    @property
    def ensemble_axis(self) -> int | None:
        """No ensemble: replicas are lanes."""
        return None

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """No arrays beyond the problem's, no derived hyperparameters."""
        return (), {}

    def enter(self, s: PyTree, phase: Phase, ctx: Ctx) -> PyTree:
        """There is one phase only."""
        return s

    def outer(self, s: PyTree, phase: Phase, ctx: Ctx) -> PyTree:
        """Nothing."""
        return s
