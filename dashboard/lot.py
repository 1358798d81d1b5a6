"""One lot as a page speaks of it: how it stands, what it is forecast to leave, and what can still be done."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboard import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

#: Columns of lot_balance that a lot takes over as they are.
_TAKEN = (
    "lot_id",
    "contract_id",
    "account_id",
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


@dataclass(frozen=True)
class Forecast:
    """What a lot is forecast to leave unused: expected, its 80% and 50% intervals, its price; when it may run out.

    Units lapse on lapses_on, in lapse_days: all that is left, or at a carry-over cap what is above it.
    """

    expected: Decimal
    low: Decimal
    high: Decimal
    lower: Decimal
    upper: Decimal
    amount: Decimal
    days_left: int
    lapses_on: date
    lapse_days: int
    lapses_quantity: Decimal
    recent_monthly: Decimal
    required_monthly: Decimal
    runs_out_chance: float
    runs_out_on: date | None

    @property
    def more_monthly(self) -> Decimal:
        """Units a month on top of the recent pace that would use it all; below nil where the pace is enough."""
        return self.required_monthly - self.recent_monthly


@dataclass(frozen=True)
class Reach:
    """What can still be done: the pace its contract can be taken to manage, the last day to begin, and what is lost."""

    monthly: Decimal
    act_by: date | None
    beyond: Decimal


@dataclass(frozen=True)
class Lot:
    """A lot on the as-of day: terms, units and, where it is still open, its forecast and what can still be done."""

    lot_id: str
    contract_id: str
    account_id: str
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
    reach: Reach | None
    used_up_on: date | None
    terminated_on: date | None

    @property
    def has_grace(self) -> bool:
        """Whether what the term leaves can still be used for a while."""
        return self.expires_on is not None and self.usable_until is not None and self.usable_until > self.expires_on

    @property
    def carried(self) -> Decimal | None:
        """What a carry-over cap lets live on past the term; None where it takes nothing."""
        if self.forecast is None or self.forecast.lapses_on == self.usable_until:
            return None
        return self.remaining - self.forecast.lapses_quantity

    @property
    def is_losing_at_cap(self) -> bool:
        """Whether its recent pace leaves more at the end of the term than a carry-over cap lets live on."""
        said = self.forecast
        if said is None or self.carried is None:
            return False
        return not nil(max(said.lapses_quantity - said.recent_monthly * said.lapse_days / 30, Decimal(0)), self.unit)

    @property
    def is_on_pace(self) -> bool:
        """Whether it is forecast to leave what reads as nothing."""
        return self.forecast is not None and nil(self.forecast.expected, self.unit)


def lot_of(
    balance: Mapping[str, Any],
    watched: Mapping[str, Any] | None,
    reach: Mapping[str, Any] | None,
    terms: Mapping[str, Any] | None,
    history: pl.DataFrame,
    events: pl.DataFrame,
) -> Lot:
    """A lot from what the figures say of it.

    Args:
        balance: its row of lot_balance.
        watched: its row of watch_list, where it is open.
        reach: its row of lot_reach, where it is open and has an end.
        terms: its row of lot_terms, needed before its first day, when nothing is granted yet.
        history: its burn_down.
        events: its lot_events.
    """
    return Lot(
        client=balance["account_name"],
        granted=terms["quantity"] if terms and balance["status"] == "upcoming" else balance["granted_quantity"],
        drawn=balance["drawn_quantity"],
        lapsed=balance["lapsed_quantity"],
        remaining=balance["remaining_quantity"],
        forecast=None if watched is None or watched["usable_until"] is None else _forecast(watched),
        reach=None if reach is None else Reach(reach["reachable_monthly"], reach["act_by"], reach["beyond_quantity"]),
        used_up_on=_used_up_on(history) if balance["status"] == "exhausted" else None,
        terminated_on=next(iter(events.filter(kind="termination")["on_date"]), None),
        **{name: balance[name] for name in _TAKEN},
    )


def nil(value: Decimal, unit: str) -> bool:
    """Whether a quantity reads as nothing once it is written."""
    return fmt.number(value, unit) == "0"


def _forecast(watched: Mapping[str, Any]) -> Forecast:
    return Forecast(
        expected=watched["expected_quantity"],
        low=watched["low_quantity"],
        high=watched["high_quantity"],
        lower=watched["lower_quantity"],
        upper=watched["upper_quantity"],
        amount=watched["expected_amount"],
        days_left=watched["days_left"],
        lapses_on=watched["lapses_on"],
        lapse_days=watched["days_left"] - (watched["usable_until"] - watched["lapses_on"]).days,
        lapses_quantity=watched["lapses_quantity"],
        recent_monthly=watched["recent_monthly"],
        required_monthly=watched["required_monthly"],
        runs_out_chance=watched["runs_out_chance"] or 0.0,
        runs_out_on=watched["runs_out_on"],
    )


def _used_up_on(history: pl.DataFrame) -> date | None:
    """The day from which nothing has been left."""
    still_left = history.filter(pl.col("remaining_quantity") > 0)["on_date"].max()
    after = history["on_date"] if still_left is None else history.filter(pl.col("on_date") > still_left)["on_date"]
    return next(iter(after.to_list()), None)
