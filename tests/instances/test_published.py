import math

import pytest

from dnnbench.instances.published import _all, published_optimum


def test_every_name_has_a_value_and_a_source():
    assert len(_all()) == 97 + 138
    assert all(math.isfinite(found.optimum) and found.source for found in _all().values())


@pytest.mark.parametrize(
    ("file", "optimum"),
    [
        ("path/to/afiro.mps", -464.75314286),
        ("AFIRO.MPS.gz", -464.75314286),
        ("pilot_ja.mps.bz2", -6113.1364656),
        ("pilot.ja.mps", -6113.1364656),
        ("CVXQP1_M.QPS", 1087511.6),
        ("qafiro.qps", -1.5907818),
    ],
)
def test_by_the_name_of_a_file(file, optimum):
    assert published_optimum(file).optimum == optimum


@pytest.mark.parametrize("file", ["afiro", "afiro.qps", "qafiro.mps", "my_afiro.mps", "gset/G14"])
def test_other_names_have_none(file):
    assert published_optimum(file) is None


def test_where_readers_differ_the_source_says_so():
    assert "constant" in published_optimum("e226.mps").source
