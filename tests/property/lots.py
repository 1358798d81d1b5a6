"""A lot with its terms, which amendments move, and its layers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.property.accounts import NIL
from tests.property.layers import POLICIES, layer

if TYPE_CHECKING:
    from datetime import date

    from tests.property.layers import Layer

Row = dict[str, Any]


def usable_until(row: Row) -> date | None:
    """The last day a right can be used (R1.2, R1.3), before any amendment; None = never ends."""
    last: date | None = row["grace_until"] or row["expires_on"]
    return last


@dataclass
class Lot:
    """One lot as it stands; its first layer holds what was bought as this lot."""

    row: Row
    contract: Row
    amount: Fraction
    expires_on: date | None
    usable_until: date | None
    layers: list[Layer]
    ended_on: date | None = None
    is_capped: bool = False

    @property
    def lot_id(self) -> str:
        return str(self.row["lot_id"])

    @property
    def begins_on(self) -> date:
        day: date = self.row["valid_from"]
        return day

    @property
    def own(self) -> Layer:
        return self.layers[0]

    @property
    def left(self) -> Fraction:
        return sum((layer.units.left for layer in self.layers), NIL)

    @property
    def term_end(self) -> date | None:
        """The end of the stated term, for policy 1: the contract's where the lot states none; carry-over is no term."""
        end: date | None = self.expires_on or self.contract["ends_on"]
        return end

    def shown_on(self, day: date) -> date:
        """When what happens on a day is to be seen: not before the lot's first day."""
        return max(day, self.begins_on)

    def is_open(self, day: date) -> bool:
        return self.ended_on is None and (self.usable_until is None or day <= self.usable_until)

    def covers(self, line: Row) -> bool:
        """Whether the line could draw on the lot, were it open with units left (R2.2)."""
        return (
            self.begins_on <= line["service_date"]
            and (self.row["scope"] == "any" or line["service_type"] in self.row["scope"].split("|"))
            and self.row["unit"] == line["unit"]
            and line["lot_id"] in (None, self.lot_id)
        )

    def extend(self, day: date, new_expires_on: date) -> None:
        """Move the end of the term (R7.1); carry-over once granted is not cut."""
        carried_over = self.usable_until if self.expires_on and self.usable_until != self.expires_on else None
        self.expires_on = max(new_expires_on, day)
        self.usable_until = max(self.expires_on, carried_over or self.expires_on)
        for each in self.layers:
            each.ratable.spread(day, self.term_end)


def bought(row: Row, contract: Row, amount: Fraction) -> Lot:
    """The lot as it was bought, nothing of it used yet."""
    prices = dict.fromkeys(POLICIES, amount)
    own = layer(row["lot_id"], row["valid_from"], Fraction(row["quantity"]), prices, _convention(contract))
    lot = Lot(row, contract, amount, row["expires_on"], usable_until(row), [own])
    own.ratable.spread(lot.begins_on, lot.term_end)
    return lot


def received(
    lot: Lot, day: date, quantity: Fraction, prices: dict[str, Fraction], booked: dict[str, Fraction]
) -> Layer:
    """Units transferred to the lot, a layer of their own (R7.2), and what it is to be booked at in the end."""
    new = layer(lot.lot_id, day, quantity, prices, _convention(lot.contract))
    new.moved = booked
    new.residue = {policy: booked[policy] - price for policy, price in prices.items()}
    new.ratable.spread(day, lot.term_end)
    lot.layers.append(new)
    return new


def _convention(contract: Row) -> str:
    return str(contract["recognition_convention"])
