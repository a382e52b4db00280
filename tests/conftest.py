"""What all tests share."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_PROGRAMS = "JAX_COMPILATION_CACHE_DIR"
_OWN_PROGRAMS = pytest.StashKey[Path]()


def pytest_configure(config):
    """One folder of compiled programs for the session: its processes compile each program once.

    JAX reads the variables when it is imported, so they are set before any test module is. The
    workers of pytest-xdist and the processes that tests start inherit them. A folder that is
    named already is kept.
    """
    if _PROGRAMS not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="dnnbench-programs-"))
        config.stash[_OWN_PROGRAMS] = folder
        os.environ[_PROGRAMS] = str(folder)
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    # JAX writes no entry at one stroke: one that another process is writing, or was killed while
    # it wrote, is compiled anew, with this warning.
    config.addinivalue_line(
        "filterwarnings", "ignore:Error reading persistent compilation cache entry:UserWarning"
    )


def pytest_unconfigure(config):
    """The folder goes with the session that made it."""
    folder = config.stash.get(_OWN_PROGRAMS, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
        del os.environ[_PROGRAMS]


@pytest.fixture(scope="session", autouse=True)
def own_locks(tmp_path_factory):
    """Timed trials of the tests wait for each other only, not for what else the machine runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNNBENCH_LOCKS", str(tmp_path_factory.mktemp("locks")))
        yield
