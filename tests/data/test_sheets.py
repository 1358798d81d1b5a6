"""Workbooks: days are days, numbers keep their digits or are refused, and lines are the sheet's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
import xlsxwriter

from data.gate import Issue
from data.snapshots import list_snapshots
from tests.data.small_book import BOOK, numbered, stored_rows, taken, write_book

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from data.import_report import ImportReport

_HEADER: Final = ["account_id", "name"]
_LOST: Final = "has more digits than a spreadsheet keeps in a number: format the column as text and type it again"
_FORMULA: Final = "is a formula: write the value itself"
_ERROR: Final = "is a spreadsheet error, not a value"
_EMPTY: Final = "is required and empty"
_DAY: Final = date(2025, 6, 1)


@dataclass(frozen=True)
class Formula:
    """A formula with the value it had when the workbook was saved."""

    text: str
    value: object


def workbook(path: Path, rows: Sequence[Sequence[Any]], *, top: int = 0, left: int = 0) -> str:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "d mmm yy"})
        for row, cells in enumerate(rows, start=top):
            for column, value in enumerate(cells, start=left):
                if isinstance(value, Formula):
                    sheet.write_formula(row, column, value.text, None, value.value)
                elif isinstance(value, date):
                    sheet.write_datetime(row, column, value, day)
                elif isinstance(value, str):
                    sheet.write_string(row, column, value)
                elif value is not None:
                    sheet.write(row, column, value)
    return str(path)


def accounts(folder: Path, *rows: Sequence[Any], top: int = 0, left: int = 0) -> ImportReport:
    path = workbook(folder / "accounts.xlsx", [_HEADER, *rows], top=top, left=left)
    return taken([path], folder / "store", accept_good=True, dated_on=_DAY)


def said(report: ImportReport) -> list[tuple[int, str | None, str | None, str]]:
    return [(issue.line, issue.column, issue.value, issue.reason) for issue in report.issues]


def test_numbers_of_more_digits_than_a_spreadsheet_keeps_are_refused_and_texts_are_exact(tmp_path: Path) -> None:
    report = accounts(
        tmp_path,
        ["1234567890123456789012", "as text"],
        [1234567890123456789012, "as a number"],
        [1234567890123456, "sixteen digits"],
        [999999999999999, "fifteen digits"],
        ["007", "zeros"],
        [7, True],
    )

    assert [issue[:2] + issue[3:] for issue in said(report)] == [
        (3, "account_id", _LOST),
        (4, "account_id", _LOST),
    ]
    assert {(row["account_id"], row["name"]) for row in stored_rows(tmp_path / "store", "accounts")} == {
        ("1234567890123456789012", "as text"),
        ("999999999999999", "fifteen digits"),
        ("007", "zeros"),
        ("7", "true"),
    }


@pytest.mark.parametrize(("top", "left"), [(0, 0), (3, 2), (1, 0)])
def test_lines_are_the_sheets_own_wherever_the_table_starts(tmp_path: Path, top: int, left: int) -> None:
    report = accounts(tmp_path, ["A1", "x"], ["", "y"], [Formula("=B2", "A3"), "z"], top=top, left=left)

    assert said(report) == [(top + 3, "account_id", "", _EMPTY), (top + 4, "account_id", "A3", _FORMULA)]


def test_a_wrong_header_is_named_where_it_stands(tmp_path: Path) -> None:
    path = workbook(tmp_path / "accounts.xlsx", [[*_HEADER, "nmae"], ["A1", "x", "y"]], top=4)

    report = taken([path], tmp_path / "store")

    reason = "the column 'nmae' is neither in the mapping nor among its ignored_columns"
    assert said(report) == [(5, "nmae", None, reason)]


def test_blank_and_merged_rows_are_reported_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "accounts.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, cells in ((0, _HEADER), (1, ["A1", "x"]), (3, ["", "y"]), (4, ["", "z"])):
            sheet.write_row(row, 0, cells)
        sheet.merge_range(3, 0, 4, 0, "A2")

    report = taken([str(path)], tmp_path / "store", accept_good=True, dated_on=_DAY)

    assert said(report) == [(3, None, None, "the line is blank"), (5, "account_id", "", _EMPTY)]
    assert [(file.rows_in, file.rows_used, file.rows_rejected) for file in report.files] == [(4, 2, 2)]


def test_an_error_is_no_value(tmp_path: Path) -> None:
    report = accounts(tmp_path, ["A1", "x"], ["A2", Formula("=1/0", "#DIV/0!")])

    assert (3, "name", "", _ERROR) in said(report)
    assert report.files[0].rows_rejected == 1


def test_days_and_numbers_of_a_sheet(tmp_path: Path) -> None:
    header = numbered(BOOK["consumption"])[0][1]
    rows = [
        ["X1", "C1", None, 1, date(2025, 1, 2), datetime(2025, 1, 3, 0, 0), "Design", "hour", 19.99],  # noqa: DTZ001
        ["X2", "C1", None, 2, 45689, "2025-01-02", "Design", "hour", 1],
        ["X3", "C1", None, 3, "2025-01-02", "02.01.2025", "Design", "hour", "1.5"],
        ["X4", "C1", None, 4, "2025-01-02", "2025-01-02", "Design", "hour", 0.12345],
        ["X5", "C1", None, 5, "2025-01-02", "2025-01-02", "Design", "hour", Formula("=1+1", 2)],
        ["X6", "C1", None, 6, "2025-01-02", "2025-01-02", "Design", "hour", "$5"],
        ["X7", "C1", None, 7.5, "2025-01-02", "2025-01-02", "Design", "hour", 1],
    ]
    path = workbook(tmp_path / "consumption.xlsx", [header, *rows])
    others = [one for one in write_book(tmp_path / "in", {}) if "consumption" not in one]

    report = taken([*others, path], tmp_path / "store", accept_good=True)

    not_a_date = "is not a date as declared (%Y-%m-%d, %Y-%m-%d %H:%M:%S)"
    assert said(report) == [
        (3, "service_date", "45689", not_a_date),
        (4, "posted_on", "02.01.2025", not_a_date),
        (5, "quantity", "0.12345", "has more than 4 decimals"),
        (7, "quantity", "$5", "is not a number as declared (plain digits)"),
        (8, "line_no", "7.5", "has more than 0 decimals"),
    ]
    assert [
        (row["consumption_id"], row["service_date"], row["posted_on"], row["quantity"])
        for row in stored_rows(tmp_path / "store", "consumption")
    ] == [
        ("X1", date(2025, 1, 2), date(2025, 1, 3), Decimal("19.99")),
        ("X5", date(2025, 1, 2), date(2025, 1, 2), Decimal(2)),
    ]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "the first sheet is empty"),
        ([_HEADER], "the sheet has a header and no rows"),
        ([[*_HEADER, "name"], ["A1", "x", "y"]], "the header names 'name' more than once"),
        ([["account_id", None, "name"], ["A1", "x", "y"]], "the column '' is neither"),
    ],
)
def test_a_sheet_that_cant_be_read_is_named(tmp_path: Path, rows: list[list[Any]], reason: str) -> None:
    report = taken([workbook(tmp_path / "accounts.xlsx", rows)], tmp_path / "store", accept_good=True)

    assert [issue.line for issue in report.issues] == [1]
    assert reason in report.issues[0].reason
    assert list_snapshots(tmp_path / "store") == []


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"account_id,name\nA1,x\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
)
def test_what_is_no_workbook_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "accounts.xlsx"
    path.write_bytes(content)

    report = taken([str(path)], tmp_path / "store", accept_good=True)

    (issue,) = report.issues
    assert issue == Issue("accounts.xlsx", 1, None, None, issue.reason)
    assert issue.reason.startswith("the file can't be read as a workbook: ")


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_that_was_cut_is_said_to_be_none(tmp_path: Path, part: float) -> None:
    path = tmp_path / "accounts.xlsx"
    workbook(path, [_HEADER, ["A1", "x"]])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])

    report = taken([str(path)], tmp_path / "store", accept_good=True)

    assert [issue.line for issue in report.issues] == [1]
    assert not report.is_published
