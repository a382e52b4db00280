import os
from pathlib import Path

import pytest


@pytest.fixture
def data_dir() -> Path:
    folder = os.environ.get("DNNBENCH_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs the public instances: set DNNBENCH_DATA to their folder")
    return Path(folder)
