"""The bands of time a case splits its backlog into; how it writes them, the format leaves open."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from tests.golden.values import civil, either

_LABEL: Final = ("label", "band", "name", "period")
_FROM: Final = ("start", "from")
_UNTIL: Final = ("until", "end", "to", "through", "band_end", "up_to")
_MONTHS: Final = ("months", "to_months", "within_months")
_AMOUNT: Final = ("amount", "rpo", "value", "total")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_BEYOND: Final = re.compile(r"\s*(>|after|beyond|later than)")


class Band(NamedTuple):
    """The days after one day and up to another; without the one it follows the band before, without the other it ends
    never.
    """

    label: str
    after: date | None = None
    until: date | None = None

    @property
    def has_days(self) -> bool:
        """Whether anything says when it is."""
        return self.after is not None or self.until is not None


def band(written: Any, as_of: date) -> Band:
    """A band as a case writes it: a day, months, two days, words with days in them, or an object with any of these."""
    if isinstance(written, int):
        return Band(str(written), until=months_after(as_of, written))
    if not isinstance(written, dict):
        return _from_words(" ".join(map(str, written)) if isinstance(written, list) else str(written))
    label = str(either(written, *_LABEL, *_UNTIL, *_FROM))
    start, until, months = (either(written, *keys) for keys in (_FROM, _UNTIL, _MONTHS))
    if start is None and until is None and months is None:
        return _from_words(label)
    after = None if start is None else civil(start) - timedelta(days=1)
    if until is None:
        return Band(label, after, None if months is None else months_after(as_of, int(months)))
    return Band(label, after, civil(until))


def placed(written: list[tuple[Any, Any]], asked: list[Band], as_of: date) -> list[tuple[Band, Any]]:
    """Bands and their amounts, each with its days: its own, else those of the band asked for by label or by place."""
    by_label = {known.label: known for known in asked}
    found: list[tuple[Band, Any]] = []
    before = as_of
    for place, (name, amount) in enumerate(written):
        own = band(name, as_of)
        if not own.has_days:
            own = by_label.get(own.label) or (asked[place] if place < len(asked) else own)
        after = before if own.after is None else own.after
        found.append((own._replace(after=after), amount))
        before = own.until or after
    return found


def amounts(expected: Any) -> list[tuple[Any, Any]]:
    """What a case expects of its bands, as band and amount: an object by label, or a list of either."""
    if isinstance(expected, dict):
        return list(expected.items())
    return [(item, either(item, *_AMOUNT)) if isinstance(item, dict) else ("", item) for item in expected]


def _from_words(text: str) -> Band:
    days = [civil(found) for found in _DAY.findall(text)]
    if not days:
        return Band(text)
    if len(days) > 1:
        return Band(text, days[0] - timedelta(days=1), days[-1])
    return Band(text, after=days[0]) if _BEYOND.match(text) else Band(text, until=days[0])


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
