"""The gate's sweep: planned from the experiment as it is now, on records of this very code only."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.records.store import Store
from dnnbench.runner.supervise import Watch
from dnnbench.studies.regress import clocked
from dnnbench.studies.regress.clocked import Clock
from dnnbench.sweep.campaign import (
    Request,
    Summary,
    Survey,
    compose_launcher,
    plan_request,
    read_request,
    run_survey,
    survey,
)
from dnnbench.sweep.execute import Event, Settings
from dnnbench.sweep.manifest import Manifest
from dnnbench.sweep.planning import Task


@dataclass(frozen=True)
class Plan:
    """A sweep that can begin.

    Attributes:
        request: what is to be run.
        found: its trials held against the store.
        settings: of the sweep.
        code: digest of the code that runs it.
    """

    request: Request
    found: Survey
    settings: Settings
    code: str


def default_results() -> Path:
    """A folder for the records of this code: another state of it has another one."""
    return Path("results") / "regress" / clocked.code_digest()


def plan(
    experiment: str | None,
    reference: Manifest | None,
    results: Path,
    *,
    data_dir: Path | None,
    cache_dir: Path,
) -> Plan:
    """What is to be run.

    Args:
        experiment: a name or a YAML file; None for that of the reference: as it is now if there
            still is one of that name, else by the words in the reference.
        reference: the reference's experiment, or None.
        results: where the records go.
        data_dir: where instances are, or None.
        cache_dir: where downloads are kept.

    Raises:
        UserError: something is wrong with the experiment, or the folder has trials of it that
            other code ran.
    """
    request = replace(_request(experiment, reference), results=results)
    tasks = plan_request(request, data_dir=data_dir, cache_dir=cache_dir)
    found = survey(Store(results), tasks, retry_failed=False)
    code = clocked.code_digest()
    on_record = len(found.tasks) - len(found.left)
    known = clocked.read(results)
    if on_record and (known is None or known.code != code):
        raise UserError(
            f"{results} has {on_record} trials of this experiment that other code ran (or that ran "
            "without the gate): give an empty folder with --results, or --stored to judge these"
        )
    if known is not None and known.code != code:
        raise UserError(f"{results} belongs to other code: give an empty folder with --results")
    return Plan(request, found, Settings(results, data_dir, cache_dir), code)


def run(plan: Plan, started: Callable[[Task], Watch], ended: Callable[[Event], None]) -> Summary:
    """Run what is left, every solve between two timings of the calibration kernel."""
    clock = Clock(plan.settings.results, plan.code)
    clock.start()
    return run_survey(plan.request, plan.found, plan.settings, *clock.around(started, ended))


def _request(experiment: str | None, reference: Manifest | None) -> Request:
    if experiment is not None:
        return read_request([f"experiment={experiment}"])
    if reference is None:
        raise UserError("there is no reference yet: name the experiment with --experiment")
    if reference.name in catalog.entries("experiment"):
        return read_request([f"experiment={reference.name}"])
    return Request(reference.name, reference.blocks, compose_launcher([]), Path("results"))
