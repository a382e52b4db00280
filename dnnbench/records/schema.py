"""The record: the row that every trial leaves, whether it succeeded or not.

`docs/records.md` says what each field means. A record is strict JSON (`dnnbench.records.plain`
says how NaN and infinity are written). The schema has an integer version: an older record is
brought up to date when it is read, a newer one is refused, an unknown or missing field is an
error.
"""

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal

from dnnbench.records import plain
from dnnbench.records.status import Status
from dnnbench.records.typed import Check, check_for

__all__ = ["MIGRATIONS", "SCHEMA_VERSION", "NewerSchemaError", "Record", "Status"]

SCHEMA_VERSION = 1
_TRACE_COLUMNS = 3

# From version k to k + 1: a function on the object (decoded), which need not touch `schema`.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


class NewerSchemaError(ValueError):
    """A newer dnnbench wrote the record: nothing is wrong with it, but this one cannot read it."""


@dataclass(frozen=True)
class Record:
    """One trial. The fields are described in `docs/records.md`, in this order."""

    schema: int
    trial_id: str
    run_id: str
    created: str
    solver: str
    role: Literal["method", "baseline"]
    kind: str
    taxonomy: str
    solver_version: int
    problem: str
    problem_settings: dict[str, Any]
    instance: str
    instance_sha256: str
    instance_size: dict[str, int]
    seed: int
    settings: dict[str, Any]
    budget: dict[str, int | float | None]
    plan: dict[str, Any]
    status: Status
    message: str | None
    feasible: bool | None
    violation: float | None
    metric: str
    sense: Literal["max", "min"]
    value: int | float | None
    raw_value: int | float | None
    claimed_value: float | None
    polish: dict[str, Any] | None
    metrics: dict[str, float]
    steps: int
    restarts: int
    load_seconds: float | None
    compile_seconds: float | None
    solve_seconds: float | None
    verify_seconds: float | None
    stacked: bool
    trace: list[list[int | float | None]]
    diagnostics: dict[str, Any]
    hardware: dict[str, Any]
    environment: dict[str, Any]
    solution: str | None

    def to_json(self) -> dict[str, Any]:
        """The record as an object of strict JSON, fields in schema order.

        Raises:
            ValueError: a field has a value of the wrong type, or one that is not plain data.
        """
        encoded = {field.name: plain.encode(getattr(self, field.name)) for field in fields(self)}
        Record.from_json(encoded)  # what could not be read back must never be written
        return encoded

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Record":
        """The record that `to_json` wrote, now or in an older version.

        Raises:
            NewerSchemaError: its schema is newer than this code.
            ValueError: a field is missing, unknown or of the wrong type.
        """
        return _build(plain.decode(dict(data)))

    def dumps(self) -> str:
        """The text of a record file: one field a line, so that differences can be read."""
        lines = [f"{plain.dumps(k)}: {plain.dumps(v)}" for k, v in self.to_json().items()]
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @staticmethod
    def loads(text: str | bytes) -> "Record":
        """The record in the text of a record file.

        Raises:
            NewerSchemaError: its schema is newer than this code.
            ValueError: it is not strict JSON or not a record.
        """
        data = plain.loads(text)
        if not isinstance(data, dict):
            raise ValueError("not a record: not a JSON object")
        return _build(data)


def _build(data: dict[str, Any]) -> Record:
    """The record whose fields are `data`, in any schema up to the present one."""
    known = _fields()
    data = _migrate(data)
    if data.keys() != known.keys():
        unknown = [name for name in data if name not in known]
        missing = [name for name in known if name not in data]
        said = [f"unknown: {', '.join(unknown)}"] if unknown else []
        said += [f"missing: {', '.join(missing)}"] if missing else []
        raise ValueError(f"not a record of schema {SCHEMA_VERSION} ({'; '.join(said)})")
    values = {}
    for name, check in known.items():
        try:
            values[name] = check(data[name])
        except ValueError as error:
            raise ValueError(f"field '{name}': {error}") from None
    if not set(map(len, values["trace"])) <= {_TRACE_COLUMNS}:
        raise ValueError("field 'trace': a row is not seconds, steps and objective")
    return Record(**values)


@cache
def _fields() -> dict[str, Check]:
    return {name: check_for(hint) for name, hint in typing.get_type_hints(Record).items()}


def _migrate(data: dict[str, Any]) -> dict[str, Any]:
    """A copy of `data` in the present schema."""
    version = data.get("schema")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("not a record: its schema is not a version number")
    if version > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"written by a newer dnnbench (schema {version}; this one reads up to "
            f"{SCHEMA_VERSION}): update dnnbench to read it"
        )
    current = dict(data)
    for step in range(version, SCHEMA_VERSION):
        current = MIGRATIONS[step](current) | {"schema": step + 1}
    return current
