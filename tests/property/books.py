"""Seeded random books, small but nasty: contracts whose every event falls on a few days, so that they coincide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from data.schema import TABLES
from tests.property.by_hand import ACCOUNT
from tests.property.random_amendments import random_amendments
from tests.property.random_billings import random_billings, settled
from tests.property.random_days import carried_over, month_end, near, some_days
from tests.property.random_lines import SERVICES, random_lines
from tests.property.rounding import minor_digits
from tests.property.spreads import ONE_DAY

if TYPE_CHECKING:
    from tests.property.brute_force import Row, Rows

CONTRACT = "k"
SCOPES = ("any", "any", "any", "any", "advice", "build", "advice|build", "build|care")
CONVENTIONS = ("daily", "daily", "month_even", "month_half", "month_actual")
QUANTITIES = tuple(map(Decimal, ("1", "3", "10", "12.5", "0.3333", "3.3333", "0.0001", "40")))
OVERAGE = (0, 150, 33.333, 0.125)
RATES = tuple(map(Decimal, ("0", "0.1", "0.25", "0.333333333333", "0.5", "0.9", "1")))
ESCHEAT_RATES = (None, None, None, Decimal("0.25"), Decimal("0.333333333333"), Decimal(1))
#: What everybody is expected not to use, in the books that share it.
EVERYBODY: list[Row] = [
    {"estimate_id": name, "contract_id": None, "lot_id": None, "effective_on": day, "rate": Decimal(rate)}
    for name, day, rate in (
        ("every 1", date(2024, 1, 15), "0.05"),
        ("every 2", date(2024, 3, 31), "0.3"),
        ("every 3", date(2024, 3, 31), "0.2"),
    )
]


@dataclass(frozen=True)
class Nastiness:
    """What a random book may hold."""

    #: reversals of more than was delivered, before it, or of nothing; lines out of their file's order
    faults: bool = True
    #: amendments that take effect before their lot's first day
    early: bool = False
    #: estimates that hold for every contract
    everybody: bool = False


def seeded(seed: int) -> Random:
    """Random numbers that are the same on every run."""
    return Random(seed)  # noqa: S311 - seeded books are no secret


def random_book(rng: Random, nastiness: Nastiness) -> Rows:
    """A book of one contract with its story, billed for what was agreed unless it may hold faults."""
    days, currency = some_days(rng), rng.choice(("USD", "USD", "JPY", "KWD"))
    minor_unit = Decimal(1).scaleb(-minor_digits(currency))
    lots = [_lot(rng, number, days, currency) for number in range(rng.choice((0, 1, 1, 2, 2, 3, 4)))]
    if lots and rng.random() < 0.15:
        _leave_open(rng, lots)
    contract = _contract(rng, lots, days, currency)
    book: Rows = {name: [] for name in TABLES}
    book |= {"accounts": [dict(ACCOUNT)], "contracts": [contract], "lots": lots}
    book["rate_card"] = [
        {"contract_id": CONTRACT, "service_type": service, "overage_rate": money(rng.choice(OVERAGE), currency)}
        for service in SERVICES
        if rng.random() < 0.5
    ]
    book["consumption"] = random_lines(rng, CONTRACT, lots, days, faults=nastiness.faults)
    book["breakage_estimates"] = [*(EVERYBODY if nastiness.everybody else ()), *_estimates(rng, lots, days)]
    if lots:
        book["amendments"] = random_amendments(rng, lots, days, minor_unit, early=nastiness.early)
        book["remote_assessments"] = _assessments(rng, lots, days, early=nastiness.early)
        book = book if nastiness.faults else settled(book)
        book["billings"] = random_billings(rng, contract, lots, book["amendments"], days, minor_unit)
    return book


def _contract(rng: Random, lots: list[Row], days: list[date], currency: str) -> Row:
    price = sum((lot["amount"] for lot in lots if lot["amount"] is not None), Decimal(0))
    if any(lot["amount"] is None for lot in lots):
        price += money(rng.choice((0.01, 1, 100, 999.99, 47500)), currency)
    return {
        "contract_id": CONTRACT,
        "account_id": "A",
        "owner": "team",
        "vehicle": "SOW",
        "booked_on": min(days),
        "starts_on": min(days),
        "ends_on": rng.choice((None, max(days) + ONE_DAY)),
        "currency": currency,
        "transaction_price": price,
        "recognition_method": rng.choice(("ratable", "on_delivery", "proportional", "remote")),
        "recognition_convention": rng.choice(CONVENTIONS),
        "draw_order": rng.choice(("fefo", "current_term_first")),
        "escheat_rate": rng.choice(ESCHEAT_RATES),
    }


def _lot(rng: Random, number: int, days: list[date], currency: str) -> Row:
    valid_from = rng.choice((min, min, max))(near(rng, days), near(rng, days))
    expires_on = _expiry(rng, valid_from, days)
    grace_until = None
    if expires_on and rng.random() < 0.45:
        later = [day for day in days if day >= expires_on]
        grace_until = rng.choice([*later, carried_over(expires_on, rng.randint(1, 6))])
    quantity = rng.choice(QUANTITIES)
    cap = None
    if grace_until and rng.random() < 0.5:
        cap = rng.choice((Decimal(0), Decimal(1), (quantity / 3).quantize(Decimal("0.0001")), quantity, quantity + 1))
    return {
        "lot_id": f"l{number}",
        "contract_id": CONTRACT,
        "service": "training",
        "unit": rng.choice(("hour", "hour", "hour", "hour", "hour", "credit")),
        "quantity": quantity,
        "amount": money(rng.choice((0, 0.01, 1, 100, 100.04, 999.99, 1234.567, 5000)), currency),
        "valid_from": valid_from,
        "expires_on": expires_on,
        "grace_until": grace_until,
        "carry_over_cap_quantity": cap,
        "scope": rng.choice(SCOPES),
        "standalone_price": None,
    }


def _leave_open(rng: Random, lots: list[Row]) -> None:
    """Lots without an amount: what they cost is theirs by stand-alone price (R9.4), often in ties."""
    for lot in lots:
        lot |= {"amount": None, "standalone_price": rng.choice((Decimal(1), Decimal(1), Decimal("1650.125")))}


def _expiry(rng: Random, valid_from: date, days: list[date]) -> date | None:
    if rng.random() < 0.12:
        return None
    later = [day for day in days if day >= valid_from] or [valid_from]
    chosen = max(rng.choice(later), rng.choice(later))
    return rng.choice((chosen, later[-1], month_end(chosen)))


def money(amount: float, currency: str) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal(1).scaleb(-minor_digits(currency)))


def _estimates(rng: Random, lots: list[Row], days: list[date]) -> list[Row]:
    return [
        {
            "estimate_id": f"e{number}",
            "contract_id": CONTRACT,
            "lot_id": rng.choice([None, *(lot["lot_id"] for lot in lots)]),
            "effective_on": near(rng, days),
            "rate": rng.choice(RATES),
        }
        for number in range(rng.choice((0, 1, 1, 2, 3)))
    ]


def _assessments(rng: Random, lots: list[Row], days: list[date], *, early: bool) -> list[Row]:
    rows = []
    for number in range(rng.choice((0, 0, 1, 1, 2))):
        lot_id = rng.choice((None, rng.choice(lots)["lot_id"]))
        begins = [lot["valid_from"] for lot in lots if lot_id in (None, lot["lot_id"])]
        rows.append(
            {
                "assessment_id": f"s{number}",
                "contract_id": CONTRACT,
                "lot_id": lot_id,
                "assessed_on": near(rng, days) if early else max([near(rng, days), *begins]),
                "evidence": "dormant",
            }
        )
    return rows
