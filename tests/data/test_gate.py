"""Each kind of bad input: its line, column, value and reason, and that nothing else is touched."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from data.csv_file import UnreadableError
from data.gate import Gate, Issue, unreadable
from data.running_totals import ROW_RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from data.mapping import SourceMapping

HEADER = "current_item_id,department_name,vendor,contract_structure_type,start_dt,end_dt,amt,tot_payments"
GOOD = "A1,Water,Vendor 1,Legal Services,2013-07-01,2014-06-30,100,10"
A1 = {
    "line": 2,
    "item": "A1",
    "department": "Water",
    "vendor": "Vendor 1",
    "service": "Legal Services",
    "starts_on": date(2013, 7, 1),
    "ends_on": date(2014, 6, 30),
    "amount": Decimal("100.0000"),
    "used_to_date": Decimal("10.0000"),
}
NOT_A_DATE = "is not a date as declared (%Y-%m-%dT%H:%M:%SZ, %Y-%m-%d, %m/%d/%Y, %m/%d/%y)"
NOT_A_NUMBER = (
    "is not a number as declared "
    "(plain digits, thousands separators, dash is zero, parentheses are negative, scientific)"
)


@dataclass(frozen=True)
class Outcome:
    """What the gate says of a report, and its good rows: None when it can't be read."""

    issues: tuple[Issue, ...]
    rows: pa.Table | None = None
    rows_in: int = 0
    rows_used: int = 0


def gate(path: Path, mapping: SourceMapping) -> Outcome:
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        try:
            opened = Gate(connection, str(path), mapping, name="report", folder=Path(folder))
        except UnreadableError as error:
            return Outcome(unreadable(str(path), error).issues)
        opened.apply(ROW_RULES)
        gated = opened.result()
        rows = connection.sql("FROM report ORDER BY line").to_arrow_table()
        return Outcome(gated.issues, rows, gated.rows_in, gated.rows_used)


def row(**changes: str) -> str:
    """The row of item B2, with some values as given."""
    values = {
        "current_item_id": "B2",
        "department_name": "Water",
        "vendor": "Vendor 2",
        "contract_structure_type": "Legal Services",
        "start_dt": "2013-07-01",
        "end_dt": "2014-06-30",
        "amt": "200",
        "tot_payments": "20",
    }
    return ",".join((values | changes).values())


def test_a_good_row_arrives_typed(write_report: Callable[..., Path], philadelphia: SourceMapping) -> None:
    gated = gate(write_report(GOOD), philadelphia)

    assert gated.rows.to_pylist() == [A1]
    assert gated.issues == ()
    assert (gated.rows_in, gated.rows_used) == (1, 1)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("start_dt", "01.07.2013", NOT_A_DATE),
        ("start_dt", "41456", NOT_A_DATE),
        ("start_dt", "inf", NOT_A_DATE),
        ("start_dt", "0000-07-01", NOT_A_DATE),
        ("start_dt", "0013-07-01", NOT_A_DATE),
        ("start_dt", "2013-07-01T00:00:00", NOT_A_DATE),
        ("end_dt", "Placement Services", NOT_A_DATE),
        ("end_dt", "2014-02-30", "is not a day of the calendar"),
        ("end_dt", "30/6/2014", "is not a day of the calendar"),
        ("end_dt", "2013-06-30", "is before the first day of the term, 2013-07-01"),
        ("end_dt", "", "is required and empty"),
        ("amt", "$200", NOT_A_NUMBER),
        ("amt", "200 USD", NOT_A_NUMBER),
        ("amt", "NaN", NOT_A_NUMBER),
        ("amt", "inf", NOT_A_NUMBER),
        ("amt", "0x10", NOT_A_NUMBER),
        ("amt", "--", NOT_A_NUMBER),
        ("amt", "1e30", "is too large"),
        ("amt", "123456789012345", "is too large"),
        ("amt", "19.995", "has more than 2 decimals"),
        ("amt", "621211.2000000001", "has more than 2 decimals"),
        ("amt", "1.0E-30", "has more than 2 decimals"),
        ("amt", "", "is required and empty"),
        ("amt", "-450", "is negative: it reduces an earlier term that the report does not name"),
        ("amt", "(450.00)", "is negative: it reduces an earlier term that the report does not name"),
        ("tot_payments", "", "is required and empty"),
        ("tot_payments", "-5025", "is negative: there is nothing it could take back"),
        ("current_item_id", "", "is required and empty"),
        ("current_item_id", "=A1&B1", "is a spreadsheet formula or error, not a value"),
        ("current_item_id", "#N/A", "is a spreadsheet formula or error, not a value"),
        ("department_name", "   ", "is required and empty"),
        ("vendor", "", "is required and empty"),
        ("contract_structure_type", "", "is required and empty"),
    ],
)
def test_a_bad_value_is_named_and_only_its_row_is_lost(
    write_report: Callable[..., Path], philadelphia: SourceMapping, column: str, value: str, reason: str
) -> None:
    gated = gate(write_report(GOOD, row(**{column: value})), philadelphia)

    assert gated.issues == (Issue("FY-2014-Q1.csv", 3, column, value.strip(), reason),)
    assert gated.rows.to_pylist() == [A1]
    assert gated.rows_in == 2


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("200", "200"),
        ("200.5", "200.5"),
        ("200.500", "200.5"),
        ("007", "7"),
        ('" 1,234.00 "', "1234"),
        ('"990,000,000.00"', "990000000"),
        (" -   ", "0"),
        ("1.0E7", "10000000"),
        ("1.0133983E8", "101339830"),
        ("4.8883732669E8", "488837326.69"),
        ("1000E-3", "1"),
        ("99999999999999.99", "99999999999999.99"),
    ],
)
def test_every_declared_way_to_write_a_number_is_exact(
    write_report: Callable[..., Path], philadelphia: SourceMapping, written: str, amount: str
) -> None:
    gated = gate(write_report(row(amt=written)), philadelphia)

    assert gated.issues == ()
    assert gated.rows["amount"].to_pylist() == [Decimal(amount)]


