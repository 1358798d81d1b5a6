"""Amendments that move when and where units can be used, under all four policies: extension, transfer, termination."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import (
    across,
    assessed,
    billed,
    contract,
    earned,
    estimated,
    extended,
    lot,
    terminated,
    text,
    transferred,
    used,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("ended", booked_on="2025-01-01"),
            contract("owed back", escheat_rate="0.25"),
            contract("owed at the end", escheat_rate="0.25"),
        ],
        lots=[
            lot("longer", 24, 24_000, "2025-01-01..2025-12-31"),
            lot("in grace", 10, 900, "2026-01-01..2026-03-31", grace_until="2026-06-30"),
            lot("back", 10, 1000, "2026-01-01..2026-03-31"),
            lot("owed back", 10, 1000, "2026-01-01..2026-03-31"),
            lot("year 1", 10, 1000, "2025-01-01..2025-12-31", contract_id="years"),
            lot("year 2", 10, 1200, "2026-01-01..2026-12-31", contract_id="years"),
            lot("ended", 40, 12_000, "2025-01-01..2025-12-31"),
            lot("in arrears", 10, 1000),
            lot("stays", 10, 1000, contract_id="one of two"),
            lot("goes", 10, 500, contract_id="one of two"),
            lot("given back", 10, 1000),
            lot("owed at the end", 10, 1000),
            lot("never begun", 10, 600, "2026-07-01..2026-12-31"),
        ],
        consumption=[
            used("L1", "longer", "2025-03-12", 6),
            used("L2", "longer", "2025-08-06", 5),
            used("L3", "longer", "2026-02-24", 8),
            used("G1", "in grace", "2026-07-01", 4),
            used("B1", "back", "2026-02-01", 4),
            used("B2", "back", "2026-04-20", 2),
            used("B3", "back", "2026-05-01", -1, reverses="B2"),
            used("W1", "owed back", "2026-02-01", 4),
            used("W2", "owed back", "2026-04-20", 2),
            used("Y1", "years", "2025-06-01", 2),
            used("Y2", "years", "2026-06-01", 12),
            used("T1", "ended", "2025-02-20", 9),
            used("T2", "ended", "2025-05-08", 6),
            used("A1", "in arrears", "2026-02-01", 4),
            used("R1", "given back", "2026-02-01", 4),
            used("R2", "given back", "2026-07-10", -1, reverses="R1"),
        ],
        amendments=[
            extended("M1", "longer", "2025-10-01", "2026-06-30"),
            extended("M2", "in grace", "2026-05-01", "2026-12-31"),
            extended("M3", "back", "2026-04-10", "2026-05-31"),
            extended("M4", "owed back", "2026-04-10", "2026-05-31"),
            transferred("M5", "years", "year 1..year 2", "2025-12-01", 3),
            terminated("M6", "ended", "2025-07-01"),
            terminated("M7", "in arrears", "2026-07-01"),
            terminated("M8", "goes", "2026-07-01", contract_id="one of two"),
            terminated("M9", "given back", "2026-07-01"),
            terminated("N1", "owed at the end", "2026-07-01"),
            terminated("N2", "never begun", "2026-05-01"),
        ],
        breakage_estimates=[
            estimated("E1", "2025-01-01", "0.25", contract_id="longer"),
            estimated("E2", "2025-10-01", "0.1", contract_id="longer"),
            estimated("E3", "2025-01-01", "0.2", contract_id="back"),
            estimated("E4", "2025-01-01", "0.2", contract_id="years"),
            estimated("E5", "2025-01-01", "0.25", contract_id="ended"),
        ],
        remote_assessments=[
            assessed("J1", "years", "2025-10-31", lot_id="year 1"),
            assessed("J2", "ended", "2025-06-15"),
        ],
        billings=[
            billed("I1", "ended", "2025-01-01", 12_000),
            billed("I2", "ended", "2025-07-01", -4000),
            billed("I3", "ended", "2025-07-20", -100, lot_id="ended"),
            billed("I4", "in arrears", "2026-07-31", 400),
            billed("I5", "one of two", "2026-01-01", 1200),
            billed("I6", "given back", "2026-01-01", 1000),
            billed("I7", "owed at the end", "2026-01-01", 1000),
            billed("I8", "never begun", "2026-04-01", 600),
            billed("I9", "never begun", "2026-05-01", -600),
        ],
    )


@pytest.mark.parametrize(
    ("policy", "to_date"),
    [
        # 273 of 365 days: 17,950.68; the other 6,049.32 in 273 days from 1 October on, 92 of them to the year's end.
        ("ratable", ["ratable 17950.68", "ratable 17972.84", "ratable 19989.28", "ratable 21983.56", "ratable 24000"]),
        (
            "on_delivery",
            ["delivery 11000", "delivery 11000", "delivery 11000", "delivery 19000", "delivery 19000 breakage 5000"],
        ),
        # 11 of 18 expected; fewer will lapse: 11 and then 19 of 21.6.
        (
            "proportional",
            [
                "delivery 11000 breakage 3666.67",
                "delivery 11000 breakage 1222.22",
                "delivery 11000 breakage 1222.22",
                "delivery 19000 breakage 2111.11",
                "delivery 19000 breakage 5000",
            ],
        ),
        (
            "remote",
            ["delivery 11000", "delivery 11000", "delivery 11000", "delivery 19000", "delivery 19000 breakage 5000"],
        ),
    ],
)
def test_an_extension_before_the_end_takes_nothing_back(book: OpenBook, policy: str, to_date: list[str]) -> None:
    # Golden case O20.
    days = ["2025-09-30", "2025-10-01", "2025-12-31", "2026-03-31", "2026-06-30"]
    assert earned(book, policy, "longer", *days) == to_date


def test_an_extension_within_the_carry_over_is_an_ordinary_one(book: OpenBook) -> None:
    # The stated term is over and all of it recognised; the right is not.
    days = ["2026-03-31", "2026-04-30", "2026-05-01", "2026-05-31", "2026-06-30", "2026-07-01", "2026-12-31"]
    assert earned(book, "ratable", "in grace", *days) == ["ratable 900"] * 7
    for policy in ("on_delivery", "proportional", "remote"):
        assert earned(book, policy, "in grace", *days) == [
            *[""] * 5,
            "delivery 360",
            "delivery 360 breakage 540",
        ]


@pytest.mark.parametrize("policy", ["on_delivery", "proportional", "remote"])
def test_units_that_come_back_after_their_lapse_are_worth_nothing_more(book: OpenBook, policy: str) -> None:
    days = ["2026-03-31", "2026-04-10", "2026-04-20", "2026-05-01", "2026-05-31"]
    assert earned(book, policy, "back", *days) == ["delivery 400 breakage 600"] * 5
    assert earned(book, policy, "owed back", *days) == ["delivery 400 breakage 450 escheat 150"] * 5
    assert earned(book, "ratable", "back", *days) == ["ratable 1000"] * 5


@pytest.mark.parametrize(
    ("policy", "to_date"),
    [
        # 100 a unit in the first year, 120 in the second: 2; 5 lapse and 3 move on; 10 and 2 of the 3; the last lapses.
        (
            "on_delivery",
            ["delivery 200", "delivery 200 breakage 500", "delivery 1600 breakage 500", "delivery 1600 breakage 600"],
        ),
        # 2/8 of 1,000; 3/8 of the other 750, 281.25, move on. The year's own 8 expected are exceeded; 2/2.4 of 281.25.
        (
            "proportional",
            [
                "delivery 200 breakage 50",
                "delivery 200 breakage 518.75",
                "delivery 1600 breakage 553.13",
                "delivery 1600 breakage 600",
            ],
        ),
        # Judged remote in October: what moves on carries nothing.
        (
            "remote",
            [
                "delivery 200 breakage 800",
                "delivery 200 breakage 800",
                "delivery 1600 breakage 600",
                "delivery 1600 breakage 600",
            ],
        ),
        # 334/365 of 1,000 = 915.07; 3/8 of the other 84.93, 31.85, are spread over the second year with its 1,200: by
        # 1 June 152 of 365 days, 499.73 and 13.26.
        ("ratable", ["ratable 915.07", "ratable 968.15", "ratable 1481.14", "ratable 2200"]),
    ],
)
def test_units_transferred_keep_what_they_carry(book: OpenBook, policy: str, to_date: list[str]) -> None:
    days = ["2025-11-30", "2025-12-31", "2026-06-01", "2026-12-31"]
    assert earned(book, policy, "years", *days) == to_date


def test_units_transferred_belong_to_the_lot_they_moved_to(book: OpenBook) -> None:
    rows = book.run("revenue_by_lot", boundaries=["2026-12-31"], contract="years").filter(policy="on_delivery")
    assert across(rows.select("lot_id", "delivery", "breakage"))[1:] == [
        ["year 1", "200", "500"],
        ["year 2", "1400", "100"],
    ]
    balance = book.run("lot_balance", as_of="2026-06-01", contract="years")
    amounts = ("lot_id", "granted_quantity", "drawn_quantity", "lapsed_quantity", "remaining_quantity")
    assert across(balance.select(*amounts, "granted_amount", "remaining_amount"))[1:] == text("""
        year 1  7   2   5  0  700   0
        year 2  13  12  0  1  1500  100
    """)


@pytest.mark.parametrize(
    ("policy", "to_date"),
    [
        ("ratable", ["ratable 5950.68", "ratable 5950.68 adjustment 2049.32", "ratable 5950.68 adjustment 1949.32"]),
        ("on_delivery", ["delivery 4500", "delivery 4500 adjustment 3500", "delivery 4500 adjustment 3400"]),
        (
            "proportional",
            [
                "delivery 4500 breakage 1500",
                "delivery 4500 breakage 1500 adjustment 2000",
                "delivery 4500 breakage 1500 adjustment 1900",
            ],
        ),
        # Judged remote in June, so that the refund exceeds the liability of nil.
        (
            "remote",
            [
                "delivery 4500 breakage 7500",
                "delivery 4500 breakage 7500 adjustment -4000",
                "delivery 4500 breakage 7500 adjustment -4100",
            ],
        ),
    ],
)
def test_a_termination_releases_what_the_refund_leaves(book: OpenBook, policy: str, to_date: list[str]) -> None:
    # Golden case O19, and a second credit note later: there is nothing left to defer it to.
    days = ["2025-06-30", "2025-07-01", "2025-12-31"]
    assert earned(book, policy, "ended", *days) == to_date
    closing = book.run("liability_rollforward", boundaries=days, contract="ended").filter(policy=policy)["closing"]
    assert [str(amount) for amount in closing] == ["0.000", "0.000"]


@pytest.mark.parametrize(
    ("contract_id", "policy", "days", "to_date"),
    [
        # 400 are earned and nothing is billed, until the last invoice: 181 of 365 days, 495.89, and 400 in the end.
        (
            "in arrears",
            "on_delivery",
            ["2026-06-30", "2026-07-01", "2026-07-31"],
            ["delivery 400", "delivery 400 adjustment -400", "delivery 400"],
        ),
        (
            "in arrears",
            "ratable",
            ["2026-06-30", "2026-07-01", "2026-07-31"],
            ["ratable 495.89", "ratable 495.89 adjustment -495.89", "ratable 495.89 adjustment -95.89"],
        ),
        # A third of the 1,200 billed for both lots is for the one that goes.
        ("one of two", "on_delivery", ["2026-07-01", "2026-12-31"], ["adjustment 400", "breakage 1000 adjustment 400"]),
        # Taken back after the end: from delivery to breakage, nil in total.
        (
            "given back",
            "on_delivery",
            ["2026-07-01", "2026-07-10"],
            ["delivery 400 adjustment 600", "delivery 300 breakage 100 adjustment 600"],
        ),
        # The lapse of a termination owes nothing to a government.
        ("owed at the end", "on_delivery", ["2026-07-01", "2026-12-31"], ["adjustment 1000"] * 2),
        ("never begun", "on_delivery", ["2026-05-01", "2026-12-31"], ["", ""]),
        ("never begun", "ratable", ["2026-05-01", "2026-12-31"], ["", ""]),
    ],
)
def test_a_termination(book: OpenBook, contract_id: str, policy: str, days: list[str], to_date: list[str]) -> None:
    assert earned(book, policy, contract_id, *days) == to_date


def test_the_price_a_termination_gives_up_is_neither_drawn_nor_lapsed(book: OpenBook) -> None:
    # ended: of 12,000 the 4,000 refunded are waived and 3,500 released; in the end 100 more are waived.
    kinds = "SELECT moved_on, kind, quantity, amount FROM source.movements WHERE lot_id = 'ended' ORDER BY 1, 2, 3"
    shown = [
        [str(on), kind, f"{quantity:f}"[:-5], f"{amount:f}"[:-4]] for on, kind, quantity, amount in book.sql(kinds)
    ]
    assert shown == text("""
        2025-01-01  grant    40  12000
        2025-02-20  draw     9   2700
        2025-05-08  draw     6   1800
        2025-07-01  lapse    25  0
        2025-07-01  revalue  0   3500
        2025-07-01  waive    0   4000
        2025-07-20  revalue  0   -100
        2025-07-20  waive    0   100
    """)
    balance = book.run("lot_balance", as_of="2025-07-01", contract="ended")
    amounts = ("status", "granted_amount", "drawn_amount", "lapsed_amount", "revalued_amount", "remaining_amount")
    assert across(balance.select(amounts))[1:] == [["ended", "12000", "4500", "0", "7500", "0"]]
    assert [str(agreed) for agreed in book.run("backlog", as_of="2025-07-01", contract="ended")["agreed"]] == [
        "8000.000"
    ] * 5
