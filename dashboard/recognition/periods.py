"""The span the page shows and the periods it is cut into: months, quarters or years of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard import format as fmt
from dashboard.filters import check, forget
from queries.calendar import month_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

SPANS: Final = ("12 months", "24 months", "36 months")
#: Months in each kind of period.
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
KINDS: Final = tuple(_MONTHS)
_QUARTER: Final = 3
_YEAR: Final = 12


@dataclass(frozen=True)
class Periods:
    """Consecutive periods: the boundaries a figure is asked with (the first is the opening) and what each is called."""

    kind: str
    boundaries: tuple[date, ...]

    @property
    def opening(self) -> date:
        """The day before the first period."""
        return self.boundaries[0]

    @property
    def closing(self) -> date:
        """The last day of the last period."""
        return self.boundaries[-1]

    @property
    def ends(self) -> tuple[date, ...]:
        """The closing day of each period."""
        return self.boundaries[1:]

    def asked(self) -> list[date]:
        """The boundaries as a figure takes them."""
        return list(self.boundaries)

    def ending_on(self, day: date) -> Periods:
        """As many months, ending on another day and cut alike."""
        months = (self.closing.year - self.opening.year) * _YEAR + self.closing.month - self.opening.month
        return cut(month_ends(day, months), self.kind)

    def label(self, end: date) -> str:
        """What the period closing on a day is called: `Nov 2025`, `Q1 2026`, `2026`, or the months it has of one."""
        return label(self.opening_of(end) + timedelta(days=1), end, self.kind)

    def labels(self) -> list[str]:
        """What each period is called."""
        return [self.label(end) for end in self.ends]

    def opening_of(self, end: date) -> date:
        """The closing day of the period before."""
        return max(boundary for boundary in self.boundaries if boundary < end)

    def __str__(self) -> str:
        """The whole span in words, as a title begins."""
        first, last = self.opening + timedelta(days=1), self.closing
        if (first.year, first.month) == (last.year, last.month):
            return f"In {last:%B %Y}"
        start = f"{first:%B}" if first.year == last.year else f"{first:%B %Y}"
        return f"From {start} to {last:%B %Y}"


def choose(as_of: date) -> Periods:
    """The span and its periods, as chosen in the sidebar and kept in the URL."""
    check("span", SPANS, SPANS[0])
    check("by", KINDS, KINDS[0])
    with st.sidebar:
        span = st.selectbox("Months shown", SPANS, key="span", bind="query-params", on_change=forget, args=("span",))
        kind = st.selectbox("Added up by", KINDS, key="by", bind="query-params", on_change=forget, args=("by",))
    return cut(month_ends(as_of, int(span.split()[0])), kind)


def cut(boundaries: Sequence[date], kind: str) -> Periods:
    """Month ends cut into periods of the calendar; where the span begins or ends inside one, it has its part."""
    inside = [end for end in boundaries[1:-1] if end.month % _MONTHS[kind] == 0]
    return Periods(kind, (boundaries[0], *inside, boundaries[-1]))


def label(first: date, last: date, kind: str) -> str:
    """What a period is called: by its name where it is whole, else by its months."""
    if not _is_month_end(last):
        return f"{_months(first, last)}, to {fmt.short_day(last)}"
    months = (last.year - first.year) * _YEAR + last.month - first.month + 1
    if months == _MONTHS[kind] and first.day == 1:
        if kind == "year":
            return str(last.year)
        if kind == "quarter":
            return f"Q{last.month // _QUARTER} {last.year}"
    return _months(first, last)


def _months(first: date, last: date) -> str:
    if (first.year, first.month) == (last.year, last.month):
        return f"{last:%b %Y}"
    start = f"{first:%b}" if first.year == last.year else f"{first:%b %Y}"
    return f"{start}\N{EN DASH}{last:%b %Y}"


def _is_month_end(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1
