"""A fake `Search`, tiny instances, and every baseline that has a YAML file."""

import importlib
import itertools

import numpy as np
import pytest
from omegaconf import OmegaConf

from dnnbench.instances.graph import Graph
from dnnbench.paths import shared_folder
from dnnbench.problems.cut.exact import MaxCut

CONFIGS = sorted((shared_folder("configs") / "baseline").glob("*.yaml"))


class FakeSearch:
    """Keeps the offers; stops after so many questions, or when a fake clock has run out.

    The clock ticks by `tick` seconds whenever it is read; without `seconds` there is none.
    """

    def __init__(self, stop_after=None, seconds=None, tick=0.01):
        self.stop_after = stop_after
        self.left = seconds
        self.tick = tick
        self.asked = 0
        self.offers = []
        self.notes = {}

    def should_stop(self):
        self.asked += 1
        if self.stop_after is not None and self.asked > self.stop_after:
            return True
        return self.left is not None and self.seconds_left() <= 0

    def seconds_left(self):
        if self.left is None:
            return float("inf")
        self.left -= self.tick
        return self.left

    def offer(self, z, claim, steps, restarts):
        self.offers.append((z.copy(), claim, steps, restarts))

    def note(self, name, value):
        self.notes[name] = value

    @property
    def proved(self):
        """Whether the run ended because there was nothing left to do."""
        return self.notes.get("optimum_proved", False)

    @property
    def best(self):
        return max(claim for _, claim, _, _ in self.offers)


def load(path):
    """The YAML of a baseline, its class, and the baseline with the YAML's settings."""
    raw = OmegaConf.to_container(OmegaConf.load(path))
    module, _, name = raw["_about"]["implementation"].rpartition(".")
    kind = getattr(importlib.import_module(f"dnnbench.baselines.{module}"), name)
    settings = {k: v for k, v in raw.items() if k != "name" and not k.startswith("_")}
    return raw, kind, settings


@pytest.fixture(params=CONFIGS, ids=[path.stem for path in CONFIGS])
def baseline_file(request):
    return request.param


OF_CUTS = [path for path in CONFIGS if "maxcut" in load(path)[0]["_about"]["problems"]]


@pytest.fixture(params=OF_CUTS, ids=[path.stem for path in OF_CUTS])
def baseline(request):
    """A baseline of cuts with its default settings."""
    _, kind, settings = load(request.param)
    return kind(**settings)


def tiny(n, density, kind, seed):
    rng = np.random.default_rng(seed)
    pairs = np.array(list(itertools.combinations(range(n), 2)), dtype=np.int32)
    edges = pairs[rng.random(len(pairs)) < density]
    if kind == "unit":
        weights = np.ones(len(edges), np.int64)
    elif kind == "signed":
        weights = rng.choice(np.array([-3, -1, 1, 2]), size=len(edges))
    else:
        weights = rng.normal(size=len(edges))
    return Graph(n, edges, weights)


TINY = [tiny(8, 0.5, "unit", 0), tiny(9, 0.6, "signed", 1), tiny(8, 0.7, "real", 2)]


@pytest.fixture(params=TINY, ids=["unit", "signed", "real"])
def instance(request):
    return request.param


@pytest.fixture
def search():
    return FakeSearch


@pytest.fixture
def maxcut():
    return MaxCut()
