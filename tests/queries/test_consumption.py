"""What units were used for and what is asked for: consumption_by_*, overage, open_requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, contract, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("yen", currency="JPY"),
            contract("dinar", currency="KWD"),
        ],
        lots=[
            lot("mixed-1", 10, 1000, contract_id="mixed"),
            lot("mixed-2", 5, 200, contract_id="mixed", unit="day"),
            lot("over", 10, 1000, "2026-02-01..2026-03-31", grace_until="2026-04-30"),
            lot("pinned-1", 1, 100, contract_id="pinned"),
            lot("pinned-2", 9, 900, contract_id="pinned"),
            lot("training only", 5, 500, scope="training|coaching"),
            lot("yen", 1, 100),
            lot("dinar", 1, 100),
            lot("credits", 1, 100),
        ],
        consumption=[
            used("M1", "mixed", "2026-02-01", 3, project_id="alpha"),
            used("M2", "mixed", "2026-02-03", 4, project_id="alpha"),
            used("M3", "mixed", "2026-02-04", -1, project_id="alpha", reverses="M2"),
            used("M4", "mixed", "2026-02-05", 6, service_type="training", project_id="beta"),
            used("M5", "mixed", "2026-02-06", 1, service_type="training"),
            used("M6", "mixed", "2026-02-07", 2, unit="day"),
            used("M7", "mixed", "2026-03-01", 8, project_id="alpha"),
            used("V1", "over", "2026-01-31", 1),  # the day before the lot can be used
            used("V2", "over", "2026-02-01", 8),
            used("V3", "over", "2026-02-02", 5),
            used("V4", "over", "2026-02-03", 1, service_type="training"),
            used("V5", "over", "2026-02-04", -4, reverses="V3"),
            used("V6", "over", "2026-04-30", 1),  # the last day of the carry-over
            used("V7", "over", "2026-05-01", 1),  # the day after it
            used("N1", "pinned", "2026-02-01", 3, lot_id="pinned-1"),
            used("S1", "training only", "2026-02-01", 2),
            used("S2", "training only", "2026-02-02", 2, service_type="coaching"),
            used("Y1", "yen", "2026-02-01", 2),
            used("D1", "dinar", "2026-02-01", "1.5"),
            used("C1", "credits", "2026-02-01", 1011),
        ],
        rate_card=[
            {"contract_id": "over", "overage_rate": "99.995"},
            {"contract_id": "yen", "overage_rate": "99.5"},
            {"contract_id": "dinar", "overage_rate": "0.333"},
            {"contract_id": "credits", "overage_rate": "0.0125"},
            {"contract_id": "pinned", "service_type": "training", "overage_rate": 10},
        ],
        programs=[{"program_id": "G", "account_id": "Acme", "name": "Growth"}],
        projects=[
            {"project_id": "alpha", "contract_id": "mixed", "program_id": "G", "name": "Alpha move"},
            {"project_id": "beta", "contract_id": "mixed", "name": "Beta"},
            {"project_id": "idle", "contract_id": "mixed", "name": "Never started"},
        ],
        requests=[
            request("R1", "2026-02-01", "requested"),
            request("R2", "2026-02-01", "approved", project_id="alpha", quantity="2.5"),
            request("R3", "2026-02-02", "scheduled", scheduled_for="2026-03-01"),
            request("R4", "2026-02-03", "scheduled", scheduled_for="2026-02-20", unit="day", service_type="training"),
            request("R5", "2026-02-04", "delivered"),
            request("R6", "2026-02-04", "declined"),
            request("R7", "2026-02-05", "requested"),
            request("R8", "2026-02-01", "requested", contract_id="over"),
        ],
    )


def request(request_id: str, on: str, status: str, **other: object) -> dict[str, object]:
    return {
        "request_id": request_id,
        "contract_id": "mixed",
        "title": f"Ask {request_id}",
        "quantity": 1,
        "status": status,
        "requested_on": on,
        **other,
    }


def test_consumption_by_service_says_what_was_drawn_and_what_went_beyond(book: OpenBook) -> None:
    # consulting hours: 3 + 4 - 1 drawn at 100. training: of 6 the last 4 hours are left, 2 + 1 go beyond.
    # days: 2 at 40. A reversal is no delivery of its own.
    assert across(book.run("consumption_by_service", as_of="2026-02-28", contract="mixed").drop("contract_id")) == text(
        """
        service_type  unit  delivery_count  delivered_quantity  drawn_quantity  overage_quantity  currency  amount
        consulting    hour  2               6                   6               0                 USD       600
        training      hour  2               7                   4               3                 USD       400
        consulting    day   1               2                   2               0                 USD       80
        """
    )


@pytest.mark.parametrize(
    ("contract_id", "as_of", "rows"),
    [
        ("mixed", "2026-01-31", ""),
        ("mixed", "2026-02-01", "mixed  consulting  hour  1  3  3  0  USD  300"),
        ("mixed", "2026-02-03", "mixed  consulting  hour  2  7  7  0  USD  700"),  # not yet taken back
        # V1 too early, V2 8 drawn, V3 2 drawn + 3, V4 beyond, V5 takes 3 beyond and 1 drawn back, V6 drawn, V7 late.
        (
            "over",
            "2026-12-31",
            "over  consulting  hour  5  12  10  2  USD  1000 | over  training  hour  1  1  0  1  USD  0",
        ),
        ("pinned", "2026-12-31", "pinned  consulting  hour  1  3  1  2  USD  100"),
        (
            "training only",
            "2026-12-31",
            "training only  coaching  hour  1  2  2  0  USD  200 | training only  consulting  hour  1  2  0  2  USD  0",
        ),
        ("yen", "2026-12-31", "yen  consulting  hour  1  2  1  1  JPY  100"),
    ],
)
def test_consumption_by_service_of_a_contract(book: OpenBook, contract_id: str, as_of: str, rows: str) -> None:
    consumption = book.run("consumption_by_service", as_of=as_of, contract=contract_id)
    assert across(consumption)[1:] == [row.strip().split("  ") for row in rows.split(" | ") if row]


def test_consumption_by_project_nets_reversals_and_gathers_what_has_no_project(book: OpenBook) -> None:
    # alpha: 3 + 4 - 1 + 8. Without a project: 2 days, 1 hour of training. A project without deliveries has no row.
    shown = book.run("consumption_by_project", as_of="2026-03-01", contract="mixed").drop("contract_id")
    assert across(shown.drop("first_on", "last_on")) == text("""
        project_id    project_name  program_name  unit  delivery_count  delivered_quantity
        alpha         Alpha move    Growth        hour  3               14
        beta          Beta          -             hour  1               6
        (no project)  (no project)  -             day   1               2
        (no project)  (no project)  -             hour  1               1
    """)
    assert across(shown.select("project_id", "unit", "first_on", "last_on"))[1:] == text("""
        alpha         hour  2026-02-01  2026-03-01
        beta          hour  2026-02-05  2026-02-05
        (no project)  day   2026-02-07  2026-02-07
        (no project)  hour  2026-02-06  2026-02-06
    """)


def test_consumption_by_project_knows_nothing_of_later_deliveries(book: OpenBook) -> None:
    shown = book.run("consumption_by_project", as_of="2026-02-03", contract="mixed")
    assert across(shown)[1:] == text("""
        mixed  alpha  Alpha move  Growth  hour  2  7  2026-02-01  2026-02-03
    """)
    assert book.run("consumption_by_project", as_of="2026-01-31", contract="mixed").is_empty()


def test_overage_is_what_no_lot_covers_priced_by_the_rate_card(book: OpenBook) -> None:
    # 99.995 a unit, half up: 1 = 100.00, 3 = 299.985 = 299.99, -3 = -299.99. Before the first and after the last usable
    # day nothing can be drawn. Only the last unit of V5 came from the lot, so its overage goes back first.
    # No rate is agreed for training.
    assert across(book.run("overage", contract="over").drop("movement_no")) == text("""
        consumption_id  contract_id  currency  service_date  service_type  unit  quantity  status    revenue
        V1              over         USD       2026-01-31    consulting    hour  1         billable  100
        V3              over         USD       2026-02-02    consulting    hour  3         billable  299.99
        V4              over         USD       2026-02-03    training      hour  1         unpriced  0
        V5              over         USD       2026-02-04    consulting    hour  -3        billable  -299.99
        V7              over         USD       2026-05-01    consulting    hour  1         billable  100
    """)


@pytest.mark.parametrize(
    ("contract_id", "overage"),
    [
        ("mixed", [["M4", "2", "unpriced", "0"], ["M5", "1", "unpriced", "0"], ["M7", "8", "unpriced", "0"]]),
        ("pinned", [["N1", "2", "unpriced", "0"]]),  # the pin keeps it off the other lot; the rate is for training
        ("training only", [["S1", "2", "unpriced", "0"]]),
        ("yen", [["Y1", "1", "billable", "100"]]),  # 99.5, half up
        ("dinar", [["D1", "0.5", "billable", "0.167"]]),  # 0.1665, half up
        ("credits", [["C1", "1010", "billable", "12.63"]]),  # 12.625, half up (R9.2); 0.013 each would be 13.13
    ],
)
def test_overage_of_a_contract(book: OpenBook, contract_id: str, overage: list[list[str]]) -> None:
    rows = book.run("overage", contract=contract_id).select("consumption_id", "quantity", "status", "revenue")
    assert across(rows)[1:] == overage


def test_a_reversal_of_more_than_was_delivered_is_still_one_row_of_overage(new_book: Callable[..., OpenBook]) -> None:
    # 12 hours of a 10-hour lot, 15 taken back: the 2 beyond, the 10 drawn, and 3 that were never delivered.
    book = new_book(
        lots=[lot("C", 10, 1000)],
        consumption=[used("U1", "C", "2026-02-01", 12), used("U2", "C", "2026-02-02", -15, reverses="U1")],
    )
    overage = book.run("overage").select("consumption_id", "quantity")
    assert across(overage)[1:] == [["U1", "2"], ["U2", "-5"]]


def test_open_requests_are_those_not_yet_delivered_nor_declined_the_unscheduled_last(book: OpenBook) -> None:
    shown = book.run("open_requests", as_of="2026-02-04", contract="mixed").drop("contract_id")
    assert across(shown) == text("""
        request_id  title   project_name  service_type  unit  quantity  status     requested_on  scheduled_for
        R4          Ask R4  -             training      day   1         scheduled  2026-02-03    2026-02-20
        R3          Ask R3  -             consulting    hour  1         scheduled  2026-02-02    2026-03-01
        R1          Ask R1  -             consulting    hour  1         requested  2026-02-01    -
        R2          Ask R2  Alpha move    consulting    hour  2.5       approved   2026-02-01    -
    """)


def test_a_request_is_open_from_the_day_it_was_asked_for(book: OpenBook) -> None:
    asked = {on: book.run("open_requests", as_of=on)["request_id"].to_list() for on in ("2026-01-31", "2026-02-01")}
    assert asked == {"2026-01-31": [], "2026-02-01": ["R1", "R2", "R8"]}
