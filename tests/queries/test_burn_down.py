"""Remaining units over time: burn_down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, added, lot, removed, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

TEN_DAYS = "2026-01-01..2026-01-10"


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        lots=[
            lot("plain", 10, 1000, TEN_DAYS),
            lot("grace", 10, 1000, TEN_DAYS, grace_until="2026-01-20"),
            lot("forever", 10, 1000, "2026-01-01.."),
            lot("grown", 10, 1000, TEN_DAYS),
            lot("shrunk", 10, 1000, TEN_DAYS),
            lot("late", 10, 1000, TEN_DAYS),
            lot("one day", 10, 1000, "2026-01-05..2026-01-05"),
            lot("spent", 10, 1000, TEN_DAYS),
            lot("odd", 10, 1000, "2026-01-01..2026-01-15"),
            lot("capped", 10, 1000, TEN_DAYS, grace_until="2026-01-20", carry_over_cap_quantity=2),
        ],
        consumption=[
            used("P1", "plain", "2026-01-02", 2),
            used("P2", "plain", "2026-01-05", 1),
            used("P3", "plain", "2026-01-05", 2),
            used("G1", "grace", "2026-01-15", 4),
            used("F1", "forever", "2026-01-03", 3),
            used("L1", "late", "2026-01-04", 6),
            used("L2", "late", "2026-01-12", -2, reverses="L1"),
            used("S1", "spent", "2026-01-03", 5),
            used("S2", "spent", "2026-01-07", 5),
            used("O1", "odd", "2026-01-02", 1),
            used("K1", "capped", "2026-01-03", 2),
        ],
        amendments=[
            added("A1", "grown", "2026-01-06", 10, 1000),
            removed("A2", "shrunk", "2026-01-06", 5, 500),
        ],
    )


def test_a_lot_burns_down_from_its_first_day_to_the_day_asked_about(book: OpenBook) -> None:
    # An even pace leaves 9 of 10 at the close of the first of ten days, 5 at the close of the fifth, 3 of the seventh.
    assert across(book.run("burn_down", as_of="2026-01-07", contract="plain")) == text("""
        lot_id  contract_id  unit  on_date     remaining_quantity  ideal_quantity
        plain   plain        hour  2026-01-01  10                  9
        plain   plain        hour  2026-01-02  8                   8
        plain   plain        hour  2026-01-05  5                   5
        plain   plain        hour  2026-01-07  5                   3
    """)


@pytest.mark.parametrize(
    ("contract", "as_of", "days"),
    [
        ("plain", "2025-12-31", ""),  # not begun
        ("plain", "2026-01-01", "01-01  10  9"),
        ("spent", "2026-01-20", "01-01  10  9 | 01-03  5  7 | 01-07  0  3 | 01-10  0  0"),
        ("plain", "2026-02-01", "01-01  10  9 | 01-02  8  8 | 01-05  5  5 | 01-10  0  0"),  # the rest lapses
        # The even pace ends with the stated term; the carry-over is no part of it.
        ("grace", "2026-01-15", "01-01  10  9 | 01-15  6  0"),
        ("grace", "2026-02-01", "01-01  10  9 | 01-15  6  0 | 01-20  0  0"),
        ("capped", "2026-01-12", "01-01  10  9 | 01-03  8  7 | 01-10  2  0 | 01-12  2  0"),
        # From the sixth day on the pace is that of the units granted by then: 20 x 4/10, 5 x 4/10.
        ("grown", "2026-01-06", "01-01  10  9 | 01-06  20  8"),
        ("shrunk", "2026-01-06", "01-01  10  9 | 01-06  5  2"),
        ("one day", "2026-01-05", "01-05  0  0"),
        # 10 x 14/15 and 10 x 13/15, to four decimals.
        ("odd", "2026-01-02", "01-01  10  9.3333 | 01-02  9  8.6667"),
    ],
)
def test_the_burn_down_of_a_lot(book: OpenBook, contract: str, as_of: str, days: str) -> None:
    burn_down = book.run("burn_down", as_of=as_of, contract=contract).select(
        "on_date", "remaining_quantity", "ideal_quantity"
    )
    expected = [["2026-" + day.strip().split("  ")[0], *day.strip().split("  ")[1:]] for day in days.split("|") if day]
    assert across(burn_down)[1:] == expected


def test_a_lot_that_never_expires_has_no_ideal_pace(book: OpenBook) -> None:
    burn_down = book.run("burn_down", as_of="2026-01-05", contract="forever")
    assert across(burn_down.select("on_date", "remaining_quantity", "ideal_quantity"))[1:] == text("""
        2026-01-01  10  -
        2026-01-03  7   -
        2026-01-05  7   -
    """)


def test_what_is_taken_back_after_the_end_does_not_return_to_the_burn_down(book: OpenBook) -> None:
    remaining = book.run("burn_down", as_of="2026-01-31", contract="late").select("on_date", "remaining_quantity")
    assert across(remaining)[1:] == text("""
        2026-01-01  10
        2026-01-04  4
        2026-01-10  0
        2026-01-12  0
    """)
