"""Policies: revenue of the span under all four and as booked, and the contracts that make two of them differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import recognition
from dashboard.charts.recognition import Basis, Comparison
from dashboard.explain import Behind
from dashboard.filters import changes_since, described
from dashboard.parts import assumptions, chart, empty, figure_row, headline, muted
from dashboard.recognition import links, totals
from dashboard.recognition.stats import at_the_end, over_the_span
from dashboard.recognition.words import BOOKED, MEANINGS, POLICIES, colour, in_words, known, said
from dashboard.session import View, current_theme
from dashboard.tables import ledger_column, section, table, text_column
from queries.calendar import BEGINNING

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from dashboard.recognition.periods import Periods
    from dashboard.theme import Theme

_DRAWN: Final = ("revenue_total", "revenue_breakage")
_ASSUMPTIONS: Final = (
    "Analysis, not accounting advice. Every contract is modelled under all four policies, whichever it is booked under,"
    " so they differ in timing, never in total (escheat apart). Ratable spreads each lot's price over its term (R3). On"
    " delivery recognises each unit as it is used and the rest when it lapses (R4). Proportional takes expected"
    " breakage with use, under the recorded estimates, which must be what the seller expects to be entitled to (R5)."
    " Remote takes it once further use is judged remote (R6). Overage is billed in arrears, is the same under all and"
    " is no part of them (R9.2)."
)


def render(view: View, periods: Periods) -> None:
    """Draw the section."""
    rows = view.ask("recognition_by_period", boundaries=periods.asked())
    contracts = view.ask("policy_difference", boundaries=periods.asked())
    if contracts.is_empty():
        empty(view, "policy_difference", "Nothing was recognised in these months.")
        return
    answer = st.container()
    first, second = _pair()
    compared = comparison(rows, contracts, periods, first, second, current_theme())
    found = recognition.finding(compared, str(periods), periods.kind, view.currency)
    with answer:
        headline(found.title, described(view) + changes_since(view))
        # The chart need not wait for what the figures are compared with.
        figures = st.container()
    figure = recognition.draw(compared, periods.ends, periods.labels(), view.currency, current_theme())
    chart(found, figure, key="recognition", behind=Behind(view, "recognition_by_period"))
    with figures:
        shown = dict.fromkeys((first, second, BOOKED))
        revenue = [over_the_span(view, rows, periods, policy, "revenue_total") for policy in shown]
        figure_row([*revenue, at_the_end(view, periods, BOOKED, "liabilities")], view.currency)
    _by_period(view, rows, periods, first, second)
    _by_contract(view, contracts, periods, first, second)
    assumptions(_ASSUMPTIONS)


def _pair() -> tuple[str, str]:
    """The two policies compared, as chosen above the chart."""
    names = [said(policy) for policy in POLICIES]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width=440):
        first = links.linked("Compare", "compare", names, said("on_delivery"))
        others = [name for name in names if name != first]
        default = said("ratable") if first != said("ratable") else said("on_delivery")
        second = links.linked("with", "against", others, default)
    return known(first), known(second)


def comparison(
    rows: pl.DataFrame, contracts: pl.DataFrame, periods: Periods, first: str, second: str, theme: Theme
) -> Comparison:
    """The policies as lines; what is booked is a line of its own where contracts are booked under several.

    Args:
        rows: recognition_by_period in one currency.
        contracts: policy_difference, for the policies they are booked under.
        periods: the periods asked about.
        first: the policy compared.
        second: what it is compared with.
        theme: colours.
    """
    booked_under = contracts["recognition_method"].unique().to_list()
    alone = booked_under[0] if len(booked_under) == 1 else None
    wanted = [policy for policy in POLICIES if policy != BOOKED or alone is None or BOOKED in (first, second)]
    bases = {policy: _basis(rows, periods, policy, theme, is_alone=policy == alone) for policy in wanted}
    others = [basis for policy, basis in bases.items() if policy not in (first, second)]
    return Comparison(bases[first], bases[second], others)


def _basis(rows: pl.DataFrame, periods: Periods, policy: str, theme: Theme, *, is_alone: bool) -> Basis:
    own = {row["period_end"]: row for row in rows.filter(policy=policy).iter_rows(named=True)}
    revenue, breakage = ([_amount(own, end, column) for end in periods.ends] for column in _DRAWN)
    name = f"{said(policy)} (booked)" if is_alone else said(policy)
    return Basis(name, colour(policy, theme), revenue, breakage, is_booked=policy == BOOKED)


def _amount(own: dict[date, dict[str, Decimal]], end: date, column: str) -> Decimal:
    return own[end][column] if end in own else totals.NIL


def by_period(rows: pl.DataFrame, periods: Periods, first: str, second: str) -> pl.DataFrame:
    """One row per period: its name, revenue under each policy, the compared two's difference, and overage."""
    wide = rows.pivot("policy", index="period_end", values="revenue_total", sort_columns=False)
    missing = [pl.lit(totals.NIL).cast(pl.Decimal(18, 3)).alias(name) for name in POLICIES if name not in wide.columns]
    overage = rows.group_by("period_end").agg(overage=pl.col("overage_revenue").max())
    return (
        pl.DataFrame({"period_end": periods.ends, "period": periods.labels()})
        .join(wide.with_columns(missing), on="period_end", how="left")
        .join(overage, on="period_end", how="left")
        .with_columns(pl.exclude("period_end", "period").fill_null(0))
        .with_columns(difference=pl.col(first) - pl.col(second))
        .with_columns(difference_so_far=pl.col("difference").cum_sum())
        .select("period", "period_end", *POLICIES, "difference", "difference_so_far", "overage")
    )


