"""References against public files, as far as those are accurate (DNNBENCH_DATA)."""

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.fft
import scipy.io

from dnnbench.problems.pde.reference import allen_cahn
from dnnbench.problems.pde.reference.burgers import Burgers1D

pytestmark = pytest.mark.data


@pytest.fixture
def pde_dir() -> Path:
    folder = os.environ.get("DNNBENCH_DATA")
    if not folder or not (Path(folder) / "pde").is_dir():
        pytest.skip("needs the public instances: set DNNBENCH_DATA to their folder")
    return Path(folder) / "pde"


def grid(x, t):
    """Points (x, t) of all pairs, x running faster."""
    return np.stack([np.tile(x, len(t)), np.repeat(t, len(x))], axis=1)


def test_burgers_agrees_with_the_file_of_the_pinn_paper(pde_dir):
    file = scipy.io.loadmat(pde_dir / "burgers_shock.mat")
    x, t = file["x"].ravel(), file["t"].ravel()
    ours = Burgers1D(0.01 / np.pi).evaluate(grid(x, t)).reshape(len(t), len(x)).T
    assert file["usol"].shape == ours.shape == (256, 100)
    assert np.abs(ours - file["usol"]).max() < 1e-10


def test_burgers_agrees_with_the_table_of_pinnacle(pde_dir):
    table = np.loadtxt(pde_dir / "pinnacle" / "burgers1d.dat", comments="%")
    x, t = table[:, 0], np.linspace(0, 1, 11)
    ours = Burgers1D(0.01 / np.pi).evaluate(grid(x, t)).reshape(len(t), len(x)).T
    assert table[:, 1:].shape == ours.shape
    # A coarse table: 101 points do not resolve the shock, which is 0.006 wide.
    error = ours - table[:, 1:]
    assert np.linalg.norm(error) < 0.014 * np.linalg.norm(ours)
    assert np.abs(error[:, 1]).max() < 3e-3


def test_allen_cahn_agrees_with_the_file_of_the_pinn_paper_as_far_as_its_grid_allows(pde_dir):
    file = scipy.io.loadmat(pde_dir / "AC.mat")
    x, t, theirs = file["x"].ravel(), file["tt"].ravel(), file["uu"]
    ours = allen_cahn.solve().evaluate(grid(x, t)).reshape(len(t), len(x)).T
    assert theirs.shape == ours.shape == (512, 201)
    size = np.linalg.norm(ours)
    assert np.linalg.norm(theirs - ours) < 1.2e-5 * size

    # The difference is that of interpolating the kink on 512 points: doing so gives the file.
    knots = np.linspace(0, 1, 257)
    sampled = scipy.fft.dct(knots**2 * np.cos(np.pi * knots), type=1) / 256
    sampled[[0, -1]] /= 2
    coefficients = allen_cahn.advance(sampled, 1.0, 4000, 20)
    on_their_grid = np.cos(np.pi * np.outer(x, np.arange(257))) @ coefficients.T
    assert np.linalg.norm(theirs - on_their_grid) < 3e-7 * size
    assert np.abs(theirs - on_their_grid).max() < 1e-5
