"""Formulas from files, generators and the registry, and on their way to a worker."""

import bz2
import hashlib
import lzma
import subprocess
import sys

import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.digest import in_memory, public_sha256
from dnnbench.instances.formats import cnf, wcnf
from dnnbench.instances.formats.families import write_formula
from dnnbench.instances.formula import Kind, clauses
from dnnbench.instances.load import export, load_instance, raw_bytes
from dnnbench.instances.serialise import from_arrays, to_arrays

from .formulas import same

TEXT = b"p cnf 4 3\n1 -2 0\nx 3 4 0\n2 -3 0\n"
WEIGHTED = b"h 1 -2 0\n3 2 0\n0.5 x 1 3 0\n"


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_properties():
    formula = clauses(4, [[1, -2], [3], [2, -3, 4]])
    assert (formula.num_constraints, formula.is_cnf) == (3, True)
    assert formula.widths.tolist() == [2, 1, 3]
    assert formula.owners.tolist() == [0, 0, 1, 2, 2, 2]
    assert formula.constraint(2).tolist() == [2, -3, 4]
    assert formula.costs.tolist() == [1, 1, 1]
    assert not cnf.parse(TEXT, "f").is_cnf
    assert clauses(2, []).num_constraints == 0


@pytest.mark.parametrize("formula", [cnf.parse(TEXT, "f"), wcnf.parse(WEIGHTED, "f")])
def test_arrays_bring_back_the_same_formula(formula):
    arrays = to_arrays("cnf", formula)
    assert all(isinstance(array, np.ndarray) for array in arrays.values())
    again = from_arrays("cnf", arrays)
    assert same(again, formula)
    assert isinstance(again.num_variables, int)
    assert public_sha256("cnf", again) == public_sha256("cnf", formula)


def test_every_part_counts_in_the_digest():
    texts = [
        b"h 1 -2 0\n3 2 3 0\n",
        b"h 1 2 0\n3 2 3 0\n",
        b"h 1 -2 3 0\n3 2 0\n",
        b"2 1 -2 0\n3 2 3 0\n",
        b"h 1 -2 0\n4 2 3 0\n",
        b"h 1 -2 0\n3.5 2 3 0\n",
        b"h 1 -2 0\n3 x 2 3 0\n",
        b"h 1 -2 0\n3 d 1 2 3 0\n",
        b"h 1 -2 0\n3 d 2 2 3 0\n",
        b"p wcnf 4 2 9\n9 1 -2 0\n3 2 3 0\n",
    ]
    digests = {public_sha256("cnf", wcnf.parse(text, "f")) for text in texts}
    assert len(digests) == len(texts)
    held = in_memory("mine", "cnf", cnf.parse(TEXT, "f"))
    assert (held.sealed, held.source) == (None, "memory")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("f.cnf", TEXT),
        ("f.cnf.xz", lzma.compress(TEXT)),
        ("f.cnf.bz2", bz2.compress(TEXT)),
        ("f.dimacs", TEXT),
    ],
)
def test_files_of_the_user(tmp_path, cache, name, data):
    (tmp_path / name).write_bytes(data)
    instance = load_instance(str(tmp_path / name), cache_dir=cache)
    assert (instance.family, instance.source, instance.sealed) == ("cnf", "file", None)
    assert instance.sha256 == hashlib.sha256(TEXT).hexdigest()
    assert same(instance.public, cnf.parse(TEXT, "f"))
    assert raw_bytes(str(tmp_path / name), cache_dir=cache) == TEXT
    with pytest.raises(UserError, match="is no graph, so it has no complement"):
        load_instance(f"{tmp_path / name}@complement", cache_dir=cache)


def test_generated_formulas_are_exported_as_cnf(cache):
    name = "gen/ksat-r2.0-k3-n10-s1"
    instance = load_instance(name, cache_dir=cache)
    assert (instance.name, instance.family) == ("gen/ksat-n10-k3-r2.0-s1", "cnf")
    assert instance.sha256 == public_sha256("cnf", instance.public)
    assert same(cnf.parse(export(name, cache_dir=cache).encode(), "f"), instance.public)
    with pytest.raises(UserError, match="needs a decimal number"):
        load_instance("gen/ksat-n10-k3-rx-s1", cache_dir=cache)


def test_weights_decide_the_format_of_an_export():
    assert write_formula(wcnf.parse(WEIGHTED, "f")).startswith("p wcnf 3 3 4\n4 1 -2 0\n")
    assert write_formula(cnf.parse(TEXT, "f")) == TEXT.decode()


def test_formulas_of_the_registry_come_in_archives_only(cache):
    with pytest.raises(UserError, match=r"satlib/uf20-01 is not here: it has no direct download"):
        load_instance("satlib/uf20-01", cache_dir=cache, download=False)


def test_no_solver_is_imported_before_it_is_needed():
    code = (
        "import sys, pathlib; sys.modules['pysat'] = None\n"
        "from dnnbench.instances import load\n"
        "load.load_instance('gen/ksat-n9-k3-r2-s1', cache_dir=pathlib.Path('nowhere'))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.data
def test_a_formula_of_the_data_folder(data_dir, cache):
    instance = load_instance("satlib/uf250-01", data_dir=data_dir, cache_dir=cache)
    assert (instance.public.num_variables, instance.public.num_constraints) == (250, 1065)
    assert (instance.public.kinds == Kind.OR).all()
    assert set(instance.public.widths.tolist()) == {3}
    text = export("satlib/uf250-01", data_dir=data_dir, cache_dir=cache)
    assert hashlib.sha256(text.encode()).hexdigest() == instance.sha256
