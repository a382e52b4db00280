"""Slow updates come before the same steps however blocks and lanes are laid out."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.budget import Budget
from dnnbench.engine.contract import Info, Phase
from dnnbench.engine.job import Job
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.engine.run import run
from tests.engine import probes

EVERY, STEPS = 20, 70


@dataclass(frozen=True)
class Diary(OwnStepMethod):
    """Its answer is [steps, slow updates, sum of the steps at which they came]."""

    energy: probes.Continuous
    num_steps: int
    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ()

    @property
    def phases(self):
        """One phase with a slow update."""
        return (Phase("walk", self.num_steps, outer_every=EVERY),)

    def init(self, ctx):
        """Nothing yet."""
        return jnp.zeros(3)

    def step(self, s, phase, ctx):
        """A step; later ones are better."""
        s = s.at[0].add(1)
        return s, Info(-s[0], jnp.ones((), bool), jnp.zeros((), bool))

    def outer(self, s, phase, ctx):
        """An entry."""
        return s.at[1].add(1).at[2].add(ctx.t.astype(s.dtype))

    def readout(self, s, ctx):
        """The diary."""
        return s


@pytest.mark.parametrize(
    ("batching", "lanes"), [("vmap", 3), ("map", 3), ("serial", 1)], ids=["vmap", "map", "serial"]
)
@pytest.mark.parametrize("score_every", [5, 10, 20, 40], ids=str)
def test_they_come_at_multiples_of_their_period(batching, lanes, score_every):
    micro = 1 if batching == "serial" else lanes
    plan = probes.plan(
        lanes=lanes, micro_batch=micro, score_every=score_every, batching=batching, lane_axis=0
    )
    method = Diary(probes.Continuous(), STEPS)
    budget = Budget(restarts=2 * lanes)
    job = Job(method, probes.data(np.zeros(1, np.float32)), ({},), 0, budget, plan)
    (outcome,) = run(job).outcomes
    assert outcome.z.tolist() == [STEPS, 3, 20 + 40 + 60]
    assert outcome.restarts == 2 * lanes
