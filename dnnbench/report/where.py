"""Records for which `KEY=VALUE` words hold."""

from collections.abc import Sequence

from dnnbench.errors import unknown
from dnnbench.records.schema import Record
from dnnbench.report.variant import variant


def holding(records: Sequence[Record], word: str) -> list[Record]:
    """The records for which `KEY=VALUE` holds; numbers are compared as numbers.

    Args:
        records: any; of none there is none.
        word: settings under their own names, the rest under `problem.`, `budget.`, `plan.`,
            `hardware.`.

    Raises:
        UserError: no record has such a key.
    """
    if not records:
        return []
    key, _, wanted = word.partition("=")
    variants = [(record, variant(record)) for record in records]
    known = {name for _, found in variants for name in found}
    if key not in known:
        raise unknown("key of --where", key, sorted(known))
    return [r for r, found in variants if key in found and same_value(found[key], wanted)]


def same_value(value: str, wanted: str) -> bool:
    """Whether two words mean the same; numbers are compared as numbers."""
    try:
        return float(value) == float(wanted)
    except ValueError:
        return value.strip('"') == wanted