@pytest.mark.parametrize("written", ['"1,23"', '"1234,567"', '",123"', '"1,234,56"'])
def test_thousands_separators_stand_between_thousands(
    write_report: Callable[..., Path], philadelphia: SourceMapping, written: str
) -> None:
    gated = gate(write_report(row(amt=written)), philadelphia)

    assert [(issue.column, issue.value, issue.reason) for issue in gated.issues] == [
        ("amt", written.strip('"'), NOT_A_NUMBER)
    ]


@pytest.mark.parametrize("written", ["1,234.00", "-", "(450.00)", "1.0E7"])
def test_what_is_not_declared_is_not_a_number(
    write_report: Callable[..., Path], philadelphia: SourceMapping, written: str
) -> None:
    plain = replace(philadelphia.columns["used_to_date"], formats=())
    mapping = replace(philadelphia, columns={**philadelphia.columns, "used_to_date": plain})
    gated = gate(write_report(GOOD, row(tot_payments=f'"{written}"')), mapping)

    assert gated.issues == (
        Issue("FY-2014-Q1.csv", 3, "tot_payments", written, "is not a number as declared (plain digits)"),
    )
    assert gated.rows.to_pylist() == [A1]


@pytest.mark.parametrize("written", ["7/26/2013", "2013-07-26T09:33:54Z"])
def test_what_is_not_declared_is_not_a_date(
    write_report: Callable[..., Path], philadelphia: SourceMapping, written: str
) -> None:
    iso = replace(philadelphia.columns["starts_on"], formats=("%Y-%m-%d",))
    mapping = replace(philadelphia, columns={**philadelphia.columns, "starts_on": iso})
    gated = gate(write_report(GOOD, row(start_dt=written)), mapping)

    assert gated.issues == (Issue("FY-2014-Q1.csv", 3, "start_dt", written, "is not a date as declared (%Y-%m-%d)"),)
    assert gated.rows.to_pylist() == [A1]


@pytest.mark.parametrize("written", ["2013-07-26T09:33:54Z", "2013-07-26", "7/26/2013", "07/26/2013", "7/26/13"])
def test_every_declared_way_to_write_a_date_is_the_civil_day(
    write_report: Callable[..., Path], philadelphia: SourceMapping, written: str
) -> None:
    gated = gate(write_report(row(start_dt=written)), philadelphia)

    assert gated.issues == ()
    assert gated.rows["starts_on"].to_pylist() == [date(2013, 7, 26)]


def test_an_item_reported_twice_loses_all_its_rows(
    write_report: Callable[..., Path], philadelphia: SourceMapping
) -> None:
    gated = gate(write_report(row(), GOOD, row(amt="")), philadelphia)

    assert [(issue.line, issue.column, issue.reason) for issue in gated.issues] == [
        (2, "current_item_id", "appears more than once in this report, also on line 4"),
        (4, "current_item_id", "appears more than once in this report, also on line 2"),
        (4, "amt", "is required and empty"),
    ]
    assert gated.rows["item"].to_pylist() == ["A1"]
    assert gated.rows_in == 3


