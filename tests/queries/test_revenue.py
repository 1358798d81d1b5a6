"""Revenue to date: grants, instalments, revenue_ratable, revenue_on_delivery, revenue_to_date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.queries.tiny import across, added, contract, lot, removed, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

FOUR_MONTHS = "2026-06-15..2026-10-14"


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("yen", currency="JPY"),
            contract("dinar", currency="KWD"),
            contract("even", recognition_convention="month_even"),
            contract("even short", recognition_convention="month_even"),
            contract("even stub", recognition_convention="month_even"),
            contract("half", recognition_convention="month_half"),
            contract("half from the first", recognition_convention="month_half"),
            contract("half in one month", recognition_convention="month_half"),
            contract("actual", recognition_convention="month_actual"),
            contract("until the contract ends", ends_on="2026-01-10"),
        ],
        lots=[
            lot("leap", 1, 366, "2024-01-01..2024-12-31"),
            lot("cents", 1, 100, "2024-01-01..2024-12-31"),
            lot("grace", 1, 100, "2026-01-01..2026-01-10", grace_until="2026-01-20"),
            lot("yen", 3, 1000, "2026-01-01..2026-01-03"),
            lot("dinar", 3, 10, "2026-01-01..2026-01-03"),
            lot("even", 1, 120, FOUR_MONTHS),
            lot("even short", 1, 120, "2026-01-31..2026-02-27"),
            lot("even stub", 1, 100, "2026-06-15..2026-10-15"),
            lot("half", 1, 120, FOUR_MONTHS),
            lot("half from the first", 1, 120, "2026-01-01..2026-03-31"),
            lot("half in one month", 1, 120, "2026-06-15..2026-06-30"),
            lot("actual", 1, 100, "2026-04-16..2026-06-15"),
            lot("until the contract ends", 10, 100, "2026-01-01.."),
            lot("forever", 10, 100, "2026-01-01.."),
            lot("grown", 365, 365),
            lot("shrunk", 365, 365),
            lot("too much back", 10, 1000, "2026-01-01..2026-01-10"),
            lot("ahead", 10, 100, "2026-07-01..2026-07-10"),
            lot("after the end", 10, 100, "2026-01-01..2026-01-10"),
            lot("used up", 10, 1000),
            lot("reversed", 3, 100),
            lot("late", 10, 1000, "2026-01-01..2026-03-31"),
            lot("ties", 8, 1),
            lot("eighths", 8, 1, "2026-01-01..2026-01-10"),
            lot("half cents", 1, "0.05", "2026-01-01..2026-01-10"),
            lot("nothing left", 2, 200, "2026-01-01..2026-01-10"),
            lot("pair-1", 2, 200, "2026-01-01..2026-01-31", contract_id="pair"),
            lot("pair-2", 10, 500, "2026-01-01..2026-01-10", contract_id="pair", grace_until="2026-02-28"),
        ],
        consumption=[
            used("C1", "grace", "2026-01-15", "0.5"),
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
            used("Q1", "nothing left", "2026-01-02", 2),
            used("T1", "ties", "2026-02-01", 1),
            used("T2", "ties", "2026-02-02", 2),
            used("P1", "pair", "2026-01-05", 4),
            used("P2", "pair", "2026-03-05", 2),
            used("P3", "pair", "2026-03-06", -1, reverses="P2"),
            used("O1", "only overage", "2026-01-05", 2),
        ],
        amendments=[
            added("A1", "grown", "2026-12-22", 10, 10),
            removed("A2", "shrunk", "2026-12-22", 10, 10),
            removed("A3", "too much back", "2026-01-06", 5, 500),
            added("A4", "ahead", "2026-06-21", 10, 100),
            added("A5", "after the end", "2026-01-15", 5, 50),
            added("A6", "eighths", "2026-01-06", 1, "0.125"),
            added("A7", "eighths", "2026-01-08", 1, "0.125"),
            added("A8", "half cents", "2026-01-01", 1, "0.05"),
            removed("A9", "nothing left", "2026-01-05", 1, 100),
        ],
        rate_card=[
            {"contract_id": "pair", "overage_rate": "33.335"},
            {"contract_id": "only overage", "overage_rate": 10},
        ],
    )


def to_date(book: OpenBook, figure: str, contract_id: str, *boundaries: str) -> list[list[str]]:
    """The amounts of one contract's figure, without what it says about the contract."""
    rows = book.run(figure, boundaries=list(boundaries), contract=contract_id)
    return across(rows.drop("lot_id", "contract_id", "currency", "boundary", strict=False))[1:]


