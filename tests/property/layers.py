"""The layers of a lot: its own units, and those transferred to it, each with its price under each policy (R7.2)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tests.property.accounts import NIL, Account, Proportional, Released, Remote, Units
from tests.property.rounding import rounded
from tests.property.spreads import Ratable

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

POLICIES = ("ratable", "on_delivery", "proportional", "remote")


class Amounts(NamedTuple):
    """Recognised, and escheated."""

    ratable: Fraction = NIL
    delivery: Fraction = NIL
    breakage: Fraction = NIL
    adjustment: Fraction = NIL
    escheat: Fraction = NIL

    @property
    def revenue(self) -> Fraction:
        return self.ratable + self.delivery + self.breakage + self.adjustment

    @property
    def gone(self) -> Fraction:
        """Out of the liability, as revenue or escheated."""
        return self.revenue + self.escheat

    def plus(self, other: Amounts) -> Amounts:
        return Amounts(*(one + another for one, another in zip(self, other, strict=True)))

    def minus(self, other: Amounts) -> Amounts:
        return Amounts(*(one - another for one, another in zip(self, other, strict=True)))

    def rounded(self, currency: str, price: Fraction = NIL, residue: Fraction = NIL) -> Amounts:
        """Each part is what it adds to the rounded sum of those before it (R10.1); all of the price has a residue."""
        if not any(self) and price:
            return self
        parts, exact, before = [], NIL, NIL
        for part in self:
            exact += part
            parts.append(rounded(exact + (residue if exact == price else NIL), currency) - before)
            before += parts[-1]
        return Amounts(*parts)


class Standing(NamedTuple):
    """What is recognised, exact, with the price it is of and the residue that price is booked with in the end."""

    amounts: Amounts = Amounts()
    price: Fraction = NIL
    residue: Fraction = NIL

    def rounded(self, currency: str) -> Amounts:
        return self.amounts.rounded(currency, self.price, self.residue)


@dataclass
class Part:
    """What one line drew of one layer, less what was taken back."""

    layer: Layer
    quantity: Fraction
    released: dict[str, Released]


@dataclass
class Layer:
    """Units of one lot that have one price."""

    lot_id: str
    begins_on: date
    units: Units
    ratable: Ratable
    accounts: dict[str, Account]
    delivered: Fraction = NIL
    escheated: Fraction = NIL
    #: units that lapsed when the lot closed, or because it had, and would come back with it
    lapsed_closed: Fraction = NIL
    #: under each policy, what transfers brought less what they took, to the minor unit; what is exact lacks of it
    moved: dict[str, Fraction] = field(default_factory=lambda: dict.fromkeys(POLICIES, NIL))
    residue: dict[str, Fraction] = field(default_factory=lambda: dict.fromkeys(POLICIES, NIL))
    days: list[date] = field(default_factory=list)
    history: list[dict[str, Standing]] = field(default_factory=list)

    def draw(self, quantity: Fraction) -> Part:
        released = {policy: account.draw(quantity) for policy, account in self.accounts.items()}
        self.units.drawn += quantity
        self.delivered += released["on_delivery"].per_unit * quantity
        return Part(self, quantity, released)

    def give_back(self, part: Part, quantity: Fraction, *, is_open: bool) -> None:
        """Units of a draw; if the lot has lapsed they do not return, and breakage takes their place (R4.5, R4.6)."""
        if is_open:
            for policy, account in self.accounts.items():
                account.give_back(part.released[policy], quantity)
        self.units.drawn -= quantity
        self.delivered -= part.released["on_delivery"].per_unit * quantity
        if not is_open:
            self.units.lapsed += quantity
            self.lapsed_closed += quantity
            self.accounts["proportional"].reprice(NIL)

    def close(self, escheat_rate: Fraction) -> None:
        """What is left lapses, and comes back should the lot be extended after all."""
        self.lapsed_closed += self.units.left
        self.lapse(self.units.left, escheat_rate)

    def lapse(self, quantity: Fraction, escheat_rate: Fraction) -> None:
        """Units lapse; of their value a government may be owed a share (R4.3, R5.6)."""
        if quantity == 0:
            return
        self.escheated += self.accounts["on_delivery"].carrying / self.units.left * quantity * escheat_rate
        for account in self.accounts.values():
            account.lapse(quantity)
        self.units.lapsed += quantity

    def reinstate(self) -> None:
        """The lot is extended after it closed: what lapsed with it comes back, at nil (R7.1)."""
        self.units.lapsed -= self.lapsed_closed
        for account in self.accounts.values():
            account.reprice(NIL)
        self.lapsed_closed = NIL

    def grant(self, quantity: Fraction, prices: dict[str, Fraction]) -> None:
        """Units are added or, both negative, go, with their price (R7.2, R7.7)."""
        self.units.granted += quantity
        for policy, account in self.accounts.items():
            account.reprice(prices[policy])

    def concede(self, amount: Fraction, *, catches_up: bool) -> None:
        for account in self.accounts.values():
            account.concede(amount, catches_up=catches_up)

    def assess(self, escheat_rate: Fraction) -> None:
        """Use of what is left is judged remote (R6.1)."""
        remote = self.accounts["remote"]
        assert isinstance(remote, Remote)
        remote.assess(self.accounts["on_delivery"].carrying * escheat_rate)

    def estimate(self, rate: Fraction) -> Fraction:
        proportional = self.accounts["proportional"]
        assert isinstance(proportional, Proportional)
        return proportional.estimate(rate)

    def end(self) -> None:
        """Service ends; the units lapse, and nothing is recognised for them (R7.6)."""
        self.units.lapsed += self.units.left
        for account in self.accounts.values():
            account.release_rest()

    def now(self, policy: str) -> Amounts:
        """Recognised so far under a policy that goes by units, exact."""
        account = self.accounts[policy]
        revenue = account.price - account.carrying - self.escheated
        breakage = revenue - self.delivered - account.adjustment
        return Amounts(NIL, self.delivered, breakage, account.adjustment, self.escheated)

    def standing(self, policy: str) -> Standing:
        return Standing(self.now(policy), self.accounts[policy].price, self.residue[policy])

    def note(self, day: date) -> None:
        """Remember what is recognised at the close of a day."""
        self.days.append(day)
        self.history.append({policy: self.standing(policy) for policy in self.accounts})

    def recognised(self, policy: str, day: date, currency: str) -> Amounts:
        """By the close of a day, to the minor unit."""
        if policy == "ratable":
            exact = Amounts(ratable=self.ratable.recognised(day), adjustment=self.ratable.adjusted(day))
            price = self.ratable.price
            in_the_end = price + self.residue[policy]
            if self.ratable.is_over(day) and rounded(price, currency) != rounded(in_the_end, currency):
                exact = exact._replace(ratable=exact.ratable + self.residue[policy])
            return exact.rounded(currency)
        place = bisect_right(self.days, day)
        return (self.history[place - 1][policy] if place else Standing()).rounded(currency)


def layer(lot_id: str, begins_on: date, quantity: Fraction, prices: dict[str, Fraction], convention: str) -> Layer:
    """Units with what each policy carries of them."""
    units = Units(granted=quantity)
    kinds = {"on_delivery": Account, "proportional": Proportional, "remote": Remote}
    accounts = {policy: kind(units, prices[policy], prices[policy]) for policy, kind in kinds.items()}
    return Layer(lot_id, begins_on, units, Ratable(convention, prices["ratable"]), accounts)
