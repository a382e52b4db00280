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

# Which problems the registry's value answers, by the view of an instance, and how: as it is, or as
# the number of the other vertices (those outside an independent set are a cover) or clauses.
_CUT = {"": {"maxcut": "value"}}
_CLIQUE = {
    "": {"max_clique": "value"},
    "@complement": {"mis": "value", "vertex_cover": "other vertices"},
}
_INDEPENDENT_SET = {
    "": {"mis": "value", "vertex_cover": "other vertices"},
    "@complement": {"max_clique": "value"},
}
_FORMULA = {"": {"sat": "other clauses", "max_sat": "other clauses"}}
_ANSWERS = {"gset": _CUT, "dimacs": _CLIQUE, "mis": _INDEPENDENT_SET, "satlib": _FORMULA}


def registry_best_known(instance: str, problem: str) -> BestKnown | None:
    """The registry's value for this instance, if it answers this problem.

    The value of a clique or an independent set also gives that of the other problem on the
    complement (`NAME@complement`) and, taken from the number of vertices, of the smallest cover.
    Taken from the number of clauses, the most that can be satisfied give the fewest violated.
    """
    base = instance.removesuffix("@complement")
    folder, slash, _ = base.partition("/")
    answers = _ANSWERS.get(folder, {}).get(instance.removeprefix(base), {})
    if not slash or problem not in answers:
        return None
    from dnnbench.instances.registry import entry

    try:
        known = entry(base)
    except UserError:  # not a name of the registry: a file of the user's, say
        return None
    found = known.best_known
    if found is None:
        return None
    if answers[problem] == "value":
        return BestKnown(found.value, found.kind, found.source)
    size, what = (known.m, "clauses") if folder == "satlib" else (known.n, "vertices")
    if size is None:
        return None
    source = f"{size} {what} less the {found.value} of: {found.source}"
    return BestKnown(size - found.value, found.kind, source)


def no_best_known(instance: str, problem: str) -> None:
    """The lookup that knows nothing."""
    del instance, problem
