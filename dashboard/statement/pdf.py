"""A statement as a PDF: tagged, in fonts that come with the package, and the same bytes for the same figures."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import typst

from dashboard import format as fmt
from dashboard.statement import words
from dashboard.statement.columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from dashboard.statement.statement import Beyond, Delivery, Holding, Left, Point, Project, Statement
    from data.firm import Firm

_TEMPLATE: Final = Path(__file__).with_name("statement.typ")
#: What the fonts of the package have no letters for: Latin, Greek, Cyrillic and Hebrew they have.
_FOREIGN: Final = re.compile("[^\u0000-\u05ff\u1e00-\u22ff\u2500-\u25ff\ufb00-\ufb4f]")
#: A word that no line holds: it may break anywhere.
_LONG_WORD: Final = re.compile(r"\S{28,}")
#: Characters that fit the columns of the balances.
_NARROW: Final = 11
_ZERO_WIDTH_SPACE: Final = "\u200b"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")


def pdf(statement: Statement, firm: Firm) -> bytes:
    """The statement in the firm's name and colours."""
    text = json.dumps(_printable(_content(statement, firm)), ensure_ascii=False)
    compiler = typst.Compiler(
        _TEMPLATE.read_bytes(),
        # All that the template may read: the logo's folder.
        root=firm.logo.parent if firm.logo else _TEMPLATE.parent,
        sys_inputs={"statement": text},
        font_paths=_fonts(with_the_systems=_FOREIGN.search(text) is not None),
    )
    return cast("bytes", compiler.compile())


@cache
def _fonts(*, with_the_systems: bool) -> typst.Fonts:
    """Fonts of the package; those of the machine only where letters are missing, since they differ by machine."""
    return typst.Fonts(include_system_fonts=with_the_systems)


def _content(statement: Statement, firm: Firm) -> dict[str, Any]:
    kind = "Statement of prepaid services" if firm.name else "Statement"
    return {
        "title": f"{kind}: {statement.client}, {statement.month.name}",
        "kind": kind,
        "firm": {
            "name": firm.name,
            "colour": firm.colour,
            "address": firm.address,
            "contact": firm.contact,
            "logo": f"/{firm.logo.name}" if firm.logo else "",
        },
        "client": statement.client,
        "period": words.period(statement),
        "when": words.in_month(statement),
        "only": statement.only,
        "sentence": f"{words.sentence(statement)}.",
        "totals": [_total(statement, total) for total in statement.totals],
        "left": [_left(statement, left) for left in statement.left],
        "beyond": [_beyond(row) for row in statement.beyond],
        "projects": [_project(row) for row in statement.projects],
        "deliveries": [_delivery(line) for line in statement.deliveries],
        "delivered": [words.quantity(sum_, unit) for (unit, _), sum_ in statement.delivered.items()],
        "terms": words.terms(statement),
    }


def _total(statement: Statement, total: Holding) -> dict[str, Any]:
    units, unit = total.units, total.unit
    lots = statement.lots_of(total)
    columns = columns_of(units)
    places = words.digits(value for lot in lots for value in lot.units)
    every: list[Holding] = [*lots, total]
    written = [[words.number(column.of(one.units), unit, places) for column in columns] for one in every]
    whole = max(units.available, units.used + units.closing + units.lapsed) or Decimal(1)
    return {
        "heading": words.heading(total, statement.totals),
        "left": f"{words.quantity(units.closing, unit)} left",
        "of": f"{words.number(units.used, unit)} used of {words.quantity(units.available, unit)}",
        "used_share": float(max(units.used, Decimal(0)) / whole),
        "left_share": float(units.closing / whole),
        "is_wide": any(len(cell) > _NARROW for cells in written for cell in cells),
        "columns": ["", *(column.label for column in columns)],
        "rows": [
            {"name": words.capital(lot.service), "detail": lot.lot_id, "cells": cells}
            for lot, cells in zip(lots, written[:-1], strict=True)
        ],
        "sums": [f"All {fmt.unit_in_words(unit)}" if not fmt.is_money(unit) else "All", *written[-1]],
    }


def _left(statement: Statement, left: Left) -> dict[str, Any]:
    lot = left.lot
    points = statement.courses.get(lot.lot_id, ())
    first = points[0].on if points else statement.month.first_day
    last = max(lot.usable_until or statement.month.last_day, statement.month.last_day)
    most = max((max(point.remaining, point.ideal or Decimal(0)) for point in points), default=Decimal(1))

    def at(on: date, quantity: Decimal) -> tuple[float, float]:
        return (on - first) / max(last - first, timedelta(days=1)), float(quantity / most)

    # What remains falls in steps; the even pace ends with the stated term.
    course = [at(on, before.remaining) for before, on in _steps(points)]
    ideal = [at(point.on, point.ideal) for point in points if point.ideal is not None]
    if ideal and lot.expires_on and lot.expires_on > points[-1].on:
        ideal.append(at(lot.expires_on, Decimal(0)))
    return {
        "until": words.full_day(left.until) if left.until else "No end",
        "when": words.until(left, statement.month.last_day),
        "name": words.capital(lot.service),
        "detail": lot.lot_id,
        "left": words.quantity(left.quantity, lot.unit),
        "worth": words.number(left.amount, lot.currency),
        "course": course,
        "ideal": ideal,
    }


def _steps(points: Sequence[Point]) -> Iterator[tuple[Point, date]]:
    """Each point where it is reached and where the next one begins."""
    for point, following in zip_longest(points, points[1:]):
        yield point, point.on
        if following is not None:
            yield point, following.on


def _beyond(row: Beyond) -> dict[str, str]:
    return {
        "contract": row.contract_id,
        "quantity": words.quantity(row.quantity, row.unit),
        "price": words.beyond_price(row.status, row.amount, row.currency),
    }


def _project(row: Project) -> dict[str, str]:
    return {
        "project": row.name or "No project",
        "program": row.program or "",
        "quantity": words.quantity(row.quantity, row.unit),
    }


def _delivery(line: Delivery) -> dict[str, str]:
    return {
        "day": words.full_day(line.service_date),
        "what": words.what(line),
        "note": words.note(line),
        "project": line.project_name or "",
        "by": line.departments or "",
        "quantity": words.quantity(line.quantity, line.unit),
    }


def _printable(value: Any) -> Any:
    """The same content with words that break where no line holds them, and without control characters."""
    if isinstance(value, str):
        return _LONG_WORD.sub(lambda word: _ZERO_WIDTH_SPACE.join(word[0]), _CONTROL.sub(" ", value))
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value
