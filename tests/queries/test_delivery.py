"""Revenue on delivery and at the lapse, with what a government is owed of it: postings, revenue_by_lot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, added, contract, earned, lot, removed, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("yen", currency="JPY"),
            contract("dinar", currency="KWD"),
            contract("owed", escheat_rate="0.25"),
            contract("owed thirds", escheat_rate="0.333333333333"),
            contract("owed twice", escheat_rate="0.5"),
            contract("owed back", escheat_rate="0.25"),
        ],
        lots=[
            lot("grace", 1, 100, "2026-01-01..2026-01-10", grace_until="2026-01-20"),
            lot("capped", 20, 8000, "2026-01-01..2026-06-30", grace_until="2026-12-31", carry_over_cap_quantity=5),
            lot("yen", 3, 1000, "2026-01-01..2026-01-03"),
            lot("dinar", 3, 10, "2026-01-01..2026-01-03"),
            lot("grown", 365, 365),
            lot("too much back", 10, 1000, "2026-01-01..2026-01-10"),
            lot("after the end", 10, 100, "2026-01-01..2026-01-10"),
            lot("used up", 10, 1000),
            lot("reversed", 3, 100),
            lot("late", 10, 1000, "2026-01-01..2026-03-31"),
            lot("ties", 8, 1),
            lot("forever", 10, 100, "2026-01-01.."),
            lot("pair-1", 2, 200, "2026-01-01..2026-01-31", contract_id="pair"),
            lot("pair-2", 10, 500, "2026-01-01..2026-01-10", contract_id="pair", grace_until="2026-02-28"),
            lot("owed", 50, 2500),
            lot("owed thirds", 3, 100),
            lot("owed twice", 10, 1000, "2026-01-01..2026-06-30", grace_until="2026-12-31", carry_over_cap_quantity=4),
            lot("owed back", 10, 1000, "2026-01-01..2026-03-31"),
        ],
        consumption=[
            used("C1", "grace", "2026-01-15", "0.5"),
            used("K1", "capped", "2026-03-08", 11),
            used("K2", "capped", "2026-08-02", 3),
            used("Y1", "yen", "2026-01-01", 1),
            used("Y2", "yen", "2026-01-02", 1),
            used("D1", "dinar", "2026-01-02", 1),
            used("M1", "too much back", "2026-01-02", 8),
            used("E1", "used up", "2026-02-01", 4),
            used("E2", "used up", "2026-03-01", 6),
            used("R1", "reversed", "2026-02-01", 1),
            used("R2", "reversed", "2026-02-02", 1),
            used("R3", "reversed", "2026-02-03", -1, reverses="R2"),
            used("L1", "late", "2026-03-01", 6),
            used("L2", "late", "2026-04-10", -2, reverses="L1"),
            used("T1", "ties", "2026-02-01", 1),
            used("T2", "ties", "2026-02-02", 2),
            used("P1", "pair", "2026-01-05", 4),
            used("G1", "owed", "2026-04-04", 31),
            used("G2", "owed thirds", "2026-04-04", 1),
            used("G3", "owed back", "2026-02-01", 4),
            used("G4", "owed back", "2026-04-10", -1, reverses="G3"),
        ],
        amendments=[
            added("A1", "grown", "2026-12-22", 10, 10),
            removed("A3", "too much back", "2026-01-06", 5, 500),
            added("A5", "after the end", "2026-01-15", 5, 50),
        ],
    )


def test_only_periods_in_which_something_is_recognised_are_rows(book: OpenBook) -> None:
    boundaries = ["2025-12-31", "2026-01-01", "2026-02-28", "2026-03-31", "2026-12-31"]
    rows = book.run("revenue_by_lot", boundaries=boundaries, contract="used up")
    assert across(rows.filter(policy="on_delivery")) == text("""
        lot_id   contract_id  policy       period_end  ratable  delivery  breakage  adjustment  escheat
        used up  used up      on_delivery  2026-02-28  0        400       0         0           0
        used up  used up      on_delivery  2026-03-31  0        600       0         0           0
    """)
    assert rows.filter(policy="booked").drop("policy").equals(rows.filter(policy="on_delivery").drop("policy"))


@pytest.mark.parametrize(
    ("contract_id", "days", "to_date"),
    [
        # Half was used within the carry-over; the other half lapses at its end, not at the end of the term.
        (
            "grace",
            ["2026-01-10", "2026-01-15", "2026-01-19", "2026-01-20"],
            ["", "delivery 50", "delivery 50", "delivery 50 breakage 50"],
        ),
        # 400 a unit: 9 are left when the term ends, 5 may be carried over, 2 of these are never used.
        (
            "capped",
            ["2026-06-29", "2026-06-30", "2026-12-30", "2026-12-31"],
            [
                "delivery 4400",
                "delivery 4400 breakage 1600",
                "delivery 5600 breakage 1600",
                "delivery 5600 breakage 2400",
            ],
        ),
        # 1/3, 2/3 and, lapsed, the rest.
        (
            "yen",
            ["2026-01-01", "2026-01-02", "2026-01-03"],
            ["delivery 333", "delivery 667", "delivery 667 breakage 333"],
        ),
        (
            "dinar",
            ["2026-01-01", "2026-01-02", "2026-01-03"],
            ["", "delivery 3.333", "delivery 3.333 breakage 6.667"],
        ),
        # 33.333, 66.667 and 33.333 again: the reversal takes back what its delivery was given.
        (
            "reversed",
            ["2026-02-01", "2026-02-02", "2026-02-03"],
            ["delivery 33.33", "delivery 66.67", "delivery 33.33"],
        ),
        # Taken back after the lapse: from delivery to breakage, nil in total.
        (
            "late",
            ["2026-03-30", "2026-03-31", "2026-04-10"],
            ["delivery 600", "delivery 600 breakage 400", "delivery 400 breakage 600"],
        ),
        # 0.125, 0.375
        (
            "ties",
            ["2026-02-01", "2026-02-02", "2026-12-31"],
            ["delivery 0.13", "delivery 0.38", "delivery 0.38 breakage 0.62"],
        ),
        ("forever", ["2030-12-31"], [""]),
        ("grown", ["2026-12-22", "2026-12-31"], ["", "breakage 375"]),
        ("too much back", ["2026-01-05", "2026-01-10"], ["delivery 800", "delivery 800"]),
        ("after the end", ["2026-01-10", "2026-01-15"], ["breakage 100", "breakage 150"]),  # can't be used any more
        # 31 of 50 at 50; of the other 950 a quarter, 237.50, is owed to the state (R5.6).
        ("owed", ["2026-12-30", "2026-12-31"], ["delivery 1550", "delivery 1550 breakage 712.5 escheat 237.5"]),
        # 33.333; of 66.667 a third, 22.222, is owed: 33.33, then 77.78, then 100.
        ("owed thirds", ["2026-12-31"], ["delivery 33.33 breakage 44.45 escheat 22.22"]),
        # 6 of 10 lapse with the term, 4 after the carry-over: half of each.
        ("owed twice", ["2026-06-30", "2026-12-31"], ["breakage 300 escheat 300", "breakage 500 escheat 500"]),
        # 600 lapse, 150 are owed. A delivery taken back afterwards lapses too, but nothing more is owed (R4.6).
        (
            "owed back",
            ["2026-03-31", "2026-04-10"],
            ["delivery 400 breakage 450 escheat 150", "delivery 300 breakage 550 escheat 150"],
        ),
    ],
)
def test_revenue_on_delivery_to_date(book: OpenBook, contract_id: str, days: list[str], to_date: list[str]) -> None:
    assert earned(book, "on_delivery", contract_id, *days) == to_date


def test_without_an_estimate_or_a_judgement_the_three_policies_that_follow_use_are_the_same(book: OpenBook) -> None:
    # R5.5, R6.1, where no unit's price ever moves: amendments are in tests/queries/test_amended_*.
    rows = book.run("postings").drop("movement_no")
    for contract_id in ("grace", "capped", "yen", "reversed", "late", "ties", "owed thirds", "owed twice", "owed back"):
        posted = rows.filter(contract_id=contract_id)
        by_policy = [posted.filter(policy=name).drop("policy") for name in ("on_delivery", "proportional", "remote")]
        assert by_policy[0].height > 0
        assert by_policy[1].equals(by_policy[0])
        assert by_policy[2].equals(by_policy[0])


def test_every_event_posts_a_line_that_names_it(book: OpenBook) -> None:
    # P1 draws 4 hours: the second lot can be used until 28 February, the first only until 31 January, so it goes first:
    # 2 hours at 100, then 2 at 50; the 8 left lapse. R3: 66.67 - 33.33 back. L2: delivery to breakage.
    rows = book.run("postings").filter(policy="on_delivery")
    shown = rows.filter(rows["contract_id"].is_in(["pair", "reversed", "late"]))
    columns = ("lot_id", "posted_on", "event_id", "cause", "delivery", "breakage")
    assert across(shown.select(columns)) == text("""
        lot_id    posted_on   event_id  cause     delivery  breakage
        late      2026-03-01  L1        draw      600       0
        late      2026-03-31  -         lapse     0         400
        late      2026-04-10  L2        reversal  -200      200
        pair-1    2026-01-05  P1        draw      200       0
        pair-2    2026-01-05  P1        draw      100       0
        pair-2    2026-02-28  -         lapse     0         400
        reversed  2026-02-01  R1        draw      33.33     0
        reversed  2026-02-02  R2        draw      33.34     0
        reversed  2026-02-03  R3        reversal  -33.34    0
        reversed  2026-12-31  -         lapse     0         66.67
    """)


def test_the_lots_of_a_contract_are_recognised_each_by_itself(book: OpenBook) -> None:
    # Ratable on the 5th: 5/31 of 200 = 32.26, 5/10 of 500 = 250.
    days = ["2025-12-31", "2026-01-05", "2026-01-31", "2026-02-28"]
    rows = book.run("revenue_by_lot", boundaries=days, contract="pair").filter(policy="ratable")
    assert across(rows.select("lot_id", "period_end", "ratable"))[1:] == text("""
        pair-1  2026-01-05  32.26
        pair-1  2026-01-31  167.74
        pair-2  2026-01-05  250
        pair-2  2026-01-31  250
    """)
    assert earned(book, "on_delivery", "pair", *days) == [
        "",
        "delivery 300",
        "delivery 300",
        "delivery 300 breakage 400",
    ]


def test_revenue_does_not_depend_on_which_other_boundaries_are_asked_about(book: OpenBook) -> None:
    few = earned(book, "on_delivery", "late", "2026-04-10")
    many = earned(book, "on_delivery", "late", "2026-02-01", "2026-03-15", "2026-04-01", "2026-04-10")
    assert few == ["delivery 400 breakage 600"]
    assert many[-1] == few[0]


def test_a_boundary_asked_about_twice_counts_once(book: OpenBook) -> None:
    twice = ["2026-03-31", "2026-03-31"]
    assert earned(book, "on_delivery", "late", *twice) == ["delivery 600 breakage 400"] * 2
    assert earned(book, "ratable", "late", *twice) == ["ratable 1000"] * 2
