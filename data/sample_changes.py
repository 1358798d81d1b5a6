"""What the sample firm and its clients agreed to change: extensions, transfers, units, prices, early ends.

Few lots are changed, and each for a reason its use gives: units left over, a client that slows down or leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from data.sample_book import Amendment, plus_months
from data.sample_catalog import FIRST_SNAPSHOT, LAST_SNAPSHOT
from data.sample_course import postponed_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from data.sample_billings import Invoice
    from data.sample_book import Contract, Lot

_DISCOUNTED: Final = 0.5
_DISCOUNTS: Final = (0.05, 0.1, 0.15)
_WORTHWHILE: Final = 0.15
_EXTENSION_MONTHS: Final = (3, 6)
_CONCESSIONS: Final = (0.05, 0.15)
_RISES: Final = (0.05, 0.12)
_WHOLE_UNIT: Final = 100
_TEN_DOLLARS: Final = 1_000
_DAYS_BETWEEN: Final = 45
_CANDIDATES_EACH: Final = 8


@dataclass(frozen=True)
class _Case:
    """A lot and what its desk knows of it: its invoices, its contract's use of that unit, what comes after it."""

    contract: Contract
    lot: Lot
    invoices: Sequence[Invoice]
    used_on: NDArray[np.datetime64]
    used_in_all: NDArray[np.int64]
    following: tuple[str, Lot] | None
    is_last: bool

    @property
    def free_from(self) -> date:
        """The first day another amendment can follow those there are."""
        last = max((change.effective_on for change in self.lot.amendments), default=None)
        return last + timedelta(days=_DAYS_BETWEEN) if last else self.lot.valid_from

    def used_before(self, day: date) -> int:
        """What its contract used since the lot's start; never less than what was drawn from the lot."""
        first, beyond = np.searchsorted(self.used_on, [np.datetime64(self.lot.valid_from), np.datetime64(day)])
        return int(self.used_in_all[beyond] - self.used_in_all[first])

    def left_before(self, day: date) -> int:
        """Units that are certainly left."""
        return self.lot.quantity + self.lot.added_quantity - self.used_before(day)

    def is_much(self, quantity: int) -> bool:
        """Whether so many units are worth the paperwork."""
        return quantity > self.lot.quantity * _WORTHWHILE

    def is_slow_from(self, day: date) -> bool:
        """Whether much is left on a day and the client is still drawing on it, but will not use it up."""
        beyond = self.lot.usable_until + timedelta(days=1)
        return self.is_much(self.left_before(beyond)) and self.used_before(beyond) > self.used_before(day)

    def after(self, share: float) -> date:
        """The day by which a share of the stated term is gone."""
        return self.lot.valid_from + (self.lot.expires_on - self.lot.valid_from) * share


def amended(
    book: Mapping[str, Contract],
    deliveries: pl.DataFrame,
    invoices: Mapping[str, Sequence[Invoice]],
    rng: np.random.Generator,
) -> dict[str, Contract]:
    """The book with what was agreed later, up to the last snapshot.

    Args:
        book: the contracts as they were sold.
        deliveries: what clients would call for if nothing were changed.
        invoices: those planned for each lot.
        rng: random numbers of its own, so that the lots left alone stay as they are.
    """
    cases = {lot_id: _at_a_discount(case, rng) for lot_id, case in _cases(book, deliveries, invoices)}
    targets: set[str | None] = set()
    for (count, kinds_before, amend), own_rng in zip(_PLAN, rng.spawn(len(_PLAN)), strict=True):
        for lot_id, change in _over_the_years(_agreements(cases, kinds_before, amend, targets, own_rng), count):
            lot = cases[lot_id].lot
            cases[lot_id] = replace(cases[lot_id], lot=replace(lot, amendments=(*lot.amendments, change)))
            targets.add(change.to_lot_id)
    return {
        contract_id: replace(
            contract,
            lots=[
                cases[lot_id].lot if (lot_id := f"{contract_id}-{number}") in cases else lot
                for number, lot in enumerate(contract.lots, start=1)
            ],
        )
        for contract_id, contract in book.items()
    }


def _agreements(
    cases: Mapping[str, _Case],
    kinds_before: tuple[str, ...],
    amend: Callable[[_Case, np.random.Generator], Amendment | None],
    targets: set[str | None],
    rng: np.random.Generator,
) -> Iterator[tuple[str, Amendment]]:
    """Amendments of one sort in any order, for lots that had exactly those of `kinds_before`."""
    lot_ids = list(cases)
    for place in rng.permutation(len(lot_ids)):
        case = cases[lot_ids[place]]
        had = tuple("concession" if _is_concession(change) else change.kind for change in case.lot.amendments)
        if lot_ids[place] not in targets and had == kinds_before:
            change = amend(case, rng)
            if change:
                yield lot_ids[place], change


def _is_concession(change: Amendment) -> bool:
    return change.kind == "price_change" and change.billed < 0


