"""Empty files for the canonical tables, each column described: to be filled by hand or by an export of one's own."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

import xlsxwriter

from data.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from data.schema import Column, Table

FORMATS: Final = ("csv", "xlsx")
#: The file beside CSV templates that describes their columns.
DESCRIPTION_FILE: Final = "columns.csv"

_DESCRIPTION: Final = ("table", "column", "meaning", "written_as", "required", "allowed", "refers_to")
_WIDTHS: Final = (24, 26, 70, 44, 10, 44, 30)


def write_templates(folder: Path, tables: Sequence[str], file_format: str) -> tuple[Path, ...]:
    """Write an empty file for each table, and what its columns mean.

    Args:
        folder: made where it does not exist; files of the same names are replaced.
        tables: names of the schema's tables.
        file_format: "csv" with the descriptions beside in `columns.csv`, or "xlsx" with them on a second sheet.

    Returns:
        The files written.

    Raises:
        OSError: one of them can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [TABLES[name] for name in tables]
    if file_format == "xlsx":
        return tuple(_write_workbook(folder / f"{table.name}.xlsx", table) for table in chosen)
    templates = [
        _write_csv(folder / f"{table.name}.csv", [[column.name for column in table.columns]]) for table in chosen
    ]
    descriptions = [_DESCRIPTION, *(row for table in chosen for row in describe(table))]
    return (*templates, _write_csv(folder / DESCRIPTION_FILE, descriptions))


def describe(table: Table) -> list[tuple[str, ...]]:
    """One row for each column: table, column, meaning, how it is written, required, allowed values, reference."""
    return [
        (
            table.name,
            column.name,
            column.meaning,
            _written_as(column),
            "yes" if column.is_required else "no",
            ", ".join(column.allowed),
            column.references or "",
        )
        for column in table.columns
    ]


def _written_as(column: Column) -> str:
    if column.type == "VARCHAR":
        return "text"
    if column.type == "DATE":
        return "day, YYYY-MM-DD"
    if column.type == "BIGINT":
        return "whole number"
    return f"number, a point before at most {column.type.rpartition(',')[2].rstrip(')')} decimals, nothing else"


def _write_csv(path: Path, rows: Iterable[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path


def _write_workbook(path: Path, table: Table) -> Path:
    """A sheet to fill, its cells typed as text so that a spreadsheet rewrites no id, and a sheet of descriptions."""
    workbook = xlsxwriter.Workbook(path)
    title, wrapped = workbook.add_format({"bold": True}), workbook.add_format({"text_wrap": True, "valign": "top"})
    as_text = workbook.add_format({"num_format": "@"})
    rows = workbook.add_worksheet(table.name)
    rows.set_column(0, len(table.columns) - 1, 20, as_text)
    rows.write_row(0, 0, [column.name for column in table.columns], title)
    rows.freeze_panes(1, 0)
    about = workbook.add_worksheet("columns")
    for place, width in enumerate(_WIDTHS):
        about.set_column(place, place, width, wrapped)
    about.write_row(0, 0, _DESCRIPTION, title)
    for place, row in enumerate(describe(table), start=1):
        about.write_row(place, 0, row)
    about.freeze_panes(1, 0)
    try:
        workbook.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error
    return path
