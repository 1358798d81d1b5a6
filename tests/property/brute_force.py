"""A second, slow reading of the rules, written without looking at the engine: one day at a time, in exact fractions.

A book is a dict of table name to rows (plain dicts, as in data/schema.py). `read_book` walks every contract from its
first day to its last and writes down what moved, and what each layer of a lot had recognised at the close of each day;
figures.py adds that up. A day on which nothing is said changes nothing but elapsed time, and is passed over.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.property.accounts import NIL
from tests.property.amending import amend, bill_after_end
from tests.property.lots import Lot, Row, bought, usable_until
from tests.property.rounding import by_largest_remainder, rounded

if TYPE_CHECKING:
    from tests.property.layers import Layer, Part

Rows = dict[str, list[Row]]

__all__ = ["Reading", "Row", "Rows", "read_book", "usable_until"]

KINDS = ("extension", "transfer", "add_units remove_units", "price_change", "termination")
TABLES_READ = ("lots", "consumption", "amendments", "billings", "remote_assessments")


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
    #: (lot_id, day) -> what a change in estimate recognised (R5.2)
    catch_ups: dict[tuple[str, date], Fraction] = field(default_factory=dict)
    #: amendment -> the units it moved or took back, and the price they had
    moved: dict[str, tuple[Fraction, Fraction]] = field(default_factory=dict)
    #: lot_id -> the lot after the last day
    lots: dict[str, Lot] = field(default_factory=dict)

    def by_lot(self) -> dict[str, list[tuple[date, str, Fraction]]]:
        """Every lot's movements: day, kind, quantity."""
        moved: dict[str, list[tuple[date, str, Fraction]]] = defaultdict(list)
        for lot_id, _, day, quantity in self.grants:
            moved[lot_id].append((day, "granted", quantity))
        for _, lot_id, day, quantity in self.draws:
            moved[lot_id].append((day, "drawn", quantity))
        for (lot_id, _, day), quantity in self.lapses.items():
            moved[lot_id].append((day, "lapsed", quantity))
        return moved

    def lapse(self, lot_id: str, cause: str | None, day: date, quantity: Fraction) -> None:
        if quantity:
            self.lapses[lot_id, cause, day] = self.lapses.get((lot_id, cause, day), NIL) + quantity


def read_book(book: Rows) -> Reading:
    """Every draw, overage and lapse of a book, and what was recognised."""
    reading = Reading()
    mine: dict[str, Rows] = {row["contract_id"]: defaultdict(list) for row in book["contracts"]}
    for table in TABLES_READ:
        for row in book[table]:
            mine[row["contract_id"]][table].append(row)
    for contract in book["contracts"]:
        theirs = mine[contract["contract_id"]]
        in_force = (None, contract["contract_id"])
        theirs["breakage_estimates"] = [row for row in book["breakage_estimates"] if row["contract_id"] in in_force]
        Walk(contract, theirs, reading).through()
    return reading


def lot_amounts(contract: Row, lots: list[Row]) -> dict[str, Fraction]:
    """What each lot costs; where nothing is stated, its share by stand-alone price of what the others leave (R9.4)."""
    stated = {lot["lot_id"]: Fraction(lot["amount"]) for lot in lots if lot["amount"] is not None}
    open_lots = [lot for lot in lots if lot["amount"] is None]
    weights = {lot["lot_id"]: Fraction(lot["quantity"]) * Fraction(lot["standalone_price"]) for lot in open_lots}
    rest = Fraction(contract["transaction_price"]) - sum(stated.values())
    return stated | (by_largest_remainder(rest, weights, contract["currency"]) if weights else {})


