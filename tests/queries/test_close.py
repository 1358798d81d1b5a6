"""Reported figures: a closed month stays as it was closed, what is posted late is reported in the first open month."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from data.sample import SNAPSHOT_DATES, known_by, write_history
from data.snapshots import publish
from queries.book import Book
from queries.catalog import FigureError
from queries.close import AMOUNTS, Fixed, late, reported
from tests.queries.tiny import across, billed, contract, lot, text, used
from tests.shared_forecasts import share_forecasts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook, Row

JULY, AUGUST, SEPTEMBER, OCTOBER = date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)
MONTHS = [JULY, AUGUST, SEPTEMBER, OCTOBER]


def estimate(rate: str, on: str) -> Row:
    return {"estimate_id": f"E{rate}", "contract_id": "estimated", "effective_on": on, "rate": rate}


@pytest.fixture(scope="module")
def books(new_book: Callable[..., OpenBook]) -> tuple[OpenBook, OpenBook, OpenBook]:
    """What was known at the end of August, of September and of October; every lot is 10 hours for 1,000."""
    estimated = contract("estimated", recognition_method="proportional")
    lots = [lot(name, 10, 1000) for name in ("late", "corrected", "estimated")]
    billings = [billed("B1", "late", "2026-01-01", 1000)]
    in_august = [
        used("U1", "late", "2026-08-10", 2),
        used("U2", "corrected", "2026-08-12", 4),
        used("U3", "estimated", "2026-08-15", 2),
    ]
    august = new_book(
        contracts=[estimated],
        lots=[*lots, lot("vanished", 10, 1000)],
        billings=[*billings, billed("B2", "corrected", "2026-08-01", 1000)],
        consumption=[*in_august, used("U4", "vanished", "2026-08-20", 1)],
    )
    since = {
        "contracts": [estimated, contract("backdated", recognition_method="ratable", owner="Team B")],
        # 153 days to the end of December, 10 a day.
        "lots": [*lots, lot("backdated", 10, 1530, "2026-08-01..2026-12-31")],
        "billings": [*billings, billed("B2", "corrected", "2026-08-01", 900)],
        "breakage_estimates": [estimate("0.2", "2026-08-01")],
    }
    posted_late = [used("U5", "late", "2026-08-20", 3, posted_on="2026-09-05"), used("U6", "late", "2026-09-10", 1)]
    corrected = [*in_august[:1], used("U2", "corrected", "2026-08-12", 3), in_august[2], *posted_late]
    september = new_book(**since, consumption=corrected)
    october = new_book(**since, consumption=[*corrected, used("U7", "late", "2026-08-31", 1, posted_on="2026-10-20")])
    return august, september, october


def revenue(rows: pl.DataFrame, contract_id: str) -> list[list[str]]:
    return across(rows.filter(contract_id=contract_id).select("period_end", "revenue_total", "late"))


@pytest.fixture(scope="module")
def after_august(books: tuple[OpenBook, OpenBook, OpenBook]) -> pl.DataFrame:
    """August closed on what was known at its end, the rest as known at the end of September."""
    return reported([Fixed(AUGUST, books[0])], books[1], MONTHS)


def test_a_late_posting_is_reported_in_the_first_open_month(after_august: pl.DataFrame) -> None:
    # August: 2 hours at 100. September: 1 hour of its own and 3 that were used in August.
    assert revenue(after_august, "late") == text("""
        period_end  revenue_total  late
        2026-08-31  200            0
        2026-09-30  400            300
        2026-10-31  0              0
    """)


def test_a_correction_is_reported_in_the_first_open_month_component_by_component(after_august: pl.DataFrame) -> None:
    columns = (
        "period_end",
        "opening",
        "billings",
        "refunds",
        "revenue_delivery",
        "closing",
        "cumulative_revenue",
        "late",
    )
    rows = after_august.filter(contract_id="corrected").select(columns)
    assert across(rows) == text("""
        period_end  opening  billings  refunds  revenue_delivery  closing  cumulative_revenue  late
        2026-08-31  0        1000      0        400               600      400                 0
        2026-09-30  600      -100      0        -100              600      300                 -100
        2026-10-31  600      0         0        0                 600      300                 0
    """)


def test_a_changed_estimate_of_a_closed_month_is_caught_up_in_the_first_open_one(after_august: pl.DataFrame) -> None:
    # 2 of the 8 hours expected are used: 250 by the end of August, of which 200 were reported.
    rows = after_august.filter(contract_id="estimated").select(
        "period_end", "revenue_delivery", "revenue_breakage", "late"
    )
    assert across(rows) == text("""
        period_end  revenue_delivery  revenue_breakage  late
        2026-08-31  200               0                 0
        2026-09-30  0                 50                50
        2026-10-31  0                 0                 0
    """)


def test_a_contract_dated_back_appears_in_the_first_open_month(after_august: pl.DataFrame) -> None:
    assert revenue(after_august, "backdated") == text("""
        period_end  revenue_total  late
        2026-08-31  0              0
        2026-09-30  610            310
        2026-10-31  310            0
    """)


def test_a_contract_that_vanished_is_taken_back_in_the_first_open_month(after_august: pl.DataFrame) -> None:
    assert revenue(after_august, "vanished") == text("""
        period_end  revenue_total  late
        2026-08-31  100            0
        2026-09-30  -100           -100
        2026-10-31  0              0
    """)


def test_closing_the_next_month_moves_what_is_late_on(books: tuple[OpenBook, OpenBook, OpenBook]) -> None:
    august, september, october = books
    closed = [Fixed(AUGUST, august), Fixed(SEPTEMBER, september)]
    # What was known of August by the end of September stays in September; the hour posted in October is October's.
    assert revenue(reported(closed, october, MONTHS), "late") == text("""
        period_end  revenue_total  late
        2026-08-31  200            0
        2026-09-30  400            0
        2026-10-31  100            100
    """)
    # The months before the first close are fixed by it too.
    assert reported(closed, october, [JULY, AUGUST]).equals(reported(closed[:1], august, [JULY, AUGUST]))


def test_a_span_that_begins_after_the_first_open_month_holds_nothing_late(
    books: tuple[OpenBook, OpenBook, OpenBook],
) -> None:
    rows = reported([Fixed(AUGUST, books[0])], books[1], [SEPTEMBER, OCTOBER])

    assert revenue(rows, "late")[1:] == [["2026-10-31", "0", "0"]]
    assert revenue(rows, "backdated")[1:] == [["2026-10-31", "310", "0"]]


def test_a_quarter_that_closes_open_takes_what_is_late(books: tuple[OpenBook, OpenBook, OpenBook]) -> None:
    rows = reported([Fixed(AUGUST, books[0])], books[1], [date(2026, 6, 30), SEPTEMBER])

    assert revenue(rows, "late")[1:] == [["2026-09-30", "600", "300"]]


def test_without_a_close_the_reported_figures_are_the_current_ones(books: tuple[OpenBook, OpenBook, OpenBook]) -> None:
    current = books[1].run("liability_rollforward", boundaries=MONTHS).filter(policy="booked")
    rows = reported([], books[1], MONTHS)

    assert rows.drop("late").select(current.columns).equals(current)
    assert (rows["late"] == 0).all()


def test_what_is_late_by_contract_and_component(books: tuple[OpenBook, OpenBook, OpenBook]) -> None:
    rows = late(Fixed(AUGUST, books[0]), books[1])

    columns = ("contract_id", "billings", "revenue_ratable", "revenue_delivery", "revenue_breakage", "revenue_total")
    assert across(rows.select(columns)) == text("""
        contract_id  billings  revenue_ratable  revenue_delivery  revenue_breakage  revenue_total
        backdated    0         310              0                 0                 310
        corrected    -100      0                -100              0                 -100
        estimated    0         0                0                 50                50
        late         0         0                300               0                 300
        vanished     0         0                -100              0                 -100
    """)
    on_delivery = late(Fixed(AUGUST, books[0]), books[1], policy="on_delivery")
    assert dict(on_delivery.select("contract_id", "revenue_total").iter_rows()) == {
        "corrected": -100,
        "late": 300,
        "vanished": -100,
    }


def test_filters_narrow_to_contracts_as_the_newest_book_puts_them(books: tuple[OpenBook, OpenBook, OpenBook]) -> None:
    closed = [Fixed(AUGUST, books[0])]
    for filters, found in (
        ({"owner": "Team B"}, ["backdated"]),
        ({"contract": "vanished"}, ["vanished"]),
        ({"currency": "EUR"}, []),
        ({"segment": "(none)", "currency": "USD", "contract": "late"}, ["late"]),
    ):
        rows = reported(closed, books[1], MONTHS, **filters)
        assert rows["contract_id"].unique().to_list() == found
    with pytest.raises(FigureError, match=r"There is no filter colour\. There are: contract"):
        reported(closed, books[1], MONTHS, colour="red")


@pytest.fixture(scope="module")
def sample_books(tmp_path_factory: pytest.TempPathFactory) -> list[Book]:
    """The sample as known at the ends of June, August and October 2026."""
    history, store = write_history(), share_forecasts(tmp_path_factory.mktemp("sample"))
    return [Book(publish(store, known_by(history, on), on, {})) for on in SNAPSHOT_DATES[-5::2]]


@pytest.mark.parametrize("policy", ["booked", "ratable"])
def test_reported_periods_add_up_to_what_is_known_now(sample_books: list[Book], policy: str) -> None:
    june, august, october = sample_books
    ends = [book.snapshot.dated_on for book in sample_books]
    closed = [Fixed(ends[0], june), Fixed(ends[1], august)]
    boundaries = [date(1990, 1, 1), date(2025, 12, 31), ends[0], JULY, ends[1], SEPTEMBER, ends[2]]

    rows = reported(closed, october, boundaries, policy=policy)
    now = october.run("liability_rollforward", boundaries=[boundaries[0], ends[2]]).filter(policy=policy)
    names = (*AMOUNTS, "revenue_total")
    summed = rows.group_by("contract_id").agg(pl.col(names).sum()).sort("contract_id")
    assert summed.equals(now.select("contract_id", pl.col(names).cast(pl.Decimal(38, 3))).sort("contract_id"))
    # Each period opens where the one before closed, and foots.
    assert rows.filter(
        pl.col("opening") != pl.col("closing").shift(1, fill_value=Decimal(0)).over("contract_id")
    ).is_empty()
    moves = pl.col("billings") - pl.col("refunds") - pl.col("escheat") - pl.col("revenue_total")
    assert rows.filter(pl.col("opening") + moves != pl.col("closing")).is_empty()
    assert rows.filter(pl.col("late") != 0)["period_end"].unique().to_list() == [SEPTEMBER]
