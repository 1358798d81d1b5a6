"""Burn-down: whom to call, where their lot stands, what to do about it, and what that would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import streamlit as st

from dashboard.burn_down import alike, calls, client, delivered, requests, what_if
from dashboard.burn_down.stats import stats
from dashboard.burn_down.words import finding
from dashboard.charts import burn_down
from dashboard.explain import Behind
from dashboard.filters import changes_since, described
from dashboard.fragments import fragment
from dashboard.lot import Lot, lot_of
from dashboard.parts import assumptions, chart, empty, figure_row, headline
from dashboard.selection import ranked, selected
from dashboard.session import View, before, current, current_theme

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASSUMPTIONS: Final = (
    "Deliveries draw on the lot that ends first. The fan runs from what remains to the forecast at the last usable day;"
    " its bands hold 50% and 80%. Recent pace is over the last 90 days; money is at the lot's unit price."
)


def render(view: View) -> None:
    """Draw the page."""
    watched, balances = view.ask("watch_list"), view.ask("lot_balance")
    chosen = selected(view, watched, balances)
    if chosen is None:
        empty(view, "watch_list", "No open lot matches.")
        return
    answer = st.container()
    client.pick(ranked(watched), balances, chosen)
    balance = balances.row(by_predicate=pl.col("lot_id") == chosen.lot_id, named=True)
    # Of a contract that passes the filters they leave everything: what it alone is asked serves under all of them.
    own = view.unfiltered()
    history, events = (_of_lot(own, figure, balance) for figure in ("burn_down", "lot_events"))
    lot = _lot(own, balance, watched, history, events)
    with answer:
        headline(finding(lot, view.as_of).title, described(view) + changes_since(view))
    figures = st.container()
    _burn_down(own, lot, history, events)
    with figures:  # asked after the chart, which is waited for
        figure_row(stats(own, before(own), lot), lot.currency)
    clients = view.ask("client_risk")
    calls.draw(view, clients)
    lots = client.lots_of(balances, chosen)
    if lots.height > 1:
        client.timeline(view, lots, _first(clients.filter(account_id=chosen.account_id)), lot.lot_id)
    requests.draw(own, lot.contract_id)
    delivered.draw(own, lot)
    alike.draw(own, lot)
    assumptions(_ASSUMPTIONS, "unused_forecast")


@fragment
def _burn_down(view: View, lot: Lot, history: pl.DataFrame, events: pl.DataFrame) -> None:
    """The chart, and under it the sliders that change it: they answer without the rest of the page."""
    place = st.container()
    question = what_if.choose(lot, lot.forecast) if lot.forecast else what_if.Question()
    rows = what_if.ask(view, lot, question)
    fan = None if rows is None else what_if.fan(rows)
    drawn = burn_down.draw(lot, history, events, view.as_of, current_theme(), fan)
    with place:
        chart(finding(lot, view.as_of), drawn, "burn_down", Behind(view, "burn_down", rows=lambda: history))
    if lot.forecast:
        what_if.show(view, lot, lot.forecast, question, rows)


def _lot(
    view: View, balance: Mapping[str, Any], watched: pl.DataFrame, history: pl.DataFrame, events: pl.DataFrame
) -> Lot:
    row = _first(watched.filter(lot_id=balance["lot_id"]))
    reach = _first(_of_lot(view, "lot_reach", balance)) if row else None
    terms = _first(_of_lot(view, "lot_terms", balance)) if balance["status"] == "upcoming" else None
    return lot_of(balance, row, reach, terms, history, events)


def _of_lot(view: View, figure: str, balance: Mapping[str, Any]) -> pl.DataFrame:
    """What a figure says of a lot, asked of its contract alone."""
    return view.ask(figure, contract=balance["contract_id"]).filter(pl.col("lot_id") == balance["lot_id"])


def _first(rows: pl.DataFrame) -> Mapping[str, Any] | None:
    return rows.row(0, named=True) if rows.height else None


render(current())
