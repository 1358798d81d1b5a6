"""Breakage in proportion to use: lot_estimates, postings and catch_ups under the proportional policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, added, contract, earned, estimated, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[contract("owed", escheat_rate="0.25")],
        lots=[
            lot("cards", 100, 100),
            lot("revised", 10, 1000),
            lot("exceeded", 10, 1000),
            lot("everything", 10, 1000),
            lot("given back", 10, 1000),
            lot("late", 10, 1000, "2026-01-01..2026-03-31"),
            lot("capped", 10, 1000, "2026-01-01..2026-06-30", grace_until="2026-12-31", carry_over_cap_quantity=2),
            lot("used to the cap", 10, 1000, "2026-01-01..2026-06-30", grace_until="2026-09-30"),
            lot("grown", 10, 1000),
            lot("owed", 10, 1000),
            lot("thirds", 3, 100),
        ],
        consumption=[
            used("C1", "cards", "2026-02-01", 50),
            used("R1", "revised", "2026-02-01", 4),
            used("R2", "revised", "2026-06-01", 1),
            used("X1", "exceeded", "2026-02-01", 4),
            used("X2", "exceeded", "2026-03-01", 2),
            used("X3", "exceeded", "2026-04-01", 4),
            used("V1", "everything", "2026-03-01", "0.0001"),
            used("G1", "given back", "2026-02-01", 4),
            used("G2", "given back", "2026-03-01", -4, reverses="G1"),
            used("L1", "late", "2026-02-01", 4),
            used("L2", "late", "2026-04-01", -1, reverses="L1"),
            used("K1", "capped", "2026-03-01", 4),
            used("K2", "capped", "2026-08-01", 1),
            used("U1", "used to the cap", "2026-03-01", 4),
            used("A1", "grown", "2026-02-01", 4),
            used("A2", "grown", "2026-04-01", 2),
            used("O1", "owed", "2026-02-01", 4),
            used("T1", "thirds", "2026-02-01", 1),
            used("T2", "thirds", "2026-03-01", 1),
        ],
        amendments=[added("A3", "grown", "2026-03-01", 5, 500)],
        breakage_estimates=[
            estimated("E01", "2026-01-01", "0.2", contract_id="cards"),
            estimated("E02", "2026-01-01", "0.2", contract_id="revised"),
            estimated("E03", "2026-03-01", "0.5", contract_id="revised"),
            estimated("E04", "2026-04-01", "0.1", contract_id="revised"),
            estimated("E05", "2026-01-01", "0.5", contract_id="exceeded"),
            estimated("E06", "2026-01-01", "1", contract_id="everything"),
            estimated("E07", "2026-01-01", "0.2", contract_id="given back"),
            estimated("E08", "2026-01-01", "0.2", contract_id="late"),
            estimated("E09", "2026-01-01", "0.2", contract_id="capped"),
            estimated("E10", "2026-01-01", "0.2", contract_id="used to the cap"),
            estimated("E11", "2026-01-01", "0.2", contract_id="grown"),
            estimated("E12", "2026-01-01", "0.2", contract_id="owed"),
            estimated("E13", "2026-02-15", "0.1", contract_id="thirds"),
        ],
    )


@pytest.mark.parametrize(
    ("contract_id", "days", "to_date"),
    [
        # 50 of 80 expected: 62.50, of which 12.50 is breakage, not 10 (R5.1).
        (
            "cards",
            ["2026-01-31", "2026-02-01", "2026-12-31"],
            ["", "delivery 50 breakage 12.5", "delivery 50 breakage 50"],
        ),
        # 4/8, then 4/5, then 4/9 and 5/9 of 1,000.
        (
            "revised",
            ["2026-02-28", "2026-03-01", "2026-04-01", "2026-06-01", "2026-12-31"],
            [
                "delivery 400 breakage 100",
                "delivery 400 breakage 400",
                "delivery 400 breakage 44.44",
                "delivery 500 breakage 55.56",
                "delivery 500 breakage 500",
            ],
        ),
        # 5 expected: 4/5, then all of it; what is used beyond moves from breakage to delivery (R5.3).
        (
            "exceeded",
            ["2026-02-01", "2026-03-01", "2026-04-01", "2026-12-31"],
            ["delivery 400 breakage 400", "delivery 600 breakage 400", "delivery 1000", "delivery 1000"],
        ),
        # Nothing is expected, until the first use recognises all (R5.3). 0.0001 of 10 units is 0.01.
        ("everything", ["2026-02-28", "2026-03-01"], ["", "delivery 0.01 breakage 999.99"]),
        ("given back", ["2026-02-28", "2026-03-01", "2026-12-31"], ["delivery 400 breakage 100", "", "breakage 1000"]),
        # Taken back after the lapse: nil in total.
        (
            "late",
            ["2026-03-30", "2026-03-31", "2026-04-01"],
            ["delivery 400 breakage 100", "delivery 400 breakage 600", "delivery 300 breakage 700"],
        ),
        # 4/8 of 1,000. On 30 June 4 of the 6 left exceed the cap; they are recognised in full, 400, and the other 6
        # units, of which 4 of min(8, 6) are used, at 4/6 of 600. Then 5/6. At the end all.
        (
            "capped",
            ["2026-06-29", "2026-06-30", "2026-08-01", "2026-12-31"],
            [
                "delivery 400 breakage 100",
                "delivery 400 breakage 400",
                "delivery 500 breakage 400",
                "delivery 500 breakage 500",
            ],
        ),
        # Without a cap nothing happens at the end of the term.
        (
            "used to the cap",
            ["2026-06-30", "2026-09-29", "2026-09-30"],
            ["delivery 400 breakage 100"] * 2 + ["delivery 400 breakage 600"],
        ),
        # 4/8 of 1,000 = 500. 5 units more: 500 + 500 are left for 11 units, of 15 x 0.8 - 4 = 8 to be used. 2 of them:
        # 250. Delivered: 400, then 2 x (600 + 500)/11 = 200.
        (
            "grown",
            ["2026-03-01", "2026-04-01", "2026-12-31"],
            ["delivery 400 breakage 100", "delivery 600 breakage 150", "delivery 600 breakage 900"],
        ),
        # 4/8 of 1,000. At the lapse a quarter of the other 6 units' 600 is owed (R5.6).
        (
            "owed",
            ["2026-12-30", "2026-12-31"],
            ["delivery 400 breakage 100", "delivery 400 breakage 450 escheat 150"],
        ),
        # Before the estimate 1/3; then 1/2.7 = 37.037 and 2/2.7 = 74.074.
        (
            "thirds",
            ["2026-02-14", "2026-02-15", "2026-03-01", "2026-12-31"],
            [
                "delivery 33.33",
                "delivery 33.33 breakage 3.71",
                "delivery 66.67 breakage 7.4",
                "delivery 66.67 breakage 33.33",
            ],
        ),
    ],
)
def test_proportional_revenue_to_date(book: OpenBook, contract_id: str, days: list[str], to_date: list[str]) -> None:
    assert earned(book, "proportional", contract_id, *days) == to_date


def test_a_change_of_the_estimate_is_a_catch_up_on_its_first_day(book: OpenBook) -> None:
    # revised: 800 - 500, 444.44 - 800. thirds: 37.04 - 33.33. A first estimate before any use changes nothing.
    assert across(book.run("catch_ups")) == text("""
        contract_id  lot_id   posted_on   currency  amount
        revised      revised  2026-03-01  USD       300
        revised      revised  2026-04-01  USD       -355.56
        thirds       thirds   2026-02-15  USD       3.71
    """)


@pytest.fixture(scope="module")
def levels(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        lots=[
            lot("ours 1", 10, 1000, contract_id="ours"),
            lot("ours 2", 10, 1000, contract_id="ours"),
            lot("theirs", 10, 1000),
        ],
        consumption=[used("U1", "theirs", "2026-02-01", 4)],
        breakage_estimates=[
            estimated("P1", "2026-01-01", "0.1"),
            estimated("P2", "2026-04-01", "0.15"),
            estimated("C1", "2026-02-01", "0.2", contract_id="ours"),
            estimated("C2", "2026-02-01", "0.25", contract_id="ours"),
            estimated("L1", "2026-03-01", "0.5", contract_id="ours", lot_id="ours 1"),
            estimated("L2", "2026-05-01", "0.6", lot_id="ours 1"),
        ],
    )


def test_the_most_specific_estimate_in_force_counts_however_old_it_is(levels: OpenBook) -> None:
    # The lot's own, else its contract's, else everybody's; of two of one day the later id. P2 reaches no lot of ours:
    # what is in force there from its day on is the contract's, or the lot's.
    assert across(levels.run("lot_estimates")) == text("""
        lot_id  contract_id  effective_on  rate  estimate_id
        ours 1  ours         2026-01-01    0.1   P1
        ours 1  ours         2026-02-01    0.25  C2
        ours 1  ours         2026-03-01    0.5   L1
        ours 1  ours         2026-04-01    0.5   L1
        ours 1  ours         2026-05-01    0.6   L2
        ours 2  ours         2026-01-01    0.1   P1
        ours 2  ours         2026-02-01    0.25  C2
        ours 2  ours         2026-04-01    0.25  C2
        theirs  theirs       2026-01-01    0.1   P1
        theirs  theirs       2026-04-01    0.15  P2
    """)


def test_an_estimate_of_the_portfolio_reaches_every_lot_whoever_asks(levels: OpenBook) -> None:
    # 4 of 9 expected: 444.44; of 8.5: 470.59.
    days = ["2026-03-31", "2026-04-01"]
    assert earned(levels, "proportional", "theirs", *days) == [
        "delivery 400 breakage 44.44",
        "delivery 400 breakage 70.59",
    ]
