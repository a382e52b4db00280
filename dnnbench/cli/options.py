"""Options that several verbs share: which records they are about."""

from pathlib import Path
from typing import Annotated

import typer

Results = Annotated[Path, typer.Argument(help="Folder of the records.")]
Instances = Annotated[
    list[str] | None, typer.Option("--instance", help="Only these instances.", show_default=False)
]
Solvers = Annotated[
    list[str] | None, typer.Option("--solver", help="Only these solvers.", show_default=False)
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", help="Only records with KEY=VALUE, as budget.seconds=10.", show_default=False
    ),
]
