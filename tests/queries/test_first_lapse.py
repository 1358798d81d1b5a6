"""What a carry-over cap takes at the end of the term hurries whoever decides: first_lapse and what rests on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, extended, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

#: 31 days before the term of each lot ends, 214 before its carry-over does.
AS_OF = "2026-02-28"
TERM = "2026-01-01..2026-03-31"
CAPPED = {"grace_until": "2026-09-30", "carry_over_cap_quantity": 20}
AS_THINGS_ARE = {"more_monthly": 0, "added_days": 0, "carried_days": 0, "carried_at_most": 0}


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    """Lots of 10 a unit: over its cap, at it, without one, extended before and after the end of the term."""
    return new_book(
        lots=[
            lot("over", 100, 1000, TERM, **CAPPED),
            lot("under", 100, 1000, TERM, **CAPPED),
            lot("free", 100, 1000, TERM, grace_until="2026-09-30"),
            lot("early", 100, 1000, TERM, **CAPPED),
            lot("late", 100, 1000, TERM, **CAPPED),
            lot("endless", 100, 1000, "2026-01-01.."),
        ],
        consumption=[
            used("O1", "over", "2026-02-01", 40),
            used("U1", "under", "2026-02-01", 80),
            used("L1", "late", "2026-02-01", 40),
        ],
        amendments=[
            extended("M1", "early", "2026-03-31", "2026-04-30"),
            extended("M2", "late", "2026-04-01", "2026-12-31"),
        ],
    )


def lapses(book: OpenBook, as_of: str) -> list[list[str]]:
    return across(book.run("first_lapse", as_of=as_of).drop("contract_id", "unit", "usable_until"))


def test_what_is_above_the_cap_lapses_at_the_end_of_the_term_the_rest_on_the_last_usable_day(book: OpenBook) -> None:
    # late is extended only when its term is over: the cap has counted by then.
    assert lapses(book, AS_OF) == text("""
        lot_id  remaining_quantity  lapses_on   lapses_quantity
        early   100                 2026-04-30  80
        free    100                 2026-09-30  100
        late    60                  2026-03-31  40
        over    60                  2026-03-31  40
        under   20                  2026-09-30  20
    """)


def test_a_cap_counts_once(book: OpenBook) -> None:
    # At the close of March 40 of over and of late lapsed; the extension of late the day after is no second term.
    shown = lapses(book, "2026-04-01")
    assert shown == text("""
        lot_id  remaining_quantity  lapses_on   lapses_quantity
        early   100                 2026-04-30  80
        free    100                 2026-09-30  100
        late    20                  2026-12-31  20
        over    20                  2026-09-30  20
        under   20                  2026-09-30  20
    """)
    assert [row[1:] for row in lapses(book, "2026-03-31") if row[0] == "over"] == [["20", "2026-09-30", "20"]]


def test_the_pace_needed_is_that_which_lets_nothing_lapse_at_the_cap_either(book: OpenBook) -> None:
    # over: 40 x 30/31, more than 60 x 30/214; free: 100 x 30/214.
    rows = book.run("watch_list", as_of=AS_OF)
    needed = dict(zip(rows["lot_id"], map(str, rows["required_monthly"]), strict=True))
    assert (needed["over"], needed["free"], needed["endless"]) == ("38.7097", "14.0187", "None")


def test_what_ends_soon_is_what_lapses_soon(book: OpenBook) -> None:
    rows = book.run("watch_flags", as_of=AS_OF, ends_within=31).filter(reason="ends_soon")
    assert sorted(rows.select("lot_id", "days_left").rows()) == [("late", 31), ("over", 31)]
    assert book.run("watch_flags", as_of=AS_OF, ends_within=30).filter(reason="ends_soon").is_empty()


def test_beyond_reach_is_what_a_cap_takes_at_the_best_pace(book: OpenBook) -> None:
    # 80 in 90 days, twice the recent pace, use 27.5556 of the 40 in 31 days.
    rows = book.run("lot_reach", as_of=AS_OF, contract="over").drop("contract_id", "unit")
    assert across(rows)[1:] == [["over", "26.6667", "-", "12.4444", "124.44"]]
    # 40 days more to the cap: 71 days x 80/90 are 63.1; 45 days are enough for the 40, and 68 for all 60.
    later = book.run("lot_reach", as_of="2026-02-10", contract="over").select("act_by", "beyond_quantity")
    assert across(later)[1:] == [["2026-02-15", "0"]]


def test_a_client_is_called_before_the_cap(book: OpenBook) -> None:
    (row,) = book.run("client_risk", as_of=AS_OF, contract="over").iter_rows(named=True)
    assert (str(row["first_end"]), row["days_left"], str(row["act_by"])) == ("2026-03-31", 31, AS_OF)
    assert str(row["beyond_amount"]) == "124.440"


@pytest.mark.parametrize("draws", [[0], [20], [60]])
@pytest.mark.parametrize(("more", "added", "carried"), [(0, 0, 0), (6, 0, 0), (30, 0, 0), (6, 30, 0), (6, 30, 20)])
def test_a_what_if_loses_what_a_day_by_day_account_loses(
    new_book: Callable[..., OpenBook], draws: list[int], more: float, added: int, carried: int
) -> None:
    book = new_book(lots=[lot("over", 60, 600, TERM, **CAPPED)])
    book.run("unused_forecast", as_of=AS_OF)
    book.sql(f"UPDATE source.forecasts SET draws = {draws}")
    asked = {"more_monthly": more, "added_days": added, "carried_days": carried, "carried_at_most": 5}
    (row,) = book.run("lot_what_if", as_of=AS_OF, lot="over", **asked).iter_rows(named=True)
    assert float(row["expected_quantity"]) == pytest.approx(by_day(draws[0], more, added, carried), abs=0.0001)
    assert float(row["forecast_quantity"]) == pytest.approx(by_day(draws[0], 0, 0, 0), abs=0.0001)


def by_day(unused: float, more: float, added: int, carried: int) -> float:
    """What lapses of 60 units: above 20 after 31 days, above 5 after 214 where that is carried over, all at the end."""
    held, lapsed, daily = 60.0, 0.0, (60 - unused) / 214 + more / 30
    caps = {31 + added: 20.0} | ({214 + added: 5.0} if carried else {})
    for day in range(1, 214 + added + carried + 1):
        held = max(0.0, held - daily)
        above = max(0.0, held - caps.get(day, held))
        held, lapsed = held - above, lapsed + above
    return lapsed + held
