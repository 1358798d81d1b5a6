"""How the sample firm's clients use what they bought: every delivery, when it was posted, and what was taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from data.sample_catalog import (
    ANY_SERVICE,
    DEPARTMENT_OF,
    FIRST_PURCHASE,
    LAST_SNAPSHOT,
    SECOND_DEPARTMENT_OF,
    SERVICE_OF,
    SERVICE_TYPES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from data.sample_book import Lot

_REVERSED: Final = 0.02
_POSTED_LATE: Final = 0.05
_PINNED: Final = 0.02
_SHARED: Final = 0.12
_SHARES: Final = (0.5, 0.6, 0.7, 2 / 3)
_OWN_SERVICE_WEIGHT: Final = 4.0
_PACE_IN_GRACE: Final = 0.35
_LEAVES: Final = (0.25, 0.7)
_SIZE_GROWTH: Final = 0.2

#: How busy each month is, January first: services are delivered outside the holidays.
_SEASON: Final = np.array([0.9, 1.0, 1.1, 1.05, 1.05, 1.0, 0.85, 0.5, 1.15, 1.2, 1.1, 0.5])
_CHRISTMAS: Final = 24
_CLOSED: Final = 0.04
_RUSH_FROM: Final = 0.82
_BURSTS: Final = 8


def _busyness(days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """How much is delivered on each day, 1 on an ordinary one."""
    months = days.astype("datetime64[M]")
    month = months.astype(int) % len(_SEASON)
    is_christmas = (month == len(_SEASON) - 1) & ((days - months).astype(int) + 1 >= _CHRISTMAS)
    return np.where(is_christmas, _CLOSED, _SEASON[month])


_ALL_DAYS: Final = np.arange(np.datetime64(FIRST_PURCHASE), np.datetime64("2031-01-01"))
_WORKDAYS: Final = _ALL_DAYS[np.is_busday(_ALL_DAYS)]
_BUSYNESS: Final = _busyness(_WORKDAYS)


def deliver(lots: Mapping[str, Lot], rng: np.random.Generator) -> pl.DataFrame:
    """Every delivery the lots' owners call for over the lots' terms, the future ones included.

    Returns:
        one row per delivery: lot_id, elapsed (share of the term gone by), service_type, service_date, posted_on,
        quantity (hundredths of the unit), is_pinned and is_written (told by the lot, not drawn).
    """
    deliveries = pl.concat([_deliveries_of(lot_id, lot, rng) for lot_id, lot in lots.items()])
    is_late = rng.random(deliveries.height) < _POSTED_LATE
    delay = np.where(is_late, rng.integers(7, 46, deliveries.height), rng.integers(0, 6, deliveries.height))
    return deliveries.with_columns(
        posted_on=pl.Series(deliveries["service_date"].to_numpy() + delay),
        is_pinned=pl.Series(rng.random(deliveries.height) < _PINNED),
    )


def with_reversals(deliveries: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The lines posted by the last snapshot, reversals among them.

    A reversal comes after its delivery was posted, and may come after the lot lapsed.

    Args:
        deliveries: as `deliver` gives them, with a unique `delivery` number.
        rng: the sample's random numbers.

    Returns:
        the same columns with reversed_delivery, the number of the delivery a reversal takes back.
    """
    posted = deliveries.filter(pl.col("posted_on") <= LAST_SNAPSHOT)
    taken_back = posted.filter(pl.Series(rng.random(posted.height) < _REVERSED), ~pl.col("is_written"))
    noticed = taken_back["posted_on"].to_numpy() + rng.integers(3, 90, taken_back.height)
    on_workday = np.busday_offset(noticed.astype("datetime64[D]"), 0, roll="forward")
    reversals = taken_back.with_columns(
        reversed_delivery=pl.col("delivery"),
        quantity=-pl.col("quantity"),
        service_date=pl.Series(on_workday),
        posted_on=pl.Series(np.busday_offset(on_workday, rng.integers(0, 4, taken_back.height))),
    ).filter(pl.col("posted_on") <= LAST_SNAPSHOT)
    return pl.concat([posted.with_columns(reversed_delivery=pl.lit(None, pl.UInt32)), reversals])


