"""Where the command line finds data and reference records: the one reader of the environment."""

import os
from pathlib import Path

from dnnbench.errors import UserError
from dnnbench.instances.load import default_cache_dir
from dnnbench.paths import shared_folder


def data_dir() -> Path | None:
    """The folder named by DNNBENCH_DATA, or None.

    Raises:
        UserError: the variable names something that is no folder.
    """
    named = os.environ.get("DNNBENCH_DATA")
    if not named:
        return None
    path = Path(named)
    if not path.is_dir():
        raise UserError(f"DNNBENCH_DATA names '{named}', which is not a folder")
    return path


def cache_dir() -> Path:
    """Where downloads are kept (DNNBENCH_CACHE, else the user's cache folder)."""
    named = os.environ.get("DNNBENCH_CACHE")
    return Path(named) if named else default_cache_dir()


def reference_dir() -> Path:
    """The reference records that ship with dnnbench."""
    return shared_folder("reference")
