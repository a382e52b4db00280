"""Best-known values: asked of the registry of the day when a report is made, never stored."""

from collections.abc import Callable
from dataclasses import dataclass

from dnnbench.errors import UserError


@dataclass(frozen=True)
class BestKnown:
    """A reference value.

    Attributes:
        value: the objective.
        kind: how sure it is, in the registry's words: `optimum-proved`, `optimal`, `best-known`.
        source: where it is published.
    """

    value: int | float
    kind: str
    source: str


# From the names of an instance and a problem to the reference value, if there is one.
BestKnownLookup = Callable[[str, str], BestKnown | None]

# Which problem the registry's value of a suite's instances answers.
_PROBLEM_OF_SUITE = {"gset": "maxcut"}


def registry_best_known(instance: str, problem: str) -> BestKnown | None:
    """The registry's value for this instance, if it answers this problem."""
    suite = instance.split("/", 1)[0]
    if "/" not in instance or _PROBLEM_OF_SUITE.get(suite) != problem:
        return None
    from dnnbench.instances.registry import best_known

    try:
        found = best_known(instance)
    except UserError:  # not a name of the registry: a file of the user's, say
        return None
    if found is None:
        return None
    return BestKnown(found.value, found.kind, found.source)


def no_best_known(instance: str, problem: str) -> None:
    """The lookup that knows nothing."""
    del instance, problem
