"""How a sample of texts is written: the formats that can read all of it, as candidates and never as a guess."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from data.values import reason, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from data.mapping import SourceColumn

    Count = Callable[[str], int]

_DATE_FORMATS: Final = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S.000Z",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d-%m-%Y",
    "%m-%d-%Y",
)
_NUMBER_MARKS: Final = ((), ("thousands_separators",), ("decimal_comma",), ("decimal_comma", "thousands_separators"))
_SEEN: Final = (("scientific", "[eE]"), ("parentheses_are_negative", r"\("), ("dash_is_zero", "^-$"))


def as_date(column: SourceColumn, count: Count) -> list[SourceColumn]:
    """The column with each date format that reads every text; several where the order of day and month is open.

    Args:
        column: the column to read.
        count: how many rows of the sample satisfy a SQL condition over their trimmed texts.
    """
    candidates = [replace(column, formats=(date_format,)) for date_format in _DATE_FORMATS]
    return _distinct([candidate for candidate in candidates if _reads_all(candidate, count)], count)


def as_number(column: SourceColumn, most_decimals: int, count: Count) -> list[SourceColumn]:
    """The column with each way to write numbers that reads every text; several where a mark can mean two things."""
    return _distinct(list(_numbers(column, most_decimals, count)), count)


def as_duration(column: SourceColumn, count: Count) -> list[SourceColumn]:
    """The column as a duration, where a text holds a colon and all can be read so."""
    if not count(f"contains({column.quoted}, ':')"):
        return []
    candidate = replace(column, type="duration", formats=("h:mm", "h:mm:ss", "decimal"))
    return [candidate] if _reads_all(candidate, count) else []


def _numbers(column: SourceColumn, most_decimals: int, count: Count) -> Iterator[SourceColumn]:
    """Each decimal mark in its plainest form that reads every text."""
    seen = tuple(name for name, mark in _SEEN if count(f"regexp_matches({column.quoted}, '{mark}')"))
    marks_read: set[bool] = set()
    for marks in _NUMBER_MARKS:
        has_comma = "decimal_comma" in marks
        for decimals in range(min(2, most_decimals), most_decimals + 1):
            candidate = replace(column, formats=(*marks, *seen), decimals=decimals)
            if has_comma not in marks_read and _reads_all(candidate, count):
                marks_read.add(has_comma)
                yield candidate


def _reads_all(column: SourceColumn, count: Count) -> bool:
    """Whether no text is refused, of at least one."""
    return not count(f"({reason(column)}) IS NOT NULL") and count(f"{column.quoted} <> ''") > 0


def _distinct(candidates: list[SourceColumn], count: Count) -> list[SourceColumn]:
    """Candidates without those that read the sample as the first one does."""
    kept = candidates[:1]
    for candidate in candidates[1:]:
        if count(f"{value(candidate)} IS DISTINCT FROM {value(kept[0])}"):
            kept.append(candidate)
    return kept