def test_ratable_revenue_of_a_leap_year_is_a_366th_a_day(book: OpenBook) -> None:
    # Nothing is said before the term; 29 February is its 60th day.
    assert across(
        book.run(
            "revenue_ratable",
            boundaries=["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-01", "2024-12-31", "2025-06-30"],
            contract="leap",
        )
    ) == text("""
        lot_id  contract_id  currency  boundary    ratable
        leap    leap         USD       2024-01-01  1
        leap    leap         USD       2024-02-29  60
        leap    leap         USD       2024-03-01  61
        leap    leap         USD       2024-12-31  366
        leap    leap         USD       2025-06-30  366
    """)


@pytest.mark.parametrize(
    ("contract_id", "boundaries", "ratable"),
    [
        ("cents", ["2024-01-31", "2024-12-30"], ["8.47", "99.73"]),  # 3100/366 = 8.4699, 36500/366 = 99.7268
        ("grace", ["2026-01-09", "2026-01-10", "2026-01-20"], ["90", "100", "100"]),  # the carry-over is no term
        ("yen", ["2026-01-01", "2026-01-02", "2026-01-03"], ["333", "667", "1000"]),
        ("dinar", ["2026-01-01", "2026-01-02", "2026-01-03"], ["3.333", "6.667", "10"]),
        # Four months from 15 June: posted at each month's end, the stub in October gets nothing.
        (
            "even",
            ["2026-06-29", "2026-06-30", "2026-07-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-14"],
            ["0", "30", "30", "60", "90", "120", "120"],
        ),
        ("even short", ["2026-01-31", "2026-02-28"], ["120", "120"]),  # one month, from 31 January
        # A day more is a fifth month, begun; it is posted on the last day of the term.
        ("even stub", ["2026-06-30", "2026-09-30", "2026-10-14", "2026-10-15"], ["20", "80", "80", "100"]),
        # June 1, July 2, August 2, September 2, October 1 = 8 halves of 15.
        (
            "half",
            ["2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-13", "2026-10-14"],
            ["15", "45", "75", "105", "105", "120"],
        ),
        ("half from the first", ["2026-01-31", "2026-02-28", "2026-03-31"], ["40", "80", "120"]),
        ("half in one month", ["2026-06-29", "2026-06-30"], ["0", "120"]),
        # 15/30 of April, all of May, 15/30 of June: 2 months.
        ("actual", ["2026-04-30", "2026-05-31", "2026-06-14", "2026-06-15"], ["25", "75", "75", "100"]),
        ("until the contract ends", ["2026-01-05", "2026-01-10", "2026-02-01"], ["50", "100", "100"]),
        ("forever", ["2026-12-31"], []),  # no term to spread it over
        # A unit a day; ten more, priced 10, spread over the last ten days.
        ("grown", ["2026-12-21", "2026-12-22", "2026-12-31"], ["355", "357", "375"]),
        ("shrunk", ["2026-12-21", "2026-12-22", "2026-12-31"], ["355", "355", "355"]),
        ("after the end", ["2026-01-10", "2026-01-14", "2026-01-15"], ["100", "100", "150"]),
        # Only 2 of the 5 units are still there to be taken back: 100 a day, less 40 a day over the last five.
        ("too much back", ["2026-01-05", "2026-01-06", "2026-01-10"], ["500", "560", "800"]),
        # Each grant is rounded like a lot of its own: twice 0.005, twice 0.01, twice 0.015, in the end twice 0.05.
        (
            "half cents",
            ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-10"],
            ["0.02", "0.02", "0.04", "0.1"],
        ),
        # 0.1 a day; 0.13 over the last five days; 0.12 over the last three. On the 9th 0.90 + 0.10 + 0.08.
        (
            "eighths",
            ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09", "2026-01-10"],
            ["0.5", "0.63", "0.75", "0.92", "1.08", "1.25"],
        ),
    ],
)
def test_ratable_revenue_to_date(book: OpenBook, contract_id: str, boundaries: list[str], ratable: list[str]) -> None:
    assert to_date(book, "revenue_ratable", contract_id, *boundaries) == [[amount] for amount in ratable]


