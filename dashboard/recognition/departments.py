"""Departments: revenue by who delivered it, reconciled to the revenue recognised. Management reporting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import departments
from dashboard.charts.base import Finding
from dashboard.explain import Behind
from dashboard.filters import changes_since, described
from dashboard.parts import Stat, assumptions, chart, empty, figure_row, headline, muted
from dashboard.recognition import links, totals
from dashboard.recognition.stats import over_the_span
from dashboard.recognition.words import BOOKED, POLICIES, known, said
from dashboard.session import View, current_theme
from dashboard.tables import ledger_column, section, share_column, table, text_column

if TYPE_CHECKING:
    from decimal import Decimal

    from dashboard.recognition.periods import Periods

#: What department_revenue calls what no department delivered.
UNALLOCATED: Final = ("(unallocated breakage)", "(not delivered by a department)")
_ASSUMPTIONS: Final = (
    "Management reporting, not segment reporting, and analysis, not accounting advice. Each delivery's price is split"
    " by the shares recorded on its line, cents by largest remainder (R12.1). Breakage and adjustments stay"
    " unallocated (R12.2), and so do ratable revenue and deliveries whose line names no department. Departments and"
    " unallocated together are the revenue recognised and the overage of lines that name departments (R12.3)."
)


def render(view: View, periods: Periods) -> None:
    """Draw the section."""
    everything = view.ask("department_revenue", boundaries=periods.asked())
    rows = everything.filter(pl.col("period_end") > periods.opening)
    if rows.is_empty():
        empty(view, "department_revenue", "Nothing was recognised in these months.")
        return
    answer = st.container()
    with st.container(width=220):
        policy = known(links.linked("Policy", links.POLICY, [said(name) for name in POLICIES], BOOKED))
    own = rows.filter(policy=policy)
    by_department = ranked(own)
    with answer:
        _answer(view, own, by_department, periods, policy)
    if by_department.is_empty():
        st.info(f"Nothing was recognised under {said(policy)} in these months. Pick another policy.")
        return
    _chart(view, by_department)
    _by_department(view, by_department)
    _by_period(view, own, by_department, periods)
    _by_contract(view, own, policy)
    assumptions(_ASSUMPTIONS)


def ranked(own: pl.DataFrame) -> pl.DataFrame:
    """Departments by revenue, what is unallocated last, each with its share."""
    return (
        own.group_by("department")
        .agg(pl.sum("amount"))
        .sort(pl.col("department").is_in(UNALLOCATED), -pl.col("amount"), "department")
        .with_columns(share=pl.col("amount").cast(pl.Float64) / pl.sum("amount").cast(pl.Float64))
    )


def _answer(view: View, own: pl.DataFrame, ranking: pl.DataFrame, periods: Periods, policy: str) -> None:
    currency = view.currency
    recognised = view.ask("recognition_by_period", boundaries=periods.asked())
    revenue, overage = totals.of(recognised.filter(policy=policy), "revenue_total"), totals.of(own, "overage")
    allocated = ranking.filter(~pl.col("department").is_in(UNALLOCATED))
    together, total = totals.of(allocated, "amount"), totals.of(ranking, "amount")
    under = "as booked" if policy == BOOKED else f"under {said(policy)}"
    of_total = f"of {fmt.money(total, currency)} {under}"
    said_first = f"{periods}, no department delivered any {of_total}"
    if allocated.height:
        name, most = allocated.select("department", "amount").row(0)
        said_first = f"{periods}, {name} delivered the most: {fmt.money(most, currency)} {of_total}"
    headline(said_first, described(view) + changes_since(view))

    def stat(label: str, amount: Decimal, meaning: str, rows: pl.DataFrame, column: str = "amount") -> Stat:
        behind = Behind(view, "department_revenue", column, lambda: rows, column)
        return Stat(label, fmt.money(amount, currency), help=meaning, behind=behind)

    by_nobody = "Breakage, adjustments, and what no department delivered."
    is_allocated = ~pl.col("department").is_in(UNALLOCATED)
    figure_row(
        [
            stat("Delivered by departments", together, "Overage included.", own.filter(is_allocated)),
            stat("Unallocated", total - together, by_nobody, own.filter(~is_allocated)),
            over_the_span(view, recognised, periods, policy, "revenue_total"),
            stat("Overage of departments", overage, "Billed in arrears, not in revenue.", own, "overage"),
        ],
        currency,
    )
    muted(reconciled(total, revenue, overage, currency))


def reconciled(total: Decimal, revenue: Decimal, overage: Decimal, currency: str) -> str:
    """Whether the departments come to the revenue recognised and their overage."""
    recognised = f"{fmt.money_in_full(revenue, currency)} recognised"
    if overage:
        recognised += f" and {fmt.money_in_full(overage, currency)} of overage"
    if total == revenue + overage:
        return f"Departments and unallocated add up to the {recognised}, to the cent."
    apart = fmt.money_in_full(total - revenue - overage, currency)
    return f"Departments and unallocated differ by {apart} from the {recognised}. Run “drawdown check”."


def _chart(view: View, ranking: pl.DataFrame) -> None:
    found = Finding(
        "Revenue by department", f"Revenue by the department that delivered it, whole span, {view.currency}."
    )
    bars = list(ranking.select("department", "amount").iter_rows())
    chart(
        found,
        departments.draw(bars, UNALLOCATED, view.currency, current_theme()),
        "departments",
        Behind(view, "department_revenue"),
    )


def _by_department(view: View, ranking: pl.DataFrame) -> None:
    section("Revenue by department", "department_revenue", ranking, view)
    table(
        totals.under(ranking, "department"),
        {
            "department": text_column("Department"),
            "amount": ledger_column("Revenue", view.currency),
            "share": share_column("Share"),
        },
        key="department_totals",
        alt="Revenue by department, with a total",
    )


def _by_period(view: View, own: pl.DataFrame, ranking: pl.DataFrame, periods: Periods) -> None:
    names = ranking["department"].to_list()
    wide = (
        own.group_by("period_end", "department")
        .agg(pl.sum("amount"))
        .pivot("department", index="period_end", values="amount")
    )
    rows = (
        pl.DataFrame({"period": periods.labels(), "period_end": periods.ends})
        .join(wide, on="period_end", how="left")
        .with_columns(pl.col(names).fill_null(0))
        .select("period", "period_end", *names, total=pl.sum_horizontal(names))
    )
    section(f"By {periods.kind}", "department_revenue", rows, view)
    table(
        totals.under(rows, "period"),
        {
            "period": text_column(periods.kind.capitalize()),
            **{name: ledger_column(name.capitalize(), view.currency) for name in names},
            "total": ledger_column("Total", view.currency),
        },
        key="department_periods",
        alt="Revenue by period and department, with totals",
        visible_rows=13,
    )


def _by_contract(view: View, own: pl.DataFrame, policy: str) -> None:
    names = view.ask("lot_terms").select("contract_id", "account_name").unique()
    rows = (
        own.group_by("contract_id", "department")
        .agg(pl.sum("amount"))
        .join(names, on="contract_id", how="left")
        .sort(pl.col("amount").abs(), "contract_id", "department", descending=[True, False, False])
    )
    section("By contract", "department_revenue", rows, view)
    links.hint()
    table(
        rows,
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "department": text_column("Department"),
            "amount": ledger_column("Revenue", view.currency),
        },
        key="department_contracts",
        alt="Revenue by contract and department",
        on_pick=links.derive(rows, "department_contracts", said(policy), links.SPAN),
    )
