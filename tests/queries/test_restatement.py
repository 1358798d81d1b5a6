"""Every amount of the past that moved between two snapshots is found, with the source rows that moved it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from data.sample import SNAPSHOT_DATES, known_by, write_history
from data.snapshots import publish
from queries.book import Book
from queries.close import AMOUNTS
from queries.restatement import compare, moved, moved_contracts, moved_months, source_changes
from tests.queries.tiny import account, across, added, billed, contract, lot, text, used
from tests.shared_forecasts import share_forecasts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

AUGUST = date(2026, 8, 31)
PAIR = tuple["OpenBook", "OpenBook"]


@pytest.fixture(scope="module")
def pair(new_book: Callable[..., OpenBook]) -> PAIR:
    """What was known at the end of August and of September; lots are 10 hours for 1,000 if nothing else is said."""
    steady = ("late", "corrected", "estimated", "moved over", "quiet")
    euro = {"currency": "EUR", "account_id": "Euro", "owner": "Team B"}
    before = new_book(
        accounts=[account("Euro", name="Euro GmbH")],
        contracts=[
            contract("estimated", recognition_method="proportional"),
            contract("moved over", owner="Team A"),
            contract("euro", **euro),
            contract("quiet", transaction_price=1000, ends_on="2026-12-31"),
            contract("allocated", transaction_price=600),
        ],
        lots=[
            *(lot(name, 10, 1000) for name in steady),
            lot("euro", 10, 1000),
            lot("vanished", 10, 1000, "2024-01-01.."),
            lot("allocated", 6, None, standalone_price=100),
        ],
        billings=[billed("B1", "corrected", "2026-08-01", 1000)],
        consumption=[
            used("U1", "late", "2026-08-10", 2),
            used("U2", "corrected", "2026-07-12", 4),
            used("U3", "estimated", "2026-08-15", 2),
            used("U4", "vanished", "2024-02-20", 1),
            used("U5", "moved over", "2026-08-01", 1),
            used("U6", "quiet", "2026-08-01", 1),
            used("U7", "allocated", "2026-08-01", 1),
        ],
    )
    after = new_book(
        accounts=[account("Euro", name="Euro AG")],
        contracts=[
            contract("estimated", recognition_method="proportional"),
            contract("moved over", owner="Team B"),
            contract("euro", **euro),
            contract("quiet", transaction_price=2000, ends_on="2027-12-31"),
            contract("allocated", transaction_price=900),
            contract("backdated", recognition_method="ratable"),
        ],
        lots=[
            *(lot(name, 10, 1000) for name in steady),
            lot("euro", 10, 1000),
            # 153 days to the end of December, 10 a day.
            lot("backdated", 10, 1530, "2026-08-01..2026-12-31"),
            lot("allocated", 6, None, standalone_price=100),
        ],
        billings=[billed("B1", "corrected", "2026-08-01", 900), billed("B2", "late", "2026-09-01", 1000)],
        consumption=[
            used("U1", "late", "2026-08-10", 2),
            used("U2", "corrected", "2026-08-02", 4),
            used("U3", "estimated", "2026-08-15", 2),
            used("U5", "moved over", "2026-08-01", 1),
            used("U6", "quiet", "2026-08-01", 1),
            used("U7", "allocated", "2026-08-01", 1),
            used("U8", "late", "2026-08-20", 3, posted_on="2026-09-05"),
            used("U9", "late", "2026-09-10", 1),
            used("U10", "euro", "2026-08-31", 1, posted_on="2026-09-02"),
        ],
        amendments=[added("M1", "late", "2026-09-20", 5, 500)],
        breakage_estimates=[{"estimate_id": "E1", "effective_on": "2026-08-01", "rate": "0.2"}],
    )
    return before, after


@pytest.fixture(scope="module")
def compared(pair: PAIR) -> pl.DataFrame:
    return compare(*pair, AUGUST)


def test_every_amount_that_moved_and_no_other(compared: pl.DataFrame) -> None:
    # A month of 24 stands for itself, the row to 31 August 2024 for everything up to it. What became known of
    # September is no past of the earlier snapshot.
    assert across(moved(compared).drop("account_name")) == text("""
        contract_id  currency  period_end  component         before  after  change
        allocated    USD       2026-08-31  revenue_delivery  100     150    50
        backdated    USD       2026-08-31  revenue_ratable   0       310    310
        corrected    USD       2026-07-31  revenue_delivery  400     0      -400
        corrected    USD       2026-08-31  billings          1000    900    -100
        corrected    USD       2026-08-31  revenue_delivery  0       400    400
        estimated    USD       2026-08-31  revenue_breakage  0       50     50
        euro         EUR       2026-08-31  revenue_delivery  0       100    100
        late         USD       2026-08-31  revenue_delivery  200     500    300
        vanished     USD       2024-08-31  revenue_delivery  100     0      -100
    """)


def test_a_client_is_called_what_the_newest_snapshot_calls_it(compared: pl.DataFrame) -> None:
    names = dict(moved(compared).select("contract_id", "account_name").iter_rows())
    assert (names["euro"], names["vanished"]) == ("Euro AG", "Acme")


def test_the_months_that_moved_with_the_totals_of_all_contracts(compared: pl.DataFrame) -> None:
    totals = ("revenue_before", "revenue_after", "revenue_total")
    rows = moved_months(compared)
    assert across(rows.select("currency", "period_end", "contract_count", *totals)) == text("""
        currency  period_end  contract_count  revenue_before  revenue_after  revenue_total
        EUR       2026-08-31  1               0               100            100
        USD       2024-08-31  1               100             0              -100
        USD       2026-07-31  1               400             0              -400
        USD       2026-08-31  5               700             1810           1110
    """)
    changes = rows.select("billings", "revenue_ratable", "revenue_breakage", "deferred_revenue")
    assert across(changes.tail(1)) == text("""
        billings  revenue_ratable  revenue_breakage  deferred_revenue
        -100      310              50                -1210
    """)


def test_contracts_are_listed_by_how_much_their_revenue_moved(compared: pl.DataFrame) -> None:
    columns = ("contract_id", "revenue_total", "movement", "month_count", "first_month", "last_month")
    assert across(moved_contracts(compared).select(columns)) == text("""
        contract_id  revenue_total  movement  month_count  first_month  last_month
        backdated    310            310       1            2026-08-31   2026-08-31
        late         300            300       1            2026-08-31   2026-08-31
        euro         100            100       1            2026-08-31   2026-08-31
        vanished     -100           100       1            2024-08-31   2024-08-31
        allocated    50             50        1            2026-08-31   2026-08-31
        estimated    50             50        1            2026-08-31   2026-08-31
        corrected    0              900       2            2026-07-31   2026-08-31
    """)


def test_the_source_rows_that_moved_them(pair: PAIR) -> None:
    # Not among them: what counts from September, an owner, a price and an end no lot rests on, lines counted anew.
    rows = source_changes(pair[0], pair[1], AUGUST)
    assert across(rows.drop("before", "after")) == text("""
        source              key        contract_id  dated_on    what     column
        breakage_estimates  E1         -            2026-08-01  added    -
        contracts           allocated  allocated    2026-01-01  changed  transaction_price
        contracts           backdated  backdated    2026-01-01  added    -
        lots                backdated  backdated    2026-08-01  added    -
        consumption         U2         corrected    2026-07-12  changed  service_date
        billings            B1         corrected    2026-08-01  changed  amount
        consumption         U10        euro         2026-08-31  added    -
        consumption         U8         late         2026-08-20  added    -
        lots                vanished   vanished     2024-01-01  removed  -
        consumption         U4         vanished     2024-02-20  removed  -
        contracts           vanished   vanished     2026-01-01  removed  -
    """)
    told = {(row["source"], row["key"]): (row["before"], row["after"]) for row in rows.iter_rows(named=True)}
    assert told["billings", "B1"] == ("1000", "900")
    assert told["consumption", "U2"] == ("2026-07-12", "2026-08-02")
    assert told["breakage_estimates", "E1"] == (None, "rate 0.2")
    posted_late = "quantity 3, unit hour, service type consulting, posted on 2026-09-05"
    assert told["consumption", "U8"] == (None, posted_late)
    assert told["lots", "vanished"] == ("quantity 10, unit hour, amount 1000, scope any", None)


def test_the_order_within_a_day_counts_not_the_numbers_that_give_it(new_book: Callable[..., OpenBook]) -> None:
    def lines(**numbers: int) -> OpenBook:
        day = [used(name, "A", "2026-08-01", 1, line_no=number) for name, number in numbers.items()]
        return new_book(lots=[lot("A", 10, 1000)], consumption=day)

    first, counted_anew, turned = lines(U1=1, U2=2), lines(U1=17, U2=30), lines(U1=2, U2=1)
    assert source_changes(first, counted_anew, AUGUST).is_empty()
    rows = source_changes(first, turned, AUGUST)
    assert rows.select("key", "column", "before", "after").rows() == [
        ("U1", "line_no", "1", "2"),
        ("U2", "line_no", "2", "1"),
    ]


def test_an_agreed_rate_counts_at_any_time(new_book: Callable[..., OpenBook]) -> None:
    without, agreed = (
        new_book(lots=[lot("A", 1, 100)], consumption=[used("U1", "A", "2026-08-01", 3)], rate_card=rates)
        for rates in ([], [{"contract_id": "A", "overage_rate": "120.5"}])
    )
    assert moved(compare(without, agreed, AUGUST)).select("component", "change").rows() == [("overage_revenue", 241)]
    rows = source_changes(without, agreed, AUGUST)
    assert rows.select("source", "key", "dated_on", "after").rows() == [
        ("rate_card", "A / consulting", None, "overage rate 120.5")
    ]


def test_filters_put_a_contract_where_the_newest_snapshot_does(pair: PAIR) -> None:
    def found(**filters: str) -> list[str]:
        return moved_contracts(compare(*pair, AUGUST, **filters))["contract_id"].sort().to_list()

    # `moved over` changed its owner, not its amounts.
    assert found(owner="Team B") == ["euro"]
    assert found(currency="EUR") == ["euro"]
    assert found(contract="vanished") == ["vanished"]
    assert found(account="Acme", currency="EUR") == []


def test_another_policy_and_fewer_months(pair: PAIR) -> None:
    rows = moved(compare(*pair, AUGUST, months=1, policy="on_delivery"))

    assert rows.filter(contract_id="backdated").is_empty()
    assert rows.filter(contract_id="estimated").is_empty()
    # Moving four hours from July to August is a change of both: everything before August is one row.
    assert rows.filter(contract_id="corrected", component="revenue_delivery")["period_end"].to_list() == [
        date(2026, 7, 31),
        AUGUST,
    ]
    assert rows.filter(contract_id="vanished")["period_end"].to_list() == [date(2026, 7, 31)]


def test_amounts_of_two_currencies_are_never_subtracted(new_book: Callable[..., OpenBook]) -> None:
    books = (
        new_book(
            contracts=[contract("A", currency=currency)],
            lots=[lot("A", 10, 1000)],
            consumption=[used("U1", "A", "2026-08-01", 1)],
        )
        for currency in ("USD", "EUR")
    )
    rows = moved(compare(*books, AUGUST)).select("currency", "before", "after")
    assert across(rows)[1:] == [["EUR", "0", "100"], ["USD", "100", "0"]]


def test_nothing_moves_between_a_snapshot_and_itself(pair: PAIR) -> None:
    rows = compare(pair[0], pair[0], AUGUST)

    assert moved(rows).is_empty()
    assert moved_months(rows).is_empty()
    assert moved_contracts(rows).is_empty()
    assert source_changes(pair[0], pair[0], AUGUST).is_empty()


def test_in_the_sample_whatever_moved_has_its_source_rows(tmp_path_factory: pytest.TempPathFactory) -> None:
    history, store = write_history(), share_forecasts(tmp_path_factory.mktemp("sample"))
    before, after = (Book(publish(store, known_by(history, on), on, {})) for on in SNAPSHOT_DATES[-8::7])
    until = before.snapshot.dated_on

    rows = compare(before, after, until)
    contracts = moved_contracts(rows)
    sources = source_changes(before, after, until)
    assert contracts.height > 10
    assert contracts.filter(~pl.col("contract_id").is_in(sources["contract_id"].drop_nulls().to_list())).is_empty()
    # The changes are those of the amounts to date.
    ends = [date(1990, 1, 1), until]
    then, now = (book.run("liability_rollforward", boundaries=ends).filter(policy="booked") for book in (before, after))
    assert [contracts[name].sum() for name in AMOUNTS] == [now[name].sum() - then[name].sum() for name in AMOUNTS]
