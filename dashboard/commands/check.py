"""`drawdown check`: whether a snapshot's figures hold together."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from dashboard.commands.stores import Store, store_to_read
from data.snapshots import open_snapshot
from queries import catalog
from queries.book import Book

_ROWS_SHOWN = 5


def check(
    *,
    store: Store = None,
    snapshot: Annotated[str | None, typer.Option(help="Snapshot id, or a date: the latest by then.")] = None,
) -> None:
    """Run every check of a snapshot and name the rows that fail; exit 1 if any does.

    The latest snapshot, or one of another store:

        drawdown check

        drawdown check --store contracts --snapshot 2016-06-30
    """
    opened = open_snapshot(store_to_read(store), snapshot)
    failed = Book(opened).failed_checks()
    console = Console()
    for name, rows in failed.items():
        meaning = catalog.checks()[name].split("\n", 1)[0].removeprefix("-- ")
        console.print(f"[red]{name}[/] {rows.height:,} rows: {meaning}")
        for row in rows.head(_ROWS_SHOWN).iter_rows(named=True):
            console.print("  " + ", ".join(f"{key} {value}" for key, value in row.items()), markup=False)
    console.print(f"{opened.snapshot_id}: {len(catalog.checks()) - len(failed)} checks hold, {len(failed)} fail.")
    if failed:
        raise typer.Exit(1)
