"""What all tests share."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_locks(tmp_path_factory):
    """Timed trials of the tests wait for each other only, not for what else the machine runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNNBENCH_LOCKS", str(tmp_path_factory.mktemp("locks")))
        yield
