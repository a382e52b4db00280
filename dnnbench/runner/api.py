"""`dnnbench.solve`: one trial from Python, by the same path as the command line."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dnnbench.config.compose import compose
from dnnbench.instances.convert import as_graph, graph_sha256
from dnnbench.instances.digest import in_memory
from dnnbench.instances.formula import Formula
from dnnbench.instances.graph import Graph
from dnnbench.instances.image import Image
from dnnbench.instances.instance import Instance
from dnnbench.instances.load import default_cache_dir, load_instance
from dnnbench.instances.program import Program
from dnnbench.instances.quadratic import QuadraticModel
from dnnbench.runner.once import prepare
from dnnbench.runner.pool import Pool
from dnnbench.runner.supervise import Watch
from dnnbench.runner.trial import Result, run_trial

_FAMILIES: Mapping[type, str] = MappingProxyType(
    {Formula: "cnf", Image: "image", Program: "program"}
)
"""The family of what a user may hold already and no graph can be made from."""


def solve(
    instance: Any,
    problem: str = "maxcut",
    *,
    method: str | None = None,
    baseline: str | None = None,
    budget: float | Mapping[str, Any] | None = None,
    seed: int = 0,
    hardware: str = "auto",
    settings: Mapping[str, Any] | None = None,
    overrides: tuple[str, ...] = (),
    data_dir: Path | None = None,
    in_process: bool = False,
) -> Result:
    """Solve one instance with one solver; nothing is stored.

    Args:
        instance: a registry name (`gset/G14`), a file, a networkx graph, a scipy sparse
            adjacency matrix, an edge array [m, 2 or 3], a `Graph`, a `Formula`, a `QuadraticModel`,
            a `Program`, or a clean picture (`Image`).
        problem: what is asked.
        method: a dataless method, or
        baseline: a classical solver; give one of the two.
        budget: seconds, or a mapping with `seconds`, `steps`, `restarts`, `target`, `cores`.
        seed: seed of everything random.
        hardware: `auto`, `cpu`, `gpu` or `gpu_all`.
        settings: the solver's own settings, over its defaults.
        overrides: further overrides in Hydra's grammar.
        data_dir: folder with public instances, for registry names.
        in_process: solve in this process instead of a child: quicker to begin, but nothing ends a
            solver that does not stop, and `hardware` cannot change what JAX has started with.

    Returns:
        The result: `record.value` is the verified objective, `solution` the verified answer.

    Raises:
        UserError: wrong use or bad input.

    Examples:
        >>> import networkx as nx
        >>> result = solve(nx.cycle_graph(4), baseline="greedy", budget={"restarts": 4})
        >>> result.record.value
        4
    """
    words = [f"problem={problem}", f"seed={seed}", f"hardware={hardware}"]
    role = "baseline" if baseline is not None else "method"
    name = baseline if baseline is not None else method
    if name is not None:
        words.append(f"{role}={name}")
    if method is not None and baseline is not None:
        words.append(f"method={method}")
    limits = {"seconds": budget} if isinstance(budget, int | float) else dict(budget or {})
    if in_process:
        limits = {"cores": 1, **limits}
    words += [f"budget.{k}={_word(v)}" for k, v in limits.items()]
    words += [f"{role}.{k}={_word(v)}" for k, v in (settings or {}).items()]
    config = compose([*words, *overrides])
    cache = default_cache_dir()
    prepared = prepare(
        config, data_dir=data_dir, cache_dir=cache, instance=_instance(instance, data_dir, cache)
    )
    if in_process:
        return run_trial(prepared.spec, None)
    with Pool() as pool:
        return run_trial(prepared.spec, pool, Watch())


def _word(value: Any) -> str:
    """A Python value in Hydra's grammar."""
    return "null" if value is None else str(value)


def _instance(given: Any, data_dir: Path | None, cache: Path) -> Instance:
    if isinstance(given, Instance):
        return given
    if isinstance(given, str | Path):
        return load_instance(str(given), data_dir=data_dir, cache_dir=cache)
    for kind, family in _FAMILIES.items():
        if isinstance(given, kind):
            return in_memory("memory", family, given)
    if isinstance(given, QuadraticModel):
        return in_memory("memory", "qubo" if given.domain == "bits" else "ising", given)
    graph = given if isinstance(given, Graph) else as_graph(given)
    return Instance("memory", "graph", graph, None, graph_sha256(graph), "memory")
