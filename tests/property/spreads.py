"""Policy 1 by the rules: an amount spread over a term, and spread anew over what is left of it when it changes."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """An amount from a day to the end of a term; `before` is what was recognised by then. No end = never."""

    start: date
    end: date | None
    before: Fraction
    amount: Fraction


@dataclass
class Ratable:
    """One layer under policy 1."""

    convention: str
    price: Fraction
    spans: list[Span] = field(default_factory=list)
    adjustments: list[tuple[date, Fraction]] = field(default_factory=list)

    def recognised(self, day: date) -> Fraction:
        """For elapsed time, by the close of a day (R3.1)."""
        begun = [span for span in self.spans if span.start <= day]
        if not begun:
            return Fraction(0)
        span = begun[-1]
        if span.end is None:
            return span.before
        return span.before + span.amount * progress(self.convention, span.start, span.end, day)

    def is_over(self, day: date) -> bool:
        """Whether the last span has ended by the close of a day, if it ever does."""
        end = self.spans[-1].end if self.spans else None
        return end is not None and day >= max(end, self.spans[-1].start)

    def adjusted(self, day: date) -> Fraction:
        return sum((amount for on, amount in self.adjustments if on <= day), Fraction(0))

    def unrecognised(self, day: date) -> Fraction:
        """When a day begins, with what the day has adjusted already."""
        return self.price - self.recognised(day - ONE_DAY) - self.adjusted(day)

    def spread(self, day: date, end: date | None) -> None:
        """What is not recognised yet, over the days from this one to the end (R3.5, R7.1)."""
        self.spans = [span for span in self.spans if span.start < day]
        self.spans.append(Span(day, end, self.recognised(day - ONE_DAY), self.unrecognised(day)))

    def change_price(self, day: date, end: date | None, amount: Fraction) -> None:
        """For units added, taken back or moved: of what is left of the term (R7.7)."""
        self.price += amount
        self.spread(day, end)

    def concede(self, day: date, end: date | None, amount: Fraction, *, catches_up: bool) -> None:
        """A change of price alone (R7.5)."""
        share = Fraction(0)
        if end is not None and day > end:
            share = Fraction(1)
        elif catches_up and self.price:
            share = 1 - self.unrecognised(day) / self.price
        self.price += amount
        self.adjustments.append((day, amount * share))
        self.spread(day, end)

    def settle(self, day: date) -> Fraction:
        """Service ends when a day begins and nothing more accrues: what was recognised by then (R7.6)."""
        self.price = self.recognised(day - ONE_DAY) + self.adjusted(day)
        self.spread(day, day)
        return self.price

    def adjust(self, day: date, amount: Fraction) -> None:
        self.price += amount
        self.adjustments.append((day, amount))


def progress(convention: str, start: date, end: date, day: date) -> Fraction:
    """The part of a term recognised by the close of a day (R3.1 to R3.3); what comes after the term counts at once."""
    if day < start:
        return Fraction(0)
    if start > end:
        return Fraction(1)
    if convention == "daily":
        return Fraction((min(day, end) - start).days + 1, (end - start).days + 1)
    weights = _weights(convention, start, end)
    posted = [weight for month_end, weight in weights if min(month_end, end) <= day]
    return sum(posted, Fraction(0)) / sum((weight for _, weight in weights), Fraction(0))


@cache
def _weights(convention: str, start: date, end: date) -> list[tuple[date, Fraction]]:
    """(last day of the month, its weight) for every calendar month of a term."""
    months = [_month_end(start)]
    while months[-1] < end:
        months.append(_month_end(months[-1] + ONE_DAY))
    if convention == "month_even":
        count = 1
        while months_later(start, count) <= end:
            count += 1
        return [(month, Fraction(1 if number < count else 0)) for number, month in enumerate(months)]
    if convention == "month_half":
        ends_are_half = start.day != 1 and len(months) > 1
        return [
            (month, Fraction(1, 2) if ends_are_half and month in (months[0], months[-1]) else Fraction(1))
            for month in months
        ]
    return [
        (month, Fraction((min(month, end) - max(month.replace(day=1), start)).days + 1, month.day)) for month in months
    ]


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def months_later(day: date, count: int) -> date:
    """The same day number `count` months later, or that month's last day where it has fewer days."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
