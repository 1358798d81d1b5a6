"""How deliveries and requests went after lots were extended or ended early.

Clients plan for the term they bought. Where it is extended they take their time: what was still to come spreads over
the longer term. Where it ends early nothing more is delivered, but for what was already under way.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from data.sample_catalog import LAST_SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from data.sample_book import Lot

#: The first delivery planned for the days after a termination is under way and still made; no lot covers it.
_UNDER_WAY_DAYS: Final = 5
_FRIDAY: Final = 5
_SUNDAY: Final = 7
#: A lot revived after its lapse takes up the deliveries planned for this last share of its life.
_POSTPONED: Final = 0.35


def course(deliveries: pl.DataFrame, lots: Mapping[str, Lot]) -> pl.DataFrame:
    """What amendments did to the planned deliveries of their lots.

    Returns:
        delivery, later (days it is made after its plan), ended_on (the lot's termination) and is_cancelled.
    """
    dates = deliveries.select("delivery", "lot_id", "service_date").partition_by("lot_id", as_dict=True)
    return pl.concat(
        [_course_of(lot, dates[lot_id,]) for lot_id, lot in lots.items() if lot.amendments and (lot_id,) in dates]
    )


def postponed_from(lot: Lot) -> date:
    """From when on the deliveries planned for a lot are made later, if it is revived after its lapse."""
    return lot.usable_until - (lot.usable_until - lot.valid_from) * _POSTPONED


def lines_as_they_went(lines: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    """The lines posted by the last snapshot; a reversal moves with the delivery it takes back."""
    went = lines.join(courses, on="delivery", how="left", maintain_order="left")
    moved_to = pl.col("service_date") + pl.duration(days=pl.col("later").fill_null(0))
    weekend = pl.when(moved_to.dt.weekday() > _FRIDAY).then(_SUNDAY + 1 - moved_to.dt.weekday()).otherwise(0)
    is_after_the_end = pl.col("reversed_delivery").is_not_null() & (moved_to >= pl.col("ended_on"))
    return (
        went.filter(~(pl.col("is_cancelled") | is_after_the_end).fill_null(value=False))
        .with_columns(
            service_date=moved_to + pl.duration(days=weekend),
            posted_on=pl.col("posted_on") + pl.duration(days=pl.col("later").fill_null(0)),
        )
        .with_columns(posted_on=pl.max_horizontal("posted_on", "service_date"))
        .filter(pl.col("posted_on") <= LAST_SNAPSHOT)
        .drop("later", "ended_on", "is_cancelled")
    )


def requests_as_they_went(requests: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    """The requests behind them: made later too, and declined by a termination if made before it."""
    went = requests.join(courses, on="delivery", how="left", maintain_order="left")
    dates = ("requested_on", "approved_on", "scheduled_on", "scheduled_for", "delivered_on")
    is_cancelled = pl.col("is_cancelled").fill_null(value=False)
    return (
        went.with_columns(pl.col(*dates) + pl.duration(days=pl.col("later").fill_null(0)))
        .filter(~is_cancelled | (pl.col("requested_on") < pl.col("ended_on")))
        .with_columns(
            declined_on=pl.when(is_cancelled).then("ended_on").otherwise("declined_on"),
            delivered_on=pl.when(~is_cancelled).then("delivered_on"),
            delivery=pl.when(~is_cancelled).then("delivery"),
        )
        .drop("later", "ended_on", "is_cancelled")
    )


def _course_of(lot: Lot, deliveries: pl.DataFrame) -> pl.DataFrame:
    planned = deliveries["service_date"].to_numpy().astype("datetime64[D]")
    made, ended_on = planned, None
    usable_until = lot.usable_until
    for change in sorted(lot.amendments, key=lambda change: change.effective_on):
        if change.kind == "termination":
            ended_on = change.effective_on
        elif change.new_expires_on and change.new_expires_on > usable_until:
            planned_from = change.effective_on if change.effective_on <= usable_until else postponed_from(lot)
            made = _spread(made, (planned_from, usable_until), (change.effective_on, change.new_expires_on))
            usable_until = change.new_expires_on
    return pl.DataFrame(
        {
            "delivery": deliveries["delivery"],
            "later": (made - planned).astype(int),
            "ended_on": pl.repeat(ended_on, len(made), dtype=pl.Date, eager=True),
            "is_cancelled": _cancelled(made, ended_on),
        }
    )


def _cancelled(made: NDArray[np.datetime64], ended_on: date | None) -> NDArray[np.bool_]:
    """Which of the deliveries, in order, a termination leaves undone: all but a first one that was under way."""
    if ended_on is None:
        return np.zeros(len(made), dtype=bool)
    is_cancelled = made >= np.datetime64(ended_on)
    is_under_way = is_cancelled & (made < np.datetime64(ended_on + timedelta(days=_UNDER_WAY_DAYS)))
    is_cancelled[np.flatnonzero(is_under_way)[:1]] = False
    return is_cancelled


def _spread(
    days: NDArray[np.datetime64], planned: tuple[date, date], instead: tuple[date, date]
) -> NDArray[np.datetime64]:
    """The days with those of the planned span laid over another one, on workdays and in their order."""
    planned_from, planned_until, first, last = (np.datetime64(day) for day in (*planned, *instead))
    gone = (days - planned_from) / (planned_until - planned_from)
    laid = first + (gone * (last - first).astype(int)).astype(int)
    workdays = np.busday_offset(laid, 0, roll="backward")
    workdays = np.maximum(workdays, np.busday_offset(first, 0, roll="forward"))
    return np.where(days < planned_from, days, workdays)
