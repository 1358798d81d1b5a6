"""Random deliveries and their reversals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.property.random_days import near

if TYPE_CHECKING:
    from random import Random

    from tests.property.brute_force import Row

SERVICES = ("advice", "build", "care")
QUANTITIES = tuple(map(Decimal, ("1", "2", "0.3333", "0.6667", "3.3334", "7", "0.0001", "0.0001")))
NIL = Decimal(0)


def random_lines(rng: Random, contract_id: str, lots: list[Row], days: list[date], *, faults: bool) -> list[Row]:
    lines: list[Row] = []
    untaken: dict[str, Decimal] = {}
    for number in range(rng.choice((0, 1, 2, 4, 6, 9, 14))):
        line = _line(rng, contract_id, number, lots, days)
        reversible = [row for row in lines if untaken.get(row["consumption_id"], NIL) > 0 or faults]
        if reversible and rng.random() < 0.4:
            line |= _reversal(rng, rng.choice(reversible), untaken, days, faults=faults)
        else:
            untaken[line["consumption_id"]] = line["quantity"]
        lines.append(line)
    if faults:
        if rng.random() < 0.3:
            for line, place in zip(lines, rng.sample(range(len(lines)), len(lines)), strict=True):
                line["line_no"] = place
        if lines and rng.random() < 0.1:
            lines[-1] |= {"quantity": -abs(lines[-1]["quantity"]), "reverses": None}
    return lines


def _line(rng: Random, contract_id: str, number: int, lots: list[Row], days: list[date]) -> Row:
    return {
        "consumption_id": f"u{number}",
        "contract_id": contract_id,
        "lot_id": rng.choice(lots)["lot_id"] if lots and rng.random() < 0.15 else None,
        "line_no": number + 1,
        "service_date": near(rng, days),
        "posted_on": max(days),
        "service_type": rng.choice(SERVICES),
        "unit": "credit" if rng.random() < 0.1 else "hour",
        "quantity": rng.choice(QUANTITIES),
        "reverses": None,
        "project_id": None,
        "request_id": None,
    }


def _reversal(rng: Random, original: Row, untaken: dict[str, Decimal], days: list[date], *, faults: bool) -> Row:
    """Takes back a part, the rest or, with faults, anything of a line before it."""
    reverses, service_date = original["consumption_id"], original["service_date"]
    left = untaken.get(reverses, Decimal(1))
    parts = [left, left, (left / 3).quantize(Decimal("0.0001")) or left, min(left, Decimal(1))]
    on = rng.choice([day for day in [*days, max(days) + timedelta(days=1)] if day >= service_date] or [service_date])
    if faults:
        parts += [original["quantity"].copy_abs(), left + 1]
        on = rng.choice((on, on, on, on, near(rng, days)))
    quantity = rng.choice([part for part in parts if part > 0] or [Decimal(1)])
    if reverses in untaken:
        untaken[reverses] -= quantity
    taken = {"quantity": -quantity, "reverses": reverses, "service_date": on}
    copied = ("service_type", "unit") if faults else ("service_type", "unit", "lot_id")
    return taken | {key: original[key] for key in copied}
