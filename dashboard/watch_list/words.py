"""Why somebody is to be called, what to do, and why others no longer are: in words with figures."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from dashboard import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from dashboard.watch_list.calls import Call, Entry

#: More lots of one client than this are counted.
_TOLD: Final = 2


def answer(listed: Sequence[Call], currency: str, as_of: date) -> str:
    """The page in one sentence: whom to call first, and why."""
    if not listed:
        return "Nobody is on the watch-list"
    call = listed[0]
    entry = call.entries[0]
    if entry.lapses_on is None or not entry.at_risk:
        said = reasons(entry, as_of)
    else:
        amount, day = fmt.money(entry.at_risk, currency), fmt.day(entry.lapses_on, as_of)
        what = f"{bought(entry.row)} alone" if entry.at_risk < call.at_risk else bought(entry.row)
        said = f"about {amount} of {what} will lapse{', from' if entry.is_capped else ' on'} {day}"
    return f"Call {call.client} first: {said}"


def new_clients(listed: Sequence[Call]) -> int:
    """How many clients were not on the list before, whoever calls them."""
    return len({call.account_id for call in listed if call.is_new})


def counted(listed: Sequence[Call]) -> str:
    """How long the list is, and how much of it is new."""
    clients, new = fmt.count(len({call.account_id for call in listed}), "client"), new_clients(listed)
    return f"{clients} on the list" + (f", {new:,} new" if new else "")


def bought(row: Mapping[str, Any]) -> str:
    """What a lot holds, as a sentence names it: `training days`, or `creative work` where it is bought in money."""
    return row["service"] if fmt.is_money(row["unit"]) else f"{row['service']} {fmt.unit_in_words(row['unit'])}"


def why(call: Call, as_of: date) -> str:
    """The reasons of a call, lot by lot; more than a few lots are counted."""
    told = [_about(entry, as_of) for entry in call.entries[:_TOLD]]
    more = len(call.entries) - _TOLD
    return ". ".join([*told, f"{more} more"] if more > 0 else told)


def reasons(entry: Entry, as_of: date) -> str:
    """Why a lot or contract is on the list."""
    said = [_reason(reason, entry.row, as_of) for reason in entry.reasons]
    # Who is behind pace late in the term has much left as well; one of the two says it.
    return ", ".join(dict.fromkeys(said))


def what_to_do(call: Call, currency: str, as_of: date) -> str:
    """The next step for what most money is at risk of, named where it is not all the call is about."""
    entry = call.entries[0]
    step = _next_step(entry, currency, as_of)
    if len(call.entries) == 1:
        return step
    return f"{fmt.capitalised(_held(entry))}: {step[0].lower()}{step[1:]}"


def _next_step(entry: Entry, currency: str, as_of: date) -> str:
    row = entry.row
    if entry.lot_id is None:
        return _top_up(row, currency)
    left, day = fmt.quantity(row["lapses_quantity"], row["unit"]), fmt.day(row["lapses_on"], as_of)
    if "in_grace" in entry.reasons:
        return f"Book {left} by {day}: then the carry-over ends"
    if "ends_soon" in entry.reasons:
        return f"Book {left} by {day}, or agree an extension"
    needed, recent = (fmt.quantity(row[name], row["unit"]) for name in ("required_monthly", "recent_monthly"))
    if row["recent_monthly"] >= row["required_monthly"]:
        return f"Hold the pace: {recent} a month, {needed} would do"
    return f"Book {needed} a month instead of {recent if row['recent_monthly'] else 'none'}"


def why_left(entry: Entry, balance: Mapping[str, Any] | None, as_of: date) -> str:
    """What became of a lot or contract that is no longer on the list.

    Args:
        entry: what was on the list.
        balance: its lot's row of lot_balance now; None where there is none.
        as_of: the day asked about.
    """
    if entry.lot_id is None:
        return "Nothing more used beyond its lots"
    if balance is None:
        return "No longer in this view"
    if balance["status"] == "exhausted":
        return "Used up"
    if balance["status"] == "ended":
        lapsed = fmt.money(balance["lapsed_amount"], balance["currency"])
        return f"Ended: {lapsed} lapsed" if balance["lapsed_quantity"] else "Ended, all used"
    if entry.usable_until and (balance["usable_until"] is None or balance["usable_until"] > entry.usable_until):
        return f"Extended to {fmt.day(balance['usable_until'], as_of)}" if balance["usable_until"] else "Never ends now"
    return f"Nearer to pace: {_share(balance['drawn_quantity'] / balance['granted_quantity'])} used"


def _about(entry: Entry, as_of: date) -> str:
    return f"{fmt.capitalised(_held(entry))}: {reasons(entry, as_of)}"


def _held(entry: Entry) -> str:
    return bought(entry.row) if entry.lot_id else "contract"


def _reason(reason: str, row: Mapping[str, Any], as_of: date) -> str:
    if reason == "overdrawn":
        over = fmt.quantity(row["flagged_quantity"], row["unit"])
        rate = fmt.money(row["at_risk_amount"], row["currency"])
        return f"{over} used beyond its lots, {f'{rate} billable' if row['at_risk_amount'] else 'no rate agreed'}"
    if reason == "in_grace":
        return f"in carry-over since {fmt.day(row['expires_on'], as_of)}"
    if reason == "ends_soon":
        days = fmt.count(row["days_left"], "day")
        if row["lapses_on"] == row["usable_until"]:
            return f"ends in {days}"
        return f"{fmt.quantity(row['lapses_quantity'], row['unit'])} above the carry-over cap lapse in {days}"
    return f"{_share(row['used_share'])} used in {_share(row['elapsed_share'])} of the time"


def _share(share: float | Decimal) -> str:
    """A share in whole per cent, down: what is not all used is not 100% used."""
    # As it is written: 0.29 as a double, times 100, is a little less than 29.
    return f"{int(Decimal(str(share)) * 100)}%"


def _top_up(row: Mapping[str, Any], currency: str) -> str:
    if row["at_risk_amount"]:
        return f"Offer a top-up, and bill {fmt.money(row['at_risk_amount'], currency)}"
    return "Offer a top-up, and agree a rate for what was used"
