"""What `dnnbench table` is about: a report's description, the trials of an experiment."""

from collections.abc import Sequence
from dataclasses import replace

from dnnbench.errors import UserError
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.report.absent import Coverage
from dnnbench.report.paper.spec import Printed, Spec, read_spec
from dnnbench.studies.coverage import coverage
from dnnbench.sweep import manifest
from dnnbench.sweep.expand import suite_members


def read_report(name: str) -> Spec:
    """The description of a paper's table, with the instances of its suite.

    Raises:
        UserError: there is none of that name, or something in it is wrong.
    """
    spec = read_spec(name)
    if not spec.suite:
        return spec
    return replace(spec, instances=tuple(Printed(n, n) for n in suite_members(spec.suite)))


def of_experiment(
    store: Store,
    name: str,
    records: Sequence[Record],
    *,
    instances: Sequence[str] | None,
    solvers: Sequence[str] | None,
    where: Sequence[str],
) -> tuple[list[Record], Coverage]:
    """The records of an experiment's trials, and which of its trials have none.

    Args:
        store: where the experiment was started.
        name: of the experiment.
        records: those chosen so far.
        instances: names that were chosen; None is all.
        solvers: names that were chosen; None is all.
        where: `KEY=VALUE` words that hold for the chosen.

    Raises:
        UserError: there is no such experiment, or none of its trials is among the records.
    """
    found = manifest.read(store.root, name)
    trials = set(found.trials)
    own = [record for record in records if record.trial_id in trials]
    if not own:
        raise UserError(f"no trial of experiment '{name}' that matches is on record")
    return own, coverage(store, found, instances=instances, solvers=solvers, where=where)
