"""Optimisers are held against NumPy in its own precision."""

import pytest

from dnnbench.engine.compat import x64


@pytest.fixture(autouse=True)
def double():
    with x64(True):
        yield
