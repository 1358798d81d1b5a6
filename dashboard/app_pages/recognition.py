"""Recognition: ratable against on-delivery revenue, and the deferred revenue roll-forward of each."""

from __future__ import annotations

from typing import Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import recognition
from dashboard.charts.recognition import by_month
from dashboard.filters import check, described, forget
from dashboard.parts import Stat, assumptions, chart, empty, figure_row, headline, muted
from dashboard.session import View, current, current_theme
from dashboard.tables import day_column, ledger_column, section, table, text_column
from queries.book import month_ends

_SPANS: Final = ("12 months", "24 months", "36 months")
_ASSUMPTIONS: Final = (
    "Analysis, not accounting advice. Ratable spreads each lot's price over its term (R3); on delivery recognises each"
    " unit at the lot's price as it is used and the rest when it lapses (R4). Every contract is modelled under both"
    " policies, whatever method it is booked under, so the two differ in timing, never in total. Overage is billed in"
    " arrears, is the same under both and is not part of either."
)


def render(view: View) -> None:
    """Draw the page."""
    boundaries = month_ends(view.as_of, _months())
    periods = view.ask("recognition_by_period", boundaries=boundaries)
    contracts = view.ask("policy_difference", boundaries=boundaries)
    if contracts.is_empty():
        empty(view, "policy_difference", "Nothing was recognised in these months.")
        return
    months = by_month(periods)
    said = recognition.finding(months, view.currency)
    headline(said.title, described(view))
    figure_row(_stats(periods, view.currency), view.currency)
    chart(said, recognition.draw(months, view.currency, current_theme()), key="recognition")
    _month_table(view, months)
    _rollforward(view, periods)
    _by_contract(view, contracts)
    assumptions(_ASSUMPTIONS)


def _months() -> int:
    check("span", _SPANS, _SPANS[0])
    with st.sidebar:
        span = st.selectbox("Months shown", _SPANS, key="span", bind="query-params", on_change=forget, args=("span",))
    return int(span.split()[0])


def _stats(periods: pl.DataFrame, currency: str) -> list[Stat]:
    last = {row["policy"]: row for row in periods.sort("period_end").iter_rows(named=True)}
    totals = dict(periods.group_by("policy").agg(pl.sum("revenue_total")).iter_rows())
    stats = []
    for policy, name in (("on_delivery", "on delivery"), ("ratable", "ratable")):
        if policy in last:
            row = last[policy]
            stats.append(Stat(f"Revenue {name}", fmt.money(totals[policy], currency), help="Over the span shown."))
            stats.append(
                Stat(
                    f"Deferred, {name}",
                    fmt.money(row["liabilities"], currency),
                    row["closing"] - row["opening"],
                    "Contract liabilities with the last month's change; contract assets of"
                    f" {fmt.money(row['assets'], currency)} are not netted.",
                )
            )
    return stats


def _month_table(view: View, months: pl.DataFrame) -> None:
    shown = months.drop("ratable_so_far", "on_delivery_so_far").sort("period_end", descending=True)
    section("Revenue by month", "recognition_by_period", shown, view)
    currency = view.currency
    table(
        shown,
        {
            "period_end": day_column("Month to"),
            "ratable": ledger_column("Ratable", currency),
            "delivered": ledger_column("Delivered", currency),
            "breakage": ledger_column("Breakage", currency),
            "on_delivery": ledger_column("On delivery", currency, "Delivered and breakage together."),
            "difference": ledger_column("Difference", currency, "On delivery less ratable."),
            "overage": ledger_column("Overage", currency, "Billed in arrears, the same under both policies."),
        },
        key="months",
        alt="Revenue by month under both policies",
        visible_rows=12,
    )


def _rollforward(view: View, periods: pl.DataFrame) -> None:
    shown = _in_words(periods.sort("policy", "period_end", descending=[False, True]), "policy")
    section("Deferred revenue roll-forward", "recognition_by_period", shown, view)
    muted(f"Opening + billings {fmt.MINUS} refunds {fmt.MINUS} revenue = closing, for each policy.")
    currency = view.currency
    table(
        shown,
        {
            "policy": text_column("Policy"),
            "period_end": day_column("Month to"),
            "opening": ledger_column("Opening", currency),
            "billings": ledger_column("Billings", currency),
            "refunds": ledger_column("Refunds", currency),
            "revenue_total": ledger_column("Revenue", currency),
            "closing": ledger_column("Closing", currency),
            "liabilities": ledger_column("Of this, liabilities", currency),
            "assets": ledger_column("less assets", currency),
        },
        key="rollforward",
        alt="Deferred revenue roll-forward by policy and month",
        visible_rows=12,
    )


def _by_contract(view: View, contracts: pl.DataFrame) -> None:
    section("Contracts that make the difference", "policy_difference", contracts, view)
    currency = view.currency
    table(
        _in_words(contracts, "recognition_method"),
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "owner": text_column("Owner"),
            "recognition_method": text_column("Booked"),
            "ratable": ledger_column("Ratable", currency),
            "on_delivery": ledger_column("On delivery", currency),
            "breakage": ledger_column("Of this, breakage", currency),
            "difference": ledger_column("Difference", currency, "On delivery less ratable."),
        },
        key="policy_difference",
        alt="Contracts by difference between the policies",
    )


def _in_words(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Policies as people say them: on delivery, not on_delivery."""
    return rows.with_columns(pl.col(column).str.replace_all("_", " "))


render(current())
