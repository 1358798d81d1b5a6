"""The exact arithmetic the figures share, against Python's own fractions and decimals."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pytest

from queries import catalog

RNG = np.random.default_rng(20260331)


@pytest.fixture(scope="module")
def scalars() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for definition in catalog.scalars():
        connection.execute(definition)
    return connection


def answers(scalars: duckdb.DuckDBPyConnection, expression: str, **columns: list[Any]) -> list[Any]:
    """The expression for every row of columns; integers arrive as HUGEINT, decimals with their own scale."""
    types = {
        name: "HUGEINT" if isinstance(values[0], int) else f"DECIMAL(18, {-int(values[0].as_tuple().exponent)})"
        for name, values in columns.items()
    }
    unnested = ", ".join(f"unnest(CAST(${name} AS VARCHAR[])) AS {name}" for name in columns)
    cast = ", ".join(f"CAST({name} AS {type_}) AS {name}" for name, type_ in types.items())
    given = {name: [str(value) for value in values] for name, values in columns.items()}
    rows = scalars.execute(f"SELECT {expression} FROM (SELECT {cast} FROM (SELECT {unnested}))", given).fetchall()
    return [row[0] for row in rows]


def half_up(exact: Fraction) -> int:
    """The nearest integer, halves away from zero."""
    return (1 if exact >= 0 else -1) * math.floor(abs(exact) + Fraction(1, 2))


def integers(count: int, digits: int) -> list[int]:
    """Random integers of either sign and of 1 to `digits` digits."""
    sizes = RNG.integers(1, digits + 1, count)
    wide = [int(high) * 10**15 + int(low) for high, low in RNG.integers(0, 10**15, (count, 2))]
    signs = RNG.choice([-1, 1], count)
    return [int(sign) * (value % 10 ** int(size)) for sign, value, size in zip(signs, wide, sizes, strict=True)]


def decimals(count: int, digits: int, scale: int) -> list[Decimal]:
    return [Decimal(value).scaleb(-scale).quantize(Decimal(1).scaleb(-scale)) for value in integers(count, digits)]


def test_round_half_up_of_random_ratios(scalars: duckdb.DuckDBPyConnection) -> None:
    numerators, denominators = integers(4000, 30), [abs(value) + 1 for value in integers(4000, 20)]
    got = answers(scalars, "round_half_up(numerator, denominator)", numerator=numerators, denominator=denominators)
    assert got == [half_up(Fraction(*ratio)) for ratio in zip(numerators, denominators, strict=True)]


def test_round_half_up_sends_exact_halves_away_from_zero(scalars: duckdb.DuckDBPyConnection) -> None:
    halves, wholes = [abs(value) + 1 for value in integers(2000, 10)], integers(2000, 15)
    # (whole + 1/2) as (2 x whole + 1) x half / (2 x half).
    numerators = [(2 * whole + 1) * half for whole, half in zip(wholes, halves, strict=True)]
    denominators = [2 * half for half in halves]
    got = answers(scalars, "round_half_up(numerator, denominator)", numerator=numerators, denominator=denominators)
    assert got == [whole + 1 if whole >= 0 else whole for whole in wholes]


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (0, 1, 0),
        (1, 2, 1),
        (-1, 2, -1),
        (1, 3, 0),
        (-1, 3, 0),
        (3, 2, 2),
        (-3, 2, -2),
        (5, 10, 1),
        (-49, 100, 0),
        (10**30 + 1, 2, 5 * 10**29 + 1),
        (-(10**30) - 1, 2, -5 * 10**29 - 1),
        (10**30, 10**30, 1),
        (8 * 10**37, 1, 8 * 10**37),
    ],
)
def test_round_half_up(scalars: duckdb.DuckDBPyConnection, numerator: int, denominator: int, rounded: int) -> None:
    got = answers(scalars, "round_half_up(numerator, denominator)", numerator=[numerator], denominator=[denominator])
    assert got == [rounded]


def test_mills_and_units_are_exact_and_money_comes_back_from_its_mills(scalars: duckdb.DuckDBPyConnection) -> None:
    amounts = [*decimals(1000, 15, 3), Decimal("0.000"), Decimal("-0.001")]
    assert answers(scalars, "mills(amount)", amount=amounts) == [int(amount * 1000) for amount in amounts]
    assert answers(scalars, "money_from_mills(mills(amount))", amount=amounts) == amounts
    quantities = [*decimals(1000, 14, 4), Decimal("-0.0001")]
    assert answers(scalars, "units(quantity)", quantity=quantities) == [int(value * 10000) for value in quantities]


def test_millionths_are_exact(scalars: duckdb.DuckDBPyConnection) -> None:
    prices = [*decimals(1000, 12, 6), Decimal("0.012500"), Decimal("999999999999.999999")]
    assert answers(scalars, "millionths(price)", price=prices) == [int(price * 10**6) for price in prices]


def test_shares_are_exact(scalars: duckdb.DuckDBPyConnection) -> None:
    given = [*decimals(1000, 16, 12), Decimal("1.000000000000"), Decimal("0.333333333333"), Decimal("0.000000000001")]
    assert answers(scalars, "shares(share)", share=given) == [int(share * 10**12) for share in given]


def test_mills_and_units_reach_the_largest_value_a_column_can_hold(scalars: duckdb.DuckDBPyConnection) -> None:
    amounts, quantities = [Decimal("999999999999999.999")], [Decimal("-99999999999999.9999")]
    assert answers(scalars, "mills(amount)", amount=amounts) == [10**18 - 1]
    assert answers(scalars, "units(quantity)", quantity=quantities) == [1 - 10**18]


@pytest.mark.parametrize(("minor_unit", "step"), [(1000, "1"), (10, "0.01"), (1, "0.001")])
def test_rounded_money_is_what_the_currency_can_be_booked_in(
    scalars: duckdb.DuckDBPyConnection, minor_unit: int, step: str
) -> None:
    numerators, denominators = integers(1000, 20), [abs(value) + 1000 for value in integers(1000, 8)]
    got = answers(
        scalars, f"rounded_money(numerator, denominator, {minor_unit})", numerator=numerators, denominator=denominators
    )
    exact = [Fraction(*ratio) / 1000 for ratio in zip(numerators, denominators, strict=True)]
    assert got == [half_up(amount / Fraction(step)) * Decimal(step) for amount in exact]


def test_price_of_units_is_the_part_of_the_price_rounded_once(scalars: duckdb.DuckDBPyConnection) -> None:
    amounts = [abs(value) for value in decimals(2000, 13, 3)]
    quantities = [abs(value) + Decimal("0.0001") for value in decimals(2000, 12, 4)]
    parts = [value % quantity for value, quantity in zip(decimals(2000, 12, 4), quantities, strict=True)]
    got = answers(
        scalars, "price_of_units(amount, quantity, part, 10)", amount=amounts, quantity=quantities, part=parts
    )
    exact = [
        Fraction(amount) * Fraction(part) / Fraction(quantity)
        for amount, quantity, part in zip(amounts, quantities, parts, strict=True)
    ]
    assert got == [half_up(price * 100) * Decimal("0.01") for price in exact]
    assert (
        answers(scalars, "price_of_units(amount, quantity, quantity, 1)", amount=amounts, quantity=quantities)
        == amounts
    )


@pytest.mark.parametrize(
    ("amount", "quantity", "part", "minor_unit", "price"),
    [
        ("1000.000", "3.0000", "1.0000", 1000, "333"),
        ("1000.000", "3.0000", "2.0000", 1000, "667"),
        ("10.000", "3.0000", "2.0000", 1, "6.667"),
        ("100.000", "3.0000", "-1.0000", 10, "-33.33"),
        ("1.000", "8.0000", "1.0000", 10, "0.13"),
        ("1.000", "8.0000", "-1.0000", 10, "-0.13"),
        # A quadrillion and a hundred trillion units: 10^36 in between, without loss.
        ("999999999999999.990", "99999999999999.9999", "99999999999999.9999", 10, "999999999999999.99"),
    ],
)
def test_price_of_units(
    scalars: duckdb.DuckDBPyConnection, amount: str, quantity: str, part: str, minor_unit: int, price: str
) -> None:
    got = answers(
        scalars,
        f"price_of_units(amount, quantity, part, {minor_unit})",
        amount=[Decimal(amount)],
        quantity=[Decimal(quantity)],
        part=[Decimal(part)],
    )
    assert got == [Decimal(price)]


#: Levels whose distribution function is a straight line: 5% of ten units below 0.5, 10% below 1, and so on.
EVEN = [0.5, 1, 2.5, 5, 7.5, 9, 9.5]


@pytest.mark.parametrize(
    ("levels", "remaining", "outcome", "position"),
    [
        (EVEN, 10, 4, [0.4]),
        (EVEN, 10, 0.25, [0.025]),
        (EVEN, 10, 9.9, [0.99]),
        # Between the quantiles of 50% and 75%, a third of the way.
        ([0, 0, 1, 2, 5, 8, 9], 10, 3, [0.5 + 0.25 / 3]),
        # On a level: its mass reaches half of the way to the levels beside it.
        (EVEN, 10, 5, [0.375, 0.625]),
        (EVEN, 10, 0.5, [0.025, 0.075]),
        # On the ends: from nil to half of the 5% below the first level, and likewise above.
        (EVEN, 10, 0, [0, 0.025]),
        (EVEN, 10, 10, [0.975, 1]),
        # An atom at nil of three levels, at all that remains of two, and of all of them.
        ([0, 0, 0, 2, 5, 8, 9], 10, 0, [0, 0.375]),
        ([1, 2, 3, 5, 7, 10, 10], 10, 10, [0.825, 1]),
        ([4] * 7, 10, 4, [0.025, 0.975]),
        ([4] * 7, 10, 2, [0.025]),
        ([0] * 7, 10, 0, [0, 0.975]),
        ([0] * 7, 0, 0, [0, 1]),
        # A millionth of what remains is no difference.
        (EVEN, 10, 5.000009, [0.375, 0.625]),
        (EVEN, 10, 5.00002, [0.5 + 0.25 * 0.00002 / 2.5]),
    ],
)
def test_probability_below(
    scalars: duckdb.DuckDBPyConnection, levels: list[float], remaining: float, outcome: float, position: list[float]
) -> None:
    assert stands(scalars, levels, remaining, outcome) == pytest.approx(position, abs=1e-12)


def test_probability_below_of_random_levels_with_atoms(scalars: duckdb.DuckDBPyConnection) -> None:
    chances = [0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1]
    for _ in range(100):
        levels = np.sort(RNG.choice([0.0, 3.0, 6.0, 10.0, *RNG.uniform(0, 10, 6)], 7)).tolist()
        points = [0.0, *levels, 10.0]
        outcome = float(RNG.choice([*points, *RNG.uniform(0, 10, 9)]))
        equal = [chance for point, chance in zip(points, chances, strict=True) if point == outcome]
        if equal:
            first, last = chances.index(equal[0]), chances.index(equal[-1])
            below = 0 if first == 0 else (chances[first - 1] + chances[first]) / 2
            expected = [below, 1 if last == len(chances) - 1 else (chances[last] + chances[last + 1]) / 2]
        else:
            expected = [float(np.interp(outcome, points, chances))]
        assert stands(scalars, levels, 10, outcome) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("position", "low", "high", "share"),
    [
        ([0.4], 0.1, 0.9, 1),
        ([0.1], 0.1, 0.9, 1),
        ([0.9], 0.1, 0.9, 1),
        ([0.05], 0.1, 0.9, 0),
        ([0.95], 0.1, 0.9, 0),
        ([0.3, 0.3], 0.25, 0.75, 1),  # no mass of its own
        ([0.375, 0.625], 0.1, 0.9, 1),
        ([0, 0.05], 0.1, 0.9, 0),
        ([0.9, 1], 0.1, 0.9, 0),
        ([0, 0.4], 0.1, 0.9, 0.75),  # three of four parts above 10%
        ([0.8, 1], 0.1, 0.9, 0.5),
        ([0, 1], 0.1, 0.9, 0.8),  # wider than the interval
        ([0, 1], 0.25, 0.75, 0.5),
    ],
)
def test_held_share(
    scalars: duckdb.DuckDBPyConnection, position: list[float], low: float, high: float, share: float
) -> None:
    sql = f"SELECT held_share(CAST($position AS DOUBLE[]), {low}, {high})"
    row = scalars.execute(sql, {"position": position}).fetchone()
    assert row is not None
    assert row[0] == pytest.approx(share, abs=1e-12)


def stands(scalars: duckdb.DuckDBPyConnection, levels: list[float], remaining: float, outcome: float) -> list[float]:
    sql = "SELECT probability_below(CAST($levels AS DOUBLE[]), CAST($remaining AS DOUBLE), CAST($outcome AS DOUBLE))"
    row = scalars.execute(sql, {"levels": levels, "remaining": remaining, "outcome": outcome}).fetchone()
    assert row is not None
    found: list[float] = row[0]
    return found
