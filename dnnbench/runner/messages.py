"""What a worker tells its parent."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

_PICTURE = "picture:"


class Reporter(Protocol):
    """The worker's line to its parent."""

    def phase(self, name: str, memory: int | None = None) -> None:
        """The trial has entered `load`, `compile`, `solve`; before that, the bytes it will need."""

    def incumbent(
        self, z: np.ndarray, objective: float, claim: float, seconds: float, steps: int
    ) -> None:
        """A better candidate, with its exact objective and the solver's own claim."""

    def progress(self, seconds: float, steps: int) -> None:
        """How far the solve has come."""

    def stop_requested(self) -> bool:
        """Whether the parent asked to end the run."""


@dataclass
class Final:
    """A worker's last word on a trial; the parent verifies `z` and `raw_z` itself.

    Attributes:
        z: best answer after polish, or None.
        raw_z: best answer before polish, or None.
        claim: objective of `raw_z` as the solver believes it.
        status: what ended the run.
        steps, restarts: work done.
        load_seconds, compile_seconds, solve_seconds: apart; polish is within solve.
        trace: [seconds, steps, exact objective before polish] rows.
        polish: name, seconds, value before and after, or None.
        diagnostics: what a record carries beside.
        hardware: platform, device kind, device count.
        pictures: what each stopping rule returns, and other pictures, by name.
    """

    z: np.ndarray | None
    raw_z: np.ndarray | None
    claim: float | None
    status: str
    steps: int
    restarts: int
    load_seconds: float
    compile_seconds: float
    solve_seconds: float
    trace: list[list[float]] = field(default_factory=list)
    polish: dict[str, Any] | None = None
    diagnostics: dict[str, Any] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, np.ndarray] = field(default_factory=dict)

    def to_message(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Header and arrays of the frame."""
        header = {k: v for k, v in vars(self).items() if k not in ("z", "raw_z", "pictures")}
        arrays = {k: v for k in ("z", "raw_z") if (v := getattr(self, k)) is not None}
        pictures = {f"{_PICTURE}{name}": picture for name, picture in self.pictures.items()}
        return {"type": "final", **header}, arrays | pictures

    @classmethod
    def from_message(cls, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> "Final":
        """The inverse of `to_message`."""
        fields = {k: v for k, v in header.items() if k != "type"}
        pictures = {
            name.removeprefix(_PICTURE): array
            for name, array in arrays.items()
            if name.startswith(_PICTURE)
        }
        return cls(z=arrays.get("z"), raw_z=arrays.get("raw_z"), pictures=pictures, **fields)