def _by_period(view: View, rows: pl.DataFrame, periods: Periods, first: str, second: str) -> None:
    shown = by_period(rows, periods, first, second)
    section(f"Revenue by {periods.kind}", "recognition_by_period", shown, view)
    currency = view.currency
    if overage := totals.of(shown, "overage"):
        muted(f"Not in it: overage of {fmt.money_in_full(overage, currency)}, billed in arrears under every policy.")
    table(
        totals.under(shown, "period", without=("difference_so_far",)),
        {
            "period": text_column(periods.kind.capitalize()),
            **{policy: ledger_column(said(policy).capitalize(), currency, MEANINGS[policy]) for policy in POLICIES},
            "difference": ledger_column("Difference", currency, f"{said(first)} less {said(second)}."),
            "difference_so_far": ledger_column("Cumulative", currency, "The difference since the span began."),
        },
        key="periods",
        alt="Revenue by period under each policy, with a total",
        visible_rows=13,
    )


def by_contract(span: pl.DataFrame, to_date: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    """Contracts with the difference of two policies in the span and since they began, the largest first.

    Args:
        span: policy_difference over the span.
        to_date: policy_difference since the beginning.
        first: the policy compared.
        second: what it is compared with.
    """
    since = to_date.select("contract_id", difference_to_date=pl.col(first) - pl.col(second))
    return (
        span.with_columns(difference=pl.col(first) - pl.col(second))
        .join(since, on="contract_id", how="left")
        .sort(pl.col("difference").abs(), "contract_id", descending=[True, False])
    )


def _by_contract(view: View, contracts: pl.DataFrame, periods: Periods, first: str, second: str) -> None:
    to_date = view.ask("policy_difference", boundaries=[BEGINNING, periods.closing])
    shown = by_contract(contracts, to_date, first, second)
    section("Contracts that make the difference", "policy_difference", shown, view)
    links.hint()
    currency = view.currency
    pair = {policy: ledger_column(said(policy).capitalize(), currency, MEANINGS[policy]) for policy in (second, first)}
    table(
        in_words(shown, "recognition_method"),
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "recognition_method": text_column("Booked under"),
            **pair,
            "difference": ledger_column("Difference", currency, f"{said(first)} less {said(second)}, in the span."),
            "difference_to_date": ledger_column("To date", currency, "The difference since the contract began."),
        },
        key="policy_difference",
        alt="Contracts by difference between the policies",
        on_pick=links.derive(shown, "policy_difference", said(first), links.SPAN),
    )
