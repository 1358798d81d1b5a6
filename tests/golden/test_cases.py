"""The golden cases, and how what a case expects is held against the figures."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.golden.compare import differences
from tests.golden.samples import case, contract, delivered, expecting, literal, lot, used
from tests.golden.values import shown

CASE_IDS = tuple(f"O{number:02}" for number in range(1, 31))


def printed(loaded: dict[str, Any]) -> list[str]:
    return [str(difference) for difference in differences(loaded)]


@pytest.mark.parametrize("case_id", CASE_IDS)
def test_every_figure_of_the_case_is_as_published(case_id: str) -> None:
    assert printed(case(case_id)) == []


def test_a_case_that_breaks_the_schema_fails_in_one_line() -> None:
    loaded, _ = delivered("O10")
    loaded["inputs"]["contracts"][0]["lots"][0]["quantity"] = "0"

    (line,) = printed(loaded)

    assert line.startswith(f"{loaded['id']} on_delivery - - snapshot published Nothing was published: lots")


def test_a_question_no_figure_takes_fails_in_one_line() -> None:
    loaded, expected = delivered("O10")
    expected["rpo"] = [{"date": "2025-02-30"}]

    (line,) = printed(loaded)

    assert (
        line == f"{loaded['id']} on_delivery - - figures answered as_of must be a date like 2026-03-31, not 2025-02-30."
    )


def test_contracts_of_a_case_may_reuse_ids() -> None:
    loaded, expected = delivered("O21")
    (first,) = loaded["inputs"]["contracts"]
    first["usage"][0]["lot_id"] = first["lots"][0]["lot_id"]
    loaded["inputs"]["contracts"].append({**deepcopy(first), "contract_id": "C9"})
    loaded["expected"]["on_delivery"]["contracts"]["C9"] = deepcopy(expected)

    assert printed(loaded) == []


def test_optional_inputs_and_blocks_may_be_left_out() -> None:
    loaded, expected = delivered("O06")
    (contract,) = loaded["inputs"]["contracts"]
    for key in ("grace_until", "scope", "unit", "carry_over_months"):
        contract["lots"][0].pop(key)
    contract.pop("events")
    loaded["inputs"]["contracts"].append({"contract_id": "C9", "currency": "USD"})
    loaded["expected"]["on_delivery"]["contracts"]["C9"] = {"draws": []}
    expected.pop("overage")
    expected.pop("lots")

    assert printed(loaded) == []


def test_what_no_figure_computes_fails() -> None:
    loaded, expected = delivered("O10")
    loaded["expected"]["on_delivery"]["segments"] = {"A": "1.00"}
    expected["journal"] = ["one"]
    expected["flags"] = []
    expected["lots"][0]["price"] = "5"

    assert printed(loaded) == [
        f"{loaded['id']} on_delivery C1 - lots.L1.price 5 not computed",
        f"{loaded['id']} on_delivery C1 - journal ['one'] not computed",
        f"{loaded['id']} on_delivery - - segments {{'A': '1.00'}} not computed",
    ]


def test_periods_may_overlap() -> None:
    loaded, expected = delivered("O06")
    whole = {"label": "whole", "start": "2020-01-01", "end": "2030-12-31"}
    loaded["inputs"]["periods"].insert(0, whole)
    expected["periods"].append({"period": "whole", "opening": "0.00", "closing": "1.00"})

    assert printed(loaded) == [f"{loaded['id']} on_delivery C1 whole closing 1.00 0.00"]


def test_what_is_expected_of_a_policy_the_case_lacks_fails() -> None:
    loaded, _ = delivered("O06")
    loaded["expected"]["other"] = {}

    assert printed(loaded) == [f"{loaded['id']} other - - policy given missing"]


def test_an_empty_list_of_catch_ups_is_a_statement() -> None:
    loaded = case("O14")
    loaded["expected"]["proportional"]["contracts"]["C1"]["catch_ups"] = []

    assert printed(loaded) == [f"{loaded['id']} proportional C1 - catch_ups.1 - 2023-12-31 PTS -159.33"]


def test_catch_ups_of_nothing_may_be_listed_and_only_proportional_has_others() -> None:
    loaded, expected = delivered("O21")
    loaded["inputs"]["policies"][0]["breakage_estimates"] = [{"effective": "2025-05-01", "rate": "0.5"}]
    expected["catch_ups"] = [{"date": "2025-05-01", "lot_id": "L1", "amount": "0.00"}]

    assert printed(loaded) == []


def test_departments_differ_by_name_and_nil_may_be_left_out() -> None:
    loaded, expected = delivered("O23")
    departments = expected["departments"]
    departments.pop("Support")
    departments |= {"Education": "12593.76", "Nobody": "0.00"}

    start = f"{loaded['id']} on_delivery C1 -"
    assert printed(loaded) == [
        f"{start} departments.Education 12593.76 12593.75",
        f"{start} departments.Support - 2708.34",
    ]


def test_usage_that_names_no_unit_draws_lots_of_any() -> None:
    # R2.2 names no unit. First expiring first (R2.1): 4 days at 100, then 2 of the hours at 150; 4 x 150 lapse.
    bought = contract(
        lot("A", "4", "400.00", "2024-01-01", "2024-06-30", unit="day"),
        lot("B", "6", "900.00", "2024-01-01", "2024-12-31", unit="hour"),
        usage=[used("U1", "2024-02-01", "6")],
    )
    revenue = {"revenue_delivery": "700.00", "revenue_breakage": "600.00", "overage_revenue": "0.00"}
    draws = [{"usage_id": "U1", "lot_id": "A", "quantity": "4"}, {"usage_id": "U1", "lot_id": "B", "quantity": "2"}]

    assert printed(expecting(literal("on_delivery", bought), periods={"2024": revenue}, draws=draws, overage=[])) == []


def test_thirds_are_split_to_the_cent_in_name_order() -> None:
    thirds = {"C": "1/3", "B": "1/3", "A": "1/3"}
    bought = contract(
        lot("L1", "4", "133.33", "2024-01-01", "2024-12-31"), usage=[used("U1", "2024-02-05", "3", departments=thirds)]
    )
    departments = {"A": "33.34", "B": "33.33", "C": "33.33", "(unallocated breakage)": "33.33"}

    assert printed(expecting(literal("on_delivery", bought), departments=departments)) == []


def test_allocations_differ_by_lot() -> None:
    loaded, expected = delivered("O24")
    expected["ssp_allocation"] = {"CON": "22619.06"}

    assert printed(loaded) == [f"{loaded['id']} on_delivery C1 - ssp_allocation.CON 22619.06 22619.05"]


def test_the_functional_currency_differs_by_period_and_contract() -> None:
    loaded = case("O22")
    functional = loaded["expected"]["on_delivery"]["functional"]
    functional["periods"][0] |= {"by_contract": {"C1": "1.00", "C2": "0.00"}}
    functional["periods"][2] |= {"total": "724.00"}
    functional["periods"].append({"period": "2025-01", "total": "0.00"})

    start = f"{loaded['id']} on_delivery -"
    assert printed(loaded) == [
        f"{start} 2024-01 functional.C1 1.00 0.00",
        f"{start} 2024-03 functional.total 724.00 725.00",
        f"{start} 2025-01 functional {{'period': '2025-01', 'total': '0.00'}} not computed",
    ]


def test_draws_and_overage_differ_value_by_value() -> None:
    loaded, expected = delivered("O10")
    expected["draws"][1] |= {"lot_id": "L2", "quantity": "5.25"}
    expected["draws"].append({"usage_id": "U4", "lot_id": "L1", "quantity": "4"})
    expected["overage"][0] |= {"date": "2025-09-11", "revenue": "3500.005"}

    start = f"{loaded['id']} on_delivery C1 -"
    assert printed(loaded) == [
        f"{start} draws.2.lot_id L2 L1",
        f"{start} draws.2.quantity 5.25 5",
        f"{start} draws.4 U4 L1 4 -",
        f"{start} overage.1.date 2025-09-11 2025-09-10",
        f"{start} overage.1.revenue 3500.005 3500.00",
    ]


def test_a_line_the_case_does_not_expect_differs_as_a_whole() -> None:
    loaded, expected = delivered("O10")
    expected["overage"] = []

    assert printed(loaded) == [f"{loaded['id']} on_delivery C1 - overage.1 - U3 2025-09-10 2 3500.00 billable"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("4.0000"), "4"),
        (Decimal("0.1250"), "0.125"),
        (Decimal("3500.000"), "3500.00"),
        (Decimal("-1.234"), "-1.234"),
        (date(2025, 9, 10), "2025-09-10"),
        (None, "-"),
    ],
)
def test_values_print_in_full(value: object, text: str) -> None:
    assert shown(value) == text
