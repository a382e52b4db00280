"""What a reader needs to run it again: machines, versions, budgets, solvers, sources."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dnnbench.config import catalog
from dnnbench.records.environment import fingerprint
from dnnbench.records.schema import Record
from dnnbench.report.aggregate import budget_text, hardware_text, natural
from dnnbench.report.best_known import registry_best_known
from dnnbench.studies.paper.parts import Evidence


@dataclass(frozen=True)
class Items:
    """A list with a heading.

    Attributes:
        title: the heading.
        text: below it.
        entries: heads, short or "", and bodies.
    """

    title: str
    text: str
    entries: tuple[tuple[str, str], ...]


def conditions(found: Sequence[Evidence]) -> list[Items]:
    """The lists of the appendix; those about records are empty without them.

    Args:
        found: what is on record of each family.
    """
    records = [record for each in found for record in each.records]
    return [
        Items("Hardware", "", _hardware(records)),
        Items("Versions", "", _versions(records)),
        Items("Budgets", "Of one trial, with threads and seeds.", _budgets(found)),
        Items("Solvers", "", _solvers(found)),
        Items("Best-known values", "", _best_known(records)),
    ]


def _hardware(records: Sequence[Record]) -> tuple[tuple[str, str], ...]:
    """By machine and device, how many trials ran there."""
    counts: Counter[tuple[str, str]] = Counter()
    for record in records:
        facts = record.environment
        parts = [
            f"{record.hardware.get('threads') or '-'} threads",
            _fact(facts, "cores_logical", "logical cores"),
            _fact(facts, "memory_gib", "GiB"),
            str(facts.get("machine") or ""),
            " ".join(str(facts[k]) for k in ("os", "kernel") if facts.get(k)),
            f"machine {fingerprint(facts)}",
        ]
        counts[hardware_text(record), ", ".join(part for part in parts if part)] += 1
    return tuple(
        (head, f"{body}: {count} trials") for (head, body), count in sorted(counts.items())
    )


def _fact(facts: Mapping[str, object], key: str, unit: str) -> str:
    return f"{facts[key]} {unit}" if facts.get(key) is not None else ""


def _versions(records: Iterable[Record]) -> tuple[tuple[str, str], ...]:
    found: dict[str, dict[str, None]] = {}
    for record in records:
        facts = record.environment
        packages = facts.get("packages")
        named = dict(packages) if isinstance(packages, Mapping) else {}
        if facts.get("python"):
            named["python"] = facts["python"]
        if facts.get("git_commit"):
            dirty = " with changes" if facts.get("git_dirty") else ""
            named["dnnbench, commit"] = f"{facts['git_commit']}{dirty}"
        for name, version in named.items():
            found.setdefault(str(name), {})[str(version)] = None
    # One entry: a line for each package would fill a page.
    shown = [f"{name} {' / '.join(versions)}" for name, versions in sorted(found.items())]
    return (("packages", ", ".join(shown)),) if shown else ()


def _budgets(found: Sequence[Evidence]) -> tuple[tuple[str, str], ...]:
    entries = []
    for each in found:
        if not each.records:
            continue
        budgets = dict.fromkeys(budget_text(record.budget) for record in each.records)
        threads = sorted({str(r.hardware.get("threads") or "-") for r in each.records})
        seeds = Counter((r.solver, r.instance, repr(r.settings)) for r in each.records).values()
        low, high = min(seeds), max(seeds)
        counted = str(low) if low == high else f"{low} to {high}"
        body = f"{' | '.join(budgets)}; {' or '.join(threads)} threads; {counted} seeds"
        entries.append((each.part.family.title, body))
    return tuple(entries)


def _solvers(found: Sequence[Evidence]) -> tuple[tuple[str, str], ...]:
    """Every solver on record or planned: kind, what it is, its paper and licence."""
    named: dict[str, str] = {}
    for each in found:
        named |= {record.solver: record.role for record in each.records}
        named |= {trial.solver: trial.role for trial in each.coverage.absent}
    order = sorted(named, key=lambda name: (named[name] == "baseline", name))
    return tuple((name, _about(named[name], name)) for name in order)


def _about(role: str, name: str) -> str:
    known = catalog.entries(role)
    if name not in known:
        return f"{role}, not known here"
    about = known[name].about
    taxonomy = about.get("taxonomy")
    kind = [str(about.get("kind") or role)]
    kind += [str(taxonomy)] if taxonomy not in (None, "none") else []
    parts = [", ".join(kind), *(str(about[k]) for k in ("title", "paper") if about.get(k))]
    return "; ".join(parts) + (f" (licence {about['licence']})" if about.get("licence") else "")


def _best_known(records: Iterable[Record]) -> tuple[tuple[str, str], ...]:
    """By source, the values of the registry that the gaps are taken to."""
    found: dict[str, dict[str, str]] = {}
    for instance, problem in sorted(
        {(r.instance, r.problem) for r in records}, key=lambda pair: (natural(pair[0]), pair[1])
    ):
        known = registry_best_known(instance, problem)
        if known is not None:
            said = f"{instance} {known.value} ({known.kind})"
            found.setdefault(known.source, {})[said] = said
    return tuple(("", f"{source}: {', '.join(values)}") for source, values in found.items())