def test_every_fault_of_a_row_is_listed_and_the_row_counted_once(
    write_report: Callable[..., Path], philadelphia: SourceMapping
) -> None:
    gated = gate(write_report(row(amt="x", vendor="")), philadelphia)

    assert [issue.column for issue in gated.issues] == ["vendor", "amt"]
    assert (gated.rows_in, gated.rows_used) == (1, 0)


def test_one_spelling_of_a_department_whatever_its_case(
    write_report: Callable[..., Path], philadelphia: SourceMapping
) -> None:
    spellings = ("CITY COUNCIL", "City Council", " city  council ")
    rows = [row(current_item_id=f"C{place}", department_name=name) for place, name in enumerate(spellings)]
    gated = gate(write_report(*rows), philadelphia)

    assert gated.rows["department"].to_pylist() == ["City Council"] * 3


def test_columns_are_matched_by_name_not_by_place(
    write_report: Callable[..., Path], philadelphia: SourceMapping
) -> None:
    names = HEADER.split(",")
    turned = ",".join(reversed(names))
    gated = gate(write_report(",".join(reversed(GOOD.split(","))), header=turned), philadelphia)

    assert gated.issues == ()
    assert gated.rows.select(list(A1)).to_pylist() == [A1]


def test_an_alias_names_the_same_column_and_issues_keep_the_written_name(
    write_report: Callable[..., Path], philadelphia: SourceMapping
) -> None:
    header = HEADER.replace("amt", "contract_amount") + ",short desc"
    gated = gate(write_report(GOOD + ",", row(amt="x") + ",", header=header), philadelphia)

    assert gated.issues == (Issue("FY-2014-Q1.csv", 3, "contract_amount", "x", NOT_A_NUMBER),)
    assert gated.rows.to_pylist() == [A1]


def test_a_nameless_last_column_may_only_be_empty(
    write_report: Callable[..., Path], philadelphia: SourceMapping
) -> None:
    gated = gate(write_report(GOOD + ",", row() + ",Non Profit", header=HEADER + ","), philadelphia)

    assert gated.issues == (Issue("FY-2014-Q1.csv", 3, "", "Non Profit", "stands in a column without a name"),)
    assert gated.rows.to_pylist() == [A1]


@pytest.mark.parametrize(
    ("header", "column", "reason"),
    [
        (HEADER.replace(",tot_payments", ""), "tot_payments", "the column tot_payments is missing"),
        (HEADER.replace(",amt", ""), "amt", "the column amt or contract_amount is missing"),
        (HEADER + ",amt", "amt", "the header names 'amt' more than once"),
        (HEADER + ",contract_amount", "contract_amount", "amt and contract_amount both name the column amount"),
        (HEADER + ",Amt", "Amt", "the column 'Amt' is neither in the mapping nor among its ignored_columns"),
        (HEADER.replace("vendor,", ","), "", "the column '' is neither in the mapping nor among its ignored_columns"),
    ],
)
def test_a_wrong_header_blocks_the_file(
    write_report: Callable[..., Path], philadelphia: SourceMapping, header: str, column: str, reason: str
) -> None:
    gated = gate(write_report(GOOD, header=header), philadelphia)

    assert gated.issues == (Issue("FY-2014-Q1.csv", 1, column, None, reason),)
    assert gated.rows is None
    assert (gated.rows_in, gated.rows_used) == (0, 0)


@pytest.mark.parametrize(
    ("lines", "line", "value", "reason"),
    [
        ([GOOD, "B2,Water"], 3, "B2,Water", "Expected Number of Columns: 8 Found: 2"),
        ([row() + ",more", GOOD], 2, row() + ",more", "Expected Number of Columns: 8 Found: 9"),
        (['"A\n1"' + GOOD[2:], row() + ",x"], 4, row() + ",x", "Expected Number of Columns: 8 Found: 9"),
        ([GOOD, row(vendor='"Vendor 2'), row()], 3, None, "the quote opened here is never closed"),
        (
            [GOOD, row(vendor='"Vendor 2'), row(vendor='"Vendor 3"')],
            3,
            None,
            "the quote opened here is not closed before the next separator",
        ),
        ([GOOD, row(vendor='Vendor "2"')], 3, None, "a quote stands inside a value that is not quoted"),
        ([], 1, None, "the file has a header and no rows"),
    ],
)
def test_a_broken_row_blocks_the_file(
    write_report: Callable[..., Path],
    philadelphia: SourceMapping,
    lines: list[str],
    line: int,
    value: str | None,
    reason: str,
) -> None:
    gated = gate(write_report(*lines), philadelphia)

    assert gated.issues == (Issue("FY-2014-Q1.csv", line, None, value, reason),)
    assert gated.rows is None


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "the file is empty"),
        (b"\xef\xbb\xbf \r\n\r\n", 1, "the file is empty"),
        (b"\n" + HEADER.encode(), 1, "the header line is blank"),
        (f"{HEADER}\n{GOOD}\n".encode("utf-16"), 1, "the file is UTF-16, not UTF-8: save it as UTF-8"),
        (
            f"{HEADER}\n{row(vendor='Société')}\n".encode("latin-1"),
            2,
            "byte 0xE9 is not UTF-8 (Latin-1 or Windows-1252 by the look of it): save the file as UTF-8",
        ),
        (f"{HEADER}\n{GOOD}\n\0".encode(), 3, "a NUL byte: this is not a text file"),
    ],
)
def test_a_file_that_is_no_utf8_table_is_blocked(
    tmp_path: Path, philadelphia: SourceMapping, content: bytes, line: int, reason: str
) -> None:
    path = tmp_path / "FY-2014-Q1.csv"
    path.write_bytes(content)

    gated = gate(path, philadelphia)

    assert gated.issues == (Issue("FY-2014-Q1.csv", line, None, None, reason),)
    assert gated.rows is None


