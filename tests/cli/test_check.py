"""`dnnbench check`: what a plug-in's author sees, of a right solver and of wrong ones."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from dnnbench.config import catalog
from dnnbench.problems.cut.exact import MaxCut
from dnnbench.problems.cut.tiny import tiny_graphs
from dnnbench.records.status import Status
from dnnbench.studies import check
from tests.cli.command import ROOT, dnnbench

EXAMPLE = ROOT / "examples" / "mean_field_annealing.py"
CHECKS = {
    "optimum",
    "feasible",
    "honest claim",
    "same seed",
    "one program",
    "restarts",
    "time limit",
}

BASELINE = '''
import os
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dnnbench.baselines.base import Baseline

DNNBENCH = """
baseline:
  guess:
    _about: {title: Guess, implementation: Guess, kind: classical, problems: [maxcut]}
"""


@dataclass(frozen=True)
class Guess(Baseline):
    version: ClassVar[int] = 1

    def solve(self, problem, public, rng, limits, search):
        most = min(limits.steps or 10**9, 10**9 if limits.restarts is None else limits.restarts)
        for step in range(1, most + 1):
            z = problem.random(public, rng)
            claim = float(problem.verify(z, public, None).objective)
            search.offer(z, claim, step, step)
            if search.should_stop():
                return
'''


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    monkeypatch.setattr(catalog, "_LOADED", {})


@pytest.fixture
def small(monkeypatch):
    """One tiny instance, short trials, one program: enough to see what is wrong."""
    monkeypatch.setattr(MaxCut, "tiny", lambda self: {"cycle": tiny_graphs()["cycle"]})
    monkeypatch.setattr(check, "LANES", 3)  # as many as the check on restarts has
    monkeypatch.setattr(check, "_CAP_STEPS", 2000)
    monkeypatch.setattr(check, "_STEPS", 100)


@pytest.fixture
def checked(cli, small, tmp_path):
    """Check a plug-in: `text` with pieces replaced; gives the findings by the check's name."""

    def call(text, changes, expected=1):
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = tmp_path / "wrong.py"
        path.write_text(text)
        said = cli("check", path, "--json")
        assert said.err == ""
        assert said.code == expected, said.out
        return {row["check"]: row for row in json.loads(said.out)}

    return call


def failures(findings):
    return {name for name, row in findings.items() if not row["ok"]}


