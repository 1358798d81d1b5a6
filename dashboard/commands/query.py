"""`drawdown query`: any figure of any snapshot, for people and for pipes."""

from __future__ import annotations

import sys
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dashboard.commands.stores import Store, store_to_read
from data.snapshots import open_snapshot
from queries import catalog
from queries.book import FILTERS, Book

if TYPE_CHECKING:
    import polars as pl

_ROWS_SHOWN = 50


class Format(StrEnum):
    """How a figure is written to standard output."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def query(
    name: Annotated[str | None, typer.Argument(help="The figure; without one, all are listed.")] = None,
    *,
    store: Store = None,
    snapshot: Annotated[str | None, typer.Option(help="Snapshot id, or a date: the latest by then.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Day asked about; default: the snapshot's date.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help=f"KEY=VALUE: a parameter, or a filter ({', '.join(FILTERS)}).")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to write the result.")] = Format.TABLE,
) -> None:
    """Ask any figure of any snapshot; without a name, list the figures with their meanings.

    The watch-list of one team, the liability of two months as CSV, and one day as it was known on another:

        drawdown query watch_list --set owner="Team Cedar" --set currency=USD

        drawdown query liability_rollforward --set boundaries=2026-08-31,2026-09-30,2026-10-31 --format csv

        drawdown query lot_balance --snapshot 2026-03-31 --as-of 2025-12-31 --format json
    """
    if name is None:
        _list_figures()
        return
    figure = catalog.figure(name)
    if as_of is not None and not {"as_of", "boundaries"} & set(figure.parameters):
        raise catalog.FigureError(f"{name} knows no day: leave out --as-of.")
    opened = open_snapshot(store_to_read(store), snapshot)
    parameters = {"as_of": as_of or opened.dated_on, **_settings(figure, settings or [])}
    _write(Book(opened).run(name, **parameters), format_)


def _list_figures() -> None:
    table = Table(Column("Figure", no_wrap=True), "Meaning", "Takes")
    for figure in sorted(catalog.figures().values(), key=lambda figure: figure.name):
        table.add_row(figure.name, figure.meaning.split(". ")[0], ", ".join(figure.parameters))
    Console().print(table)


def _settings(figure: catalog.Figure, pairs: list[str]) -> dict[str, str]:
    """The KEY=VALUE pairs; a list is written with commas."""
    settings = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            raise catalog.FigureError(f"--set takes KEY=VALUE, not {pair}.")
        settings[key] = f"[{value}]" if figure.parameters.get(key, "").endswith("[]") else value
    return settings


def _write(rows: pl.DataFrame, format_: Format) -> None:
    match format_:
        case Format.TABLE:
            _show(rows)
        case Format.CSV:
            sys.stdout.write(rows.write_csv())
        case Format.JSON:
            sys.stdout.write(rows.write_json() + "\n")
        case Format.PARQUET:
            if sys.stdout.isatty():
                raise catalog.FigureError("Parquet is not for the screen: redirect it to a file with > FILE.parquet.")
            rows.write_parquet(sys.stdout.buffer)


def _show(rows: pl.DataFrame) -> None:
    table = Table()
    for column, type_ in rows.schema.items():
        table.add_column(column, justify="right" if type_.is_numeric() else "left", no_wrap=True)
    for row in rows.head(_ROWS_SHOWN).iter_rows():
        table.add_row(*map(_shown, row))
    console = Console(width=max(Console().width, 40 * len(rows.columns)) if not sys.stdout.isatty() else None)
    console.print(table)
    if rows.height > _ROWS_SHOWN:
        console.print(f"… and {rows.height - _ROWS_SHOWN:,} more rows; --format csv writes them all.")


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if value == round(value, 2) else f"{value.normalize():,f}"
    return f"{value:.3f}" if isinstance(value, float) else escape(str(value))
