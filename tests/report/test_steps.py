"""Step curves of several seeds: order statistics that keep the seeds without an answer."""

import numpy as np

from dnnbench.records.example import example_record
from dnnbench.report.plots.steps import band, curve


def seeds(*traces, value=1.0):
    return [
        curve(example_record(seed=i, trace=[[t, 0, v] for t, v in trace], value=value))
        for i, trace in enumerate(traces)
    ]


def test_a_band_has_the_quartiles_at_every_time_at_which_a_curve_changes():
    curves = seeds([(1, 10.0)], [(1, 20.0), (3, 40.0)], [(2, 30.0)])
    found = band(curves, "max")
    np.testing.assert_allclose(found.times, [1, 2, 3, 10.02])
    np.testing.assert_allclose(found.middle, [10, 20, 30, 30])
    np.testing.assert_allclose(found.better[1:], [25, 35, 35])  # as numpy.quantile has them
    np.testing.assert_allclose(found.worse, [np.nan, 15, 20, 20])


def test_a_seed_that_failed_is_worse_than_any_other_and_stays_in_the_denominator():
    failed = curve(example_record(value=None, trace=[[1.0, 0, 5.0]]))
    curves = [*seeds([(1, 10.0)], [(1, 20.0)], value=30.0), failed]
    found = band(curves, "min")
    np.testing.assert_allclose(found.middle, [20, 20])
    assert np.isnan(found.worse).all()
    assert found.last == 30.0
    nobody = band([failed, failed, *seeds([(1, 10.0)])], "min")
    assert np.isnan(nobody.middle).all()
    assert np.isnan(nobody.last)