def test_the_example_passes(tmp_path):
    done = dnnbench("check", EXAMPLE, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = done.stdout.splitlines()
    assert last == f"{len(lines)} checks, 0 failed"
    assert all(line.startswith("ok   mean_field_annealing: ") for line in lines)
    assert {line.split(": ")[1].partition(" (")[0] for line in lines} == CHECKS
    assert sum("optimum (maxcut " in line for line in lines) == len(tiny_graphs())
    assert not list(tmp_path.iterdir())


BOAST = """
@dataclass(frozen=True)
class Boast:
    true: QuadraticEnergy
    dtype = property(lambda self: self.true.dtype)

    def prepare(self, public):
        return self.true.prepare(public)

    def round_score(self, x, merit, data, key):
        z, score = self.true.round_score(x, merit, data, key)
        return z, score._replace(cost=score.cost - 1)


@dataclass(frozen=True)
class MeanField"""
BOASTING = """
    def __post_init__(self):
        object.__setattr__(self, "energy", Boast(self.energy))

    def prepare(self, public: Any)"""


def test_a_cost_below_the_true_one(checked):
    findings = checked(
        EXAMPLE.read_text(),
        {
            "\n@dataclass(frozen=True)\nclass MeanField": BOAST,
            "\n    def prepare(self, public: Any)": BOASTING,
        },
    )
    assert "honest claim" in failures(findings)
    claimed, verified = re.findall(r"[0-9.]+", findings["honest claim"]["detail"])
    assert float(claimed) == float(verified) + 1


@pytest.mark.full
def test_luck_that_no_seed_governs(checked):
    findings = checked(
        EXAMPLE.read_text(),
        {
            "jnp.asarray(max(scale, 1e-30)": "jnp.asarray(scale * np.random.SeedSequence().entropy"
            " / 2**128",
            "import numpy as np\n": "import numpy as np\nimport numpy.random\n",
        },
    )
    assert "same seed" in failures(findings)
    assert findings["same seed"]["detail"].endswith(" differ")
    assert "diagnostics" in findings["same seed"]["detail"]


def test_an_init_that_hangs(checked, monkeypatch):
    monkeypatch.setattr(check, "_SETUP_SECONDS", 2.0)
    findings = checked(
        EXAMPLE.read_text(),
        {
            '        """Small Gaussian spins."""\n': "        __import__('time').sleep(1e6)\n",
        },
    )
    # The others are left out: each would wait as long again.
    assert failures(findings) == findings.keys() == {"optimum"}
    assert findings["optimum"]["detail"] == "loading and compiling took more than 2 s"


def test_a_step_that_hangs(checked, monkeypatch):
    monkeypatch.setattr(check, "_CAP_SECONDS", 1.0)
    step = "        share = ctx.t.astype(s.m.dtype) / self.num_steps\n"
    endless = "        jax.debug.callback(lambda: __import__('time').sleep(1e6), ordered=False)\n"
    findings = checked(EXAMPLE.read_text(), {step: step + endless})
    assert failures(findings) == findings.keys() == {"optimum"}
    assert "after the start of the solve" in findings["optimum"]["detail"]


def test_a_readout_of_another_shape(checked):
    findings = checked(EXAMPLE.read_text(), {"return (s.m + 1) / 2": "return (s.m[1:] + 1) / 2"})
    assert failures(findings) == {"optimum", "same seed", "restarts", "time limit"}
    for row in findings.values():
        assert "\n" not in row["detail"]
        assert "rror: " in row["detail"]


@pytest.mark.full
def test_a_hyperparameter_that_is_a_static_field(checked):
    findings = checked(
        EXAMPLE.read_text(), {"    num_steps: int\n\n": "    num_steps: int\n    cold: float\n\n"}
    )
    assert failures(findings) == {"one program"}
    assert findings["one program"]["detail"] == "another cold compiled again"


@pytest.mark.full
def test_a_setting_that_changes_nothing(checked):
    findings = checked(
        EXAMPLE.read_text(),
        {
            '= ("hot", "cold", "damping", "init_scale")': '= ("hot", "cold", "init_scale")',
            'hp["damping"] * s.m + (1 - hp["damping"])': "0.5 * s.m + 0.5",
        },
    )
    assert failures(findings) == {"one program"}
    assert "neither a field nor a hyperparameter: damping" in findings["one program"]["detail"]


@pytest.mark.parametrize("value", [0.0, 1e-9, 0.5, -2.0, 1e6])
@pytest.mark.parametrize("room", [{}, {"max": 0}, {"below": 0}])
def test_another_value_close_by(value, room):
    """What a hyperparameter is compared with differs in float32 and is allowed."""
    option = {key: value for key in room if key == "max"}
    option |= {key: value + 1e-12 for key in room if key == "below"}
    other = check._nudged(value, option)
    assert np.float32(other) != np.float32(value)
    assert abs(other - value) <= 1.01e-3 * max(abs(value), 1)
    assert other <= option.get("max", other)
    assert other < option.get("below", other + 1)


def test_code_that_cannot_be_imported(checked):
    findings = checked(EXAMPLE.read_text(), {"\nimport jax\n": "\nimport jacks\n"})
    assert failures(findings) == findings.keys()
    assert "ModuleNotFoundError: No module named 'jacks'" in findings["optimum"]["detail"]
    assert "wrong.py" in findings["optimum"]["detail"]


def test_a_class_that_is_not_there(checked):
    name = "implementation: MeanFieldAnnealing"
    findings = checked(EXAMPLE.read_text(), {name: name + "s"})
    assert failures(findings) == findings.keys()
    assert findings["optimum"]["detail"].endswith("wrong.py has no class 'MeanFieldAnnealings'")


def test_a_problem_that_is_not_there(checked):
    findings = checked(EXAMPLE.read_text(), {"problems: [maxcut]": "problems: [maxcat]"})
    assert list(findings) == ["problem"]
    assert findings["problem"]["detail"] == "there is no such problem"


def test_a_right_baseline(checked):
    findings = checked(BASELINE, {}, expected=0)
    assert findings.keys() == CHECKS - {"one program"}


@pytest.mark.parametrize(
    ("changes", "failing", "said"),
    [
        ({"claim, step, step": "claim + 1, step, step"}, "honest claim", "verified"),
        ({"claim, step, step": "claim, step, 5 * step"}, "restarts", "15 restarts where 3 are"),
        ({"search.should_stop()": "False"}, "time limit", "after the start of the solve"),
        (
            {"problem.random(public, rng)": "problem.random(public, np.random.default_rng())"},
            "same seed",
            "differ",
        ),
        ({"z, claim, step": "z[1:], claim, step"}, "optimum", "ValueError: a cut has shape (7,)"),
        ({"most = min": "os._exit(3); most = min"}, "optimum", "exited with status 3"),
        (
            {"search.offer(z, claim, step, step)": "search.should_stop()"},
            "same seed",
            "no answer",
        ),
    ],
)
def test_wrong_baselines(checked, changes, failing, said):
    findings = checked(BASELINE, changes)
    assert failing in failures(findings)
    assert said in findings[failing]["detail"]


def test_what_is_no_solver(cli, tmp_path):
    path = tmp_path / "suites.py"
    path.write_text("DNNBENCH = 'suite: {two: {instances: [gset/G1]}}'\n")
    for name, said in (
        (path, "suites.py brings no method and no baseline"),
        (tmp_path / "none.py", "cannot read"),
        ("pi_gn", "unknown solver 'pi_gn' (did you mean 'pi_gnn'"),
    ):
        done = cli("check", name)
        assert (done.code, done.out) == (2, "")
        assert said in done.err


def test_ctrl_c_ends_it(cli, small, monkeypatch):
    """What was interrupted is neither right nor wrong, and nothing else is tried."""
    true, calls = check.run_trial, []

    def interrupted(spec, pool):
        calls.append(spec)
        result = true(spec, pool)
        return replace(result, record=replace(result.record, status=Status.INTERRUPTED))

    monkeypatch.setattr(check, "run_trial", interrupted)
    done = cli("check", "random")
    assert (done.code, done.out, len(calls)) == (130, "", 1)
