"""How the inputs of a case become rows of the source tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.golden.case_tables import tables
from tests.golden.samples import contract, literal, lot, used
from tests.golden.values import shares

THIRD = Decimal("0.333333333333")


def rows(table: str, loaded: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tables(loaded, loaded["inputs"]["policies"][0])[table].to_pylist()
    return found


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"B": "1/3", "A": "1/3", "C": "1/3"}, {"A": THIRD + Decimal("1e-12"), "B": THIRD, "C": THIRD}),
        ({"A": "1/3", "B": "2/3"}, {"A": THIRD, "B": 1 - THIRD}),
        ({"A": "0.2", "B": "0.3", "C": "0.5"}, {"A": Decimal("0.2"), "B": Decimal("0.3"), "C": Decimal("0.5")}),
        ({"A": "6", "B": "2"}, {"A": Decimal("0.75"), "B": Decimal("0.25")}),
        ({"A": 0.5, "B": 0.5, "C": 0}, {"A": Decimal("0.5"), "B": Decimal("0.5"), "C": 0}),
    ],
)
def test_shares_add_up_to_one(parts: dict[str, Any], expected: dict[str, Decimal]) -> None:
    assert shares(parts) == expected
    assert sum(shares(parts).values()) == 1


def test_an_estimate_is_for_every_lot_or_for_those_it_names() -> None:
    first = contract(lot("A", "1", "1", "2024-01-01", "2024-12-31"), lot("B", "1", "1", "2024-01-01", "2024-12-31"))
    second = contract(lot("A", "1", "1", "2024-01-01", "2024-12-31"), contract_id="C2")
    estimates = [
        {"effective": "2024-01-01", "rate": "0.1"},
        {"effective": "2024-02-01", "rate": "1/3", "lot_id": "A"},
        {"effective": "2024-03-01", "rate": "0.3", "contract_id": "C2"},
    ]

    found = rows("breakage_estimates", literal("proportional", first, second, breakage_estimates=estimates))

    assert [(row["contract_id"], row["lot_id"], row["rate"]) for row in found] == [
        (None, None, Decimal("0.1")),
        ("C1", "C1/A", THIRD),
        ("C2", "C2/A", THIRD),
        ("C2", None, Decimal("0.3")),
    ]


def test_an_assessment_is_about_every_contract_or_about_those_with_its_lot() -> None:
    first = contract(lot("A", "1", "1", "2024-01-01", "2024-12-31"))
    second = contract(lot("B", "1", "1", "2024-01-01", "2024-12-31"), contract_id="C2")
    assessments = [{"date": "2024-05-01"}, {"date": "2024-06-01", "lot_id": "B"}]

    found = rows("remote_assessments", literal("remote", first, second, remote_assessments=assessments))

    assert [(row["contract_id"], row["lot_id"], row["assessed_on"].month) for row in found] == [
        ("C1", None, 5),
        ("C2", None, 5),
        ("C2", "C2/B", 6),
    ]


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ({}, "fefo"),
        ({"drawdown_order": "fefo"}, "fefo"),
        ({"drawdown_order": "current_period_first"}, "current_term_first"),
        ({"drawdown_order": "current-term-first"}, "current_term_first"),
    ],
)
def test_the_draw_order_is_the_contracts(said: dict[str, str], order: str) -> None:
    (row,) = rows("contracts", literal("on_delivery", contract(**said)))

    assert row["draw_order"] == order


def test_a_policy_brings_its_escheat_rate_and_convention() -> None:
    loaded = literal("ratable", contract(), convention="month_half", escheat_rate="0.25")

    (row,) = rows("contracts", loaded)

    assert (row["escheat_rate"], row["recognition_convention"]) == (Decimal("0.25"), "month_half")


def test_rates_are_those_of_the_day_else_those_of_the_billing() -> None:
    bought = lot("A", "1", "1", "2024-01-01", "2024-12-31")
    bought["billings"] = [
        {"date": "2024-01-01", "amount": "1", "fx_rate": "1.50"},
        {"date": "2024-02-01", "amount": "1", "fx_rate": "1.60"},
    ]
    foreign = contract(bought, functional_currency="EUR", fx_spot={"2024-02-01": "1.61", "2024-03-01": "1.70"})

    loaded = literal("on_delivery", foreign, contract(contract_id="C2"))

    assert [(row["rate_on"].month, row["rate"]) for row in rows("fx_rates", loaded)] == [
        (1, Decimal("1.50")),
        (2, Decimal("1.61")),
        (3, Decimal("1.70")),
    ]
    assert [row["fx_rate"] for row in rows("billings", loaded)] == [Decimal("1.50"), Decimal("1.60")]


def test_a_rate_that_only_a_later_billing_has_is_kept() -> None:
    bought = lot("A", "1", "2", "2024-01-01", "2024-12-31")
    bought["billings"] = [
        {"date": "2024-01-01", "amount": "1"},
        {"date": "2024-02-01", "amount": "1", "fx_rate": "1.60"},
    ]

    found = rows("billings", literal("on_delivery", contract(bought, functional_currency="EUR")))

    assert [row["fx_rate"] for row in found] == [None, Decimal("1.60")]


def test_a_currency_is_worth_itself() -> None:
    (row,) = rows("fx_rates", literal("on_delivery", contract(functional_currency="USD", fx_spot={})))

    assert (row["currency"], row["functional_currency"], row["rate"]) == ("USD", "USD", 1)


def test_departments_are_those_of_the_lines_that_name_any() -> None:
    usage = [used("U1", "2024-01-05", "1"), used("U2", "2024-01-06", "1", departments={"A": "1/3", "B": "2/3"})]

    found = rows("consumption_departments", literal("on_delivery", contract(usage=usage)))

    assert [(row["consumption_id"], row["department"]) for row in found] == [("C1/U2", "A"), ("C1/U2", "B")]


@pytest.mark.parametrize(
    ("named", "units"),
    [
        ([None, None], {"lots": ["unit", "unit"], "consumption": ["unit", "unit"]}),
        (["hour", None], {"lots": ["day", "hour"], "consumption": ["hour", "day"]}),
    ],
)
def test_units_matter_only_where_usage_names_them(named: list[str | None], units: dict[str, list[str]]) -> None:
    lots = [lot(unit, "4", "400.00", "2024-01-01", "2024-12-31", unit=unit) for unit in ("day", "hour")]
    usage = [used(f"U{line}", "2024-01-05", "1", unit=unit) for line, unit in enumerate(named)]

    loaded = literal("on_delivery", contract(*lots, usage=usage))

    assert {table: [row["unit"] for row in rows(table, loaded)] for table in units} == units