def test_units_added_before_the_term_are_earned_within_the_term(book: OpenBook) -> None:
    # Bought for 1 to 10 July, ten more agreed on 21 June: nothing is earned in June (R3.1).
    boundaries = ["2026-06-30", "2026-07-05", "2026-07-10"]
    earned = book.run("revenue_ratable", boundaries=boundaries, contract="ahead")
    by_day = {str(day): str(amount) for day, amount in earned.select("boundary", "ratable").rows()}
    assert by_day.get("2026-06-30", "0.000") == "0.000"
    assert (by_day["2026-07-05"], by_day["2026-07-10"]) == ("100.000", "200.000")


def test_every_grant_spreads_from_its_own_day_to_the_end_of_the_stated_term(book: OpenBook) -> None:
    # too much back: 2 of 5 units. grace: the carry-over is no term. after the end: a term of one day.
    # A lot without an end takes its contract's, or none.
    # eighths: 8 for 1.00 is 0.125 a unit; 9 are 1.125 = 1.13, 10 are 1.25: the grants are worth 0.13 and 0.12.
    # Of what is used up nothing can be taken back, and that is no grant.
    names = ["grown", "too much back", "grace", "until the contract ends", "forever", "after the end", "even"]
    names += ["yen", "dinar", "eighths", "ahead", "nothing left"]
    grants = book.run("grants").filter(pl.col("lot_id").is_in(names)).sort("lot_id", "starts_on")
    assert grants["movement_no"].is_unique().all()
    assert grants["contract_id"].equals(grants["lot_id"])
    assert across(grants.drop("movement_no", "contract_id")) == text("""
        lot_id                   quantity  amount  minor_unit  convention  starts_on   ends_on
        after the end            10        100     10          daily       2026-01-01  2026-01-10
        after the end            5         50      10          daily       2026-01-15  2026-01-15
        ahead                    10        100     10          daily       2026-07-01  2026-07-10
        ahead                    10        100     10          daily       2026-07-01  2026-07-10
        dinar                    3         10      1           daily       2026-01-01  2026-01-03
        eighths                  8         1       10          daily       2026-01-01  2026-01-10
        eighths                  1         0.13    10          daily       2026-01-06  2026-01-10
        eighths                  1         0.12    10          daily       2026-01-08  2026-01-10
        even                     1         120     10          month_even  2026-06-15  2026-10-14
        grace                    1         100     10          daily       2026-01-01  2026-01-10
        grown                    365       365     10          daily       2026-01-01  2026-12-31
        grown                    10        10      10          daily       2026-12-22  2026-12-31
        nothing left             2         200     10          daily       2026-01-01  2026-01-10
        too much back            10        1000    10          daily       2026-01-01  2026-01-10
        too much back            -2        -200    10          daily       2026-01-06  2026-01-10
        until the contract ends  10        100     10          daily       2026-01-01  2026-01-10
        yen                      3         1000    1000        daily       2026-01-01  2026-01-03
    """)


