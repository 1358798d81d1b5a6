from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dashboard import format as fmt


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal(0), "USD", "$0"),
        (Decimal("-0.4"), "USD", "$0"),
        (Decimal("7600.000"), "USD", "$7,600"),
        (Decimal("9999.5"), "USD", "$10k"),
        (Decimal(653_000), "USD", "$653k"),
        (Decimal("999499.99"), "USD", "$999k"),
        (Decimal(999500), "USD", "$1.00M"),
        (Decimal(1_240_000), "EUR", "€1.24M"),
        (Decimal(12_440_000), "EUR", "€12.4M"),
        (Decimal(-25_000), "USD", "\N{MINUS SIGN}$25k"),
        (Decimal(7600), "JPY", "JPY\N{NO-BREAK SPACE}7,600"),
    ],
)
def test_money_in_a_sentence(amount: Decimal, currency: str, text: str) -> None:
    assert fmt.money(amount, currency) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("1234.500"), "USD", "$1,234.50"),
        (Decimal("-0.005"), "USD", "\N{MINUS SIGN}$0.01"),
        (Decimal("-0.001"), "USD", "$0.00"),
        (Decimal("1234.500"), "JPY", "JPY\N{NO-BREAK SPACE}1,235"),
        (Decimal("1234.567"), "KWD", "KWD\N{NO-BREAK SPACE}1,234.567"),
    ],
)
def test_money_in_full_has_the_minor_digits_of_its_currency(amount: Decimal, currency: str, text: str) -> None:
    assert fmt.money_in_full(amount, currency) == text


def test_a_change_has_its_sign() -> None:
    assert fmt.change(Decimal(25_000), "USD") == "+$25k"
    assert fmt.quantity_change(Decimal(-1), "day") == "\N{MINUS SIGN}1 day"
    assert fmt.change(Decimal(-25_000), "USD") == "\N{MINUS SIGN}$25k"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0"), (500_000, "$500k"), (1e6, "$1M"), (1.5e6, "$1.5M"), (1.25e6, "$1.25M"), (2e7, "$20M")],
)
def test_a_tick_says_no_more_than_it_must(amount: float, text: str) -> None:
    assert fmt.money_tick(amount, "USD") == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Decimal("38.2"), "hour", "38 h"),
        (Decimal("3.25"), "hour", "3.3 h"),
        (Decimal("12.5"), "day", "12.5 days"),
        (Decimal("1.0000"), "day", "1 day"),
        (Decimal(1200), "credit", "1,200 credits"),
        (Decimal(153_000), "USD", "$153k"),
        (Decimal(-3), "hour", "\N{MINUS SIGN}3 h"),
    ],
)
def test_quantities_carry_their_unit(value: Decimal, unit: str, text: str) -> None:
    assert fmt.quantity(value, unit) == text


def test_a_part_and_an_interval_name_the_unit_once() -> None:
    assert fmt.of_total(Decimal(38), Decimal(200), "hour") == "38 of 200 hours"
    assert fmt.of_total(Decimal(126_000), Decimal(155_000), "USD") == "$126k of $155k"
    assert fmt.quantity_range(Decimal(21), Decimal(64), "hour") == "21 to 64 h"


def test_a_forecast_is_no_more_precise_than_it_can_be() -> None:
    assert fmt.rough(Decimal("93.5586")) == 94
    assert fmt.rough(Decimal("99.5")) == 99
    assert fmt.rough(Decimal("4.26")) == Decimal("4.3")


def test_days_name_their_year_where_it_differs() -> None:
    assert fmt.day(date(2026, 3, 1), near=date(2026, 12, 31)) == "1 March"
    assert fmt.day(date(2027, 3, 31), near=date(2026, 12, 31)) == "31 March 2027"
    assert fmt.short_day(date(2027, 3, 31)) == "31 Mar"


def test_counts() -> None:
    assert fmt.count(1, "lot") == "1 lot"
    assert fmt.count(1182, "client") == "1,182 clients"
