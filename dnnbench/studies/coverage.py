"""How much of an experiment is on record, in the words of a table."""

from collections.abc import Sequence

from dnnbench.records.store import Store
from dnnbench.report.absent import Absent, Coverage
from dnnbench.report.where import same_value
from dnnbench.sweep.manifest import Manifest
from dnnbench.sweep.not_run import Planned, not_run


def coverage(
    store: Store,
    found: Manifest,
    *,
    instances: Sequence[str] | None = None,
    solvers: Sequence[str] | None = None,
    where: Sequence[str] = (),
) -> Coverage:
    """Which of an experiment's trials have no record.

    Args:
        store: where the others are.
        found: the experiment.
        instances: names that a table is about; None is all.
        solvers: names that it is about; None is all.
        where: `KEY=VALUE` words that hold for what it is about.
    """
    on_record = [store.get(trial) for trial in found.trials if store.has(trial)]
    planned = not_run(found, on_record)
    absent = tuple(
        Absent(p.problem, p.role, p.solver, p.instance, p.seed)
        for p in planned or ()
        if (not instances or p.instance in instances)
        and (not solvers or p.solver in solvers)
        and not any(_contradicts(p, word) for word in where)
    )
    return Coverage(
        experiment=found.name,
        trials=len(found.trials),
        missing=len(found.trials) - len(on_record),
        absent=absent,
        known=planned is not None,
    )


def _contradicts(planned: Planned, word: str) -> bool:
    """Whether a trial was planned with another value than `KEY=VALUE` asks for."""
    key, _, wanted = word.partition("=")
    return key in planned.settings and not same_value(planned.settings[key], wanted)
