"""How a trial is laid out on the hardware: chosen on the host, before the clock, without JAX."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Plan:
    """The layout of a run; everything but `devices` and `trials` enters the trial's id.

    Attributes:
        platform: `cpu` or `gpu`.
        dtype: `float32` or `float64`.
        kernel: name of the sparse product, from `kernels.choice`; `none` where there is no graph.
        lanes: restarts that run at the same time.
        micro_batch: lanes in one compiled unit; `lanes` is a multiple of it.
        score_every: steps between two scorings; freezing and refilling happen there too.
        batching: `vmap`, `map` (one lane after the other in the program) or `serial` (one lane a
            program, no batch axis at all).
        loop: `loop` (many steps a call) or `call` (one jit call a step).
        lane_axis: -1 puts lanes last ([n] states become [n, B]), 0 first ([B, n, d]).
        devices: devices the units are spread over.
    """

    platform: str
    dtype: str
    kernel: str
    lanes: int
    micro_batch: int
    score_every: int
    batching: Literal["vmap", "map", "serial"] = "vmap"
    loop: Literal["loop", "call"] = "loop"
    lane_axis: Literal[-1, 0] = 0
    devices: int = 1

    def __post_init__(self) -> None:
        if self.lanes < 1 or self.micro_batch < 1 or self.score_every < 1 or self.devices < 1:
            raise ValueError(f"plan sizes must be positive: {self}")
        if self.lanes % self.micro_batch:
            raise ValueError(f"lanes {self.lanes} is no multiple of micro_batch {self.micro_batch}")
        if self.batching == "serial" and self.micro_batch != 1:
            raise ValueError("serial batching needs micro_batch 1")
        if self.batching == "map" and self.lane_axis != 0:
            raise ValueError("map batching needs lane_axis 0")

    @property
    def units(self) -> int:
        """Compiled units of `micro_batch` lanes that the run consists of."""
        return self.lanes // self.micro_batch

    def identity(self) -> dict[str, Any]:
        """What enters the trial's id: all but the number of devices."""
        fields = asdict(self)
        del fields["devices"]
        return fields

    def halved(self) -> "Plan":
        """The same lanes in units of half the size, after memory ran out.

        Raises:
            ValueError: a unit is a single lane already.
        """
        if self.micro_batch == 1:
            raise ValueError("a single lane does not fit into memory")
        size = max(d for d in range(1, self.micro_batch // 2 + 1) if self.lanes % d == 0)
        return replace(self, micro_batch=size)
