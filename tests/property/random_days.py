"""The few days on which everything of a random contract happens, so that dates coincide."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.property.spreads import months_later

if TYPE_CHECKING:
    from random import Random

PINNED = (date(2024, 2, 29), date(2024, 2, 28), date(2023, 12, 31), date(2024, 1, 31), date(2024, 4, 30))


def some_days(rng: Random) -> list[date]:
    first = date(2023, 11, 1) + timedelta(days=rng.randint(0, 120))
    span = rng.choice((6, 40, 130, 500))
    days = [first + timedelta(days=rng.randint(0, span)) for _ in range(rng.randint(3, 9))]
    return sorted({*days, *rng.sample(PINNED, rng.randint(0, 2))})


def near(rng: Random, days: list[date]) -> date:
    return rng.choice(days) + timedelta(days=rng.choice((-1, 0, 0, 0, 1)))


def month_end(day: date) -> date:
    return months_later(day.replace(day=1), 1) - timedelta(days=1)


def carried_over(expires_on: date, months: int) -> date:
    """Some months later; a month-end stays a month-end (R1.3)."""
    if expires_on == month_end(expires_on):
        return month_end(months_later(expires_on.replace(day=1), months))
    return months_later(expires_on, months)
