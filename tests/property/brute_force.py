"""A second, slow reading of the rules, written without looking at the kernel: one day at a time, in exact fractions.

A book is a dict of table name to rows (plain dicts, as in data/schema.py). `read_book` walks every contract from its
first day to its last and writes down what moved; the revenue functions below read only that record.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]

ONE_DAY = timedelta(days=1)
MINOR_DIGITS = {"USD": 2, "JPY": 0, "KWD": 3}


@dataclass
class Reading:
    """What happened: all quantities are exact, all lists chronological within a contract."""

    #: (consumption_id, lot_id, day, quantity)
    draws: list[tuple[str, str, date, Fraction]] = field(default_factory=list)
    #: consumption_id -> quantity no lot covers
    overage: dict[str, Fraction] = field(default_factory=dict)
    #: (lot_id, the amendment or reversal that caused it or None for the passing of time, day) -> quantity
    lapses: dict[tuple[str, str | None, date], Fraction] = field(default_factory=dict)
    #: (lot_id, amendment or None for the purchase, day, quantity)
    grants: list[tuple[str, str | None, date, Fraction]] = field(default_factory=list)
    #: lot_id -> quantity left after the last day
    remaining: dict[str, Fraction] = field(default_factory=dict)

    def drawn(self, lot_id: str, day: date) -> Fraction:
        return sum((q for _, lot, on, q in self.draws if lot == lot_id and on <= day), Fraction(0))

    def lapsed(self, lot_id: str, day: date) -> Fraction:
        return sum((q for (lot, _, on), q in self.lapses.items() if lot == lot_id and on <= day), Fraction(0))

    def granted(self, lot_id: str, day: date) -> Fraction:
        return sum((q for lot, _, on, q in self.grants if lot == lot_id and on <= day), Fraction(0))


def read_book(book: Rows) -> Reading:
    """Every draw, overage and lapse of a book."""
    reading = Reading()
    for contract in book["contracts"]:
        mine = {
            table: [row for row in book[table] if row["contract_id"] == contract["contract_id"]]
            for table in ("lots", "consumption", "amendments")
        }
        _Walk(contract, mine["lots"], reading).through(mine["consumption"], mine["amendments"])
    return reading


def usable_until(lot: Row) -> date | None:
    """The last day a right can be used (R1.2, R1.3); None = never ends."""
    return lot["grace_until"] or lot["expires_on"]


class _Walk:
    """One contract, walked day by day."""

    def __init__(self, contract: Row, lots: list[Row], reading: Reading) -> None:
        self.draw_order = contract["draw_order"]
        self.lots = {lot["lot_id"]: lot for lot in lots}
        self.left = {lot["lot_id"]: Fraction(lot["quantity"]) for lot in lots}
        #: line -> what it was placed on, first to last: [lot_id or None for overage, quantity not yet taken back]
        self.placed: dict[str, list[list[Any]]] = defaultdict(list)
        self.reading = reading

    def through(self, lines: list[Row], amendments: list[Row]) -> None:
        days = self.days(lines, amendments)
        day = min(days, default=date.max)
        while day <= max(days, default=date.min):
            for lot in self.lots.values():
                if lot["valid_from"] == day:
                    self.reading.grants.append((lot["lot_id"], None, day, Fraction(lot["quantity"])))
            for change in sorted(amendments, key=lambda row: row["amendment_id"]) if day in days else ():
                if change["effective_on"] == day:
                    self.amend(change, day)
            for line in sorted(lines, key=lambda row: row["line_no"]) if day in days else ():
                if line["service_date"] == day:
                    self.place(line, day)
            for lot in self.lots.values():
                self.close(lot, day)
            day += ONE_DAY
        self.reading.remaining |= self.left

    def days(self, lines: list[Row], amendments: list[Row]) -> set[date]:
        """Every day something is said about."""
        days = {line["service_date"] for line in lines} | {change["effective_on"] for change in amendments}
        for lot in self.lots.values():
            days |= {lot[name] for name in ("valid_from", "expires_on", "grace_until") if lot[name]}
        return days

    def place(self, line: Row, day: date) -> None:
        if line["quantity"] > 0:
            self.deliver(line, day)
        else:
            self.take_back(line, day)

    def amend(self, change: Row, day: date) -> None:
        lot_id, quantity = change["lot_id"], Fraction(change["quantity"])
        if change["kind"] == "remove_units":
            quantity = -min(quantity, self.left[lot_id])
        counts_on = max(day, self.lots[lot_id]["valid_from"])  # the purchase itself counts from that day
        if quantity:
            self.reading.grants.append((lot_id, change["amendment_id"], counts_on, quantity))
        if self.is_open(lot_id, day):
            self.left[lot_id] += quantity
        else:
            self.lapse(lot_id, change["amendment_id"], day, quantity)

    def deliver(self, line: Row, day: date) -> None:
        wanted = Fraction(line["quantity"])
        for lot_id in self.candidates(line, day):
            part = min(wanted, self.left[lot_id])
            if part > 0:
                self.left[lot_id] -= part
                wanted -= part
                self.placed[line["consumption_id"]].append([lot_id, part])
                self.reading.draws.append((line["consumption_id"], lot_id, day, part))
        if wanted > 0:
            self.placed[line["consumption_id"]].append([None, wanted])
            self.beyond(line, wanted)

    def candidates(self, line: Row, day: date) -> list[str]:
        """The lots the line may draw, in the order it draws them (R2.1 to R2.3)."""

        def eligible(lot: Row) -> bool:
            return (
                lot["valid_from"] <= day
                and self.is_open(lot["lot_id"], day)
                and (lot["scope"] == "any" or line["service_type"] in lot["scope"].split("|"))
                and lot["unit"] == line["unit"]
                and line["lot_id"] in (None, lot["lot_id"])
            )

        def order(lot: Row) -> tuple[Any, ...]:
            in_grace = lot["expires_on"] is not None and day > lot["expires_on"]
            return (
                in_grace if self.draw_order == "current_term_first" else False,
                usable_until(lot) or date.max,
                1000 if lot["scope"] == "any" else len(lot["scope"].split("|")),
                lot["valid_from"],
                lot["lot_id"],
            )

        return [lot["lot_id"] for lot in sorted(filter(eligible, self.lots.values()), key=order)]

    def take_back(self, line: Row, day: date) -> None:
        wanted = -Fraction(line["quantity"])
        for part in reversed(self.placed.get(line["reverses"], [])):
            lot_id, quantity = part[0], min(part[1], wanted)
            if quantity == 0:
                continue
            part[1] -= quantity
            wanted -= quantity
            if lot_id is None:
                self.beyond(line, -quantity)
                continue
            self.reading.draws.append((line["consumption_id"], lot_id, day, -quantity))
            if self.is_open(lot_id, day):
                self.left[lot_id] += quantity
            else:
                self.lapse(lot_id, line["consumption_id"], day, quantity)
        if wanted > 0:
            self.beyond(line, -wanted)

    def close(self, lot: Row, day: date) -> None:
        lot_id = lot["lot_id"]
        if day == lot["expires_on"] and lot["carry_over_cap_quantity"] is not None:
            above = max(Fraction(0), self.left[lot_id] - Fraction(lot["carry_over_cap_quantity"]))
            self.left[lot_id] -= above
            self.lapse(lot_id, None, day, above)
        if day == usable_until(lot):
            self.lapse(lot_id, None, day, self.left[lot_id])
            self.left[lot_id] = Fraction(0)

    def is_open(self, lot_id: str, day: date) -> bool:
        last = usable_until(self.lots[lot_id])
        return last is None or day <= last

    def lapse(self, lot_id: str, cause: str | None, day: date, quantity: Fraction) -> None:
        if quantity > 0:
            lapses = self.reading.lapses
            lapses[lot_id, cause, day] = lapses.get((lot_id, cause, day), Fraction(0)) + quantity

    def beyond(self, line: Row, quantity: Fraction) -> None:
        overage = self.reading.overage
        overage[line["consumption_id"]] = overage.get(line["consumption_id"], Fraction(0)) + quantity


# Revenue


def rounded(amount: Fraction, currency: str) -> Fraction:
    """To the currency's minor unit, half-up, away from zero (R10.2)."""
    scale = 10 ** MINOR_DIGITS[currency]
    whole, rest = divmod(abs(amount) * scale, 1)
    nearest = Fraction(whole + (1 if rest >= Fraction(1, 2) else 0), scale)
    return nearest if amount >= 0 else -nearest


