"""Who buys what in the large book: how many deliveries and lots each contract has, and the terms of its lots.

One contract holds a twentieth of all deliveries, the others have a long tail. Lots of one to three years begin over six
years, so about a third is still open on the book's day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import polars as pl

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

DATED_ON: Final = date(2025, 12, 31)
#: The book's day as the arrays count days: since 1970.
LAST_DAY: Final = int(np.datetime64(DATED_ON).astype(int))
#: The largest contract, the share of all deliveries that draw on the largest contract, and the most lots it has.
LARGEST: Final = "K00000000"
LARGEST_SHARE: Final = 0.05
LARGEST_LOTS: Final = 400
#: What lots cover, and how often each is sold.
SCOPES: Final = {"any": 0.5, "consulting|engineering": 0.2, "support": 0.15, "engineering|support|training": 0.15}
UNITS: Final = ("hour", "credit", "day")
#: Units of a delivery, in hundredths: at least, and less than.
HUNDREDTHS: Final = (25, 800)

_YEARS: Final = 6
_TERMS: Final = (365, 730, 1096)
_SKEW: Final = 1.5
#: What a contract uses of a lot by its end, as a share: at least, and at most.
_USED: Final = (0.5, 1.15)


@dataclass(frozen=True)
class Size:
    """How large a book is."""

    rows: int
    lots: int
    contracts: int

    @classmethod
    def of(cls, rows: int) -> Size:
        """A hundred deliveries to a contract and three lots, as large firms have them."""
        contracts = max(rows // 100, 20)
        return cls(rows, 3 * contracts, contracts)


class Terms(NamedTuple):
    """`rows` (deliveries) and `unit` (a place in UNITS) per contract; the others per lot, a contract's lots together.

    `starts` says where each contract's lots begin, and at the end how many there are. Days count from 1970, units are
    whole. `elapsed` are the days of the term up to the book's day; `price` is that of a unit.
    """

    rows: Integers
    unit: Integers
    starts: Integers
    contract: Integers
    scope: Integers
    valid_from: Integers
    days: Integers
    elapsed: Integers
    quantity: Integers
    price: Integers

    @property
    def expires_on(self) -> Integers:
        """The last day of each lot's term."""
        return self.valid_from + self.days - 1


def draw_terms(size: Size, rng: np.random.Generator) -> Terms:
    """The contracts and lots of a book of some size."""
    rows, lots = _counts(size, rng)
    contract = np.repeat(np.arange(size.contracts), lots)
    begun = LAST_DAY - rng.integers(1, _YEARS * 365, size.lots)
    valid_from = begun[np.lexsort((begun, contract))]
    term = rng.choice(_TERMS, size.lots)
    elapsed = np.minimum(term, LAST_DAY - valid_from + 1)
    # What a contract uses in a day of one of its lots.
    pace = np.maximum(rows, 1) * sum(HUNDREDTHS) / 200 / np.bincount(contract, elapsed)
    return Terms(
        rows=rows,
        unit=rng.choice(len(UNITS), size.contracts, p=(0.6, 0.3, 0.1)),
        starts=np.concatenate([[0], np.cumsum(lots)]),
        contract=contract,
        scope=rng.choice(len(SCOPES), size.lots, p=list(SCOPES.values())),
        valid_from=valid_from,
        days=term,
        elapsed=elapsed,
        quantity=1 + (term * pace[contract] / rng.uniform(*_USED, size.lots)).astype(np.int64),
        price=rng.integers(80, 260, size.lots),
    )


def _counts(size: Size, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """How many deliveries and lots each contract has; the first contract is the largest."""
    weights = rng.lognormal(0, _SKEW, size.contracts - 1)
    weights = np.minimum(weights, weights.sum() * LARGEST_SHARE / 2)
    rows, lots = round(size.rows * LARGEST_SHARE), min(LARGEST_LOTS, size.lots // 20)
    others = rng.multinomial(size.rows - rows, weights / weights.sum())
    share = np.sqrt(weights)
    more = rng.multinomial(size.lots - lots - len(weights), share / share.sum())
    return np.concatenate([[rows], others]), np.concatenate([[lots], 1 + more])


def contract_ids(numbers: Integers) -> pl.Series:
    """The ids of contracts by their place; that of the first is LARGEST."""
    return ids("K", numbers)


def lot_ids(numbers: Integers) -> pl.Series:
    """The ids of lots by their place."""
    return ids("L", numbers)


def ids(letter: str, numbers: Integers) -> pl.Series:
    """A letter and eight digits."""
    return letter + pl.Series(numbers).cast(pl.String).str.zfill(8)


def days(values: Integers) -> pl.Series:
    """Days since 1970 as dates."""
    return pl.Series(values.astype(np.int32)).cast(pl.Date)


def named(names: tuple[str, ...], codes: Integers) -> pl.Series:
    """The names that codes stand for."""
    return pl.Series(names).gather(pl.Series(codes))


def has_project(contracts: Integers) -> Flags:
    """Whether each contract is used for a project: a fifth are."""
    return np.equal(contracts % 5, 0)
