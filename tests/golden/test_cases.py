"""The golden cases the engine answers today, and how what they expect is held against the figures."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.golden.compare import differences
from tests.golden.samples import METHODS, case, delivered
from tests.golden.values import shown

ANSWERED = (*(f"O{number:02}" for number in range(1, 14)), "O21", "O26")


def printed(loaded: dict[str, Any]) -> list[str]:
    return [str(difference) for difference in differences(loaded)]


@pytest.mark.parametrize("case_id", ANSWERED)
def test_every_figure_of_the_case_is_as_published(case_id: str) -> None:
    loaded = case(case_id)

    assert METHODS & {policy["method"] for policy in loaded["inputs"]["policies"]}
    assert differences(loaded, METHODS) == []


def test_a_case_that_breaks_the_schema_fails_in_one_line() -> None:
    loaded, _ = delivered("O10")
    loaded["inputs"]["contracts"][0]["lots"][0]["quantity"] = "0"

    (line,) = printed(loaded)

    assert line.startswith(f"{loaded['id']} on_delivery - - snapshot published Nothing was published: lots")


def test_a_question_no_figure_takes_fails_in_one_line() -> None:
    loaded, expected = delivered("O10")
    expected["rpo"] = [{"date": "2025-02-30"}]

    (line,) = printed(loaded)

    assert line.startswith(f"{loaded['id']} on_delivery - - figures answered backlog can't use these values")


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
    loaded["expected"]["on_delivery"]["functional"] = {"currency": "EUR"}
    expected["catch_ups"] = ["one"]
    expected["lots"][0]["price"] = "5"

    assert printed(loaded) == [
        f"{loaded['id']} on_delivery C1 - lots.L1.price 5 not computed",
        f"{loaded['id']} on_delivery C1 - catch_ups ['one'] not computed",
        f"{loaded['id']} on_delivery - - functional {{'currency': 'EUR'}} not computed",
    ]


def test_draws_and_overage_differ_value_by_value() -> None:
    loaded, expected = delivered("O10")
    expected["draws"][1] |= {"lot_id": "L2", "quantity": "5.25"}
    expected["draws"].append({"usage_id": "U3", "lot_id": "L1", "quantity": "4"})
    expected["overage"][0] |= {"date": "2025-09-11", "revenue": "3500.005"}

    start = f"{loaded['id']} on_delivery C1 -"
    assert printed(loaded) == [
        f"{start} draws.2.lot_id L2 L1",
        f"{start} draws.2.quantity 5.25 5",
        f"{start} draws.4 U3 L1 4 -",
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
