"""The days on which units of lots on the watch-list lapse, as entries of a calendar."""

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
    """The last usable day of every lot on the list, and the day a carry-over cap takes its part; the soonest first.

    Args:
        listed: what is on the list; what is overdrawn has no last day.
        currency: the currency of the amounts.
        as_of: the day of the forecast.
    """
    found = []
    for entry in listed:
        if entry.lot_id and entry.usable_until:
            found.append(_end(entry, entry.lot_id, entry.usable_until, currency, as_of))
        if entry.lot_id and entry.lapses_on and entry.is_capped:
            found.append(_cap(entry, entry.lot_id, entry.lapses_on, as_of))
    return sorted(found, key=lambda expiry: (expiry.on, expiry.name))


def _end(entry: Entry, lot_id: str, on: date, currency: str, as_of: date) -> Expiry:
    row = entry.row
    unused = fmt.quantity(fmt.rough(row["expected_quantity"]), row["unit"])
    worth = "" if fmt.is_money(row["unit"]) else f" ({fmt.money(entry.at_risk, currency)})"
    summary, ends = f"{row['account_name']}: {unused}{worth} forecast unused", "Last usable day"
    if row["expires_on"] < on:
        summary += ", end of carry-over"
        ends = f"Last day of the carry-over, after a term to {fmt.full_day(row['expires_on'])}"
    return Expiry(f"{lot_id}.expiry", on, summary, f"{ends}. {_stands(entry, lot_id, as_of)}")


def _cap(entry: Entry, lot_id: str, on: date, as_of: date) -> Expiry:
    row = entry.row
    lapsing, left = (fmt.quantity(row[name], row["unit"]) for name in ("lapses_quantity", "flagged_quantity"))
    summary = f"{row['account_name']}: {lapsing} of the {left} left lapse above the carry-over cap"
    return Expiry(f"{lot_id}.cap", on, summary, f"Last day of the term. {_stands(entry, lot_id, as_of)}")


def _stands(entry: Entry, lot_id: str, as_of: date) -> str:
    """How the lot stood when the file was made."""
    row = entry.row
    left = f"{fmt.of_total(row['flagged_quantity'], row['granted_quantity'], row['unit'])} left"
    said = f"As of {fmt.full_day(as_of)}: {left}, {words.reasons(entry, as_of)}"
    return f"{said}. {fmt.capitalised(row['service'])}, lot {lot_id}."
