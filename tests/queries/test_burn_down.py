"""Remaining units over time: burn_down, and burn_history, what ended lots teach."""

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
            lot("unused", 10, 1000, TEN_DAYS),
            lot("spent", 10, 1000, TEN_DAYS),
            lot("odd", 10, 1000, "2026-01-01..2026-01-15"),
            lot("capped", 10, 1000, TEN_DAYS, grace_until="2026-01-20", carry_over_cap_quantity=2),
            lot("capped at nil", 10, 1000, TEN_DAYS, grace_until="2026-01-20", carry_over_cap_quantity=0),
            lot("gone", 10, 1000, TEN_DAYS),
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
            used("O2", "odd", "2026-01-03", 2),
            used("K1", "capped", "2026-01-03", 2),
            used("N1", "capped at nil", "2026-01-03", 2),
        ],
        amendments=[
            added("A1", "grown", "2026-01-06", 10, 1000),
            removed("A2", "shrunk", "2026-01-06", 5, 500),
            removed("A3", "gone", "2026-01-01", 10, 1000),
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


def test_burn_history_tells_how_a_lot_stood_at_every_tenth_of_its_term(book: OpenBook) -> None:
    # Ten days, so that a tenth is a day. 2 used on the second, 3 on the fifth, 5 lapse.
    # At the third tenth 2/10 are used; at that pace 1 - 2/10 x 10/3 = 1/3 would be left at the end.
    assert across(book.run("burn_history").filter(lot_id="plain")) == text("""
        lot_id  usable_until  tenth  used  run_rate  unused
        plain   2026-01-10    1      0     1         0.5
        plain   2026-01-10    2      0.2   0         0.5
        plain   2026-01-10    3      0.2   0.333333  0.5
        plain   2026-01-10    4      0.2   0.5       0.5
        plain   2026-01-10    5      0.5   0         0.5
        plain   2026-01-10    6      0.5   0.166667  0.5
        plain   2026-01-10    7      0.5   0.285714  0.5
        plain   2026-01-10    8      0.5   0.375     0.5
        plain   2026-01-10    9      0.5   0.444444  0.5
    """)


@pytest.mark.parametrize(
    ("contract", "tenths"),
    [
        ("unused", [(tenth, 0, 1, 1) for tenth in range(1, 10)]),
        # Used up on the seventh day: nothing to forecast from there on. Ahead of an even pace, the run rate is nil.
        ("spent", [(1, 0, 1, 0), (2, 0, 1, 0), *((tenth, 0.5, 0, 0) for tenth in (3, 4, 5)), (6, 0.5, 0.166667, 0)]),
        ("forever", []),
        ("gone", []),  # all its units were taken back
        # The term runs to the end of the carry-over, 20 days: the draw on the 15th falls between tenths 7 and 8.
        (
            "grace",
            [*((tenth, 0, 1, 0.6) for tenth in range(1, 8)), (8, 0.4, 0.5, 0.6), (9, 0.4, 0.555556, 0.6)],
        ),
        # Twenty days; what is left on the tenth lapses at the cap, at the fifth tenth: nothing is left to forecast.
        (
            "capped at nil",
            [(1, 0, 1, 0.8), (2, 0.2, 0, 0.8), (3, 0.2, 0.333333, 0.8), (4, 0.2, 0.5, 0.8)],
        ),
        # A tenth of 15 days ends within the second day, which counts: 1 used. Two tenths end on the third: 3 used.
        (
            "odd",
            [
                (1, 0.1, 0, 0.7),
                (2, 0.3, 0, 0.7),
                (3, 0.3, 0, 0.7),
                (4, 0.3, 0.25, 0.7),
                (5, 0.3, 0.4, 0.7),
                (6, 0.3, 0.5, 0.7),
                (7, 0.3, 0.571429, 0.7),
                (8, 0.3, 0.625, 0.7),
                (9, 0.3, 0.666667, 0.7),
            ],
        ),
    ],
)
def test_the_history_of_a_lot(book: OpenBook, contract: str, tenths: list[tuple[int, float, float, float]]) -> None:
    history = book.run("burn_history").filter(lot_id=contract).select("tenth", "used", "run_rate", "unused")
    assert [tuple(round(value, 6) for value in row) for row in history.rows()] == tenths


def test_units_lapsed_at_the_carry_over_cap_were_not_used_and_end_unused(book: OpenBook) -> None:
    # 2 used on the third day; at the close of the tenth day 6 of the 8 left lapse, 2 stay until the 20th and lapse too.
    history = book.run("burn_history").filter(lot_id="capped").select("tenth", "used", "unused")
    assert history.rows() == [(1, 0, 0.8), *((tenth, 0.2, 0.8) for tenth in range(2, 10))]


def test_history_is_everybodys_whoever_asks(book: OpenBook) -> None:
    assert book.run("burn_history", contract="plain").equals(book.run("burn_history"))