@pytest.mark.parametrize(
    ("contract_id", "instalments"),
    [
        ("grown", ""),  # by the day
        # The months from 15 June to 14 October; the stub gets nothing, or half, or 14 of 31 days.
        (
            "even",
            "2026-06-30  1  4 | 2026-07-31  2  4 | 2026-08-31  3  4 | 2026-09-30  4  4 | 2026-10-14  4  4",
        ),
        (
            "half",
            "2026-06-30  1  8 | 2026-07-31  3  8 | 2026-08-31  5  8 | 2026-09-30  7  8 | 2026-10-14  8  8",
        ),
        # 15/30 of 377,580, all of it, and 15/30.
        (
            "actual",
            "2026-04-30  188790  755160 | 2026-05-31  566370  755160 | 2026-06-15  755160  755160",
        ),
    ],
)
def test_instalments_are_posted_at_the_end_of_each_month_or_of_the_term(
    book: OpenBook, contract_id: str, instalments: str
) -> None:
    rows = book.run("instalments", contract=contract_id)
    assert set(rows["movement_no"]) <= set(book.run("grants", contract=contract_id)["movement_no"])
    assert rows.equals(book.run("instalments").filter(contract_id=contract_id))
    shown = across(rows.drop("movement_no", "contract_id"))[1:]
    assert shown == [line.strip().split("  ") for line in instalments.split(" | ") if line]


def test_a_lot_amended_every_month_for_three_years_is_still_earned_exactly(
    new_book: Callable[..., OpenBook],
) -> None:
    months = [f"{year}-{month:02d}-15" for year in (2026, 2027, 2028) for month in range(1, 13)]
    book = new_book(
        lots=[lot("metered", 100, 10_000, "2026-01-01..2028-12-31")],
        amendments=[added(f"A{number}", "metered", on, 10, 1000) for number, on in enumerate(months)],
    )
    rows = book.run("revenue_ratable", boundaries=["2026-01-31", "2028-12-31"])
    # 31 of 1096 days of 10,000 and 17 of 1082 days of 1,000: 282.85 + 15.71. In the end 10,000 + 36 x 1,000.
    assert [str(amount) for amount in rows["ratable"]] == ["298.560", "46000.000"]


def test_revenue_on_delivery_is_said_from_the_first_day_of_the_lot(book: OpenBook) -> None:
    boundaries = ["2025-12-31", "2026-01-01", "2026-02-28", "2026-03-31", "2026-12-31"]
    assert across(book.run("revenue_on_delivery", boundaries=boundaries, contract="used up")) == text("""
        lot_id   contract_id  currency  boundary    delivery  breakage
        used up  used up      USD       2026-01-01  0         0
        used up  used up      USD       2026-02-28  400       0
        used up  used up      USD       2026-03-31  1000      0
        used up  used up      USD       2026-12-31  1000      0
    """)


@pytest.mark.parametrize(
    ("contract_id", "boundaries", "earned"),
    [
        # Half was used within the carry-over; the other half lapses at its end, not at the end of the term.
        ("grace", ["2026-01-10", "2026-01-15", "2026-01-19", "2026-01-20"], ["0 0", "50 0", "50 0", "50 50"]),
        # 1/3, 2/3 and, lapsed, the rest.
        ("yen", ["2026-01-01", "2026-01-02", "2026-01-03"], ["333 0", "667 0", "667 333"]),
        ("dinar", ["2026-01-01", "2026-01-02", "2026-01-03"], ["0 0", "3.333 0", "3.333 6.667"]),
        # 33.333, 66.667 and 33.333 again: the reversal takes back what its delivery was given.
        ("reversed", ["2026-02-01", "2026-02-02", "2026-02-03"], ["33.33 0", "66.67 0", "33.33 0"]),
        # Taken back after the lapse: from delivery to breakage, nil in total.
        ("late", ["2026-03-30", "2026-03-31", "2026-04-10"], ["600 0", "600 400", "400 600"]),
        ("ties", ["2026-02-01", "2026-02-02", "2026-12-31"], ["0.13 0", "0.38 0", "0.38 0.62"]),  # 0.125, 0.375
        ("forever", ["2030-12-31"], ["0 0"]),
        ("grown", ["2026-12-22", "2026-12-31"], ["0 0", "0 375"]),
        ("too much back", ["2026-01-05", "2026-01-10"], ["800 0", "800 0"]),
        ("after the end", ["2026-01-10", "2026-01-15"], ["0 100", "0 150"]),  # can't be used any more
    ],
)
def test_revenue_on_delivery_to_date(
    book: OpenBook, contract_id: str, boundaries: list[str], earned: list[str]
) -> None:
    assert to_date(book, "revenue_on_delivery", contract_id, *boundaries) == [amounts.split() for amounts in earned]


