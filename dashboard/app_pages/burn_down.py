"""Burn-down: which lots will be left unused, and what to do about the one selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import burn_down
from dashboard.filters import described
from dashboard.lot import Lot, finding, lot_of
from dashboard.parts import Stat, assumptions, chart, empty, figure_row, headline, plain
from dashboard.session import View, current, current_theme
from dashboard.tables import (
    day_column,
    money_column,
    picked,
    quantity_column,
    section,
    share_column,
    table,
    text_column,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_TABLE: Final = "burn_down_lots"
_ASSUMPTIONS: Final = (
    "Deliveries draw on the lot that ends first. The fan runs from what remains to the forecast at the last usable day:"
    " the pace so far carried on, corrected by the errors that forecast made on lots that have ended; bands hold 50%"
    " and 80% of those errors. Recent pace is over the last 90 days; money is at the lot's unit price."
)


def render(view: View) -> None:
    """Draw the page."""
    ranking, balances = view.ask("watch_list"), view.ask("lot_balance")
    lot_id = _wanted(ranking, balances)
    if lot_id is None:
        empty(view, "watch_list", "No open lot matches.")
        return
    lot = _lot(lot_id, ranking, balances)
    said = finding(lot, view.as_of)
    headline(said.title, described(view))
    figure_row(_stats(lot), lot.currency)
    history = view.ask("burn_down", contract=lot.contract_id).filter(pl.col("lot_id") == lot_id)
    chart(said, burn_down.draw(lot, history, view.as_of, current_theme()), key="burn_down")
    _ranking(view, ranking)
    _used_for(view, lot)
    assumptions(_ASSUMPTIONS)


def _wanted(ranking: pl.DataFrame, balances: pl.DataFrame) -> str | None:
    """The lot the link asks for, else the one with the most money at risk."""
    top = ranking["lot_id"][0] if ranking.height else None
    asked = st.query_params.get("lot")
    if contract := st.query_params.get("contract"):
        of_contract = pl.concat([frame.select("lot_id", "contract_id") for frame in (ranking, balances)]).filter(
            pl.col("contract_id") == contract
        )
        if of_contract.is_empty():
            st.warning(plain(f"There is no contract “{contract}” in this view; showing the lot most at risk."))
            return top
        return str(of_contract["lot_id"][0])
    if asked is None or asked in balances["lot_id"]:
        return asked or top
    st.warning(plain(f"There is no lot “{asked}” in this view; showing the one most at risk."))
    return top


def _lot(lot_id: str, ranking: pl.DataFrame, balances: pl.DataFrame) -> Lot:
    watched = ranking.filter(pl.col("lot_id") == lot_id)
    return lot_of(
        balances.row(by_predicate=pl.col("lot_id") == lot_id, named=True),
        watched.row(0, named=True) if watched.height else None,
    )


def _stats(lot: Lot) -> list[Stat]:
    left = Stat(
        "Remaining",
        fmt.quantity(lot.remaining, lot.unit),
        help=f"Of {fmt.quantity_in_words(lot.granted, lot.unit)} bought.",
    )
    worth = Stat("Worth", fmt.money(lot.remaining_amount, lot.currency), help="Price of what remains.")
    if lot.forecast is None:
        drawn = Stat("Used", fmt.quantity(lot.drawn, lot.unit))
        lapsed = Stat("Lapsed", fmt.quantity(lot.lapsed, lot.unit), help=fmt.money(lot.lapsed_amount, lot.currency))
        return [left, worth, drawn, lapsed]
    forecast = lot.forecast
    return [
        left,
        worth,
        Stat("Forecast unused", fmt.quantity(fmt.rough(forecast.expected), lot.unit)),
        Stat("Money at risk", fmt.money(forecast.amount, lot.currency)),
    ]


def _pick(lots: pl.DataFrame) -> Callable[[], None]:
    def pick() -> None:
        row = picked(_TABLE)
        if row is not None:
            st.query_params["lot"] = lots["lot_id"][row]
            st.query_params.pop("contract", None)

    return pick


def _ranking(view: View, lots: pl.DataFrame) -> None:
    section("Open lots, the most money at risk first", "watch_list", lots, view)
    table(
        lots,
        {
            "account_name": text_column("Client"),
            "lot_id": text_column("Lot"),
            "service": text_column("Service"),
            "usable_until": day_column("Last usable day"),
            "days_left": st.column_config.NumberColumn("Days left"),
            "used_share": share_column("Used"),
            "remaining_quantity": quantity_column("Remaining"),
            "unit": text_column("Unit"),
            "recent_monthly": quantity_column("Recent pace", "Units a month over the last 90 days."),
            "required_monthly": quantity_column("Required pace", "Units a month that would use up what is left."),
            "expected_amount": money_column("At risk", view.currency, "Price of the units forecast unused."),
        },
        key=_TABLE,
        alt="Open lots by money at risk",
        on_pick=_pick(lots),
    )


def _used_for(view: View, lot: Lot) -> None:
    services = view.ask("consumption_by_service", contract=lot.contract_id)
    if services.is_empty():
        st.caption(plain(f"Nothing has been delivered under {lot.contract_id} yet."))
        return
    section(f"What {lot.contract_id} was used for", "consumption_by_service", services, view)
    table(
        services,
        {
            "service_type": text_column("Service"),
            "delivery_count": st.column_config.NumberColumn("Deliveries"),
            "delivered_quantity": quantity_column("Delivered"),
            "overage_quantity": quantity_column("Of these, beyond the lots"),
            "unit": text_column("Unit"),
            "amount": money_column("Price", lot.currency),
        },
        key="services",
        alt="Deliveries by service",
    )


render(current())
