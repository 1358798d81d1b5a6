"""Tables of a real PostgreSQL server: every value as the server writes it, and no password anywhere."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest

from data.database import database_name
from data.gate import Issue
from data.snapshots import list_snapshots, open_snapshot
from tests.data.postgresql import PASSWORD, execute, server
from tests.data.small_book import BOOK, expected_rows, numbered, stored_rows, taken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PRECISE: Final = "12345678901234.123400000000000000000000000000000000000000"


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A database that holds the small book, with days as days and numbers as unconstrained NUMERIC."""
    with server() as address:
        for table, text in BOOK.items():
            (_, header), *rows = numbered(text)
            columns = ", ".join(f"{name} {_type(name)}" for name in header)
            values = ", ".join(f"({', '.join(map(_literal, cells))})" for _, cells in rows)
            execute(address, f"CREATE TABLE {table} ({columns})", f"INSERT INTO {table} VALUES {values}")
        execute(address, "CREATE TABLE amendments (amendment_id text)", "CREATE TABLE unrelated (secret text)")
        yield address


def _type(column: str) -> str:
    if column.endswith(("_on", "_until", "_date", "_from")):
        return "date"
    numbers = ("quantity", "amount", "price", "rate", "share", "line_no", "cap_quantity")
    return "numeric" if column.endswith(numbers) else "text"


def _literal(text: str) -> str:
    return "NULL" if text == "" else "'" + text.replace("'", "''") + "'"


def test_a_database_without_a_table_stands_for_all_it_holds(database: str, tmp_path: Path) -> None:
    report = taken([database], tmp_path)

    assert report.issues == ()
    assert {file.file for file in report.files} == {f"books#{table}" for table in BOOK}
    for table, text in BOOK.items():
        assert stored_rows(tmp_path, table) == expected_rows(table, text)


def test_the_same_tables_give_the_same_snapshot(database: str, tmp_path: Path) -> None:
    first, second = (taken([database], tmp_path) for _ in range(2))

    assert first.files[0].snapshot_id == second.files[0].snapshot_id
    assert second.differences == ()


def test_wrong_values_are_named_by_table_and_line(database: str, tmp_path: Path) -> None:
    execute(
        database,
        "CREATE SCHEMA wrong",
        "CREATE TABLE wrong.billings (billing_id text, contract_id text, billed_on text, amount numeric, lot_id text)",
        f"INSERT INTO wrong.billings VALUES ('1', 'C1', '2025-01-05', {_PRECISE}, NULL),"
        " ('2', 'C1', '05.01.2025', 1, NULL), ('3', 'C1', '2025-01-05', 'NaN', NULL),"
        " ('4', 'C1', '2025-01-05', 0.1234567890123456789012345678901234567890, NULL),"
        " ('5', NULL, '2025-01-05', 1, '')",
    )
    tables = [f"{database}#{table}" for table in ("accounts", "contracts", "lots", "wrong.billings")]

    report = taken(tables, tmp_path, accept_good=True)

    assert report.issues == tuple(
        Issue("books#wrong.billings", line, column, value, reason)
        for line, column, value, reason in (
            (1, "amount", _PRECISE, "has more than 3 decimals"),
            (2, "billed_on", "05.01.2025", "is not a date as declared (%Y-%m-%d, %Y-%m-%d %H:%M:%S)"),
            (3, "amount", "NaN", "is not a number as declared (plain digits)"),
            (4, "amount", "0.1234567890123456789012345678901234567890", "has more than 3 decimals"),
            (5, "contract_id", "", "is required and empty"),
        )
    )
    assert [(file.rows_in, file.rows_used, file.rows_rejected) for file in report.files][-1] == (5, 0, 5)


def test_forty_digits_that_fit_are_kept_and_an_id_as_a_number_is_exact(database: str, tmp_path: Path) -> None:
    exact = "12345678901234.123" + "0" * 23
    execute(
        database,
        "CREATE SCHEMA fitting",
        "CREATE TABLE fitting.billings (billing_id numeric, contract_id text, billed_on timestamp, amount numeric)",
        f"INSERT INTO fitting.billings VALUES (1234567890123456789012, 'C1', '2025-01-05 00:00', {exact})",
    )

    report = taken([f"{database}#{table}" for table in ("accounts", "contracts", "fitting.billings")], tmp_path)

    assert report.issues == ()
    assert open_snapshot(tmp_path).read("billings").to_pylist() == [
        {
            "billing_id": "1234567890123456789012",
            "contract_id": "C1",
            "lot_id": None,
            "billed_on": date(2025, 1, 5),
            "amount": Decimal("12345678901234.123"),
            "fx_rate": None,
        }
    ]


def test_days_do_not_depend_on_how_the_server_shows_them(database: str, tmp_path: Path) -> None:
    plain = taken([database], tmp_path / "plain")
    execute(
        database, "ALTER DATABASE books SET datestyle = 'SQL, DMY'", "ALTER DATABASE books SET extra_float_digits = -5"
    )
    turned = taken([database], tmp_path / "turned")
    execute(database, "ALTER DATABASE books RESET ALL")

    assert turned.issues == ()
    assert turned.files == plain.files


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("#", "#nothing"), "the file must be named after a table"),
        (("#", "#requests"), 'relation "requests" does not exist'),
        (("#", "#amendments"), "the table has columns and no rows"),
        (("/books#", "/nothing#accounts"), 'database "nothing" does not exist'),
        (("/books#", "/postgres"), "the database holds no rows in a table named accounts, contracts"),
        ((f"{PASSWORD}@", f"{PASSWORD}2@"), "password authentication failed"),
        ((f"{PASSWORD}@", f"{PASSWORD}#2@"), "the file must be named after a table"),
        ((f"{PASSWORD}@", f"{PASSWORD}%2@"), "the address is not understood"),
    ],
)
def test_what_cant_be_read_is_said_without_the_password(
    database: str, tmp_path: Path, changed: tuple[str, str], said: str
) -> None:
    report = taken([f"{database}#".replace(*changed)], tmp_path, accept_good=True, dated_on=date(2025, 1, 1))

    (issue,) = report.issues
    assert said in issue.reason
    assert list_snapshots(tmp_path) == []
    assert PASSWORD not in str(asdict(report))


def test_no_file_of_the_store_holds_the_password(database: str, tmp_path: Path) -> None:
    report = taken([database], tmp_path)
    written = tmp_path / "report.json"
    report.write(written)

    assert written.read_text(encoding="utf-8").count("books#contracts") == 1
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("postgresql://u:p@host/books#lots", "books#lots"),
        ("postgresql://u:p@host#lots", "host#lots"),
        ("postgresql://u:p/q@host/books#lots", "books#lots"),
        ("postgresql://u:p#q@host/books#lots", "books#lots"),
        ("postgres://host/books?user=u&password=p#lots", "books#lots"),
        ("postgres://host/books?user=u&password=p", "books"),
        ("postgresql:///books#own.lots", "books#own.lots"),
    ],
)
def test_a_database_is_called_by_its_name_and_table(location: str, name: str) -> None:
    assert database_name(location) == name
