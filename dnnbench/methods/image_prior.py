"""What methods share whose network makes a picture that is fitted to one measurement.

The loss is the mean square misfit ||A f(theta) - y||^2 over the values that were seen. Nothing but
the network's structure, and stopping in time, keeps it from fitting the noise: so every stopping
rule watches the same trajectory (`monitors`), and `answer` says whose picture counts.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Monitor, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.errors import UserError, unknown
from dnnbench.instances.measurement import Measurement
from dnnbench.monitors.early_stopping import MovingVariance, WindowedVariance
from dnnbench.monitors.held_out import HeldOut
from dnnbench.monitors.oracle import OracleBands, OraclePsnr
from dnnbench.monitors.outputs import FixedStep, RunningAverage
from dnnbench.monitors.snapshots import Snapshots
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.imaging.energy import ImagingEnergy, Measured

# Seeds are told apart by what they are for; a seed of zeros would be that of the noise's default.
_HELD_OUT_SEED = (0x48454C44,)


class PriorAux(NamedTuple):
    """What a restart keeps beside its parameters.

    Attributes:
        picture: output [h, w, c] of the last forward pass, so that reading it needs no other.
        fixed: what the network is fed and does not train; () if nothing.
    """

    picture: jax.Array
    fixed: PyTree


@dataclass(frozen=True, kw_only=True)
class ImagePrior(GradientMethod):
    """Loss, rules and readout; subclasses, frozen dataclasses, give `begin` and `picture`.

    Attributes:
        energy: misfit of the measurement.
        num_steps: steps of the run.
        answer: whose picture is the answer: `fixed`, `ema`, `es_wmv`, `es_emv`, `held_out`, or
            `oracle_psnr`, which needs the clean picture and says so by its name.
        fixed_steps: where the rules `fixed` and `ema` stop; None for the last step.
        ema_decay: of the rule `ema`.
        window, patience: of the early stopping rules; `emv_alpha` of `es_emv`.
        held_out: share of the measured values that is kept from the loss for the rule `held_out`.
        oracle: whether the curves against the clean picture are kept.
        curve_every: steps between two of their points; `bands` of radial frequency (0: none).
        snapshots: steps whose outputs are kept, as words: `10 100 1000`.

    Hyperparameters (traced): `learning_rate` of Adam.
    """

    energy: ImagingEnergy
    num_steps: int
    answer: str
    fixed_steps: int | None
    ema_decay: float
    window: int
    patience: int
    emv_alpha: float
    held_out: float
    oracle: bool
    curve_every: int
    bands: int
    snapshots: str

    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def __post_init__(self) -> None:
        """Check what the config's bounds cannot say."""
        names = [m.name for m in self.rules]
        if self.answer == "held_out" and not self.held_out:
            raise UserError("answer=held_out needs held_out > 0")
        if self.answer == "oracle_psnr" and not self.oracle:
            raise UserError("answer=oracle_psnr needs oracle=true")
        if self.answer not in names:
            raise unknown("answer", self.answer, names)
        self.snapshot_steps()

    def begin(self, ctx: Ctx) -> tuple[PyTree, PyTree]:
        """Fresh (parameters, fixed input) of the network."""
        raise NotImplementedError

    def picture(self, params: PyTree, fixed: PyTree, ctx: Ctx) -> jax.Array:
        """The network's picture [h, w, c]."""
        raise NotImplementedError

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam."""
        return (Phase("fit", self.num_steps, adam()),)

    @property
    def rules(self) -> tuple[Monitor, ...]:
        """The stopping rules, all of which see the same outputs."""
        stop = self.num_steps if self.fixed_steps is None else self.fixed_steps
        rules: list[Monitor] = [
            FixedStep(stop),
            RunningAverage(self.ema_decay, stop),
            WindowedVariance(self.window, self.patience),
            MovingVariance(self.emv_alpha, self.patience),
        ]
        if self.held_out:
            rules.append(HeldOut(self.energy, self.patience))
        if self.oracle:
            rules.append(OraclePsnr(self.curve_every, -(-self.num_steps // self.curve_every)))
        return tuple(rules)

    @property
    def monitors(self) -> tuple[Monitor, ...]:
        """The rules, and what is only measured."""
        more: list[Monitor] = []
        if self.oracle and self.bands:
            length = -(-self.num_steps // self.curve_every)
            more.append(OracleBands(self.bands, self.curve_every, length))
        if self.snapshots.split():
            more.append(Snapshots(self.snapshot_steps()))
        return (*self.rules, *more)

    def snapshot_steps(self) -> tuple[int, ...]:
        """The steps in `snapshots`.

        Raises:
            UserError: a word is no step of the run.
        """
        words = self.snapshots.split()
        wrong = [w for w in words if not (w.isdecimal() and 0 < int(w) <= self.num_steps)]
        if wrong:
            raise UserError(f"snapshots: '{wrong[0]}' is no step from 1 to {self.num_steps}")
        return tuple(int(word) for word in words)

    def prepare(self, public: Measurement) -> tuple[dict[str, Any], dict[str, float]]:
        """Which of the seen values are held out, [h', w', 1]; the same for every seed.

        Raises:
            UserError: none of them is, or none is left.
        """
        if not self.held_out:
            return {}, {}
        shape = public.values.shape[:2]
        seen = np.ones(shape, bool) if public.mask is None else public.mask
        chosen = seen & (np.random.default_rng(_HELD_OUT_SEED).random(shape) < self.held_out)
        if not chosen.any() or chosen[seen].all():
            raise UserError(
                f"held_out={self.held_out:g} of {seen.sum()} values leaves none "
                + ("to hold out" if not chosen.any() else "to fit")
            )
        return {"held_out": jnp.asarray(chosen[:, :, None], self.energy.dtype)}, {}

    def start(self, ctx: Ctx) -> tuple[PyTree, PriorAux]:
        """A fresh network; no picture yet."""
        params, fixed = self.begin(ctx)
        return params, PriorAux(ctx.problem.like, fixed)

    def loss(self, params: PyTree, aux: PriorAux, ctx: Ctx) -> tuple[Scalar, PriorAux]:
        """Misfit of the network's picture on the values that are not held out."""
        picture = self.picture(params, aux.fixed, ctx)
        return self.energy.energy(picture, self.measured(ctx)), aux._replace(picture=picture)

    def measured(self, ctx: Ctx) -> Measured:
        """The measurement without what is held out: all that training may look at."""
        measured: Measured = ctx.problem
        if not self.held_out:
            return measured
        return measured._replace(seen=measured.seen * (1 - ctx.method["held_out"]))

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """The picture of the last forward pass, [h, w, c]."""
        aux: PriorAux = s.aux
        return aux.picture
