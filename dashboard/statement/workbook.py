"""A statement as a workbook: its figures as numbers to reckon with, its deliveries as rows, and what they rest on."""

from __future__ import annotations

import io
from dataclasses import asdict
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import xlsxwriter

from dashboard import format as fmt
from dashboard.export import add_about, add_rows, write_number
from dashboard.statement import words
from dashboard.statement.columns import columns_of
from queries import catalog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from dashboard.statement.statement import Holding, Statement
    from data.firm import Firm

_WIDTHS: Final = (30, 18, 16, 14, 14, 14, 14, 14, 14, 14)
_TYPES: Final = {"VARCHAR": pl.String, "DATE": pl.Date}


def workbook(statement: Statement, firm: Firm) -> bytes:
    """The statement in the firm's name and colour; the same bytes for the same figures."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        title = f"{'Statement' if not firm.name else f'{firm.name}, statement'}: {statement.client}"
        # A workbook says when it was made; the day of the snapshot is when its figures were.
        made = datetime.combine(statement.known_on, time())
        book.set_properties({"title": title, "author": firm.name, "created": made})
        _Sheet(book, firm).write(statement)
        add_rows(book, "Deliveries", _deliveries(statement))
        add_about(book, _about(statement, firm))
    return target.getvalue()


class _Sheet:
    """The sheet Statement, written from the top down."""

    def __init__(self, book: Workbook, firm: Firm) -> None:
        self._book, self._firm = book, firm
        self._sheet: Worksheet = book.add_worksheet("Statement")
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        self._row = 0
        for place, width in enumerate(_WIDTHS):
            self._sheet.set_column(place, place, width)
        self._sheet.hide_gridlines(2)
        self._sheet.set_paper(9)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)

    def write(self, statement: Statement) -> None:
        """Write all of it."""
        if self._firm.name:
            self._line([self._firm.name], bold=True, font_size=16, font_color=self._firm.colour)
        for text in self._firm.address:
            self._line([text], font_color="#5B6472")
        self._row += 1 if self._firm.name else 0
        self._line([statement.client], bold=True, font_size=20)
        self._line([words.period(statement)], font_color="#5B6472")
        self._line([f"{words.sentence(statement)}."])
        if statement.only:
            self._line([statement.only], bold=True)
        for total in statement.totals:
            self._balances(statement, total)
        self._left(statement)
        self._beyond(statement)
        self._projects(statement)
        self._row += 1
        for text in [*words.terms(statement), self._firm.contact]:
            self._line([text], font_color="#5B6472")

    def _balances(self, statement: Statement, total: Holding) -> None:
        columns = columns_of(total.units)
        self._head(words.heading(total, statement.totals), ["Service", "Lot", *(column.label for column in columns)])
        lots = statement.lots_of(total)
        for lot in lots:
            self._line(
                [words.capital(lot.service), lot.lot_id, *(column.of(lot.units) for column in columns)], lot.unit
            )
        values = [column.of(total.units) for column in columns]
        self._line(["Total", "", *values], total.unit, bold=True, top=1)

    def _left(self, statement: Statement) -> None:
        if not statement.left:
            return
        self._head("Use next", ["Service", "Lot", "Usable until", "Left", "Unit", "Worth", "Currency", "Note"])
        for lot, quantity, amount, until, part in statement.left:
            day = until or "No end"
            self._line([words.capital(lot.service), lot.lot_id, day, quantity, lot.unit, amount, lot.currency, part])

    def _beyond(self, statement: Statement) -> None:
        if not statement.beyond:
            return
        self._head("Beyond what was bought", ["Contract", "Status", "Delivered", "Unit", "Price", "Currency"])
        for row in statement.beyond:
            price = row.amount if row.status == "billable" else "no rate agreed"
            self._line([row.contract_id, row.status, row.quantity, row.unit, price, row.currency])

    def _projects(self, statement: Statement) -> None:
        if not statement.projects:
            return
        self._head("What it was used for", ["Project", "Programme", "Delivered", "Unit"])
        for row in statement.projects:
            self._line([row.name or "No project", row.program or "", row.quantity, row.unit])
        for (unit, _), quantity in statement.delivered.items():
            self._line(["Delivered", "", quantity, unit], bold=True, top=1)

    def _head(self, title: str, labels: Sequence[str]) -> None:
        self._row += 1
        self._line([title], bold=True, font_size=13, font_color=self._firm.colour)
        self._line(labels, bold=True, bottom=1, bottom_color=self._firm.colour)

    def _line(self, values: Sequence[Any], unit: str = "", **shape: Any) -> None:
        """Values side by side: text as text whatever it begins with, numbers as numbers, days as dates."""
        for place, value in enumerate(values):
            if isinstance(value, str):
                text = self._format(quote_prefix=True, **shape)
                self._sheet.write_string(self._row, place, value, text)
            elif isinstance(value, date):
                day = self._format(num_format="d mmmm yyyy", align="right", **shape)
                self._sheet.write_datetime(self._row, place, value, day)
            else:
                number = self._format(num_format=_number_format(value, unit), **shape)
                write_number(self._sheet, self._row, place, value, number)
        self._row += 1

    def _format(self, **shape: Any) -> Format:
        """The format of that shape, one for all cells that have it."""
        key = tuple(sorted(shape.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(shape)
        return self._formats[key]


def _number_format(value: Decimal, unit: str) -> str:
    """A number with the decimals it has, and its unit or the currency's code."""
    places = max(words.digits([value]), fmt.minor_digits(unit) if fmt.is_money(unit) else 0)
    digits = "#,##0" + ("." + "0" * places if places else "")
    named = unit if fmt.is_money(unit) else fmt.unit_in_words(unit)
    return f'{digits} "{named}"' if unit.isalpha() else digits


def _deliveries(statement: Statement) -> pl.DataFrame:
    """The deliveries as the figure has them; without any, its columns alone."""
    known = {column.name: column.type for column in catalog.figure("deliveries").columns}
    rows = [asdict(line) for line in statement.deliveries]
    names = list(statement.deliveries[0].__dataclass_fields__) if rows else list(known)
    return pl.DataFrame(
        {name: [row[name] for row in rows] for name in names},
        schema={name: _TYPES.get(known[name], pl.Decimal(18, 4 if "18,4" in known[name] else 3)) for name in names},
    )


def _about(statement: Statement, firm: Firm) -> dict[str, str]:
    """What an exported figure says of itself: where it comes from, and how it comes about."""
    meanings = {name: catalog.figure(name) for name in ("statement_balances", "deliveries")}
    return {
        "Statement": statement.client,
        "Client": statement.account_id,
        "From": firm.name or "no firm is set",
        "Period": words.period(statement),
        "Contracts": ", ".join(statement.contracts),
        "Narrowed to": statement.only or "nothing: all of the client's contracts",
        "Snapshot": statement.snapshot_id,
        "As known on": words.full_day(statement.known_on),
        **{
            f"Figure {name}": f"{known.meaning} {known.grain}. Rules {known.rules}." for name, known in meanings.items()
        },
        "Terms": " ".join(words.terms(statement)),
    }
