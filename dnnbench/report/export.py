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


def frame(records: Iterable[Record], best_known: BestKnownLookup) -> pd.DataFrame:
    """One row a record, `trial_id` first; nested fields become `budget.seconds`, `settings.x`.

    `trace` and `diagnostics` are JSON in one column each. The columns are described in
    `docs/records.md`.
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
            else:
                row |= _flat(name, value)
        rows.append(row)
    return pd.DataFrame(rows)


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
        text = table.to_json(orient="records", lines=False, double_precision=15) + "\n"
    if path is None:
        return text
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror}") from None
    return None


def _parquet(table: pd.DataFrame, path: Path) -> None:
    # A column whose rows have different types (a setting that is a number here, a word there) is
    # text in Parquet, which has one type a column.
    plain_table = table.copy()
    for name in plain_table.columns:
        column = plain_table[name]
        kinds = {type(value) for value in column.dropna()}
        if len(kinds) > 1 and not kinds <= {int, float}:
            plain_table[name] = column.map(lambda v: v if v is None else str(v))
    try:
        plain_table.to_parquet(path, index=False)
    except ImportError:
        raise UserError(
            "--format parquet: pyarrow is not installed (pip install 'dnnbench[parquet]')"
        ) from None
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror or error}") from None


def _flat(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        flat: dict[str, Any] = {}
        for key, inner in value.items():
            flat |= _flat(f"{name}.{key}", inner)
        return flat
    return {name: plain.dumps(value) if isinstance(value, list) else value}
