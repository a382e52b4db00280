"""Records as one flat table, for pandas, R and spreadsheets."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from dnnbench.errors import UserError
from dnnbench.records import plain
from dnnbench.records.schema import Record
from dnnbench.report.best_known import BestKnownLookup
from dnnbench.report.summary import json_object

Format = Literal["csv", "parquet", "json"]

# Left out of the flat table: a curve (its own file's business) and what repeats in all rows.
_LEFT_OUT = ("record",)
_AS_JSON = ("trace", "diagnostics")
# Objects or nothing: without one there is no column of the bare name.
_OPTIONAL_OBJECTS = ("polish",)


def frame(records: Iterable[Record], best_known: BestKnownLookup) -> pd.DataFrame:
    """One row a record, `trial_id` first; nested fields become `budget.seconds`, `settings.x`.

    `trace` and `diagnostics` are JSON in one column each. The columns are described in
    `docs/records.md`. Cells hold Python's own values, None where a record has none, so that
    integers stay integers in columns with gaps.
    """
    rows = []
    for record in records:
        nested = json_object(record, best_known)
        nested["trace"] = [list(row) for row in record.trace]
        nested["environment"] = record.environment
        for name in _LEFT_OUT:
            del nested[name]
        row: dict[str, Any] = {}
        for name, value in nested.items():
            if name in _AS_JSON:
                row[name] = plain.dumps(plain.encode(value))
            elif value is not None or name not in _OPTIONAL_OBJECTS:
                row |= _flat(name, value)
        rows.append(row)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = {name: [row.get(name) for row in rows] for name in columns}
    return pd.DataFrame({name: pd.Series(cells[name], dtype=object) for name in columns})


def write(table: pd.DataFrame, format: Format, path: Path | None) -> str | None:
    """Write the table to a file, or return it as text.

    Raises:
        UserError: the file cannot be written, or Parquet was asked for without a file or without
            the package that writes it.
    """
    if format == "parquet":
        if path is None:
            raise UserError("--format parquet is binary: give a file with --output")
        _parquet(table, path)
        return None
    if format == "csv":
        text = table.to_csv(index=False)
    else:
        # Not by pandas, which rounds floats to 15 digits and refuses large integers.
        lines = (plain.dumps(row) for row in table.to_dict(orient="records"))
        text = "[\n" + ",\n".join(lines) + "\n]\n"
    if path is None:
        return text
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror}") from None
    return None


def _parquet(table: pd.DataFrame, path: Path) -> None:
    try:
        _one_type_each(table).to_parquet(path, index=False)
    except ImportError:
        raise UserError(
            "--format parquet: pyarrow is not installed (pip install 'dnnbench[parquet]')"
        ) from None
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror or error}") from None


def _one_type_each(table: pd.DataFrame) -> pd.DataFrame:
    """The table with columns of one type: integers among floats are floats, other mixtures text.

    Integers beyond 64 bits are text too; those beyond 2^53 among floats are rounded.
    """
    columns = {}
    for name in table.columns:
        cells = table[name].tolist()
        kinds = {type(value) for value in cells if value is not None}
        if kinds == {int, float}:
            cells = [None if value is None else float(value) for value in cells]
        elif len(kinds) > 1 or any(type(v) is int and abs(v) >= 2**63 for v in cells):
            cells = [None if value is None else str(value) for value in cells]
        columns[name] = pd.Series(cells, dtype=object)
    return pd.DataFrame(columns)


def _flat(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        flat: dict[str, Any] = {}
        for key, inner in value.items():
            flat |= _flat(f"{name}.{key}", inner)
        return flat
    return {name: plain.dumps(value) if isinstance(value, list) else value}
