"""What one lot, or one layer of it, is worth and has recognised under each policy: exact fractions, event by event.

All amounts are in thousandths of the currency, all quantities in ten-thousandths of a unit, as `fractions.Fraction`
or `int`: no layer is rounded here (R10.1). `queries/valuation.py` tells a layer what happened to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from queries.instalments import Term, progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

NIL: Final = Fraction(0)


def rounded(amount: Fraction, minor_unit: int) -> int:
    """To the smallest amount the currency can be booked in, halves away from zero (R10.2)."""
    divisor = 2 * amount.denominator * minor_unit
    size = (2 * abs(amount.numerator) + divisor // 2) // divisor * minor_unit
    return size if amount.numerator >= 0 else -size


@dataclass
class Chain:
    """One policy's view of a layer: its price, what is recognised of it, and adjustments that were not earned.

    A transfer can leave a price that can't be booked; `residue` is what it lacks of the amount it is booked at in the
    end, so that the lots together come to what was billed (R13.2).
    """

    price: Fraction = NIL
    recognised: Fraction = NIL
    adjustment: Fraction = NIL
    residue: Fraction = NIL

    def bookable(self, amount: Fraction) -> Fraction:
        """An amount to date to be rounded: all of the price comes with its residue."""
        return amount + self.residue if amount == self.price else amount

    @property
    def carrying(self) -> Fraction:
        """What is still to be recognised."""
        return self.price - self.recognised - self.adjustment

    @property
    def share_recognised(self) -> Fraction:
        """How much of the price is behind us: what a cumulative catch-up applies to (R7.5)."""
        return (self.recognised + self.adjustment) / self.price if self.price else NIL


@dataclass
class PerUnit(Chain):
    """Policies 2 and 4: a unit that goes releases (carrying amount left / units left) (R4.1)."""

    released: dict[str, Fraction] = field(default_factory=dict)

    def release(self, units: int, left: int) -> Fraction:
        """Recognise units that go; returns their amount."""
        amount = self.carrying * units / left if left else NIL
        self.recognised += amount
        return amount


@dataclass
class Proportional(Chain):
    """Policy 3: breakage in proportion to the units delivered, over those expected to be (R5.1).

    Between two re-pricings, a span, revenue is a function of what was drawn and lapsed in it; each span spreads what
    the one before left over.
    """

    rate: Fraction = NIL
    granted: int = 0
    drawn: int = 0
    base: Fraction = NIL
    spread: Fraction = NIL
    units: int = 0
    drawn_before: int = 0
    drawn_in_span: int = 0
    lapsed_in_span: int = 0
    span: int = 0
    released: dict[str, tuple[int, Fraction]] = field(default_factory=dict)

    def restart(self, units: int) -> None:
        """Begin a span: what is carried now is spread over the units left now."""
        self.span += 1
        self.base, self.spread, self.units = self.recognised, self.carrying, units
        self.drawn_before, self.drawn_in_span, self.lapsed_in_span = self.drawn, 0, 0
        self.revalue()

    def revalue(self) -> None:
        """Recognise what the span's drawn and lapsed units call for under the rate in force."""
        self.recognised = self.base + self.spread * self._share_done()

    def _share_done(self) -> Fraction:
        live = self.units - self.lapsed_in_span
        if live <= 0:
            return Fraction(1)
        lapsed = Fraction(self.lapsed_in_span, self.units)
        return lapsed + (1 - lapsed) * self._share_exercised(live)

    def _share_exercised(self, live: int) -> Fraction:
        if self.drawn <= 0:
            return NIL
        expected = self.granted * (1 - self.rate)
        if self.drawn >= expected or self.drawn_in_span >= live:
            return Fraction(1)  # R5.3: revenue stops at the price
        return Fraction(self.drawn_in_span) / min(expected - self.drawn_before, Fraction(live))


