import pytest

from dnnbench.errors import UserError
from dnnbench.instances.generators.spec import KINDS, parse_spec


def test_reads_a_name_and_gives_it_back():
    spec = parse_spec("gen/random_regular-n1000-d3-s1")
    assert (spec.kind, spec.values, spec.weights, spec.seed) == (
        "random_regular",
        (1000, 3),
        "one",
        1,
    )
    assert spec.name == "gen/random_regular-n1000-d3-s1"


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("gen/gnm-s01-m5-n10", "gen/gnm-n10-m5-s1"),
        ("gen/gnp-n10-p0.50-s1", "gen/gnp-n10-p0.5-s1"),
        ("gen/gnp-n10-p1-s1", "gen/gnp-n10-p1.0-s1"),
        ("gen/sk-n10-wpm-s1", "gen/sk-n10-s1"),
        ("gen/sk-n10-s1-wgauss", "gen/sk-n10-wgauss-s1"),
        ("gen/gnm-n10-m5-wone-s1", "gen/gnm-n10-m5-s1"),
        ("gen/johnson-d4-w2-n08", "gen/johnson-n8-w2-d4"),
        ("gen/c_fat-c5-n200", "gen/c_fat-n200-c5"),
    ],
)
def test_equal_calls_have_one_canonical_name(given, canonical):
    assert parse_spec(given).name == canonical
    assert parse_spec(canonical).name == canonical


def test_small_probabilities_keep_their_name_readable():
    name = "gen/gnp-n10-p0.00001-s1"
    assert parse_spec(name).name == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gen/regular-n10-d3-s1", r"unknown generator 'regular' \(did you mean 'random_regular'"),
        ("gen/", "unknown generator ''"),
        ("gen/sk-n10-q4-s1", r"unknown parameter 'q4'; the form is gen/sk-n<n>-s<seed>"),
        ("gen/sk-n10--s1", "unknown parameter ''"),
        ("gen/sk-n10-n11-s1", "parameter 'n' is given twice"),
        ("gen/sk-n10", "parameter 's' is missing"),
        ("gen/gnm-n10-s1", "parameter 'm' is missing"),
        ("gen/sk-n10-wgaus-s1", r"unknown weights in .* 'gaus' \(did you mean 'gauss'"),
        ("gen/sk-nten-s1", "'nten' needs a whole number"),
        ("gen/sk-n1.5-s1", r"'n1\.5' needs a whole number"),
        ("gen/sk-n-s1", "'n' needs a whole number"),
        ("gen/sk-n٣-s1", "needs a whole number"),
        ("gen/sk-n9999999999999999999-s1", "needs a whole number"),
        ("gen/gnp-n10-pnan-s1", "'pnan' needs a decimal number"),
        ("gen/hamming-n8-d4-s1", "unknown parameter 's1'; the form is gen/hamming-n<n>-d<d>$"),
        ("gen/hamming-n8-d4-wone", "unknown parameter 'wone'"),
        ("gen/johnson-n8-d4", "parameter 'w' is missing"),
        ("gen/cfat-n8-c4", r"unknown generator 'cfat' \(did you mean 'c_fat'"),
    ],
)
def test_wrong_names(name, message):
    with pytest.raises(UserError, match=message):
        parse_spec(name)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("gen/hamming-n8-d4", (256, 20864)),
        ("gen/johnson-n32-w2-d4", (496, 107880)),
        ("gen/keller-d5", (776, 225990)),
        ("gen/c_fat-n200-c5", (200, 8473)),
        ("gen/mann-v27", (378, 70551)),
    ],
)
def test_constructions_take_no_seed(name, size):
    spec = parse_spec(name)
    assert (spec.seed, spec.weights, spec.name) == (None, "", name)
    graph = spec.generate()
    assert (graph.num_vertices, graph.num_edges) == size


def test_every_kind_is_in_the_table_of_the_docstring():
    import dnnbench.instances.generators.spec as module

    for kind, row in KINDS.items():
        assert f"| `{kind}` | {' '.join(row.parameters)} |" in module.__doc__
