"""Methods on equations as the engine sees them, for tests."""

import jax

from dnnbench.config import catalog
from dnnbench.engine.contract import Ctx, Data
from dnnbench.instances.equation import Equation
from dnnbench.problems.pde.energy import PdeEnergy
from dnnbench.runner.resolve import build, exact_side, implementation

SMALL = {"width": 8, "depth": 2, "interior": 24, "boundary": 5, "initial": 6}


def assembled(name, problem, dtype="float32", **settings):
    """(method, context of step 0, exact side, posed instance)."""
    node = catalog.entry("problem", problem).node
    pde = exact_side(node["_about"])
    values = {k: v for k, v in node.items() if not k.startswith("_")}
    grid = values["grid"] or ("64" if problem == "poisson_10d" else "9x7")
    posed = pde.pose(Equation(problem), {**values, "grid": grid}, None)
    energy = PdeEnergy("none", dtype, **pde.energy_settings(posed.public))
    chosen = dict(catalog.entry("method", name).node)
    chosen |= {k: v for k, v in SMALL.items() if k in chosen} | settings
    cls = implementation("methods", chosen["_about"])
    method = build(cls, chosen, energy=energy)
    own, _ = method.prepare(posed.public)
    hp = {k: jax.numpy.asarray(float(chosen[k]), dtype) for k in cls.hyperparameters}
    data = Data(energy.prepare(posed.public), own)
    ctx = Ctx(data, None, hp, jax.numpy.zeros((), int), jax.random.key(0))
    return method, ctx, pde, posed
