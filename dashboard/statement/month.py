"""A calendar month as statements are made for it: whole, or up to the day asked about."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from queries.calendar import months_after

_NAMED: Final = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True)
class Month:
    """The days of a month; `is_to_date` where the last of them are not known yet."""

    first_day: date
    last_day: date
    is_to_date: bool

    @property
    def key(self) -> str:
        """How links and commands name it: `2026-10`."""
        return f"{self.first_day:%Y-%m}"

    @property
    def file_key(self) -> str:
        """How files name it: `2026-10`, or `2026-10-to-15` for what is not all of it."""
        return f"{self.key}-to-{self.last_day:%d}" if self.is_to_date else self.key

    @property
    def name(self) -> str:
        """`October 2026`."""
        return f"{self.first_day:%B %Y}"


def month(key: str, as_of: date) -> Month:
    """The month named like `2026-10`, no further than the day asked about.

    Raises:
        ValueError: it is no month, or begins after that day.
    """
    named = _NAMED.fullmatch(key)
    try:
        first_day = date(int(named[1]), int(named[2]), 1) if named else None
    except ValueError:
        first_day = None
    if first_day is None:
        raise ValueError(f"“{key}” is not a month like {as_of:%Y-%m}")
    if first_day > as_of:
        raise ValueError(f"{first_day:%B %Y} begins after {as_of}, the day asked about")
    end = first_day.replace(day=monthrange(first_day.year, first_day.month)[1])
    return Month(first_day, min(end, as_of), as_of < end)


def last_whole_month(as_of: date) -> str:
    """The last month that has ended by a day: what statements are sent for."""
    next_day = as_of + timedelta(days=1)
    return f"{next_day.replace(day=1) - timedelta(days=1):%Y-%m}"


def months(first: date, as_of: date) -> list[str]:
    """The months from that of one day to that of another, the latest first."""
    count = (as_of.year - first.year) * 12 + as_of.month - first.month
    return [f"{months_after(as_of.replace(day=1), -back):%Y-%m}" for back in range(count + 1)]
