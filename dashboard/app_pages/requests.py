"""Requests: work from intake to delivery by programme and project, and what is booked against what clients hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import commitments as commitments_chart
from dashboard.explain import Behind
from dashboard.filters import changes_since, check, described, forget
from dashboard.jump import open_picked
from dashboard.parts import Stat, assumptions, chart, empty, figure_row, headline, muted, plain
from dashboard.session import View, before, current, current_theme
from dashboard.tables import day_column, quantity_column, section, table, text_column
from dashboard.work_requests.lists import lines, stages
from dashboard.work_requests.words import answer, shortfall
from dashboard.work_requests.work import Work, programs, work

if TYPE_CHECKING:
    from collections.abc import Callable

_COMMITMENTS: Final = "requests_commitments"
#: Width of a column whose text would be cut, in pixels.
_WIDE: Final = 190
_EVERY_PROGRAM: Final = "All programmes"
#: Lots are a contract's, not a programme's.
_WHOLE_CONTRACTS: Final = " · booked and left are of whole contracts, other programmes included"
_ASSUMPTIONS: Final = (
    "Booked is what is approved or scheduled and not yet delivered. Each request is given to the lots it could draw on"
    " its day, in the order its contract draws them; what lapses above a carry-over cap covers nothing after the term."
    " What waits for approval comes last and makes nothing over-committed. A request has one status, the one the"
    " snapshot knows."
)
_MISSING: Final = (
    "The snapshot holds no request. Import them into the table requests: request_id, contract_id, title, service_type,"
    " unit, quantity, status and requested_on, and where there are any project_id and scheduled_for. Deliveries name"
    " theirs in consumption.request_id. docs/importing.md says how, and the page Data takes the files."
)


def render(view: View) -> None:
    """Draw the page."""
    everything = work(view)
    if everything.lines.is_empty():
        _nothing(view)
        return
    top = st.container()
    program = _program(everything)
    shown = everything.of_program(program) if program else everything
    earlier = _comparable(view)
    said = answer(shown)
    with top:
        context = described(view) + (_WHOLE_CONTRACTS if program else "")
        headline(said, context + (changes_since(view) if earlier else ""))
    if view.as_of < view.snapshot.dated_on:
        dated_on = fmt.full_day(view.snapshot.dated_on)
        st.info(f"Requests have the status they had on {dated_on}; to see those of an earlier day, pick its snapshot.")
    figures = st.container()
    booked = shown.commitments.filter(pl.col("booked_quantity") > 0)
    if booked.height:
        chart(
            commitments_chart.finding(said, booked),
            commitments_chart.draw(booked, current_theme()),
            key="commitments",
            behind=Behind(view, "commitments", rows=lambda: booked),
        )
    with figures:  # asked after the chart, which is waited for
        figure_row(_stats(view, shown, _then(earlier, program)), view.currency)
    _commitments(view, shown)
    stages(view, shown)
    lines(view, shown)
    assumptions(_ASSUMPTIONS)


def _nothing(view: View) -> None:
    if view.unfiltered().ask("request_lines").height:
        headline("No request is in flight", described(view))
        empty(view, "request_lines", "No request matches.")
        return
    headline("No request is known", described(view))
    st.info(plain(_MISSING))


def _program(everything: Work) -> str | None:
    """The programme chosen, None for all."""
    known = programs(everything.projects)
    if not known:
        return None
    check("program", list(known), "all programmes")
    with st.container(width=360):
        chosen = st.selectbox(
            "Programme",
            list(known),
            index=None,
            placeholder=_EVERY_PROGRAM,
            key="program",
            bind="query-params",
            on_change=forget,
            args=("program",),
            help="Requests, projects and contracts of one programme.",
        )
    return known.get(chosen or "")


def _comparable(view: View) -> View | None:
    """What the figures are compared with: another snapshot on its own day, since a status has no history."""
    earlier = before(view)
    return earlier if earlier and earlier.as_of == earlier.snapshot.dated_on else None


def _then(earlier: View | None, program: str | None) -> Work | None:
    if earlier is None:
        return None
    return work(earlier).of_program(program) if program else work(earlier)


def _stats(view: View, now: Work, then: Work | None) -> list[Stat]:
    def counted(label: str, figure: str, meaning: str, rows: Callable[[Work], pl.DataFrame]) -> Stat:
        shown = rows(now)
        change = fmt.count_change(shown.height - rows(then).height) if then else None
        return Stat(label, f"{shown.height:,}", change, meaning, Behind(view, figure, rows=lambda: shown))

    return [
        counted("In flight", "request_lines", "Requests neither delivered nor declined.", lambda one: one.in_flight),
        counted("Waiting for approval", "request_lines", "Requests nobody has approved yet.", lambda one: one.waiting),
        Stat(
            "Longest wait",
            fmt.quantity(now.longest_wait, "day"),
            fmt.quantity_change(now.longest_wait - then.longest_wait, "day") if then else None,
            "Days since the request was made that has waited longest for approval.",
            Behind(view, "request_lines", "waiting_days", lambda: now.waiting),
        ),
        counted("Booked ahead", "request_lines", "Requests approved or scheduled.", lambda one: one.booked),
        counted(
            "Over-committed", "commitments", "Contracts with work booked that no lot covers.", lambda one: one.over
        ),
    ]


def _commitments(view: View, shown: Work) -> None:
    rows = shown.commitments
    if rows.is_empty():
        return
    section("Booked work against what each contract holds", "commitments", rows, view)
    muted("Select a row to open the contract's burn-down.")
    table(
        rows.with_columns(shortfall=pl.Series([shortfall(row) for row in rows.iter_rows(named=True)], dtype=pl.String)),
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "shortfall": st.column_config.TextColumn("Over", width=_WIDE, help="Booked units no lot covers, and why."),
            "held_quantity": quantity_column("Still there", "Units of lots open, in grace, or not yet begun."),
            "booked_quantity": quantity_column("Booked", "Approved and scheduled, not yet delivered."),
            "left_quantity": quantity_column("Left", "Still there less booked."),
            "requested_quantity": quantity_column("Waiting", "Units that wait for approval."),
            "unit": text_column("Unit"),
            "usable_until": day_column("Last usable day", "Of the last lot; empty where none is left or none ends."),
            "owner": text_column("Owner"),
        },
        key=_COMMITMENTS,
        alt="Contracts with work in flight, the over-committed first",
        on_pick=open_picked("burn_down", rows, _COMMITMENTS, contract="contract_id"),
    )


render(current())
