"""`drawdown template`: empty files for the tables, every column described."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from data.schema import TABLES
from data.templates import write_templates


def template(
    tables: Annotated[
        list[str] | None, typer.Argument(help=f"Which tables; all of them unless named: {', '.join(TABLES)}.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="Folder to write to.", file_okay=False)],
    file_format: Annotated[
        Literal["csv", "xlsx"], typer.Option("--format", help="csv with columns.csv beside, or xlsx with two sheets.")
    ] = "csv",
) -> None:
    """Write an empty file for each table, with the meaning of every column, to fill and import as `canonical`.

    All of them, or two as spreadsheets:

        drawdown template --out templates

        drawdown template contracts lots --out templates --format xlsx
    """
    unknown = [name for name in tables or [] if name not in TABLES]
    if unknown:
        raise typer.BadParameter(f"There is no table {', '.join(unknown)}. Name some of {', '.join(TABLES)}.")
    try:
        written = write_templates(out, tables or list(TABLES), file_format)
    except OSError as error:
        raise typer.BadParameter(f"{out} can't be written to: {error}", param_hint="--out") from error
    for path in written:
        Console().print(str(path), markup=False, highlight=False, soft_wrap=True)
