"""What a client's statement of a month says: the page, the PDF and the workbook show these figures and no others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dashboard.statement.month import Month
    from data.snapshots import Snapshot

#: How figures are asked for: `View.ask`, or `Book.run`.
Ask: TypeAlias = "Callable[..., pl.DataFrame]"


class Units(NamedTuple):
    """What became of some units in the month: opening + bought + in - out + restored - used - lapsed = closing."""

    opening: Decimal
    bought: Decimal
    transferred_in: Decimal
    transferred_out: Decimal
    restored: Decimal
    used: Decimal
    lapsed: Decimal
    closing: Decimal

    @property
    def available(self) -> Decimal:
        """What could be used in the month."""
        return self.opening + self.bought + self.transferred_in - self.transferred_out + self.restored


@dataclass(frozen=True)
class Holding:
    """Units of one kind bought in one currency, what became of them, and the price of what is left."""

    unit: str
    currency: str
    units: Units
    closing_amount: Decimal


@dataclass(frozen=True)
class Lot(Holding):
    """One purchased tranche, and until when it can be used.

    Attributes:
        capped_on: the day at whose close units above its carry-over cap lapse; None where none would.
        above_cap: the units left that lapse then unless they are used.
        above_cap_amount: their price.
    """

    lot_id: str
    contract_id: str
    service: str
    expires_on: date | None
    usable_until: date | None
    capped_on: date | None
    above_cap: Decimal
    above_cap_amount: Decimal

    @property
    def left(self) -> tuple[Left, ...]:
        """What is left of it by the day it ends: what is above a carry-over cap apart from what is carried over."""
        is_capped = self.above_cap > 0
        kept, worth = self.units.closing - self.above_cap, self.closing_amount - self.above_cap_amount
        parts = (
            Left(self, self.above_cap, self.above_cap_amount, self.capped_on, "above the cap" if is_capped else ""),
            Left(self, kept, worth, self.usable_until, "carried over" if is_capped else ""),
        )
        return tuple(part for part in parts if part.quantity > 0)


class Left(NamedTuple):
    """Units left of a lot, their price, the last day they can be used, and which part of a capped lot they are."""

    lot: Lot
    quantity: Decimal
    amount: Decimal
    until: date | None
    part: str


@dataclass(frozen=True)
class Delivery:
    """One delivery line or reversal, as `queries/deliveries.sql` has it."""

    consumption_id: str
    contract_id: str
    service_date: date
    posted_on: date
    service_type: str
    project_name: str | None
    program_name: str | None
    request_title: str | None
    departments: str | None
    reverses: str | None
    unit: str
    quantity: Decimal
    overage_quantity: Decimal
    lots_drawn: str | None
    currency: str
    drawn_amount: Decimal
    overage_amount: Decimal
    overage_status: str | None


@dataclass(frozen=True)
class Project:
    """What was delivered for one project, in one unit."""

    name: str | None
    program: str | None
    unit: str
    currency: str
    quantity: Decimal


@dataclass(frozen=True)
class Beyond:
    """What no lot of a contract covered, in one unit: billable where a rate is agreed, else unpriced."""

    contract_id: str
    status: str
    unit: str
    currency: str
    quantity: Decimal
    amount: Decimal


class Point(NamedTuple):
    """What was left of a lot at the close of a day, and what an even pace would have left."""

    on: date
    remaining: Decimal
    ideal: Decimal | None


@dataclass(frozen=True)
class Statement:
    """A client's month.

    Attributes:
        account_id: the client.
        client: the client's name.
        month: the days it is about.
        snapshot_id: what it rests on.
        known_on: the day of that snapshot: what is posted later is not in it.
        only: which of the client's contracts it is narrowed to, in words; empty where it is to none.
        lots: every lot that held or moved units, by contract and last usable day.
        deliveries: what was delivered, day by day.
        courses: how each lot that is left has burnt down, by lot.
    """

    account_id: str
    client: str
    month: Month
    snapshot_id: str
    known_on: date
    only: str
    lots: tuple[Lot, ...]
    deliveries: tuple[Delivery, ...]
    courses: dict[str, tuple[Point, ...]]

    @property
    def totals(self) -> tuple[Holding, ...]:
        """The lots added up, unit by unit and currency by currency: others are never added."""
        groups: dict[tuple[str, str], list[Lot]] = defaultdict(list)
        for lot in self.lots:
            groups[lot.unit, lot.currency].append(lot)
        return tuple(
            Holding(
                *key,
                Units(*_sums(lot.units for lot in lots)),
                _sum(lot.closing_amount for lot in lots),
            )
            for key, lots in sorted(groups.items())
        )

    def lots_of(self, total: Holding) -> list[Lot]:
        """The lots a total adds up."""
        return [lot for lot in self.lots if (lot.unit, lot.currency) == (total.unit, total.currency)]

    @property
    def left(self) -> tuple[Left, ...]:
        """What is left, what ends next first, what never ends last."""
        left = [part for lot in self.lots for part in lot.left]
        return tuple(sorted(left, key=lambda part: (part.until or date.max, part.lot.lot_id)))

    @property
    def contracts(self) -> tuple[str, ...]:
        """The contracts it is about: those that held or moved units, or were delivered to."""
        named = {lot.contract_id for lot in self.lots} | {line.contract_id for line in self.deliveries}
        return tuple(sorted(named))

    @property
    def delivered(self) -> dict[tuple[str, str], Decimal]:
        """Units delivered, within the lots and beyond them, by unit and currency."""
        return {key: _sum(line.quantity for line in lines) for key, lines in self._grouped(lambda _: ()).items()}

    @property
    def projects(self) -> tuple[Project, ...]:
        """The deliveries added up by project and unit, the most used of a unit first."""
        groups = self._grouped(lambda line: (line.project_name, line.program_name))
        found = [Project(*key, *_sums((line.quantity,) for line in lines)) for key, lines in groups.items()]
        return tuple(sorted(found, key=lambda one: (one.unit, one.currency, -one.quantity, one.name or "")))

    @property
    def beyond(self) -> tuple[Beyond, ...]:
        """What no lot covered, by contract and unit."""
        groups = self._grouped(lambda line: (line.contract_id, line.overage_status))
        return tuple(
            Beyond(*key, *_sums((line.overage_quantity, line.overage_amount) for line in lines))
            for key, lines in groups.items()
            if key[1] is not None
        )

    def _grouped(self, by: Callable[[Delivery], tuple[Any, ...]]) -> dict[tuple[Any, ...], list[Delivery]]:
        """The deliveries by something, their unit and their currency."""
        groups: dict[tuple[Any, ...], list[Delivery]] = defaultdict(list)
        for line in self.deliveries:
            groups[*by(line), line.unit, line.currency].append(line)
        return groups


def statements(ask: Ask, snapshot: Snapshot, month: Month, *, only: str, **narrowed: str) -> dict[str, Statement]:
    """The statement of every client who held units or was delivered to in a month, by account_id.

    Args:
        ask: asks the figures, in the scope of who may see them.
        snapshot: what they rest on.
        month: the days asked about.
        only: which contracts `ask` is narrowed to, in words; empty where it is to none of a client's.
        **narrowed: filters to narrow the clients or contracts further, such as `account`.

    Raises:
        FigureError: a filter that there is not.
    """
    span = {"first_day": month.first_day, "last_day": month.last_day}
    balances, lines = (ask(name, **span, **narrowed) for name in ("statement_balances", "deliveries"))
    left = balances.filter(pl.col("closing_quantity") > 0)
    lots, deliveries, names = defaultdict(list), defaultdict(list), {}
    for row in balances.iter_rows(named=True):
        names[row["account_id"]] = row["account_name"]
        lots[row["account_id"]].append(_lot(row))
    for row in lines.iter_rows(named=True):
        names[row["account_id"]] = row["account_name"]
        deliveries[row["account_id"]].append(Delivery(**{name: row[name] for name in _DELIVERY}))
    courses = _courses(ask("burn_down", as_of=month.last_day, **narrowed), left["lot_id"])
    return {
        account_id: Statement(
            account_id,
            names[account_id],
            month,
            snapshot.snapshot_id,
            snapshot.dated_on,
            only,
            tuple(lots[account_id]),
            tuple(deliveries[account_id]),
            {lot.lot_id: courses[lot.lot_id] for lot in lots[account_id] if lot.lot_id in courses},
        )
        for account_id in sorted(names)
    }


_DELIVERY = tuple(field.name for field in fields(Delivery))


def _lot(row: dict[str, Any]) -> Lot:
    named = (
        *("lot_id", "contract_id", "service", "unit", "currency", "closing_amount", "expires_on", "usable_until"),
        *("capped_on", "above_cap_amount"),
    )
    units = Units(*(row[f"{name}_quantity"] for name in Units._fields))
    return Lot(
        **{name: row[name] for name in named},
        units=units,
        above_cap=row["above_cap_quantity"],
    )


def _courses(burn_down: pl.DataFrame, lot_ids: pl.Series) -> dict[str, tuple[Point, ...]]:
    found: dict[str, list[Point]] = defaultdict(list)
    rows = burn_down.filter(pl.col("lot_id").is_in(lot_ids.to_list()))
    for lot_id, *point in rows.select("lot_id", "on_date", "remaining_quantity", "ideal_quantity").iter_rows():
        found[lot_id].append(Point(*point))
    return {lot_id: tuple(points) for lot_id, points in found.items()}


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


def _sums(rows: Iterable[tuple[Decimal, ...]]) -> list[Decimal]:
    return [_sum(column) for column in zip(*rows, strict=True)]
