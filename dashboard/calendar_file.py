"""Days on which units lapse as a calendar file (RFC 5545): an all-day event each, with an alarm a month before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from icalendar import Alarm, Calendar, Event

if TYPE_CHECKING:
    from collections.abc import Iterable

ALARM_DAYS: Final = 30
_PRODUCT: Final = "-//Drawdown//Watch-list//EN"
#: What no text of a calendar may hold: control characters but for tab and line feed.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Expiry:
    """A day on which units of a lot lapse, as a calendar says it.

    Attributes:
        name: names the event: imported again, it replaces the one that is there.
        on: the last day on which they can be used.
        summary: what is at stake, in one line.
        description: the sentence to read when the alarm rings.
    """

    name: str
    on: date
    summary: str
    description: str


def calendar(expiries: Iterable[Expiry], stamped_on: date) -> bytes:
    """The expiries as an .ics file.

    Args:
        expiries: at least one, as the format wants it.
        stamped_on: the day the file speaks of, which tells a calendar which of two files is newer.
    """
    made = Calendar()
    made.add("prodid", _PRODUCT)
    made.add("version", "2.0")
    stamp = datetime.combine(stamped_on, time(), UTC)
    for expiry in expiries:
        made.add_component(_event(expiry, stamp))
    file: bytes = made.to_ical()
    return file


def _event(expiry: Expiry, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", f"{_clean(expiry.name)}@drawdown")
    event.add("dtstamp", stamp)
    event.add("dtstart", expiry.on)
    event.add("dtend", expiry.on + timedelta(days=1))
    event.add("summary", _clean(expiry.summary))
    event.add("description", _clean(expiry.description))
    # The day is not taken: it stays free for other appointments.
    event.add("transp", "TRANSPARENT")
    event.add_component(_alarm(expiry))
    return event


def _alarm(expiry: Expiry) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(days=-ALARM_DAYS))
    alarm.add("description", _clean(expiry.summary))
    return alarm


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
