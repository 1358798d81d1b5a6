"""The lines behind one contract's revenue in a period: the ledger's postings, told one by one, and held against it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboard.recognition import derived_ratable
from dashboard.recognition.derived_words import Event, Line, Lot, line
from dashboard.recognition.words import BOOKED
from queries.calendar import BEGINNING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from dashboard.session import View

_RATABLE = "ratable"


@dataclass(frozen=True)
class Derivation:
    """What was recognised before, the lines of the period, and what the figures say both come to."""

    lots: Sequence[Lot]
    lines: Sequence[Line]
    opening: Decimal
    amount: Decimal

    @property
    def adds_up(self) -> bool:
        """Whether the lines come to the amount, to the cent."""
        return sum((one.amount for one in self.lines), start=Decimal(0)) == self.amount


def derive(view: View, contract_id: str, policy: str, opening: date | None, closing: date) -> Derivation:
    """The derivation of a contract's revenue.

    Args:
        view: whose snapshot and scenario to ask.
        contract_id: the contract.
        policy: one of the five; `booked` is told in the words of the policy each lot is booked under.
        opening: the last day before the period; None = everything up to its end.
        closing: the last day of the period.
    """
    since = opening or BEGINNING
    asked = view.ask("revenue_by_lot", contract=contract_id, boundaries=[since, closing]).filter(policy=policy)
    components = pl.sum_horizontal("ratable", "delivery", "breakage", "adjustment")
    by_end = dict(asked.group_by("period_end").agg(components.sum()).iter_rows())
    lots = _lots(view, contract_id)
    lines = [*_by_time(view, contract_id, policy, lots, since, closing)]
    lines += _by_use(view, contract_id, policy, lots, since, closing)
    lines.sort(key=lambda one: (one.on, one.lot_id))
    opened, amount = (Decimal(by_end.get(end, 0)) for end in (since, closing))
    return Derivation(list(lots.values()), lines, opened, amount)


def _lots(view: View, contract_id: str) -> dict[str, Lot]:
    columns = ("lot_id", "service", "currency", "unit", "quantity", "amount", "expires_on", "usable_until")
    rows = view.ask("lot_terms", contract=contract_id).select(columns)
    return {row["lot_id"]: Lot(**row) for row in rows.iter_rows(named=True)}


def _policies(view: View, contract_id: str, policy: str, lots: Mapping[str, Lot]) -> dict[str, str]:
    """The policy each lot's amounts are told under."""
    if policy != BOOKED:
        return dict.fromkeys(lots, policy)
    return dict(view.ask("lot_policies", contract=contract_id).select("lot_id", "policy").iter_rows())


def _by_time(
    view: View, contract_id: str, policy: str, lots: Mapping[str, Lot], opening: date, closing: date
) -> list[Line]:
    wanted = [lot for lot, told in _policies(view, contract_id, policy, lots).items() if told == _RATABLE]
    if not wanted:
        return []
    spans = view.ask("ratable_spans", contract=contract_id).filter(pl.col("lot_id").is_in(wanted))
    return derived_ratable.lines(spans.iter_rows(named=True), lots, opening, closing)


def _by_use(
    view: View, contract_id: str, policy: str, lots: Mapping[str, Lot], opening: date, closing: date
) -> list[Line]:
    told = _policies(view, contract_id, policy, lots)
    postings = view.ask("postings", contract=contract_id).filter(
        pl.col("posted_on").is_between(opening, closing, closed="right"),
        pl.col("policy") == pl.col("lot_id").replace_strict(told, default=None, return_dtype=pl.String),
    )
    if postings.is_empty():
        return []
    moved = dict(view.ask("movements", contract=contract_id).select("movement_no", "quantity").iter_rows())
    rates = _rates(view, contract_id)
    details = _details(view, contract_id)
    return [
        line(_event(posting, moved, rates.get(posting["lot_id"], []), details), lots[posting["lot_id"]])
        for posting in postings.iter_rows(named=True)
    ]


def _event(
    posting: dict[str, Any],
    moved: Mapping[int, Decimal],
    rates: Sequence[tuple[date, Decimal]],
    details: Mapping[str, Mapping[str, Any]],
) -> Event:
    """A posting with the units that moved and the estimates in force on its day and before it."""
    in_force = [rate for effective_on, rate in rates if effective_on <= posting["posted_on"]]
    rate, rate_before = [None, None, *in_force][-1], [None, None, *in_force][-2]
    quantity = moved.get(posting["movement_no"], Decimal(0))
    return Event(posting, quantity, rate, rate_before, details.get(posting["event_id"]))


def _rates(view: View, contract_id: str) -> dict[str, list[tuple[date, Decimal]]]:
    rows = view.ask("lot_estimates", contract=contract_id).sort("lot_id", "effective_on")
    found: dict[str, list[tuple[date, Decimal]]] = {}
    for lot_id, effective_on, rate in rows.select("lot_id", "effective_on", "rate").iter_rows():
        found.setdefault(lot_id, []).append((effective_on, rate))
    return found


def _details(view: View, contract_id: str) -> dict[str, dict[str, Any]]:
    """The amendments and assessments of the contract, by their ids."""
    found: dict[str, dict[str, Any]] = {}
    for table, key in (("amendments", "amendment_id"), ("remote_assessments", "assessment_id")):
        rows = view.source(table, contract=contract_id)
        found.update({row[key]: row for row in rows.iter_rows(named=True)})
    return found
