"""Burn-down: which lots will be left unused, and what to do about the one selected."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import analogs, burn_down
from dashboard.filters import described
from dashboard.lot import Lot, finding, lot_of
from dashboard.parts import Stat, assumptions, chart, empty, figure_row, headline, muted
from dashboard.selection import select, selected
from dashboard.session import View, current, current_theme
from dashboard.tables import (
    day_column,
    money_column,
    quantity_column,
    section,
    share_column,
    table,
    text_column,
)
from queries.scope import EVERYTHING

_TABLE: Final = "burn_down_lots"
_ASSUMPTIONS: Final = (
    "Deliveries draw on the lot that ends first. The fan runs from what remains to the forecast at the last usable day;"
    " its bands hold 50% and 80%. Recent pace is over the last 90 days; money is at the lot's unit price."
)
_NOTHING_ALIKE: Final = (
    "No lot had ended by then that this one could be compared with: the forecast is the pace so far, in doubt."
)
_NOTHING_ALIKE_OF_YOURS: Final = "None of the ended lots that the forecast rests on is one of yours."


def render(view: View) -> None:
    """Draw the page."""
    ranking, balances = view.ask("watch_list"), view.ask("lot_balance")
    lot_id = selected(view, ranking, balances)
    if lot_id is None:
        empty(view, "watch_list", "No open lot matches.")
        return
    balance = balances.row(by_predicate=pl.col("lot_id") == lot_id, named=True)
    history = view.ask("burn_down", contract=balance["contract_id"]).filter(pl.col("lot_id") == lot_id)
    lot = lot_of(balance, _row(ranking, lot_id), _row(view.ask("lot_terms"), lot_id) or balance, history)
    said = finding(lot, view.as_of)
    headline(said.title, described(view))
    figure_row(_stats(lot), lot.currency)
    chart(said, burn_down.draw(lot, history, view.as_of, current_theme()), key="burn_down")
    _alike(view, lot)
    _ranking(view, ranking)
    _in_flight(view, lot)
    _used_for(view, lot)
    assumptions(_ASSUMPTIONS, "unused_forecast")


def _row(rows: pl.DataFrame, lot_id: str) -> dict[str, Any] | None:
    found = rows.filter(pl.col("lot_id") == lot_id)
    return found.row(0, named=True) if found.height else None


def _stats(lot: Lot) -> list[Stat]:
    if lot.status == "upcoming":
        days = [("First usable day", lot.valid_from), ("Last usable day", lot.usable_until)]
        bought = Stat("Bought", fmt.quantity(lot.granted, lot.unit))
        return [bought, *(Stat(label, fmt.full_day(on) if on else "none") for label, on in days)]
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
        Stat(
            "Runs out early",
            f"{forecast.runs_out_chance:.0%}",
            help="Chance that nothing is left before the last usable day."
            + (f" If so, around {fmt.full_day(forecast.runs_out_on)}." if forecast.runs_out_on else ""),
        ),
    ]


def _alike(view: View, lot: Lot) -> None:
    """Why: the ended lots the forecast rests on, and how they burnt down."""
    if lot.forecast is None:
        return
    curves = view.ask("analogs", lot=lot.lot_id)
    if curves.is_empty():
        muted(_NOTHING_ALIKE if view.scope == EVERYTHING else _NOTHING_ALIKE_OF_YOURS)
        return
    own = view.ask("burn_curves", contract=lot.contract_id).filter(lot_id=lot.lot_id)
    with st.expander(analogs.finding(curves).title):
        chart(analogs.finding(curves), analogs.draw(curves, own, current_theme()), key="analogs")
        alike = curves.unique("analog_no", maintain_order=True)
        section("The lots compared with", "analogs", alike, view)
        table(
            alike,
            {
                "service": text_column("Service"),
                "quantity": quantity_column("Units"),
                "unit": text_column("Unit"),
                "term_days": st.column_config.NumberColumn("Days of term"),
                "ended_on": day_column("Ended"),
                "unused_share": share_column("Left unused"),
                "weight": share_column("Weight"),
            },
            key="alike",
            alt="Ended lots the forecast rests on",
            visible_rows=6,
        )


def _ranking(view: View, lots: pl.DataFrame) -> None:
    section("Open lots, the most money at risk first", "watch_list", lots, view)
    table(
        lots,
        {
            "account_name": text_column("Client"),
            "expected_amount": money_column("At risk", view.currency, "Price of the units forecast unused."),
            "usable_until": day_column("Last usable day"),
            "days_left": st.column_config.NumberColumn("Days left"),
            "used_share": share_column("Used"),
            "remaining_quantity": quantity_column("Remaining"),
            "unit": text_column("Unit"),
            "recent_monthly": quantity_column("Pace", "Units a month over the last 90 days."),
            "required_monthly": quantity_column("Needed", "Units a month that would use up what is left."),
            "service": text_column("Service"),
            "lot_id": text_column("Lot"),
        },
        key=_TABLE,
        alt="Open lots by money at risk",
        on_pick=select(lots, _TABLE),
    )


def _in_flight(view: View, lot: Lot) -> None:
    requests = view.ask("open_requests", contract=lot.contract_id)
    if requests.is_empty():
        return
    section(f"Requests in flight on {lot.contract_id}", "open_requests", requests, view)
    totals = view.ask("contract_totals", contract=lot.contract_id)
    left = dict(totals.select("unit", "remaining_quantity").iter_rows())
    for unit, asked in requests.group_by("unit", maintain_order=True).agg(pl.sum("quantity")).iter_rows():
        covered = f"{fmt.quantity(asked, unit)} asked for, {fmt.quantity(left.get(unit, 0), unit)} left on the contract"
        muted(f"{covered}{'' if asked <= left.get(unit, 0) else ': more than is left'}.")
    table(
        requests,
        {
            "title": text_column("Request"),
            "project_name": text_column("Project"),
            "quantity": quantity_column("Asked for"),
            "unit": text_column("Unit"),
            "status": text_column("Status"),
            "requested_on": day_column("Requested"),
            "scheduled_for": day_column("Scheduled"),
        },
        key="requests",
        alt="Requests not yet delivered",
        visible_rows=6,
    )


def _used_for(view: View, lot: Lot) -> None:
    services = view.ask("consumption_by_service", contract=lot.contract_id)
    projects = view.ask("consumption_by_project", contract=lot.contract_id)
    if services.is_empty():
        muted(f"Nothing has been delivered under {lot.contract_id} yet.")
        return
    section(f"What {lot.contract_id} was used for", "consumption_by_service", services, view)
    table(
        services,
        {
            "service_type": text_column("Service"),
            "delivery_count": st.column_config.NumberColumn("Deliveries"),
            "delivered_quantity": quantity_column("Delivered"),
            "overage_quantity": quantity_column("Beyond the lots", "Of the units delivered, those no lot covers."),
            "unit": text_column("Unit"),
            "amount": money_column("Price", lot.currency),
        },
        key="services",
        alt="Deliveries by service",
        visible_rows=6,
    )
    section("By project", "consumption_by_project", projects, view)
    table(
        projects,
        {
            "project_name": text_column("Project"),
            "program_name": text_column("Programme"),
            "delivery_count": st.column_config.NumberColumn("Deliveries"),
            "delivered_quantity": quantity_column("Delivered"),
            "unit": text_column("Unit"),
            "first_on": day_column("First"),
            "last_on": day_column("Last"),
        },
        key="projects",
        alt="Deliveries by project",
        visible_rows=6,
    )


render(current())
