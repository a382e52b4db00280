"""What ends a run: seconds, steps, restarts, target; the first one reached counts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """Limits of one trial.

    Attributes:
        seconds: solve time, polish included, compilation and loading not; None for no limit.
        steps: steps of every lane, over all its restarts (baselines: their own unit); None.
        restarts: initialisations in all; None.
        target: objective in the problem's own sense at which the run may stop; None.
        cores: processor cores the trial may use; None for all that the hardware config gives.
    """

    seconds: float | None = None
    steps: int | None = None
    restarts: int | None = None
    target: float | None = None
    cores: int | None = None

    @property
    def finite(self) -> bool:
        """Whether something other than reaching the target ends the run."""
        return self.seconds is not None or self.steps is not None or self.restarts is not None