def test_revenue_does_not_depend_on_which_other_boundaries_are_asked_about(book: OpenBook) -> None:
    few = to_date(book, "revenue_on_delivery", "late", "2026-04-10")
    many = to_date(book, "revenue_on_delivery", "late", "2026-04-10", "2026-03-15", "2026-04-01", "2026-02-01")
    assert few == [["400", "600"]]
    assert many[-1] == few[0]


def test_a_lot_amended_twice_a_day_for_a_year_is_still_earned_exactly(new_book: Callable[..., OpenBook]) -> None:
    # 730 amendments with 365 terms of different length; the common denominator of their fractions has 150 digits.
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    book = new_book(
        lots=[lot("metered", 1000, 1_000_000)],
        amendments=[
            change
            for on in days
            for change in (
                added(f"A{on}", "metered", str(on), 3, 3000),
                removed(f"R{on}", "metered", str(on), 1, 1000),
            )
        ],
    )
    rows = book.run("revenue_ratable", boundaries=["2026-01-01", "2026-01-02", "2026-12-31"])
    # First day: 1/365 of 1,000,000, 3,000 and -1,000 = 2739.73 + 8.22 - 2.74. Second: 5479.45 + 16.44 - 5.48, and 1/364
    # of 3,000 and -1,000 = 8.24 - 2.75. In the end 1,000,000 + 365 x 2,000.
    assert [str(amount) for amount in rows["ratable"]] == ["2745.210", "5495.900", "1730000.000"]


def test_a_boundary_asked_about_twice_counts_once(book: OpenBook) -> None:
    assert to_date(book, "revenue_on_delivery", "late", "2026-03-31", "2026-03-31") == [["600", "400"]]
    assert to_date(book, "revenue_ratable", "late", "2026-03-31", "2026-03-31") == [["1000"]]


def test_revenue_to_date_of_a_contract_adds_its_lots_under_each_policy(book: OpenBook) -> None:
    # On 5 January 4 hours: the second lot can be used until 28 February, the first only until 31 January, so it goes
    # first: 2 hours at 100, then 2 at 50. Ratable on the 5th: 5/31 of 200 = 32.26, 5/10 of 500 = 250.
    # At the end of February 8 hours lapse. In March nothing is left: 2 hours at 33.335 = 66.67, one taken back = -33.34
    # (half up, away from zero), the same under both policies.
    boundaries = ["2025-12-31", "2026-01-05", "2026-01-31", "2026-02-28", "2026-03-05", "2026-03-06"]
    assert across(book.run("revenue_to_date", boundaries=boundaries, contract="pair")) == text("""
        contract_id  policy       boundary    ratable  delivery  breakage  overage
        pair         on_delivery  2026-01-05  0        300       0         0
        pair         on_delivery  2026-01-31  0        300       0         0
        pair         on_delivery  2026-02-28  0        300       400       0
        pair         on_delivery  2026-03-05  0        300       400       66.67
        pair         on_delivery  2026-03-06  0        300       400       33.33
        pair         ratable      2026-01-05  282.26   0         0         0
        pair         ratable      2026-01-31  700      0         0         0
        pair         ratable      2026-02-28  700      0         0         0
        pair         ratable      2026-03-05  700      0         0         66.67
        pair         ratable      2026-03-06  700      0         0         33.33
    """)


def test_a_contract_with_nothing_but_overage_has_revenue_from_it(book: OpenBook) -> None:
    boundaries = ["2026-01-04", "2026-01-05"]
    assert across(book.run("revenue_to_date", boundaries=boundaries, contract="only overage"))[1:] == text("""
        only overage  on_delivery  2026-01-05  0  0  0  20
        only overage  ratable      2026-01-05  0  0  0  20
    """)
