"""Ratable revenue: ratable_spans, instalments, and what revenue_by_lot says of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from queries.instalments import Term, instalments, progress
from tests.queries.tiny import across, added, contract, earned, extended, lot, removed, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

FOUR_MONTHS = "2026-06-15..2026-10-14"


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("leap", recognition_method="ratable"),
            contract("yen", currency="JPY"),
            contract("dinar", currency="KWD"),
            contract("even", recognition_convention="month_even"),
            contract("even short", recognition_convention="month_even"),
            contract("even stub", recognition_convention="month_even"),
            contract("even longer", recognition_convention="month_even"),
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
            lot("even longer", 1, 120, "2026-01-01..2026-04-30"),
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
            lot("eighths", 8, 1, "2026-01-01..2026-01-10"),
            lot("half cents", 1, "0.05", "2026-01-01..2026-01-10"),
            lot("nothing left", 2, 200, "2026-01-01..2026-01-10"),
        ],
        consumption=[
            used("C1", "grace", "2026-01-15", "0.5"),
            used("M1", "too much back", "2026-01-02", 8),
            used("Q1", "nothing left", "2026-01-02", 2),
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
            extended("B1", "even longer", "2026-03-10", "2026-08-31"),
        ],
    )


def test_ratable_revenue_of_a_leap_year_is_a_366th_a_day(book: OpenBook) -> None:
    # 29 February is the 60th day. Before the term, and after it, there is nothing to say; booked repeats the policy.
    boundaries = ["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-01", "2024-12-31", "2025-06-30"]
    rows = book.run("revenue_by_lot", boundaries=boundaries, contract="leap")
    assert across(rows.filter(policy="ratable")) == text("""
        lot_id  contract_id  policy   period_end  ratable  delivery  breakage  adjustment  escheat
        leap    leap         ratable  2024-01-01  1        0         0         0           0
        leap    leap         ratable  2024-02-29  59       0         0         0           0
        leap    leap         ratable  2024-03-01  1        0         0         0           0
        leap    leap         ratable  2024-12-31  305      0         0         0           0
    """)
    assert rows.filter(policy="booked").drop("policy").equals(rows.filter(policy="ratable").drop("policy"))


@pytest.mark.parametrize(
    ("contract_id", "days", "ratable"),
    [
        ("cents", ["2024-01-31", "2024-12-30"], ["8.47", "99.73"]),  # 3100/366 = 8.4699, 36500/366 = 99.7268
        ("grace", ["2026-01-09", "2026-01-10", "2026-01-20"], ["90", "100", "100"]),  # the carry-over is no term
        ("yen", ["2026-01-01", "2026-01-02", "2026-01-03"], ["333", "667", "1000"]),
        ("dinar", ["2026-01-01", "2026-01-02", "2026-01-03"], ["3.333", "6.667", "10"]),
        # Four months from 15 June: posted at each month's end, the stub in October gets nothing.
        (
            "even",
            ["2026-06-29", "2026-06-30", "2026-07-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-14"],
            ["", "30", "30", "60", "90", "120", "120"],
        ),
        ("even short", ["2026-01-31", "2026-02-28"], ["120", "120"]),  # one month, from 31 January
        # A day more is a fifth month, begun; it is posted on the last day of the term.
        ("even stub", ["2026-06-30", "2026-09-30", "2026-10-14", "2026-10-15"], ["20", "80", "80", "100"]),
        # Extended on 10 March, when 60 are recognised: the other 60 in six months from March on, 10 each.
        (
            "even longer",
            ["2026-02-28", "2026-03-09", "2026-03-31", "2026-04-30", "2026-07-31", "2026-08-30", "2026-08-31"],
            ["60", "60", "70", "80", "110", "110", "120"],
        ),
        # June 1, July 2, August 2, September 2, October 1 = 8 halves of 15.
        (
            "half",
            ["2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-13", "2026-10-14"],
            ["15", "45", "75", "105", "105", "120"],
        ),
        ("half from the first", ["2026-01-31", "2026-02-28", "2026-03-31"], ["40", "80", "120"]),
        ("half in one month", ["2026-06-29", "2026-06-30"], ["", "120"]),
        # 15/30 of April, all of May, 15/30 of June: 2 months.
        ("actual", ["2026-04-30", "2026-05-31", "2026-06-14", "2026-06-15"], ["25", "75", "75", "100"]),
        ("until the contract ends", ["2026-01-05", "2026-01-10", "2026-02-01"], ["50", "100", "100"]),
        ("forever", ["2026-12-31"], [""]),  # no term to spread it over
        # A unit a day; on 22 December 10 are left and 10 more are priced: 20 over the last ten days.
        ("grown", ["2026-12-21", "2026-12-22", "2026-12-31"], ["355", "357", "375"]),
        ("shrunk", ["2026-12-21", "2026-12-22", "2026-12-31"], ["355", "355", "355"]),
        ("after the end", ["2026-01-10", "2026-01-14", "2026-01-15"], ["100", "100", "150"]),
        # Bought for 1 to 10 July, ten more agreed on 21 June: nothing is earned in June (R3.1).
        ("ahead", ["2026-06-30", "2026-07-05", "2026-07-10"], ["", "100", "200"]),
        # Only 2 of the 5 units are still there to be taken back: 500 are left, less 200, over the last five days.
        ("too much back", ["2026-01-05", "2026-01-06", "2026-01-10"], ["500", "560", "800"]),
        # Of what is used up nothing can be taken back.
        ("nothing left", ["2026-01-04", "2026-01-05", "2026-01-10"], ["80", "100", "200"]),
        # The lot is rounded once, not each purchase of it: 0.005 twice is 0.01.
        (
            "half cents",
            ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-10"],
            ["0.01", "0.02", "0.03", "0.1"],
        ),
        # 0.1 a day; (0.5 + 0.125)/5 = 0.125 a day; from the 8th (0.375 + 0.125)/3 = 0.1667.
        # 0.625, 0.75, 0.9167, 1.0833.
        (
            "eighths",
            ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09", "2026-01-10"],
            ["0.5", "0.63", "0.75", "0.92", "1.08", "1.25"],
        ),
    ],
)
def test_ratable_revenue_to_date(book: OpenBook, contract_id: str, days: list[str], ratable: list[str]) -> None:
    assert earned(book, "ratable", contract_id, *days) == [f"ratable {amount}" if amount else "" for amount in ratable]


def test_every_amendment_spreads_what_is_left_from_its_day_to_the_end_of_the_stated_term(book: OpenBook) -> None:
    # grace: the carry-over is no term. after the end: a term of one day. A lot without an end takes its contract's, or
    # none. ahead, half cents: what changes before anything is recognised makes no term of its own.
    spans = book.sql(
        "SELECT lot_id, convention, starts_on, ends_on, coalesce(before::VARCHAR, '-'),"
        " format('{:g}', (base / denominator) / 1000), format('{:g}', (spread / denominator) / 1000)"
        " FROM source.ratable_spans WHERE lot_id IN ('grown', 'too much back', 'grace', 'until the contract ends',"
        " 'forever', 'after the end', 'even longer', 'eighths', 'ahead', 'half cents', 'nothing left')"
        " AND adjustment = 0 ORDER BY lot_id, starts_on"
    )
    assert [[str(value) for value in row] for row in spans] == text("""
        after the end            daily       2026-01-01  2026-01-10  2026-01-15  0     100
        after the end            daily       2026-01-15  2026-01-15  -           100   50
        ahead                    daily       2026-07-01  2026-07-10  -           0     200
        eighths                  daily       2026-01-01  2026-01-10  2026-01-06  0     1
        eighths                  daily       2026-01-06  2026-01-10  2026-01-08  0.5   0.625
        eighths                  daily       2026-01-08  2026-01-10  -           0.75  0.5
        even longer              month_even  2026-01-01  2026-04-30  2026-03-10  0     120
        even longer              month_even  2026-03-10  2026-08-31  -           60    60
        grace                    daily       2026-01-01  2026-01-10  -           0     100
        grown                    daily       2026-01-01  2026-12-31  2026-12-22  0     365
        grown                    daily       2026-12-22  2026-12-31  -           355   20
        half cents               daily       2026-01-01  2026-01-10  -           0     0.1
        nothing left             daily       2026-01-01  2026-01-10  -           0     200
        too much back            daily       2026-01-01  2026-01-10  2026-01-06  0     1000
        too much back            daily       2026-01-06  2026-01-10  -           500   300
        until the contract ends  daily       2026-01-01  2026-01-10  -           0     100
    """)


@pytest.mark.parametrize(
    ("convention", "term", "posted"),
    [
        # The months from 15 June to 14 October; the stub gets nothing, or half, or 14 of 31 days.
        ("month_even", FOUR_MONTHS, "06-30 1 | 07-31 2 | 08-31 3 | 09-30 4 | 10-14 4"),
        ("month_half", FOUR_MONTHS, "06-30 1 | 07-31 3 | 08-31 5 | 09-30 7 | 10-14 8"),
        # 15/30 of 377,580, all of it, and 15/30.
        ("month_actual", "2026-04-16..2026-06-15", "04-30 188790 | 05-31 566370 | 06-15 755160"),
    ],
)
def test_instalments_are_posted_at_the_end_of_each_month_or_of_the_term(
    convention: str, term: str, posted: str
) -> None:
    spread = Term(convention, *map(date.fromisoformat, term.split("..")))
    shown = " | ".join(f"{part.posted_on:%m-%d} {part.weight_to_date}" for part in instalments(spread))
    assert shown == posted


def test_progress_counts_days_or_instalments_within_the_term() -> None:
    days = [date(2026, 6, 14), date(2026, 6, 15), date(2026, 6, 30), date(2026, 10, 14), date(2026, 12, 31)]
    first, last = date(2026, 6, 15), date(2026, 10, 14)  # 16 + 31 + 31 + 30 + 14 days
    assert [progress(Term("daily", first, last), day) for day in days] == [
        (0, 122),
        (1, 122),
        (16, 122),
        (122, 122),
        (122, 122),
    ]
    assert [progress(Term("month_half", first, last), day) for day in days] == [(0, 8), (0, 8), (1, 8), (8, 8), (8, 8)]


def test_a_term_that_runs_to_the_last_day_of_the_calendar_is_spread() -> None:
    assert len(instalments(Term("month_even", date(9999, 11, 15), date.max))) == 2


def test_a_lot_amended_every_month_for_three_years_is_still_earned_exactly(
    new_book: Callable[..., OpenBook],
) -> None:
    months = [f"{year}-{month:02d}-15" for year in (2026, 2027, 2028) for month in range(1, 13)]
    book = new_book(
        lots=[lot("metered", 100, 10_000, "2026-01-01..2028-12-31")],
        amendments=[added(f"A{number}", "metered", on, 10, 1000) for number, on in enumerate(months)],
    )
    # 14 of 1096 days of 10,000 = 127.7372; the other 9,872.2628 and 1,000 for 17 of 1082 days = 170.8195.
    # In the end 10,000 + 36 x 1,000.
    days = ["2026-01-31", "2028-12-31"]
    assert earned(book, "ratable", "metered", *days) == ["ratable 298.56", "ratable 46000"]


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
    # 2,000 more a day. First day: 1,002,000/365 = 2745.2055. Second: (1,002,000 - 2,745.2055 + 2,000)/364 = 2750.6999.
    # In the end 1,000,000 + 365 x 2,000.
    assert earned(book, "ratable", "metered", "2026-01-01", "2026-01-02", "2026-12-31") == [
        "ratable 2745.21",
        "ratable 5495.91",
        "ratable 1730000",
    ]
