"""`dnnbench paper`: the sweeps, tables and figures of a paper, and its text."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dnnbench.cli import places, plugin_option
from dnnbench.cli.plugin_option import PluginOption

if TYPE_CHECKING:
    from dnnbench.records.store import Store
    from dnnbench.studies.paper.parts import Part
    from dnnbench.studies.paper.write import Written
    from dnnbench.sweep.campaign import Summary


def paper(
    name: Annotated[
        str, typer.Argument(help="A name of configs/paper, or a YAML file.")
    ] = "survey",
    profile: Annotated[
        str | None,
        typer.Option(
            help="How much is run: quick or full, or what the paper has. [its first]",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")] = Path(
        "results/paper"
    ),
    results: Annotated[
        Path | None,
        typer.Option(help="Folder of the records. [OUTPUT/store]", show_default=False),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only these families.", show_default=False)
    ] = None,
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Write it from what is on record.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run and how long it would take.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run trials again whose failure is on record.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what was written.")] = False,
    plugin: PluginOption = None,
) -> int:
    """Make a paper: run what is missing, then write its tables, figures, text and PDF."""
    from dnnbench.records.store import Store
    from dnnbench.studies.paper.description import read_description
    from dnnbench.studies.paper.parts import evidence, plan_parts
    from dnnbench.studies.paper.write import write_paper

    plugin_option.load(plugin)
    described = read_description(name).only(only or ())
    profile = described.profile(profile)
    root = output / "store" if results is None else results
    parts = plan_parts(
        described, profile, root, data_dir=places.data_dir(), cache_dir=places.cache_dir()
    )
    store = Store(
        root,
        read_only=no_run or dry_run,
        on_problem=lambda text: typer.echo(f"dnnbench: {text}", err=True),
    )
    if dry_run:
        _print_plan(parts, store)
        return 0
    if not no_run and not _run(parts, store, retry_failed=retry_failed, quiet=quiet):
        typer.echo("dnnbench: interrupted; the same command goes on from here", err=True)
        return 130
    found = [evidence(part, store) for part in parts]
    written = write_paper(described, profile, found, store, output)
    _print_written(written)
    unfinished = not no_run and any(each.coverage.missing for each in found)
    return 1 if unfinished or written.compiled.failed else 0


def _run(parts: Sequence["Part"], store: "Store", *, retry_failed: bool, quiet: bool) -> bool:
    """Run what is missing, family by family; False where the user ended it."""
    from dnnbench.cli.sweep import execute
    from dnnbench.studies.paper.parts import together
    from dnnbench.sweep.campaign import survey

    if not quiet:
        _print_plan(parts, store)
    for part in parts:
        if part.tasks is None:
            typer.echo(f"dnnbench: {part.family.name} is not run: {part.lacking}", err=True)
            continue
        found = survey(store, part.tasks, retry_failed)
        found.left = together(found.left)
        summary = execute(part.request, found, retry_failed, quiet=quiet)
        if not quiet:
            _print_summary(part, summary)
        if summary.interrupted:
            return False
    return True


def _print_plan(parts: Sequence["Part"], store: "Store") -> None:
    """A line a family, and one for all of them."""
    from dnnbench.cli.sweep import in_words
    from dnnbench.studies.paper.parts import evidence

    found = [evidence(part, store) for part in parts]
    for each in found:
        missing = each.coverage.missing
        note = f", {each.unknown} of which nothing is known" if each.unknown else ""
        typer.echo(
            f"{each.part.family.name}: {each.coverage.trials} trials, {missing} to run, "
            f"about {in_words(each.seconds)}{note}"
        )
    total = sum(each.seconds for each in found)
    typer.echo(
        f"together: {sum(each.coverage.missing for each in found)} trials to run, "
        f"about {in_words(total)}"
    )


def _print_summary(part: "Part", summary: "Summary") -> None:
    from dnnbench.sweep.execute import How

    counts = summary.counts
    typer.echo(
        f"{part.family.name}: {counts[How.DONE]} done, {counts[How.SKIPPED]} on record, "
        f"{summary.failed} failed"
    )


def _print_written(written: "Written") -> None:
    from dnnbench.studies.paper.document import missing

    for section in written.sections:
        name = section.found.part.family.name
        notes = [missing(section.found)]
        notes += [f"no table: {section.no_table}"] if section.no_table else []
        notes += [f"no figure: {section.no_figure}"] if section.no_figure else []
        for note in filter(None, notes):
            typer.echo(f"{name}: {note}", err=True)
    typer.echo(str(written.text))
    if written.compiled.pdf is not None:
        typer.echo(str(written.compiled.pdf))
    else:
        typer.echo(f"dnnbench: {written.compiled.message}", err=True)
