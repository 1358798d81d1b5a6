"""The journal: what is debited and credited, that it balances, and that it is the roll-forward."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from data.chart_of_accounts import accounts
from queries import catalog
from tests.queries.tiny import OpenBook, account, across, billed, contract, lot, repriced, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

MONTHS = ["2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        accounts=[account("Acme", name="Acme Ltd")],
        contracts=[
            contract("prepaid", escheat_rate="0.5"),
            contract("spread", recognition_method="ratable"),
            contract("idle"),
        ],
        lots=[
            lot("prepaid", 10, 1000, "2026-01-01..2026-03-31"),
            lot("spread", 10, 1810, "2026-01-01..2026-06-30"),
        ],
        billings=[billed("B1", "prepaid", "2026-01-10", 1000), billed("B2", "prepaid", "2026-02-10", -100)],
        consumption=[
            used("U1", "prepaid", "2026-01-15", 6),
            used("U2", "prepaid", "2026-02-05", -2, reverses="U1"),
            used("U3", "prepaid", "2026-04-02", 2),
            used("U4", "spread", "2026-04-02", 5),
        ],
        amendments=[repriced("A1", "spread", "2026-04-01", -181, treatment="cumulative_catch_up")],
        rate_card=[{"contract_id": "prepaid", "overage_rate": 120}],
    )


def entries(book: OpenBook, contract_id: str, boundaries: list[str]) -> list[list[str]]:
    rows = book.run("journal_entries", boundaries=boundaries, contract=contract_id)
    assert set(rows["account_name"]) <= {"Acme Ltd"}
    assert set(rows["currency"]) <= {"USD"}
    return across(rows.drop("contract_id", "account_name", "currency"))[1:]


def test_every_kind_of_entry_debits_and_credits_its_accounts_and_revenue_taken_back_swaps_the_sides(
    book: OpenBook,
) -> None:
    # 1000 for 10 hours, 100 credited. 6 hours are delivered, 2 taken back; 6 lapse with 600, half of it owed to a
    # government. Of the 2 hours in April no lot is left to cover any: 2 x 120.
    assert entries(book, "prepaid", MONTHS) == text("""
        2026-01-31  billing   deferred_revenue  0     1000
        2026-01-31  billing   receivable        1000  0
        2026-01-31  delivery  deferred_revenue  600   0
        2026-01-31  delivery  revenue_delivery  0     600
        2026-02-28  delivery  deferred_revenue  0     200
        2026-02-28  delivery  revenue_delivery  200   0
        2026-02-28  refund    deferred_revenue  100   0
        2026-02-28  refund    receivable        0     100
        2026-03-31  breakage  deferred_revenue  300   0
        2026-03-31  breakage  revenue_breakage  0     300
        2026-03-31  escheat   deferred_revenue  300   0
        2026-03-31  escheat   escheat_payable   0     300
        2026-04-30  overage   receivable        240   0
        2026-04-30  overage   revenue_overage   0     240
    """)


def test_the_journal_posts_the_policy_a_contract_is_booked_under(book: OpenBook) -> None:
    # 59 and 31 days at 10; from April on 9 a day, and the concession takes back 181 x 900/1810 of what was recognised.
    assert entries(book, "spread", ["2025-12-31", "2026-02-28", "2026-03-31", "2026-04-30"]) == text("""
        2026-02-28  ratable     deferred_revenue    590  0
        2026-02-28  ratable     revenue_ratable     0    590
        2026-03-31  ratable     deferred_revenue    310  0
        2026-03-31  ratable     revenue_ratable     0    310
        2026-04-30  adjustment  deferred_revenue    0    90
        2026-04-30  adjustment  revenue_adjustment  90   0
        2026-04-30  ratable     deferred_revenue    270  0
        2026-04-30  ratable     revenue_ratable     0    270
    """)


def test_periods_begin_after_the_first_boundary_and_nothing_makes_no_entry(book: OpenBook) -> None:
    assert entries(book, "prepaid", ["2026-02-10", "2026-02-28"]) == []
    assert entries(book, "idle", MONTHS) == []
    assert entries(book, "spread", ["2026-04-30"]) == []


def test_every_account_of_the_journal_is_in_the_chart(book: OpenBook) -> None:
    posted = book.run("journal_entries", boundaries=MONTHS)["account"]
    assert set(posted) == set(accounts(Path("no store")))


def test_the_sample_balances_entry_by_entry(sample_book: OpenBook) -> None:
    rows = sample_book.run("journal_entries", as_of="2026-10-31")
    assert set(rows["entry"]) == {
        "adjustment",
        "billing",
        "breakage",
        "delivery",
        "escheat",
        "overage",
        "ratable",
        "refund",
    }
    balances = rows.group_by("contract_id", "period_end", "entry").agg(
        pl.len().alias("sides"), (pl.col("debit").sum() - pl.col("credit").sum()).alias("balance")
    )
    assert set(balances.select("sides", "balance").unique().rows()) == {(2, 0)}
    assert rows.filter(
        (pl.min_horizontal("debit", "credit") != 0) | (pl.max_horizontal("debit", "credit") <= 0)
    ).is_empty()


def spoiled(book: OpenBook, *rows: str) -> dict[str, pl.DataFrame]:
    """The failed checks of the book with these rows in place of its journal."""
    fresh = OpenBook(book.snapshot)
    columns = "contract_id, period_end, entry, account, debit, credit"
    fresh.sql(
        "CREATE OR REPLACE MACRO journal_entries(boundaries) AS TABLE"
        f" SELECT {columns} FROM (VALUES {', '.join(rows)}) AS given({columns})"
    )
    return fresh.failed_checks()


def test_a_good_journal_fails_no_check(book: OpenBook) -> None:
    assert {"journal_balances", "journal_is_the_rollforward"} <= set(catalog.checks())
    assert book.failed_checks() == {}


def test_an_entry_that_does_not_balance_is_named(book: OpenBook) -> None:
    failed = spoiled(
        book,
        "('prepaid', DATE '2026-12-31', 'delivery', 'deferred_revenue', 400.00, 0)",
        "('prepaid', DATE '2026-12-31', 'delivery', 'revenue_delivery', 0, 399.99)",
        "('spread', DATE '2026-12-31', 'ratable', 'deferred_revenue', -1, 0)",
        "('spread', DATE '2026-12-31', 'ratable', 'revenue_ratable', 0, -1)",
    )
    assert across(failed["journal_balances"].drop("period_end"))[1:] == text("""
        prepaid  delivery  400  399.99
        spread   ratable   -1   -1
    """)


def test_a_journal_that_is_not_the_rollforward_is_named_by_account(book: OpenBook) -> None:
    # In 2026 prepaid was billed 900 net and 240 in arrears, and earned 400, 300 and 240; 300 are escheated. spread
    # earns 900 and 819 and takes back 90. Here prepaid's lapse is posted as delivery, and spread takes back nothing.
    failed = spoiled(
        book,
        "('prepaid', DATE '2026-12-31', 'all', 'deferred_revenue', 1000, 900)",
        "('prepaid', DATE '2026-12-31', 'all', 'receivable', 1140, 0)",
        "('prepaid', DATE '2026-12-31', 'all', 'revenue_delivery', 0, 700)",
        "('prepaid', DATE '2026-12-31', 'all', 'escheat_payable', 0, 300)",
        "('prepaid', DATE '2026-12-31', 'all', 'revenue_overage', 0, 240)",
        "('spread', DATE '2026-12-31', 'all', 'deferred_revenue', 1719, 0)",
        "('spread', DATE '2026-12-31', 'all', 'revenue_ratable', 0, 1719)",
    )
    assert across(failed["journal_is_the_rollforward"].drop("period_end"))[1:] == text("""
        prepaid  revenue_breakage  300   0
        prepaid  revenue_delivery  400   700
        spread   deferred_revenue    -1629  -1719
        spread   revenue_adjustment  -90    0
    """)