def numbered(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines in order of posting, with line_no, consumption_id and reverses."""
    in_order = (
        lines.sort("posted_on", "service_date", "delivery", "quantity")
        .with_row_index("line_no", offset=1)
        .with_columns(consumption_id=pl.format("D{}", pl.col("line_no").cast(pl.String).str.zfill(6)))
    )
    originals = in_order.filter(pl.col("reversed_delivery").is_null())
    return in_order.join(
        originals.select(reversed_delivery="delivery", reverses="consumption_id"),
        on="reversed_delivery",
        how="left",
        maintain_order="left",
    )


def department_shares(lines: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Who delivered each line: the service's own department, sometimes with a second one.

    A delivery and its reversal are split alike (R12.1).
    """
    delivery = lines["delivery"].to_numpy()
    is_shared = rng.random(delivery.max() + 1) < _SHARED
    own_share = np.where(is_shared, rng.choice(_SHARES, len(is_shared)), 1.0)[delivery]
    split = lines.select(
        "consumption_id",
        service=pl.col("service_type").replace_strict(SERVICE_OF),
        own_share=pl.Series(own_share).round(12).cast(pl.Decimal(18, 12)),
        known_on="posted_on",
    )
    own = split.with_columns(department=pl.col("service").replace_strict(DEPARTMENT_OF), share="own_share")
    second = split.with_columns(
        department=pl.col("service").replace_strict(SECOND_DEPARTMENT_OF), share=1 - pl.col("own_share")
    ).filter(pl.col("share") > 0)
    return pl.concat([own, second], how="vertical_relaxed").select("consumption_id", "department", "share", "known_on")


def _deliveries_of(lot_id: str, lot: Lot, rng: np.random.Generator) -> pl.DataFrame:
    if lot.deliveries:
        days = np.array([day for day, _ in lot.deliveries], dtype="datetime64[D]")
        sizes = np.array([size for _, size in lot.deliveries])
    else:
        days, sizes = _drawn(lot, rng)
    types, odds = _service_types(lot)
    return pl.DataFrame(
        {
            "lot_id": np.full(len(days), lot_id),
            "elapsed": _elapsed(days, lot),
            "service_type": rng.choice(types, len(days), p=odds),
            "service_date": days,
            "quantity": sizes,
            "is_written": np.full(len(days), bool(lot.deliveries)),
        }
    )


def _drawn(lot: Lot, rng: np.random.Generator) -> tuple[NDArray[np.datetime64], NDArray[np.int64]]:
    """Days and sizes of a lot's deliveries; a client that doesn't go on when empty stops at the last unit."""
    first, beyond = np.searchsorted(_WORKDAYS, [np.datetime64(lot.valid_from), np.datetime64(lot.usable_until) + 1])
    workdays = _WORKDAYS[first:beyond]
    elapsed = _elapsed(workdays, lot)
    leaves = rng.uniform(*_LEAVES) if lot.habit == "stops" else 1.0
    pace = _pace(lot.habit, elapsed, leaves, rng) * _BUSYNESS[first:beyond]
    bought = lot.quantity + lot.added_quantity
    called_for = bought * lot.demand * leaves
    sizes = _sizes(lot, called_for, rng)
    if not lot.goes_on_when_empty:
        sizes = np.diff(np.minimum(np.cumsum(sizes), bought), prepend=0)
        sizes = sizes[sizes > 0]
    days = np.sort(rng.choice(workdays, len(sizes), p=pace / pace.sum()))
    return days, sizes


def _elapsed(days: NDArray[np.datetime64], lot: Lot) -> NDArray[np.float64]:
    """The share of the stated term gone by; above 1 in grace."""
    term = (lot.expires_on - lot.valid_from).days + 1
    return (days - np.datetime64(lot.valid_from)).astype(int) / term


def _pace(habit: str, elapsed: NDArray[np.float64], leaves: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """How fast a client of that habit draws as the term goes by; slower in grace, when it holds on at all."""
    bursts = rng.gamma(0.5, size=int(elapsed.max() * _BURSTS) + 1) + 0.05
    paces: dict[str, NDArray[np.float64]] = {
        "steady": np.ones_like(elapsed),
        "slow start": 0.15 + 1.7 * elapsed,
        "front-loaded": np.exp(-2.2 * elapsed),
        "stops": (elapsed < leaves).astype(float),
        "rush": np.where(elapsed > _RUSH_FROM, 4.1, 0.6),
        "bursts": bursts[(elapsed * _BURSTS).astype(int)],
    }
    return paces[habit] * np.where(elapsed < 1, 1.0, _PACE_IN_GRACE)


def _sizes(lot: Lot, called_for: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Deliveries up to what is called for; larger lots are used in somewhat larger pieces."""
    span = lot.offer.delivery
    typical = span.typical * (lot.quantity / lot.offer.quantity.typical) ** _SIZE_GROWTH
    largest = max(span.low, min(span.high, lot.quantity // 4))
    enough = int(called_for / typical * 1.5) + 20
    drawn = typical * rng.lognormal(0, lot.offer.delivery_spread, enough)
    sizes = np.rint(np.clip(drawn, span.low, largest) / span.step).astype(int) * span.step
    wanted: NDArray[np.int64] = sizes[np.cumsum(sizes) <= called_for]
    return wanted


def _service_types(lot: Lot) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """What the lot may be used for, and how often; mostly for the service it was sold as."""
    every = tuple(SERVICE_OF)
    types = every if lot.scope == (ANY_SERVICE,) else lot.scope
    weights = np.array(
        [
            _OWN_SERVICE_WEIGHT / (1 + place) if type_ in SERVICE_TYPES[lot.offer.service] else 0.4
            for place, type_ in enumerate(types)
        ]
    )
    return types, weights / weights.sum()
