"""Each kind of bad file: its line, column, value and reason, and that nothing is published of it; and good oddities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from data.gate import Issue
from data.schema import TABLES
from data.snapshots import list_snapshots
from tests.data.small_book import BOOK, expected_rows, stored_rows, taken, with_cell, write_book

if TYPE_CHECKING:
    from pathlib import Path

_ACCOUNTS: Final = BOOK["accounts"]
_HEADER: Final = "account_id,name,segment,region"
_TEXT: Final = "account_id,name\nA1,Client 1\n"
_QUOTE_INSIDE: Final = "a quote stands inside a value that is not quoted"
_QUOTE_OPEN: Final = "the quote opened here is never closed"
_QUOTE_WRONG: Final = "the quote opened here is not closed before the next separator"
_TABLES: Final = ", ".join(TABLES)

#: Name of the case: the file, its content, and the line, column, value and reason reported.
UNREADABLE: Final = {
    "empty": ("accounts.csv", "", 1, None, None, "the file is empty"),
    "a byte-order mark alone": ("accounts.csv", b"\xef\xbb\xbf", 1, None, None, "the file is empty"),
    "blanks and newlines": ("accounts.csv", " \n\t\r\n", 1, None, None, "the file is empty"),
    "no rows": ("accounts.csv", f"{_HEADER}\n", 1, None, None, "the file has a header and no rows"),
    "blank lines alone": ("accounts.csv", f"{_HEADER}\n\n\n", 1, None, None, "the file has a header and no rows"),
    "header below a blank line": ("accounts.csv", f"\n{_ACCOUNTS}", 1, None, None, "the header line is blank"),
    "title above the header": (
        "accounts.csv",
        f"Clients of 2025\n{_ACCOUNTS}",
        1,
        "Clients of 2025",
        None,
        "the column 'Clients of 2025' is neither in the mapping nor among its ignored_columns",
    ),
    "no header": (
        "accounts.csv",
        "A1,Client 1\nA2,Client 2\n",
        1,
        "A1",
        None,
        "the column 'A1' is neither in the mapping nor among its ignored_columns",
    ),
    "duplicate header": (
        "accounts.csv",
        "account_id,name,name\nA1,Client 1,x\n",
        1,
        "name",
        None,
        "the header names 'name' more than once",
    ),
    "missing column": ("accounts.csv", "account_id\nA1\n", 1, "name", None, "the column name is missing"),
    "unknown column": (
        "accounts.csv",
        "account_id,name,nmae\nA1,Client 1,x\n",
        1,
        "nmae",
        None,
        "the column 'nmae' is neither in the mapping nor among its ignored_columns",
    ),
    "header in capitals": (
        "accounts.csv",
        "ACCOUNT_ID,name\nA1,Client 1\n",
        1,
        "ACCOUNT_ID",
        None,
        "the column 'ACCOUNT_ID' is neither in the mapping nor among its ignored_columns",
    ),
    "column without a name": (
        "accounts.csv",
        "account_id,,name\nA1,x,Client 1\n",
        1,
        "",
        None,
        "the column '' is neither in the mapping nor among its ignored_columns",
    ),
    "semicolons": (
        "accounts.csv",
        "account_id;name\nA1;Client 1\n",
        1,
        "account_id;name",
        None,
        "the column 'account_id;name' is neither in the mapping nor among its ignored_columns",
    ),
    "short row": (
        "accounts.csv",
        f"{_HEADER}\nA1,Client 1,,\nA2,Client 2\n",
        3,
        None,
        "A2,Client 2",
        "Expected Number of Columns: 4 Found: 2",
    ),
    "extra field": (
        "accounts.csv",
        f"{_HEADER}\nA1,Client 1, Inc.,,\n",
        2,
        None,
        "A1,Client 1, Inc.,,",
        "Expected Number of Columns: 4 Found: 5",
    ),
    "empty field too many": (
        "accounts.csv",
        f"{_HEADER}\nA1,Client 1,,\nA2,Client 2, Inc.,,\n",
        3,
        None,
        "A2,Client 2, Inc.,,",
        "Expected Number of Columns: 4 Found: 5",
    ),
    "line of blanks": ("accounts.csv", f"{_TEXT}  \n", 3, None, "  ", "Expected Number of Columns: 2 Found: 1"),
    "extra field below a value of two lines": (
        "accounts.csv",
        'account_id,name\nA1,"Client\n1"\nA2,Client 2,x\n',
        4,
        None,
        "A2,Client 2,x",
        "Expected Number of Columns: 2 Found: 3",
    ),
    "quote never closed": ("accounts.csv", f'{_TEXT}A2,"Client 2\nA3,Client 3\n', 3, None, None, _QUOTE_OPEN),
    "quote closed by a later one": (
        "accounts.csv",
        f'{_TEXT}A2,"Client 2\nA3,"Client 3"\n',
        3,
        None,
        None,
        _QUOTE_WRONG,
    ),
    "quote inside a value": ("accounts.csv", f'{_TEXT}A2,Client "2"\n', 3, None, None, _QUOTE_INSIDE),
    "blank before a quote": ("accounts.csv", f'{_TEXT}A2, "Client 2"\n', 3, None, None, _QUOTE_INSIDE),
    "text behind a quote": ("accounts.csv", f'{_TEXT}A2,"Client" 2\n', 3, None, None, _QUOTE_WRONG),
    "quote escaped by a backslash": ("accounts.csv", f'{_TEXT}A2,"Client \\"2\\""\n', 3, None, None, _QUOTE_WRONG),
    "quote open in the header": ("accounts.csv", 'account_id,"name\nA1,Client 1\n', 1, None, None, _QUOTE_OPEN),
    "UTF-16": (
        "accounts.csv",
        _ACCOUNTS.encode("utf-16"),
        1,
        None,
        None,
        "the file is UTF-16, not UTF-8: save it as UTF-8",
    ),
    "UTF-16 without a mark": (
        "accounts.csv",
        _ACCOUNTS.encode("utf-16-le"),
        1,
        None,
        None,
        "a NUL byte: this is not a text file",
    ),
    "Latin-1": (
        "accounts.csv",
        f"{_TEXT}A2,Société\n".encode("latin-1"),
        3,
        None,
        None,
        "byte 0xE9 is not UTF-8 (Latin-1 or Windows-1252 by the look of it): save the file as UTF-8",
    ),
    "cut inside a letter": (
        "accounts.csv",
        f"{_TEXT}A2,Société".encode()[:-1],
        3,
        None,
        None,
        "byte 0xC3 is not UTF-8 (Latin-1 or Windows-1252 by the look of it): save the file as UTF-8",
    ),
    "NUL": ("accounts.csv", f"{_TEXT}A2,Cli\0ent\n", 3, None, None, "a NUL byte: this is not a text file"),
    "header of a hundred thousand letters": (
        "accounts.csv",
        "x" * 200_000,
        1,
        None,
        None,
        "the first line is no header: it is 200,000 bytes long",
    ),
    "wrong name": ("clients.csv", _ACCOUNTS, 1, None, None, f"the file must be named after a table: {_TABLES}"),
    "workbook named .csv": (
        "accounts.csv",
        b"PK\x03\x04\x14\x00\x00\x00",
        1,
        None,
        None,
        "a NUL byte: this is not a text file",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cant_be_read_is_named_and_nothing_is_published(tmp_path: Path, case: str) -> None:
    name, content, line, column, value, reason = UNREADABLE[case]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    report = taken([str(path)], tmp_path / "store", accept_good=True)

    assert report.issues == (Issue(name, line, column, value, reason),)
    assert [(file.rows_in, file.rows_used, file.rows_rejected) for file in report.files] == [(0, 0, 0)]
    assert list_snapshots(tmp_path / "store") == []


def test_a_file_that_cant_be_read_costs_no_other_file_a_report(tmp_path: Path) -> None:
    changed = {"accounts": "", "consumption": with_cell("consumption", 7, "quantity", "x")}

    report = taken(write_book(tmp_path, changed), tmp_path / "store", accept_good=True)

    assert [(issue.file, issue.line, issue.column, issue.value) for issue in report.issues] == [
        ("accounts.csv", 1, None, None),
        ("consumption.csv", 7, "quantity", "x"),
    ]
    assert list_snapshots(tmp_path / "store") == []


def test_blank_lines_are_reported_where_they_stand(tmp_path: Path) -> None:
    text = BOOK["consumption"].replace("D3,", "\nD3,") + "\n"

    report = taken(write_book(tmp_path, {"consumption": text}), tmp_path / "store", accept_good=True)

    assert report.issues == tuple(Issue("consumption.csv", line, None, None, "the line is blank") for line in (5, 10))
    assert [(file.rows_in, file.rows_rejected) for file in report.files if file.rows_rejected] == [(8, 2)]
    assert stored_rows(tmp_path / "store", "consumption") == expected_rows("consumption", text)


def _turned(text: str) -> str:
    return "\n".join(",".join(reversed(line.split(","))) for line in text.splitlines()) + "\n"


#: What looks odd and is good.
ODDITIES: Final = {
    "byte-order mark": ("accounts", b"\xef\xbb\xbf" + _ACCOUNTS.encode()),
    "Windows newlines": ("consumption", BOOK["consumption"].replace("\n", "\r\n").encode()),
    "old newlines": ("accounts", _ACCOUNTS.replace("\n", "\r").encode()),
    "mixed newlines": ("accounts", _ACCOUNTS.replace("\n", "\r\n", 1).encode()),
    "no newline at the end": ("accounts", _ACCOUNTS.rstrip("\n").encode()),
    "columns in another order": ("billings", _turned(BOOK["billings"]).encode()),
    "separator at the end of each line": ("billings", BOOK["billings"].replace("\n", ",\n").encode()),
    "quotes around every value": ("lots", ('"' + BOOK["lots"].replace(",", '","').replace("\n", '"\n"'))[:-1].encode()),
    "blanks around values": ("billings", BOOK["billings"].replace(",C1,", ", C1\u00a0,").encode()),
    "other scripts": ("accounts", _ACCOUNTS.replace("Large", "大きい 🏢").encode()),
    "a value of a megabyte": ("accounts", _ACCOUNTS.replace("Large", "L" * 1_000_000).encode()),
}


@pytest.mark.parametrize("case", ODDITIES)
def test_what_is_odd_but_good_arrives_exactly(tmp_path: Path, case: str) -> None:
    table, content = ODDITIES[case]

    report = taken(write_book(tmp_path, {table: content}), tmp_path / "store")

    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    assert report.issues == ()
    assert stored_rows(tmp_path / "store", table) == expected_rows(table, text)


def test_a_file_with_more_rows_at_fault_than_can_be_listed_is_refused_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.gate.MOST_AT_FAULT", 2)
    monkeypatch.setattr("data.gate._SHOWN_OF_TOO_MANY", 1)
    path = tmp_path / "accounts.csv"
    path.write_text("account_id,name\nA1,Client 1\n,x\n,y\n,z\n", encoding="utf-8")
    report = taken([str(path)], tmp_path / "store", accept_good=True)
    assert report.issues == (
        Issue(
            "accounts.csv",
            1,
            None,
            None,
            "3 rows are refused or left out, more than the 2 that can be listed: mend what is wrong with the first of"
            " them, or split the file",
        ),
        Issue("accounts.csv", 3, "account_id", "", "is required and empty"),
    )
    assert list_snapshots(tmp_path / "store") == []
