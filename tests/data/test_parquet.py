"""Parquet files: types are taken as they stand or refused, and never made to fit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.snapshots import list_snapshots, open_snapshot
from queries.book import Book
from tests.data.small_book import BOOK, stored_rows, taken, write_book

if TYPE_CHECKING:
    from pathlib import Path

    from data.import_report import ImportReport


def billings(folder: Path, **changed: Any) -> ImportReport:
    """Two rows, the second with some columns of another type, beside the book's contracts and lots."""
    columns = {
        "billing_id": pa.array(["P1", "P2"]),
        "contract_id": pa.array(["C1", "C1"]),
        "billed_on": pa.array([date(2025, 1, 5)] * 2),
        "amount": pa.array([Decimal("1.125"), Decimal("2.5")]),
    }
    path = folder / "billings.parquet"
    pq.write_table(pa.table(columns | changed), path)
    others = [
        one for one in write_book(folder / "in", {}) if one.endswith(("accounts.csv", "contracts.csv", "lots.csv"))
    ]
    return taken([*others, str(path)], folder / "store", accept_good=True)


def test_a_snapshots_own_files_come_back_as_they_are(tmp_path: Path) -> None:
    taken(write_book(tmp_path / "in", {}), tmp_path / "store")
    first = open_snapshot(tmp_path / "store")

    report = taken([str(first.path(table)) for table in BOOK], tmp_path / "copy")

    assert report.issues == ()
    assert open_snapshot(tmp_path / "copy").snapshot_id == first.snapshot_id


@pytest.mark.parametrize(
    ("column", "values", "value", "reason"),
    [
        ("amount", pa.array([1.5, float("nan")]), "nan", "is not a number as declared (plain digits)"),
        ("amount", pa.array([1.5, float("inf")]), "inf", "is not a number as declared (plain digits)"),
        ("amount", pa.array([1.5, 1e30]), "1e+30", "is not a number as declared (plain digits)"),
        ("amount", pa.array([1.5, 0.1 + 0.2]), "0.30000000000000004", "has more than 3 decimals"),
        ("amount", pa.array([Decimal("1.5000"), Decimal("19.9951")]), "19.9951", "has more than 3 decimals"),
        ("amount", pa.array([1, None]), "", "is required and empty"),
        (
            "billed_on",
            pa.array([datetime(2025, 1, 5), datetime(2025, 1, 5, 12, 0, 0, 5)]),  # noqa: DTZ001
            "2025-01-05 12:00:00.000005",
            "is not a date as declared (%Y-%m-%d, %Y-%m-%d %H:%M:%S)",
        ),
        (
            "billed_on",
            pa.array(["2025-01-05", "05/01/2025"]),
            "05/01/2025",
            "is not a date as declared (%Y-%m-%d, %Y-%m-%d %H:%M:%S)",
        ),
        ("contract_id", pa.array(["C1", "c1"]), "c1", "is not in contracts.contract_id"),
        ("billing_id", pa.array(["P1", "=A1"]), "=A1", "is a spreadsheet formula or error, not a value"),
    ],
)
def test_a_value_that_does_not_fit_is_named(
    tmp_path: Path, column: str, values: pa.Array, value: str, reason: str
) -> None:
    report = billings(tmp_path, **{column: values})

    assert [(one.file, one.line, one.column, one.value, one.reason) for one in report.issues] == [
        ("billings.parquet", 2, column, value, reason)
    ]
    assert [(file.rows_in, file.rows_used, file.rows_rejected) for file in report.files][-1] == (2, 1, 1)
    assert [row["billing_id"] for row in stored_rows(tmp_path / "store", "billings")] == ["P1"]


def test_a_day_with_a_time_zone_is_not_guessed(tmp_path: Path) -> None:
    report = billings(tmp_path, billed_on=pa.array([datetime(2025, 1, 5, 23, tzinfo=UTC)] * 2))

    assert {(one.line, one.column) for one in report.issues} == {(1, "billed_on"), (2, "billed_on")}


def test_whole_numbers_of_22_digits_are_exact_as_ids(tmp_path: Path) -> None:
    ids = pa.array([Decimal(1234567890123456789012), Decimal(1234567890123456789013)])

    report = billings(tmp_path, billing_id=ids)

    assert report.issues == ()
    assert [row["billing_id"] for row in stored_rows(tmp_path / "store", "billings")] == [
        "1234567890123456789012",
        "1234567890123456789013",
    ]


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "pages", "no rows"])
def test_a_damaged_file_is_named_and_nothing_is_published(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "accounts.parquet"
    names = [f"Client {number}" for number in range(5_000)]
    pq.write_table(pa.table({"account_id": names, "name": names}), path, compression="zstd")
    content = path.read_bytes()
    middle = len(content) // 3
    changed = {
        "cut": content[:-20],
        "empty": b"",
        "text": b"account_id,name\nA1,x\n",
        "pages": content[:middle] + bytes(400) + content[middle + 400 :],
    }
    if damage == "no rows":
        pq.write_table(pa.table({"account_id": pa.array([], pa.string()), "name": pa.array([], pa.string())}), path)
    else:
        path.write_bytes(changed[damage])

    report = taken([str(path)], tmp_path / "store", accept_good=True, dated_on=date(2025, 1, 1))

    assert [(issue.file, issue.line) for issue in report.issues] == [("accounts.parquet", 1)]
    assert [(file.rows_in, file.rows_used) for file in report.files] == [(0, 0)]
    assert list_snapshots(tmp_path / "store") == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            pa.array(["Café".encode(), b"x"]),
            "holds binary, which is no text, number or day: write it as text",
        ),
        (
            pa.array([["x"], ["y"]]),
            "holds list<element: string>, which is no text, number or day: write it as text",
        ),
        (pa.array([1.0, 12345678901234567.0]), "holds floating-point numbers, which lose digits: write it as text"),
    ],
    ids=["bytes", "lists", "numbers for ids"],
)
def test_what_is_no_text_is_no_id(tmp_path: Path, values: pa.Array, reason: str) -> None:
    report = billings(tmp_path, billing_id=values)

    assert [(issue.column, issue.reason) for issue in report.issues] == [("billing_id", reason)]
    assert list_snapshots(tmp_path / "store") == []


def test_folders_named_like_columns_are_no_values(tmp_path: Path) -> None:
    folder = tmp_path / "account_id=EVIL"
    folder.mkdir()
    pq.write_table(pa.table({"account_id": ["A1"], "name": ["Client 1"]}), folder / "accounts.parquet")
    store = tmp_path / "name=EVIL" / "store"

    taken([str(folder / "accounts.parquet")], store, dated_on=date(2025, 1, 1))

    assert stored_rows(store, "accounts") == [{"account_id": "A1", "name": "Client 1", "segment": None, "region": None}]
    assert Book(open_snapshot(store)).source("accounts")["name"].to_list() == ["Client 1"]
    again = taken([str(folder / "accounts.parquet")], store)
    assert again.differences == ()
