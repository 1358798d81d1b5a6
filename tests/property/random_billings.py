"""Billings that follow what was agreed: instalments of every lot, and every change of price."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.property.brute_force import lot_amounts, read_book
from tests.property.random_days import near
from tests.property.rounding import rounded

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from tests.property.brute_force import Row, Rows

MILL = Decimal("0.001")
#: the sign with which an amendment's amount is billed
SIGNS = {"add_units": 1, "remove_units": -1, "price_change": 1}


def settled(book: Rows) -> Rows:
    """The book with units taken back for what was left of them, and a price there is money for."""
    moved = read_book(book).moved
    currencies = {row["contract_id"]: row["currency"] for row in book["contracts"]}
    changes = []
    for change in book["amendments"]:
        if change["kind"] == "remove_units":
            taken, price = moved.get(change["amendment_id"], (Fraction(0), Fraction(0)))
            if taken == 0:
                continue
            price = rounded(price, currencies[change["contract_id"]])
            changes.append(change | {"quantity": decimal(taken, "0.0001"), "amount": decimal(price, "0.001")})
        else:
            changes.append(change)
    return book | {"amendments": changes}


def decimal(value: Fraction, digits: str) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(digits))


def random_billings(
    rng: Random, contract: Row, lots: list[Row], changes: list[Row], days: list[date], minor_unit: Decimal
) -> list[Row]:
    """Of one contract; in one of five, no billing says which lot it is for. Of what is ended a part is refunded."""
    prices = {lot_id: decimal(amount, "0.001") for lot_id, amount in lot_amounts(contract, lots).items()}
    billed = [
        (lot_id, near(rng, days), part) for lot_id, price in prices.items() for part in _parts(rng, price, minor_unit)
    ]
    for change in changes:
        amount = SIGNS[change["kind"]] * change["amount"] if change["kind"] in SIGNS else Decimal(0)
        if change["kind"] == "termination":
            amount = -(prices[change["lot_id"]] * rng.choice((0, Decimal("0.3333"), 1))).quantize(minor_unit)
        day = rng.choice((change["effective_on"], near(rng, days)))
        billed.append((change["lot_id"], day, amount))
    names_lots = rng.random() < 0.8
    return [
        {
            "billing_id": f"b{number}",
            "contract_id": contract["contract_id"],
            "lot_id": lot_id if names_lots else None,
            "billed_on": day,
            "amount": amount,
            "fx_rate": None,
        }
        for number, (lot_id, day, amount) in enumerate(billed)
        if amount
    ]


def _parts(rng: Random, price: Decimal, minor_unit: Decimal) -> list[Decimal]:
    """The price in one to three instalments."""
    count = rng.choice((1, 1, 2, 3))
    parts = [(price / count).quantize(minor_unit) for _ in range(count - 1)]
    return [*parts, price - sum(parts)]
