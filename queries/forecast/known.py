"""What was known of lots and their use on a day: running sums over events, exact, so that later rows change nothing.

An event counts from the day it is known: its service date, or the day it was posted if that is later. Quantities are
integers, 1/10,000 unit, and shares are integers too: sums of integers don't depend on what stands beside them, which is
what makes an earlier forecast the same, bit for bit, whatever was added since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]

#: Units of the integers that quantities and shares are kept in.
QUANTITY_SCALE: Final = 10_000
SHARE_SCALE: Final = 1 << 40
#: Keys are group * _DAYS + day: more days than the calendar has.
_DAYS: Final = 4_000_000
_LOT_COLUMNS: Final = {
    "lot_id": pl.String(),
    "account_id": pl.String(),
    "service": pl.String(),
    "quantity": pl.Float64(),
    "valid_from": pl.Date(),
    "expires_on": pl.Date(),
}
_USE_COLUMNS: Final = {"lot_id": pl.String(), "service_date": pl.Date(), "quantity": pl.Float64()}
_GROUPINGS: Final = ("account_id", "owner", "service")


class ForecastError(ValueError):
    """What is to be forecast can't be; the message says which row and why."""


class Timeline(NamedTuple):
    """Events of groups in order of time, with running sums: what had been by the close of a day."""

    keys: Integers
    days: Integers
    starts: Integers
    sums: Integers
    rows: Integers

    @classmethod
    def of(cls, groups: Integers, days: Integers, values: Integers, group_count: int) -> Timeline:
        """Sort events by group and day; `rows` says where each came from."""
        keys = groups * _DAYS + days
        rows = np.argsort(keys, kind="stable")
        sums = np.concatenate(([0], np.cumsum(values[rows])))
        starts = np.searchsorted(keys[rows], np.arange(group_count + 1) * _DAYS)
        return cls(keys[rows], days[rows], starts, sums, rows)

    def upto(self, groups: Integers, days: Integers) -> Integers:
        """Position after the last event of the group by the close of the day."""
        return np.searchsorted(self.keys, groups * _DAYS + days, side="right")

    def total(self, groups: Integers, days: Integers) -> Integers:
        """Sum of the group's values by the close of the day."""
        total: Integers = self.sums[self.upto(groups, days)] - self.sums[self.starts[groups]]
        return total

    def events(self, groups: Integers, days: Integers) -> Integers:
        """How many events the group had by the close of the day."""
        events: Integers = self.upto(groups, days) - self.starts[groups]
        return events

    def last(self, groups: Integers, days: Integers) -> tuple[Integers, np.ndarray]:
        """Position of the group's last event by the close of the day, and whether there is one."""
        after = self.upto(groups, days)
        return np.maximum(after - 1, 0), after > self.starts[groups]


class Known(NamedTuple):
    """Lots in the order of their ids, with the timelines of their use; days are counted since 1970.

    `ended` holds what was left of each lot by the close of its last day, `corrected` what lines known later took of it,
    `unused` what is left of it by all that is known.
    """

    lot_ids: pl.Series
    quantity: Integers
    valid_from: Integers
    expires_on: Integers
    groups: Mapping[str, Integers]
    use: Timeline
    largest: Numbers
    account_use: Timeline
    account_pace: Timeline
    pace_group: Integers
    ended: Mapping[str, Timeline]
    corrected: Mapping[str, Timeline]
    unused: Numbers

    @property
    def term(self) -> Integers:
        """Days of the term, both ends included."""
        return self.expires_on - self.valid_from + 1

    def unused_by(self, lots: Integers, days: Integers) -> Numbers:
        """Share of each lot that was unused by what was known at the close of the day."""
        return _unused(self.use.total(lots, days), self.quantity[lots])


def known(lots: pl.DataFrame, consumption: pl.DataFrame) -> Known:
    """Sort what is known.

    Args:
        lots: lot_id, account_id, service, quantity, valid_from, expires_on (last usable day, grace included); owner
            and unit where there are any. Lots without an end can't be forecast and are not for here.
        consumption: lot_id, service_date, quantity, and known_on where lines become known after their service date.

    Raises:
        ForecastError: a column is missing or of the wrong type, a lot comes twice, has no units or ends before it
            begins, a line has no quantity.
    """
    lots = _checked(lots).sort("lot_id")
    count = lots.height
    quantity = _scaled(lots["quantity"])
    valid_from, expires_on = days_of(lots["valid_from"]), days_of(lots["expires_on"])
    groups = {name: _codes(lots, (name,)) for name in _GROUPINGS}
    pace_group = _codes(lots, ("account_id", "unit"))

    lines = _lines(consumption, lots)
    lot, day, used = lines["lot"].to_numpy(), lines["day"].to_numpy(), lines["used"].to_numpy()
    use = Timeline.of(lot, day, used, count)
    shares = _shares(use.total(np.arange(count), expires_on), quantity)
    of_lot = lot[use.rows]
    late = np.flatnonzero(use.days > expires_on[of_lot])
    late_lot, before = of_lot[late], use.starts[of_lot[late]]
    corrections = _shares(use.sums[late + 1] - use.sums[before], quantity[late_lot]) - _shares(
        use.sums[late] - use.sums[before], quantity[late_lot]
    )
    everyone = np.zeros(count, np.int64)
    cohorts = {**groups, "everyone": everyone}
    return Known(
        lots["lot_id"],
        quantity,
        valid_from,
        expires_on,
        groups,
        use,
        _largest_so_far(used[use.rows] / quantity[of_lot], of_lot),
        Timeline.of(groups["account_id"][lot], day, used, count),
        Timeline.of(pace_group[lot], day, used, count),
        pace_group,
        {name: Timeline.of(codes, expires_on, shares, count) for name, codes in cohorts.items()},
        {name: Timeline.of(codes[late_lot], use.days[late], corrections, count) for name, codes in cohorts.items()},
        _unused(use.total(np.arange(count), np.full(count, _DAYS - 1)), quantity),
    )