def unit_price(lot: Row) -> Fraction:
    return Fraction(lot["amount"]) / Fraction(lot["quantity"])


def on_delivery(reading: Reading, lot: Row, contract: Row, day: date) -> tuple[Fraction, Fraction]:
    """(delivery, breakage) recognised by the close of a day: policy 2, component chain of R10.1."""
    drawn, lapsed = reading.drawn(lot["lot_id"], day), reading.lapsed(lot["lot_id"], day)
    delivery = rounded(unit_price(lot) * drawn, contract["currency"])
    return delivery, rounded(unit_price(lot) * (drawn + lapsed), contract["currency"]) - delivery


def ratable(reading: Reading, lot: Row, contract: Row, day: date) -> Fraction:
    """Recognised by the close of a day under policy 1: every grant is rounded like a lot of its own (R7.7).

    What a grant costs is what it adds to the lot's price so far, rounded.
    """
    recognised, price_before = Fraction(0), Fraction(0)
    for price, part in spreads(reading, lot, contract, day):
        price_after = rounded(price, contract["currency"])
        recognised += rounded((price_after - price_before) * part, contract["currency"])
        price_before = price_after
    return recognised


def spreads(reading: Reading, lot: Row, contract: Row, day: date) -> list[tuple[Fraction, Fraction]]:
    """Of every grant, purchase first: (the lot's exact price with it, the part of the grant recognised by a day).

    A grant spreads from its own day over what is left of the term (R3.1). A lot that never expires has no stated term:
    it spreads over its contract's, and not at all if that is open-ended.
    """
    end = lot["expires_on"] or contract["ends_on"]
    if end is None:
        return []
    found, units = [], Fraction(0)
    mine = [grant for grant in reading.grants if grant[0] == lot["lot_id"]]
    for _, _, on, quantity in sorted(mine, key=lambda grant: grant[1] is not None):
        units += quantity
        found.append((unit_price(lot) * units, progress(contract["recognition_convention"], on, end, day)))
    return found


