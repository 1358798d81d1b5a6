"""Deferred revenue and backlog: liability_rollforward, recognition_by_period, policy_difference, backlog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import account, across, added, billed, contract, down, lot, removed, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

QUARTERS = ["2025-12-31", "2026-03-31", "2026-06-30"]


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        accounts=[account("Euro", name="Euro GmbH")],
        contracts=[
            contract("prepaid", recognition_method="ratable", owner="Team B"),
            contract("arrears"),
            contract("euro", currency="EUR", account_id="Euro"),
            contract("idle"),
            contract("later", booked_on="2026-06-01"),
        ],
        lots=[
            # 181 days to 30 June: 90 of them to the end of March.
            lot("prepaid", 10, 1810, "2026-01-01..2026-06-30"),
            lot("arrears", 10, 1000, "2026-01-01..2026-06-30"),
            lot("euro", 10, "181.00", "2026-01-01..2026-06-30"),
            lot("later", 10, 500, "2026-07-01..2026-12-31"),
            lot("amended", 10, 1000),
            lot("overtaken", 10, 1000),
        ],
        billings=[
            billed("B1", "prepaid", "2025-12-15", 1810),
            billed("B2", "prepaid", "2026-03-31", -310),  # a credit note
            billed("B3", "prepaid", "2026-04-01", 100),
            billed("B4", "arrears", "2026-06-30", 1000),
            billed("B5", "euro", "2026-01-01", 181),
            billed("B6", "amended", "2026-01-01", 1000),
            billed("B7", "prepaid", "2026-07-01", 9999),
        ],
        consumption=[
            used("P1", "prepaid", "2026-02-01", 4),
            used("A1", "arrears", "2026-02-01", 6),
            used("A2", "arrears", "2026-04-01", 6),  # 2 beyond the lot
            used("E1", "euro", "2026-05-01", 1),
            used("O1", "overtaken", "2026-02-01", 8),
        ],
        amendments=[
            added("M1", "amended", "2026-03-01", 5, 500),
            removed("M2", "amended", "2026-05-01", 3, 300),
            removed("M3", "overtaken", "2026-03-01", 5, 500),
        ],
        rate_card=[{"contract_id": "arrears", "overage_rate": 120}],
    )


def test_the_roll_forward_of_a_contract_billed_in_advance(book: OpenBook) -> None:
    # Opening: billed 1810 in December. First quarter: 310 credited; ratable 90 x 10; on delivery 4 x 181.
    # Second: 100 billed; ratable 91 x 10; on delivery nothing is used and 6 x 181 lapse on the last day.
    assert down(book.run("liability_rollforward", boundaries=QUARTERS, contract="prepaid")) == text("""
        contract_id         prepaid      prepaid      prepaid     prepaid
        currency            USD          USD          USD         USD
        policy              on_delivery  on_delivery  ratable     ratable
        period_end          2026-03-31   2026-06-30   2026-03-31  2026-06-30
        opening             1810         776          1810        600
        billings            0            100          0           100
        refunds             310          0            310         0
        revenue_ratable     0            0            900         910
        revenue_delivery    724          0            0           0
        revenue_breakage    0            1086         0           0
        revenue_total       724          1086         900         910
        closing             776          -210         600         -210
        cumulative_revenue  724          1810         900         1810
        overage_revenue     0            0            0           0
    """)


def test_the_roll_forward_of_a_contract_billed_in_arrears_is_an_asset_and_keeps_overage_out(book: OpenBook) -> None:
    # On delivery 6 x 100, then 4 x 100; the other 2 hours at 120. Ratable 1000 x 90/181 = 497.24.
    assert down(book.run("liability_rollforward", boundaries=QUARTERS, contract="arrears"))[3:] == text("""
        period_end          2026-03-31   2026-06-30   2026-03-31  2026-06-30
        opening             0            -600         0           -497.24
        billings            0            1000         0           1000
        refunds             0            0            0           0
        revenue_ratable     0            0            497.24      502.76
        revenue_delivery    600          400          0           0
        revenue_breakage    0            0            0           0
        revenue_total       600          400          497.24      502.76
        closing             -600         0            -497.24     0
        cumulative_revenue  600          1000         497.24      1000
        overage_revenue     0            240          0           240
    """)


def test_a_period_opens_where_the_one_before_closed_whatever_the_boundaries(book: OpenBook) -> None:
    rows = book.run(
        "liability_rollforward",
        boundaries=["2026-06-30", "2026-01-31", "2025-12-31", "2026-04-01"],
        contract="prepaid",
    ).select("policy", "period_end", "opening", "closing")
    # On delivery: 724 on 1 February; -310 on 31 March, +100 on 1 April. Ratable: 31, 60 and 90 days.
    assert across(rows)[1:] == text("""
        on_delivery  2026-01-31  1810  1810
        on_delivery  2026-04-01  1810  876
        on_delivery  2026-06-30  876   -210
        ratable      2026-01-31  1810  1500
        ratable      2026-04-01  1500  690
        ratable      2026-06-30  690   -210
    """)


def test_a_contract_without_anything_has_periods_of_nothing(book: OpenBook) -> None:
    rows = book.run("liability_rollforward", boundaries=QUARTERS, contract="idle")
    amounts = rows.drop("contract_id", "currency", "policy", "period_end")
    assert rows.height == 4
    assert {str(value) for row in amounts.rows() for value in row} == {"0.000"}


def test_one_boundary_is_an_opening_without_a_period(book: OpenBook) -> None:
    assert book.run("liability_rollforward", boundaries=["2026-03-31"]).is_empty()


def test_a_boundary_given_twice_makes_no_period_of_its_own(book: OpenBook) -> None:
    once = book.run("liability_rollforward", boundaries=QUARTERS)
    assert book.run("liability_rollforward", boundaries=[*QUARTERS, "2026-03-31"]).equals(once)


def test_recognition_by_period_adds_contracts_but_neither_currencies_nor_liabilities_with_assets(
    new_book: Callable[..., OpenBook],
) -> None:
    book = new_book(
        contracts=[contract("euro", currency="EUR")],
        lots=[lot("one", 10, 1000), lot("two", 10, 500), lot("euro", 10, 200)],
        billings=[
            billed("B1", "one", "2026-01-01", 1000),
            billed("B2", "one", "2026-01-02", -50),
            billed("B3", "euro", "2026-01-31", 200),
        ],
        consumption=[
            used("U1", "one", "2026-01-10", 3),
            used("U2", "two", "2026-01-10", 4),
            used("U3", "two", "2026-01-11", 7),
            used("U4", "euro", "2026-01-12", 1),
        ],
        rate_card=[{"contract_id": "two", "overage_rate": 60}],
    )
    # USD on delivery: one 1000 - 50 - 300 = 650, a liability; two earned 10 x 50 and billed nothing, an asset of 500;
    # 1 hour beyond = 60. Ratable, 31 of 365 days: one 84.93, two 42.47, euro 16.99.
    rows = book.run("recognition_by_period", boundaries=["2025-12-31", "2026-01-31"])
    assert down(rows) == text("""
        currency            EUR          EUR         USD          USD
        policy              on_delivery  ratable     on_delivery  ratable
        period_end          2026-01-31   2026-01-31  2026-01-31   2026-01-31
        opening             0            0           0            0
        billings            200          200         1000         1000
        refunds             0            0           50           50
        revenue_ratable     0            16.99       0            127.4
        revenue_delivery    20           0           800          0
        revenue_breakage    0            0           0            0
        revenue_total       20           16.99       800          127.4
        closing             180          183.01      150          822.6
        liabilities         180          183.01      650          865.07
        assets              0            0           500          42.47
        cumulative_revenue  20           16.99       800          127.4
        overage_revenue     0            0           60           60
    """)


def test_policy_difference_ranks_the_contracts_that_make_it_within_each_currency(book: OpenBook) -> None:
    # To the end of March. prepaid 724 - 900; arrears 600 - 497.24; euro 0 - 90. Of amended and overtaken the purchase
    # has earned 90/365 x 1000 = 246.58; units added on 1 March 31/306 x 500 = 50.65, units taken back on that day
    # -31/306 x 200 = -20.26. idle and later earned nothing and are left out.
    shown = book.run("policy_difference", boundaries=QUARTERS[:2]).drop("recognition_method", "account_name", "owner")
    assert across(shown) == text("""
        contract_id  currency  ratable  on_delivery  breakage  difference
        euro         EUR       90       0            0         -90
        overtaken    USD       226.32   800          0         573.68
        amended      USD       297.23   0            0         -297.23
        prepaid      USD       900      724          0         -176
        arrears      USD       497.24   600          0         102.76
    """)


def test_policy_difference_over_a_whole_term_is_nil_and_says_what_lapsed(book: OpenBook) -> None:
    rows = book.run("policy_difference", boundaries=QUARTERS, contract="prepaid")
    assert across(rows) == text("""
        contract_id  account_name  owner   recognition_method  currency  ratable  on_delivery  breakage  difference
        prepaid      Acme          Team B  ratable             USD       1810     1810         1086      0
    """)


def test_policy_difference_spans_the_first_to_the_last_boundary_whatever_lies_between(book: OpenBook) -> None:
    whole = book.run("policy_difference", boundaries=["2025-12-31", "2026-06-30"])
    assert book.run("policy_difference", boundaries=QUARTERS).equals(whole)


def test_backlog_is_the_agreed_price_not_yet_recognised_billed_or_not(book: OpenBook) -> None:
    # amended: 1000 + 500 on 1 March. prepaid: billed 1810 - 310. later is booked in June only. (overtaken: see below.)
    # Ratable to the end of March: amended 90/365 x 1000 = 246.58 and 31/306 x 500 = 50.65, each rounded by itself.
    shown = book.run("backlog", as_of="2026-03-31").drop("account_id", "owner", "currency")
    assert across(shown.remove(contract_id="overtaken")) == text("""
        contract_id  policy       agreed  recognised  billed  backlog  deferred_net
        amended      on_delivery  1500    0           1000    1500     1000
        amended      ratable      1500    297.23      1000    1202.77  702.77
        arrears      on_delivery  1000    600         0       400      -600
        arrears      ratable      1000    497.24      0       502.76   -497.24
        euro         on_delivery  181     0           181     181      181
        euro         ratable      181     90          181     91       91
        idle         on_delivery  0       0           0       0        0
        idle         ratable      0       0           0       0        0
        prepaid      on_delivery  1810    724         1500    1086     776
        prepaid      ratable      1810    900         1500    910      600
    """)


@pytest.mark.parametrize(
    ("contract_id", "as_of", "on_delivery"),
    [
        ("later", "2026-05-31", []),  # not booked
        ("later", "2026-06-01", [["500", "0", "0", "500", "0"]]),
        ("amended", "2026-02-28", [["1000", "0", "1000", "1000", "1000"]]),
        ("amended", "2026-05-01", [["1200", "0", "1000", "1200", "1000"]]),
        ("arrears", "2026-06-30", [["1000", "1000", "1000", "0", "0"]]),  # overage is in neither
        ("prepaid", "2026-06-29", [["1810", "724", "1600", "1086", "876"]]),
        ("prepaid", "2026-06-30", [["1810", "1810", "1600", "0", "-210"]]),  # the rest lapses
    ],
)
def test_backlog_on_delivery_on_a_day(
    book: OpenBook, contract_id: str, as_of: str, on_delivery: list[list[str]]
) -> None:
    rows = book.run("backlog", as_of=as_of, contract=contract_id).filter(policy="on_delivery")
    assert across(rows.select("agreed", "recognised", "billed", "backlog", "deferred_net"))[1:] == on_delivery


def test_backlog_says_whose_contract_it_is(book: OpenBook) -> None:
    rows = book.run("backlog", as_of="2026-03-31").filter(policy="ratable")
    assert rows.select("contract_id", "account_id", "owner", "currency").rows() == [
        ("amended", "Acme", "Team A", "USD"),
        ("arrears", "Acme", "Team A", "USD"),
        ("euro", "Euro", "Team A", "EUR"),
        ("idle", "Acme", "Team A", "USD"),
        ("overtaken", "Acme", "Team A", "USD"),
        ("prepaid", "Acme", "Team B", "USD"),
    ]


def test_units_already_delivered_stay_in_the_agreed_price(book: OpenBook) -> None:
    # 8 of 10 used, then 5 to be taken back: only 2 are still there. 800 are agreed and earned, none is left to earn.
    rows = book.run("backlog", as_of="2026-12-31", contract="overtaken")
    assert across(rows.select("policy", "agreed", "recognised", "backlog"))[1:] == [
        ["on_delivery", "800", "800", "0"],
        ["ratable", "800", "800", "0"],
    ]
    # Before the amendment the whole purchase is agreed, from its day on only what was not taken back.
    days = {on: book.run("backlog", as_of=on, contract="overtaken") for on in ("2026-02-28", "2026-03-01")}
    assert {on: [str(agreed) for agreed in rows["agreed"]] for on, rows in days.items()} == {
        "2026-02-28": ["1000.000", "1000.000"],
        "2026-03-01": ["800.000", "800.000"],
    }


@pytest.mark.parametrize(
    ("as_of", "agreed"),
    [
        ("2026-04-30", []),  # not booked, whatever was amended before
        ("2026-05-01", ["1000.000"]),  # from the booking on, though the term begins in July
        ("2026-05-31", ["1000.000"]),
        ("2026-06-01", ["1500.000"]),  # 5 more hours count from their own day, though they are usable from July
        ("2026-06-15", ["1300.000"]),  # 2 fewer
        ("2026-12-31", ["1300.000"]),
    ],
)
def test_a_purchase_is_agreed_from_its_booking_and_an_amendment_from_its_day(
    new_book: Callable[..., OpenBook], as_of: str, agreed: list[str]
) -> None:
    book = new_book(
        contracts=[contract("July", booked_on="2026-05-01")],
        lots=[lot("July", 10, 1000, "2026-07-01..2026-12-31")],
        amendments=[added("A1", "July", "2026-06-01", 5, 500), removed("A2", "July", "2026-06-15", 2, 200)],
    )
    rows = book.run("backlog", as_of=as_of).filter(policy="ratable")
    assert [str(amount) for amount in rows["agreed"]] == agreed
