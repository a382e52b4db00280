"""The G-set, generated: 71 graphs by Helmberg and Rendl, made with rudy.

The argument lists were found by search and every file is reproduced byte for byte (the registry's
sha256 says so, and a test checks all 71). G23's seed 2002 and the seed order of G32-G34 are no
slips here: the published files were made so. Source of the set: C. Helmberg, F. Rendl, A spectral
bundle method for semidefinite programming, SIAM J. Optim. 10 (2000) 673-696.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from dnnbench.errors import unknown
from dnnbench.instances.generators import rudy
from dnnbench.instances.graph import Graph


def gset(name: str) -> Graph:
    """One graph of the G-set.

    Args:
        name: `G1` ... `G81`.

    Raises:
        UserError: no such graph.
    """
    table = arguments()
    if name not in table:
        raise unknown("G-set graph", name, table)
    return rudy.run(table[name])


@cache
def arguments() -> Mapping[str, str]:
    """The rudy argument list of each graph of the G-set, by name."""
    table = {
        **_random(1, 800, "6", [8001, 8002, 8003, 8004, 8005]),
        **_signed_random(6, 800, "6", [8001, 8002, 8003, 8004, 8005]),
        **_signed_torus(11, ["100 8", "50 16", "25 32"], [8001, 8002, 8003]),
        **_planar_unions(14, 800, 99, 8001),
        **_signed_planar_unions(18, 800, 99, 8001),
        **_random(22, 2000, "1", [20001, 2002, 20003, 20004, 20005]),
        **_signed_random(27, 2000, "1", [20001, 20002, 20003, 20004, 20005]),
        **_signed_torus(32, ["100 20", "80 25", "50 40"], [20003, 20002, 20001]),
        **_planar_unions(35, 2000, 99, 20001),
        **_signed_planar_unions(39, 2000, 99, 20001),
        **_random(43, 1000, "2", [10001, 10002, 10003, 10004, 10005]),
        "G48": "-toroidal_grid_2D 50 60",
        "G49": "-toroidal_grid_2D 30 100",
        "G50": "-toroidal_grid_2D 25 120",
        **_planar_unions(51, 1000, 100, 10001),
        **_random(55, 5000, "0.1", [50001]),
        **_signed_random(56, 5000, "0.1", [50001]),
        **_signed_torus(57, ["100 50"], [50001]),
        **_planar_unions(58, 5000, 99, 50001, count=1),
        **_signed_planar_unions(59, 5000, 99, 50001, count=1),
        **_random(60, 7000, "0.07", [70001]),
        **_signed_random(61, 7000, "0.07", [70001]),
        **_signed_torus(62, ["100 70"], [50001]),
        **_planar_unions(63, 7000, 99, 70001, count=1),
        **_signed_planar_unions(64, 7000, 99, 70001, count=1),
        **_signed_torus(65, ["100 80", "90 100", "100 100"], [80001, 90001, 100001]),
        **_random(70, 10000, "0.02", [100001]),
        **_signed_torus(72, ["100 100"], [10001]),
        **_signed_torus(77, ["140 100"], [140001]),
        **_signed_torus(81, ["200 100"], [200001]),
    }
    return MappingProxyType(table)


def _signs(seed: int) -> str:
    """The operators that give every edge a random weight +1 or -1."""
    return f" -random 0 1 {seed} -times 2 -plus -1"


def _random(first: int, n: int, density: str, seeds: list[int]) -> dict[str, str]:
    return {f"G{first + i}": f"-rnd_graph {n} {density} {s}" for i, s in enumerate(seeds)}


def _signed_random(first: int, n: int, density: str, seeds: list[int]) -> dict[str, str]:
    plain = _random(first, n, density, seeds)
    return {name: plain[name] + _signs(s) for name, s in zip(plain, seeds, strict=True)}


def _signed_torus(first: int, sides: list[str], seeds: list[int]) -> dict[str, str]:
    return {
        f"G{first + i}": f"-toroidal_grid_2D {side}" + _signs(s)
        for i, (side, s) in enumerate(zip(sides, seeds, strict=True))
    }


def _planar_unions(first: int, n: int, density: int, seed: int, count: int = 4) -> dict[str, str]:
    """Unions of two planar graphs; each takes two seeds."""
    return {
        f"G{first + i}": f"-planar {n} {density} {seed + 2 * i} "
        f"-planar {n} {density} {seed + 2 * i + 1} +"
        for i in range(count)
    }


def _signed_planar_unions(
    first: int, n: int, density: int, seed: int, count: int = 4
) -> dict[str, str]:
    plain = _planar_unions(first, n, density, seed, count)
    return {name: plain[name] + _signs(seed + i) for i, name in enumerate(plain)}
