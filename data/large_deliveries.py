"""The deliveries of the large book, in parts of half a million rows, each in the order they were posted.

A delivery falls into the term of one of its contract's lots, so that few are beyond them; which lot it draws on is for
the draws to say. Some are taken back, wholly or in part, and some are pinned to a lot.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from data.large_terms import (
    HUNDREDTHS,
    LAST_DAY,
    SCOPES,
    UNITS,
    Flags,
    Integers,
    contract_ids,
    days,
    has_project,
    ids,
    lot_ids,
    named,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data.large_terms import Terms

SERVICES: Final = ("consulting", "engineering", "support", "training")
_PART: Final = 500_000
_TAKEN_BACK: Final = 0.03
_PINNED: Final = 0.03
#: Deliveries of any service, whether a lot covers it or not.
_STRAY: Final = 0.02
_LATE: Final = 6
_TAKEN_BACK_WITHIN: Final = 45


class _Lines(NamedTuple):
    """Deliveries as arrays, a contract's together; `original` is the place of the one taken back, -1 where none is."""

    contract: Integers
    lot: Integers
    on: Integers
    posted: Integers
    service: Integers
    hundredths: Integers
    original: Integers
    is_pinned: Flags

    def in_order(self, order: Integers) -> _Lines:
        """The same deliveries in another order; `original` says the places they had."""
        return _Lines(
            contract=self.contract[order],
            lot=self.lot[order],
            on=self.on[order],
            posted=self.posted[order],
            service=self.service[order],
            hundredths=self.hundredths[order],
            original=self.original[order],
            is_pinned=self.is_pinned[order],
        )


def deliveries(terms: Terms, rng: np.random.Generator) -> Iterator[pl.DataFrame]:
    """The table consumption in parts; a contract is wholly in one."""
    contracts = rng.permutation(len(terms.rows))
    before = np.cumsum(terms.rows[contracts]) - terms.rows[contracts]
    line_no = 1
    for part in np.split(contracts, np.flatnonzero(np.diff(before // _PART)) + 1):
        lines = _drawn(terms, part, rng)
        if len(lines.contract):
            yield _table(terms, lines, line_no)
        line_no += len(lines.contract)


def _drawn(terms: Terms, contracts: Integers, rng: np.random.Generator) -> _Lines:
    contract = np.repeat(contracts, terms.rows[contracts])
    count = len(contract)
    lot, on = _days_of_terms(terms, contract, rng)
    posted = np.minimum(on + rng.integers(0, _LATE, count), LAST_DAY)
    service = np.where(
        rng.random(count) < _STRAY, rng.integers(0, len(SERVICES), count), _covered(terms.scope[lot], rng)
    )
    hundredths = rng.integers(*HUNDREDTHS, count)
    original = _originals(contract, rng)
    back = np.flatnonzero(original >= 0)
    of = original[back]
    on[back] = np.minimum(on[of] + rng.integers(0, _TAKEN_BACK_WITHIN, len(back)), LAST_DAY)
    posted[back] = np.maximum(posted[of], on[back])
    service[back], lot[back] = service[of], lot[of]
    hundredths[back] = -hundredths[of] // rng.integers(1, 3, len(back))
    return _Lines(contract, lot, on, posted, service, hundredths, original, rng.random(count) < _PINNED)


def _days_of_terms(terms: Terms, contract: Integers, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """A lot and a day of its term for each delivery: any day so far of any lot of the contract is as likely."""
    so_far = np.concatenate([[0], np.cumsum(terms.elapsed)])
    begins, ends = so_far[terms.starts[contract]], so_far[terms.starts[contract + 1]]
    at = rng.integers(begins, ends)
    lot = np.searchsorted(so_far, at, side="right") - 1
    return lot, terms.valid_from[lot] + at - so_far[lot]


def _covered(scope: Integers, rng: np.random.Generator) -> Integers:
    """For each scope a service that it covers."""
    covers = [SERVICES if name == "any" else tuple(name.split("|")) for name in SCOPES]
    widths = np.array([len(names) for names in covers])
    codes = np.array([[SERVICES.index(names[at % len(names)]) for at in range(len(SERVICES))] for names in covers])
    return codes[scope, rng.integers(0, widths[scope])]


def _originals(contract: Integers, rng: np.random.Generator) -> Integers:
    """Which delivery each takes back: the one before it, of the same contract and no reversal itself; -1 = none."""
    is_wanted = rng.random(len(contract)) < _TAKEN_BACK
    is_wanted[1:] &= contract[1:] == contract[:-1]
    is_wanted[1:] &= ~is_wanted[:-1]
    is_wanted[:1] = False
    return np.where(is_wanted, np.arange(len(contract)) - 1, -1)


def _table(terms: Terms, drawn: _Lines, first: int) -> pl.DataFrame:
    """The rows in the order they were posted, a reversal after what it takes back."""
    order = np.argsort(drawn.posted, kind="stable")
    lines = drawn.in_order(order)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    line_no = first + np.arange(len(order))
    is_back, of_project = pl.Series(lines.original >= 0), pl.Series(has_project(lines.contract))
    contract_id = contract_ids(lines.contract)
    return pl.DataFrame(
        {
            "consumption_id": ids("D", line_no),
            "contract_id": contract_id,
            "lot_id": lot_ids(lines.lot),
            "line_no": line_no,
            "service_date": days(lines.on),
            "posted_on": days(lines.posted),
            "service_type": named(SERVICES, lines.service),
            "unit": named(UNITS, terms.unit[lines.contract]),
            "quantity": pl.Series(lines.hundredths).cast(pl.Decimal(18, 0)) * Decimal("0.01"),
            "reverses": ids("D", first + place[lines.original]),
            "project_id": "P-" + contract_id,
        }
    ).with_columns(
        lot_id=pl.when(pl.Series(lines.is_pinned) & ~is_back).then("lot_id"),
        reverses=pl.when(is_back).then("reverses"),
        project_id=pl.when(of_project).then("project_id"),
    )
