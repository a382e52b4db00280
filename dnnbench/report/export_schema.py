"""The columns of exported tables: their order, types and units, in a version.

`docs/records.md` has the same list in words; a test compares the two. Raise `VERSION` whenever a
column goes, changes its type or its unit, or comes to stand elsewhere.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

VERSION = 1

Kind = Literal["string", "integer", "float", "number", "boolean", "json", "any"]
"""What a column holds: `number` is integers or floats, `json` is text, `any` is what there is."""


@dataclass(frozen=True)
class Column:
    """A column, or all those of an object's keys.

    Attributes:
        name: `value`; `settings.*` for the columns that begin so.
        kind: of its cells, where they are not missing.
        unit: in words; empty where there is none.
    """

    name: str
    kind: Kind
    unit: str = ""

    @property
    def group(self) -> bool:
        """Whether it stands for several."""
        return self.name.endswith(".*")


RECORDS: tuple[Column, ...] = (
    Column("trial_id", "string"),
    Column("schema", "integer"),
    Column("solver", "string"),
    Column("kind", "string"),
    Column("problem", "string"),
    Column("instance", "string"),
    Column("seed", "integer"),
    Column("status", "string"),
    Column("feasible", "boolean"),
    Column("metric", "string"),
    Column("sense", "string"),
    Column("value", "number", "of `metric`"),
    Column("claimed_value", "float", "of `metric`"),
    Column("best_known", "number", "of `metric`"),
    Column("gap", "float", "fraction"),
    Column("steps", "integer", "steps"),
    Column("restarts", "integer", "restarts"),
    Column("load_seconds", "float", "s"),
    Column("compile_seconds", "float", "s"),
    Column("solve_seconds", "float", "s"),
    Column("verify_seconds", "float", "s"),
    Column("hardware.*", "any"),
    Column("diagnostics", "json"),
    Column("message", "string"),
    Column("role", "string"),
    Column("taxonomy", "string"),
    Column("solver_version", "integer"),
    Column("problem_settings.*", "any"),
    Column("instance_sha256", "string"),
    Column("instance_size.*", "integer"),
    Column("raw_value", "number", "of `metric`"),
    Column("polish.*", "any"),
    Column("violation", "float", "of the problem"),
    Column("metrics.*", "float", "in its name"),
    Column("settings.*", "any"),
    Column("budget.seconds", "float", "s"),
    Column("budget.steps", "integer", "steps"),
    Column("budget.restarts", "integer", "restarts"),
    Column("budget.target", "number", "of `metric`"),
    Column("budget.cores", "integer", "cores"),
    Column("budget.*", "any"),
    Column("plan.*", "any"),
    Column("stacked", "boolean"),
    Column("best_known_kind", "string"),
    Column("best_known_source", "string"),
    Column("run_id", "string"),
    Column("created", "string", "UTC, ISO 8601"),
    Column("solution", "string"),
    Column("trace", "json"),
    Column("environment.*", "any"),
)
"""One row a trial."""

TRACES: tuple[Column, ...] = (
    Column("trial_id", "string"),
    Column("schema", "integer"),
    Column("row", "integer"),
    Column("seconds", "float", "s"),
    Column("steps", "number", "steps"),
    Column("objective", "number", "of `metric`"),
)
"""One row for each row of each trial's trace."""


def place(name: str, columns: tuple[Column, ...] = RECORDS) -> tuple[int, str]:
    """The sort key that brings columns into their order: as listed, keys of an object by name.

    Raises:
        ValueError: no column of the list is called so.
    """
    places = _places(columns)
    if name in places:
        return places[name], name
    head, dot, _ = name.partition(".")
    if dot and f"{head}.*" in places:
        return places[f"{head}.*"], name
    raise ValueError(f"the export has no column '{name}'")


def kind_of(name: str, columns: tuple[Column, ...] = RECORDS) -> Kind:
    """What a column of this name holds."""
    return columns[place(name, columns)[0]].kind


@cache
def _places(columns: tuple[Column, ...]) -> dict[str, int]:
    return {column.name: at for at, column in enumerate(columns)}
