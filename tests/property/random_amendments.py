"""Random amendments of every kind."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from data.schema import AMENDMENT_KINDS
from tests.property.random_days import carried_over, near

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from tests.property.brute_force import Row

KINDS = tuple(kind for kind in AMENDMENT_KINDS if kind != "termination")
TREATMENTS = ("prospective", "cumulative_catch_up")
PARTS = tuple(map(Decimal, ("0.1", "0.25", "0.3333", "0.5", "1", "1.5")))
CHANGES = tuple(map(Decimal, ("-0.5", "-0.25", "-0.1", "0.1", "0.3333", "1")))
TICK = Decimal("0.0001")


def random_amendments(rng: Random, lots: list[Row], days: list[date], minor_unit: Decimal, *, early: bool) -> list[Row]:
    """Up to five and, in one contract of six, the end of one lot or all; nothing of an ended lot follows that."""
    changes = []
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3, 5))):
        lot = rng.choice(lots)
        day = near(rng, days) if early else max(near(rng, days), lot["valid_from"])
        changes.append(_blank(lot, day) | _change(rng, rng.choice(KINDS), lot, lots, days, minor_unit))
    if rng.random() < 0.17:
        ended, day = rng.choice((lots, [rng.choice(lots)])), near(rng, days)
        day = day if early else max([day, *(lot["valid_from"] for lot in ended)])
        names = [lot["lot_id"] for lot in ended]
        begins = {lot["lot_id"]: lot["valid_from"] for lot in lots}
        changes = [
            change
            for change in changes
            if max(change["effective_on"], begins[change["lot_id"]]) <= day
            or not {change["lot_id"], change["to_lot_id"]}.intersection(names)
        ]
        changes += [_blank(lot, day) | {"kind": "termination"} for lot in ended]
    return [change | {"amendment_id": f"a{number}"} for number, change in enumerate(changes)]


def _blank(lot: Row, day: date) -> Row:
    return {
        "contract_id": lot["contract_id"],
        "lot_id": lot["lot_id"],
        "effective_on": day,
        "quantity": None,
        "amount": None,
        "new_expires_on": None,
        "to_lot_id": None,
        "treatment": None,
    }


def _change(rng: Random, kind: str, lot: Row, lots: list[Row], days: list[date], minor_unit: Decimal) -> Row:
    """What the amendment says; a transfer that finds no lot of the same unit becomes an extension."""
    targets = [other["lot_id"] for other in lots if other is not lot and other["unit"] == lot["unit"]]
    part = rng.choice(PARTS)
    quantity = max(TICK, (lot["quantity"] * part).quantize(TICK))
    amount = Decimal(100) if lot["amount"] is None else lot["amount"]
    if kind == "transfer" and targets:
        return {"kind": kind, "quantity": quantity, "to_lot_id": rng.choice(targets)}
    if kind in ("add_units", "remove_units"):
        priced = amount * part * rng.choice((1, 1, 1, 2, 0, Decimal("0.7")))
        return {"kind": kind, "quantity": quantity, "amount": priced.quantize(minor_unit)}
    ends = (near(rng, days), max(days), carried_over(max(days), rng.randint(1, 6)))
    if kind == "price_change":
        return {
            "kind": kind,
            "amount": (amount * rng.choice(CHANGES)).quantize(minor_unit),
            "treatment": rng.choice(TREATMENTS),
            "new_expires_on": rng.choice((None, None, rng.choice(ends))),
        }
    return {"kind": "extension", "new_expires_on": rng.choice(ends)}
