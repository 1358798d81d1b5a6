"""What is open and may be left unused: watch_list, expiry_calendar, unused_by_group, portfolio_summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from queries.catalog import FigureError
from tests.queries.tiny import account, across, added, billed, contract, down, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

# Without ended lots a third of the forecast is the pace so far and two thirds are anything (test_forecast.py): of what
# remains (pace + 1) / 3 is expected. On HALFWAY of unused and far, at a pace that would leave all, 66.6667%; of half,
# grace and grown, at one that would leave 40 of the 70 they hold, 36.6667 units; of ahead and soon, at one that would
# leave nothing, 33.3333%.

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


def test_the_watch_list_ranks_open_lots_by_the_money_at_risk(beginners: OpenBook) -> None:
    # Of the last 90 days: half 30 a quarter, 10 a month. Of the 50 days left 70 x 30/50 = 42 a month would use it up;
    # ahead (70 - 10) / 3 = 20 and 40 x 30/50 = 24.
    rows = beginners.run("watch_list", as_of=HALFWAY, account="Acme", currency="USD")
    assert rows["lot_id"].to_list() == ["unused", "grace", "grown", "half", "far", "soon"]
    shown = beginners.run("watch_list", as_of=HALFWAY)
    assert shown["lot_id"].to_list() == ["euro", "unused", "grace", "grown", "half", "ahead", "far", "soon"]
    assert down(shown[[1, 2, 3, 5]]) == text("""
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
        lapses_on           2026-04-10  2026-04-10  2026-04-10  2026-04-10
        lapses_quantity     100         70          70          40
        granted_quantity    100         100         100         100
        remaining_quantity  100         70          70          40
        remaining_amount    1000        700         700         400
        elapsed_share       0.5         0.5         0.5         0.5
        used_share          0           0.3         0.3         0.6
        recent_monthly      0           10          10          20
        required_monthly    60          42          42          24
        last_used_on        -           2026-01-10  2026-02-19  2026-01-10
        learned_from        0           0           0           0
        expected_quantity   66.6667     36.6667     36.6667     13.3333
        low_quantity        14.65       10.255      10.255      0
        high_quantity       100         59.745      59.745      34.14
        lower_quantity      37.375      26.1625     26.1625     0
        upper_quantity      100         43.8375     43.8375     25.05
        expected_amount     666.67      366.67      366.67      133.33
        low_amount          146.5       102.55      102.55      0
        high_amount         1000        597.45      597.45      341.4
        runs_out_chance     0.006601    0.006601    0.006601    0.339934
        runs_out_on         -           -           -           -
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
        lapses_on           -
        lapses_quantity     -
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
        runs_out_chance     -
        runs_out_on         -
    """)
    assert book.run("expiry_calendar", as_of="2026-03-31").is_empty()
    assert book.run("unused_forecast", as_of="2026-03-31").is_empty()
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
    # Half of the term passed and nothing used of ends; forever comes last. Of 200 draws at 0.25%, 0.75%, … the 10%
    # quantile lies at 10.2% of the forecast, bin 14.953.
    book = new_book(lots=[lot("ends", 100, 1000, TERM), lot("forever", 10, 500, "2026-01-01..")])
    watched = book.run("watch_list", as_of=HALFWAY)
    assert watched.select("lot_id", "days_left").rows() == [("ends", 50), ("forever", None)]
    calendar = book.run("expiry_calendar", as_of=HALFWAY)
    assert across(calendar)[1:] == [["USD", "2026-04-01", "1", "1000", "666.67"]]
    summary = book.run("portfolio_summary", as_of=HALFWAY)
    amounts = ["lot_count", "open_amount", "ending_60_amount", "expected_amount", "low_amount", "high_amount"]
    assert across(summary.select(amounts))[1:] == [["2", "1500", "1000", "666.67", "149.53", "1000"]]


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
    assert book.run("unused_forecast", as_of="2026-06-30").is_empty()
    assert book.run("expiry_calendar", as_of="2026-06-30").is_empty()


def test_the_expiry_calendar_adds_open_lots_by_month_of_last_use(beginners: OpenBook) -> None:
    # April: unused 1000, grace, grown and half 700 each, ahead 400; forecast 666.67 + 3 x 366.67 + 133.33.
    assert across(beginners.run("expiry_calendar", as_of=HALFWAY)) == text("""
        currency  month_start  lot_count  remaining_amount  expected_amount
        EUR       2026-04-01   1          50                16.67
        USD       2026-03-01   1          50                16.67
        USD       2026-04-01   5          3500              1900.01
        USD       2026-12-01   1          100               66.67
    """)


@pytest.mark.parametrize(
    ("dimension", "groups"),
    [
        # Enterprise: unused, half, grace, grown, far and soon: 666.67 + 3 x 366.67 + 66.67 + 16.67.
        (
            "segment",
            """
            EUR  Enterprise  1  50    16.67
            USD  Enterprise  6  3250  1850.02
            USD  (none)      1  400   133.33
            """,
        ),
        (
            "service",
            """
            EUR  consulting  1  50    16.67
            USD  consulting  7  3650  1983.35
            """,
        ),
        (
            "owner",
            """
            EUR  Team A  1  50    16.67
            USD  Team A  7  3650  1983.35
            """,
        ),
    ],
)
def test_what_is_forecast_unused_by_segment_service_and_owner(beginners: OpenBook, dimension: str, groups: str) -> None:
    rows = beginners.run("unused_by_group", as_of=HALFWAY, dimension=dimension)
    shown = ["currency", "member", "lot_count", "remaining_amount", "expected_amount"]
    assert across(rows.select(shown))[1:] == text(groups)
    assert (rows["low_amount"] < rows["expected_amount"]).all()
    assert (rows["high_amount"] > rows["expected_amount"]).all()
    assert (rows["high_amount"] <= rows["remaining_amount"]).all()


def test_what_is_forecast_unused_ranks_owners_and_counts_lots_that_never_end_with_what_they_hold(
    new_book: Callable[..., OpenBook],
) -> None:
    # Seen on the 50th of 100 days: slow would leave 90 of the 95 it holds, (90 / 95 + 1) / 3 of them are expected;
    # spent would leave nothing of the 20 it holds. Nothing of what never ends will lapse.
    book = new_book(
        contracts=[
            contract("spent", owner="Team B"),
            contract("forever", owner="Team B"),
            contract("only", owner="Team C"),
        ],
        lots=[
            lot("spent", 100, 1000, TERM),
            lot("slow", 100, 1000, TERM),
            lot("forever", 10, 100, "2026-01-01.."),
            lot("only", 10, 100, "2026-01-01.."),
        ],
        consumption=[used("U1", "spent", "2026-01-10", 80), used("U2", "slow", "2026-01-10", 5)],
    )
    rows = book.run("unused_by_group", as_of=HALFWAY, dimension="owner")
    assert across(rows.select("member", "lot_count", "remaining_amount", "expected_amount"))[1:] == text("""
        Team A  1  950  616.67
        Team B  2  300  66.67
        Team C  1  100  0
    """)
    assert rows.select("low_amount", "high_amount").row(2) == (0, 0)


def test_only_a_service_a_segment_or_an_owner_is_a_group(beginners: OpenBook) -> None:
    with pytest.raises(FigureError, match=r"unused_by_group can't use these values: .*service, segment or owner"):
        beginners.run("unused_by_group", as_of=HALFWAY, dimension="account")


def test_the_portfolio_on_one_day(beginners: OpenBook) -> None:
    # Open: April 3500, soon 50 (30 days left), far 100. Forecast 1900.01 + 16.67 + 66.67.
    # Deferred: half 1000 - 50 of 100 days; grace, grown 1000 - 300; soon 50; next 250. ahead earned 600 unbilled.
    # Backlog: half 500, unused 1000, ahead 400, grace 700, grown 700, soon 50, far 100, next 250.
    # yen has nothing; pound is not booked yet.
    summary = beginners.run("portfolio_summary", as_of=HALFWAY)
    assert down(summary.drop("low_amount", "high_amount")) == text("""
        currency          EUR  JPY  USD
        client_count      1    0    2
        lot_count         1    0    7
        open_amount       50   0    3650
        ending_30_amount  0    0    50
        ending_60_amount  50   0    3550
        ending_90_amount  50   0    3550
        expected_amount   16.67  0  1983.35
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
