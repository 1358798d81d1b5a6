"""Derivation: from one contract's amount to the lots, deliveries and rules it comes from, adding up to the cent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.explain import Behind
from dashboard.filters import described
from dashboard.parts import Stat, assumptions, empty, figure_row, headline, muted, plain
from dashboard.recognition import links, scenario_builder
from dashboard.recognition.derived import Derivation, derive
from dashboard.recognition.periods import label
from dashboard.recognition.words import BOOKED, POLICIES, known, said
from dashboard.tables import (
    ONE_LINE,
    SHOWN_ROWS,
    TWO_LINES,
    day_column,
    ledger_column,
    quantity_column,
    section,
    table,
    text_column,
)

if TYPE_CHECKING:
    from datetime import date

    from polars._typing import SchemaDict

    from dashboard.recognition.periods import Periods
    from dashboard.session import View

_HOW: Final = (
    "The postings of the contract's lots (figure postings) and the spans of its ratable terms (ratable_spans), one line"
    " each, between the days asked about. Their sum is held against the contract's revenue as revenue_by_lot states it."
)
_ASSUMPTIONS: Final = (
    "Analysis, not accounting advice. Revenue to date is rounded once per lot, and a line is the difference of two"
    " such amounts, so a line can differ by one cent from units times price while the sum never does (R10.1). Overage"
    " is billed in arrears and is no part of these amounts (R9.2)."
)
#: Characters that fit beside the amounts on a narrow screen.
_FITS: Final = 62
_KEY: Final = "_contract"
#: One fewer than a table shows, so that the sum is among them.
_LINES_SHOWN: Final = SHOWN_ROWS - 1
_SCHEMA: Final[SchemaDict] = {
    "posted_on": pl.Date,
    "lot_id": pl.String,
    "derivation": pl.String,
    "rule": pl.String,
    "source": pl.String,
    "amount": pl.Decimal(18, 3),
    "recognised_to_date": pl.Decimal(18, 3),
}


def render(view: View, periods: Periods) -> None:
    """Draw the section."""
    clients = dict(view.ask("lot_terms").select("contract_id", "account_name").iter_rows())
    if not clients:
        empty(view, "lot_terms", "There is no contract to derive an amount of.")
        return
    answer = st.container()
    contract_id, under, period = _choices(view, periods, clients)
    opening, closing = _days(periods, period)
    derived = derive(_asked(view, under), contract_id, _policy(under), opening, closing)
    with answer:
        _answer(view, derived, contract_id, clients[contract_id], under, opening, closing)
    _lines(view, derived, contract_id, closing)
    _lots(view, derived, contract_id)
    assumptions(_ASSUMPTIONS)


def _choices(view: View, periods: Periods, clients: dict[str, str]) -> tuple[str, str, str]:
    """Contract, what its amounts are recognised under, and period asked about."""
    policies = [said(name) for name in POLICIES]
    if st.query_params.get(scenario_builder.TEXT):
        policies.append(links.SCENARIO)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        contract_id = _contract(view, periods, clients)
        under = links.linked("Policy", links.UNDER, policies, BOOKED)
        names = [links.SPAN, links.TO_DATE, *reversed(periods.labels())]
        period = links.linked("Period", links.PERIOD, names, links.SPAN)
    return contract_id, under, period


def _policy(under: str) -> str:
    """The policy of the figures: what a scenario recognises is booked, as the scenario has it."""
    return BOOKED if under == links.SCENARIO else known(under)


def _asked(view: View, under: str) -> View:
    """The view to ask: under the scenario of the link, where that is chosen and can be read."""
    if under != links.SCENARIO:
        return view
    text, scenario = scenario_builder.wanted()
    return view if scenario is None else view.under(text)


def _contract(view: View, periods: Periods, clients: dict[str, str]) -> str:
    """The contract of the link, else the one that makes the largest difference in the span."""
    wanted = st.query_params.get(links.CONTRACT)
    ranked = view.ask("policy_difference", boundaries=periods.asked())["contract_id"].to_list()
    instead = ranked[0] if ranked else min(clients)
    if wanted is not None and wanted not in clients:
        st.warning(plain(_missing(view, wanted, instead)))
    st.session_state[_KEY] = wanted if wanted in clients else instead
    chosen: str = st.selectbox(
        "Contract",
        sorted(clients, key=lambda contract_id: (clients[contract_id], contract_id)),
        format_func=lambda contract_id: f"{clients[contract_id]} · {contract_id}",
        key=_KEY,
        on_change=_follow,
    )
    return chosen


def _follow() -> None:
    st.query_params[links.CONTRACT] = st.session_state[_KEY]


def _missing(view: View, wanted: str, instead: str) -> str:
    """Say whether a contract exists but is filtered out."""
    everywhere = view.unfiltered().ask("lot_terms")["contract_id"]
    if wanted in everywhere:
        narrowed = " and ".join(f"{name} {value}" for name, value in view.filters.items())
        return f"The contract “{wanted}” is hidden by {narrowed}; showing {instead}."
    return f"There is no contract “{wanted}”; showing {instead}."


def _days(periods: Periods, period: str) -> tuple[date | None, date]:
    """The last day before the period, if it has one, and its last day."""
    if period == links.TO_DATE:
        return None, periods.closing
    if period == links.SPAN:
        return periods.opening, periods.closing
    end = next(end for end in periods.ends if periods.label(end) == period)
    return periods.opening_of(end), end


def _answer(
    view: View, derived: Derivation, contract_id: str, client: str, under: str, opening: date | None, closing: date
) -> None:
    currency = view.currency
    when = f"by {fmt.full_day(closing)}"
    if opening is not None:
        when = f"in {label(opening + timedelta(days=1), closing, 'month')}"
    amount = fmt.money_in_full(derived.amount, currency)
    told = {BOOKED: "as booked", links.SCENARIO: "under the scenario"}.get(under, under)
    headline(f"{client} ({contract_id}): {amount} {told} {when}", described(view))
    total = derived.opening + derived.amount
    behind = Behind(view, "derivation", rows=lambda: lines_table(derived), adds="amount", how=_HOW)
    figure_row(
        [
            Stat("Recognised before", fmt.money_in_full(derived.opening, currency), help="Up to the day before."),
            Stat("In the period", amount, help=fmt.count(len(derived.lines), "posting"), behind=behind),
            Stat("Recognised to date", fmt.money_in_full(total, currency), help="The two before it together."),
        ],
        currency,
    )


def lines_table(derived: Derivation) -> pl.DataFrame:
    """One row per line with what is recognised to date after it."""
    rows, so_far = [], derived.opening
    for one in derived.lines:
        so_far += one.amount
        rows.append((one.on, one.lot_id, one.text, one.rule, one.source, one.amount, so_far))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _lines(view: View, derived: Derivation, contract_id: str, closing: date) -> None:
    rows = lines_table(derived)
    section(f"How it came about: {fmt.count(rows.height, 'posting')}", "derivation", rows, view, _HOW)
    currency = view.currency
    muted(_sum(derived, currency))
    if rows.is_empty():
        st.info(plain(f"{contract_id} recognised nothing in this period. Pick “to date”, or another policy."))
        return
    table(
        _summed(rows, derived, closing),
        {
            "posted_on": day_column("Day"),
            "derivation": st.column_config.TextColumn("How", width="large"),
            "rule": text_column("Rule"),
            "amount": ledger_column("Amount", currency),
            "recognised_to_date": ledger_column("To date", currency, "Recognised to date after the posting."),
            "lot_id": text_column("Lot"),
        },
        key="derivation",
        alt="Postings with their derivation, adding up to the amount",
        visible_rows=14,
        row_pixels=TWO_LINES if any(len(one.text) > _FITS for one in derived.lines) else ONE_LINE,
    )


def _sum(derived: Derivation, currency: str) -> str:
    """Opening and lines, as a sum that adds up."""
    opening, amount = (fmt.money_in_full(value, currency) for value in (derived.opening, derived.amount))
    total = fmt.money_in_full(derived.opening + derived.amount, currency)
    if not derived.adds_up:
        return f"These lines do not add up to {amount}. Run “drawdown check” and report it."
    return f"{opening} before + {amount} in {fmt.count(len(derived.lines), 'posting')} = {total} to date."


def _summed(rows: pl.DataFrame, derived: Derivation, closing: date) -> pl.DataFrame:
    """The lines with their sum beneath."""
    last = (closing, None, "Sum of the period", None, None, derived.amount, derived.opening + derived.amount)
    return pl.concat([rows.head(_LINES_SHOWN), pl.DataFrame([last], schema=_SCHEMA, orient="row")])


def _lots(view: View, derived: Derivation, contract_id: str) -> None:
    rows = view.ask("lot_terms", contract=contract_id)
    by_lot: dict[str, list[object]] = {"lot_id": [], "amount_in_period": []}
    for one in derived.lines:
        by_lot["lot_id"].append(one.lot_id)
        by_lot["amount_in_period"].append(one.amount)
    amounts = pl.DataFrame(by_lot, schema={"lot_id": pl.String, "amount_in_period": pl.Decimal(18, 3)})
    shown = rows.join(amounts.group_by("lot_id").agg(pl.sum("amount_in_period")), on="lot_id", how="left").with_columns(
        pl.col("amount_in_period").fill_null(0)
    )
    section(f"Lots of {contract_id}", "lot_terms", shown, view)
    table(
        shown,
        {
            "lot_id": text_column("Lot"),
            "service": text_column("Service"),
            "quantity": quantity_column("Bought"),
            "unit": text_column("Unit"),
            "amount": ledger_column("Price", view.currency, "Before amendments."),
            "valid_from": day_column("From"),
            "expires_on": day_column("Expires", "Last day of the stated term, after amendments."),
            "usable_until": day_column("Usable until", "Carry-over included."),
            "amount_in_period": ledger_column("In the period", view.currency, "Revenue in the period asked about."),
        },
        key="derived_lots",
        alt="Lots of the contract",
        visible_rows=8,
    )
