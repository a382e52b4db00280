"""What must work where JAX cannot be imported: the command line, and every module beside it."""

import subprocess
import sys

import pytest

from tests.cli.command import ROOT, environment

_BLOCK = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("jax", "jaxlib", "flax", "optax", "jraph"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Refuse())
"""

_IMPORT = """
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
"""

_COMMAND = """
from dnnbench.cli.main import main
main(sys.argv[1:])
"""

PACKAGES = ("cli", "config", "instances", "records", "report", "baselines", "runner", "sweep")
NEEDS_JAX = {"dnnbench.runner.solve_method", "dnnbench.runner.solve_stack"}


def modules():
    """Every module that must do without JAX, by its dotted name."""
    package = ROOT / "dnnbench"
    files = [f for name in PACKAGES for f in (package / name).rglob("*.py")]
    files += [*(package / "problems").glob("*/exact.py"), package / "problems" / "base.py"]
    files += [package / "engine" / f"{name}.py" for name in ("plan", "budget")]
    files += [package / "kernels" / "choice.py", package / "__init__.py"]
    names = {".".join(f.relative_to(ROOT).with_suffix("").parts) for f in files}
    return sorted({name.removesuffix(".__init__") for name in names} - NEEDS_JAX)


def blocked(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", _BLOCK + code, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )


def test_the_block_blocks():
    assert "jax is blocked" in blocked(_IMPORT, "dnnbench.runner.solve_method").stderr


def test_every_module_imports():
    names = modules()
    assert len(names) > 60
    assert blocked(_IMPORT, *names).stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--help"], "Usage: dnnbench"),
        (["run", "--help"], "Hydra overrides"),
        (["list"], "simulated_bifurcation"),
        (["list", "instances"], "gset/G14"),
        (["show", "pi_gnn"], "arXiv 2107.01188"),
        (["show", "gset/G14"], "3064"),
        (["data", "verify", "gset/G1"], "1 of 1 match"),
        (["run", "method=pi_gnn", "--cfg"], "learning_rate"),
        (["sweep", "experiment=maxcut_five", "profile=quick", "--dry-run"], "9 trials"),
    ],
)
def test_command(arguments, said):
    done = blocked(_COMMAND, *arguments)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
