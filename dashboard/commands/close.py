"""`drawdown close`: months whose reported figures no longer change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dashboard.commands.stores import Store, store_to_read
from data.closes import CloseError, close_period, list_closes, reopen_last


def close(
    period_end: Annotated[str | None, typer.Argument(help="Last day of the month to close, like 2026-08-31.")] = None,
    *,
    store: Store = None,
    snapshot: Annotated[
        str | None, typer.Option(help="Snapshot id, or a date: the latest by then. Default: the latest.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the closed months.")] = False,
    reopen: Annotated[bool, typer.Option("--reopen", help="Reopen the month closed last.")] = False,
) -> None:
    """Close a month: its reported figures stay as a snapshot has them; what is posted late goes to the next month.

    Months close in order, and only the last one closed can be reopened:

        drawdown close 2026-08-31 --snapshot 2026-09-30

        drawdown close --list

        drawdown close --reopen
    """
    if [period_end is not None, listing, reopen].count(True) != 1:
        raise CloseError("Name the last day of a month to close, or use one of --list and --reopen.")
    chosen = store_to_read(store)
    if listing:
        _list(chosen)
    elif reopen:
        typer.echo(f"Reopened {reopen_last(chosen).period_end}.")
    elif period_end is not None:
        closed = close_period(chosen, _day(period_end), snapshot, datetime.now(UTC))
        typer.echo(f"Closed {closed.period_end} on snapshot {closed.snapshot_id}.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CloseError(f"{text} is not a day like 2026-08-31.") from None


def _list(store: Path) -> None:
    table = Table("Closed", "Snapshot", "At (UTC)", title=escape(str(store)), title_justify="left")
    for closed in list_closes(store):
        table.add_row(closed.period_end.isoformat(), closed.snapshot_id, f"{closed.closed_at:%Y-%m-%d %H:%M}")
    Console().print(table)
