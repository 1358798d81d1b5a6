"""Policies 2 to 4 by the rules: what one policy still carries of one layer, event by event, in exact fractions.

`price` is what was agreed, `carrying` the part of it neither recognised nor escheated yet. `adjustment` is the part of
what was recognised that no unit earned (R7.5, R7.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

NIL = Fraction(0)


@dataclass
class Units:
    """The units of one layer."""

    granted: Fraction = NIL
    drawn: Fraction = NIL
    lapsed: Fraction = NIL

    @property
    def left(self) -> Fraction:
        return self.granted - self.drawn - self.lapsed


@dataclass(frozen=True)
class Released:
    """What a draw released of an account, per unit, and in which of its eras (see Proportional)."""

    per_unit: Fraction
    era: int = 0


@dataclass
class Account:
    """On delivery (R4): every unit that goes takes its part of what is carried with it.

    Draws, lapses and what comes back are told before the units move, changes of price after.
    """

    units: Units
    price: Fraction
    carrying: Fraction
    adjustment: Fraction = NIL

    def draw(self, quantity: Fraction) -> Released:
        per_unit = self.carrying / self.units.left
        self.carrying -= per_unit * quantity
        return Released(per_unit)

    def lapse(self, quantity: Fraction) -> None:
        self.carrying -= self.carrying / self.units.left * quantity

    def give_back(self, released: Released, quantity: Fraction) -> None:
        """Units come back with the amount at which they were released (R4.5)."""
        self.carrying += released.per_unit * quantity

    def reprice(self, amount: Fraction) -> None:
        """The price of the units left has changed, and their number may have (R7.2, R7.7)."""
        self.price += amount
        self.carrying += amount
        if self.units.left == 0:  # nothing is left that could earn it
            self.adjustment += self.carrying
            self.carrying = NIL

    def concede(self, amount: Fraction, *, catches_up: bool) -> None:
        """A change of price alone: of what is no longer carried it is an adjustment (R7.5)."""
        if catches_up and self.price and self.units.left:
            caught_up = amount * (self.price - self.carrying) / self.price
            self.adjustment += caught_up
            self.carrying -= caught_up
        self.reprice(amount)

    def release_rest(self) -> None:
        """Service has ended: what is carried is no longer agreed (R7.6)."""
        self.price -= self.carrying
        self.carrying = NIL

    def adjust(self, amount: Fraction) -> None:
        self.price += amount
        self.adjustment += amount


class Remote(Account):
    """On delivery, until use of what is left is judged remote (R6)."""

    def assess(self, reserve: Fraction) -> None:
        """All is recognised but what would be escheated at the lapse."""
        if self.units.left:
            self.carrying = reserve


class Proportional(Account):
    """Expected breakage in proportion to use (R5.1).

    Whenever the price of what is left changes, an era begins: R5.1 anew, for what is left of amount and units.
    """

    def __init__(self, units: Units, price: Fraction, carrying: Fraction) -> None:
        super().__init__(units, price, carrying)
        self.rate = NIL
        self.era = 0
        self.begin_era()

    def begin_era(self) -> None:
        self.era += 1
        self.amount = self.carrying
        self.rights = self.units.left
        self.drawn_before = self.units.drawn
        self.lapsed_before = self.units.lapsed
        self.count(NIL, NIL)

    def count(self, drawn: Fraction, lapsed: Fraction) -> Fraction:
        """Carry what is left with so many more units drawn and lapsed than are counted; what that releases."""
        before = self.carrying
        if self.rights:
            still = self.rights - (self.units.lapsed + lapsed - self.lapsed_before)
            self.carrying = self.amount * still / self.rights * (1 - self.exercised(self.units.drawn + drawn, still))
        return before - self.carrying

    def exercised(self, drawn: Fraction, still: Fraction) -> Fraction:
        """The share of expected use that has happened (R5.1), all of it once there is more (R5.3)."""
        expected = min(self.units.granted * (1 - self.rate) - self.drawn_before, still)
        if drawn == 0:
            return NIL
        return (drawn - self.drawn_before) / expected if drawn - self.drawn_before < expected else Fraction(1)

    def draw(self, quantity: Fraction) -> Released:
        return Released(self.count(quantity, NIL) / quantity, self.era)

    def lapse(self, quantity: Fraction) -> None:
        self.count(NIL, quantity)

    def give_back(self, released: Released, quantity: Fraction) -> None:
        if released.era == self.era:
            self.count(-quantity, NIL)
            return
        self.carrying += released.per_unit * quantity
        self.units.drawn -= quantity
        self.begin_era()
        self.units.drawn += quantity

    def reprice(self, amount: Fraction) -> None:
        super().reprice(amount)
        self.begin_era()

    def estimate(self, rate: Fraction) -> Fraction:
        """Another share is expected to go unused: what that recognises at once (R5.2)."""
        self.rate = rate
        return self.count(NIL, NIL)

    def release_rest(self) -> None:
        super().release_rest()
        self.begin_era()