@dataclass
class Ratable(Chain):
    """Policy 1: the price over the days or months of the term (R3); an amendment spreads the rest anew (R3.5)."""

    convention: str = "daily"
    spans: list[RatableSpan] = field(default_factory=list)

    def accrue(self, through: date) -> None:
        """Recognise what has elapsed by the close of a day."""
        if self.spans:
            self.recognised = self.spans[-1].recognised(through)

    def restart(self, on: date, ends_on: date | None) -> None:
        """Spread what is carried from a day to the end of the term; a term that is over ends that day."""
        if ends_on is None:
            return
        term = Term(self.convention, on, max(ends_on, on))
        if self.spans and self.spans[-1].term.starts_on >= on:
            self.spans.pop()
        self.spans.append(RatableSpan(term, self.recognised, self.carrying, self.adjustment))

    def finish(self, minor_unit: int) -> None:
        """Book the residue on the last day, where rounding alone does not come to it."""
        if self.spans and rounded(self.price, minor_unit) != rounded(self.price + self.residue, minor_unit):
            ends_on = self.spans[-1].term.ends_on
            self.accrue(ends_on - timedelta(days=1))
            self.price, self.residue = self.price + self.residue, NIL
            self.restart(ends_on, ends_on)


@dataclass(frozen=True)
class RatableSpan:
    """A term with the amount spread over it, and what was recognised and adjusted before it."""

    term: Term
    base: Fraction
    spread: Fraction
    adjustment: Fraction

    def recognised(self, through: date) -> Fraction:
        """Ratable revenue to the close of a day."""
        done, whole = progress(self.term, through)
        return self.base + self.spread * Fraction(done, whole)