def _over_the_years(agreements: Iterator[tuple[str, Amendment]], count: int) -> list[tuple[str, Amendment]]:
    """So many of the first agreements, spread as evenly as they come between the first snapshot and the last."""
    some = list(islice(agreements, count * _CANDIDATES_EACH))
    chosen = []
    for place in range(min(count, len(some))):
        middle = FIRST_SNAPSHOT + (LAST_SNAPSHOT - FIRST_SNAPSHOT) * ((2 * place + 1) / (2 * count))
        nearest = min(some, key=lambda each: abs(each[1].effective_on - middle))
        some.remove(nearest)
        chosen.append(nearest)
    return chosen


def _cases(
    book: Mapping[str, Contract], deliveries: pl.DataFrame, invoices: Mapping[str, Sequence[Invoice]]
) -> Iterator[tuple[str, _Case]]:
    """Every lot but those of bundles, whose price is not the lots' own, and Northwind's, which is written down."""
    used = {
        key: (rows["service_date"].to_numpy(), np.append(0, rows["quantity"].cum_sum().to_numpy()))
        for key, rows in deliveries.sort("service_date").group_by("contract_id", "unit", maintain_order=True)
    }
    nothing = (np.empty(0, dtype="datetime64[D]"), np.zeros(1, dtype=np.int64))
    last_start: dict[tuple[str, str], date] = {}
    for contract in book.values():
        for lot in contract.lots:
            key = (contract.client.account_id, lot.offer.service)
            last_start[key] = max(lot.valid_from, last_start.get(key, date.min))
    for contract_id, contract in book.items():
        for number, lot in enumerate(contract.lots, start=1):
            if contract.bundle_price is not None or lot.deliveries:
                continue
            unit = lot.offer.unit
            later = enumerate(contract.lots[number:], start=number + 1)
            alike = ((f"{contract_id}-{place}", each) for place, each in later if each.offer.unit == unit)
            lot_id = f"{contract_id}-{number}"
            is_last = lot.valid_from == last_start[contract.client.account_id, lot.offer.service]
            days_and_totals = used.get((contract_id, unit), nothing)
            yield lot_id, _Case(contract, lot, invoices[lot_id], *days_and_totals, next(alike, None), is_last)


def _at_a_discount(case: _Case, rng: np.random.Generator) -> _Case:
    """Half of the units added later came cheaper than the first ones."""
    if not case.lot.amendments or rng.random() > _DISCOUNTED:
        return case
    paid = 1 - float(rng.choice(_DISCOUNTS))
    cheaper = tuple(
        replace(change, amount=price, billed=price)
        for change in case.lot.amendments
        for price in [round((change.amount or 0) * paid)]
    )
    return replace(case, lot=replace(case.lot, amendments=cheaper))


def _workday(case: _Case, first: date, last: date, rng: np.random.Generator) -> date | None:
    """A day to agree on something, between two snapshots and after what was agreed before."""
    days = np.arange(
        np.datetime64(max(first, case.free_from, FIRST_SNAPSHOT + timedelta(days=1))),
        np.datetime64(min(last, LAST_SNAPSHOT) + timedelta(days=1)),
    )
    workdays = days[np.is_busday(days)]
    chosen: date | None = rng.choice(workdays).astype(date) if len(workdays) else None
    return chosen


def _whole(value: float, step: int) -> int:
    """The value in whole steps, rounded down."""
    return int(value) // step * step


def _extended_in_term(case: _Case, rng: np.random.Generator) -> Amendment | None:
    """Near the end of the term, with units left."""
    lot = case.lot
    day = _workday(case, lot.expires_on - timedelta(days=60), lot.expires_on - timedelta(days=5), rng)
    if day is None or lot.grace_until or not case.is_slow_from(day):
        return None
    return Amendment("extension", day, new_expires_on=plus_months(lot.expires_on, int(rng.choice(_EXTENSION_MONTHS))))


def _extended_in_grace(case: _Case, rng: np.random.Generator) -> Amendment | None:
    """Inside the carry-over window, which turned out too short."""
    lot = case.lot
    day = _workday(case, lot.expires_on + timedelta(days=5), lot.usable_until - timedelta(days=10), rng)
    if day is None or lot.carry_over_cap is not None or not case.is_slow_from(day):
        return None
    return Amendment("extension", day, new_expires_on=plus_months(lot.usable_until, 3))


def _revived(case: _Case, rng: np.random.Generator) -> Amendment | None:
    """After the lapse, for a client that has nothing else to draw on."""
    lot = case.lot
    day = _workday(case, lot.usable_until + timedelta(days=5), lot.usable_until + timedelta(days=40), rng)
    if day is None or case.following or not case.is_last or not case.is_slow_from(postponed_from(lot)):
        return None
    return Amendment("extension", day, new_expires_on=plus_months(lot.usable_until, 6))


