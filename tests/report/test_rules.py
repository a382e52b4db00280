"""Stopping rules against the oracle: figures worked out by hand, intervals that cover."""

import csv
import io

import numpy as np
import pytest

from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.rules import clustered, rule_rows
from dnnbench.report.rules_table import render_rules


def trial(picture="p", seed=0, fixed=25.0, oracle=27.0, sigma=25.0, **changes):
    rules = {
        "fixed": {"step": 3000, "psnr": fixed, "ssim": 0.7, "misfit": 20.0},
        "es_emv": {"step": 700, "stopped": seed % 2, "psnr": 26.5, "ssim": 0.8, "misfit": 24.0},
    }
    if oracle is not None:
        rules["oracle_psnr"] = {"step": 900, "psnr": oracle, "ssim": 0.82, "curve": [[10, 20.0]]}
    values = {
        "solver": "dip_small",
        "problem": "denoise",
        "problem_settings": {"noise": "gaussian", "sigma": sigma},
        "instance": picture,
        "seed": seed,
        "metric": "psnr",
        "value": fixed,
        "metrics": {"psnr": fixed, "ssim": 0.7},
        "diagnostics": {**rules, "integrality": {"last": 0.1}},
    }
    return example_record(**(values | changes))


def row_of(rows, rule, problem=None):
    (row,) = [r for r in rows if r.rule == rule and problem in (None, r.problem)]
    return row


def test_means_are_over_pictures_of_means_over_seeds():
    trials = [trial("p", 0, 24.0), trial("p", 1, 26.0), trial("q", 0, 31.0, 32.5)]
    rows = rule_rows(trials)
    fixed = row_of(rows, "fixed")
    assert (fixed.pictures, fixed.trials) == (2, 3)
    assert fixed.psnr == (25.0 + 31.0) / 2
    assert fixed.loss == ((3.0 + 1.0) / 2 + 1.5) / 2
    assert (fixed.median_loss, fixed.worst_loss) == (1.5, 3.0)
    assert (fixed.step, fixed.oracle_step, fixed.stopped) == (3000, 900, None)
    assert row_of(rows, "es_emv").stopped == pytest.approx(1 / 3)
    assert row_of(rows, "oracle_psnr").loss == 0


def test_noise_levels_and_settings_are_rows_of_their_own():
    trials = [trial(), trial(sigma=50.0), trial(settings={"window": 50})]
    names = {(r.problem, r.solver) for r in rule_rows(trials)}
    assert len(names) == 3
    assert {p for p, _ in names} == {"denoise (sigma=25.0)", "denoise (sigma=50.0)"}


def test_solvers_without_rules_have_their_answer():
    plain = trial(solver="nonlocal_means", role="baseline", diagnostics={})
    row = row_of(rule_rows([plain, trial()]), "answer")
    assert (row.solver, row.psnr, row.loss, row.step) == ("nonlocal_means", 25.0, None, None)


def test_failed_trials_and_other_problems_are_left_out():
    failed = trial(status=Status.ERROR, value=None)
    assert rule_rows([failed, example_record()]) == []


def test_without_an_oracle_there_is_no_loss():
    row = row_of(rule_rows([trial(oracle=None)]), "fixed")
    assert (row.psnr, row.loss, row.median_loss, row.oracle_step) == (25.0, None, None, None)


def test_one_value_has_no_interval_and_equal_ones_a_width_of_zero():
    assert clustered([("a", 3.0)]) == (3.0, None)
    assert clustered([("a", 3.0), ("b", 3.0)]) == (3.0, 0.0)


def test_the_interval_covers_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(60):
        sample = rng.normal(size=25)
        mean, half = clustered([(str(i), x) for i, x in enumerate(sample)])
        hits += abs(mean) <= half
    assert hits >= 49


def test_clusters_are_resampled_and_not_their_members():
    rng = np.random.default_rng(1)
    values = [(str(p), p + 1e-3 * rng.normal()) for p in range(5) for _ in range(200)]
    assert clustered(values)[1] > 0.8  # 1,000 values, but only five pictures


@pytest.mark.parametrize("layout", ["terminal", "markdown", "latex"])
def test_tables_say_what_their_figures_are(layout):
    text = render_rules(rule_rows([trial(), trial("q", 1, 28.0)]), layout, width=160)
    for word in ("PSNR", "26.50", "bootstrap", "the clean picture", "50"):
        assert word in " ".join(text.split())


def test_csv_is_unrounded():
    rows = list(
        csv.DictReader(io.StringIO(render_rules(rule_rows([trial(fixed=25.123456)]), "csv")))
    )
    assert float(rows[0]["psnr"]) == 25.123456
    assert rows[0]["loss_half_width"] == ""
