"""How the computed references of differential equations converge; prints docs/pde.md's table.

Usage: python scripts/pde_references.py

Every line is a coarser computation held against the finest one, at random points; formulas need
none. Differences are the largest absolute ones.
"""

import numpy as np

from dnnbench.problems.pde.reference import allen_cahn, burgers, lshape

RNG = np.random.default_rng(0)
POINTS = 2000


def rows() -> list[tuple[str, str, float]]:
    """(equation, resolution, difference)."""
    found = []
    x, t = RNG.uniform(-1, 1, POINTS), RNG.uniform(0, 1, POINTS)
    nu = 0.01 / np.pi
    best = burgers.quadrature(x, t, nu, 0.05)
    for step in (0.9, 0.75, 0.6, 0.45, 0.3, 0.15):
        values = burgers.quadrature(x, t, nu, step)
        found.append(("burgers_1d", f"step {step:g}", float(np.abs(values - best).max())))
    at = RNG.uniform(-1, 1, (4 * POINTS, 2))
    at = at[~((at[:, 0] > 0) & (at[:, 1] < 0))]
    fine = lshape.solve(40).evaluate(at)
    for degree in (4, 8, 12, 16, 20, 24, 28):
        solution = lshape.solve(degree)
        error = float(np.abs(solution.evaluate(at) - fine).max())
        found.append(("poisson_lshape", f"degree {degree} (misfit {solution.misfit:.1e})", error))
    points = np.stack([RNG.uniform(-1, 1, 400), RNG.choice(np.linspace(0.01, 1, 20), 400)], axis=1)
    usual = allen_cahn.solve().evaluate(points)
    for modes in (512, 1024, 2048, 4096):
        coarse = allen_cahn.solve(modes=modes, final=min(modes, 512)).evaluate(points)
        found.append(("allen_cahn_1d", f"{modes} modes", float(np.abs(coarse - usual).max())))
    for steps in (16, 32):
        coarse = allen_cahn.solve(steps=steps, largest=2.0**-11 * 64 / steps).evaluate(points)
        found.append(("allen_cahn_1d", f"{steps} steps", float(np.abs(coarse - usual).max())))
    return found


if __name__ == "__main__":
    print("| equation | computed with | largest difference |\n| --- | --- | --- |")
    for name, resolution, difference in rows():
        print(f"| `{name}` | {resolution} | {difference:.1e} |")
