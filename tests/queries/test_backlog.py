"""Agreed price not yet recognised: backlog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import (
    account,
    across,
    added,
    assessed,
    billed,
    contract,
    estimated,
    lot,
    removed,
    repriced,
    text,
    used,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


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
        ],
        consumption=[
            used("P1", "prepaid", "2026-02-01", 4),
            used("A1", "arrears", "2026-02-01", 6),
            used("A2", "arrears", "2026-04-01", 6),  # 2 beyond the lot
            used("O1", "overtaken", "2026-02-01", 8),
        ],
        amendments=[
            added("M1", "amended", "2026-03-01", 5, 500),
            removed("M2", "amended", "2026-05-01", 3, 300),
            removed("M3", "overtaken", "2026-03-01", 5, 500),
        ],
        rate_card=[{"contract_id": "arrears", "overage_rate": 120}],
        breakage_estimates=[estimated("S1", "2026-01-01", "0.2", contract_id="prepaid")],
        remote_assessments=[assessed("R1", "prepaid", "2026-03-15")],
    )


def test_backlog_is_the_agreed_price_not_yet_recognised_billed_or_not(book: OpenBook) -> None:
    # amended: 1000 + 500 on 1 March. prepaid: billed 1810 - 310. later is booked in June only. (overtaken: see below.)
    # Ratable to the end of March: amended 161.64 + (838.36 + 500) x 31/306; the others 90 of 181 days.
    rows = book.run("backlog", as_of="2026-03-31").drop("account_id", "owner", "currency", "escheat")
    shown = rows.remove(contract_id="overtaken")
    assert across(shown.filter(shown["policy"].is_in(["on_delivery", "ratable"]))) == text("""
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
    # 4 of 8 expected are 905; the rest is judged remote on 15 March. It is booked ratably.
    prepaid = shown.filter(contract_id="prepaid").drop("contract_id")
    assert across(prepaid.filter(prepaid["policy"].is_in(["booked", "proportional", "remote"])))[1:] == text("""
        booked        1810  900   1500  910  600
        proportional  1810  905   1500  905  595
        remote        1810  1810  1500  0    -310
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
        [policy, "800", "800", "0"] for policy in ("booked", "on_delivery", "proportional", "ratable", "remote")
    ]
    # Before the amendment the whole purchase is agreed, from its day on only what was not taken back.
    days = {on: book.run("backlog", as_of=on, contract="overtaken") for on in ("2026-02-28", "2026-03-01")}
    assert {on: [str(agreed) for agreed in rows["agreed"].unique()] for on, rows in days.items()} == {
        "2026-02-28": ["1000.000"],
        "2026-03-01": ["800.000"],
    }


@pytest.mark.parametrize(
    ("as_of", "agreed"),
    [
        ("2026-04-30", []),  # not booked, whatever was amended before
        ("2026-05-01", ["1000.000"]),  # from the booking on, though the term begins in July
        ("2026-05-31", ["1000.000"]),
        ("2026-06-01", ["1500.000"]),  # 5 more hours count from their own day, though they are usable from July
        ("2026-06-15", ["1300.000"]),  # 2 fewer
        ("2026-06-20", ["1200.000"]),  # a concession
        ("2026-12-31", ["1200.000"]),
    ],
)
def test_a_purchase_is_agreed_from_its_booking_and_an_amendment_from_its_day(
    new_book: Callable[..., OpenBook], as_of: str, agreed: list[str]
) -> None:
    book = new_book(
        contracts=[contract("July", booked_on="2026-05-01")],
        lots=[lot("July", 10, 1000, "2026-07-01..2026-12-31")],
        amendments=[
            added("A1", "July", "2026-06-01", 5, 500),
            removed("A2", "July", "2026-06-15", 2, 200),
            repriced("A3", "July", "2026-06-20", -100),
        ],
    )
    rows = book.run("backlog", as_of=as_of).filter(policy="ratable")
    assert [str(amount) for amount in rows["agreed"]] == agreed
