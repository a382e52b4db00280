"""The footnotes of a paper's table: what its figures mean, and what they hold for."""

from collections.abc import Iterable, Sequence

from dnnbench.config import catalog
from dnnbench.records.schema import Record
from dnnbench.report.absent import Coverage
from dnnbench.report.aggregate import budget_text, hardware_text
from dnnbench.report.paper.figures import FEWEST_PAIRS, Figure
from dnnbench.report.paper.overall import FLOOR
from dnnbench.report.paper.spec import Spec
from dnnbench.report.paper.table import MARK, Paper

# Versions that a reader cannot do without; the records have all.
_PACKAGES = ("dnnbench", "jax", "jaxlib", "numpy", "scipy")

_OVERALL = {
    "mean": "mean: over the instances without a failed trial, of their means over seeds; in "
    "brackets its interval over instances.",
    "geomean": f"geometric mean: of the errors over instances and seeds, those below {FLOOR:g} "
    "taken for that and a failure for the largest error here, 1 at least; in brackets its interval "
    "over instances.",
    "solved": "solved: trials that reached the goal or ended with a proof, of all, failures "
    "included; in brackets Wilson's 95 % interval, which takes trials as independent.",
    "par2": "PAR2: mean seconds of solving, an unsolved trial counted as twice its budget.",
}


def notes(
    figures: Paper,
    spec: Spec,
    records: Sequence[Record],
    coverage: Coverage | None,
    *,
    type_faces: bool,
) -> list[str]:
    """The lines below the table.

    Args:
        figures: of the table.
        spec: of the table.
        records: that it is made of.
        coverage: of the experiment, if it is about one.
        type_faces: whether the format has bold type.
    """
    lines = [_meaning(figures, "values" in spec.columns), _standing(type_faces)]
    if "values" in spec.columns:
        every = [figure for column in figures.values for figure in column]
        lines.append(_significance(every, "instances", "seeds"))
    if "gap" in spec.columns:
        lines.append(_significance(figures.gaps, "the gap", "instances"))
        lines.append(
            "gap: mean primal gap over seeds and instances, to the best known or, where that is "
            "better, the best in the table; a failure counts 100 %. In brackets its interval over "
            "instances."
        )
    lines += [_OVERALL[name] for name in spec.columns if name in _OVERALL]
    if "rank" in spec.columns:
        lines.append(f"rank: mean over the {figures.ranked} instances that all ranked solvers ran.")
    if records:
        lines += [_conditions(figures, records), _versions(records)]
    lines += _references(figures, gaps="gap" in spec.columns)
    if figures.chosen.matrix.superseded:
        lines.append(f"Left out: {figures.chosen.matrix.superseded} older repeats of a seed.")
    if coverage is not None:
        lines.append(coverage.note())
        outside = any(not (f.trials or f.absent) for column in figures.values for f in column)
        lines += ["-: not part of the experiment."] if outside and coverage.known else []
    return lines


def _meaning(figures: Paper, values: bool) -> str:
    matrix = figures.chosen.matrix
    unit = _unit(matrix.problem)
    more = "more" if matrix.sense == "max" else "less"
    settings = ", ".join(f"{key}={value}" for key, value in matrix.settings.items())
    several = any(figure.interval for column in figures.values for figure in column)
    intervals = (
        "in brackets the 95 % bootstrap interval, which covers less where they are few"
        if several
        else "without an interval below three seeds"
    )
    what = (
        f"{matrix.problem}{f' ({settings})' if settings else ''}: {matrix.metric}"
        f"{f' in {unit}' if unit else ''}, {more} is better"
    )
    if not values:
        return f"{what}."
    return f"{what}; mean of the verified values over the seeds that did not fail, {intervals}."


def _unit(problem: str) -> str:
    """Empty also for several problems side by side."""
    known = catalog.entries("problem")
    return str(known[problem].about.get("unit") or "") if problem in known else ""


def _standing(type_faces: bool) -> str:
    how = "Bold: best; underlined: second" if type_faces else "**a**: best; _a_: second"
    return (
        f"{how}, in each column, of the solvers without a missing or (instances) failed trial in "
        f"it; what is printed alike counts alike."
    )


def _significance(figures: Sequence[Figure], what: str, of: str) -> str:
    if not any(figure.tested for figure in figures):
        return f"No significance marks on {what}: fewer than {FEWEST_PAIRS} {of} in common."
    return (
        f"{MARK} on {what}: differs from the best at 5 % (Wilcoxon's signed-rank test, paired over "
        f"{of}, Holm over the column; from {FEWEST_PAIRS} pairs on; the best is chosen by the same "
        f"data)."
    )


def _conditions(figures: Paper, records: Sequence[Record]) -> str:
    seeds = [len(cell) for line in figures.chosen.lines for cell in line.cells if cell]
    low, high = min(seeds, default=0), max(seeds, default=0)
    trials = [t for line in figures.chosen.lines for cell in line.cells for t in cell]
    failed = sum(trial.value is None for trial in trials)
    return (
        f"Budget: {_either(budget_text(r.budget) for r in records)}. "
        f"Polish, timed within it: {_either(_polish(r) for r in records)}. "
        f"Threads: {_either(str(r.hardware.get('threads') or '-') for r in records)}. "
        f"Hardware: {_either(hardware_text(r) for r in records)}. "
        f"Seeds a cell: {low if low == high else f'{low} to {high}'}. "
        f"Failed: {failed} of {len(trials)} trials."
    )


def _polish(record: Record) -> str:
    return "none" if record.polish is None else str(record.polish.get("name"))


def _versions(records: Sequence[Record]) -> str:
    """`dnnbench 0.1.0, jax 0.10.2`; several versions of one package are all named."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        if "python" in record.environment:
            found.setdefault("", {})[str(record.environment["python"])] = None  # "cpython 3.11"
        packages = record.environment.get("packages")
        for name in _PACKAGES:
            if isinstance(packages, dict) and name in packages:
                found.setdefault(name, {})[str(packages[name])] = None
    listed = [f"{name} {' / '.join(versions)}".strip() for name, versions in found.items()]
    return f"Versions: {', '.join(listed) or 'not on record'}."


def _references(figures: Paper, gaps: bool) -> list[str]:
    """Where best-known values are from; where gaps are shown also what has none."""
    known = [each.best_known for each in figures.chosen.references if each and each.best_known]
    sources = dict.fromkeys(part for each in known for part in each.source.split("; "))
    kinds = dict.fromkeys(each.kind for each in known)
    lines = [f"Best known ({', '.join(kinds)}): {'; '.join(sources)}."] if known else []
    chosen = figures.chosen
    columns = zip(chosen.instances, chosen.references, strict=True)
    without = [n.shown for n, each in columns if gaps and (each is None or not each.best_known)]
    return lines + ([f"No best known: {', '.join(without)}."] if without else [])


def _either(texts: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(texts))
