"""What a lot would leave with more booked, a later end or a carry-over: by hand, and against a day by day account."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.queries.tiny import down, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

#: A term of a hundred days, the close of its fiftieth: 50 days left.
TERM = "2026-01-01..2026-04-10"
HALFWAY = "2026-02-19"
AS_THINGS_ARE = {"more_monthly": 0, "added_days": 0, "carried_days": 0, "carried_at_most": 0}


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    """60 of 100 units are left, at 10 each; four worlds leave 0, 20, 40 and 60 of them."""
    book = new_book(
        lots=[lot("half", 100, 1000, TERM), lot("far", 100, 1000, "2026-01-01..")],
        consumption=[used("U1", "half", "2026-01-10", 40)],
    )
    book.run("unused_forecast", as_of=HALFWAY)
    book.sql("UPDATE source.forecasts SET draws = [0, 20, 40, 60]")
    return book


def left(book: OpenBook, **supposed: float) -> list[str]:
    """Expected, its 80% interval, and the chance that nothing is left."""
    rows = book.run("lot_what_if", as_of=HALFWAY, lot="half", **AS_THINGS_ARE | supposed)
    wanted = ("expected_quantity", "low_quantity", "high_quantity", "used_up_chance")
    return [line[1] for line in down(rows.select(wanted))]


def test_a_what_if_says_what_is_left_what_it_is_worth_and_how_likely_nothing_is(book: OpenBook) -> None:
    # 12 more a month are 0.4 a day, 20 in 50 days: 0, 0, 20 and 40 are left.
    rows = book.run("lot_what_if", as_of=HALFWAY, lot="half", **AS_THINGS_ARE | {"more_monthly": 12})
    assert down(rows) == text("""
        lot_id             half
        contract_id        half
        unit               hour
        currency           USD
        usable_until       2026-04-10
        forecast_quantity  30
        forecast_chance    0.25
        expected_quantity  15
        low_quantity       0
        lower_quantity     0
        upper_quantity     25
        high_quantity      34
        expected_amount    150
        low_amount         0
        high_amount        340
        used_up_chance     0.5
    """)


def test_as_things_are_it_is_the_forecast(book: OpenBook) -> None:
    assert left(book) == ["30", "6", "54", "0.25"]


def test_a_later_end_goes_on_at_the_pace_of_each_world(book: OpenBook) -> None:
    # 1.2, 0.8, 0.4 and 0 a day for 75 days: 0, 0, 30 and 60 are left.
    assert left(book, added_days=25) == ["22.5", "0", "51", "0.5"]


def test_a_carry_over_keeps_what_is_left_up_to_its_cap(book: OpenBook) -> None:
    # 0, 20, 40 and 60 at the end: 0, 10, 30 and 50 lapse above the cap; of 10 carried 0, 0, 0 and 10 are left.
    assert left(book, carried_days=25, carried_at_most=10) == ["25", "3", "51", "0.25"]


def test_a_carry_over_without_use_to_come_saves_nothing(book: OpenBook) -> None:
    assert left(book, carried_days=25, carried_at_most=60)[:1] == ["22.5"]  # as 25 days more


def test_all_is_used_where_enough_is_booked(book: OpenBook) -> None:
    assert left(book, more_monthly=36) == ["0", "0", "0", "1"]  # 60 in 50 days, even in the idlest world


def test_the_end_moves_by_both(book: OpenBook) -> None:
    asked = AS_THINGS_ARE | {"added_days": 10, "carried_days": 5, "carried_at_most": 60}
    rows = book.run("lot_what_if", as_of=HALFWAY, lot="half", **asked)
    assert str(rows["usable_until"][0]) == "2026-04-25"


def test_a_lot_without_an_end_or_without_a_forecast_has_no_answer(book: OpenBook) -> None:
    for lot_id in ("far", "nobody"):
        assert book.run("lot_what_if", as_of=HALFWAY, lot=lot_id, **AS_THINGS_ARE).is_empty()


@pytest.mark.parametrize(
    ("more", "added", "carried", "cap"), list(itertools.product((0, 7.5, 30), (0, 31), (0, 20), (5, 60)))
)
def test_it_is_what_a_day_by_day_account_of_every_world_comes_to(
    book: OpenBook, more: float, added: int, carried: int, cap: float
) -> None:
    worlds = [by_day(forecast, more, added, carried, cap) for forecast in (0, 20, 40, 60)]
    shown = left(book, more_monthly=more, added_days=added, carried_days=carried, carried_at_most=cap)
    levels = np.quantile(worlds, [0.1, 0.9])
    used_up = np.mean([world < 0.00005 for world in worlds])
    assert [float(value) for value in shown] == pytest.approx([np.mean(worlds), *levels, used_up], abs=0.0001)


def by_day(forecast: float, more: float, added: int, carried: int, cap: float) -> float:
    """What one world leaves: units used day by day, the rest above the cap lapsing at the end of the term."""
    held, lapsed = 60.0, 0.0
    daily = (60 - forecast) / 50 + more / 30
    for day in range(1, 50 + added + carried + 1):
        held = max(0.0, held - daily)
        if day == 50 + added and carried:
            lapsed = max(0.0, held - cap)
            held -= lapsed
    return lapsed + held