def test_a_missing_file_is_an_issue(tmp_path: Path, philadelphia: SourceMapping) -> None:
    gated = gate(tmp_path / "FY-2014-Q1.csv", philadelphia)

    assert [issue.reason for issue in gated.issues] == ["the file can't be opened: No such file or directory"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_byte_order_mark_and_any_newline_are_fine(tmp_path: Path, philadelphia: SourceMapping, newline: str) -> None:
    path = tmp_path / "FY-2014-Q1.csv"
    path.write_bytes(b"\xef\xbb\xbf" + newline.join((HEADER, GOOD, row(amt="x"))).encode())

    gated = gate(path, philadelphia)

    assert gated.rows.to_pylist() == [A1]
    assert gated.issues == (Issue("FY-2014-Q1.csv", 3, "amt", "x", NOT_A_NUMBER),)


def test_mixed_newlines_are_one(tmp_path: Path, philadelphia: SourceMapping) -> None:
    path = tmp_path / "FY-2014-Q1.csv"
    path.write_bytes(f"{HEADER}\r\n{GOOD}\n{row(amt='x')}\r\n".encode())

    gated = gate(path, philadelphia)

    assert gated.rows.to_pylist() == [A1]
    assert [issue.line for issue in gated.issues] == [3]


def test_a_quoted_newline_is_part_of_its_value_and_lines_stay_physical(
    write_report: Callable[..., Path], philadelphia: SourceMapping
) -> None:
    gated = gate(write_report(row(vendor='"Vendor ""2"",\nInc."'), row(current_item_id="C3", amt="x")), philadelphia)

    assert gated.rows["vendor"].to_pylist() == ['Vendor "2",\nInc.']
    assert gated.issues == (Issue("FY-2014-Q1.csv", 4, "amt", "x", NOT_A_NUMBER),)


def test_blank_lines_and_totals_are_reported(write_report: Callable[..., Path], philadelphia: SourceMapping) -> None:
    gated = gate(write_report(GOOD, "", "Total,,,,,,100,10"), philadelphia)

    assert gated.issues[0] == Issue("FY-2014-Q1.csv", 3, None, None, "the line is blank")
    assert [(issue.line, issue.column) for issue in gated.issues[1:]] == [
        (4, "department_name"),
        (4, "vendor"),
        (4, "contract_structure_type"),
        (4, "start_dt"),
        (4, "end_dt"),
    ]
    assert gated.rows.to_pylist() == [A1]
    assert gated.rows_in == 3


def test_long_ids_and_leading_zeros_stay_as_written(
    write_report: Callable[..., Path], philadelphia: SourceMapping
) -> None:
    ids = ["0012", "1234567890123456789012"]
    gated = gate(write_report(*(row(current_item_id=item) for item in ids)), philadelphia)

    assert gated.rows["item"].to_pylist() == ids


def test_many_rows_keep_their_lines(write_report: Callable[..., Path], philadelphia: SourceMapping) -> None:
    count = 60_000  # more than one of the reader's chunks
    rows = [row(current_item_id=f"R{place}") for place in range(count)]
    rows[count - 5] = row(amt="x")
    gated = gate(write_report(*rows), philadelphia)

    assert [issue.line for issue in gated.issues] == [count - 3]
    assert gated.rows["line"].to_pylist() == [line for line in range(2, count + 2) if line != count - 3]
    assert gated.rows["item"].to_pylist()[-1] == f"R{count - 1}"
