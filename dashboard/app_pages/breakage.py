"""Breakage: what will be left unused, quarter by quarter, and how good such forecasts have been."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import forecast_change, unused_by_quarter
from dashboard.charts.unused_by_quarter import contributors, held, quarter, tested_quarters
from dashboard.explain import Behind
from dashboard.filters import changes_since, check, described, forget, segments
from dashboard.jump import open_picked
from dashboard.parts import Stat, assumptions, chart, empty, figure_row, finding, headline, muted, plain
from dashboard.session import View, before, current, current_theme
from dashboard.tables import day_column, money_column, section, share_column, table, text_column, with_interval

_ASSUMPTIONS: Final = (
    "Intervals of totals count how far lots have missed together in past forecasts. A quarter's covers lots now"
    " open, so a quarter far ahead will still gain lots not yet bought. The forecast is a judgement aid: recognised"
    " breakage rests on recorded estimates, not on it."
)
_YEAR: Final = 4
_EVERY_QUARTER: Final = "every quarter"
_CONTRIBUTORS: Final = "contributors"
_GROUPS: Final = ("Service", "Segment", "Owner")
#: Days added to every open lot, and by what its use to come is multiplied.
_TIMES: Final = {"as agreed": 0, "1 month": 30, "3 months": 91, "6 months": 182, "12 months": 365}
_BURNS: Final = {"as forecast": 1.0, "10% lower": 0.9, "10% higher": 1.1, "25% higher": 1.25, "50% higher": 1.5}


def render(view: View) -> None:
    """Draw the page."""
    quarters = view.ask("unused_by_quarter")
    if quarters.is_empty():
        empty(view, "unused_by_quarter", "No lot has ended or is open.")
        return
    said = unused_by_quarter.finding(quarters, view.currency)
    headline(said.title, described(view) + changes_since(view))
    figures = st.container()
    drawn = unused_by_quarter.draw(quarters, view.currency, current_theme())
    chart(said, drawn, key="unused_by_quarter", behind=Behind(view, "unused_by_quarter"))
    with figures:  # asked after the chart, which is waited for
        figure_row(_stats(view, quarters), view.currency)
    _moved(view)
    if view.ask("watch_list").height:
        _what_if(view)
        _by(view)
        _contributors(view, quarters)
    assumptions(_ASSUMPTIONS, "unused_forecast")


def _stats(view: View, quarters: pl.DataFrame) -> list[Stat]:
    currency = view.currency
    ahead, tested = quarters.filter(~pl.col("is_past")), tested_quarters(quarters)
    stats = _ahead(view, ahead) if ahead.height else []
    if tested.height:
        kept, of = held(quarters)
        last = tested.row(-1, named=True)
        scored = Behind(view, "unused_by_quarter", rows=lambda: tested)
        meaning = "80% intervals made one quarter ahead."
        stats.append(Stat("Intervals that held", f"{kept} of {of}", help=meaning, behind=scored))
        stats.append(
            Stat(
                f"Lapsed in {quarter(last['quarter_start'])}",
                fmt.money(last["lapsed_amount"], currency),
                last["lapsed_amount"] - last["expected_amount"],
                "The change is against what had been forecast a quarter ahead.",
                Behind(view, "unused_by_quarter", "lapsed_amount", lambda: tested.tail(1)),
            )
        )
    return stats


def _ahead(view: View, ahead: pl.DataFrame) -> list[Stat]:
    """The forecasts for the current quarter and the year from it, with how they changed."""
    currency, row, year = view.currency, ahead.row(0, named=True), ahead.head(_YEAR)
    interval = f"80%: {fmt.money(row['low_amount'], currency)} to {fmt.money(row['high_amount'], currency)}."

    def expected(quarters: pl.DataFrame) -> Behind:
        return Behind(view, "unused_by_quarter", "expected_amount", lambda: quarters, "expected_amount")

    return [
        Stat(
            f"Forecast for {quarter(row['quarter_start'])}",
            fmt.money(row["expected_amount"], currency),
            _change(view, year.head(1)),
            interval,
            expected(year.head(1)),
        ),
        Stat(
            "Next four quarters",
            fmt.money(_sum(year["expected_amount"]), currency),
            _change(view, year),
            "The current quarter and three more.",
            expected(year),
        ),
    ]


def _change(view: View, quarters: pl.DataFrame) -> Decimal | None:
    """By how much the forecast of some quarters differs from what was forecast for them before."""
    earlier = before(view)
    if earlier is None:
        return None
    then = earlier.ask("unused_by_quarter").join(quarters, on="quarter_start", how="semi").filter(~pl.col("is_past"))
    return _sum(quarters["expected_amount"]) - _sum(then["expected_amount"])


def _moved(view: View) -> None:
    """What moved the forecast since what it is compared with."""
    earlier = before(view)
    if earlier is None:
        return
    changes = view.ask("unused_change", earlier=earlier.as_of)
    then = _sum(view.ask("unused_forecast")["expected_amount"]) - _sum(changes["amount"])
    said = forecast_change.finding(then, changes, earlier.as_of, view.as_of, view.currency)
    drawn = forecast_change.draw(then, changes, earlier.as_of, view.as_of, view.currency, current_theme())
    behind = Behind(view, "unused_change", rows=lambda: changes)
    finding(said, drawn, key="unused_change", behind=behind)


def _sum(amounts: pl.Series) -> Decimal:
    return sum(amounts, Decimal(0))


def _what_if(view: View) -> None:
    """What more time or a higher burn would change, answered from the same draws."""
    for name, answers in (("more_time", _TIMES), ("burn", _BURNS)):
        check(name, list(answers), next(iter(answers)))
    title = st.container()
    time_place, burn_place, answer_place = st.columns([1, 1, 3], vertical_alignment="bottom")
    added = time_place.selectbox("More time", list(_TIMES), key="more_time", bind="query-params")
    burn = burn_place.selectbox("Burn", list(_BURNS), key="burn", bind="query-params")
    rows = view.ask("unused_what_if", added_days=_TIMES[added], burn=_BURNS[burn])
    with title:
        section("What if", "unused_what_if", rows, view)
    if rows.height:
        with answer_place:
            st.markdown(plain(_answer(rows.row(0, named=True), added, burn, view.currency)))


def _answer(row: dict[str, Any], added: str, burn: str, currency: str) -> str:
    now, then = (fmt.money(row[name], currency) for name in ("forecast_amount", "what_if_amount"))
    if _TIMES[added] == 0 and _BURNS[burn] == 1:
        return f"As things are, {now} would be left of {row['lot_count']} open lots. Pick more time or another burn."
    interval = f"80%: {fmt.money(row['low_amount'], currency)} to {fmt.money(row['high_amount'], currency)}"
    change = fmt.change(row["what_if_amount"] - row["forecast_amount"], currency)
    return f"{then} would be left instead of {now}, {change} ({interval})."


def _by(view: View) -> None:
    """The forecast by what leadership can act on."""
    title = st.container()
    by = segments("By", _GROUPS, "by")
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


def _contributors(view: View, quarters: pl.DataFrame) -> None:
    """The open lots that a quarter's forecast is made of; a click shows why."""
    ahead = {quarter(start): start for start in quarters.filter(~pl.col("is_past"))["quarter_start"]}
    labels = [_EVERY_QUARTER, *ahead]
    check("ending", labels, _EVERY_QUARTER)
    title = st.container()
    with st.container(width=220):
        chosen = st.selectbox(
            "Ending in", labels, key="ending", bind="query-params", on_change=forget, args=("ending",)
        )
    lots = view.ask("watch_list").filter(pl.col("expected_amount") > 0)
    if chosen in ahead:
        lots = lots.filter(pl.col("usable_until").dt.truncate("1q") == ahead[chosen])
    currency = view.currency
    with title:
        section(contributors(lots, None if chosen == _EVERY_QUARTER else chosen, currency), "watch_list", lots, view)
        muted("Select a row to see why: how the client used it so far, and what became of lots like it.")
    table(
        with_interval(lots, currency),
        {
            "account_name": text_column("Client"),
            "expected_amount": money_column("Forecast unused", currency),
            "interval": text_column("80% interval"),
            "used_share": share_column("Used"),
            "usable_until": day_column("Last usable day"),
            "segment": text_column("Segment"),
            "service": text_column("Service"),
            "owner": text_column("Owner"),
        },
        key=f"{_CONTRIBUTORS}_{chosen}",
        alt="Open lots by forecast unused",
        on_pick=open_picked("burn_down", lots, f"{_CONTRIBUTORS}_{chosen}", lot="lot_id"),
    )


render(current())
