"""Where the files that ship beside the code are found: configs, datasets, reference records."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shared_folder(name: str) -> Path:
    """The folder `configs`, `datasets` or `reference`, in an installed wheel or in a checkout."""
    installed = _PACKAGE / "_share" / name
    if installed.is_dir():
        return installed
    if name == "reference":
        return _PACKAGE.parent / "results" / "reference"
    return _PACKAGE.parent / name
