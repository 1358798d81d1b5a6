"""Breakage: what will be left unused, quarter by quarter, and how good such forecasts have been."""

from __future__ import annotations

from typing import Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import unused_by_quarter
from dashboard.charts.unused_by_quarter import held, quarter, tested_quarters
from dashboard.filters import check, described, forget
from dashboard.parts import Stat, assumptions, chart, empty, figure_row, headline
from dashboard.session import View, current, current_theme
from dashboard.tables import day_column, money_column, section, share_column, table, text_column, with_interval

_ASSUMPTIONS: Final = (
    "A quarter's interval adds its lots up with a correlation of 0.15: lots tend to miss together. It covers lots now"
    " open, so a quarter far ahead will still gain lots not yet bought. The forecast is a judgement aid: recognised"
    " breakage rests on recorded estimates, not on it."
)
_YEAR: Final = 4
_GROUPS: Final = ("Service", "Segment", "Owner")


def render(view: View) -> None:
    """Draw the page."""
    quarters = view.ask("unused_by_quarter")
    if quarters.is_empty():
        empty(view, "unused_by_quarter", "No lot has ended or is open.")
        return
    said = unused_by_quarter.finding(quarters, view.currency)
    headline(said.title, described(view))
    figure_row(_stats(quarters, view.currency), view.currency)
    chart(said, unused_by_quarter.draw(quarters, view.currency, current_theme()), key="unused_by_quarter")
    if view.ask("watch_list").height:
        _by(view)
        _contributors(view)
    assumptions(_ASSUMPTIONS, "unused_forecast_at")


def _stats(quarters: pl.DataFrame, currency: str) -> list[Stat]:
    ahead, tested = quarters.filter(~pl.col("is_past")), tested_quarters(quarters)
    stats = []
    if ahead.height:
        row = ahead.row(0, named=True)
        interval = f"80%: {fmt.money(row['low_amount'], currency)} to {fmt.money(row['high_amount'], currency)}."
        label = f"Forecast for {quarter(row['quarter_start'])}"
        stats.append(Stat(label, fmt.money(row["expected_amount"], currency), help=interval))
        year = ahead.head(_YEAR)["expected_amount"].sum()
        stats.append(Stat("Next four quarters", fmt.money(year, currency), help="The current quarter and three more."))
    if tested.height:
        kept, of = held(quarters)
        last = tested.row(-1, named=True)
        stats.append(Stat("Intervals that held", f"{kept} of {of}", help="80% intervals made one quarter ahead."))
        stats.append(
            Stat(
                f"Lapsed in {quarter(last['quarter_start'])}",
                fmt.money(last["lapsed_amount"], currency),
                last["lapsed_amount"] - last["expected_amount"],
                "The change is against what had been forecast a quarter ahead.",
            )
        )
    return stats


def _by(view: View) -> None:
    """The forecast by what leadership can act on."""
    check("by", _GROUPS, _GROUPS[0])
    title = st.container()
    by = st.segmented_control(
        "By",
        _GROUPS,
        default=_GROUPS[0],
        required=True,
        key="by",
        bind="query-params",
        on_change=forget,
        args=("by",),
        label_visibility="collapsed",
    )
    groups = view.ask("unused_by_group", dimension=by.lower())
    with title:
        section("Where it will be left unused", "unused_by_group", groups, view)
    table(
        with_interval(groups, view.currency),
        {
            "member": text_column(by),
            "lot_count": st.column_config.NumberColumn("Open lots"),
            "remaining_amount": money_column("Open balance", view.currency),
            "expected_amount": money_column("Forecast unused", view.currency),
            "interval": text_column("80% interval"),
        },
        key=f"by_{by}",
        alt=f"Forecast unused by {by.lower()}",
    )


def _contributors(view: View) -> None:
    lots = view.ask("watch_list")
    section("Largest contributors", "watch_list", lots, view)
    table(
        with_interval(lots, view.currency),
        {
            "account_name": text_column("Client"),
            "expected_amount": money_column("Forecast unused", view.currency),
            "interval": text_column("80% interval"),
            "used_share": share_column("Used"),
            "usable_until": day_column("Last usable day"),
            "segment": text_column("Segment"),
            "service": text_column("Service"),
            "owner": text_column("Owner"),
        },
        key="contributors",
        alt="Open lots by forecast unused",
    )


render(current())
