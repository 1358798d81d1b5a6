"""The marks on a burn-down: amendments, further lots, booked requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, added, contract, extended, lot, terminated, text, transferred, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook, Row


def request(request_id: str, status: str, **other: object) -> Row:
    return {
        "request_id": request_id,
        "contract_id": "C",
        "title": f"Work {request_id}",
        "service_type": "consulting",
        "unit": "hour",
        "quantity": 5,
        "status": status,
        "requested_on": "2026-02-01",
        **other,
    }


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        lots=[
            lot("old", 100, 1000, "2026-01-01..2026-06-30", contract_id="C"),
            lot("new", 50, 500, "2026-04-01..2026-12-31", contract_id="C"),
            lot("narrow", 50, 500, "2026-01-01..2026-03-31", contract_id="C", scope="design"),
            lot("gone", 50, 500, "2026-01-01..2026-12-31", contract_id="G"),
        ],
        consumption=[used("U1", "C", "2026-02-01", 10)],
        amendments=[
            added("M1", "old", "2026-02-10", 20, 200, contract_id="C"),
            extended("M2", "old", "2026-03-01", "2026-09-30", contract_id="C"),
            transferred("M3", "C", "old..new", "2026-04-15", 30),
            terminated("M4", "gone", "2026-05-01", contract_id="G"),
        ],
        requests=[
            request("R1", "scheduled", scheduled_for="2026-06-01"),
            request("R2", "approved"),
            request("R3", "requested", scheduled_for="2026-06-01"),
            request("R4", "delivered", scheduled_for="2026-06-01"),
            request("R5", "scheduled", scheduled_for="2026-11-01"),
            request("R6", "scheduled", scheduled_for="2026-03-01", service_type="design"),
        ],
    )


def events(book: OpenBook, as_of: str) -> list[list[str]]:
    return across(book.run("lot_events", as_of=as_of).drop("contract_id", "unit"))


def test_a_lot_shows_what_was_agreed_and_what_is_booked(book: OpenBook) -> None:
    # R5 comes after the old lot has ended. R6 was for March and is late: it is due now, and no narrow lot is open.
    assert events(book, "2026-05-31") == text("""
        lot_id  on_date     kind          event_id  quantity  new_end     other_lot_id  title
        gone    2026-05-01  termination   M4        -         -           -             -
        new     2026-04-15  transfer_in   M3        30        -           old           -
        new     2026-11-01  request       R5        5         -           -             Work R5
        old     2026-02-10  add_units     M1        20        -           -             -
        old     2026-03-01  extension     M2        -         2026-09-30  -             -
        old     2026-04-01  further_lot   new       50        -           new           -
        old     2026-04-15  transfer_out  M3        30        -           new           -
        old     2026-05-31  request       R2        5         -           -             Work R2
        old     2026-05-31  request       R6        5         -           -             Work R6
        old     2026-06-01  request       R1        5         -           -             Work R1
    """)


def test_what_is_booked_stands_on_the_lot_it_will_draw_with_what_is_still_to_come(
    new_book: Callable[..., OpenBook],
) -> None:
    # tie: the narrower scope first; part: 6 of 8 are delivered, of whole all 5; next: the lot that has not begun.
    book = new_book(
        lots=[
            lot("any", 10, 1000, contract_id="tie"),
            lot("own", 10, 1000, "2026-02-01..2026-12-31", contract_id="tie", scope="consulting"),
            lot("part", 20, 1000),
            lot("now", 10, 1000, "2026-01-01..2026-06-09", contract_id="next"),
            lot("then", 50, 1000, "2026-06-10..2026-12-31", contract_id="next"),
            lot("old", 10, 1000, "2026-01-01..2026-04-30", contract_id="term", grace_until="2026-07-31"),
            lot("term", 10, 1000),
        ],
        contracts=[contract("term", draw_order="current_term_first")],
        consumption=[
            used("P1", "part", "2026-03-01", 6, request_id="R2"),
            used("P2", "part", "2026-03-01", 5, request_id="R3"),
        ],
        requests=[
            request("R1", "approved", contract_id="tie"),
            request("R2", "scheduled", contract_id="part", quantity=8, scheduled_for="2026-06-01"),
            request("R3", "scheduled", contract_id="part", scheduled_for="2026-06-01"),
            request("R4", "scheduled", contract_id="next", scheduled_for="2026-07-01"),
            request("R5", "scheduled", contract_id="term", scheduled_for="2026-06-01"),
        ],
    )
    rows = book.run("lot_events", as_of="2026-05-10").filter(kind="request")
    assert across(rows.select("lot_id", "event_id", "quantity"))[1:] == text("""
        own   R1  5
        part  R2  2
        term  R5  5
        then  R4  5
    """)


def test_what_has_not_happened_yet_is_not_shown(book: OpenBook) -> None:
    kinds = book.run("lot_events", as_of="2026-02-15").filter(lot_id="old")["kind"].to_list()
    assert kinds == ["add_units", "request", "request"]
