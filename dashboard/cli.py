"""`drawdown`: the front door for everything that is not a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.snapshots import SnapshotError

app = typer.Typer(
    help="Burn-down, forecast of unused credits and revenue recognition for prepaid services.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

Store = Annotated[
    Path,
    typer.Option("--store", envvar="DRAWDOWN_STORE", help="Folder that holds the snapshots.", file_okay=False),
]
DEFAULT_STORE = Path(".store/sample")


def main() -> None:
    """Run the command line; a failure the user can mend is one message and exit 1."""
    try:
        app()
    except SnapshotError as error:
        typer.secho(str(error), fg="red", err=True)
        raise SystemExit(1) from error
