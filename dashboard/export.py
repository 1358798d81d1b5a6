"""What leaves the dashboard as a file, at full precision: CSV, and XLSX with a sheet that says what its rows are.

Text that a spreadsheet would run as a formula is made plain text in both.
"""

from __future__ import annotations

import io
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import polars.selectors as cs
import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_WIDEST: Final = 48
_ABOUT_WIDTH: Final = 90
#: More digits than this a spreadsheet's numbers do not hold.
_EXCEL_DIGITS: Final = 15


def csv(rows: pl.DataFrame) -> bytes:
    """Rows as CSV."""
    harmless = rows.with_columns(
        pl.when(pl.any_horizontal(pl.col(name).str.starts_with(start) for start in _FORMULA_STARTS))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in rows.select(cs.string()).columns
    )
    return harmless.write_csv().encode()


def xlsx(rows: pl.DataFrame, about: Mapping[str, str]) -> bytes:
    """Rows as a workbook: days are dates, amounts are numbers; `about` is its second sheet."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as workbook:
        add_rows(workbook, "Rows", rows)
        add_about(workbook, about)
    return target.getvalue()


def add_rows(workbook: Workbook, title: str, rows: pl.DataFrame) -> None:
    """Add a sheet of rows under their column names."""
    sheet = workbook.add_worksheet(title)
    header = workbook.add_format({"bold": True, "bottom": 1})
    for place, name in enumerate(rows.columns):
        sheet.write_string(0, place, name, header)
        _column(workbook, sheet, place, rows[name])
    sheet.freeze_panes(1, 0)
    if rows.width:
        sheet.autofilter(0, 0, rows.height, rows.width - 1)


def _column(workbook: Workbook, sheet: Worksheet, place: int, column: pl.Series) -> None:
    """A column with its own format, as wide as what is written in it."""
    shape = workbook.add_format(_shape(column.dtype))
    write = _writer(sheet, column.dtype)
    for number, value in enumerate(column.to_list(), start=1):
        if value is not None:
            write(number, place, value, shape)
    longest = max((len(str(value)) for value in [column.name, *column.head(1_000)]), default=0)
    sheet.set_column(place, place, min(longest + 3, _WIDEST))


def _shape(dtype: pl.DataType) -> dict[str, Any]:
    if dtype == pl.Date:
        return {"num_format": "yyyy-mm-dd", "align": "left"}
    if isinstance(dtype, pl.Decimal):
        return {"num_format": "#,##0.00###" if dtype.scale else "#,##0"}
    # Quoted, the text stays text when someone edits the cell.
    return {"quote_prefix": True} if dtype == pl.String else {}


def _writer(sheet: Worksheet, dtype: pl.DataType) -> Callable[[int, int, Any, Format], object]:
    write: Callable[[int, int, Any, Format], object] = partial(_text, sheet)
    if dtype == pl.Date:
        write = sheet.write_datetime
    elif dtype == pl.Boolean:
        write = sheet.write_boolean
    elif dtype.is_numeric():
        write = partial(write_number, sheet)
    return write


def _text(sheet: Worksheet, row: int, place: int, value: object, shape: Format) -> None:
    sheet.write_string(row, place, str(value), shape)


def write_number(sheet: Worksheet, row: int, place: int, value: Decimal | float, shape: Format) -> None:
    """A number as such, unless a spreadsheet would round it."""
    if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) > _EXCEL_DIGITS:
        sheet.write_string(row, place, str(value), shape)
    else:
        sheet.write_number(row, place, value, shape)


def add_about(workbook: Workbook, about: Mapping[str, str]) -> None:
    """Add a sheet that says what the others are."""
    sheet = workbook.add_worksheet("About")
    bold, wrapped = (
        workbook.add_format({"bold": True, "valign": "top"}),
        workbook.add_format({"text_wrap": True, "quote_prefix": True, "valign": "top"}),
    )
    for row, (what, said) in enumerate(about.items()):
        sheet.write_string(row, 0, what, bold)
        sheet.write_string(row, 1, said, wrapped)
    sheet.set_column(0, 0, max((len(what) for what in about), default=0) + 3)
    sheet.set_column(1, 1, _ABOUT_WIDTH)
