"""How fresh the data is: the age of the latest snapshot against how often snapshots usually come."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard import format as fmt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from data.snapshots import Snapshot

#: Later than this times the usual gap, a snapshot is missing.
_PATIENCE: Final = 1.5


def show(known: Sequence[Snapshot], shown: Snapshot) -> None:
    """A badge: how old the latest snapshot is, and whether the next is late; or that an older one is shown."""
    days = sorted({one.dated_on for one in known})
    if shown.dated_on != days[-1]:
        later = fmt.count((days[-1] - shown.dated_on).days, "day")
        st.badge(f"Not the latest: that is {later} newer", color="orange")
        return
    said, is_late = freshness(days, datetime.now(tz=UTC).date())
    st.badge(said, color="orange" if is_late else "green", help=_rhythm(days))


def freshness(days: Sequence[date], today: date) -> tuple[str, bool]:
    """How old the latest of some snapshots is, in words, and whether the next is overdue.

    Args:
        days: the days snapshots are dated on, each once, the earliest first.
        today: the day it is.
    """
    age, gap = (today - days[-1]).days, usual_gap(days)
    said = "Data of today" if age <= 0 else f"Data {fmt.count(age, 'day')} old"
    is_late = gap is not None and age > gap * _PATIENCE
    return (f"{said}, next is late" if is_late else said), is_late


def usual_gap(days: Sequence[date]) -> float | None:
    """Days between one snapshot and the next, as it usually is; None for a single one."""
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return median(gaps) if gaps else None


def _rhythm(days: Sequence[date]) -> str:
    gap = usual_gap(days)
    latest = f"The latest snapshot is of {fmt.full_day(days[-1])}."
    return latest if gap is None else f"{latest} One usually comes every {fmt.count(round(gap), 'day')}."
