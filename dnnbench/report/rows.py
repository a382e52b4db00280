"""Rows of a table as CSV, with all that they hold."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any


def as_csv(rows: Sequence[Any], of: type[Any]) -> str:
    """A header and one line a row, figures unrounded.

    Args:
        rows: instances of a dataclass.
        of: that dataclass; without rows there is its header all the same.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(of)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()
