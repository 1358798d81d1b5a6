"""Deferred revenue and its changes: liability_rollforward, recognition_by_period, net_positions, policy_difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import (
    across,
    added,
    assessed,
    billed,
    contract,
    down,
    estimated,
    lot,
    removed,
    terminated,
    text,
    used,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

QUARTERS = ["2025-12-31", "2026-03-31", "2026-06-30"]


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("prepaid", recognition_method="ratable", owner="Team B"),
            contract("arrears"),
            contract("euro", currency="EUR"),
            contract("idle"),
        ],
        lots=[
            # 181 days to 30 June: 90 of them to the end of March.
            lot("prepaid", 10, 1810, "2026-01-01..2026-06-30"),
            lot("arrears", 10, 1000, "2026-01-01..2026-06-30"),
            lot("euro", 10, "181.00", "2026-01-01..2026-06-30"),
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
        breakage_estimates=[estimated("S1", "2026-01-01", "0.2", contract_id="prepaid")],
        remote_assessments=[assessed("R1", "prepaid", "2026-03-15")],
    )


def periods(book: OpenBook, contract_id: str, *policies: str) -> list[list[str]]:
    """The roll-forward of a contract in the first two quarters, turned."""
    rows = book.run("liability_rollforward", boundaries=QUARTERS, contract=contract_id)
    return down(rows.filter(rows["policy"].is_in(policies)))


def test_the_roll_forward_of_a_contract_billed_in_advance(book: OpenBook) -> None:
    # Opening: billed 1810 in December. First quarter: 310 credited; ratable 90 x 10; on delivery 4 x 181.
    # Second: 100 billed; ratable 91 x 10; on delivery nothing is used and 6 x 181 lapse on the last day.
    assert periods(book, "prepaid", "on_delivery", "ratable") == text("""
        contract_id         prepaid      prepaid      prepaid     prepaid
        currency            USD          USD          USD         USD
        policy              on_delivery  on_delivery  ratable     ratable
        period_end          2026-03-31   2026-06-30   2026-03-31  2026-06-30
        opening             1810         776          1810        600
        billings            0            100          0           100
        refunds             310          0            310         0
        escheat             0            0            0           0
        revenue_ratable     0            0            900         910
        revenue_delivery    724          0            0           0
        revenue_breakage    0            1086         0           0
        revenue_adjustment  0            0            0           0
        revenue_total       724          1086         900         910
        closing             776          -210         600         -210
        cumulative_revenue  724          1810         900         1810
        overage_revenue     0            0            0           0
    """)
    # Proportional: 4 of 8 expected, 905. Remote: the other 6 x 181 in March. It is booked ratably.
    assert periods(book, "prepaid", "proportional", "remote")[2:] == text("""
        policy              proportional  proportional  remote      remote
        period_end          2026-03-31    2026-06-30    2026-03-31  2026-06-30
        opening             1810          595           1810        -310
        billings            0             100           0           100
        refunds             310           0             310         0
        escheat             0             0             0           0
        revenue_ratable     0             0             0           0
        revenue_delivery    724           0             724         0
        revenue_breakage    181           905           1086        0
        revenue_adjustment  0             0             0           0
        revenue_total       905           905           1810        0
        closing             595           -210          -310        -210
        cumulative_revenue  905           1810          1810        1810
        overage_revenue     0             0             0           0
    """)
    assert periods(book, "prepaid", "booked")[3:] == periods(book, "prepaid", "ratable")[3:]


def test_the_roll_forward_of_a_contract_billed_in_arrears_is_an_asset_and_keeps_overage_out(book: OpenBook) -> None:
    # On delivery 6 x 100, then 4 x 100; the other 2 hours at 120. Ratable 1000 x 90/181 = 497.24.
    assert periods(book, "arrears", "on_delivery", "ratable")[3:] == text("""
        period_end          2026-03-31   2026-06-30   2026-03-31  2026-06-30
        opening             0            -600         0           -497.24
        billings            0            1000         0           1000
        refunds             0            0            0           0
        escheat             0            0            0           0
        revenue_ratable     0            0            497.24      502.76
        revenue_delivery    600          400          0           0
        revenue_breakage    0            0            0           0
        revenue_adjustment  0            0            0           0
        revenue_total       600          400          497.24      502.76
        closing             -600         0            -497.24     0
        cumulative_revenue  600          1000         497.24      1000
        overage_revenue     0            240          0           240
    """)
    assert periods(book, "arrears", "booked")[3:] == periods(book, "arrears", "on_delivery")[3:]


def test_what_a_government_is_owed_and_what_a_termination_releases_close_the_liability(
    new_book: Callable[..., OpenBook],
) -> None:
    book = new_book(
        contracts=[contract("owed", escheat_rate="0.25")],
        lots=[lot("owed", 10, 1000, "2026-01-01..2026-06-30"), lot("ended", 10, 1000)],
        consumption=[used("U1", "owed", "2026-02-01", 4), used("U2", "ended", "2026-02-01", 4)],
        amendments=[terminated("A1", "ended", "2026-05-01")],
        billings=[
            billed("B1", "owed", "2026-01-01", 1000),
            billed("B2", "ended", "2026-01-01", 1000),
            billed("B3", "ended", "2026-05-01", -250),
        ],
    )
    # owed: 600 lapse, a quarter of it goes to a payable. ended: of 600 deferred 250 are refunded, 350 are earned.
    columns = ["contract_id", "period_end", "opening", "refunds", "escheat", "revenue_delivery"]
    columns += ["revenue_breakage", "revenue_adjustment", "revenue_total", "closing"]
    rows = book.run("liability_rollforward", boundaries=QUARTERS).filter(policy="on_delivery")
    assert down(rows.select(columns)) == text("""
        contract_id         ended       ended       owed        owed
        period_end          2026-03-31  2026-06-30  2026-03-31  2026-06-30
        opening             0           600         0           600
        refunds             0           250         0           0
        escheat             0           0           0           150
        revenue_delivery    400         0           400         0
        revenue_breakage    0           0           0           450
        revenue_adjustment  0           350         0           0
        revenue_total       400         350         400         450
        closing             600         0           600         0
    """)
    backlog = book.run("backlog", as_of="2026-06-30").filter(policy="on_delivery")
    amounts = backlog.select("contract_id", "agreed", "recognised", "escheat", "billed", "backlog", "deferred_net")
    assert across(amounts)[1:] == text("""
        ended  750   750  0    750   0  0
        owed   1000  850  150  1000  0  0
    """)


def test_a_period_opens_where_the_one_before_closed_whatever_the_boundaries(book: OpenBook) -> None:
    rows = book.run(
        "liability_rollforward",
        boundaries=["2026-06-30", "2026-01-31", "2025-12-31", "2026-04-01"],
        contract="prepaid",
    ).select("policy", "period_end", "opening", "closing")
    # On delivery: 724 on 1 February; -310 on 31 March, +100 on 1 April. Proportional 905. Ratable: 31, 60 and 90 days.
    assert across(rows.remove(policy="booked"))[1:] == text("""
        on_delivery   2026-01-31  1810  1810
        on_delivery   2026-04-01  1810  876
        on_delivery   2026-06-30  876   -210
        proportional  2026-01-31  1810  1810
        proportional  2026-04-01  1810  695
        proportional  2026-06-30  695   -210
        ratable       2026-01-31  1810  1500
        ratable       2026-04-01  1500  690
        ratable       2026-06-30  690   -210
        remote        2026-01-31  1810  1810
        remote        2026-04-01  1810  -210
        remote        2026-06-30  -210  -210
    """)


def test_a_contract_without_anything_has_periods_of_nothing(book: OpenBook) -> None:
    rows = book.run("liability_rollforward", boundaries=QUARTERS, contract="idle")
    amounts = rows.drop("contract_id", "currency", "policy", "period_end")
    assert rows.height == 10
    assert {str(value) for row in amounts.rows() for value in row} == {"0.000"}


def test_one_boundary_is_an_opening_without_a_period(book: OpenBook) -> None:
    assert book.run("liability_rollforward", boundaries=["2026-03-31"]).is_empty()
    assert book.run("recognition_by_period", boundaries=["2026-03-31"]).is_empty()
    assert book.run("net_positions", boundaries=["2026-03-31"]).is_empty()


def test_a_boundary_given_twice_makes_no_period_of_its_own(book: OpenBook) -> None:
    once = book.run("liability_rollforward", boundaries=QUARTERS)
    assert book.run("liability_rollforward", boundaries=[*QUARTERS, "2026-03-31"]).equals(once)


@pytest.fixture(scope="module")
def two_currencies(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[contract("euro", currency="EUR"), contract("two", recognition_method="ratable")],
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


def test_recognition_by_period_adds_contracts_but_not_currencies(two_currencies: OpenBook) -> None:
    # USD on delivery: one 1000 - 50 - 300 = 650; two earned 10 x 50 and billed nothing; 1 hour beyond = 60.
    # Ratable, 31 of 365 days: one 84.93, two 42.47, euro 16.99. Booked: one on delivery, two ratably.
    rows = two_currencies.run("recognition_by_period", boundaries=["2025-12-31", "2026-01-31"])
    assert down(rows.filter(rows["policy"].is_in(["booked", "on_delivery", "ratable"]))) == text("""
        currency            EUR         EUR          EUR         USD         USD          USD
        policy              booked      on_delivery  ratable     booked      on_delivery  ratable
        period_end          2026-01-31  2026-01-31   2026-01-31  2026-01-31  2026-01-31   2026-01-31
        opening             0           0            0           0           0            0
        billings            200         200          200         1000        1000         1000
        refunds             0           0            0           50          50           50
        escheat             0           0            0           0           0            0
        revenue_ratable     0           0            16.99       42.47       0            127.4
        revenue_delivery    20          20           0           300         800          0
        revenue_breakage    0           0            0           0           0            0
        revenue_adjustment  0           0            0           0           0            0
        revenue_total       20          20           16.99       342.47      800          127.4
        closing             180         180          183.01      607.53      150          822.6
        cumulative_revenue  20          20           16.99       342.47      800          127.4
        overage_revenue     0           0            0           60          60           60
    """)
    same = [rows.filter(policy=name).drop("policy") for name in ("on_delivery", "proportional", "remote")]
    assert same[1].equals(same[0])
    assert same[2].equals(same[0])


def test_liabilities_are_not_netted_with_assets(two_currencies: OpenBook) -> None:
    # one is owed 650, or 865.07 ratably; two was delivered 500, or 42.47, that are not billed.
    rows = two_currencies.run("net_positions", boundaries=["2025-12-31", "2026-01-31"])
    assert across(rows.filter(rows["policy"].is_in(["booked", "on_delivery", "ratable"])))[1:] == text("""
        EUR  booked       2026-01-31  180     0
        EUR  on_delivery  2026-01-31  180     0
        EUR  ratable      2026-01-31  183.01  0
        USD  booked       2026-01-31  650     42.47
        USD  on_delivery  2026-01-31  650     500
        USD  ratable      2026-01-31  865.07  42.47
    """)


def test_policy_difference_ranks_the_contracts_that_make_it_within_each_currency(book: OpenBook) -> None:
    # By on delivery less ratable, to the end of March. prepaid 724 - 900; arrears 600 - 497.24; euro 0 - 90. Of amended
    # and overtaken 59/365 x 1000 = 161.64 are earned by the end of February; then 500 are added to the rest and 200 go
    # from it, and 31 of 306 days pass: (838.36 + 500) x 31/306 = 135.59, (838.36 - 200) x 31/306 = 64.67. idle earned
    # nothing and is left out.
    shown = book.run("policy_difference", boundaries=QUARTERS[:2]).drop("recognition_method", "account_name", "owner")
    assert across(shown) == text("""
        contract_id  currency  booked  ratable  on_delivery  proportional  remote
        euro         EUR       0       90       0            0             0
        overtaken    USD       800     226.31   800          800           800
        amended      USD       0       297.23   0            0             0
        prepaid      USD       900     900      724          905           1810
        arrears      USD       600     497.24   600          600           600
    """)


def test_policies_come_to_the_same_over_a_whole_term(book: OpenBook) -> None:
    rows = book.run("policy_difference", boundaries=QUARTERS, contract="prepaid")
    assert down(rows) == text("""
        contract_id         prepaid
        account_name        Acme
        owner               Team B
        recognition_method  ratable
        currency            USD
        booked              1810
        ratable             1810
        on_delivery         1810
        proportional        1810
        remote              1810
    """)


def test_policy_difference_spans_the_first_to_the_last_boundary_whatever_lies_between(book: OpenBook) -> None:
    whole = book.run("policy_difference", boundaries=["2025-12-31", "2026-06-30"])
    assert book.run("policy_difference", boundaries=QUARTERS).equals(whole)
