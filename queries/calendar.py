"""Days that periods begin and end on."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

from queries.catalog import FigureError

#: A day before every book: as the opening, it makes the first period hold everything up to its end.
BEGINNING: Final = date(1, 1, 1)


def month_ends(as_of: date, months: int) -> list[date]:
    """The closing days of the `months` months up to as_of, with the opening day before them first.

    Raises:
        FigureError: the calendar does not reach back that far.
    """
    counted = as_of.year * 12 + as_of.month - 1
    try:
        starts = [date((counted - back) // 12, (counted - back) % 12 + 1, 1) for back in range(months)]
    except ValueError:
        raise FigureError(f"The calendar has no {months} months before {as_of}. Ask about a later day.") from None
    return sorted({as_of, *(start - timedelta(days=1) for start in starts)})


def months_after(as_of: date, months: int) -> date:
    """The day that many months later; a month's last day stays one, as grace does (R1.3).

    Raises:
        FigureError: the calendar ends before.
    """
    counted = as_of.year * 12 + as_of.month - 1 + months
    if counted // 12 > date.max.year:
        raise FigureError(f"The calendar has no {months} months after {as_of}. Ask about an earlier day.")
    last = monthrange(counted // 12, counted % 12 + 1)[1]
    is_month_end = as_of.day == monthrange(as_of.year, as_of.month)[1]
    return date(counted // 12, counted % 12 + 1, last if is_month_end else min(as_of.day, last))


def quarter_ends(before: date, count: int) -> list[date]:
    """The quarter ends before a day, as many as asked for or as the calendar has, the earliest first."""
    quarter = before.year * 4 + (before.month - 1) // 3
    earliest = max(quarter - count + 1, BEGINNING.year * 4 + 1)
    firsts = [date(number // 4, number % 4 * 3 + 1, 1) for number in range(earliest, quarter + 1)]
    return [first - timedelta(days=1) for first in firsts]
