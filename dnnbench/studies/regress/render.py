"""What the gate found, in words: the verdict first, then the tables of what moved."""

import json
from typing import Any, Literal

from dnnbench.report.differences.as_data import Names, as_csv, as_object
from dnnbench.report.differences.render import render as render_comparison
from dnnbench.report.layouts.cell import visible
from dnnbench.studies.regress.judge import Verdict

Format = Literal["terminal", "markdown", "csv", "json"]


def render(verdict: Verdict, format: Format, names: Names, *, width: int | None = None) -> str:
    """The verdict as text, ending in a newline.

    Args:
        verdict: what was found.
        format: for whom; CSV and JSON have every line, unrounded.
        names: what the reference (A) and the run (B) are called.
        width: of the terminal, in characters.
    """
    if format == "json":
        return json.dumps(_object(verdict, names), allow_nan=False) + "\n"
    if format == "csv":
        text = as_csv(verdict.quality)
        if verdict.speed is None:
            return text
        return text + as_csv(verdict.speed).partition("\n")[2]
    parts = ["".join(f"{visible(line)}\n" for line in _head(verdict, format))]
    parts.append(_title("Answers", format))
    parts.append(render_comparison(verdict.quality, format, names=names, width=width))
    if verdict.speed is not None:
        note = (
            "Processor seconds of a step over those of the calibration kernel right before and "
            "after the solve; A and B are these ratios."
        )
        speed_names = Names(names.a, names.b, (note,))
        parts.append(_title("Speed", format))
        parts.append(render_comparison(verdict.speed, format, names=speed_names, width=width))
    return "\n".join(parts)


def _title(text: str, format: Literal["terminal", "markdown"]) -> str:
    return f"## {text}\n" if format == "markdown" else f"{text}\n{'=' * len(text)}\n"


def summary(verdict: Verdict) -> str:
    """The verdict in one line."""
    if verdict.reasons:
        count = len(verdict.reasons)
        return f"regression: {count} {'finding' if count == 1 else 'findings'}"
    return "no regression"


def _head(verdict: Verdict, format: Literal["terminal", "markdown"]) -> list[str]:
    """Verdict and reasons, then how exact the comparison is."""
    item = "- " if format == "markdown" else "  "
    if format == "markdown":
        escaped = [r.replace("<", "&lt;").replace("|", "\\|") for r in verdict.reasons]
        lines = [f"**{summary(verdict)}**", "", *(item + reason for reason in escaped), ""]
    else:
        lines = [summary(verdict), *(item + reason for reason in verdict.reasons)]
    lines.append(_repeats(verdict))
    if verdict.no_speed is not None:
        lines.append(f"Speed is not compared: {verdict.no_speed}.")
    return lines


def _repeats(verdict: Verdict) -> str:
    if not verdict.exact:
        return (
            "The reference was made on another kind of machine or with other packages: values "
            "need not repeat, and the paired test decides "
            f"({verdict.changed} of {verdict.pairs} differ)."
        )
    if verdict.changed:
        return (
            f"{verdict.changed} of {verdict.pairs} values differ on one kind of machine with the "
            "same packages: the code computes something else."
        )
    return f"All {verdict.pairs} values repeat exactly (one kind of machine, the same packages)."


def _object(verdict: Verdict, names: Names) -> dict[str, Any]:
    return {
        "regression": bool(verdict.reasons),
        "reasons": list(verdict.reasons),
        "exact": verdict.exact,
        "kinds": list(verdict.kinds),
        "changed": verdict.changed,
        "pairs": verdict.pairs,
        "no_speed": verdict.no_speed,
        "quality": as_object(verdict.quality, names),
        "speed": None if verdict.speed is None else as_object(verdict.speed, names),
    }
