"""`dnnbench data`: list, fetch, verify, locate and export public instances."""

from pathlib import Path
from typing import Annotated

import typer

from dnnbench.cli import places
from dnnbench.cli.listing import What, list_
from dnnbench.errors import UserError

app = typer.Typer(help="Public instances: list, fetch, verify, path, export.", no_args_is_help=True)


def _complete(incomplete: str) -> list[str]:
    from dnnbench.instances import registry

    return [n for n in (*registry.suites(), *registry.registry()) if n.startswith(incomplete)]


Names = Annotated[list[str], typer.Argument(help="Instances or suites.", autocompletion=_complete)]
Name = Annotated[str, typer.Argument(help="An instance.", autocompletion=_complete)]


def _expand(names: list[str]) -> list[str]:
    from dnnbench.instances import registry

    result: list[str] = []
    for name in names:
        known = registry.suites().get(name)
        result += known if known is not None else [registry.entry(name).name]
    return result


@app.command("list")
def list_instances(
    suite: Annotated[str | None, typer.Argument(help="Only this suite.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> int:
    """List the registry's instances."""
    return list_(What.INSTANCES, as_json, suite)


@app.command("fetch")
def fetch_instances(names: Names) -> int:
    """Download instances into the cache; what differs from the registry's sha256 is refused."""
    from dnnbench.instances.download import fetch
    from dnnbench.instances.load import verify
    from dnnbench.instances.registry import entry

    failed = 0
    for name in _expand(names):
        known = entry(name)
        at_hand = next(verify([name], data_dir=places.data_dir(), cache_dir=places.cache_dir()))
        if at_hand.ok:
            typer.echo(f"{name}: have it ({at_hand.how})")
            continue
        try:
            typer.echo(f"{name}: {fetch(known, places.cache_dir())}")
        except UserError as error:
            failed += 1
            typer.echo(f"dnnbench: {error}", err=True)
    return 2 if failed else 0


@app.command("verify")
def verify_instances(names: Names) -> int:
    """Check every copy at hand (data folder, cache, generator) against its sha256."""
    from dnnbench.instances.load import verify

    bad = total = 0
    for checked in verify(_expand(names), data_dir=places.data_dir(), cache_dir=places.cache_dir()):
        total += 1
        bad += not checked.ok
        typer.echo(f"{'ok ' if checked.ok else 'BAD'} {checked.name}: {checked.how}")
    typer.echo(f"{total - bad} of {total} match their sha256")
    return 1 if bad else 0


@app.command("path")
def path_of(name: Name) -> int:
    """Print the file of an instance in the data folder or the cache."""
    from dnnbench.instances.load import locate

    found = locate(name, data_dir=places.data_dir(), cache_dir=places.cache_dir())
    if found is None:
        raise UserError(f"{name} has no file here: `dnnbench data fetch {name}` gets it")
    typer.echo(str(found))
    return 0


@app.command("export")
def export_instance(
    name: Name,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
) -> int:
    """Write an instance in its native format (to standard output without -o)."""
    from dnnbench.instances.load import raw_bytes

    data = raw_bytes(name, data_dir=places.data_dir(), cache_dir=places.cache_dir())
    if output is None:
        stream = typer.get_binary_stream("stdout")
        stream.write(data)
        stream.flush()
        return 0
    try:
        output.write_bytes(data)
    except OSError as error:
        raise UserError(f"cannot write '{output}': {error.strerror}") from None
    return 0
