"""QUBO, Ising and cut: the conversions keep the value of every point, exactly."""

from fractions import Fraction

import numpy as np
import pytest

from dnnbench.instances.digest import in_memory, public_sha256
from dnnbench.instances.generators.spec import parse_spec
from dnnbench.instances.graph import Graph
from dnnbench.instances.load import export, load_instance
from dnnbench.instances.quadratic import (
    QuadraticModel,
    from_cut,
    quadratic_model,
    to_bits,
    to_cut,
    to_spins,
)
from dnnbench.instances.serialise import from_arrays, to_arrays

N = 7
POINTS = ((np.arange(2**N)[:, None] >> np.arange(N)) & 1).astype(np.uint8)


def random_model(domain, seed):
    """Odd seeds are real, in multiples of 2^-20 so that floats stay exact."""
    rng = np.random.default_rng(seed)
    u, v = np.triu_indices(N, k=1)
    kept = rng.random(len(u)) < 0.6
    scale = 2.0**-20 if seed % 2 else 1
    edges = np.column_stack([u[kept], v[kept]]).astype(np.int32)
    couplings = rng.integers(-99, 100, kept.sum()) * scale
    linear = rng.integers(-99, 100, N) * (rng.random(N) < 0.7) * scale
    offset = int(rng.integers(-9, 10)) * scale
    return quadratic_model(domain, Graph(N, edges, couplings), linear, offset)


def value(model, bits):
    """The polynomial itself, in rational numbers."""
    z = [int(b) if model.domain == "bits" else 2 * int(b) - 1 for b in bits]
    total = Fraction(model.offset)
    total += sum(Fraction(a) * s for a, s in zip(model.linear.tolist(), z, strict=True))
    pairs = zip(model.edges.tolist(), model.graph.weights.tolist(), strict=True)
    return total + sum(Fraction(c) * z[u] * z[v] for (u, v), c in pairs)


def cut(graph, z):
    pairs = zip(graph.edges.tolist(), graph.weights.tolist(), strict=True)
    return sum(Fraction(w) for (u, v), w in pairs if z[u] != z[v])


PINNED = {
    "gen/qubo-n20-p0.3-s1": "7e7afc4dc7ec2e43",
    "gen/ising_sk-n8-wgauss-s2": "292bb060520934cb",
}

MODELS = [random_model(domain, seed) for domain in ("bits", "spins") for seed in range(4)]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("convert", [to_bits, to_spins])
def test_bits_and_spins_have_the_same_values(model, convert):
    other = convert(model)
    assert other.domain == {to_bits: "bits", to_spins: "spins"}[convert]
    assert [value(other, z) for z in POINTS] == [value(model, z) for z in POINTS]
    if model.domain == "spins" and model.integral:
        assert other.integral


@pytest.mark.parametrize("model", MODELS)
def test_the_cut_form_has_the_same_values(model):
    form = to_cut(model)
    assert form.graph.num_vertices == N + 1
    assert form.graph.integral == model.integral
    for last in (0, 1):
        for x in POINTS:
            z = np.append(x if last else 1 - x, last).astype(np.uint8)
            assert np.array_equal(form.bits(z), x)
            worth = cut(form.graph, z)
            worth = int(worth) if model.integral else float(worth)
            assert Fraction(form.value(worth)) == value(model, x)
            assert isinstance(form.value(worth), int) == model.integral


@pytest.mark.parametrize("domain", ["bits", "spins"])
@pytest.mark.parametrize("seed", range(4))
def test_a_cut_becomes_a_model_of_minus_its_value(domain, seed):
    graph = random_model("bits", seed).graph
    model = from_cut(graph, domain)
    assert model.domain == domain
    assert [value(model, z) for z in POINTS] == [-cut(graph, z) for z in POINTS]
    back = to_cut(model)
    assert [back.value(float(cut(back.graph, np.append(z, 1)))) for z in POINTS] == [
        float(value(model, z)) for z in POINTS
    ]