def days_of(dates: pl.Series) -> Integers:
    """Dates as days since 1970."""
    days: Integers = dates.cast(pl.Date).to_physical().to_numpy().astype(np.int64)
    return days


def needed(rows: pl.DataFrame, columns: Mapping[str, pl.DataType], table: str) -> pl.DataFrame:
    """The rows, with the columns they need as what these should be.

    Raises:
        ForecastError: a column is missing, or holds something else.
    """
    missing = [name for name in columns if name not in rows.columns]
    if missing:
        raise ForecastError(f"{table} lacks {', '.join(missing)}. It has {', '.join(rows.columns)}.")
    for name, dtype in columns.items():
        try:
            rows = rows.with_columns(pl.col(name).cast(dtype))
        except pl.exceptions.PolarsError as error:
            raise ForecastError(f"{table}: {name} is {rows.schema[name]}, not {dtype}.") from error
    return rows


def _unused(used: Integers, quantity: Integers) -> Numbers:
    unused: Numbers = 1 - np.clip(used / quantity, 0, 1)
    return unused


def _shares(used: Integers, quantity: Integers) -> Integers:
    shares: Integers = np.round(_unused(used, quantity) * SHARE_SCALE).astype(np.int64)
    return shares


def _checked(lots: pl.DataFrame) -> pl.DataFrame:
    lots = needed(lots, _LOT_COLUMNS, "lots")
    for name, wrong in {
        "comes twice": pl.col("lot_id").is_duplicated(),
        "has no units": ~((pl.col("quantity") > 0) & pl.col("quantity").is_finite()).fill_null(value=False),
        "ends before it begins": pl.col("expires_on") < pl.col("valid_from"),
        "lacks its first or last day": pl.col("valid_from").is_null() | pl.col("expires_on").is_null(),
    }.items():
        found = lots.filter(wrong)
        if found.height:
            raise ForecastError(f"lots: lot {found['lot_id'][0]} {name}.")
    return lots


def _lines(consumption: pl.DataFrame, lots: pl.DataFrame) -> pl.DataFrame:
    """Lines of the lots within their terms: lot, the day each is known, quantity; in an order of their own."""
    known_on = "known_on" if "known_on" in consumption.columns else "service_date"
    places = lots.select("lot_id", "expires_on", lot=pl.int_range(pl.len(), dtype=pl.Int64))
    lines = (
        needed(consumption, {**_USE_COLUMNS, known_on: pl.Date()}, "consumption")
        .join(places, on="lot_id", how="inner")
        .filter(pl.col("service_date") <= pl.col("expires_on"))
    )
    empty = lines.filter(~pl.col("quantity").is_finite().fill_null(value=False))
    if empty.height:
        raise ForecastError(f"consumption: a line of lot {empty['lot_id'][0]} has no quantity.")
    return lines.select(
        "lot",
        day=pl.max_horizontal(pl.col("service_date"), pl.col(known_on)).to_physical().cast(pl.Int64),
        used=(pl.col("quantity") * QUANTITY_SCALE).round().cast(pl.Int64),
    ).sort("lot", "day", "used")


def _scaled(quantity: pl.Series) -> Integers:
    scaled: Integers = (quantity.cast(pl.Float64) * QUANTITY_SCALE).round().cast(pl.Int64).to_numpy()
    return np.maximum(scaled, 1)


def _codes(lots: pl.DataFrame, columns: tuple[str, ...]) -> Integers:
    """A number per group; a column that is not there makes one group of all."""
    present = [pl.col(name).cast(pl.String).fill_null("") for name in columns if name in lots.columns]
    if not present:
        return np.zeros(lots.height, np.int64)
    codes: Integers = (
        lots.select(pl.struct(present).rank("dense").cast(pl.Int64) - 1).to_series().to_numpy().astype(np.int64)
    )
    return codes


def _largest_so_far(shares: Numbers, groups: Integers) -> Numbers:
    """Running maximum within groups."""
    frame = pl.DataFrame({"share": shares, "group": groups})
    largest: Numbers = frame.select(pl.col("share").cum_max().over("group")).to_series().to_numpy()
    return largest
