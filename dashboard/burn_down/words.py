"""Where a lot stands and what to do about it, in plain words that are true for every lot, the dull ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboard import format as fmt
from dashboard.charts.base import Finding
from dashboard.lot import nil

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from dashboard.lot import Forecast, Lot, Reach

#: With no more days left than these, a pace a month says nothing: what is left is to be booked within them.
_MONTH: Final = 30
#: From this chance on, running out early is worth a word.
_LIKELY: Final = 0.5


def finding(lot: Lot, as_of: date) -> Finding:
    """What becomes of the lot and what to do; the grey line says what is plotted and what the advice rests on."""
    return Finding(_title(lot, as_of), f"{_plotted(lot)} {_basis(lot, as_of)}".strip())


def _title(lot: Lot, as_of: date) -> str:
    if lot.status == "upcoming":
        bought = fmt.quantity_in_words(lot.granted, lot.unit)
        return f"{lot.client} can use {bought} from {_day(lot.valid_from, as_of)}"
    if lot.status in ("exhausted", "ended"):
        return _over(lot, as_of)
    return _running(lot, as_of)


def _over(lot: Lot, as_of: date) -> str:
    if not lot.granted:
        return f"{lot.client} has nothing in this lot: all its units were moved or taken back"
    if lot.status == "exhausted":
        return _used_up(lot, as_of)
    end = _day(lot.usable_until, as_of) if lot.usable_until else "its last day"
    if lot.terminated_on is not None:
        unused = fmt.of_total(lot.lapsed, lot.granted, lot.unit)
        return f"{lot.client} terminated on {_day(lot.terminated_on, as_of)} with {unused} unused"
    if nil(lot.lapsed, lot.unit):
        return f"{lot.client} used all {fmt.quantity_in_words(lot.granted, lot.unit)} by {end}"
    return f"{lot.client} left {fmt.of_total(lot.lapsed, lot.granted, lot.unit)} unused by {end}"


def _running(lot: Lot, as_of: date) -> str:
    if lot.forecast is None or lot.usable_until is None:
        left = fmt.of_total(lot.remaining, lot.granted, lot.unit)
        return f"{lot.client} has {left} left, and no last day to use them by"
    if lot.is_losing_at_cap and lot.carried is not None:
        left, carried = (fmt.quantity(quantity, lot.unit) for quantity in (lot.remaining, lot.carried))
        on = _day(lot.forecast.lapses_on, as_of)
        return f"{lot.client} has {left} left, and only {carried} carry over after {on}: {_advice(lot, lot.forecast)}"
    end = _day(lot.usable_until, as_of)
    if lot.is_on_pace:
        return f"{lot.client} is on pace to use {_whole(lot, end)}"
    left = fmt.of_total(fmt.rough(lot.forecast.expected), lot.granted, lot.unit)
    return f"{lot.client} will leave about {left} unused on {end}: {_advice(lot, lot.forecast)}"


def _whole(lot: Lot, end: str) -> str:
    """All of it, or what a carry-over cap has left of it."""
    if nil(lot.lapsed, lot.unit):
        return f"all {fmt.quantity_in_words(lot.granted, lot.unit)} by {end}"
    return f"the rest by {end}: {_used(lot)}, {fmt.quantity(lot.lapsed, lot.unit)} lapsed"


def _used_up(lot: Lot, as_of: date) -> str:
    if not nil(lot.lapsed, lot.unit):
        return f"{lot.client} has nothing left: {_used(lot)}, {fmt.quantity(lot.lapsed, lot.unit)} lapsed"
    return f"{lot.client} has used all {fmt.quantity_in_words(lot.granted, lot.unit)}{_early(lot, as_of)}"


def _used(lot: Lot) -> str:
    return f"{fmt.of_total(lot.drawn, lot.granted, lot.unit)} used"


def _early(lot: Lot, as_of: date) -> str:
    if lot.used_up_on is None:
        return ""
    days = (lot.usable_until - lot.used_up_on).days if lot.usable_until else 0
    ahead = f", {fmt.count(days, 'day')} before the end" if days > 0 else ""
    return f" by {_day(lot.used_up_on, as_of)}{ahead}"


def _advice(lot: Lot, forecast: Forecast) -> str:
    """What to do, as the end of a sentence."""
    extend = ", or agree an extension" if lot.reach is None or not nil(lot.reach.beyond, lot.unit) else ""
    if forecast.lapse_days <= _MONTH:
        units = fmt.quantity(forecast.lapses_quantity, lot.unit)
        units = f"the {units} left" if lot.carried is None else units
        return f"book {units} within {fmt.count(forecast.lapse_days, 'day')}{extend}"
    if nil(forecast.more_monthly, lot.unit) or forecast.more_monthly < 0:
        return f"see that it keeps to the {_monthly(forecast.required_monthly, lot.unit)} it needs"
    if forecast.recent_monthly <= 0:
        return f"book {_monthly(fmt.rough(forecast.required_monthly), lot.unit)}{extend}"
    more = fmt.rough(forecast.more_monthly)
    said = fmt.money(more, lot.unit) if fmt.is_money(lot.unit) else fmt.number(more, lot.unit)
    return f"book {said} more a month{extend}"


def _plotted(lot: Lot) -> str:
    unit = lot.unit if fmt.is_money(lot.unit) else fmt.unit_in_words(lot.unit)
    return f"Remaining {unit}, {lot.service}, lot {lot.lot_id}."


def _basis(lot: Lot, as_of: date) -> str:
    """What the title rests on."""
    if lot.status == "upcoming":
        return "Nothing to do yet: no day of its term has passed."
    if lot.forecast is None:
        worth = fmt.money(lot.lapsed_amount, lot.currency)
        return f"What lapsed was worth {worth}." if lot.lapsed_amount else ""
    said = [
        _grace(lot, as_of),
        _cap(lot, lot.forecast, as_of),
        "" if lot.drawn else "Never used so far.",
        _pace(lot.forecast, lot.unit),
    ]
    if (lot.is_losing_at_cap or not lot.is_on_pace) and lot.reach is not None:
        said.append(_time(lot, lot.reach, as_of))
    if lot.forecast.runs_out_chance >= _LIKELY and lot.forecast.runs_out_on is not None:
        said.append(
            f"It runs out early with a chance of {lot.forecast.runs_out_chance:.0%}, if so around"
            f" {_day(lot.forecast.runs_out_on, as_of)}."
        )
    return " ".join(filter(None, said))


def _grace(lot: Lot, as_of: date) -> str:
    if lot.status != "grace" or lot.expires_on is None:
        return ""
    return f"In grace since its term ended on {_day(lot.expires_on, as_of)}."


def _cap(lot: Lot, forecast: Forecast, as_of: date) -> str:
    if lot.carried is None:
        return ""
    return f"What is left above {fmt.quantity(lot.carried, lot.unit)} lapses on {_day(forecast.lapses_on, as_of)}."


def _pace(forecast: Forecast, unit: str) -> str:
    required, recent = (fmt.quantity(pace, unit) for pace in (forecast.required_monthly, forecast.recent_monthly))
    if forecast.more_monthly <= 0 or nil(forecast.more_monthly, unit):
        return f"The pace of the last 90 days, {recent} a month, would use them all if it held."
    if forecast.recent_monthly <= 0:
        return f"Using them all takes {required} a month; nothing was used in the last 90 days."
    return f"Using them all takes {required} a month; the last 90 days had {recent} a month."


def _time(lot: Lot, reach: Reach, as_of: date) -> str:
    """How late there is still time to act."""
    if not reach.monthly:
        return ""
    best = f"{fmt.quantity(reach.monthly, lot.unit)} a month, its best or twice its recent pace"
    if reach.act_by is None:
        return f"Even at {best}, {fmt.quantity(reach.beyond, lot.unit)} would lapse."
    return f"At {best}, it is enough to begin by {_day(reach.act_by, as_of)}."


def _monthly(pace: Decimal, unit: str) -> str:
    return f"{fmt.quantity(pace, unit)} a month"


def _day(on: date, as_of: date) -> str:
    return fmt.day(on, as_of)
