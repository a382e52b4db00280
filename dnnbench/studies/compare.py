"""Several solvers on several instances and seeds, and the records to make a table of."""

from collections.abc import Sequence

from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.sweep.planning import Task


def compared(store: Store, tasks: Sequence[Task]) -> list[Record]:
    """The records of these trials, in their order; trials without one are left out.

    Args:
        store: where they are.
        tasks: the trials that were compared.
    """
    return [store.get(t.trial_id) for t in tasks if store.status(t.trial_id) is not None]
