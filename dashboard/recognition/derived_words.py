"""How one amount came about, in one readable line: units, price, rule."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from dashboard import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

_CUMULATIVE: Final = "; to the cent of the running total (R10.1)"


@dataclass(frozen=True)
class Line:
    """One posting: its day, lot, words, rule, source row and amounts."""

    on: date
    lot_id: str
    text: str
    rule: str
    source: str | None
    amount: Decimal
    escheat: Decimal = Decimal(0)


@dataclass(frozen=True)
class Lot:
    """What a line needs of its lot."""

    lot_id: str
    service: str
    currency: str
    unit: str
    quantity: Decimal
    amount: Decimal
    expires_on: date | None
    usable_until: date | None

    @property
    def price(self) -> Fraction:
        """Of one unit, before amendments."""
        return Fraction(self.amount) / Fraction(self.quantity)

    def units(self, quantity: Decimal) -> str:
        """A quantity in full, with its unit: `6.25 hours`."""
        if fmt.is_money(self.unit):
            return fmt.money_in_full(quantity, self.unit)
        text = in_full(quantity)
        return f"{text} {fmt.unit_in_words(self.unit, text)}"

    def money(self, amount: Decimal) -> str:
        """An amount to the cent."""
        return fmt.money_in_full(amount, self.currency)


@dataclass(frozen=True)
class Event:
    """A posting with what moved, and what is known of the row it comes from."""

    posting: Mapping[str, Any]
    quantity: Decimal
    rate: Decimal | None
    rate_before: Decimal | None
    detail: Mapping[str, Any] | None

    @property
    def amount(self) -> Decimal:
        """Revenue, without what is owed to a government."""
        return sum((self.posting[name] for name in ("delivery", "breakage", "adjustment")), start=Decimal(0))


def in_full(quantity: Decimal) -> str:
    """A number without idle noughts: `6`, `6.25`, `1,250`."""
    return f"{quantity.normalize():,f}"


def half_up(value: Fraction, currency: str) -> Decimal:
    """An exact amount to the currency's minor digits, half away from zero (R10.2)."""
    digits = fmt.minor_digits(currency)
    scaled = abs(value) * 10**digits
    whole = Decimal((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator))
    return (whole if value >= 0 else -whole).scaleb(-digits)


def percent(rate: Decimal) -> str:
    """A rate as people write it: `25%`, `12.5%`."""
    return f"{in_full((rate * 100).quantize(Decimal('0.0001'), rounding=ROUND_HALF_UP))}%"


def line(event: Event, lot: Lot) -> Line:
    """The line of one posting of a policy that follows use."""
    posting = event.posting
    text, rule = _SAID[posting["cause"]](event, lot)
    if posting["escheat"]:
        text += f"; {lot.money(posting['escheat'])} owed to a government instead"
        rule += ", R5.6"
    return Line(
        posting["posted_on"], posting["lot_id"], text, rule, posting["event_id"], event.amount, posting["escheat"]
    )


def _draw(event: Event, lot: Lot) -> tuple[str, str]:
    delivery, breakage = event.posting["delivery"], event.posting["breakage"]
    said = f"{_delivered(event.quantity, delivery, lot)} = {lot.money(delivery)}"
    if event.posting["policy"] == "proportional":
        return _in_proportion(event, said, lot)
    if breakage:
        return f"{said}; judged remote before, so breakage {lot.money(breakage)}", "R4.1, R6.3"
    return said, "R4.1"


def _delivered(quantity: Decimal, delivery: Decimal, lot: Lot) -> str:
    """Units and price: the lot's own, or what it carries for a unit after amendments."""
    exact = lot.price * Fraction(quantity)
    whole = lot.units(lot.quantity)
    least = Decimal(1).scaleb(-fmt.minor_digits(lot.currency))
    if abs(exact - Fraction(delivery)) > Fraction(least):
        return f"{lot.units(quantity)} delivered at what the lot carries for them after amendments"
    rounded = "" if half_up(exact, lot.currency) == delivery else _CUMULATIVE
    part = lot.units(quantity) if fmt.is_money(lot.unit) else in_full(quantity)
    price = half_up(lot.price, lot.currency)
    if Fraction(price) != lot.price:
        return f"{part} of {whole} delivered, of a price of {lot.money(lot.amount)}{rounded}"
    if fmt.is_money(lot.unit) and price == 1:
        return f"{part} of {whole} delivered{rounded}"
    return f"{part} of {whole} delivered \N{MULTIPLICATION SIGN} {lot.money(price)}{rounded}"


