"""Portfolio: what is open, when it ends, and how much of it will lapse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import expiry_calendar
from dashboard.explain import Behind
from dashboard.filters import changes_since, described
from dashboard.jump import open_picked
from dashboard.parts import Stat, assumptions, empty, figure_row, finding, headline, muted
from dashboard.session import View, before, current, current_theme
from dashboard.tables import day_column, money_column, section, share_column, table, text_column, with_interval

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

_SOON: Final = 90
_ASSUMPTIONS: Final = (
    "Open balance is the price of units bought and not yet used or lapsed. Deferred revenue and backlog follow the"
    " method each contract is booked under. Intervals of totals count how far lots have missed together"
    " in past forecasts."
)


def answer(summary: dict[str, Any], currency: str) -> str:
    """The page in one sentence."""
    amount = {name: fmt.money(value, currency) for name, value in summary.items() if name.endswith("_amount")}
    opened = f"{amount['open_amount']} is open with {fmt.count(summary['client_count'], 'client')}"
    if not summary["expected_amount"]:
        return f"{opened}; none of it is forecast to lapse"
    interval = f"{amount['low_amount']} to {amount['high_amount']}"
    return f"{opened}; about {amount['expected_amount']} of it is forecast to lapse (80%: {interval})"


def stats(view: View, summary: dict[str, Any]) -> list[Stat]:
    """The figure row, each figure with its change and with the lots or contracts behind it."""
    earlier = before(view)
    then = _summary(earlier) if earlier else None
    currency = view.currency

    def stat(label: str, column: str, meaning: str, rows: Callable[[], pl.DataFrame], adds: str) -> Stat:
        change: Decimal | None = summary[column] - then[column] if then else None
        behind = Behind(view, "portfolio_summary", column, rows, adds)
        return Stat(label, fmt.money(summary[column], currency), change, meaning, behind)

    def contracts() -> pl.DataFrame:
        return view.ask("backlog").filter(policy="booked")

    def liabilities() -> pl.DataFrame:
        return contracts().filter(pl.col("deferred_net") > 0)

    def lots() -> pl.DataFrame:
        return view.ask("watch_list")

    def ending() -> pl.DataFrame:
        return lots().filter(pl.col("days_left") <= _SOON)

    near = ", ".join(f"{fmt.money(summary[f'ending_{days}_amount'], currency)} within {days}" for days in (30, 60))
    interval = f"{fmt.money(summary['low_amount'], currency)} to {fmt.money(summary['high_amount'], currency)}"
    unused = f"80% interval: {interval}, at the end of the lots now open."
    return [
        stat(
            "Open balance",
            "open_amount",
            "Price of the units bought and neither used nor lapsed.",
            lots,
            "remaining_amount",
        ),
        stat(
            "Ends in 90 days",
            "ending_90_amount",
            f"Open balance of lots that end soon: {near} days.",
            ending,
            "remaining_amount",
        ),
        stat("Forecast unused", "expected_amount", unused, lots, "expected_amount"),
        stat(
            "Deferred revenue",
            "deferred_revenue",
            "Billed and not yet earned, contracts never netted.",
            liabilities,
            "deferred_net",
        ),
        stat("Backlog", "backlog", "Agreed price not yet recognised, billed or not.", contracts, "backlog"),
    ]


def _summary(view: View) -> dict[str, Any] | None:
    rows = view.without("currency").ask("portfolio_summary").filter(currency=view.currency)
    return rows.row(0, named=True) if rows.height else None


def _others(view: View) -> str:
    others = view.without("currency").ask("portfolio_summary").iter_rows(named=True)
    said = [
        f"{fmt.money(other['open_amount'], other['currency'])} with {fmt.count(other['client_count'], 'client')}"
        for other in others
        if other["currency"] != view.currency
    ]
    return f" · not included: {', '.join(said)} in another currency" if said else ""


def _watch_list(view: View) -> None:
    lots = view.ask("watch_list")
    section("Lots with the most money at risk", "watch_list", lots, view)
    muted("Select a row to open its burn-down.")
    currency = view.currency
    table(
        with_interval(lots, currency),
        {
            "account_name": text_column("Client"),
            "expected_amount": money_column("At risk", currency, "Price of the units forecast to be left unused."),
            "interval": text_column("80% interval"),
            "remaining_amount": money_column("Open", currency),
            "used_share": share_column("Used"),
            "usable_until": day_column("Last usable day"),
            "service": text_column("Service"),
            "owner": text_column("Owner"),
            "lot_id": text_column("Lot"),
        },
        key="portfolio_lots",
        alt="Open lots by money at risk",
        on_pick=open_picked("burn_down", lots, "portfolio_lots", lot="lot_id"),
    )


def render(view: View) -> None:
    """Draw the page."""
    calendar = view.ask("expiry_calendar")
    if calendar.is_empty():
        empty(view, "expiry_calendar", "No open balance matches.")
        return
    # The chart waits for nothing but its own figure.
    answer = st.container()
    finding(
        expiry_calendar.finding(calendar, view.as_of, view.currency),
        expiry_calendar.draw(calendar, view.as_of, view.currency, current_theme()),
        key="expiry_calendar",
        behind=Behind(view, "expiry_calendar"),
    )
    with answer:
        _answer(view)
    _watch_list(view)
    assumptions(_ASSUMPTIONS, "unused_forecast")


def _answer(view: View) -> None:
    summary = _summary(view)
    if summary is not None:
        headline(answer(summary, view.currency), described(view) + changes_since(view) + _others(view))
        figure_row(stats(view, summary), view.currency)


render(current())
