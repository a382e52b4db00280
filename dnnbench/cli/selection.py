"""Which records of a results folder a report is about."""

from collections.abc import Sequence
from pathlib import Path

import typer

from dnnbench.errors import UserError
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.report.where import holding


def open_store(results: Path) -> Store:
    """The store in a folder; what cannot be read in it is said on standard error.

    Raises:
        UserError: there is no such folder.
    """
    if not results.is_dir():
        raise UserError(f"no results folder '{results}'; name the one given to results=DIR")
    return Store(results, on_problem=lambda text: typer.echo(f"dnnbench: {text}", err=True))


def chosen_records(
    store: Store,
    instances: Sequence[str] | None = None,
    solvers: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    digits: Sequence[str] | None = None,
    where: Sequence[str] | None = None,
) -> list[Record]:
    """The records with one of these values in each field; None or nothing means all.

    Args:
        store: where they are.
        instances: names of instances.
        solvers: names of solvers.
        seeds: seeds.
        digits: beginnings of trial ids.
        where: `KEY=VALUE` words that all hold: settings under their own names, the rest under
            `problem.`, `budget.`, `plan.`, `hardware.`.

    Raises:
        UserError: there is none.
    """
    found = store.all_records(
        lambda r: (
            (not instances or r.instance in instances)
            and (not solvers or r.solver in solvers)
            and (not seeds or r.seed in seeds)
            and (not digits or r.trial_id.startswith(tuple(digits)))
        )
    )
    for word in where or ():
        if "=" not in word:
            raise UserError(f"--where '{word}': write KEY=VALUE")
        found = holding(found, word)
    if not found:
        raise UserError(f"no records in '{store.root}' match")
    return found
