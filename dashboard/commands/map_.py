"""`drawdown map`: which mapping reads a file, or one to start from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data.proposal import Fit, fitting, fitting_table, propose
from data.sample_file import open_sample


def map_(
    file: Annotated[Path, typer.Argument(help="A CSV, XLSX or Parquet file.")],
) -> None:
    """Say which mapping reads a file; where none does, propose one on standard output.

    Look at an export, and keep what is proposed for one that no mapping knows:

        drawdown map toggl.csv

        drawdown map hours.xlsx > hours.toml
    """
    with open_sample(file) as sample:
        table, fits = fitting_table(sample.headers), fitting(sample.headers)
        if table:
            typer.echo(f"canonical: the columns are those of {table}; name the file {table}{file.suffix}.")
        for fit in fits:
            typer.echo(_sentence(fit))
        if table or fits:
            return
        Console(stderr=True).print("No mapping reads it. Answer the questions in this one:", soft_wrap=True)
        sys.stdout.write(propose(sample))


def _sentence(fit: Fit) -> str:
    if fit.others:
        return f"{fit.mapping}: {fit.known} columns known, {fit.others} others ignored."
    return f"{fit.mapping}: all {fit.known} columns known."