def _transferred(case: _Case, rng: np.random.Generator) -> Amendment | None:
    """From one year's lot to the next one's, while both can be used."""
    lot = case.lot
    if case.following is None or case.following[1].amendments or lot.carry_over_cap is not None:
        return None
    target_id, target = case.following
    first = max(lot.expires_on - timedelta(days=45), target.bought_on, target.valid_from)
    day = _workday(case, first, min(lot.usable_until, target.expires_on) - timedelta(days=2), rng)
    if day is None or not case.is_much(case.left_before(day)):
        return None
    quantity = max(_whole(case.left_before(day) * rng.uniform(0.3, 0.8), _WHOLE_UNIT), _WHOLE_UNIT)
    return Amendment("transfer", day, quantity=quantity, to_lot_id=target_id)


def _taken_back(percent: int) -> Callable[[_Case, np.random.Generator], Amendment | None]:
    """Units that would never have been used go back for so much of the lot's price."""

    def removal(case: _Case, rng: np.random.Generator) -> Amendment | None:
        lot = case.lot
        day = _workday(case, case.after(0.4), case.after(0.85), rng)
        unused = case.left_before(lot.usable_until + timedelta(days=1))
        if day is None or case.following or not case.is_much(unused):
            return None
        quantity = max(_whole(unused * rng.uniform(0.4, 0.8), _WHOLE_UNIT), _WHOLE_UNIT)
        amount = lot.amount(quantity) * percent // 100
        return Amendment("remove_units", day, quantity=quantity, amount=amount, billed=-amount)

    return removal


def _conceded(treatment: str) -> Callable[[_Case, np.random.Generator], Amendment | None]:
    """A credit note while the service goes on: for the future, or for what was delivered too (R7.5)."""

    def concession(case: _Case, rng: np.random.Generator) -> Amendment | None:
        lot = case.lot
        day = _workday(case, case.after(0.25), case.after(0.85), rng)
        if day is None or not case.is_much(case.left_before(day)) or not case.is_much(case.used_before(day)):
            return None
        amount = -_whole(lot.amount(lot.quantity) * rng.uniform(*_CONCESSIONS), _TEN_DOLLARS)
        return Amendment("price_change", day, amount=amount, treatment=treatment, billed=amount)

    return concession


def _repriced(case: _Case, rng: np.random.Generator) -> Amendment | None:
    """A longer term for a higher price."""
    lot = case.lot
    day = _workday(case, case.after(0.5), case.after(0.9), rng)
    if day is None or lot.grace_until or not case.is_slow_from(day):
        return None
    amount = _whole(lot.amount(lot.quantity) * rng.uniform(*_RISES), _TEN_DOLLARS)
    until = plus_months(lot.expires_on, 6)
    return Amendment("price_change", day, amount=amount, new_expires_on=until, treatment="prospective", billed=amount)


def _ended(
    *, is_refunded: bool, is_in_instalments: bool = False
) -> Callable[[_Case, np.random.Generator], Amendment | None]:
    """A client that leaves for good before the end, with or without a part of what it had paid ahead.

    Of a lot billed in instalments those still to come are never billed.
    """

    def termination(case: _Case, rng: np.random.Generator) -> Amendment | None:
        lot = case.lot
        day = _workday(case, case.after(0.35), case.after(0.85), rng)
        if day is None or case.following or not case.is_last or case.contract.method == "remote":
            return None
        billed = sum(amount for billed_on, amount in case.invoices if billed_on < day)
        ahead = billed + sum(change.billed for change in lot.amendments) - lot.amount(case.used_before(day))
        is_paid_ahead = ahead > (0 if is_in_instalments else lot.amount(lot.quantity) * _WORTHWHILE)
        has_instalments_to_come = case.invoices[-1].billed_on > day
        if not is_paid_ahead or not case.is_much(case.left_before(day)) or has_instalments_to_come != is_in_instalments:
            return None
        refund = _whole(ahead * rng.uniform(0.3, 0.8), _TEN_DOLLARS) if is_refunded else 0
        return Amendment("termination", day, billed=-refund)

    return termination


#: How many of each sort there are, and what was agreed on the same lot before; a price lowered is a concession.
_PLAN: Final[tuple[tuple[int, tuple[str, ...], Callable[[_Case, np.random.Generator], Amendment | None]], ...]] = (
    (4, (), _transferred),
    (4, (), _extended_in_term),
    (3, (), _extended_in_grace),
    (2, (), _revived),
    (3, (), _taken_back(100)),
    (2, (), _taken_back(90)),
    (3, (), _conceded("prospective")),
    (3, (), _conceded("cumulative_catch_up")),
    (4, (), _repriced),
    (4, (), _ended(is_refunded=True)),
    (3, (), _ended(is_refunded=False)),
    (2, (), _ended(is_refunded=False, is_in_instalments=True)),
    (1, ("add_units",), _conceded("prospective")),
    (1, ("add_units",), _conceded("cumulative_catch_up")),
    (1, ("add_units",), _extended_in_term),
    (1, ("concession",), _ended(is_refunded=True)),
    (1, ("concession",), _extended_in_term),
    (1, ("add_units",), _ended(is_refunded=True)),
)
