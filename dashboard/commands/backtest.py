"""`drawdown backtest`: how good past forecasts were, beside two rivals."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated, Final

import polars as pl
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dashboard import format as fmt
from dashboard.commands.progress import progress_bar
from dashboard.commands.stores import Store, store_to_read
from dashboard.track_record import ENOUGH, METHODS, history, percent, quarter_totals, too_little
from data.snapshots import open_snapshot
from queries.book import Book
from queries.catalog import FigureError

_WIDTH: Final = 120
_DIMENSIONS: Final = {"share": "Share of the term passed", "service": "Service"}


def backtest(
    *,
    store: Store = None,
    snapshot: Annotated[str | None, typer.Option(help="Snapshot id, or a date: the latest by then.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Day asked about; default: the snapshot's date.")] = None,
) -> None:
    """Hold past forecasts against what came, beside the run rate and the run rate with its past errors.

    The forecasts were made at the quarter ends of the three years before the day, each from what was known then:

        drawdown backtest

        drawdown backtest --store .store/own --snapshot 2026-03-31
    """
    opened = open_snapshot(store_to_read(store), snapshot)
    day = _day(as_of, opened.dated_on)
    book = Book(opened)
    with progress_bar("forecasting past quarter ends") as on_progress:
        book.foresee(day, on_progress)
    width = None if sys.stdout.isatty() else max(Console().width, _WIDTH)
    console = Console(width=width, highlight=False)
    overall = book.run("backtest", as_of=day, dimension="all")
    known = history(overall, book.run("watch_list", as_of=day))
    if not known.is_enough:
        for said in too_little(known, day):
            console.print(f"{escape(said)}" + ("" if said.endswith(".") else "."), soft_wrap=True)
        return
    console.print(
        f"{fmt.count(known.forecasts, 'forecast')} of {fmt.count(known.lots, 'lot')} that have ended by {day}, each"
        " made at a quarter end of the lot's term from what was known then.",
        soft_wrap=True,
    )
    _show(console, "Method", overall.with_columns(member=pl.lit("")), "Overall")
    for dimension, title in _DIMENSIONS.items():
        _show(console, title, book.run("backtest", as_of=day, dimension=dimension), f"By {title.lower()}")
    _show_quarters(console, book.run("quarter_forecasts", as_of=day))
    console.print(
        "WAPE: mean absolute error of the median over what was left. CRPS: how far the whole forecast lay from what"
        " came, in shares of a lot. Less is better of both. Bias: forecast over what was left.",
        soft_wrap=True,
    )


def _day(as_of: str | None, dated_on: date) -> date:
    try:
        day = date.fromisoformat(as_of) if as_of else dated_on
    except ValueError:
        raise FigureError(f"--as-of must be a date like 2026-03-31, not {as_of}.") from None
    if day > dated_on:
        raise FigureError(f"--as-of {day} is later than the snapshot, which knows what was posted by {dated_on}.")
    return day


def _show(console: Console, first: str, rows: pl.DataFrame, title: str) -> None:
    """The three methods of each member; the first row of a member names it."""
    is_overall = title == "Overall"
    table = Table(title=title, title_justify="left")
    if not is_overall:
        table.add_column(first)
    table.add_column("Method")
    for name in ("Forecasts", "WAPE", "CRPS", "80% held", "50% held", "Bias"):
        table.add_column(name, justify="right", no_wrap=True)
    for (member,), found in rows.group_by("member", maintain_order=True):
        by_method = {row["method"]: row for row in found.iter_rows(named=True)}
        for place, (method, called) in enumerate(METHODS.items()):
            row = by_method[method]
            numbers = (
                [_share(row["wape"]), f"{row['crps']:.3f}", *map(_share, (row["held_80"], row["held_50"])), _bias(row)]
                if row["forecast_count"] >= ENOUGH
                else ["too few", *[""] * 4]
                if not place
                else [""] * 5
            )
            named = [] if is_overall else [escape(str(member)) if not place else ""]
            table.add_row(*named, called, f"{row['forecast_count']:,}" if not place else "", *numbers)
        table.add_section()
    console.print(table)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _bias(row: dict[str, float | None]) -> str:
    return "" if row["bias"] is None else f"{row['bias']:.2f}"


def _show_quarters(console: Console, quarters: pl.DataFrame) -> None:
    kept, of = quarter_totals(quarters)
    if not of:
        console.print("Quarter totals: no quarter has ended that was forecast before it began.", soft_wrap=True)
        return
    console.print(
        f"Quarter totals: of {fmt.count(of, 'total')} forecast before the quarter began, {kept} lay in their 80%"
        f" interval ({percent(kept / of)}).",
        soft_wrap=True,
    )
