"""What a case expects of the backlog (RPO) and the net position on a day, beside what the figures say."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from tests.golden.bands import Band, amounts, band, months_after, placed
from tests.golden.pairs import Pair, fields, renamed
from tests.golden.values import civil, listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tests.golden.asked import Contract
    from tests.golden.case_files import Case

_NIL: Final = Decimal("0.000")
_COLUMNS: Final = {"rpo_total": "backlog", "deferred_net": "deferred_net"}
_BANDS: Final = ("bands", "rpo_bands")
#: Parts of the net position, by what is in their name without its hyphens; the longer name first.
_PARTS: Final = {"noncurrent": "non_current_amount", "current": "current_amount"}
_CURRENT_UNTIL: Final = "current_until"
_YEAR: Final = 12


def rpo_pairs(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    """The backlog and the net position of every day asked about, the bands of the one and the parts of the other."""
    for wanted in expected:
        day = wanted.get("date")
        question = _question(contract, day)
        split = {field: value for field, value in wanted.items() if field in _BANDS or _part(field)}
        plain = {field: value for field, value in wanted.items() if field not in split}
        row = next((renamed(row, _COLUMNS) for row in contract.rows("backlog", as_of=day)), {})
        yield from fields(str(day), "rpo.", plain, {**question, "date": day, **row})
        for field in _BANDS:
            if split.get(field):
                yield from _band_pairs(contract, civil(day), question, split[field])
        parts = {field: value for field, value in split.items() if field not in _BANDS}
        if parts:
            yield from fields(str(day), "rpo.", parts, _parts(contract, civil(day), question, parts))


def _question(contract: Contract, day: Any) -> Case:
    questions = listed(contract.asked.inputs, "rpo_as_of")
    return next((question for question in questions if question.get("date") == day), {})


def _part(field: str) -> str | None:
    """The column that holds a part of the net position; None if the field is none."""
    name = "" if field == _CURRENT_UNTIL else field.replace("_", "").replace("-", "").lower()
    return next((column for word, column in _PARTS.items() if word in name), None)


def _parts(contract: Contract, day: date, question: Case, wanted: Case) -> Case:
    """The parts of the liability; what is current is so for twelve months, unless the case says until when (R8.3)."""
    until = question.get(_CURRENT_UNTIL)
    until = months_after(day, _YEAR) if until is None else civil(until)
    row = next(iter(contract.rows("current_liability", as_of=day, current_until=until)), {})
    return {field: row.get(str(_part(field)), _NIL) for field in wanted}


def _band_pairs(contract: Contract, day: date, question: Case, expected: Any) -> Iterator[Pair]:
    asked = [band(item, day) for item in listed(question, "bands")]
    bands = placed(amounts(expected), asked, day)
    ends = {end for wanted, _ in bands for end in (wanted.after, wanted.until) if end is not None}
    rows = contract.rows("rpo_bands", as_of=day, boundaries=sorted(ends))
    for wanted, amount in bands:
        yield Pair(str(day), f"rpo.bands.{wanted.label}", amount, _within(rows, wanted))


def _within(rows: list[Case], wanted: Band) -> Decimal:
    """The amounts of the bands of the figure that lie within one."""
    found = _NIL
    for row in rows:
        end = row["band_end"]
        is_after = wanted.after is None or end is None or end > wanted.after
        if is_after and (wanted.until is None or (end is not None and end <= wanted.until)):
            found += row["amount"]
    return found
