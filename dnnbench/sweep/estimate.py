"""How long trials will take, from the records of earlier ones."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from dnnbench.records.schema import Record
from dnnbench.sweep.planning import Task


def estimate_seconds(tasks: Sequence[Task], records: Iterable[Record]) -> tuple[float, int]:
    """Expected seconds of these tasks together.

    A task takes what the same solver took on the same instance on average, else what it took on
    others, else its budget in seconds.

    Args:
        tasks: what is left to do.
        records: what was done, of any sweep.

    Returns:
        The seconds, and how many tasks are not in them because nothing is known.
    """
    exact: dict[tuple[str, str], list[float]] = defaultdict(list)
    rough: dict[str, list[float]] = defaultdict(list)
    for record in records:
        apart = (record.load_seconds, record.compile_seconds, record.solve_seconds)
        seconds = sum(s for s in (*apart, record.verify_seconds) if s is not None)
        exact[record.solver, record.instance].append(seconds)
        rough[record.solver].append(seconds)
    total, unknown = 0.0, 0
    for task in tasks:
        seen = exact.get((task.solver, task.instance)) or rough.get(task.solver)
        if task.seconds is not None:
            overhead = 0.0
            if seen:
                overhead = max(sum(seen) / len(seen) - task.seconds, 0.0)
            total += task.seconds + min(overhead, task.seconds)
        elif seen:
            total += sum(seen) / len(seen)
        else:
            unknown += 1
    return total, unknown
