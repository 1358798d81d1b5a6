"""What was delivered in a span of days, and what became of every lot in it: deliveries, statement_balances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, added, contract, delivered_by, extended, lot, removed, text, transferred, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

FEBRUARY = {"first_day": "2026-02-01", "last_day": "2026-02-28"}
MARCH = {"first_day": "2026-03-01", "last_day": "2026-03-31"}
UNITS = (
    "lot_id",
    "opening_quantity",
    "bought_quantity",
    "transferred_in_quantity",
    "transferred_out_quantity",
    "used_quantity",
    "lapsed_quantity",
    "closing_quantity",
    "closing_amount",
)


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[contract("work"), contract("moved", draw_order="fefo")],
        lots=[
            lot("work-1", 10, 1000, "2026-01-01..2026-02-20", contract_id="work"),
            lot("work-2", 5, 250, "2026-02-10..2026-02-28", contract_id="work", grace_until="2026-03-31"),
            lot("moved-1", 20, 2000, contract_id="moved"),
            lot("moved-2", 20, 2000, "2026-01-01..2026-06-30", contract_id="moved"),
            lot("later", 3, 300, "2026-04-01..2026-12-31"),
        ],
        consumption=[
            used("W0", "work", "2026-01-31", 2),
            used("W1", "work", "2026-02-01", 3, project_id="site", request_id="asked"),
            used("W2", "work", "2026-02-20", 7),
            used("W3", "work", "2026-02-28", 6, service_type="design"),
            used("W4", "work", "2026-02-28", -2, service_type="design", reverses="W3", posted_on="2026-03-05"),
            used("W5", "work", "2026-03-01", 1),
        ],
        consumption_departments=[
            *delivered_by("W1", Design="0.666666666667", Analytics="0.333333333333"),
            *delivered_by("W2", Design=1),
            *delivered_by("W3", Design="0.25"),
        ],
        amendments=[
            transferred("T1", "moved", "moved-1..moved-2", "2026-02-15", 4),
            added("A1", "moved-2", "2026-02-16", 6, 600, contract_id="moved"),
            removed("A2", "moved-2", "2026-03-16", 5, 500, contract_id="moved"),
        ],
        rate_card=[{"contract_id": "work", "service_type": "design", "overage_rate": "80"}],
        programs=[{"program_id": "growth", "account_id": "Acme", "name": "Growth"}],
        projects=[{"project_id": "site", "contract_id": "work", "program_id": "growth", "name": "New site"}],
        requests=[
            {
                "request_id": "asked",
                "contract_id": "work",
                "title": "A page for the fair",
                "quantity": 3,
                "status": "delivered",
                "requested_on": "2026-01-15",
            }
        ],
    )


def test_a_delivery_counts_on_its_day_with_what_it_was_for_and_what_it_drew_on(book: OpenBook) -> None:
    rows = book.run("deliveries", **FEBRUARY, contract="work")
    names = ("consumption_id", "lots_drawn", "quantity", "drawn_quantity", "overage_quantity", "drawn_amount")
    assert across(rows.select(*names, "overage_amount", "overage_status")) == text("""
        consumption_id  lots_drawn      quantity  drawn_quantity  overage_quantity  drawn_amount  overage_amount  overage_status
        W1              work-1          3         3               0                 300           0               -
        W2              work-1, work-2  7         7               0                 600           0               -
        W3              work-2          6         3               3                 150           240             billable
        W4              -               -2        0               -2                0             -160            billable
    """)  # noqa: E501


def test_a_delivery_says_its_project_request_and_departments(book: OpenBook) -> None:
    rows = book.run("deliveries", **FEBRUARY, contract="work")
    names = ("consumption_id", "project_name", "program_name", "request_title", "departments", "reverses")
    assert across(rows.select(names)) == text("""
        consumption_id  project_name  program_name  request_title        departments                      reverses
        W1              New site      Growth        A page for the fair  Design 66.67%, Analytics 33.33%  -
        W2              -             -             -                    Design                           -
        W3              -             -             -                    Design 25%                       -
        W4              -             -             -                    Design 25%                       W3
    """)


def test_a_line_taken_back_nets_out_by_project_request_and_department(new_book: Callable[..., OpenBook]) -> None:
    book = new_book(
        lots=[lot("A", 10, 1000)],
        programs=[{"program_id": "growth", "account_id": "Acme", "name": "Growth"}],
        projects=[
            {"project_id": "site", "contract_id": "A", "program_id": "growth", "name": "New site"},
            {"project_id": "shop", "contract_id": "A", "name": "New shop"},
        ],
        requests=[
            {
                "request_id": "asked",
                "contract_id": "A",
                "title": "A page",
                "quantity": 3,
                "status": "delivered",
                "requested_on": "2026-01-15",
            }
        ],
        consumption=[
            used("U1", "A", "2026-02-01", 3, project_id="site", request_id="asked"),
            used("U2", "A", "2026-03-01", -1, reverses="U1"),
            used("U3", "A", "2026-03-02", -1, reverses="U1", project_id="shop"),
        ],
        consumption_departments=delivered_by("U1", Design=1),
    )
    names = ("consumption_id", "project_name", "program_name", "request_title", "departments", "quantity")
    assert across(book.run("deliveries", **MARCH).select(names)) == text("""
        consumption_id  project_name  program_name  request_title  departments  quantity
        U2              New site      Growth        A page         Design       -1
        U3              New shop      -             A page         Design       -1
    """)


def test_what_an_extension_brings_back_and_what_a_cap_will_take_are_told_apart(
    new_book: Callable[..., OpenBook],
) -> None:
    book = new_book(
        lots=[
            lot("back", 10, 1000, "2026-01-01..2026-02-10"),
            lot("capped", 9, 1000, "2026-01-01..2026-04-30", grace_until="2026-06-30", carry_over_cap_quantity=2),
        ],
        amendments=[extended("E", "back", "2026-03-05", "2026-06-30")],
    )
    names = ("lot_id", "opening_quantity", "restored_quantity", "lapsed_quantity", "closing_quantity", "capped_on")
    assert across(
        book.run("statement_balances", **MARCH).select(*names, "above_cap_quantity", "above_cap_amount")
    ) == text("""
        lot_id  opening_quantity  restored_quantity  lapsed_quantity  closing_quantity  capped_on   above_cap_quantity  above_cap_amount
        back    0                 10                 0                10                -           0                   0
        capped  9                 0                  0                9                 2026-04-30  7                   777.78
    """)  # noqa: E501


def test_a_lot_is_followed_from_its_opening_to_its_closing(book: OpenBook) -> None:
    assert across(book.run("statement_balances", **FEBRUARY).select(UNITS)) == text("""
        lot_id   opening_quantity  bought_quantity  transferred_in_quantity  transferred_out_quantity  used_quantity  lapsed_quantity  closing_quantity  closing_amount
        moved-2  20                6                4                        0                         0              0                30                3000
        moved-1  20                0                0                        4                         0              0                16                1600
        work-1   8                 0                0                        0                         8              0                0                 0
        work-2   0                 5                0                        0                         5              0                0                 0
    """)  # noqa: E501
    assert across(book.run("statement_balances", **MARCH).select(UNITS)) == text("""
        lot_id   opening_quantity  bought_quantity  transferred_in_quantity  transferred_out_quantity  used_quantity  lapsed_quantity  closing_quantity  closing_amount
        moved-2  30                -5               0                        0                         0              0                25                2500
        moved-1  16                0                0                        0                         0              0                16                1600
    """)  # noqa: E501


def test_opening_and_what_became_of_it_are_the_closing_and_the_next_opening(sample_book: OpenBook) -> None:
    months = [("2026-07-01", "2026-07-31"), ("2026-08-01", "2026-08-31"), ("2026-09-01", "2026-09-30")]
    closing: dict[str, object] | None = None
    for first_day, last_day in months:
        rows = sample_book.run("statement_balances", first_day=first_day, last_day=last_day)
        assert rows.height > 100
        for row in rows.iter_rows(named=True):
            moved = (
                row["restored_quantity"]
                + row["bought_quantity"]
                + row["transferred_in_quantity"]
                - row["transferred_out_quantity"]
            )
            gone = row["used_quantity"] + row["lapsed_quantity"]
            assert row["opening_quantity"] + moved - gone == row["closing_quantity"], row
            assert closing is None or closing.pop(row["lot_id"], 0) == row["opening_quantity"], row
        assert not any((closing or {}).values())
        closing = dict(rows.select("lot_id", "closing_quantity").iter_rows())
