"""Verdicts on paired differences: against scipy, by simulation, and by what must not change."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dnnbench.report.differences import subsets
from dnnbench.report.differences.paired import Outcome, holm, judge, judge_strata
from dnnbench.report.differences.subsets import least_p, subset_means

BETTER, WORSE, EQUIVALENT, UNDECIDED = Outcome

MIRRORED = {BETTER: WORSE, WORSE: BETTER, EQUIVALENT: EQUIVALENT, UNDECIDED: UNDECIDED}

few = st.lists(st.integers(-4, 4).map(lambda n: n / 1000), max_size=9)
families = st.lists(few, min_size=1, max_size=6)


def one(cell, **options):
    (found,) = judge([cell], **({"margin": 0.001} | options))
    return found


def scipy_p(differences):
    """Two-sided p by scipy, over all choices of signs."""
    found = stats.permutation_test(
        (np.asarray(differences),),
        np.sum,
        permutation_type="samples",
        vectorized=True,
        n_resamples=2**20,
    )
    return min(1.0, float(found.pvalue))


def allowed(trials, probability, tail=1e-5):
    """The least and the most successes that chance explains."""
    return stats.binom.ppf([tail, 1 - tail], trials, probability)


@pytest.mark.parametrize(
    ("cell", "outcome"),
    [
        ([-0.01] * 6, WORSE),
        ([0.01] * 6, BETTER),
        ([-0.01] * 5, UNDECIDED),  # 2 / 32 at best
        ([-0.0005] * 6, EQUIVALENT),  # surely worse, but by less than the margin
        ([-0.01, 0.01] * 5, UNDECIDED),
        ([-0.02] + [0.0001] * 9, UNDECIDED),  # only one end lies within the margins
        ([0.02] + [-0.0001] * 9, UNDECIDED),
        ([0.0], EQUIVALENT),
        ([0.0] * 10, EQUIVALENT),
        ([0.0] * 9 + [-0.0001], EQUIVALENT),
        ([0.2], UNDECIDED),
        ([], UNDECIDED),
    ],
)
def test_outcomes(cell, outcome):
    found = one(cell)
    assert found.outcome is outcome
    assert (found.pairs, found.changed) == (len(cell), sum(d != 0 for d in cell))


def test_a_cell_by_hand():
    """1, 2, 3, 4, 5, 6 and -1, in thousandths."""
    cell = [n / 1000 for n in (1, 2, 3, 4, 5, 6, -1)]
    found = one(cell, margin=0.0)
    # Their sum is 20. All positive gives 22; one of the two ones negative 20: three of 2^7 signs.
    assert found.p == 2 * 3 / 128
    assert found.estimate == pytest.approx(0.02 / 7)
    # Either end is the third mean of a subset, as floor(0.025 * 128) = 3: -1, 0 ({1, -1}), 0.5
    # ({2, -1}) from below; 6, 5.5 ({5, 6}), 5 from above.
    assert found.low == pytest.approx(0.0005)
    assert found.high == pytest.approx(0.005)
    assert found.outcome is BETTER


def test_without_pairs_nothing_is_known():
    found = one([])
    assert math.isnan(found.estimate)
    assert (found.low, found.high, found.p) == (-math.inf, math.inf, 1.0)


@pytest.mark.parametrize("seed", range(1, 12))
def test_p_is_scipy_s(seed):
    rng = np.random.default_rng(seed)
    cell = rng.integers(-3, 5, size=1 + seed) / 1000 if seed % 2 else rng.normal(size=1 + seed)
    assert one(cell).p == pytest.approx(scipy_p(cell), rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_interval_is_what_the_test_does_not_reject(seed):
    rng = np.random.default_rng(seed)
    cell = rng.integers(-3, 6, size=9) / 1000 if seed % 2 else rng.normal(size=9)
    found = one(cell)
    step = 1e-7
    assert min(scipy_p(cell - found.low - step), scipy_p(cell - found.high + step)) > 0.05
    assert max(scipy_p(cell - found.low + step), scipy_p(cell - found.high - step)) <= 0.05


def test_rounding_does_not_break_ties():
    """0.1 + 0.2 - 0.3 is not 0 in floating point, and must count as if it were."""
    cell = [0.1, 0.2, -0.3, 0.1, 0.2, -0.3, 0.1]
    assert one(cell).p == one([1, 2, -3, 1, 2, -3, 1]).p


@settings(deadline=None)
@given(families)
def test_swapping_the_sides_mirrors_everything(cells):
    ahead = judge(cells, margin=0.001)
    back = judge([[-d for d in cell] for cell in cells], margin=0.001)
    for f, g in zip(ahead, back, strict=True):
        assert g.outcome is MIRRORED[f.outcome]
        assert (g.p, g.pairs, g.changed) == (f.p, f.pairs, f.changed)
        assert (g.low, g.high) == (-f.high, -f.low)
        assert g.estimate == -f.estimate or f.pairs == 0


@settings(deadline=None)
@given(families, st.integers(1, 30))
def test_cells_without_a_change_leave_the_others_alone(cells, more):
    same = [[0.0] * 10] * more
    assert repr(judge([*same, *cells], margin=0.001)[more:]) == repr(judge(cells, margin=0.001))


@settings(deadline=None)
@given(families, st.integers(1, 5))
def test_equal_pairs_never_make_anything_worse_or_better(cells, more):
    before = judge(cells, margin=0.001)
    after = judge([cell + [0.0] * more for cell in cells], margin=0.001)
    for f, g in zip(before, after, strict=True):
        assert g.p == f.p
        assert g.outcome in (f.outcome, EQUIVALENT, UNDECIDED)


def test_equal_pairs_leave_p_alone_also_by_random_subsets():
    cell = np.random.default_rng(7).normal(0.3, 1, size=20).tolist()
    assert one(cell + [0.0] * 20).p == one(cell).p
    few_changes = [0.1, 0.2, 0.3, 0.1, 0.4, -0.1]
    assert one(few_changes + [0.0] * 100).p == scipy_p(few_changes)


@settings(deadline=None)
@given(few, st.randoms())
def test_the_order_of_pairs_does_not_matter(cell, random):
    shuffled = random.sample(cell, len(cell))
    f, g = one(cell), one(shuffled)
    assert (f.outcome, f.p) == (g.outcome, g.p)
    assert [g.low, g.high] == pytest.approx([f.low, f.high], abs=1e-15)


@settings(max_examples=30, deadline=None)
@given(families)
def test_the_estimate_lies_in_the_interval_and_p_agrees_with_it(cells):
    found = judge(cells, margin=0.0)
    for f in found:
        assert f.pairs == 0 or f.low - 1e-12 <= f.estimate <= f.high + 1e-12
        if f.low > 1e-12 or f.high < -1e-12:  # at the level of Bonferroni, so Holm rejects too
            assert f.p <= 0.05


def normal(rng):
    return rng.normal(scale=0.003, size=(12, 10))


def cuts(rng):
    """Relative differences of cut values that are within 3 of each other."""
    a, b = rng.integers(3037, 3041, size=(2, 12, 10))
    return (b - a) / np.maximum(a, b)


def skewed(rng):
    """Times, with an outlier now and then, in A as likely as in B."""
    a, b = rng.lognormal(0, 0.05, size=(2, 12, 10)) + rng.binomial(1, 0.05, size=(2, 12, 10))
    return np.log(a / b)


def some_fail(rng):
    """Most pairs are equal; now and then one side fails."""
    return rng.choice([-1.0, 0.0, 1.0], p=[0.25, 0.5, 0.25], size=(12, 10))


@pytest.mark.parametrize("draw", [normal, cuts, skewed, some_fail])
def test_false_alarms_over_a_family_keep_to_the_level(draw):
    """120 families of 12 cells with 10 pairs, and 30 overall; at 20 %, so that few can tell."""
    rng = np.random.default_rng(0)
    families = [judge(draw(rng).tolist(), margin=0.0, level=0.2) for _ in range(120)]
    alarms = sum(any(f.outcome in (WORSE, BETTER) for f in found) for found in families)
    assert alarms <= allowed(120, 0.2)[1]
    overall = [judge_strata([draw(rng).tolist()], margin=0.0, level=0.2)[0] for _ in range(30)]
    assert sum(f.outcome in (WORSE, BETTER) for f in overall) <= allowed(30, 0.2)[1]


@pytest.mark.parametrize("level", [0.05, 0.3])
def test_a_single_cell_has_the_size_it_should(level):
    """Neither more alarms than the level nor needlessly few: as many as 1,024 signs allow."""
    rng = np.random.default_rng(1)
    found = [one(rng.normal(size=10), margin=0.0, level=level) for _ in range(1500)]
    alarms = sum(f.outcome in (WORSE, BETTER) for f in found)
    exact = 2 * math.floor(level / 2 * 1024) / 1024
    least, most = allowed(1500, exact)
    assert least <= alarms <= most


@pytest.mark.parametrize("pairs", [8, 20])
@pytest.mark.parametrize("shape", ["laplace", "uniform"])
def test_an_interval_covers_the_centre_as_often_as_it_says(pairs, shape):
    """Exact for 8 pairs: 6 of 256 signs beyond either end. By random subsets for 20."""
    rng = np.random.default_rng(pairs)
    centre, trials = 0.7, 1200 if pairs == 8 else 120
    draws = [centre + getattr(rng, shape)(-1, 1, size=pairs) for _ in range(trials)]
    centre += -1 if shape == "laplace" else 0  # its first parameter is its centre
    covered = sum(f.low <= centre <= f.high for f in (one(draw, margin=0.0) for draw in draws))
    exact = 1 - 12 / 256 if pairs == 8 else 0.95
    least, most = allowed(trials, exact)
    assert least <= covered <= most


def test_intervals_cover_all_centres_together():
    rng = np.random.default_rng(3)
    trials = 150
    covered = 0
    for _ in range(trials):
        found = judge(rng.normal(0.5, 1, size=(6, 10)).tolist(), margin=0.0)
        covered += all(f.low <= 0.5 <= f.high for f in found)
    assert covered >= allowed(trials, 0.95)[0]


def test_a_loss_of_one_per_cent_is_found_among_24_cells():
    """10 seeds; either run spreads by 0.3 %, so the differences do by 0.42 %."""
    rng = np.random.default_rng(4)
    caught, silent = 0, 0
    for _ in range(60):
        cells = rng.normal(0, 0.003, size=(2, 24, 10))
        differences = cells[1] - cells[0]
        differences[7] -= 0.01
        outcomes = [f.outcome for f in judge(differences.tolist(), margin=0.001)]
        caught += outcomes[7] is WORSE
        silent += WORSE not in outcomes
    # All ten differences must be negative: probability 0.9908^10 = 0.91.
    assert caught >= allowed(60, 0.91)[0]
    assert silent <= 60 - caught


def test_a_loss_of_one_per_cent_is_found_among_24_cells_that_repeat_exactly():
    """Where the others have not changed they cost nothing: six pairs are enough."""
    found = judge([*[[0.0] * 6] * 23, [-0.01] * 6], margin=0.001)
    assert [f.outcome for f in found] == [EQUIVALENT] * 23 + [WORSE]


def test_beyond_25_cells_of_10_pairs_only_the_whole_is_told():
    rng = np.random.default_rng(5)
    cells = rng.normal(-0.005, 0.002, size=(26, 10)).tolist()
    assert {f.outcome for f in judge(cells, margin=0.001)} == {UNDECIDED}
    (found,) = judge_strata([cells], margin=0.001)
    assert found.outcome is WORSE
    assert found.estimate == pytest.approx(np.mean(cells))
    assert found.high < -0.004


def test_strata_have_the_same_weight():
    (found,) = judge_strata([[[0.1] * 10, [0.3], []]], margin=0.0)
    assert found.estimate == pytest.approx(0.2)
    assert (found.pairs, found.changed) == (11, 11)


def test_a_margin_for_each_cell():
    found = judge([[0.01] * 8, [0.01] * 8], margin=[0.001, 0.02])
    assert [f.outcome for f in found] == [BETTER, EQUIVALENT]


def test_holm_counts_only_cells_that_could_reject():
    """Cells with five changes never can at 5 %; they do not weaken the others."""
    strong = [-0.01] * 6
    assert one(strong).p == 2 / 64
    with_weak = judge([strong, *[[-0.01] * 5 + [0.0]] * 20], margin=0.001)
    assert (with_weak[0].p, with_weak[0].outcome) == (2 / 64, WORSE)
    with_strong = judge([strong, strong], margin=0.001)
    assert [f.p for f in with_strong] == [4 / 64, 4 / 64]
    assert {f.outcome for f in with_strong} == {UNDECIDED}


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        ([[math.nan]], {}),
        ([[math.inf, 0.0]], {}),
        ([[0.0]], {"margin": -0.1}),
        ([[0.0]], {"margin": math.nan}),
        ([[0.0]], {"margin": [0.1, 0.1]}),
        ([[0.0]], {"level": 0.0}),
        ([[0.0]], {"level": 1.0}),
    ],
)
def test_what_is_refused(cells, options):
    with pytest.raises(ValueError, match=r"finite|margin"):
        judge(cells, **({"margin": 0.1} | options))


def test_random_subsets_agree_with_all_of_them(monkeypatch):
    rng = np.random.default_rng(6)
    differences, weights = rng.normal(0.4, 1, size=12), rng.uniform(0.5, 1, size=12)
    every = subset_means(differences, weights)
    monkeypatch.setattr(subsets, "ENUMERATED", 0)
    drawn = subset_means(differences, weights)
    assert (every.total, drawn.total) == (2**12, 20_000)
    spread = math.sqrt(every.p() / 20_000)
    assert drawn.p() == pytest.approx(every.p(), abs=8 * spread)
    assert drawn.interval(0.05) == pytest.approx(every.interval(0.05), abs=0.05)


def test_the_least_p_is_reached():
    for n in (6, 10, 20):
        assert one([0.1 + n / 100] * n).p == least_p(n)
    assert least_p(3) == 0.25
    assert least_p(0) == 1.0


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12))
@settings(max_examples=5, deadline=None)
def test_holm_is_that_of_statsmodels(ps):
    from statsmodels.stats.multitest import multipletests

    assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1].tolist(), rel=1e-12)


def test_means_of_constant_strata_do_not_overflow():
    many = [[0.01] * 10 for _ in range(150)]
    (found,) = judge_strata([many], margin=0.001)
    assert found.outcome is BETTER
    assert statistics.fmean([found.low, found.high]) == pytest.approx(0.01)
