"""The files of a paper: text, tables, figures, and the PDF where TeX is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dnnbench.errors import UserError
from dnnbench.records.store import Store
from dnnbench.report.best_known import registry_best_known
from dnnbench.report.paper.render import render_paper
from dnnbench.report.where import holding
from dnnbench.studies.figure import draw
from dnnbench.studies.paper.compile import Compiled, compile_pdf
from dnnbench.studies.paper.description import Description
from dnnbench.studies.paper.document import Section, document
from dnnbench.studies.paper.parts import Evidence

__all__ = ["Written", "write_paper"]


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        text: the file that names the others.
        sections: what stands in it of each family.
        compiled: the PDF, or why there is none.
    """

    text: Path
    sections: tuple[Section, ...]
    compiled: Compiled


def write_paper(
    paper: Description, profile: str, found: Sequence[Evidence], store: Store, output: Path
) -> Written:
    """Write everything; what an earlier call wrote of these families is replaced.

    Args:
        paper: what is shown.
        profile: which was run.
        found: what is on record of each family.
        store: where.
        output: folder of `main.tex`.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        for folder in (output, output / "tables", output / "figures"):
            folder.mkdir(parents=True, exist_ok=True)
        for name in ("main.pdf", "main.log"):
            (output / name).unlink(missing_ok=True)  # of an earlier text
        sections = tuple(_section(each, store, output) for each in found)
        text = document(paper, profile, sections, _shown(store.root, output))
        (output / "main.tex").write_text(text, encoding="utf-8")
        sources = ["main.tex", *(name for s in sections for name in (s.table, s.figure) if name)]
        compiled = compile_pdf(output, sources)
    except OSError as error:
        raise UserError(f"cannot write to '{output}': {error.strerror}") from None
    return Written(output / "main.tex", sections, compiled)


def _shown(root: Path, output: Path) -> str:
    """The results folder as the commands name it, which are run in that of the text."""
    try:
        return root.resolve().relative_to(output.resolve()).as_posix()
    except ValueError:
        return "RESULTS"  # elsewhere: a path says too much of a machine


def _section(found: Evidence, store: Store, output: Path) -> Section:
    table, no_table = _table(found, output)
    figure, no_figure = _figure(found, store, output)
    return Section(found, table, no_table, figure, no_figure)


def _table(found: Evidence, output: Path) -> tuple[str, str]:
    """The table's file and why there is none, of which one is "". Its figures stand in a CSV."""
    import yaml

    family = found.part.family
    path, described = f"tables/{family.name}.tex", f"tables/{family.name}.yaml"
    data = output / "tables" / f"{family.name}.csv"
    for old in (output / path, output / described, data):
        old.unlink(missing_ok=True)
    if set(family.report) != {"name"}:
        report = yaml.safe_dump(dict(family.report), sort_keys=False, allow_unicode=True)
        (output / described).write_text(report, encoding="utf-8")
    try:
        text, figures = (
            render_paper(
                found.records, family.table, registry_best_known, form, coverage=found.coverage
            )
            for form in ("latex", "csv")
        )
    except UserError as error:
        return "", str(error)
    (output / path).write_text(text, encoding="utf-8")
    data.write_text(figures, encoding="utf-8")
    return path, ""


def _figure(found: Evidence, store: Store, output: Path) -> tuple[str, str]:
    """The figure's file and why there is none; both are "" where none is asked for."""
    family = found.part.family
    name = f"figures/{family.name}.pdf"
    (output / name).unlink(missing_ok=True)
    if family.picture is None:
        return "", ""
    asked = family.picture
    records = [
        record
        for record in found.records
        if (not asked.solvers or record.solver in asked.solvers)
        and (not asked.instances or record.instance in asked.instances)
        and (not asked.seeds or record.seed in asked.seeds)
    ]
    try:
        for word in asked.where:
            records = holding(records, word)
        if not records:
            return "", "none of its trials is on record"
        draw(asked.drawing, records, store, output / name)
    except UserError as error:
        return "", str(error)
    return name, ""
