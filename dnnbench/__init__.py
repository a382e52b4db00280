"""dnnbench: dataless neural networks and the classical solvers they are judged against."""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["UserError", "__version__", "solve"]

if TYPE_CHECKING:
    from dnnbench.errors import UserError
    from dnnbench.runner.api import solve


_PUBLIC = {"solve": "dnnbench.runner.api", "UserError": "dnnbench.errors"}


def __getattr__(name: str) -> Any:
    """Import the public names on first use, so that the command line starts without them."""
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'dnnbench' has no attribute {name!r}")
