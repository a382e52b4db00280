"""What `dnnbench run` says at the end of a trial."""

import itertools
import shlex
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from dnnbench.cli import places
from dnnbench.config import catalog
from dnnbench.instances.published import published_optimum
from dnnbench.problems.base import better
from dnnbench.records.environment import environment, fingerprint
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.report.best_known import registry_best_known
from dnnbench.report.gap import gap

# In a larger store the best baseline is left to `dnnbench table`: looking would take seconds.
_MOST_LOOKED_AT = 5000


def closing(record: Record, store: Store, path: Path, known_before: bool) -> None:
    """Print value, gap, work, times, the best baseline on record and the next command."""
    console = Console(highlight=False, soft_wrap=True)
    size = ", ".join(f"{k} {v}" for k, v in record.instance_size.items())
    where = escape(record.instance) + (f" ({size})" if size else "")
    console.print(
        f"[bold]{record.solver}[/] ({record.kind}) on {where}, {record.problem}, seed {record.seed}"
    )
    if known_before:
        console.print("  this trial is on record; --again runs it anew")
    rows = [("status", record.status.sentence + (f" {record.message}" if record.message else ""))]
    if record.value is not None:
        rows.append((record.metric, _value(record)))
        others = {k: v for k, v in record.metrics.items() if k != record.metric}
        if others:
            rows.append(("also", ", ".join(f"{k} {v:.4g}" for k, v in others.items())))
        rows += _rules(record)
        rows.append(("feasible", "yes" if record.feasible else f"no ({record.violation:g})"))
    rows.append(("work", f"{record.restarts} restarts, {record.steps} steps"))
    rows.append(
        (
            "time",
            f"solve {_s(record.solve_seconds)}, compile {_s(record.compile_seconds)}, "
            f"load {_s(record.load_seconds)}, verify {_s(record.verify_seconds)}",
        )
    )
    hardware = record.hardware
    rows.append(
        ("hardware", f"{hardware.get('device_kind', '?')}, {hardware.get('cores', '?')} cores")
    )
    rows.append(("record", f"{record.trial_id}  ({path})"))
    rows += [("note", note) for note in record.diagnostics.get("notes", [])]
    rival = _best_baseline(record, store)
    if rival:
        rows.append(("baseline", rival))
    next_one = _next(record)
    if next_one:
        rows.append(("try next", next_one))
    for name, text in rows:
        console.print(f"  {name:<9} {text}", markup=False)


def _s(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f} s"


def _rules(record: Record) -> list[tuple[str, str]]:
    """What each stopping rule returned, for problems of pictures; the answer's is marked."""
    answer = record.settings.get("answer")
    rows: list[tuple[str, str]] = []
    for name, found in record.diagnostics.items():
        if not isinstance(found, dict) or not {"step", record.metric} <= found.keys():
            continue
        stopped = "" if found.get("stopped", 1) else ", not stopped yet"
        mark = " <- the answer" if name == answer else ""
        text = f"{name} {_number(found[record.metric])} at step {found['step']}{stopped}{mark}"
        rows.append(("" if rows else "rules", text))
    return rows


def _number(value: float) -> str:
    return str(value) if float(value).is_integer() else f"{value:.5g}"


def _value(record: Record) -> str:
    about = catalog.entry("problem", record.problem).about
    text = f"{_number(record.value or 0)} {about.get('unit', '')}".rstrip()
    if record.polish and record.raw_value is not None:
        text += f" ({record.raw_value} before {record.polish['name']} polish)"
    published = published_optimum(record.instance)
    if published is not None and "objective" in record.metrics:
        objective = f", objective {record.metrics['objective']:.10g}"
        return f"{text}{objective}, published for this name {published.optimum:.10g}, not checked"
    known = registry_best_known(record.instance, record.problem)
    if known is None:
        return text + ("" if "unit" in about else ", no best known value on file")
    size = gap(record.value, known.value, record.sense) if record.feasible else None
    if size is None:
        return text + f", best known {known.value}"
    if size < 0:
        return text + f", BETTER than the best known {known.value} by {-100 * size:.3f} %"
    return text + f", best known {known.value}, gap {100 * size:.3f} %"


def _best_baseline(record: Record, store: Store) -> str | None:
    """The best baseline on this instance, from this store or else the shipped reference."""
    here = fingerprint(environment())
    same = {"role": "baseline", "instance_sha256": record.instance_sha256}
    found: list[tuple[Record, bool]] = []
    if sum(1 for _ in itertools.islice(store.ids(), _MOST_LOOKED_AT + 1)) <= _MOST_LOOKED_AT:
        found += [(r, False) for r in store.records_with(**same)]
    reference = places.reference_dir()
    if reference.is_dir():
        found += [(r, True) for r in Store(reference, read_only=True).records_with(**same)]
    best: tuple[Record, bool] | None = None
    for rival, shipped in found:
        if (
            rival.trial_id == record.trial_id
            or rival.problem != record.problem
            or _asked(rival) != _asked(record)
            or rival.value is None
            or not rival.feasible
        ):
            continue
        assert best is None or best[0].value is not None
        if best is None or better(rival.value, best[0].value or 0, record.sense):
            best = (rival, shipped)
    if best is None:
        return None
    rival, _ = best
    elsewhere = fingerprint(rival.environment) != here
    return f"{rival.solver} {_number(rival.value or 0)} in {_s(rival.solve_seconds)}" + (
        " (other machine)" if elsewhere else ""
    )


def _next(record: Record) -> str | None:
    """A rival of the other role; None where the problem (a plug-in's) names none."""
    base = f"dnnbench run problem={record.problem} instance={shlex.quote(record.instance)}"
    other = "baseline" if record.role == "method" else "method"
    rival = catalog.entry("problem", record.problem).about.get("try", {}).get(other)
    return f"{base} {other}={rival}" if rival else None


def _asked(record: Record) -> dict[str, Any]:
    """What is asked of the instance: the problem's settings but for what follows the solver."""
    return {k: v for k, v in record.problem_settings.items() if k != "polish"}