class Walk:
    """One contract, walked day by day."""

    def __init__(self, contract: Row, rows: Rows, reading: Reading) -> None:
        self.contract = contract
        self.rows = rows
        self.reading = reading
        amounts = lot_amounts(contract, rows["lots"])
        self.lots = {row["lot_id"]: bought(row, contract, amounts[row["lot_id"]]) for row in rows["lots"]}
        #: line -> what it was placed on, first to last; None = overage, with the quantity not yet taken back
        self.placed: dict[str, list[Part | list[Fraction]]] = defaultdict(list)
        self.escheat_rate = Fraction(contract.get("escheat_rate") or 0)

    def through(self) -> None:
        for day in sorted(self.days()):
            self.open(day)
            for change in self.amendments(day):
                amend(self, change, day)
            for line in sorted(self.rows["consumption"], key=lambda row: row["line_no"]):
                if line["service_date"] == day:
                    self.place(line, day)
            self.close(day)
            for lot in self.lots.values():
                for layer in lot.layers:
                    layer.note(day)
        self.reading.remaining |= {lot_id: lot.left for lot_id, lot in self.lots.items()}
        self.reading.lots |= self.lots

    def days(self) -> set[date]:
        """Every day something is said about."""
        days = {line["service_date"] for line in self.rows["consumption"]}
        days |= {row["billed_on"] for row in self.rows["billings"]}
        days |= {row["effective_on"] for row in self.rows["breakage_estimates"]}
        days |= {row["assessed_on"] for row in self.rows["remote_assessments"]}
        for lot in self.rows["lots"]:
            days |= {lot[name] for name in ("valid_from", "expires_on", "grace_until") if lot[name]}
        for change in self.rows["amendments"]:
            days |= {self.counts_on(change), max(self.counts_on(change), change["new_expires_on"] or date.min)}
        return days

    def counts_on(self, change: Row) -> date:
        """The first day an amendment counts: its lot's at the earliest, but units can move before that."""
        day: date = change["effective_on"]
        return day if change["kind"] == "transfer" else max(day, self.lots[change["lot_id"]].begins_on)

    def amendments(self, day: date) -> list[Row]:
        """Those that count from a day: as they were agreed, on one day in the order of R1.4."""

        def order(change: Row) -> tuple[date, int, str]:
            kind = next(place for place, kinds in enumerate(KINDS) if change["kind"] in kinds)
            return change["effective_on"], kind, change["amendment_id"]

        return sorted((row for row in self.rows["amendments"] if self.counts_on(row) == day), key=order)

    def open(self, day: date) -> None:
        """A day begins: purchases, billings, estimates."""
        for lot in self.lots.values():
            if lot.begins_on == day:
                self.reading.grants.append((lot.lot_id, None, day, Fraction(lot.row["quantity"])))
            if lot.ended_on:
                bill_after_end(self, lot, day)
            for layer in lot.layers:
                self.estimate_anew(lot, layer, day)

    def estimate_anew(self, lot: Lot, layer: Layer, day: date) -> None:
        """A catch-up is what is posted as breakage: the difference of rounded amounts (R5.2, R10.1)."""
        before = layer.standing("proportional").rounded(self.contract["currency"])
        if layer.estimate(self.estimate(lot, day)):
            caught_up = layer.standing("proportional").rounded(self.contract["currency"]).minus(before)
            catch_ups = self.reading.catch_ups
            catch_ups[lot.lot_id, day] = catch_ups.get((lot.lot_id, day), NIL) + caught_up.breakage

    def estimate(self, lot: Lot, day: date) -> Fraction:
        """The share expected to go unused: the latest estimate of the lot, else of the contract, else of everybody."""
        known = [row for row in self.rows["breakage_estimates"] if row["effective_on"] <= day]
        of_lot = [row for row in known if row["lot_id"] == lot.lot_id]
        of_contract = [row for row in known if row["contract_id"] is not None and row["lot_id"] is None]
        of_all = [row for row in known if row["contract_id"] is None]
        in_force = max(
            of_lot or of_contract or of_all, key=lambda row: (row["effective_on"], row["estimate_id"]), default=None
        )
        return Fraction(in_force["rate"]) if in_force else NIL

    def place(self, line: Row, day: date) -> None:
        if line["quantity"] > 0:
            self.deliver(line, day)
        else:
            self.take_back(line, day)

    def deliver(self, line: Row, day: date) -> None:
        wanted, placed = Fraction(line["quantity"]), self.placed[line["consumption_id"]]
        for layer in self.candidates(line, day):
            quantity = min(wanted, layer.units.left)
            if quantity > 0:
                wanted -= quantity
                placed.append(layer.draw(quantity))
                self.reading.draws.append((line["consumption_id"], layer.lot_id, day, quantity))
        if wanted > 0:
            placed.append([wanted])
            self.beyond(line, wanted)

    def candidates(self, line: Row, day: date) -> list[Layer]:
        """The layers the line may draw, in the order it draws them (R2.1 to R2.3); a layer is a lot of its own."""

        def order(place: int, layer: Layer) -> tuple[Any, ...]:
            lot = self.lots[layer.lot_id]
            in_grace = lot.expires_on is not None and day > lot.expires_on
            return (
                in_grace if self.contract["draw_order"] == "current_term_first" else False,
                lot.usable_until or date.max,
                1000 if lot.row["scope"] == "any" else len(lot.row["scope"].split("|")),
                layer.begins_on,
                lot.lot_id,
                place,
            )

        eligible = [lot for lot in self.lots.values() if lot.is_open(day) and lot.covers(line)]
        layers = [(place, layer) for lot in eligible for place, layer in enumerate(lot.layers)]
        return [layer for _, layer in sorted(layers, key=lambda each: order(*each))]

    def take_back(self, line: Row, day: date) -> None:
        """Last drawn first (R4.5); what was never delivered, or not yet, is overage less."""
        wanted = -Fraction(line["quantity"])
        for part in reversed(self.placed.get(line["reverses"], [])):
            if isinstance(part, list):
                quantity = min(part[0], wanted)
                part[0] -= quantity
                wanted -= quantity
                self.beyond(line, -quantity)
                continue
            quantity = min(part.quantity, wanted)
            if quantity == 0:
                continue
            part.quantity -= quantity
            wanted -= quantity
            lot_id, is_open = part.layer.lot_id, self.lots[part.layer.lot_id].is_open(day)
            part.layer.give_back(part, quantity, is_open=is_open)
            self.reading.draws.append((line["consumption_id"], lot_id, day, -quantity))
            if not is_open:
                self.reading.lapse(lot_id, line["consumption_id"], day, quantity)
        if wanted > 0:
            self.beyond(line, -wanted)

    def close(self, day: date) -> None:
        """A day ends: cap, remote assessment, lapse (R1.4)."""
        for lot in self.lots.values():
            if lot.ended_on is None and not lot.is_capped and day == lot.expires_on:
                self.cap(lot, day)
        for row in self.rows["remote_assessments"]:
            for lot in self.lots.values():
                if row["assessed_on"] == day and row["lot_id"] in (None, lot.lot_id):
                    for layer in lot.layers:
                        layer.assess(self.escheat_rate)
        for lot in self.lots.values():
            if lot.ended_on is None and day == lot.usable_until:
                self.reading.lapse(lot.lot_id, None, day, lot.left)
                for layer in lot.layers:
                    layer.close(self.escheat_rate)

    def cap(self, lot: Lot, day: date) -> None:
        """What is above the carry-over cap lapses, the lot's own units before those it received; once (R7.4)."""
        lot.is_capped = True
        cap = lot.row["carry_over_cap_quantity"]
        above = NIL if cap is None else max(NIL, lot.left - Fraction(cap))
        self.reading.lapse(lot.lot_id, None, day, above)
        for layer in lot.layers:
            part = min(above, layer.units.left)
            layer.lapse(part, self.escheat_rate)
            above -= part

    def billed(self, lot: Lot, day: date) -> Fraction:
        """Invoices less credit notes of a lot by a day; what names no lot is split by the lots' prices, to the cent."""
        total = NIL
        weights = {lot_id: other.amount for lot_id, other in self.lots.items()}
        if not any(weights.values()):
            weights[min(weights)] = Fraction(1)
        for row in self.rows["billings"]:
            if row["billed_on"] > day:
                continue
            if row["lot_id"] is None:
                parts = by_largest_remainder(Fraction(row["amount"]), weights, self.contract["currency"])
                total += parts[lot.lot_id]
            elif row["lot_id"] == lot.lot_id:
                total += Fraction(row["amount"])
        return total

    def rounded(self, amount: Fraction) -> Fraction:
        return rounded(amount, self.contract["currency"])

    def beyond(self, line: Row, quantity: Fraction) -> None:
        if quantity:
            overage = self.reading.overage
            overage[line["consumption_id"]] = overage.get(line["consumption_id"], NIL) + quantity
