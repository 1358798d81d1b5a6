"""What is open and may be left unused: watch_list, expiry_calendar, unused_by_group, portfolio_summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from queries.catalog import FigureError
from tests.queries.tiny import account, across, added, billed, contract, down, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

#: A term of a hundred days, and the close of its fiftieth.
TERM = "2026-01-01..2026-04-10"
HALFWAY = "2026-02-19"


@pytest.fixture(scope="module")
def beginners(new_book: Callable[..., OpenBook]) -> OpenBook:
    """A book without ended lots to learn from."""
    return new_book(
        accounts=[account("Acme", segment="Enterprise"), account("Beta")],
        contracts=[
            contract("half", recognition_method="ratable"),
            contract("ahead", account_id="Beta"),
            contract("grace", recognition_method="proportional"),
            contract("grown", recognition_method="remote"),
            contract("euro", currency="EUR"),
            contract("yen", currency="JPY"),
            contract("pound", currency="GBP", booked_on="2026-06-01"),
        ],
        lots=[
            lot("half", 100, 1000, TERM),
            lot("unused", 100, 1000, TERM),
            lot("ahead", 100, 1000, TERM),
            lot("grace", 100, 1000, "2026-01-01..2026-01-31", grace_until="2026-04-10"),
            lot("grown", 50, 500, TERM),
            lot("soon", 10, 100, "2026-01-21..2026-03-21"),
            lot("far", 100, 100),
            lot("spent", 100, 1000, TERM),
            lot("today", 10, 100, "2026-01-01..2026-02-19"),
            lot("next", 10, 250, "2026-05-01..2026-08-08"),
            lot("euro", 100, 100, TERM),
        ],
        consumption=[
            used("H1", "half", "2026-01-10", 30),
            used("A1", "ahead", "2026-01-10", 70),
            used("A2", "ahead", "2026-01-20", -10, reverses="A1"),
            used("G1", "grace", "2026-01-10", 30),
            used("W1", "grown", "2026-02-19", 30),
            used("S1", "soon", "2026-01-21", 5),
            used("F1", "spent", "2026-01-10", 100),
            used("E1", "euro", "2026-01-10", 50),
            used("H2", "half", "2026-02-20", 70),  # after the day asked about
        ],
        amendments=[added("M1", "grown", "2026-01-20", 50, 500)],
        billings=[
            billed("B1", "half", "2026-01-01", 1000),
            billed("B2", "grace", "2026-01-01", 1000),
            billed("B3", "grown", "2026-01-01", 1000),
            billed("B4", "soon", "2026-01-21", 100),
            billed("B5", "spent", "2026-01-01", 1000),
            billed("B6", "today", "2026-01-01", 100),
            billed("B7", "next", "2026-02-19", 250),
            billed("B8", "euro", "2026-01-01", 40),
        ],
    )


def test_without_ended_lots_the_forecast_is_the_pace_so_far_and_anything_can_happen(beginners: OpenBook) -> None:
    # half: 30 of 100 used in half the term, so 100 - 30 / 0.5 = 40 would be left; between nil and the 70 that remain.
    # ahead: 60 used, at that pace nothing would be left. grace: the term runs to the end of the carry-over.
    # grown: 30 of 50 + 50. unused: all 100 will be left, though it may yet be used up. soon: 5 of 10 in 30 of 60 days.
    # far: a one-year lot, 50 of 365 days. What is spent, ends today, or has not begun is not forecast.
    rows = beginners.run("unused_forecast_at", origins=[HALFWAY]).drop("contract_id")
    assert down(rows.filter(currency="USD")) == text("""
        origin              2026-02-19  2026-02-19  2026-02-19  2026-02-19  2026-02-19  2026-02-19  2026-02-19
        lot_id              ahead       far         grace       grown       half        soon        unused
        currency            USD         USD         USD         USD         USD         USD         USD
        usable_until        2026-04-10  2026-12-31  2026-04-10  2026-04-10  2026-04-10  2026-03-21  2026-04-10
        unit                hour        hour        hour        hour        hour        hour        hour
        remaining_quantity  40          100         70          70          70          5           100
        elapsed_share       0.5         0.136986    0.5         0.5         0.5         0.5         0.5
        used_share          0.6         0           0.3         0.3         0.3         0.5         0
        learned_from        0           0           0           0           0           0           0
        expected_quantity   0           100         40          40          40          0           100
        low_quantity        0           0           0           0           0           0           0
        high_quantity       40          100         70          70          70          5           100
        lower_quantity      0           0           0           0           0           0           0
        upper_quantity      40          100         70          70          70          5           100
        expected_amount     0           100         400         400         400         0           1000
        low_amount          0           0           0           0           0           0           0
        high_amount         400         100         700         700         700         50          1000
    """)
    euro = rows.filter(currency="EUR").select("lot_id", "expected_amount", "high_amount")
    assert across(euro)[1:] == [["euro", "0", "50"]]


def test_a_day_asked_about_twice_is_answered_once_and_days_do_not_mix(beginners: OpenBook) -> None:
    rows = beginners.run("unused_forecast_at", origins=[HALFWAY, "2026-01-10", HALFWAY], contract="half")
    # On the tenth day 30 of 100 are used: at three times the even pace nothing would be left.
    assert across(rows.select("origin", "remaining_quantity", "expected_quantity", "high_quantity"))[1:] == text("""
        2026-01-10  70  0   70
        2026-02-19  70  40  70
    """)


def test_the_watch_list_ranks_open_lots_by_the_money_at_risk(beginners: OpenBook) -> None:
    # Of the last 90 days: half 30 a quarter, 10 a month. Of the 50 days left 70 x 30/50 = 42 a month would use it up;
    # ahead (70 - 10) / 3 = 20 and 40 x 30/50 = 24.
    rows = beginners.run("watch_list", as_of=HALFWAY, account="Acme", currency="USD")
    assert rows["lot_id"].to_list() == ["unused", "grace", "grown", "half", "far", "soon"]
    shown = beginners.run("watch_list", as_of=HALFWAY)
    assert shown["lot_id"].to_list() == ["euro", "unused", "grace", "grown", "half", "far", "ahead", "soon"]
    assert down(shown[[1, 2, 3, 6]]) == text("""
        lot_id              unused      grace       grown       ahead
        contract_id         unused      grace       grown       ahead
        account_id          Acme        Acme        Acme        Beta
        account_name        Acme        Acme        Acme        Beta
        owner               Team A      Team A      Team A      Team A
        segment             Enterprise  Enterprise  Enterprise  (none)
        service             consulting  consulting  consulting  consulting
        currency            USD         USD         USD         USD
        unit                hour        hour        hour        hour
        status              open        grace       open        open
        valid_from          2026-01-01  2026-01-01  2026-01-01  2026-01-01
        expires_on          2026-04-10  2026-01-31  2026-04-10  2026-04-10
        usable_until        2026-04-10  2026-04-10  2026-04-10  2026-04-10
        days_left           50          50          50          50
        granted_quantity    100         100         100         100
        remaining_quantity  100         70          70          40
        remaining_amount    1000        700         700         400
        elapsed_share       0.5         0.5         0.5         0.5
        used_share          0           0.3         0.3         0.6
        recent_monthly      0           10          10          20
        required_monthly    60          42          42          24
        last_used_on        -           2026-01-10  2026-02-19  2026-01-10
        learned_from        0           0           0           0
        expected_quantity   100         40          40          0
        low_quantity        0           0           0           0
        high_quantity       100         70          70          40
        lower_quantity      0           0           0           0
        upper_quantity      100         70          70          40
        expected_amount     1000        400         400         0
        low_amount          0           0           0           0
        high_amount         1000        700         700         400
    """)


@pytest.mark.parametrize(
    ("as_of", "recent_monthly"),
    [("2026-04-09", "10"), ("2026-04-10", "0")],  # 10 January is the first, then no more, of the last 90 days
)
def test_recent_use_is_that_of_the_last_90_days(
    new_book: Callable[..., OpenBook], as_of: str, recent_monthly: str
) -> None:
    book = new_book(lots=[lot("C", 100, 1000)], consumption=[used("U1", "C", "2026-01-10", 30)])
    assert across(book.run("watch_list", as_of=as_of).select("recent_monthly", "last_used_on"))[1:] == [
        [recent_monthly, "2026-01-10"]
    ]


def test_a_lot_that_never_expires_is_open_and_so_on_the_watch_list_and_in_the_open_balance(
    new_book: Callable[..., OpenBook],
) -> None:
    # 4 of 10 used in the last 90 days: 1.3333 a month. Nothing of it is ever at risk, and no pace is asked of it.
    book = new_book(
        lots=[lot("forever", 10, 1000, "2026-01-01.."), lot("used up", 1, 100, "2026-01-01..")],
        consumption=[used("U1", "forever", "2026-02-01", 4), used("U2", "used up", "2026-02-01", 1)],
    )
    shown = book.run("watch_list", as_of="2026-03-31").drop("account_id", "account_name", "owner", "segment", "service")
    assert down(shown) == text("""
        lot_id              forever
        contract_id         forever
        currency            USD
        unit                hour
        status              open
        valid_from          2026-01-01
        expires_on          -
        usable_until        -
        days_left           -
        granted_quantity    10
        remaining_quantity  6
        remaining_amount    600
        elapsed_share       -
        used_share          0.4
        recent_monthly      1.3333
        required_monthly    -
        last_used_on        2026-02-01
        learned_from        0
        expected_quantity   0
        low_quantity        0
        high_quantity       0
        lower_quantity      0
        upper_quantity      0
        expected_amount     0
        low_amount          0
        high_amount         0
    """)
    assert book.run("expiry_calendar", as_of="2026-03-31").is_empty()
    assert book.run("unused_forecast_at", origins=["2026-03-31"]).is_empty()
    # Backlog: 600 of forever; nothing was billed, so the 500 earned are assets.
    assert down(book.run("portfolio_summary", as_of="2026-03-31")) == text("""
        currency          USD
        client_count      1
        lot_count         1
        open_amount       600
        ending_30_amount  0
        ending_60_amount  0
        ending_90_amount  0
        expected_amount   0
        low_amount        0
        high_amount       0
        deferred_revenue  0
        contract_assets   500
        backlog           600
    """)


def test_lots_that_never_end_are_open_beside_those_that_do_and_end_in_no_month(
    new_book: Callable[..., OpenBook],
) -> None:
    # Half of the term passed and nothing used: all 1000 of ends are expected to lapse; forever comes last.
    book = new_book(lots=[lot("ends", 100, 1000, TERM), lot("forever", 10, 500, "2026-01-01..")])
    watched = book.run("watch_list", as_of=HALFWAY)
    assert watched.select("lot_id", "days_left").rows() == [("ends", 50), ("forever", None)]
    calendar = book.run("expiry_calendar", as_of=HALFWAY)
    assert across(calendar)[1:] == [["USD", "2026-04-01", "1", "1000", "1000"]]
    summary = book.run("portfolio_summary", as_of=HALFWAY)
    amounts = ["lot_count", "open_amount", "ending_60_amount", "expected_amount", "low_amount", "high_amount"]
    assert across(summary.select(amounts))[1:] == [["2", "1500", "1000", "1000", "0", "1000"]]


def test_a_lot_that_has_not_begun_is_not_on_the_watch_list_though_units_were_added_to_it(
    new_book: Callable[..., OpenBook],
) -> None:
    book = new_book(
        lots=[lot("July", 10, 100, "2026-07-01..2026-07-10")],
        amendments=[added("A1", "July", "2026-06-21", 10, 100)],
    )
    assert {on: book.run("watch_list", as_of=on)["lot_id"].to_list() for on in ("2026-06-30", "2026-07-01")} == {
        "2026-06-30": [],
        "2026-07-01": ["July"],
    }
    assert book.run("unused_forecast_at", origins=["2026-06-30"]).is_empty()
    assert book.run("expiry_calendar", as_of="2026-06-30").is_empty()


def test_the_expiry_calendar_adds_open_lots_by_month_of_last_use(beginners: OpenBook) -> None:
    # April: unused 1000, grace, grown and half 700 each, ahead 400; forecast 1000 + 3 x 400.
    assert across(beginners.run("expiry_calendar", as_of=HALFWAY)) == text("""
        currency  month_start  lot_count  remaining_amount  expected_amount
        EUR       2026-04-01   1          50                0
        USD       2026-03-01   1          50                0
        USD       2026-04-01   5          3500              2200
        USD       2026-12-01   1          100               100
    """)


def test_what_is_forecast_unused_by_segment_with_widths_of_lots_that_tend_to_miss_together(beginners: OpenBook) -> None:
    # Enterprise: unused, half, grace, grown, far, soon: forecast 1000 + 3 x 400 + 100. Widths below: 1000, 3 x 400,
    # 100: sqrt(0.15 x 2300^2 + 0.85 x 1,490,000) = 1435.270. Above: 3 x 300, 50: sqrt(0.15 x 950^2 + 0.85 x 272,500)
    # = 605.805.
    assert across(beginners.run("unused_by_group", as_of=HALFWAY, dimension="segment")) == text("""
        currency  member      lot_count  remaining_amount  expected_amount  low_amount  high_amount
        EUR       Enterprise  1          50                0                0           50
        USD       Enterprise  6          3250              2300             864.73      2905.81
        USD       (none)      1          400               0                0           400
    """)


@pytest.mark.parametrize(("dimension", "member"), [("service", "consulting"), ("owner", "Team A")])
def test_what_is_forecast_unused_by_service_and_by_owner(beginners: OpenBook, dimension: str, member: str) -> None:
    # Above, with ahead: 3 x 300, 400, 50: sqrt(0.15 x 1350^2 + 0.85 x 432,500) = 800.625.
    assert across(beginners.run("unused_by_group", as_of=HALFWAY, dimension=dimension, currency="USD"))[1:] == [
        ["USD", member, "7", "3650", "2300", "864.73", "3100.63"]
    ]


def test_what_is_forecast_unused_ranks_owners_and_never_exceeds_what_they_hold(
    new_book: Callable[..., OpenBook],
) -> None:
    # Seen on the 50th of 100 days: slow would leave 90 of the 95 it holds, spent nothing of the 20 it holds. Lots that
    # never end count with what they hold; nothing of them will lapse.
    book = new_book(
        contracts=[contract("spent", owner="Team B"), contract("forever", owner="Team B")],
        lots=[lot("spent", 100, 1000, TERM), lot("slow", 100, 1000, TERM), lot("forever", 10, 100, "2026-01-01..")],
        consumption=[used("U1", "spent", "2026-01-10", 80), used("U2", "slow", "2026-01-10", 5)],
    )
    assert across(book.run("unused_by_group", as_of=HALFWAY, dimension="owner"))[1:] == text("""
        USD  Team A  1  950  900  0  950
        USD  Team B  2  300  0    0  200
    """)


def test_only_a_service_a_segment_or_an_owner_is_a_group(beginners: OpenBook) -> None:
    with pytest.raises(FigureError, match=r"unused_by_group can't use these values: .*service, segment or owner"):
        beginners.run("unused_by_group", as_of=HALFWAY, dimension="account")


def test_the_portfolio_on_one_day(beginners: OpenBook) -> None:
    # Open: April 3500, soon 50 (30 days left), far 100. Forecast 1000 + 3 x 400 + 100 = 2300.
    # Widths below: 1000, 3 x 400, 100: sqrt(0.15 x 2300^2 + 0.85 x 1,490,000) = 1435.270.
    # Above: 3 x 300, 400, 50: sqrt(0.15 x 1350^2 + 0.85 x 432,500) = 800.625.
    # Deferred: half 1000 - 50 of 100 days; grace, grown 1000 - 300; soon 50; next 250. ahead earned 600 unbilled.
    # Backlog: half 500, unused 1000, ahead 400, grace 700, grown 700, soon 50, far 100, next 250.
    # yen has nothing; pound is not booked yet.
    assert down(beginners.run("portfolio_summary", as_of=HALFWAY)) == text("""
        currency          EUR  JPY  USD
        client_count      1    0    2
        lot_count         1    0    7
        open_amount       50   0    3650
        ending_30_amount  0    0    50
        ending_60_amount  50   0    3550
        ending_90_amount  50   0    3550
        expected_amount   0    0    2300
        low_amount        0    0    864.73
        high_amount       50   0    3100.63
        deferred_revenue  0    0    2200
        contract_assets   10   0    600
        backlog           50   0    3700
    """)


@pytest.mark.parametrize(
    ("as_of", "ending"),
    [
        ("2026-02-18", ["0", "50"]),  # 31 days before the 21st of March
        ("2026-02-19", ["50", "50"]),
        ("2026-03-20", ["50", "50"]),
        ("2026-03-21", ["0", "0"]),
    ],
)
def test_what_ends_within_30_days_ends_after_today(beginners: OpenBook, as_of: str, ending: list[str]) -> None:
    summary = beginners.run("portfolio_summary", as_of=as_of, contract="soon")
    assert across(summary.select("ending_30_amount", "ending_60_amount"))[1:] == [ending]