def _in_proportion(event: Event, said: str, lot: Lot) -> tuple[str, str]:
    breakage = event.posting["breakage"]
    if not event.rate:
        return f"{said}; no breakage is expected", "R4.1, R5.5"
    if breakage < 0:
        return f"{said}; breakage taken before is taken back, {lot.money(breakage)}", "R5.1, R5.3"
    return f"{said}, with breakage in proportion at {percent(event.rate)}: {lot.money(breakage)}", "R5.1"


def _reversal(event: Event, lot: Lot) -> tuple[str, str]:
    delivery, breakage = event.posting["delivery"], event.posting["breakage"]
    # One entry can take back several parts of a delivery; what returns to no lot has no movement of units.
    units = f"{lot.units(abs(event.quantity))} taken back" if event.quantity else "A delivery taken back"
    if event.amount == 0:
        return f"{units} after the lapse: delivery {lot.money(delivery)}, breakage {lot.money(breakage)}", "R4.6"
    said = f"{units}: delivery {lot.money(delivery)}"
    return (f"{said}, breakage {lot.money(breakage)}" if breakage else said), "R4.5"


def _lapse(event: Event, lot: Lot) -> tuple[str, str]:
    posting = event.posting
    is_capped = posting["posted_on"] == lot.expires_on and lot.usable_until != lot.expires_on
    rule = "R7.4" if is_capped else "R5.4" if posting["policy"] == "proportional" else "R4.3"
    units = f"{lot.units(event.quantity)} {'above the carry-over cap ' if is_capped else ''}lapsed"
    if posting["policy"] == "proportional" and event.rate:
        return f"{units}: the rest of the price, {lot.money(posting['breakage'])} breakage", rule
    return f"{units} = {lot.money(posting['breakage'])} breakage", rule


def _estimate(event: Event, lot: Lot) -> tuple[str, str]:
    before, after = (percent(rate or Decimal(0)) for rate in (event.rate_before, event.rate))
    return f"Estimate {before} \N{RIGHTWARDS ARROW} {after}: cumulative catch-up {lot.money(event.amount)}", "R5.2"


def _assessment(event: Event, lot: Lot) -> tuple[str, str]:
    evidence = f" ({event.detail['evidence']})" if event.detail else ""
    return f"Further use judged remote{evidence}: {lot.money(event.posting['breakage'])} breakage", "R6.1"


def _amendment(event: Event, lot: Lot) -> tuple[str, str]:
    kind = event.detail["kind"] if event.detail else "amendment"
    rule = _AMENDED.get(kind, "R7")
    amount = lot.money(event.amount)
    if kind == "termination":
        return f"Terminated: the liability less what is refunded, {amount}", rule
    if kind == "price_change" and event.detail is not None:
        changed = lot.money(event.detail["amount"])
        return f"Price changed by {changed}: {amount} for what was recognised before", rule
    return f"{kind.replace('_', ' ').capitalize()}: {amount}", rule


def _billing(event: Event, lot: Lot) -> tuple[str, str]:
    return f"Invoiced or credited after the end: {lot.money(event.amount)}", "R7.6"


_AMENDED: Final = {
    "termination": "R7.6",
    "price_change": "R7.5",
    "extension": "R7.1",
    "transfer": "R7.2",
    "add_units": "R7.7",
}
_SAID: Final = {
    "draw": _draw,
    "reversal": _reversal,
    "lapse": _lapse,
    "estimate": _estimate,
    "assessment": _assessment,
    "amendment": _amendment,
    "billing": _billing,
}
