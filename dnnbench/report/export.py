"""Records as flat tables, for pandas, R and spreadsheets."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from dnnbench.errors import UserError
from dnnbench.records import plain
from dnnbench.records.schema import Record
from dnnbench.report.best_known import BestKnownLookup
from dnnbench.report.export_file import csv_text, whole_characters, write_parquet
from dnnbench.report.export_schema import RECORDS, TRACES, VERSION, Column, place
from dnnbench.report.summary import finite, json_object

Format = Literal["csv", "parquet", "json"]

_AS_JSON = ("trace", "diagnostics")


def frame(records: Iterable[Record], best_known: BestKnownLookup) -> pd.DataFrame:
    """One row a record, `trial_id` first; nested fields become `budget.seconds`, `settings.x`.

    `trace` and `diagnostics` are JSON in one column each. The columns, in the order of
    `export_schema.RECORDS`, are described in `docs/records.md`. Cells hold Python's own values,
    None where a record has none, so that integers stay integers in columns with gaps.
    """
    columns: dict[str, list[Any]] = {c.name: [] for c in RECORDS if "." not in c.name}
    for before, record in enumerate(records):
        for name, value in _row(record, best_known).items():
            if name not in columns:
                columns[name] = [None] * before
            columns[name].append(value)
        for cells in columns.values():
            if len(cells) == before:
                cells.append(None)
    return _table({name: columns[name] for name in sorted(columns, key=place)})


def trace_frame(records: Iterable[Record]) -> pd.DataFrame:
    """One row for each row of each trace, in the records' order; `export_schema.TRACES`."""
    columns: dict[str, list[Any]] = {column.name: [] for column in TRACES}
    for record in records:
        count = len(record.trace)
        columns["trial_id"] += [record.trial_id] * count
        columns["schema"] += [VERSION] * count
        columns["row"] += range(count)
        for name, at in (("seconds", 0), ("steps", 1), ("objective", 2)):
            columns[name] += [finite(row[at]) for row in record.trace]
    return _table(columns)


def write(
    table: pd.DataFrame,
    format: Format,
    path: Path | None,
    columns: Sequence[Column] = RECORDS,
) -> str | None:
    """Write the table to a file, or return it as text.

    Args:
        table: from `frame` or `trace_frame`.
        format: of the file; `docs/records.md` says what CSV and Parquet cannot hold.
        path: of the file; None returns the text.
        columns: of which table.

    Raises:
        UserError: the file cannot be written, or Parquet was asked for without a file or without
            the package that writes it.
    """
    if format == "parquet":
        if path is None:
            raise UserError("--format parquet is binary: give a file with --output")
        write_parquet(table, path, tuple(columns))
        return None
    if format == "csv":
        text = csv_text(table)
    else:
        # Not by pandas, which rounds floats to 15 digits and refuses large integers.
        names = list(table.columns)
        rows = zip(*(table[name].tolist() for name in names), strict=True)
        lines = (plain.dumps(dict(zip(names, row, strict=True))) for row in rows)
        text = "[\n" + ",\n".join(lines) + "\n]\n"
    if path is None:
        return text
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror}") from None
    return None


def _row(record: Record, best_known: BestKnownLookup) -> dict[str, Any]:
    """The cells of a record by the names of their columns."""
    nested = json_object(record, best_known)
    del nested["record"]  # a place on this machine
    nested |= {"schema": VERSION, "trace": record.trace, "environment": finite(record.environment)}
    row: dict[str, Any] = {}
    for name, value in nested.items():
        if name in _AS_JSON:
            row[name] = _json(getattr(record, name))
        elif isinstance(value, dict):
            _flatten(name, value, row)
        elif name != "polish":  # an object or nothing: there is no column of the bare name
            row[name] = value
    return row


def _flatten(name: str, value: dict[str, Any], row: dict[str, Any]) -> None:
    """Add a cell for each key, and for each key of objects in it."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            _flatten(f"{name}.{key}", inner, row)
        else:
            row[whole_characters(f"{name}.{key}")] = (
                plain.dumps(inner) if isinstance(inner, list) else inner
            )


def _json(value: Any) -> str:
    """The value as a record file has it."""
    try:
        return plain.dumps(value)  # nearly always; it refuses what needs to be encoded
    except (TypeError, ValueError):
        return plain.dumps(plain.encode(value))


def _table(columns: dict[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})
