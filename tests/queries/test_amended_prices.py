"""Amendments that move what units are worth, under all four policies: units added and taken back, price changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, added, assessed, contract, earned, estimated, lot, removed, repriced, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook, Row

QUARTER = "2026-01-01..2026-03-31"
CATCH_UP = {"treatment": "cumulative_catch_up"}


def expecting_a_fifth_unused(*contract_ids: str) -> list[Row]:
    return [estimated(f"E {name}", "2026-01-01", "0.2", contract_id=name) for name in contract_ids]


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("three years", recognition_convention="month_even"),
            contract("dinar", currency="KWD"),
        ],
        lots=[
            lot("blend", 120, 12_000),
            lot("fewer", 10, 1000),
            lot("at its price", 3, 100),
            lot("made up for", 90, 90, QUARTER),
            lot("from now on", 90, 90, QUARTER),
            lot("made up for, written off", 90, 90, QUARTER),
            lot("from now on, written off", 90, 90, QUARTER),
            lot("dearer", 90, 90, QUARTER),
            lot("dinar", 3, 10, "2026-01-01..2026-01-03"),
            lot("used up", 4, 400, QUARTER),
            lot("over", 4, 400, QUARTER),
            lot("three years", 1, 300_000, "2024-01-01..2026-12-31"),
            lot("across", 10, 1000),
            lot("both ways", 10, 1000),
        ],
        consumption=[
            used("B1", "blend", "2026-03-01", 60),
            used("B2", "blend", "2026-09-30", 30),
            used("F1", "fewer", "2026-02-01", 2),
            used("S1", "at its price", "2026-02-01", 1),
            used("S2", "at its price", "2026-04-01", 1),
            used("C1", "made up for", "2026-01-31", 31),
            used("C2", "made up for", "2026-02-10", 20),
            used("P1", "from now on", "2026-01-31", 31),
            used("P2", "from now on", "2026-02-10", 20),
            used("W1", "made up for, written off", "2026-01-31", 31),
            used("W2", "made up for, written off", "2026-02-10", 20),
            used("V1", "from now on, written off", "2026-01-31", 31),
            used("V2", "from now on, written off", "2026-02-10", 20),
            used("D1", "dearer", "2026-01-31", 31),
            used("D2", "dinar", "2026-01-01", 1),
            used("U1", "used up", "2026-01-31", 4),
            used("O1", "over", "2026-01-31", 1),
            used("X1", "across", "2026-02-01", 4),
            used("X2", "across", "2026-04-01", 2),
            used("X3", "across", "2026-05-01", -1, reverses="X1"),
            used("X4", "across", "2026-06-01", -1, reverses="X2"),
            used("Y1", "both ways", "2026-02-01", 4),
        ],
        amendments=[
            added("A01", "blend", "2026-07-02", 30, 2400),
            removed("A02", "fewer", "2026-03-01", 5, 300),
            added("A03", "at its price", "2026-03-01", 3, 100),
            repriced("A04", "made up for", "2026-02-01", -45, **CATCH_UP),
            repriced("A05", "from now on", "2026-02-01", -45),
            repriced("A06", "made up for, written off", "2026-02-01", -45, **CATCH_UP),
            repriced("A07", "from now on, written off", "2026-02-01", -45),
            repriced("A08", "dearer", "2026-02-01", 45, **CATCH_UP),
            repriced("A09", "dinar", "2026-01-02", "-0.001", **CATCH_UP),
            repriced("A10", "used up", "2026-02-01", -50),
            repriced("A11", "over", "2026-04-15", -50),
            repriced("A12", "three years", "2026-01-01", 180_000, new_expires_on="2029-12-31"),
            repriced("A13", "across", "2026-03-01", 300),
            repriced("A14", "both ways", "2026-03-01", -100, **CATCH_UP),
            repriced("A15", "both ways", "2026-03-02", 100, **CATCH_UP),
        ],
        breakage_estimates=expecting_a_fifth_unused(
            "blend", "made up for", "from now on", "across", "both ways", "used up"
        ),
        remote_assessments=[
            assessed("R1", "made up for, written off", "2026-01-31"),
            assessed("R2", "from now on, written off", "2026-01-31"),
        ],
    )


def test_units_added_at_another_price_blend_with_what_is_left(book: OpenBook) -> None:
    # Example 5, case B: 60 of 120 are delivered at 100; 30 more for 2,400. (6,000 + 2,400)/90 = 93.33 each.
    days = ["2026-07-01", "2026-07-02", "2026-09-30", "2026-12-31"]
    for policy in ("on_delivery", "remote"):
        assert earned(book, policy, "blend", *days) == [
            "delivery 6000",
            "delivery 6000",
            "delivery 8800",
            "delivery 8800 breakage 5600",
        ]
    draw = book.run("draws", contract="blend").filter(consumption_id="B2").select("quantity", "amount")
    assert across(draw)[1:] == [["30", "2800"]]
    # 60 of 96 expected: 7,500. 12,000 - 7,500 + 2,400 = 6,900 for the other 120 - 60 expected, half of which are used.
    assert earned(book, "proportional", "blend", *days) == [
        "delivery 6000 breakage 1500",
        "delivery 6000 breakage 1500",
        "delivery 8800 breakage 2150",
        "delivery 8800 breakage 5600",
    ]
    # 182 of 365 days: 5,983.56. The other 6,016.44 and 2,400 in 183 days, 91 of them to the end of September.
    assert earned(book, "ratable", "blend", "2026-07-01", *days[2:]) == [
        "ratable 5983.56",
        "ratable 10168.79",
        "ratable 14400",
    ]


def test_units_taken_back_at_another_price_blend_too(book: OpenBook) -> None:
    # 8 of 10 are left with 800; 5 for 300 go: 500 for 3.
    assert earned(book, "on_delivery", "fewer", "2026-03-01", "2026-12-31") == [
        "delivery 200",
        "delivery 200 breakage 500",
    ]


def test_units_added_at_the_price_of_the_lot_leave_it(book: OpenBook) -> None:
    # 33.33 each, whatever the cents: 1/3 of 100, 2/6 of 200.
    days = ["2026-02-01", "2026-04-01", "2026-12-31"]
    assert earned(book, "on_delivery", "at its price", *days) == [
        "delivery 33.33",
        "delivery 66.67",
        "delivery 66.67 breakage 133.33",
    ]


#: A concession of 45 off 90 on 1 February; 31 of 90 units are used and 31 of 90 days have passed, 20 units are used on
#: the 10th, 39 lapse.
DAYS = ["2026-01-31", "2026-02-01", "2026-02-10", "2026-03-31"]


@pytest.mark.parametrize(
    ("policy", "to_date"),
    [
        # 31/90 of 45 = 15.50 at once; 59 - 29.50 over 59 days.
        (
            "ratable",
            [
                "ratable 31",
                "ratable 31.5 adjustment -15.5",
                "ratable 36 adjustment -15.5",
                "ratable 60.5 adjustment -15.5",
            ],
        ),
        # 15.50 at once; 0.50 for each of the 59 units.
        (
            "on_delivery",
            [
                "delivery 31",
                "delivery 31 adjustment -15.5",
                "delivery 41 adjustment -15.5",
                "delivery 41 breakage 19.5 adjustment -15.5",
            ],
        ),
        # 31 of 72 expected: 38.75, 43.06% of 90; as much of 45 is 19.375. What is left, 90 - 45 - 38.75 + 19.375 =
        # 25.625, is for 41 expected: 20 of them 12.50. Rounded are 38.75, 51.25 and 64.375, and the adjustment with it:
        # 19.375, 31.875 and 45.
        (
            "proportional",
            [
                "delivery 31 breakage 7.75",
                "delivery 31 breakage 7.75 adjustment -19.37",
                "delivery 41 breakage 10.25 adjustment -19.37",
                "delivery 41 breakage 23.38 adjustment -19.38",
            ],
        ),
        (
            "remote",
            [
                "delivery 31",
                "delivery 31 adjustment -15.5",
                "delivery 41 adjustment -15.5",
                "delivery 41 breakage 19.5 adjustment -15.5",
            ],
        ),
    ],
)
def test_a_concession_that_catches_up_takes_back_the_share_already_recognised(
    book: OpenBook, policy: str, to_date: list[str]
) -> None:
    assert earned(book, policy, "made up for", *DAYS) == to_date


@pytest.mark.parametrize(
    ("policy", "to_date"),
    [
        # 59 - 45 = 14 over 59 days: 0.2373, 2.3729.
        ("ratable", ["ratable 31", "ratable 31.24", "ratable 33.37", "ratable 45"]),
        # 14/59 a unit: 20 of them 4.7458.
        ("on_delivery", ["delivery 31", "delivery 31", "delivery 35.75", "delivery 35.75 breakage 9.25"]),
        # 90 - 45 - 38.75 = 6.25 for 41 expected: 20 of them 3.0488.
        (
            "proportional",
            [
                "delivery 31 breakage 7.75",
                "delivery 31 breakage 7.75",
                "delivery 35.75 breakage 6.05",
                "delivery 35.75 breakage 9.25",
            ],
        ),
        ("remote", ["delivery 31", "delivery 31", "delivery 35.75", "delivery 35.75 breakage 9.25"]),
    ],
)
def test_a_prospective_concession_is_spread_over_what_is_left(book: OpenBook, policy: str, to_date: list[str]) -> None:
    assert earned(book, policy, "from now on", *DAYS) == to_date


def test_a_concession_after_everything_was_recognised_as_remote(book: OpenBook) -> None:
    # All 90 are recognised. Catching up takes back 45; later use is worth nothing and moves 10 to delivery.
    assert earned(book, "remote", "made up for, written off", *DAYS) == [
        "delivery 31 breakage 59",
        "delivery 31 breakage 59 adjustment -45",
        "delivery 41 breakage 49 adjustment -45",
        "delivery 41 breakage 49 adjustment -45",
    ]
    # Prospectively the 59 units left carry -45: 20 of them take back 15.2542, the lapse the rest.
    assert earned(book, "remote", "from now on, written off", *DAYS) == [
        "delivery 31 breakage 59",
        "delivery 31 breakage 59",
        "delivery 35.75 breakage 39",
        "delivery 35.75 breakage 9.25",
    ]


@pytest.mark.parametrize(
    ("contract_id", "policy", "days", "to_date"),
    [
        # 31/90 of 45 more.
        ("dearer", "on_delivery", DAYS[:2], ["delivery 31", "delivery 31 adjustment 15.5"]),
        # A third of 0.001 is less than can be booked; two units are left with 9.999 - 3.333.
        ("dinar", "on_delivery", ["2026-01-02", "2026-01-03"], ["delivery 3.333", "delivery 3.333 breakage 6.666"]),
        # No unit is left to bear it; of the term there are 59 days.
        ("used up", "on_delivery", DAYS[:2], ["delivery 400", "delivery 400 adjustment -50"]),
        ("used up", "proportional", DAYS[:2], ["delivery 400", "delivery 400 adjustment -50"]),
        ("used up", "remote", DAYS[:2], ["delivery 400", "delivery 400 adjustment -50"]),
        ("used up", "ratable", ["2026-01-31", "2026-03-31"], ["ratable 137.78", "ratable 350"]),
        # Neither a unit nor a day is left.
        (
            "over",
            "on_delivery",
            ["2026-03-31", "2026-04-15"],
            ["delivery 100 breakage 300", "delivery 100 breakage 300 adjustment -50"],
        ),
        ("over", "ratable", ["2026-03-31", "2026-04-15"], ["ratable 400", "ratable 400 adjustment -50"]),
        # Example 7: 100,000 a year; after two years 80,000 for the third and 200,000 for three more: 70,000 a year.
        (
            "three years",
            "ratable",
            ["2024-12-31", "2025-12-31", "2026-12-31", "2027-12-31", "2029-12-31"],
            ["ratable 100000", "ratable 200000", "ratable 270000", "ratable 340000", "ratable 480000"],
        ),
        # Off and on again: 40% of 100 each way.
        (
            "both ways",
            "on_delivery",
            ["2026-03-01", "2026-03-02", "2026-12-31"],
            ["delivery 400 adjustment -40", "delivery 400", "delivery 400 breakage 600"],
        ),
        # 4/8: half of 100 each way.
        (
            "both ways",
            "proportional",
            ["2026-03-01", "2026-03-02", "2026-12-31"],
            ["delivery 400 breakage 100 adjustment -50", "delivery 400 breakage 100", "delivery 400 breakage 600"],
        ),
    ],
)
def test_a_price_change(book: OpenBook, contract_id: str, policy: str, days: list[str], to_date: list[str]) -> None:
    assert earned(book, policy, contract_id, *days) == to_date


@pytest.mark.parametrize(
    ("policy", "to_date"),
    [
        # 4 at 100; 6 are left with 900, 150 each. One of the 4 takes back 100, one of the 2 150.
        ("on_delivery", ["delivery 400", "delivery 700", "delivery 600", "delivery 450", "delivery 450 breakage 850"]),
        ("remote", ["delivery 400", "delivery 700", "delivery 600", "delivery 450", "delivery 450 breakage 850"]),
        # 4/8 of 1,000; 800 for the other 4 expected; one of the first takes back 125, one of the later ones 200.
        (
            "proportional",
            [
                "delivery 400 breakage 100",
                "delivery 700 breakage 200",
                "delivery 600 breakage 175",
                "delivery 450 breakage 125",
                "delivery 450 breakage 850",
            ],
        ),
        # 59/365 of 1,000 = 161.64, then 1,138.36/306 a day: 1, 32, 62 and 93 days.
        (
            "ratable",
            ["ratable 165.36", "ratable 280.69", "ratable 392.29", "ratable 507.61", "ratable 1300"],
        ),
    ],
)
def test_a_delivery_taken_back_across_a_price_change_takes_back_its_own_amount(
    book: OpenBook, policy: str, to_date: list[str]
) -> None:
    days = ["2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01", "2026-12-31"]
    assert earned(book, policy, "across", *days) == to_date


def test_amendments_post_a_line_where_they_recognise_something(book: OpenBook) -> None:
    rows = book.run("postings").filter(cause="amendment", policy="on_delivery")
    assert across(rows.select("contract_id", "posted_on", "event_id", "delivery", "breakage", "adjustment"))[
        1:
    ] == text("""
        both ways                 2026-03-01  A14  0  0  -40
        both ways                 2026-03-02  A15  0  0  40
        dearer                    2026-02-01  A08  0  0  15.5
        made up for               2026-02-01  A04  0  0  -15.5
        made up for, written off  2026-02-01  A06  0  0  -15.5
        over                      2026-04-15  A11  0  0  -50
        used up                   2026-02-01  A10  0  0  -50
    """)
