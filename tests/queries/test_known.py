"""What was known on a day, which is what forecasts rest on: known_lots, known_use, bookings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, added, contract, extended, lot, removed, terminated, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook, Row

HALF_YEAR = "2026-01-01..2026-06-30"
#: What every request is unless it says otherwise: five hours of consulting, asked for in spring.
APPROVED = {"title": "Help", "quantity": 5, "status": "approved", "requested_on": "2026-03-01"}


@pytest.fixture(scope="module")
def amended_lots(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        lots=[
            lot("plain", 10, 100),
            lot("grace", 10, 100, HALF_YEAR, grace_until="2026-09-30"),
            lot("extended", 10, 100, HALF_YEAR),
            lot("twice", 10, 100, HALF_YEAR),
            lot("kept", 10, 100, HALF_YEAR, grace_until="2026-09-30"),
            lot("stopped", 10, 100),
            lot("grown", 10, 100),
            lot("gone", 10, 100),
            lot("later", 10, 100, "2026-06-01..2026-12-31"),
            lot("forever", 10, 100, "2026-01-01.."),
            lot("not forever", 10, 100, "2026-01-01.."),
            lot("capped", 10, 100, "2026-01-01..2026-03-31", grace_until="2026-06-30", carry_over_cap_quantity=2),
        ],
        consumption=[used("C1", "capped", "2026-02-01", 3)],
        amendments=[
            extended("A1", "extended", "2026-05-01", "2026-12-31"),
            extended("A2", "twice", "2026-04-01", "2026-08-31"),
            extended("A3", "twice", "2026-06-01", "2026-12-31"),
            extended("A4", "kept", "2026-04-01", "2026-08-31"),  # its carry-over is longer, and stands
            terminated("A5", "kept", "2026-09-15"),
            terminated("A6", "stopped", "2026-07-01"),
            added("A7", "grown", "2026-04-01", 5, 50),
            removed("A8", "gone", "2026-02-01", 10, 100),
            terminated("A9", "not forever", "2026-07-01"),
        ],
    )


@pytest.mark.parametrize(
    ("as_of", "known"),
    [
        # At the close of 31 March 5 of the 7 units left of capped lapse; the other 2 and the 3 used are still the lot.
        (
            "2026-03-31",
            """
            capped    5   2026-06-30
            extended  10  2026-06-30
            grace     10  2026-09-30
            grown     10  2026-12-31
            kept      10  2026-09-30
            plain     10  2026-12-31
            stopped   10  2026-12-31
            twice     10  2026-06-30
            """,
        ),
        (
            "2026-05-15",
            """
            capped    5   2026-06-30
            extended  10  2026-12-31
            grace     10  2026-09-30
            grown     15  2026-12-31
            kept      10  2026-09-30
            plain     10  2026-12-31
            stopped   10  2026-12-31
            twice     10  2026-08-31
            """,
        ),
        # A lot that has ended is all it was: what lapsed at the cap was left unused too.
        (
            "2026-07-31",
            """
            capped       10  2026-06-30
            extended     10  2026-12-31
            grace        10  2026-09-30
            grown        15  2026-12-31
            kept         10  2026-09-30
            later        10  2026-12-31
            not forever  10  2026-06-30
            plain        10  2026-12-31
            stopped      10  2026-06-30
            twice        10  2026-12-31
            """,
        ),
    ],
)
def test_lots_are_known_by_what_had_taken_effect(amended_lots: OpenBook, as_of: str, known: str) -> None:
    rows = amended_lots.run("known_lots", as_of=as_of)
    assert across(rows.select("lot_id", "quantity", "expires_on"))[1:] == text(known)


def test_an_amendment_ahead_does_not_keep_a_day_from_being_forecast(amended_lots: OpenBook) -> None:
    watched = amended_lots.run("watch_list", as_of="2026-05-15")
    assert set(watched.filter(watched["elapsed_share"].is_null())["lot_id"]) == {"forever", "not forever"}
    held = amended_lots.run("lot_balance", as_of="2026-05-15").select("lot_id", "remaining_quantity")
    forecast = amended_lots.run("unused_forecast", as_of="2026-05-15").select("lot_id", "remaining_quantity")
    assert forecast.rows() == [row for row in held.rows() if row[0] in set(forecast["lot_id"])]


def test_what_a_lot_is_known_as_comes_from_its_contract_and_client(new_book: Callable[..., OpenBook]) -> None:
    book = new_book(
        contracts=[contract("C", account_id="Beta", owner="Team B")],
        lots=[lot("C", 10, 100, service="training", unit="day")],
    )
    assert across(book.run("known_lots", as_of="2026-01-01")) == text("""
        lot_id  contract_id  account_id  service   owner   unit  quantity  valid_from  expires_on
        C       C            Beta        training  Team B  day   10        2026-01-01  2026-12-31
    """)
    assert book.run("known_lots", as_of="2025-12-31").is_empty()


@pytest.fixture(scope="module")
def late_lines(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        lots=[
            lot("C", 10, 100),
            lot("one", 4, 100, HALF_YEAR, contract_id="spill"),
            lot("two", 4, 100, contract_id="spill"),
        ],
        consumption=[
            used("L1", "C", "2026-02-10", 3, posted_on="2026-03-05"),
            used("L2", "C", "2026-02-20", 1),
            used("L3", "C", "2026-03-10", -2, posted_on="2026-03-12", reverses="L1"),
            used("L4", "C", "2026-03-11", 2, posted_on="2026-03-01"),  # posted ahead: known when it is delivered
            used("S1", "spill", "2026-02-10", 10),  # 4 and 4, and 2 that no lot covers
        ],
    )


@pytest.mark.parametrize(
    ("as_of", "known"),
    [
        ("2026-02-19", ""),
        ("2026-03-04", "L2  2026-02-20  2026-02-20  1"),
        ("2026-03-05", "L1  2026-02-10  2026-03-05  3 | L2  2026-02-20  2026-02-20  1"),
        ("2026-03-10", "L1  2026-02-10  2026-03-05  3 | L2  2026-02-20  2026-02-20  1"),
        (
            "2026-03-12",
            (
                "L1  2026-02-10  2026-03-05  3 | L2  2026-02-20  2026-02-20  1"
                " | L3  2026-03-10  2026-03-12  -2 | L4  2026-03-11  2026-03-11  2"
            ),
        ),
    ],
)
def test_a_delivery_is_not_known_before_it_is_posted(late_lines: OpenBook, as_of: str, known: str) -> None:
    rows = late_lines.run("known_use", as_of=as_of, contract="C")
    events = dict(late_lines.sql("SELECT movement_no, event_id FROM movements"))
    shown = across(rows.select("service_date", "known_on", "quantity"))[1:]
    found = [[events[number], *row] for number, row in zip(rows["movement_no"], shown, strict=True)]
    assert found == [text(row)[0] for row in known.split("|") if row]


def test_use_is_what_lots_cover(late_lines: OpenBook) -> None:
    rows = late_lines.run("known_use", as_of="2026-02-10", contract="spill")
    assert across(rows.select("lot_id", "quantity"))[1:] == [["one", "4"], ["two", "4"]]


#: Lots, requests, and what is booked on which lot: each case is a contract of its own. Of USED 6 units are used.
BOOKINGS: list[tuple[list[Row], list[Row], str]] = [
    # The first to end is drawn first, and then the next, as far as they hold.
    ([lot("A", 3, 1, HALF_YEAR), lot("B", 10, 1)], [{}], "A 3 B 2"),
    ([lot("B", 3, 1, HALF_YEAR), lot("A", 10, 1)], [{}], "A 2 B 3"),
    ([lot("A", 3, 1, HALF_YEAR), lot("B", 1, 1)], [{}], "A 3 B 1"),
    ([lot("A", 3, 1, "2026-01-01.."), lot("B", 4, 1)], [{}], "A 1 B 4"),  # lots that never end come last
    ([lot("USED", 10, 1)], [{}], "USED 4"),
    # Approved and scheduled requests are booked, and add up.
    ([lot("A", 30, 1)], [{}, {"status": "scheduled", "quantity": 2}, {"status": "requested"}], "A 7"),
    ([lot("A", 30, 1)], [{"status": "requested"}, {"status": "delivered"}, {"status": "declined"}], ""),
    ([lot("A", 30, 1)], [{"requested_on": "2026-03-31"}], "A 5"),
    ([lot("A", 30, 1)], [{"requested_on": "2026-04-01"}], ""),
    # Only lots of its service and unit.
    ([lot("A", 9, 1, HALF_YEAR, scope="training|coaching"), lot("B", 9, 1)], [{}], "B 5"),
    ([lot("A", 9, 1, HALF_YEAR, scope="training|consulting"), lot("B", 9, 1)], [{}], "A 5"),
    ([lot("A", 9, 1, HALF_YEAR, unit="day"), lot("B", 9, 1)], [{}], "B 5"),
    ([lot("A", 9, 1, HALF_YEAR, unit="day"), lot("B", 9, 1)], [{"unit": "day"}], "A 5"),
    # Scheduled for the last day of a lot, and for the day after.
    ([lot("A", 9, 1, HALF_YEAR), lot("B", 9, 1)], [{"scheduled_for": "2026-06-30"}], "A 5"),
    ([lot("A", 9, 1, HALF_YEAR), lot("B", 9, 1)], [{"scheduled_for": "2026-07-01"}], "B 5"),
    ([lot("A", 9, 1, HALF_YEAR)], [{"scheduled_for": "2026-07-01"}], ""),
    (
        [lot("A", 9, 1, HALF_YEAR), lot("B", 9, 1)],
        [{"scheduled_for": "2026-06-30"}, {"scheduled_for": "2026-07-01", "quantity": 2}],
        "A 5 B 2",
    ),
    # A lot that has not begun, or has ended.
    ([lot("A", 9, 1, "2026-04-01..2026-12-31")], [{}], ""),
    ([lot("A", 9, 1, "2026-01-01..2026-03-31")], [{}], ""),
    # No more than a lot holds, on however many days.
    ([lot("A", 6, 1)], [{"scheduled_for": "2026-06-30"}, {"scheduled_for": "2026-07-01"}], "A 6"),
]


@pytest.fixture(scope="module")
def booked(new_book: Callable[..., OpenBook]) -> OpenBook:
    cases = list(enumerate(BOOKINGS))
    own = [(f"C{number}", row) for number, (lots, _, _) in cases for row in lots]
    return new_book(
        lots=[row | {"contract_id": name, "lot_id": f"{name} {row['lot_id']}"} for name, row in own],
        consumption=[used(f"{name} U", name, "2026-02-01", 6) for name, row in own if row["lot_id"] == "USED"],
        requests=[
            {"request_id": f"C{number} {turn}", "contract_id": f"C{number}", **APPROVED, **request}
            for number, (_, requests, _) in cases
            for turn, request in enumerate(requests)
        ],
    )


@pytest.mark.parametrize(("number", "expected"), [(number, case[2]) for number, case in enumerate(BOOKINGS)])
def test_requests_are_booked_on_the_lots_that_will_be_drawn(booked: OpenBook, number: int, expected: str) -> None:
    rows = booked.run("bookings", as_of="2026-03-31", contract=f"C{number}")
    assert " ".join(f"{lot_id.split()[1]} {quantity.normalize():f}" for lot_id, _, quantity in rows.rows()) == expected
