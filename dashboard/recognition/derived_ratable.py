"""How ratable amounts came about: the part of each term that passed in a period, of the price spread over it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from dashboard.recognition.derived_words import Line, half_up, in_full
from queries.instalments import Term, progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dashboard.recognition.derived_words import Lot

_DAY: Final = timedelta(days=1)
_MILLS: Final = 1_000


def lines(spans: Iterable[Mapping[str, Any]], lots: Mapping[str, Lot], opening: date, closing: date) -> list[Line]:
    """The lines of every lot after a day and up to another.

    Args:
        spans: rows of ratable_spans.
        lots: the lots by id.
        opening: the last day before.
        closing: the last day of.
    """
    layers: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for span in spans:
        layers.setdefault((span["lot_id"], span["layer_id"]), []).append(span)
    found: list[Line] = []
    for (lot_id, _), own in layers.items():
        found += _layer(sorted(own, key=lambda span: span["starts_on"]), lots[lot_id], opening, closing)
    return found


def _layer(spans: Sequence[Mapping[str, Any]], lot: Lot, opening: date, closing: date) -> list[Line]:
    """One layer's lines: each span takes over from the one before, to the cent."""
    found: list[Line] = []
    before: Mapping[str, Any] | None = None
    for span in spans:
        last = min(closing, span["before"] - _DAY) if span["before"] else closing
        if last > opening and span["starts_on"] <= last:
            continued = span if opening >= span["starts_on"] else before
            since = opening if opening >= span["starts_on"] else span["starts_on"] - _DAY
            taken = _to_date(continued, since, lot) if continued else (Decimal(0), Decimal(0))
            found += _span(span, lot, since, last, taken)
        before = span
    return found


def _span(span: Mapping[str, Any], lot: Lot, since: date, last: date, taken: tuple[Decimal, Decimal]) -> list[Line]:
    ratable, adjustment = _to_date(span, last, lot)
    accrued, adjusted = ratable - taken[0], adjustment - taken[1]
    found = []
    if adjusted:
        text = f"Price changed or service ended: {lot.money(adjusted)} for what was recognised before"
        found.append(Line(max(since + _DAY, span["starts_on"]), lot.lot_id, text, "R7.5, R7.6", None, adjusted))
    if accrued:
        text, rule = _passed(span, lot, since, last, accrued)
        found.append(Line(min(last, max(span["ends_on"], since + _DAY)), lot.lot_id, text, rule, None, accrued))
    return found


def _passed(span: Mapping[str, Any], lot: Lot, since: date, last: date, accrued: Decimal) -> tuple[str, str]:
    """The part of the term that passed, of the price spread over it."""
    term = Term(span["convention"], span["starts_on"], span["ends_on"])
    (done, whole), (done_before, _) = progress(term, last), progress(term, max(since, term.starts_on - _DAY))
    spread = Fraction(int(span["spread"]), int(span["denominator"]) * _MILLS)
    exact = half_up(spread * (done - done_before) / whole, lot.currency)
    price = lot.money(half_up(spread, lot.currency))
    respread = " left to spread by then" if span["base"] else ""
    rounded = "" if exact == accrued else "; to the cent of the running total (R10.1)"
    rule = "R3.1" if term.convention == "daily" else "R3.3"
    part = _part(term.convention, done - done_before, whole)
    text = f"{part} of {price}{respread} = {lot.money(accrued)}{rounded}"
    return text, f"{rule}, R3.5" if span["base"] else rule


def _part(convention: str, done: int, whole: int) -> str:
    if convention == "daily":
        return f"{done:,} of {whole:,} days"
    if convention == "month_even":
        return f"{done} of {whole} equal monthly instalments"
    if convention == "month_half":
        return f"{in_full(Decimal(done) / 2)} of {in_full(Decimal(whole) / 2)} months, the first and last half"
    share = Decimal(done) / Decimal(whole) * 100
    return f"{share:.4f}% by months in proportion to their days"


def _to_date(span: Mapping[str, Any], through: date, lot: Lot) -> tuple[Decimal, Decimal]:
    """Ratable revenue and adjustment to a day, as the chain rounds them (R10.1)."""
    term = Term(span["convention"], span["starts_on"], span["ends_on"])
    done, whole = progress(term, max(through, term.starts_on - _DAY))
    denominator = int(span["denominator"]) * _MILLS
    base, spread, adjustment = (Fraction(int(span[name]), denominator) for name in ("base", "spread", "adjustment"))
    passed = spread * done / whole
    ratable = half_up(base + passed, lot.currency)
    return ratable, half_up(base + adjustment + passed, lot.currency) - ratable