def overage_revenue(reading: Reading, line: Row, rates: list[Row], currency: str) -> tuple[str, Fraction]:
    """(status, revenue) of a line's overage (R9.2, R9.3)."""
    for rate in rates:
        if (rate["contract_id"], rate["service_type"]) == (line["contract_id"], line["service_type"]):
            exact = reading.overage[line["consumption_id"]] * Fraction(rate["overage_rate"])
            return "billable", rounded(exact, currency)
    return "unpriced", Fraction(0)


def progress(convention: str, start: date, end: date, day: date) -> Fraction:
    """The part of a term recognised by the close of a day (R3.1 to R3.3); a grant after the term counts at once."""
    if day < start:
        return Fraction(0)
    if start > end:
        return Fraction(1)
    if convention == "daily":
        return Fraction((min(day, end) - start).days + 1, (end - start).days + 1)
    weights = _weights(convention, start, end)
    posted = [weight for month_end, weight in weights if min(month_end, end) <= day]
    return sum(posted, Fraction(0)) / sum((weight for _, weight in weights), Fraction(0))


def _weights(convention: str, start: date, end: date) -> list[tuple[date, Fraction]]:
    """(last day of the month, its weight) for every calendar month of a term."""
    months = [_month_end(start)]
    while months[-1] < end:
        months.append(_month_end(months[-1] + ONE_DAY))
    if convention == "month_even":
        count = 1
        while months_later(start, count) <= end:
            count += 1
        return [(month, Fraction(1 if number < count else 0)) for number, month in enumerate(months)]
    if convention == "month_half":
        ends_are_half = start.day != 1 and len(months) > 1
        return [
            (month, Fraction(1, 2) if ends_are_half and month in (months[0], months[-1]) else Fraction(1))
            for month in months
        ]
    return [
        (month, Fraction((min(month, end) - max(month.replace(day=1), start)).days + 1, month.day)) for month in months
    ]


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def months_later(day: date, count: int) -> date:
    """The same day number `count` months later, or that month's last day where it has fewer days."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
