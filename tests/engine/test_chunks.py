"""The clock sets the length of a chunk, and nothing else."""

import numpy as np

from dnnbench.engine.budget import Budget
from dnnbench.engine.job import Job
from dnnbench.engine.run import _Runner, run
from tests.engine import probes


def test_the_length_of_the_chunks_does_not_choose_the_answer(monkeypatch):
    """Lanes find answers of equal cost at different steps; which one counts must not vary."""
    answers = []
    for blocks in (1, 10**6):
        monkeypatch.setattr(_Runner, "_blocks", lambda self, *times, n=blocks: n)
        answers.append(_cut_of_a_cycle())
    assert answers[0] == answers[1]


def _cut_of_a_cycle():
    """The answer found; an odd cycle of n vertices has 2 n largest cuts."""
    ring = np.roll(np.eye(15, dtype=np.float32), 1, axis=0)
    q = ring + ring.T - 2 * np.eye(15, dtype=np.float32)
    plan = probes.plan(lanes=16, micro_batch=16, score_every=1)
    hp = {"learning_rate": 0.1}
    job = Job(probes.Relaxation(steps=80), probes.data(q), (hp,), 0, Budget(steps=400), plan)
    return run(job).outcomes[0].z.tolist()
