"""The closed months: which they are, what is reported late for them, and closing the next one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import access_log
from dashboard import format as fmt
from dashboard.parts import muted
from dashboard.session import View, opened, store
from dashboard.sign_in import CLOSE, viewer
from dashboard.tables import day_column, ledger_column, section, table, text_column
from data.closes import close_period, is_older, next_period_end, obstacle
from data.snapshots import open_snapshot
from queries.close import Fixed, late, narrow, reported

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from data.closes import Close
    from queries.scope import Scope

#: The amounts of a roll-forward, as people call them.
AMOUNT_NAMES: Final = {
    "billings": "Billings",
    "refunds": "Refunds",
    "escheat": "Escheat",
    "revenue_ratable": "Revenue, ratable",
    "revenue_delivery": "Revenue, delivery",
    "revenue_breakage": "Revenue, breakage",
    "revenue_adjustment": "Revenue, adjustment",
    "revenue_total": "Revenue in total",
    "overage_revenue": "Overage",
}
_HOW_CLOSED: Final = (
    "Reported figures of a closed month stay as the snapshot it was closed on knows them. Months close in order; the"
    " last one can be reopened with `drawdown close --reopen`."
)
_HOW_REPORTED: Final = (
    "Reported is the amount to date at the month's end as the snapshot shown knows it, less the amount to date at the"
    " end of the last closed month as it was closed. Late is the part of it that belongs to closed months."
)


def closed_months(view: View, closes: Sequence[Close]) -> None:
    """Draw the section.

    Args:
        view: the view the page shows.
        closes: the closed months, oldest first.
    """
    if closes:
        _list(view, closes)
        _first_open(view, closes[-1])
    else:
        st.header("Closed months", anchor=False)
        muted("No month is closed: every figure follows the snapshot shown.")
    _close_next(view, closes)


def _list(view: View, closes: Sequence[Close]) -> None:
    latest_first = closes[::-1]
    rows = pl.DataFrame(
        {
            "period_end": [close.period_end for close in latest_first],
            "snapshot_id": [close.snapshot_id for close in latest_first],
            "closed_at": [f"{close.closed_at:%Y-%m-%d %H:%M}" for close in latest_first],
        }
    )
    section("Closed months", "closes", rows, view, _HOW_CLOSED)
    table(
        rows,
        {
            "period_end": day_column("Month to"),
            "snapshot_id": text_column("Reported as known to snapshot"),
            "closed_at": text_column("Closed (UTC)"),
        },
        key="closes",
        alt="Closed months",
        visible_rows=6,
    )


def _first_open(view: View, last: Close) -> None:
    """The first open month as it is reported: its own amounts, and what was posted late for closed months."""
    closed_on = open_snapshot(store(), last.snapshot_id)
    end = min(next_period_end([last], view.snapshot), view.as_of)
    month = f"{end:%B %Y}"
    if is_older(view.snapshot, closed_on):
        muted(f"The snapshot shown is older than the one {last.period_end:%B %Y} was closed on.")
        return
    if end <= last.period_end:
        muted(f"On {fmt.full_day(view.as_of)} no month was open.")
        return
    whole, posted_late = (
        narrow(rows, [closed_on, view.snapshot], view.filters)
        for rows in _reported(closed_on.folder, view.snapshot.folder, view.scope, last.period_end, end)
    )
    rows = pl.DataFrame(
        [(said, posted_late[name].sum(), whole[name].sum()) for name, said in AMOUNT_NAMES.items()],
        schema={"component": pl.String, "late": pl.Decimal(18, 3), "reported": pl.Decimal(18, 3)},
        orient="row",
    ).select("component", own=pl.col("reported") - pl.col("late"), late="late", reported="reported")
    section(f"{month}, the first open month", "first_open_month", rows, view, _HOW_REPORTED)
    muted(_answer(posted_late, month, view.currency))
    table(
        rows,
        {
            "component": text_column("Amount"),
            "own": ledger_column("Of the month", view.currency, f"Dated after {fmt.full_day(last.period_end)}."),
            "late": ledger_column("Late", view.currency, "Of closed months, and known only since they were closed."),
            "reported": ledger_column("Reported", view.currency, f"Up to {fmt.full_day(end)}."),
        },
        key="first_open_month",
        alt="The first open month as reported",
        visible_rows=len(AMOUNT_NAMES),
    )


def _answer(posted_late: pl.DataFrame, month: str, currency: str) -> str:
    if posted_late.is_empty():
        return f"Nothing became known of closed months since: {month} is reported as it is."
    revenue = posted_late["revenue_total"].sum()
    amounts = f"{fmt.change(revenue, currency)} of revenue" if revenue else "amounts"
    return f"{month} is reported with {amounts} of closed months, from {fmt.count(posted_late.height, 'contract')}."


def _close_next(view: View, closes: Sequence[Close]) -> None:
    """A button that asks once more, for who may close; where the month can't be closed, the reason."""
    if not viewer().may(CLOSE):
        return
    end = next_period_end(closes, view.snapshot)
    month, known = f"{end:%B %Y}", fmt.full_day(view.snapshot.dated_on)
    reason = obstacle(store(), end, view.snapshot)
    if reason is not None:
        st.button(f"Close {month}", disabled=True, key="cannot_close")
        muted(reason)
        return
    # Named after its month: once that is closed, the next month's is not already open.
    with st.popover(f"Close {month}", key=f"close_{end}"):
        st.markdown(
            f"{month} will be reported as the snapshot of {known} knows it, whatever the filters show. What becomes"
            " known of it later is reported in the first open month."
        )
        is_confirmed = st.button(f"Close {month} on the snapshot of {known}", type="primary", key=f"confirm_{end}")
    if is_confirmed:
        close_period(store(), end, view.snapshot.snapshot_id, datetime.now(UTC))
        access_log.did("close", access_log.seen(), month=end.isoformat())
        st.rerun()


@st.cache_data(max_entries=16, show_spinner=False)
def _reported(
    closed_on: Path, current: Path, scope: Scope, last_day: date, end: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The first open month of every contract in scope as reported, and the part of it that belongs to closed months."""
    fixed, book = Fixed(last_day, opened(closed_on, scope)), opened(current, scope)
    return reported([fixed], book, [last_day, end]), late(fixed, book)
