"""When the backlog turns to revenue, and what of deferred revenue is current: rpo_bands, current_liability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.queries.tiny import across, billed, contract, estimated, extended, lot, text, transferred, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

AS_OF = "2026-03-31"
BANDS = ["2026-04-30", "2026-06-30", "2026-12-31"]


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("spread", recognition_method="ratable"),
            contract("partly", recognition_method="ratable"),
            contract("extended", recognition_method="ratable"),
            contract("monthly", recognition_method="ratable", recognition_convention="month_even"),
            contract("endless", recognition_method="ratable"),
            contract("overbilled", recognition_method="ratable"),
            contract("moved", recognition_method="proportional"),
            contract("unbooked", booked_on="2026-04-01"),
        ],
        lots=[
            lot("spread", 10, 1810, "2026-01-01..2026-06-30"),  # 10 a day, 181 an hour
            lot("partly", 10, 1810, "2026-01-01..2026-06-30"),
            lot("extended", 10, 1810, "2026-01-01..2026-06-30"),
            lot("monthly", 4, 120, "2026-01-15..2026-05-14"),
            lot("capped", 10, 1000, "2026-01-01..2026-06-30", grace_until="2026-12-31", carry_over_cap_quantity=3),
            lot("endless", 10, 1000, "2026-01-01.."),
            lot("next", 10, 500, "2026-07-01..2026-12-31"),
            lot("first", 10, 1000, "2026-01-01..2026-06-30", contract_id="moved"),
            lot("second", 10, 500, "2026-01-01..2026-12-31", contract_id="moved"),
            lot("overbilled", 10, 1810, "2026-01-01..2026-06-30"),
            lot("taught", 10, 1810, "2026-01-01..2026-06-30", contract_id="mixed", service="training"),
            lot("advised", 10, 1000, "2026-01-01..2026-06-30", contract_id="mixed"),
            lot("unbooked", 10, 700, "2026-04-01..2026-12-31"),
        ],
        consumption=[
            used("U1", "spread", "2026-02-01", 4),
            used("U2", "capped", "2026-02-01", 2),
            used("U3", "endless", "2026-02-01", 1),
            used("U4", "moved", "2026-02-01", 2),
            used("U5", "spread", "2026-05-01", 6),
        ],
        amendments=[
            extended("A1", "extended", "2026-05-01", "2026-12-31"),
            transferred("A2", "moved", "first..second", "2026-03-01", 4),
        ],
        breakage_estimates=[estimated("E1", "2026-01-01", "0.5", lot_id="first")],
        billings=[
            billed("B1", "spread", "2026-01-01", 1810),
            billed("B2", "partly", "2026-01-01", 1000),
            billed("B3", "endless", "2026-01-01", 1000),
            billed("B5", "overbilled", "2026-01-01", 2010),
            billed("B6", "mixed", "2026-01-01", 2810),
            billed("B4", "spread", "2026-04-01", 9999),
        ],
    )


def bands(book: OpenBook, contract_id: str, as_of: str = AS_OF) -> list[list[str]]:
    rows = book.run("rpo_bands", as_of=as_of, boundaries=BANDS, contract=contract_id)
    assert set(rows["currency"]) == {"USD"}
    is_schedule = (rows["policy"] == "ratable") | (rows["policy"] == "booked")
    assert set(rows.filter(~is_schedule)["basis"]) == {"end of the right"}
    return across(rows.select("policy", "band_end", "amount"))[1:]


def test_ratable_follows_its_schedule_and_use_waits_for_the_end_of_the_right(book: OpenBook) -> None:
    # 30 days of April and 61 of May and June at 10; 6 of 10 hours at 181 are left. The use of May is not known yet.
    assert bands(book, "spread") == text("""
        booked        2026-04-30  300
        booked        2026-06-30  610
        on_delivery   2026-06-30  1086
        proportional  2026-06-30  1086
        ratable       2026-04-30  300
        ratable       2026-06-30  610
        remote        2026-06-30  1086
    """)


def test_units_above_a_carry_over_cap_end_with_the_term_the_others_with_the_grace(book: OpenBook) -> None:
    # 8 hours at 100: 5 above the cap of 3. Ratable 1000/181 a day: to March 497.24, to April 662.98.
    assert bands(book, "capped") == text("""
        booked        2026-06-30  500
        booked        2026-12-31  300
        on_delivery   2026-06-30  500
        on_delivery   2026-12-31  300
        proportional  2026-06-30  500
        proportional  2026-12-31  300
        ratable       2026-04-30  165.74
        ratable       2026-06-30  337.02
        remote        2026-06-30  500
        remote        2026-12-31  300
    """)


def test_what_has_no_day_comes_last(book: OpenBook) -> None:
    # A lot and a contract without an end: ratable recognises nothing, on delivery 9 of 10 hours at 100 are left.
    assert bands(book, "endless") == text("""
        booked        -  1000
        on_delivery   -  900
        proportional  -  900
        ratable       -  1000
        remote        -  900
    """)


def test_what_ends_after_the_last_band_comes_last_and_boundaries_up_to_as_of_make_none(book: OpenBook) -> None:
    rows = book.run("rpo_bands", as_of=AS_OF, boundaries=["2026-01-31", AS_OF, "2026-05-31"], contract="spread")
    # Ratable: 61 days of April and May at 10, then 30 of June.
    assert across(rows.filter(pl.col("policy").is_in(["ratable", "on_delivery"])).drop("currency", "basis"))[
        1:
    ] == text("""
        spread  on_delivery  -           1086
        spread  ratable      2026-05-31  610
        spread  ratable      -           300
    """)


def test_months_are_scheduled_by_the_contracts_convention(book: OpenBook) -> None:
    # Four even months of 30 from January on: April's is the last.
    assert bands(book, "monthly")[-2] == ["ratable", "2026-04-30", "30"]


def test_a_lot_that_starts_later_is_agreed_once_it_is_booked(book: OpenBook) -> None:
    assert {tuple(row[1:]) for row in bands(book, "next")} == {("2026-12-31", "500")}
    assert book.run("rpo_bands", as_of=AS_OF, boundaries=BANDS, contract="unbooked").is_empty()


def test_an_extension_counts_from_its_day_on(book: OpenBook) -> None:
    on_delivery, ratable = 2, -3
    assert bands(book, "extended")[on_delivery] == ["on_delivery", "2026-06-30", "1810"]
    # On 1 May: 1200 to April, and 1/245 of the 610 left: 1202.49. To the end of June 61/245: 1351.88.
    assert bands(book, "extended", "2026-05-01")[on_delivery] == ["on_delivery", "2026-12-31", "1810"]
    assert bands(book, "extended", "2026-05-01")[ratable:-1] == text("""
        ratable  2026-06-30  149.39
        ratable  2026-12-31  458.12
    """)


def test_transferred_units_wait_for_the_end_of_their_new_lot_with_what_the_policy_carries_of_them(
    book: OpenBook,
) -> None:
    # On delivery 2 of 10 hours are earned and 4 of the other 8 move with 400. Proportional: 2 of 5 expected hours have
    # earned 400, and of the 600 left half moves: 300 stay, 300 join the 500 of the second lot.
    rows = [row for row in bands(book, "moved") if row[0] in ("booked", "on_delivery", "proportional")]
    assert rows == text("""
        booked        2026-06-30  300
        booked        2026-12-31  800
        on_delivery   2026-06-30  400
        on_delivery   2026-12-31  900
        proportional  2026-06-30  300
        proportional  2026-12-31  800
    """)


@pytest.mark.parametrize("scenario", [None, "service=training:ratable; service=consulting:remote"])
@pytest.mark.parametrize("as_of", ["2024-02-29", "2025-06-30", "2026-03-15", "2026-10-31", "2027-03-31"])
def test_the_bands_of_a_contract_add_up_to_its_backlog(sample_book: OpenBook, as_of: str, scenario: str | None) -> None:
    days = ["2025-12-31", "2026-11-30", "2027-01-31"]
    rows = sample_book.run("rpo_bands", as_of=as_of, boundaries=days, scenario=scenario)
    summed = rows.group_by("contract_id", "policy").agg(pl.col("amount").sum())
    backlog = sample_book.run("backlog", as_of=as_of, scenario=scenario).filter(pl.col("backlog") != 0)
    assert summed.height > 0
    assert rows.filter(pl.col("amount") < 0).is_empty()
    assert (
        summed.filter(pl.col("amount") != 0).sort("contract_id", "policy").rows()
        == backlog.select("contract_id", "policy", "backlog").sort("contract_id", "policy").rows()
    )


def test_the_schedule_is_what_ratable_goes_on_to_recognise(sample_book: OpenBook) -> None:
    as_of, ends = "2026-10-31", ["2026-11-30", "2026-12-31", "2027-02-14", "2027-12-31"]
    amended = sample_book.sql("SELECT contract_id FROM source.amendments WHERE effective_on > DATE '2026-10-31'")
    unchanged = ~pl.col("contract_id").is_in([contract_id for (contract_id,) in amended])
    recognised = (
        sample_book.run("revenue_by_lot", boundaries=[as_of, *ends])
        .filter((pl.col("policy") == "ratable") & (pl.col("period_end") > pl.lit(as_of).str.to_date()) & unchanged)
        .group_by("contract_id", "period_end")
        .agg((pl.col("ratable") + pl.col("adjustment")).sum().alias("amount"))
        .filter(pl.col("amount") != 0)
        .sort("contract_id", "period_end")
    )
    scheduled = sample_book.run("rpo_bands", as_of=as_of, boundaries=ends).filter(
        (pl.col("policy") == "ratable") & pl.col("band_end").is_not_null() & unchanged
    )
    assert recognised.height > 100
    assert scheduled.select("contract_id", "band_end", "amount").rows() == recognised.rows()


def current(book: OpenBook, contract_id: str, until: str) -> list[list[str]]:
    rows = book.run("current_liability", as_of=AS_OF, current_until=until, contract=contract_id)
    return across(rows.drop("contract_id", "currency"))[1:]


def test_ratable_is_current_as_scheduled_and_use_is_current_altogether(book: OpenBook) -> None:
    # Billed 1810. Ratable has recognised 900 and will recognise 300 in April; 724 are delivered.
    assert current(book, "spread", "2026-04-30") == text("""
        booked        910   0  300   610
        on_delivery   1086  0  1086  0
        proportional  1086  0  1086  0
        ratable       910   0  300   610
        remote        1086  0  1086  0
    """)
    assert current(book, "spread", "2027-03-31")[0] == ["booked", "910", "0", "910", "0"]


def test_current_is_no_more_than_the_liability(book: OpenBook) -> None:
    # Billed 1000 of 1810, 900 recognised: of April's 300 only 100 is in the balance.
    assert current(book, "partly", "2026-04-30")[0] == ["booked", "100", "0", "100", "0"]


def test_what_is_billed_beyond_the_price_is_current(book: OpenBook) -> None:
    # Billed 2010 for 1810: of the 1110 left 300 is April's and 610 come later.
    assert current(book, "overbilled", "2026-04-30")[0] == ["booked", "1110", "0", "500", "610"]


def test_under_a_scenario_one_contract_can_wait_for_both_a_schedule_and_use(book: OpenBook) -> None:
    # 1810 of training by the day, 1000 of consulting on delivery; all is billed, 900 recognised.
    asked = {"as_of": AS_OF, "contract": "mixed", "scenario": "service=training:ratable"}
    rows = book.run("rpo_bands", boundaries=["2026-04-30", "2026-06-30"], **asked).filter(pl.col("policy") == "booked")
    assert across(rows.select("band_end", "basis", "amount"))[1:] == text("""
        2026-04-30  schedule          300
        2026-06-30  end of the right  1000
        2026-06-30  schedule          610
    """)
    booked = book.run("current_liability", current_until="2026-04-30", **asked).row(0, named=True)
    assert (booked["current_amount"], booked["non_current_amount"]) == (1300, 610)


def test_what_ratable_has_no_schedule_for_is_not_current(book: OpenBook) -> None:
    assert current(book, "endless", "2027-03-31")[0] == ["booked", "1000", "0", "0", "1000"]


def test_an_asset_is_neither_current_nor_netted_and_nothing_is_no_row(book: OpenBook) -> None:
    assert current(book, "capped", "2026-04-30")[:2] == text("""
        booked       0  200  0  0
        on_delivery  0  200  0  0
    """)
    assert current(book, "capped", "2026-04-30")[3] == ["ratable", "0", "497.24", "0", "0"]
    assert current(book, "next", "2026-04-30") == []


def test_liabilities_and_assets_are_those_of_the_book(sample_book: OpenBook) -> None:
    rows = sample_book.run("current_liability", as_of="2026-10-31", current_until="2027-10-31")
    assert rows.filter(pl.col("liability") != pl.col("current_amount") + pl.col("non_current_amount")).is_empty()
    assert rows.filter((pl.min_horizontal("liability", "asset") != 0) | (pl.col("current_amount") < 0)).is_empty()
    summed = rows.group_by("currency", "policy").agg(pl.col("liability").sum(), pl.col("asset").sum())
    net = sample_book.run("net_positions", boundaries=["2026-09-30", "2026-10-31"])
    assert summed.sort("currency", "policy").rows() == net.select("currency", "policy", "liabilities", "assets").rows()