@dataclass
class Layer:
    """A lot, or the units a transfer brought to it, under all four policies."""

    lot_id: str
    layer_id: str
    contract_id: str
    minor_unit: int
    escheat_rate: Fraction
    ends_on: date | None
    ratable: Ratable
    delivery: PerUnit = field(default_factory=PerUnit)
    proportional: Proportional = field(default_factory=Proportional)
    remote: PerUnit = field(default_factory=PerUnit)
    left: int = 0
    delivered: Fraction = NIL
    escheated: Fraction = NIL
    billed: Fraction = NIL
    moved: dict[str, Fraction] = field(default_factory=dict)
    terminated_on: date | None = None

    def no_earlier(self, on: date) -> date:
        """The day something counts for the lot: one terminated before its first day is settled on it."""
        return on if self.terminated_on is None else max(on, self.terminated_on)

    def chains(self) -> Iterator[tuple[str, Chain]]:
        """The four policies by name."""
        yield "ratable", self.ratable
        yield from self.usage_chains()

    def usage_chains(self) -> Iterator[tuple[str, Chain]]:
        """The three policies that follow use."""
        yield "on_delivery", self.delivery
        yield "proportional", self.proportional
        yield "remote", self.remote

    def grant(self, units: int, amount: Fraction, on: date) -> None:
        """Units at a price: a purchase, or an addition that blends with what is left (R7.7); negative = taken back."""
        if not units and not amount:
            return
        self.ratable.accrue(on - timedelta(days=1))
        self.left += units
        self.proportional.granted += units
        for _, chain in self.chains():
            chain.price += amount
        self._respread(on)

    def take_in(self, units: int, parts: list[dict[str, Fraction]], on: date) -> None:
        """Units moved in (negative: out) with the carrying amounts each policy had for them (R7.2).

        The prices are exact, but what the lots are booked at in the end is rounded part by part, so that it adds up.
        """
        self.ratable.accrue(on - timedelta(days=1))
        self.left += units
        self.proportional.granted += units
        for policy, chain in self.chains():
            exact = sum((part[policy] for part in parts), NIL)
            booked = sum(rounded(part[policy], self.minor_unit) for part in parts)
            chain.price += exact
            chain.residue += booked - exact
            self.moved[policy] = self.moved.get(policy, NIL) + booked
        self._respread(on)

    def carried_by(self, units: int, on: date) -> dict[str, Fraction]:
        """The carrying amount of some of the units left, by policy."""
        self.ratable.accrue(on - timedelta(days=1))
        return {policy: chain.carrying * units / self.left for policy, chain in self.chains()}

    def draw(self, units: int, event: str) -> None:
        """Deliver units (R4.1)."""
        before = self.proportional.recognised
        self.delivery.released[event] = self.delivery.release(units, self.left) / units
        self.remote.released[event] = self.remote.release(units, self.left) / units
        self.delivered += self.delivery.released[event] * units
        self.left -= units
        self.proportional.drawn += units
        self.proportional.drawn_in_span += units
        self.proportional.revalue()
        self.proportional.released[event] = (
            self.proportional.span,
            (self.proportional.recognised - before) / units,
        )

    def reverse(self, units: int, original: str) -> None:
        """Take back a delivery at the amount it was released at (R4.5)."""
        for chain in (self.delivery, self.remote):
            chain.recognised -= chain.released[original] * units
        self.delivered -= self.delivery.released[original] * units
        self.left += units
        span, each = self.proportional.released[original]
        self.proportional.drawn -= units
        if span == self.proportional.span:
            self.proportional.drawn_in_span -= units
            self.proportional.revalue()
        else:
            self.proportional.recognised -= each * units
            self.proportional.restart(self.left)

    def lapse(self, units: int, *, owes_escheat: bool) -> None:
        """Units that can't be used any more (R4.3); part of their value may be owed to a government (R5.6)."""
        value = self.delivery.release(units, self.left)
        self.remote.release(units, self.left)
        if owes_escheat:
            self.escheated += value * self.escheat_rate
        self.left -= units
        self.proportional.lapsed_in_span += units
        self.proportional.revalue()

    def reinstate(self, units: int) -> None:
        """Units brought back after their lapse carry nothing (R7.1)."""
        self.left += units
        self.proportional.restart(self.left)

    def estimate(self, rate: Fraction) -> None:
        """A new estimate of the share never used: catch up (R5.2)."""
        self.proportional.rate = rate
        self.proportional.revalue()

    def judge_remote(self) -> None:
        """Release the carrying amount of the unused units, but for what would be owed to a government (R6.1, R5.6)."""
        if self.left:
            self.remote.recognised += self.remote.carrying - self.delivery.carrying * self.escheat_rate

    def extend(self, ends_on: date, on: date) -> None:
        """A new last day: ratable spreads the rest anew, the others wait (R7.1)."""
        self.ratable.accrue(on - timedelta(days=1))
        self.ends_on = ends_on
        self.ratable.restart(on, ends_on)

    def change_price(self, amount: Fraction, on: date, *, catches_up: bool) -> None:
        """A change of the price (R7.5): the part for what is behind us is adjustment, the rest is spread ahead."""
        if not amount:
            return
        self.ratable.accrue(on - timedelta(days=1))
        is_over = self.ends_on is not None and self.ends_on < on
        for policy, chain in self.chains():
            share = chain.share_recognised if catches_up else NIL
            if is_over if policy == "ratable" else not self.left:
                share = Fraction(1)
            chain.adjustment += amount * share
            chain.price += amount
        self._respread(on)

    def terminate(self, on: date) -> None:
        """Release what is left of the liability after the refund (R7.6)."""
        self.ratable.accrue(on - timedelta(days=1))
        self.terminated_on = on
        self.ends_on = on - timedelta(days=1)
        self.left = 0
        self.settle(on)

    def bill(self, amount: Fraction, on: date) -> None:
        """An invoice, or a credit note; once terminated there is nothing left to defer it to (R7.6)."""
        self.billed += amount
        if self.terminated_on is not None:
            self.settle(on)

    def settle(self, on: date) -> None:
        """Bring the liability of a terminated lot to nil."""
        self.ratable.accrue(on - timedelta(days=1))
        for policy, chain in self.chains():
            kept = self.billed + self.moved.get(policy, NIL)
            chain.adjustment = kept - chain.recognised
            chain.price, chain.residue = kept, NIL
        self._respread(on)

    def _respread(self, on: date) -> None:
        """Begin new spans after the price or the units changed; without units left the rest is adjustment."""
        for chain in (self.delivery, self.remote, self.proportional):
            if not self.left:
                chain.adjustment += chain.carrying
        self.proportional.restart(self.left)
        self.ratable.restart(on, self.ends_on)
