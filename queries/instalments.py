"""Ratable revenue by month instead of by day: the weights of a term's monthly instalments (R3.3).

An instalment is posted on the last day of its month, or of the term. Weights are exact integers: the instalments up
to one, over all of them, is the share of the price recognised by its day.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: lcm(28, 29, 30, 31): days of any month divide it.
_DAYS_OF_MONTHS: Final = 377580


class Term(NamedTuple):
    """What a price is spread over: first and last day, both inclusive, and how."""

    convention: str
    starts_on: date
    ends_on: date


class Instalment(NamedTuple):
    """One instalment with the weight of those up to it."""

    posted_on: date
    weight_to_date: int


@lru_cache(maxsize=100_000)
def instalments(term: Term) -> tuple[Instalment, ...]:
    """The instalments of a term under `month_even`, `month_half` or `month_actual` (R3.3), in order."""
    months = list(_months(term.starts_on, term.ends_on))
    weights = [_weight(term, number, len(months), *month) for number, month in enumerate(months)]
    return tuple(Instalment(last, to_date) for (_, last), to_date in zip(months, accumulate(weights), strict=True))


def progress(term: Term, through: date) -> tuple[int, int]:
    """How much of a term has passed by the close of a day: the part done and the whole, as integers (R3.1, R3.3)."""
    if term.convention == "daily":
        whole = (term.ends_on - term.starts_on).days + 1
        return min(max((through - term.starts_on).days + 1, 0), whole), whole
    posted = instalments(term)
    done = next((part.weight_to_date for part in reversed(posted) if part.posted_on <= through), 0)
    return done, posted[-1].weight_to_date


def table(terms: Iterable[Term]) -> pl.DataFrame:
    """The instalments of many terms: convention, starts_on, ends_on, weights_to_date (one for each month)."""
    rows = [(*term, [part.weight_to_date for part in instalments(term)]) for term in terms]
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "convention": pl.String,
        "starts_on": pl.Date,
        "ends_on": pl.Date,
        "weights_to_date": pl.List(pl.Int64),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _months(starts_on: date, ends_on: date) -> Iterator[tuple[date, date]]:
    """First and last day of the term in each calendar month it touches."""
    first = starts_on
    while first <= ends_on:
        month_end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        yield first, min(month_end, ends_on)
        if month_end == date.max:
            return
        first = month_end + timedelta(days=1)


def _weight(term: Term, number: int, months: int, first: date, last: date) -> int:
    if term.convention == "month_even":
        return int(number < _started_months(term.starts_on, term.ends_on))
    if term.convention == "month_half":
        is_edge = months > 1 and number in (0, months - 1) and term.starts_on.day != 1
        return 1 if is_edge else 2
    days = calendar.monthrange(first.year, first.month)[1]
    return ((last - first).days + 1) * (_DAYS_OF_MONTHS // days)


def _started_months(starts_on: date, ends_on: date) -> int:
    """Whole months counted from the first day of the term; a started month counts."""
    months = (ends_on.year - starts_on.year) * 12 + ends_on.month - starts_on.month
    last_day = calendar.monthrange(ends_on.year, ends_on.month)[1]
    return months + int(min(starts_on.day, last_day) <= ends_on.day)
