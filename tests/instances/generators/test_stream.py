import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.generators.stream import Stream


def test_first_words_of_seed_1_are_pinned():
    assert Stream(1).words(2).tolist() == [9441442522235856127, 17532960557476522086]


def test_below_is_within_and_covers_the_range():
    values = Stream(2).below(7, 1000)
    assert sorted(set(values.tolist())) == list(range(7))
    assert Stream(2).below(2**63 - 1, 5).min() >= 0
    assert Stream(2).below(1, 3).tolist() == [0, 0, 0]


def test_below_rejects_the_uneven_rest():
    bound = 3 * 2**61  # goes twice into 2^64; a quarter of all words are rejected
    expected = [word % bound for word in Stream(2).words(300).tolist() if word < 2 * bound]
    assert Stream(2).below(bound, 100).tolist() == expected[:100]


def test_permutation_signs_uniform_normal():
    stream = Stream(3)
    assert sorted(stream.permutation(50).tolist()) == list(range(50))
    assert set(stream.signs(100).tolist()) == {-1, 1}
    uniform = stream.uniform(10_000)
    assert 0 < uniform.min() < 0.001
    assert 0.999 < uniform.max() < 1
    normal = stream.normal(10_000)
    assert abs(normal.mean()) < 0.05
    assert abs(normal.std() - 1) < 0.05
    np.testing.assert_array_equal(normal, np.round(normal, 6))


def test_negative_seed_is_refused():
    with pytest.raises(UserError, match="seed"):
        Stream(-1)
