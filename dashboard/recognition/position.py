"""Position: deferred revenue and how it moved, in total and by contract, with liabilities and assets side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import position
from dashboard.charts.base import Finding
from dashboard.explain import Behind
from dashboard.filters import changes_since, described
from dashboard.parts import assumptions, chart, empty, figure_row, headline, muted
from dashboard.recognition import backlog, links, totals
from dashboard.recognition.stats import at_the_end, over_the_span
from dashboard.recognition.words import BOOKED, COMPONENTS, POLICIES, known, said
from dashboard.session import View, current_theme
from dashboard.tables import ledger_column, section, table, text_column

if TYPE_CHECKING:
    from datetime import date

    from streamlit.elements.lib.column_types import ColumnConfig

    from dashboard.recognition.periods import Periods

_ASSUMPTIONS: Final = (
    "Analysis, not accounting advice. Opening + billings \N{MINUS SIGN} refunds \N{MINUS SIGN} escheat \N{MINUS SIGN}"
    " revenue = closing, contract by contract (R8.1). A positive balance is a contract liability, a negative one a"
    " contract asset, and no contract is netted with another (R8.2). Overage is billed in arrears and never passes"
    " through deferred revenue (R9.2)."
)
_BALANCES: Final = ("opening", "billings", "revenue_total", "closing")


def render(view: View, periods: Periods) -> None:
    """Draw the section."""
    rows = view.ask("recognition_by_period", boundaries=periods.asked())
    if rows.is_empty() or not rows.filter(pl.any_horizontal(pl.col(*_BALANCES) != 0)).height:
        empty(view, "policy_difference", "No contract has been billed or has recognised anything by then.")
        return
    answer = st.container()
    with st.container(width=220):
        policy = known(links.linked("Policy", links.POLICY, [said(name) for name in POLICIES], BOOKED))
    own = rows.filter(policy=policy).sort("period_end")
    positions = view.ask("net_positions", boundaries=periods.asked()).filter(policy=policy)
    balances = pl.DataFrame({"period_end": periods.ends, "period": periods.labels()}).join(
        positions.rename({"boundary": "period_end"}), on="period_end", how="left"
    )
    balances = balances.with_columns(pl.col("liabilities", "assets").fill_null(0))
    with answer:
        _answer(view, own, periods, policy)
    _chart(view, balances, periods)
    _by_period(view, own, periods)
    _balances(view, balances, periods)
    _by_contract(view, periods, policy)
    backlog.draw(view, policy)
    assumptions(_ASSUMPTIONS)


def _answer(view: View, own: pl.DataFrame, periods: Periods, policy: str) -> None:
    currency, closing = view.currency, periods.closing
    net = totals.of(own.filter(period_end=closing), "closing")
    change = net - totals.of(own.head(1), "opening")
    under = "as booked" if policy == BOOKED else f"under {said(policy)}"
    moved = (
        "as much as" if not change else f"{fmt.money(abs(change), currency)} {'more' if change > 0 else 'less'} than"
    )
    headline(
        f"Deferred revenue {under} is {fmt.money(net, currency)} on {_in_words(closing)}, {moved} on"
        f" {_in_words(periods.opening)}",
        described(view) + changes_since(view),
    )
    stats = [at_the_end(view, periods, policy, side) for side in ("liabilities", "assets")]
    stats += [over_the_span(view, own, periods, policy, column) for column in ("billings", "revenue_total")]
    figure_row(stats, currency)


def _in_words(on: date) -> str:
    return f"{on.day} {on:%B %Y}"


def _chart(view: View, balances: pl.DataFrame, periods: Periods) -> None:
    first, last = balances["liabilities"][0], balances["liabilities"][-1]
    grown = "rose" if last > first else "fell" if last < first else "stayed"
    found = Finding(
        f"Contract liabilities {grown} from {fmt.money(first, view.currency)} to {fmt.money(last, view.currency)}",
        f"Contract liabilities and contract assets at the close of each {periods.kind}, {view.currency}.",
    )
    figure = position.draw(
        periods.ends,
        periods.labels(),
        balances["liabilities"].to_list(),
        balances["assets"].to_list(),
        view.currency,
        current_theme(),
    )
    chart(found, figure, key="position", behind=Behind(view, "net_positions", rows=lambda: balances))


def _columns(kind: str, currency: str) -> dict[str, ColumnConfig]:
    flows = {
        "opening": ("Opening", "Balance at the close of the day before."),
        "billings": ("Billings", "Invoiced."),
        "refunds": ("Refunds", "Credit notes."),
        "escheat": ("Escheat", "Owed to a government instead of recognised (R5.6)."),
        "revenue_total": ("Revenue", "Its four kinds are below."),
        "closing": ("Closing", "Opening + billings less refunds, escheat and revenue."),
    }
    amounts = {name: ledger_column(label, currency, meaning) for name, (label, meaning) in flows.items()}
    return {"period": text_column(kind.capitalize()), **amounts}


def _kinds(kind: str, currency: str) -> dict[str, ColumnConfig]:
    kinds = {
        "revenue_ratable": "For elapsed time (R3).",
        "revenue_delivery": "For units delivered (R4.1).",
        "revenue_breakage": "For units lapsed or expected to (R4.3, R5.1, R6.1).",
        "revenue_adjustment": "Price changes of what was recognised, and terminations (R7.5, R7.6).",
    }
    amounts = {name: ledger_column(COMPONENTS[name], currency, meaning) for name, meaning in kinds.items()}
    return {
        "period": text_column(kind.capitalize()),
        **amounts,
        "revenue_total": ledger_column("Revenue", currency, "The four together."),
    }


def by_period(own: pl.DataFrame, periods: Periods) -> pl.DataFrame:
    """The roll-forward of one policy with each period's name; the last row is the whole span's."""
    names = pl.DataFrame({"period_end": periods.ends, "period": periods.labels()})
    shown = names.join(own, on="period_end", how="left").sort("period_end")
    summed = totals.under(shown, "period", without=("opening", "closing", "cumulative_revenue"))
    is_total = pl.col("period") == totals.TOTAL
    return summed.with_columns(
        opening=pl.when(is_total).then(pl.lit(shown["opening"][0])).otherwise("opening"),
        closing=pl.when(is_total).then(pl.lit(shown["closing"][-1])).otherwise("closing"),
    )


def _by_period(view: View, own: pl.DataFrame, periods: Periods) -> None:
    summed = by_period(own, periods)
    section(f"Roll-forward by {periods.kind}", "recognition_by_period", summed.head(-1), view)
    muted(f"Opening + billings {fmt.MINUS} refunds {fmt.MINUS} escheat {fmt.MINUS} revenue = closing.")
    table(
        summed,
        _columns(periods.kind, view.currency),
        key="rollforward",
        alt="Roll-forward of deferred revenue by period, with a total",
        visible_rows=13,
    )
    section("Revenue by kind", "recognition_by_period", summed.head(-1), view)
    table(
        summed,
        _kinds(periods.kind, view.currency),
        key="revenue_kinds",
        alt="Revenue by period and kind, with a total",
        visible_rows=13,
    )


def _balances(view: View, balances: pl.DataFrame, periods: Periods) -> None:
    shown = balances.select(
        "period", "period_end", "liabilities", "assets", net=pl.col("liabilities") - pl.col("assets")
    ).sort("period_end", descending=True)
    section("Contract liabilities and contract assets", "net_positions", shown, view)
    currency = view.currency
    table(
        shown,
        {
            "period": text_column(periods.kind.capitalize()),
            "liabilities": ledger_column("Contract liabilities", currency, "Contracts billed ahead of revenue."),
            "assets": ledger_column("Contract assets", currency, "Contracts earned ahead of billing."),
            "net": ledger_column(
                "Roll-forward", currency, "Their difference, the closing balance of the roll-forward."
            ),
        },
        key="balances",
        alt="Contract liabilities and contract assets by period",
        visible_rows=6,
    )


def _by_contract(view: View, periods: Periods, policy: str) -> None:
    boundaries = [periods.opening, periods.closing]
    names = view.ask("lot_terms").select("contract_id", "account_name").unique()
    shown = (
        view.ask("liability_rollforward", boundaries=boundaries)
        .filter(policy=policy, period_end=periods.closing)
        .join(names, on="contract_id", how="left")
        .sort(pl.col("closing").abs(), "contract_id", descending=[True, False])
    )
    section("Roll-forward by contract, over the span", "liability_rollforward", shown, view)
    links.hint()
    table(
        shown,
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "opening": ledger_column("Opening", view.currency),
            "billings": ledger_column("Billings", view.currency),
            "refunds": ledger_column("Refunds", view.currency),
            "revenue_total": ledger_column("Revenue", view.currency, "Its four kinds are in the files."),
            "closing": ledger_column("Closing", view.currency),
        },
        key="by_contract",
        alt="Roll-forward of deferred revenue by contract",
        on_pick=links.derive(shown, "by_contract", said(policy), links.SPAN),
    )
