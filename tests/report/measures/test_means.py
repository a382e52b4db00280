import math

import pytest

from dnnbench.report.measures.means import shifted_geometric_mean


def test_worked_out_by_hand():
    assert shifted_geometric_mean([1, 7], 1) == pytest.approx(3)  # sqrt(2 x 8) - 1
    assert shifted_geometric_mean([0, 30, 270], 10) == pytest.approx(112_000 ** (1 / 3) - 10)
    assert shifted_geometric_mean([2, 8], 0) == pytest.approx(4)
    assert shifted_geometric_mean([5], 3) == pytest.approx(5)


def test_a_failure_counts_as_the_penalty():
    assert shifted_geometric_mean([1, None], 1, penalty=7) == pytest.approx(3)
    assert shifted_geometric_mean([1, math.inf], 1, penalty=7) == pytest.approx(3)
    assert shifted_geometric_mean([1, None], 1) == math.inf


@pytest.mark.parametrize(("values", "shift"), [([], 1), ([-1, 2], 5), ([0, 2], 0)])
def test_what_is_refused(values, shift):
    with pytest.raises(ValueError, match="value"):
        shifted_geometric_mean(values, shift)
