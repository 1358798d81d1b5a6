"""One lot as a page speaks of it: how it stands, what it is forecast to leave, and that in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboard import format as fmt
from dashboard.charts.base import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal


@dataclass(frozen=True)
class Forecast:
    """What a lot is forecast to leave unused: expected, its 80% and 50% intervals, its price; when it may run out."""

    expected: Decimal
    low: Decimal
    high: Decimal
    lower: Decimal
    upper: Decimal
    amount: Decimal
    recent_monthly: Decimal
    required_monthly: Decimal
    runs_out_chance: float
    runs_out_on: date | None


@dataclass(frozen=True)
class Lot:
    """A lot on the as-of day: terms, units and, where it is still open, its forecast."""

    lot_id: str
    contract_id: str
    client: str
    owner: str
    service: str
    currency: str
    unit: str
    status: str
    valid_from: date
    expires_on: date | None
    usable_until: date | None
    granted: Decimal
    drawn: Decimal
    lapsed: Decimal
    remaining: Decimal
    remaining_amount: Decimal
    lapsed_amount: Decimal
    forecast: Forecast | None
    used_up_on: date | None

    @property
    def has_grace(self) -> bool:
        """Whether what the term leaves can still be used for a while."""
        return self.expires_on is not None and self.usable_until is not None and self.usable_until > self.expires_on


def lot_of(
    balance: Mapping[str, Any], watched: Mapping[str, Any] | None, terms: Mapping[str, Any], history: pl.DataFrame
) -> Lot:
    """A lot from what the figures say of it.

    Args:
        balance: its row of lot_balance.
        watched: its row of watch_list, where it is open.
        terms: its row of lot_terms: before its first day nothing is granted yet.
        history: its burn_down.
    """
    return Lot(
        client=balance["account_name"],
        granted=terms["quantity"] if balance["status"] == "upcoming" else balance["granted_quantity"],
        drawn=balance["drawn_quantity"],
        lapsed=balance["lapsed_quantity"],
        remaining=balance["remaining_quantity"],
        forecast=None if watched is None or watched["usable_until"] is None else _forecast(watched),
        used_up_on=_used_up_on(history) if balance["status"] == "exhausted" else None,
        **{
            name: balance[name]
            for name in (
                "lot_id",
                "contract_id",
                "owner",
                "service",
                "currency",
                "unit",
                "status",
                "valid_from",
                "expires_on",
                "usable_until",
                "remaining_amount",
                "lapsed_amount",
            )
        },
    )


def finding(lot: Lot, as_of: date) -> Finding:
    """What becomes of the lot, and what to do about it."""
    return Finding(_title(lot, as_of), f"{_plotted(lot)} {_advice(lot, as_of)}".strip())


def _forecast(watched: Mapping[str, Any]) -> Forecast:
    return Forecast(
        expected=watched["expected_quantity"],
        low=watched["low_quantity"],
        high=watched["high_quantity"],
        lower=watched["lower_quantity"],
        upper=watched["upper_quantity"],
        amount=watched["expected_amount"],
        recent_monthly=watched["recent_monthly"],
        required_monthly=watched["required_monthly"],
        runs_out_chance=watched["runs_out_chance"] or 0.0,
        runs_out_on=watched["runs_out_on"],
    )


def _title(lot: Lot, as_of: date) -> str:
    if lot.status == "upcoming":
        return f"{lot.client} can use {fmt.quantity_in_words(lot.granted, lot.unit)} from {_day(lot.valid_from, as_of)}"
    if lot.status == "exhausted":
        return f"{lot.client} has used all {fmt.quantity_in_words(lot.granted, lot.unit)}{_early(lot, as_of)}"
    if lot.status == "ended":
        return _ended(lot, as_of)
    if lot.forecast is None or lot.usable_until is None:
        left = fmt.of_total(lot.remaining, lot.granted, lot.unit)
        return f"{lot.client} has {left} left, and no last day to use them by"
    end = _day(lot.usable_until, as_of)
    if _nil(lot.forecast.expected, lot.unit):
        return f"{lot.client} is on pace to use all {fmt.quantity_in_words(lot.granted, lot.unit)} by {end}"
    left = fmt.of_total(fmt.rough(lot.forecast.expected), lot.granted, lot.unit)
    return f"{lot.client} will leave about {left} unused on {end}"


def _ended(lot: Lot, as_of: date) -> str:
    end = _day(lot.usable_until, as_of) if lot.usable_until else "its last day"
    if _nil(lot.lapsed, lot.unit):
        return f"{lot.client} used all {fmt.quantity_in_words(lot.granted, lot.unit)} by {end}"
    return f"{lot.client} left {fmt.of_total(lot.lapsed, lot.granted, lot.unit)} unused on {end}"


def _early(lot: Lot, as_of: date) -> str:
    if lot.used_up_on is None:
        return ""
    days = (lot.usable_until - lot.used_up_on).days if lot.usable_until else 0
    ahead = f", {fmt.count(days, 'day')} before the end" if days > 0 else ""
    return f" by {_day(lot.used_up_on, as_of)}{ahead}"


def _used_up_on(history: pl.DataFrame) -> date | None:
    """The day from which nothing has been left."""
    still_left = history.filter(pl.col("remaining_quantity") > 0)["on_date"].max()
    after = history["on_date"] if still_left is None else history.filter(pl.col("on_date") > still_left)["on_date"]
    return next(iter(after.to_list()), None)


def _plotted(lot: Lot) -> str:
    unit = lot.unit if fmt.is_money(lot.unit) else fmt.unit_in_words(lot.unit)
    return f"Remaining {unit}, {lot.service}, lot {lot.lot_id}."


def _advice(lot: Lot, as_of: date) -> str:
    if lot.status == "upcoming":
        return "Nothing to do yet: no day of its term has passed."
    if lot.forecast is None:
        worth = fmt.money(lot.lapsed_amount, lot.currency)
        return f"What lapsed was worth {worth}." if lot.lapsed else ""
    grace = ""
    if lot.status == "grace" and lot.expires_on is not None:
        grace = f"In grace since its term ended on {_day(lot.expires_on, as_of)}. "
    used = "Never used so far. " if not lot.drawn else ""
    return grace + used + _pace(lot.forecast, lot.unit)


def _pace(forecast: Forecast, unit: str) -> str:
    required, recent = (fmt.quantity(pace, unit) for pace in (forecast.required_monthly, forecast.recent_monthly))
    more = forecast.required_monthly - forecast.recent_monthly
    if more <= 0 or _nil(more, unit):
        return f"The pace of the last 90 days, {recent} a month, would use them all if it held."
    if not forecast.recent_monthly:
        return f"Booking {required} a month uses them all; nothing was used in the last 90 days."
    return f"Booking {fmt.quantity(more, unit)} more a month, {required} instead of {recent}, uses them all."


def _nil(value: Decimal, unit: str) -> bool:
    """Whether a quantity reads as nothing once it is written."""
    return fmt.number(value, unit) == "0"


def _day(on: date, as_of: date) -> str:
    return fmt.day(on, as_of)
