"""The lots on the watch-list as entries of a calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard import format as fmt
from dashboard.calendar_file import Expiry
from dashboard.watch_list import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from dashboard.watch_list.calls import Entry


def expiries(listed: Sequence[Entry], currency: str, as_of: date) -> list[Expiry]:
    """The last usable day of every lot on the list, the soonest first.

    Args:
        listed: what is on the list; what is overdrawn has no last day.
        currency: the currency of the amounts.
        as_of: the day of the forecast.
    """
    found = [
        _expiry(entry, entry.lot_id, entry.usable_until, currency, as_of)
        for entry in listed
        if entry.lot_id and entry.usable_until
    ]
    return sorted(found, key=lambda expiry: (expiry.on, expiry.lot_id))


def _expiry(entry: Entry, lot_id: str, on: date, currency: str, as_of: date) -> Expiry:
    row = entry.row
    unused = fmt.quantity(fmt.rough(row["expected_quantity"]), row["unit"])
    worth = "" if fmt.is_money(row["unit"]) else f" ({fmt.money(entry.at_risk, currency)})"
    summary, ends = f"{row['account_name']}: {unused}{worth} forecast unused", "Last usable day"
    if row["expires_on"] < on:
        summary += ", end of carry-over"
        ends = f"Last day of the carry-over, after a term to {fmt.full_day(row['expires_on'])}"
    left = f"{fmt.of_total(row['flagged_quantity'], row['granted_quantity'], row['unit'])} left"
    said = f"As of {fmt.full_day(as_of)}: {left}, {words.reasons(entry, as_of)}"
    return Expiry(lot_id, on, summary, f"{ends}. {said}. {row['service'].capitalize()}, lot {lot_id}.")
