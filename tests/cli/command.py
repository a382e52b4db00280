"""The command line as a user types it, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# One 3-regular graph that every solver handles in a moment.
INSTANCE = "gen/random_regular-n20-d3-s1"


def environment(**changes):
    """This process's environment without dnnbench's own variables, and with `changes`."""
    own = {k for k in os.environ if k.startswith("DNNBENCH_")} - {"DNNBENCH_LOCKS"}
    kept = {k: v for k, v in os.environ.items() if k not in own}
    return kept | {"PYTHONPATH": str(ROOT)} | changes


def dnnbench(*arguments, cwd=None, **changes):
    """Run `dnnbench ARGUMENTS` and return what came of it."""
    return subprocess.run(
        [sys.executable, "-m", "dnnbench", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment(**changes),
        check=False,
    )


# The command line for a process that hears SIGINT: background jobs of a shell ignore it, and so do
# their children. (`preexec_fn` would fork, which JAX forbids once it runs.)
HEARING = (
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from dnnbench.cli.main import main; main()",
)
