"""Revenue by the department that delivered it: department_revenue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, assessed, contract, delivered_by, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

DAYS = ["2026-02-28", "2026-03-31", "2026-06-30", "2026-12-31"]
THIRD = "0.333333333333"


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[
            contract("halves", recognition_method="proportional"),
            contract("spread", recognition_method="ratable"),
            contract("yen", currency="JPY"),
        ],
        lots=[
            lot("halves", 3, 100),
            lot("thirds", 3, 100),
            lot("three", 24, 32_500),
            lot("part 1", 1, "10.01", "2026-01-01..2026-03-31", contract_id="parts"),
            lot("part 2", 5, "50.05", contract_id="parts"),
            lot("spread", 3, 100, "2026-01-01..2026-02-28"),
            lot("remote", 10, 1000),
            lot("late", 10, 1000, "2026-01-01..2026-03-31"),
            lot("yen", 3, 1000),
        ],
        consumption=[
            used("H1", "halves", "2026-02-01", 1),
            used("H2", "halves", "2026-03-01", 1),
            used("H3", "halves", "2026-04-01", -1, reverses="H1"),
            used("T1", "thirds", "2026-02-01", 1),
            used("T2", "thirds", "2026-03-01", 1),
            used("E1", "three", "2026-02-05", 5),
            used("E2", "three", "2026-03-17", 7),
            used("E3", "three", "2026-05-23", 4),
            used("P1", "parts", "2026-02-01", 2),
            used("S1", "spread", "2026-02-01", 1),
            used("R1", "remote", "2026-02-01", 4),
            used("R2", "remote", "2026-05-01", 2),
            used("R3", "remote", "2026-05-02", 1),
            used("L1", "late", "2026-02-01", 4),
            used("L2", "late", "2026-04-01", -1, reverses="L1"),
            used("Y1", "yen", "2026-02-01", 1),
            used("O1", "only overage", "2026-02-01", 1),
        ],
        consumption_departments=[
            *delivered_by("H1", Design="0.5", Build="0.5"),
            *delivered_by("H2", Design="0.5", Build="0.5"),
            *delivered_by("T1", A=THIRD, B=THIRD, C="0.333333333334"),
            *delivered_by("T2", A=THIRD, B=THIRD, C="0.333333333334"),
            *delivered_by("E1", Education=1),
            *delivered_by("E2", Education="0.5", Services="0.5"),
            *delivered_by("E3", Education="0.2", Services="0.3", Support="0.5"),
            *delivered_by("P1", Design="0.5", Build="0.5"),
            *delivered_by("S1", Design=1),
            *delivered_by("R1", Design=1),
            *delivered_by("R2", Design=1),
            *delivered_by("L1", Design="0.25", Build="0.75"),
            *delivered_by("Y1", Design="0.5", Build="0.5"),
            *delivered_by("O1", Design=1),
        ],
        rate_card=[{"contract_id": "only overage", "overage_rate": 10}],
        remote_assessments=[assessed("J1", "remote", "2026-03-31")],
    )


@pytest.mark.parametrize(
    ("contract_id", "policy", "amounts"),
    [
        # 33.33: of two halves of a cent the first name gets it. 33.34 leaves none; it is taken back as it was given,
        # 66.67 - 33.33. Nobody delivered what lapses.
        (
            "halves",
            "on_delivery",
            """
            2026-02-28  Build                   16.67
            2026-02-28  Design                  16.66
            2026-03-31  Build                   16.67
            2026-03-31  Design                  16.67
            2026-06-30  Build                   -16.67
            2026-06-30  Design                  -16.67
            2026-12-31  (unallocated breakage)  66.67
            """,
        ),
        # 33.33 is 11.11 each; of 33.34 the cent goes to the largest share.
        (
            "thirds",
            "on_delivery",
            """
            2026-02-28  A                       11.11
            2026-02-28  B                       11.11
            2026-02-28  C                       11.11
            2026-03-31  A                       11.11
            2026-03-31  B                       11.11
            2026-03-31  C                       11.12
            2026-12-31  (unallocated breakage)  33.33
            """,
        ),
        # Golden case O23: 6,770.83; 9,479.17 in halves of 4,739.585; 5,416.67 in 1,083.334, 1,625.001 and 2,708.335.
        (
            "three",
            "on_delivery",
            """
            2026-02-28  Education               6770.83
            2026-03-31  Education               4739.59
            2026-03-31  Services                4739.58
            2026-06-30  Education               1083.33
            2026-06-30  Services                1625
            2026-06-30  Support                 2708.34
            2026-12-31  (unallocated breakage)  10833.33
            """,
        ),
        # A delivery from two lots is split lot by lot: 10.01 twice.
        (
            "parts",
            "on_delivery",
            """
            2026-02-28  Build                   10.02
            2026-02-28  Design                  10
            2026-12-31  (unallocated breakage)  40.04
            """,
        ),
        # What time earns nobody delivered.
        ("spread", "ratable", "2026-02-28  (not delivered by a department)  100"),
        ("spread", "booked", "2026-02-28  (not delivered by a department)  100"),
        (
            "spread",
            "on_delivery",
            """
            2026-02-28  Design                  33.33
            2026-02-28  (unallocated breakage)  66.67
            """,
        ),
        # Once judged remote, a delivery takes from breakage (R6.3); R3 names no department and changes nothing.
        (
            "remote",
            "remote",
            """
            2026-02-28  Design                  400
            2026-03-31  (unallocated breakage)           600
            2026-06-30  (unallocated breakage)           -300
            2026-06-30  (not delivered by a department)  100
            2026-06-30  Design                           200
            """,
        ),
        (
            "remote",
            "on_delivery",
            """
            2026-02-28  Design                  400
            2026-06-30  (not delivered by a department)  100
            2026-06-30  Design                  200
            2026-12-31  (unallocated breakage)  300
            """,
        ),
        # 100 taken back after the lapse, from its departments to nobody.
        (
            "late",
            "on_delivery",
            """
            2026-02-28  Build                   300
            2026-02-28  Design                  100
            2026-03-31  (unallocated breakage)  600
            2026-06-30  (unallocated breakage)  100
            2026-06-30  Build                   -75
            2026-06-30  Design                  -25
            """,
        ),
        # 333 yen: halves of a yen too.
        (
            "yen",
            "on_delivery",
            """
            2026-02-28  Build                   167
            2026-02-28  Design                  166
            2026-12-31  (unallocated breakage)  667
            """,
        ),
    ],
)
def test_delivered_revenue_is_split_by_the_shares_of_its_line(
    book: OpenBook, contract_id: str, policy: str, amounts: str
) -> None:
    rows = book.run("department_revenue", boundaries=DAYS, contract=contract_id).filter(policy=policy)
    shown = across(rows.select("period_end", "department", "amount"))[1:]
    assert sorted(shown) == sorted(text(amounts))


def test_booked_repeats_the_policy_of_the_contract(book: OpenBook) -> None:
    for contract_id, policy in (("halves", "proportional"), ("spread", "ratable"), ("three", "on_delivery")):
        rows = book.run("department_revenue", boundaries=DAYS, contract=contract_id)
        assert rows.height > 0
        assert rows.filter(policy="booked").drop("policy").equals(rows.filter(policy=policy).drop("policy"))


def test_overage_counts_where_its_line_carries_shares(book: OpenBook) -> None:
    found = book.run("department_revenue", boundaries=DAYS, contract="only overage")

    assert found["policy"].to_list() == ["booked", "on_delivery", "proportional", "ratable", "remote"]
    assert {f"{row['department']} {row['amount']}" for row in found.iter_rows(named=True)} == {"Design 10.000"}
    assert found["overage"].to_list() == found["amount"].to_list()
