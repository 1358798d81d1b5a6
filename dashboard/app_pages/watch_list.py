"""Watch-list: whom to call this week, why, and what is new since the list was last looked at."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.calendar_file import ALARM_DAYS, calendar
from dashboard.charts import watch_list as chart
from dashboard.downloads import download
from dashboard.explain import Behind
from dashboard.filters import changes_since, described
from dashboard.jump import open_picked
from dashboard.parts import Stat, assumptions, empty, figure_row, finding, headline, muted
from dashboard.session import View, before, current, current_theme
from dashboard.tables import TWO_LINES, day_column, money_column, section, table, text_column
from dashboard.watch_list import thresholds, words
from dashboard.watch_list.calls import Call, Entry, calls, entries
from dashboard.watch_list.calls import left as left_since
from dashboard.watch_list.expiries import expiries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

_CALLS: Final = "watch_list_calls"
_AT_RISK: Final = "Price of the units forecast unused; of use beyond the lots, the revenue at the agreed rate."
_NEW: Final = "Whether the client, a lot or a reason was not on the list before."
_TO_DO: Final = (
    "For the lot with the most money at risk, named where there are more; its pace so far is that of the last 90 days."
)
_HOW_LEFT: Final = (
    "What watch_flags said of the view compared with and no longer says of a lot, or of a contract that was overdrawn."
    " What became of it is how lot_balance has it now."
)
_ASSUMPTIONS: Final = (
    "At risk is the price of the units forecast unused at the last usable day; of what is used beyond the lots, the"
    " revenue at the agreed rate. Lots that never end are on the list only where they are overdrawn."
)


def render(view: View) -> None:
    """Draw the page."""
    answer = st.container()
    limits = thresholds.choose()
    earlier = before(view)
    flags = view.ask("watch_flags", **limits)
    flags_before = earlier.ask("watch_flags", **limits) if earlier else None
    listed = entries(flags, flags_before)
    to_call = calls(listed, flags_before)
    with answer:
        length = words.counted(to_call)
        headline(words.answer(to_call, view.currency, view.as_of), f"{length} · {described(view)}{changes_since(view)}")
    if flags.is_empty() and (flags_before is None or flags_before.is_empty()):
        _nothing(view)
        return
    within = int(limits["ends_within"])
    figure_row(_stats(view, to_call, flags, flags_before, within), view.currency)
    if listed:
        _deadlines(view, listed, earlier.as_of if earlier else None, flags, within)
        _calls(view, to_call, listed)
    if flags_before is not None and earlier is not None:
        _left(view, left_since(listed, flags_before), earlier.as_of)
    assumptions(_ASSUMPTIONS, "unused_forecast")


def _nothing(view: View) -> None:
    if view.ask("watch_list").is_empty():
        empty(view, "watch_list", "No open lot matches.")
    else:
        st.info("No open lot crosses a threshold. Lower one under Thresholds to see what comes next.")


def _stats(
    view: View, to_call: Sequence[Call], flags: pl.DataFrame, flags_before: pl.DataFrame | None, within: int
) -> list[Stat]:
    def at_risk(label: str, meaning: str, most_days: int | None = None) -> Stat:
        rows = _ending(flags, most_days)
        amount = _total(rows)
        change = None if flags_before is None else amount - _total(_ending(flags_before, most_days))
        behind = Behind(view, "watch_flags", "at_risk_amount", lambda: rows, "at_risk_amount")
        return Stat(label, fmt.money(amount, view.currency), change, meaning, behind)

    clients, counted = flags["account_id"].n_unique(), Behind(view, "watch_flags", rows=lambda: flags)
    more = None if flags_before is None else fmt.count_change(clients - flags_before["account_id"].n_unique())
    stats = [
        Stat("Clients to call", f"{clients:,}", more, "Clients with a lot or contract on the list.", counted),
        at_risk("At risk of lapsing", "Price of the units forecast unused, of the lots on the list."),
        at_risk(
            f"Ends in {fmt.count(within, 'day')}",
            "Of that, the lots of which units lapse by then: the days are one of the thresholds.",
            within,
        ),
    ]
    if flags_before is not None:
        new = flags.filter(pl.col("account_id").is_in(flags_before["account_id"].unique().to_list()).not_())
        meaning = "Clients who were not on the list before."
        how_many = f"{words.new_clients(to_call):,}"
        stats.insert(
            1, Stat("New clients", how_many, help=meaning, behind=Behind(view, "watch_flags", rows=lambda: new))
        )
    return stats


def _ending(flags: pl.DataFrame, most_days: int | None) -> pl.DataFrame:
    """The lots on the list, each once; within some days, only those that end by then."""
    once = flags.drop_nulls("lot_id").unique("lot_id", keep="first", maintain_order=True)
    return once if most_days is None else once.filter(pl.col("days_left") <= most_days)


def _total(rows: pl.DataFrame) -> Decimal:
    return sum(rows["at_risk_amount"], Decimal(0))


def _deadlines(view: View, listed: Sequence[Entry], since: date | None, flags: pl.DataFrame, within: int) -> None:
    dots = [
        chart.Deadline(entry.row["account_name"], entry.lapses_on, entry.row["days_left"], entry.at_risk, entry.is_new)
        for entry in listed
        if entry.lapses_on
    ]
    if not dots:
        return
    finding(
        chart.finding(dots, within, view.as_of, view.currency),
        chart.draw(dots, view.as_of, since, view.currency, current_theme()),
        key="deadlines",
        behind=Behind(view, "watch_flags", rows=lambda: flags),
    )


def _calls(view: View, to_call: Sequence[Call], listed: Sequence[Entry]) -> None:
    rows = pl.DataFrame([_row(call, view) for call in to_call], infer_schema_length=None)
    section("Whom to call, the most money at risk first", "watch_flags", rows, view)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        muted("Select a row to open the burn-down of its lot with the most money at risk.")
        _calendar(view, listed)
    table(
        rows,
        {
            "account_name": st.column_config.TextColumn("Client", width=125),
            "new": st.column_config.TextColumn("New", width=76, help=_NEW),
            "at_risk_amount": money_column("At risk", view.currency, _AT_RISK),
            "lapses_on": day_column("First lapse", "The first day on which units of its lots on the list lapse."),
            "days_left": st.column_config.NumberColumn("Days", width=50, help="Days left until then."),
            "why": st.column_config.TextColumn("Why", width=240),
            "what_to_do": st.column_config.TextColumn("What to do", width=180, help=_TO_DO),
            "owner": text_column("Owner"),
        },
        key=_CALLS,
        alt="Clients to call, the most money at risk first",
        row_pixels=TWO_LINES,
        on_pick=open_picked("burn_down", rows, _CALLS, lot="lot_id", contract="contract_id"),
    )


def _row(call: Call, view: View) -> dict[str, object]:
    ending = call.ends_first
    most_at_risk = next((entry.lot_id for entry in call.entries if entry.lot_id), None)
    return {
        "account_name": call.client,
        "new": call.news,
        "why": words.why(call, view.as_of),
        "what_to_do": words.what_to_do(call, view.currency, view.as_of),
        "at_risk_amount": call.at_risk,
        "lapses_on": ending.lapses_on if ending else None,
        "days_left": ending.row["days_left"] if ending else None,
        "owner": call.owner,
        "contract_id": call.entries[0].row["contract_id"],
        "lot_id": most_at_risk,
    }


def _calendar(view: View, listed: Sequence[Entry]) -> None:
    found = expiries(listed, view.currency, view.as_of)
    if not found:
        return
    download(
        "Calendar",
        f"watch_list-{view.as_of}.ics",
        "text/calendar",
        lambda: calendar(found, view.snapshot.dated_on),
        key="ics_watch_list",
        meaning=f"The days on which units of these lots lapse for your calendar, {len(found):,} in all, each with an"
        f" alarm {ALARM_DAYS} days before.",
    )


def _left(view: View, gone: Sequence[Entry], since: date) -> None:
    day = fmt.day(since, view.as_of)
    if not gone:
        muted(f"Nothing has left the list since {day}.")
        return
    balances = {row["lot_id"]: row for row in view.ask("lot_balance").iter_rows(named=True)}
    rows = pl.DataFrame([_gone(entry, balances, view, since) for entry in gone], infer_schema_length=None)
    section(f"What left the list since {day}", "watch_flags", rows, view, _HOW_LEFT)
    table(
        rows,
        {
            "account_name": text_column("Client"),
            "became": text_column("What became of it"),
            "why": st.column_config.TextColumn("Why it was on the list", width="large"),
            "at_risk_amount": money_column("Was at risk", view.currency),
            "owner": text_column("Owner"),
            "contract_id": text_column("Contract"),
            "lot_id": text_column("Lot"),
        },
        key="watch_list_left",
        alt=f"What has left the list since {day}",
        visible_rows=6,
    )


def _gone(entry: Entry, balances: Mapping[str, Mapping[str, object]], view: View, since: date) -> dict[str, object]:
    return {
        "account_name": entry.row["account_name"],
        "became": words.why_left(entry, balances.get(entry.lot_id or ""), view.as_of),
        "why": words.reasons(entry, since),
        "at_risk_amount": entry.at_risk,
        "owner": entry.row["owner"],
        "contract_id": entry.row["contract_id"],
        "lot_id": entry.lot_id,
    }


render(current())