@pytest.mark.parametrize("model", MODELS)
def test_field_and_adjacency_are_what_they_say(model):
    rng = np.random.default_rng(0)
    for x in POINTS[rng.integers(0, len(POINTS), 20)]:
        spins = 2 * x.astype(int) - 1
        gains = spins * (model.graph.adjacency @ spins + model.field)
        for i in range(N):
            other = x.copy()
            other[i] ^= 1
            fall = value(model, x) - value(model, other)
            assert fall == Fraction(gains[i].item()) * (
                2 if model.domain == "spins" else Fraction(1, 2)
            )
    a = model.adjacency.toarray()
    both, one, two, none = (np.zeros(N, np.uint8) for _ in range(4))
    both[[1, 3]], one[1], two[3] = 1, 1, 1
    mixed = value(model, both) - value(model, one) - value(model, two) + value(model, none)
    assert mixed == Fraction(2 * a[1, 3])
    assert np.array_equal(a, a.T)


def test_numbers_share_one_dtype():
    graph = Graph(2, np.array([[0, 1]], np.int32), np.array([3]))
    whole = quadratic_model("bits", graph, np.array([1.0, -2.0]), 5.0)
    assert whole.integral
    assert whole.linear.dtype == np.int64
    assert type(whole.offset) is int
    real = quadratic_model("bits", graph, np.array([0.5, 0]), 5)
    assert not real.integral
    assert real.graph.weights.dtype == real.linear.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        whole.linear[0] = 1


@pytest.mark.parametrize("model", MODELS)
def test_a_model_survives_the_pipe_and_its_digest_sees_every_part(model):
    family = {"bits": "qubo", "spins": "ising"}[model.domain]
    back = from_arrays(family, to_arrays(family, model))
    assert isinstance(back, QuadraticModel)
    assert back.domain == model.domain
    assert (back.offset, type(back.offset)) == (model.offset, type(model.offset))
    assert np.array_equal(back.linear, model.linear)
    assert np.array_equal(back.graph.weights, model.graph.weights)
    assert public_sha256(family, back) == public_sha256(family, model)
    changed = [
        quadratic_model(model.domain, model.graph, model.linear, model.offset + 1),
        quadratic_model(model.domain, model.graph, model.linear + np.eye(N)[0], model.offset),
        quadratic_model(
            model.domain, Graph(N, model.edges, 2 * model.graph.weights), model.linear, model.offset
        ),
    ]
    digests = {public_sha256(family, m) for m in (model, *changed)} | {
        in_memory("g", "graph", model.graph).sha256
    }
    assert len(digests) == 5


def test_generated_models():
    made = parse_spec("gen/qubo-n200-p0.1-s3")
    assert made.name == "gen/qubo-n200-p0.1-s3"
    model = made.generate()
    entries = model.num_edges + np.count_nonzero(model.linear)
    assert entries == pytest.approx(0.1 * 200 * 201 / 2, rel=0.1)
    assert model.integral
    assert np.abs(model.linear).max() <= 100
    assert np.abs(model.graph.weights).max() <= 200
    assert not (model.graph.weights % 2).any()
    dense = parse_spec("gen/qubo-n200-p1-s3").generate().graph.weights
    assert (dense.min(), dense.max()) == (-200, 200)
    spins = parse_spec("gen/ising_sk-n30-s1").generate()
    assert (spins.domain, spins.num_edges) == ("spins", 435)
    assert set(spins.graph.weights.tolist()) == {-1, 1}
    assert not spins.linear.any()
    assert parse_spec("gen/ising_sk-n9-wgauss-s1").generate().integral is False


def test_generated_models_never_change():
    """Pinned: a record's instance must be the same with any release."""
    found = {
        name: load_instance(name, cache_dir=None).sha256[:16]
        for name in ("gen/qubo-n20-p0.3-s1", "gen/ising_sk-n8-wgauss-s2")
    }
    assert found == PINNED


def test_models_are_exported_in_their_own_format(tmp_path):
    for name, suffix in (("gen/qubo-n20-p0.3-s1", "qubo"), ("gen/ising_sk-n8-s2", "ising")):
        path = tmp_path / f"own.{suffix}"
        path.write_text(export(name, cache_dir=tmp_path))
        read = load_instance(str(path), cache_dir=tmp_path)
        made = load_instance(name, cache_dir=tmp_path)
        assert read.family == made.family
        assert public_sha256(read.family, read.public) == made.sha256
