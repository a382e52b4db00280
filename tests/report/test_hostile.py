"""Records that are valid, and strange: every report is made of them, or says in words why not."""

import contextlib
import io
import random
from dataclasses import replace

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.schema import Record
from dnnbench.records.status import Status
from dnnbench.report.aggregate import aggregate
from dnnbench.report.best_known import registry_best_known
from dnnbench.report.layout import Layout
from dnnbench.report.optimum import reference_optima
from dnnbench.report.plots import anytime, compared, trajectory
from dnnbench.report.programs import program_rows
from dnnbench.report.programs_table import render_programs
from dnnbench.report.rules import rule_rows
from dnnbench.report.rules_table import render_rules
from dnnbench.report.solved import solved_rows
from dnnbench.report.solved_table import render_solved
from dnnbench.report.table import render
from dnnbench.report.wide import render_wide

LAYOUTS = ("terminal", "markdown", "latex", "html")
NAMES = (
    "=cmd|' /C calc'!A0",
    "\"quoted\", 'twice'",
    "two\nlines\r\nthree",
    "nul \0 inside",
    "\x1b[2Jcleared",
    "half a pair \ud800",
    "right to left \u202e",
    "<script>alert(1)</script>",
    r"\input{/etc/passwd} $ & % # _ ^ ~",
    "| pipes | in | tables |",
    "a" * 5000,
    "",
    "n\N{COMBINING DIAERESIS}" * 3,
)
WHATEVER = (
    None, True, -1, 2**70, 10**4000, 0.5, float("nan"), float("inf"), "x", "", [], {}, [[1]],
    {"a": {"b": []}}, {"step": 1, "psnr": "x"}, {"step": None, "psnr": None}, {"curve": "x"},
    {"curve": [[1], [1, 2]]}, {"name": []}, *NAMES,
)  # fmt: skip
OBJECTS = (
    "problem_settings", "settings", "plan", "polish", "diagnostics", "hardware", "environment",
)  # fmt: skip
KEYS = (
    "name", "platform", "device_kind", "devices", "threads", "cpu_model", "cores_logical",
    "machine", "polish", "feasibility", "merit", "bands", "oracle", "optimum_proved", "answer",
    "git_commit", "=1+1", "", "two\nlines", "nul \0", "\ud800", "a.b", "a",
)  # fmt: skip
PROBLEMS = (
    ("maxcut", "cut", "max", {}),
    ("sat", "violated", "min", {}),
    ("lp", "kkt_error", "min", {"objective": 1.0}),
    ("lp", "kkt_error", "min", {}),
    ("denoising", "psnr", "max", {"ssim": 0.5}),
)


def strange(rng: random.Random) -> Record:
    """One record; it has been through its file, as those of a store have."""
    problem, metric, sense, metrics = rng.choice(PROBLEMS)
    record = example_record(
        problem=problem,
        metric=metric,
        sense=sense,
        metrics=metrics,
        value=rng.choice([0, 1e-9, 7, -3.5, 2**70, 10**300, float("inf"), float("nan"), None]),
        raw_value=rng.choice([0, 7, 10**300, None]),
        instance=rng.choice(["gset/G1", "gset/none", "satlib/none", "gen/x-s1", *NAMES]),
        solver=rng.choice(["a", "b", *NAMES]),
        kind=rng.choice(["network", *NAMES]),
        message=rng.choice([None, *NAMES]),
        status=rng.choice(["budget", "converged", "unsat", "error"]),
        seed=rng.choice([0, 1, -1, 2**70]),
        solve_seconds=rng.choice([None, 0.0, 1.5, -2.0, float("nan"), float("inf")]),
        stacked=rng.random() < 0.2,
        budget=rng.choice(
            [{}, {"seconds": -1.0}, {"seconds": 10**300}, {"seconds": float("nan"), "more": 1}]
        ),
        trace=rng.choice(
            [
                [],
                [[None, None, None]],
                [[0.0, 1, 3], [0.0, 1, 7], [-1.0, 0, 10**300]],
                [[float("nan"), 1, 5], [1e300, 2, float("nan")], [0.1, 2**70, float("inf")]],
            ]
        ),
    )
    for _ in range(rng.randrange(3)):
        name = rng.choice(OBJECTS)
        whole = {**(getattr(record, name) or {}), rng.choice(KEYS): rng.choice(WHATEVER)}
        record = replace(record, **{name: whole})
    return Record.loads(record.dumps())


def drawable(record: Record) -> Record:
    """Without half characters, which Matplotlib refuses with a TypeError."""
    return Record.loads(record.dumps().replace("\\ud800", "?"))


def tables(records, layout: Layout):
    """All tables of these records."""
    yield render(aggregate(records, registry_best_known), layout, here="0", width=100)
    yield render_wide(aggregate(records, registry_best_known, across=True), layout, width=100)
    yield render_solved(solved_rows(records), layout, width=100)
    yield render_rules(rule_rows(records), layout, width=100)
    yield render_programs(program_rows(records, reference_optima(records)), layout, width=100)


@pytest.mark.parametrize("seed", range(40))
def test_every_table_is_made(seed):
    rng = random.Random(seed)
    records = [strange(rng) for _ in range(12)]
    for layout in (*LAYOUTS, "csv"):
        for text in tables(records, layout):
            assert text.endswith("\n")
            if layout != "csv":
                assert "\x1b[2J" not in text
                text.encode("utf-8")


@pytest.mark.filterwarnings("ignore")  # of axes that such numbers overflow
@pytest.mark.parametrize("seed", range(10))
def test_every_figure_is_drawn_or_refused_in_words(seed):
    rng = random.Random(seed)
    records = [drawable(strange(rng)) for _ in range(8)]
    if seed % 2:  # comparable ones: each solver on each instance, with two seeds
        problem, metric, sense, _ = rng.choice(PROBLEMS[:2])
        records = [
            replace(
                strange(rng), problem=problem, metric=metric, sense=sense, problem_settings={},
                settings={}, plan={}, hardware={}, environment={}, budget={}, instance=instance,
                instance_sha256=instance, solver=solver, role="method", seed=trial,
                stacked=False, status=Status.BUDGET,
            )
            for instance in NAMES[:3]
            for solver in ("\x1b[2J", "<b>", "a" * 500)
            for trial in range(2)
        ]  # fmt: skip
    goal = compared.Goal((0.01,))

    def found():
        return compared.pooled(records, registry_best_known)

    drawn = 0
    for draw in (
        lambda: anytime.anytime(records, registry_best_known),
        lambda: trajectory.trajectory(records),
        lambda: trajectory.bands(records),
        lambda: compared.profile(found(), goal, "page"),
        lambda: compared.runtimes(found(), goal, "page"),
        lambda: compared.time_to_target_plot(found(), goal, "page"),
        lambda: compared.ranks(found(), "page"),
        lambda: compared.gaps(found(), "page"),
        lambda: compared.quality(found(), "page"),
    ):
        with contextlib.suppress(ValueError):  # of which the command line makes a sentence
            draw().savefig(io.BytesIO())
            drawn += 1
    assert drawn >= (2 if seed % 2 else 0)
