"""What the figures must say of a book that was read: revenue by lot, and the roll-forward of every contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.property.accounts import NIL
from tests.property.brute_force import Reading, Row, Rows, read_book
from tests.property.layers import POLICIES, Amounts
from tests.property.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

THE_END = date(9999, 12, 31)


@dataclass(frozen=True)
class Expected:
    """A book and what the rules say of it."""

    book: Rows

    @cached_property
    def reading(self) -> Reading:
        return read_book(self.book)

    _known: dict[tuple[str, str, date], Amounts] = field(default_factory=dict, repr=False)

    def lot(self, lot_id: str, policy: str, day: date) -> Amounts:
        """Recognised of a lot by the close of a day; every layer is rounded by itself (R10.1)."""
        key = (lot_id, policy, day)
        if key not in self._known:
            lot, total = self.reading.lots[lot_id], Amounts()
            for layer in lot.layers:
                total = total.plus(layer.recognised(policy, day, lot.contract["currency"]))
            self._known[key] = total
        return self._known[key]

    def units(self, lot_id: str, day: date) -> tuple[Fraction, Fraction, Fraction]:
        """Units of a lot granted, drawn and lapsed by the close of a day."""
        moved = [(kind, quantity) for on, kind, quantity in self._moved[lot_id] if on <= day]
        granted, drawn, lapsed = (
            sum((quantity for kind, quantity in moved if kind == wanted), NIL)
            for wanted in ("granted", "drawn", "lapsed")
        )
        return granted, drawn, lapsed

    @cached_property
    def _moved(self) -> dict[str, list[tuple[date, str, Fraction]]]:
        return self.reading.by_lot()

    def contract(self, contract_id: str, policy: str, day: date) -> Amounts:
        total = Amounts()
        for lot in self.of_contract("lots", contract_id):
            total = total.plus(self.lot(lot["lot_id"], policy, day))
        return total

    def of_contract(self, table: str, contract_id: str) -> list[Row]:
        return self._by_contract[table].get(contract_id, [])

    @cached_property
    def _by_contract(self) -> dict[str, dict[str, list[Row]]]:
        tables: dict[str, dict[str, list[Row]]] = {name: {} for name in self.book}
        for name, rows in self.book.items():
            for row in rows:
                tables[name].setdefault(row.get("contract_id", ""), []).append(row)
        return tables

    def billed(self, contract_id: str, day: date) -> tuple[Fraction, Fraction]:
        """(invoiced, credited) by the close of a day, both positive."""
        amounts = [
            Fraction(row["amount"]) for row in self.of_contract("billings", contract_id) if row["billed_on"] <= day
        ]
        return sum((each for each in amounts if each > 0), NIL), -sum((each for each in amounts if each < 0), NIL)

    def overage(self, contract: Row, day: date) -> Fraction:
        """Revenue beyond the lots by the close of a day, each line rounded (R9.2)."""
        total = NIL
        rates = self.of_contract("rate_card", contract["contract_id"])
        for line in self.of_contract("consumption", contract["contract_id"]):
            if line["service_date"] <= day:
                total += overage_revenue(self.reading, line, rates, contract["currency"])[1]
        return total

    def rollforward(self, contract: Row, policy: str, boundaries: Sequence[date]) -> list[dict[str, object]]:
        """The contract's periods (R8.1)."""
        at = {day: self._standing(contract, policy, day) for day in boundaries}
        periods: list[dict[str, object]] = []
        for opened, closed in pairwise(sorted(at)):
            before, after = at[opened], at[closed]
            periods.append(
                {"period_end": closed, "opening": before["closing"]}
                | {name: after[name] - before[name] for name in after if name != "closing"}
                | {"closing": after["closing"], "cumulative_revenue": after["revenue_total"]}
            )
        return periods

    def _standing(self, contract: Row, policy: str, day: date) -> dict[str, Fraction]:
        amounts = self.contract(contract["contract_id"], policy, day)
        invoiced, credited = self.billed(contract["contract_id"], day)
        return {
            "billings": invoiced,
            "refunds": credited,
            "escheat": amounts.escheat,
            "revenue_ratable": amounts.ratable,
            "revenue_delivery": amounts.delivery,
            "revenue_breakage": amounts.breakage,
            "revenue_adjustment": amounts.adjustment,
            "revenue_total": amounts.revenue,
            "overage_revenue": self.overage(contract, day),
            "closing": invoiced - credited - amounts.gone,
        }


def overage_revenue(reading: Reading, line: Row, rates: list[Row], currency: str) -> tuple[str, Fraction]:
    """(status, revenue) of a line's overage (R9.2, R9.3)."""
    quantity = reading.overage.get(line["consumption_id"], NIL)
    for rate in rates:
        if (rate["contract_id"], rate["service_type"]) == (line["contract_id"], line["service_type"]):
            return "billable", rounded(quantity * Fraction(rate["overage_rate"]), currency)
    return "unpriced", NIL


def policies_of(contract: Row) -> dict[str, str]:
    """Every policy a figure shows, and the one it is: `booked` is the contract's own."""
    return {policy: policy for policy in POLICIES} | {"booked": contract["recognition_method"]}
