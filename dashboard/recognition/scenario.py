"""Scenario: what the book would recognise under other policies, conventions or estimates, against what is booked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import recognition
from dashboard.charts.recognition import Basis, Comparison
from dashboard.explain import Behind
from dashboard.filters import described
from dashboard.parts import Stat, assumptions, chart, figure_row, headline
from dashboard.recognition import links, scenario_builder, totals
from dashboard.recognition.words import BOOKED, colour
from dashboard.session import View, current_theme
from dashboard.tables import ledger_column, section, table, text_column
from queries.scenario import Scenario

if TYPE_CHECKING:
    from dashboard.recognition.periods import Periods
    from dashboard.theme import Theme

_CHANGE: Final = "The change is against what the scenario is compared with."
_ASSUMPTIONS: Final = (
    "Analysis, not accounting advice. A scenario shows what the policies would recognise from the first day of every"
    " contract, as if they had always been applied; it books nothing and says nothing about whether a policy is"
    " permitted. A rate or the forecast's cautious share as breakage estimate is a what-if: an estimate must be what"
    " the seller expects to be entitled to (R5). Timing differs, never the total (escheat apart)."
)
_HOW_COMPARED: Final = (
    "liability_rollforward, policy `booked`, asked twice: once as booked (or under the scenario compared with), once"
    " with the scenario laid over the book (queries/scenario.py). Difference: scenario less what it is compared with."
)


def render(view: View, periods: Periods) -> None:
    """Draw the section."""
    text, scenario = scenario_builder.wanted()
    names = scenario_builder.known_scenarios(view)
    answer = st.container()
    if scenario is None:
        with answer:
            headline("This scenario can't be read: mend its text, or build it anew below", described(view))
        scenario_builder.build(view, Scenario(), names)
        return
    scenario_builder.build(view, scenario, names)
    scenario_builder.explain()
    versus = _versus(names, text)
    if not str(scenario):
        with answer:
            headline("No scenario yet: choose what to recognise differently", described(view))
            assumptions(_ASSUMPTIONS)
        return
    name = scenario_builder.name_of(text, names) or links.SCENARIO
    _compared(view, periods, scenario, name, versus, names, answer)
    assumptions(_ASSUMPTIONS)


def _versus(names: dict[str, str], text: str) -> str:
    """What the scenario is compared with: what is booked, or a saved scenario."""
    others = [name for name, kept in names.items() if kept != text]
    with st.container(width=260):
        return links.linked("Compared with", "versus", [BOOKED, *others], BOOKED)


def _compared(
    view: View,
    periods: Periods,
    scenario: Scenario,
    name: str,
    versus: str,
    names: dict[str, str],
    answer: st.delta_generator.DeltaGenerator,
) -> None:
    rows = _booked(view, periods, str(scenario)), _booked(view, periods, names.get(versus, ""))
    theme = current_theme()
    one = _basis(rows[0], periods, name, _colour(scenario, theme))
    two = _basis(rows[1], periods, versus, colour(BOOKED, theme) if versus == BOOKED else theme.muted)
    compared = Comparison(one, two, [])
    found = recognition.finding(compared, str(periods), periods.kind, view.currency)
    with answer:
        headline(found.title, f"{described(view)} · {scenario_builder.in_words(scenario)}")
        figure_row(_stats(view, rows, compared, periods), view.currency)
    figure = recognition.draw(compared, periods.ends, periods.labels(), view.currency, theme)
    chart(found, figure, "scenario_chart", Behind(view, "liability_rollforward", rows=lambda: rows[0]))
    _by_period(view, compared, periods)
    _by_contract(view, rows, name, versus)


def _booked(view: View, periods: Periods, text: str) -> pl.DataFrame:
    """The roll-forward of every contract under a scenario; without one as booked."""
    asked = {"scenario": text} if text else {}
    return view.ask("liability_rollforward", boundaries=periods.asked(), **asked).filter(policy=BOOKED)


def _colour(scenario: Scenario, theme: Theme) -> str:
    """A scenario of one policy has its colour."""
    told = {rule.policy for rule in scenario.rules}
    return colour(told.pop(), theme) if len(told) == 1 else theme.actual


def _basis(rows: pl.DataFrame, periods: Periods, name: str, shade: str) -> Basis:
    own = dict(rows.group_by("period_end").agg(pl.sum("revenue_total")).iter_rows())
    return Basis(name, shade, [own.get(end, totals.NIL) for end in periods.ends], is_booked=name == BOOKED)


def _stats(view: View, rows: tuple[pl.DataFrame, pl.DataFrame], compared: Comparison, periods: Periods) -> list[Stat]:
    currency = view.currency
    ends = [totals.of(one.filter(period_end=periods.closing), "closing") for one in rows]
    to_date = [totals.of(one.filter(period_end=periods.closing), "cumulative_revenue") for one in rows]
    first, second = compared.first, compared.second
    scenario, other = (one.filter(pl.col("period_end") > periods.opening) for one in rows)
    at_end = scenario.filter(period_end=periods.closing)

    def behind(column: str, own: pl.DataFrame) -> Behind:
        return Behind(view, "liability_rollforward", column, lambda: own, column)

    earned, so_far = behind("revenue_total", scenario), behind("cumulative_revenue", at_end)
    return [
        Stat(f"Revenue, {first.name}", fmt.money(first.total, currency), first.total - second.total, _CHANGE, earned),
        Stat(f"Revenue, {second.name}", fmt.money(second.total, currency), behind=behind("revenue_total", other)),
        Stat(
            f"Deferred, {first.name}",
            fmt.money(ends[0], currency),
            ends[0] - ends[1],
            _CHANGE,
            behind("closing", at_end),
        ),
        Stat("Revenue to date", fmt.money(to_date[0], currency), to_date[0] - to_date[1], _CHANGE, so_far),
    ]


def _by_period(view: View, compared: Comparison, periods: Periods) -> None:
    currency = view.currency
    money = pl.Decimal(18, 3)
    first, second = compared.first, compared.second
    rows = pl.DataFrame(
        {"period": periods.labels(), "period_end": periods.ends, "scenario": first.revenue, "other": second.revenue},
        schema_overrides={"scenario": money, "other": money},
    ).with_columns(difference=pl.col("scenario") - pl.col("other"))
    rows = rows.with_columns(cumulative=pl.col("difference").cum_sum())
    section(
        f"{second.name.capitalize()} against {first.name}, by {periods.kind}", "scenario", rows, view, _HOW_COMPARED
    )
    table(
        totals.under(rows, "period", without=("cumulative",)),
        {
            "period": text_column(periods.kind.capitalize()),
            "other": ledger_column(second.name.capitalize(), currency),
            "scenario": ledger_column(first.name.capitalize(), currency),
            "difference": ledger_column("Difference", currency),
            "cumulative": ledger_column("Cumulative", currency, "The difference since the span began."),
        },
        key="scenario_periods",
        alt="Revenue by period under the scenario and what it is compared with",
        visible_rows=13,
    )


def contracts_apart(scenario: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Contracts whose revenue differs between two roll-forwards, the most first.

    Args:
        scenario: liability_rollforward of one policy.
        other: what it is compared with.
    """
    sides = [
        rows.sort("period_end")
        .group_by("contract_id")
        .agg(pl.sum("revenue_total").alias(name), pl.last("cumulative_revenue").alias(f"{name}_to_date"))
        for name, rows in (("scenario", scenario), ("other", other))
    ]
    amounts = ["scenario", "other", "scenario_to_date", "other_to_date"]
    return (
        sides[0]
        .join(sides[1], on="contract_id", how="full", coalesce=True)
        .with_columns(pl.col(amounts).fill_null(0))
        .with_columns(
            difference=pl.col("scenario") - pl.col("other"),
            difference_to_date=pl.col("scenario_to_date") - pl.col("other_to_date"),
        )
        .filter((pl.col("difference") != 0) | (pl.col("difference_to_date") != 0))
        .sort(pl.col("difference").abs(), "contract_id", descending=[True, False])
    )


def _by_contract(view: View, rows: tuple[pl.DataFrame, pl.DataFrame], name: str, versus: str) -> None:
    clients = view.ask("lot_terms").select("contract_id", "account_name", "owner").unique()
    shown = contracts_apart(*rows).join(clients, on="contract_id", how="left", maintain_order="left")
    section("Contracts that drive the difference", "scenario_contracts", shown, view, _HOW_COMPARED)
    if shown.is_empty():
        st.info("No contract recognises a different amount in these months. Show more months, or change a rule.")
        return
    links.hint()
    currency = view.currency
    table(
        shown,
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "owner": text_column("Owner"),
            "other": ledger_column(versus.capitalize(), currency),
            "scenario": ledger_column(name.capitalize(), currency),
            "difference": ledger_column("Difference", currency, "In the span."),
            "difference_to_date": ledger_column("To date", currency, "The difference since the contract began."),
        },
        key="scenario_contracts",
        alt="Contracts by difference between the scenario and what it is compared with",
        on_pick=links.derive(shown, "scenario_contracts", links.SCENARIO, links.SPAN),
    )
