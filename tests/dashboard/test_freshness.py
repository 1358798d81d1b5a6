"""How old the data is, and whether the next snapshot is late."""

from __future__ import annotations

from datetime import date

import pytest

from dashboard.freshness import freshness, usual_gap

MONTH_ENDS = [date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30)]


@pytest.mark.parametrize(
    ("today", "said", "is_late"),
    [
        (date(2026, 9, 30), "Data of today", False),
        (date(2026, 10, 1), "Data 1 day old", False),
        (date(2026, 11, 14), "Data 45 days old", False),
        (date(2026, 11, 15), "Data 46 days old, next is late", True),
        # A clock behind the data is no reason to worry anyone.
        (date(2026, 9, 1), "Data of today", False),
    ],
)
def test_a_snapshot_is_late_after_one_and_a_half_times_the_usual_gap(today: date, said: str, *, is_late: bool) -> None:
    assert usual_gap(MONTH_ENDS) == 30.5
    assert freshness(MONTH_ENDS, today) == (said, is_late)


def test_a_single_snapshot_says_its_age_and_is_never_late() -> None:
    assert freshness([date(2026, 7, 31)], date(2027, 7, 31)) == ("Data 365 days old", False)
