"""The city's own thirteen reports against an independent reading of them with the csv module and exact decimals."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data.importer import import_files
from data.mapping_file import load_mapping
from data.snapshots import list_snapshots, open_snapshot
from queries.book import Book

if TYPE_CHECKING:
    from data.import_report import ImportReport

RAW = Path(__file__).parents[3] / "shared" / "real" / "philadelphia" / "raw"
ITEM_COLUMNS = ("current_item_id", "department_name", "vendor", "contract_structure_type")

pytestmark = pytest.mark.skipif(not RAW.is_dir(), reason="the city's reports are not part of the repository")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("philadelphia")


@pytest.fixture(scope="module")
def imported(store: Path) -> ImportReport:
    return import_files(
        sorted(map(str, RAW.glob("*.csv")), reverse=True),
        load_mapping("philadelphia"),
        store,
        accept_good=True,
        on_file=lambda *_: None,
    )


def number(text: str) -> Decimal | None:
    """The exact value of a cell, None where it is not a sum of money to the cent."""
    plain = text.strip().replace(",", "")
    if plain == "-":
        return Decimal(0)
    if plain.startswith("("):
        plain = "-" + plain.strip("()")
    if not re.fullmatch(r"-?\d+(\.\d+)?(E\d+)?", plain):
        return None
    value = Decimal(plain)
    return value if value == value.quantize(Decimal("0.01")) else None


def used_totals() -> dict[str, dict[str, tuple[Decimal, Decimal]]]:
    """(amount, payments to date) of every good row, by file and item, read without the importer."""
    found = {}
    for path in sorted(RAW.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        times = Counter(row["current_item_id"] for row in rows)
        found[path.name] = {}
        for row in rows:
            amount = number(row.get("amt", row.get("contract_amount", "")))
            payments = number(row["tot_payments"])
            has_term = all(re.match(r"\d{1,4}[-/]\d", row[name]) for name in ("start_dt", "end_dt"))
            is_good = has_term and all(row[name] for name in ITEM_COLUMNS) and times[row["current_item_id"]] == 1
            if is_good and amount is not None and payments is not None and min(amount, payments) >= 0:
                found[path.name][row["current_item_id"]] = (amount, payments)
    return found


def test_every_row_is_accounted_for_and_nearly_all_are_used(imported: ImportReport) -> None:
    good = {name: len(items) for name, items in used_totals().items()}

    assert imported.is_published
    assert {file.file: file.rows_used for file in imported.files} == good
    assert all(file.rows_in == file.rows_used + file.rows_rejected for file in imported.files)
    assert sum(file.rows_in for file in imported.files) == 19_900
    assert sum(file.rows_used for file in imported.files) >= 0.95 * 19_900


def test_every_rejected_row_has_its_reason(imported: ImportReport) -> None:
    lines = {(issue.file, issue.line) for issue in imported.issues}
    kinds = Counter(re.split(r":|, also| \(", issue.reason)[0] for issue in imported.issues)

    assert len(lines) == sum(file.rows_rejected for file in imported.files)
    assert kinds == {
        "appears more than once in this report": 131,
        "is required and empty": 46,
        "is negative": 32,
        "has more than 2 decimals": 16,
        "is not a date as declared": 5,
        "stands in a column without a name": 1,
    }


def test_there_is_a_snapshot_for_each_quarter_end(imported: ImportReport, store: Path) -> None:
    dates = [str(snapshot.dated_on) for snapshot in list_snapshots(store)]

    assert len(dates) == len(imported.files) == 13
    assert (dates[0], dates[1], dates[-1]) == ("2013-06-30", "2013-09-30", "2016-06-30")


def test_consumption_of_every_item_is_its_last_total(imported: ImportReport, store: Path) -> None:
    last: dict[str, Decimal] = {}
    for items in used_totals().values():
        last |= {item: payments for item, (_, payments) in items.items()}
    consumed = dict.fromkeys(last, Decimal(0))
    for line in open_snapshot(store).read("consumption").to_pylist():
        consumed[line["contract_id"]] += line["quantity"]

    assert imported.is_published
    assert consumed == last
    assert sum(consumed.values()) == sum(last.values())


def test_lots_with_their_amendments_are_the_last_amounts(imported: ImportReport, store: Path) -> None:
    last: dict[str, Decimal] = {}
    for items in used_totals().values():
        last |= {item: amount for item, (amount, _) in items.items()}
    snapshot = open_snapshot(store)
    held = dict.fromkeys(last, Decimal(0))
    for lot in snapshot.read("lots").to_pylist():
        held[lot["lot_id"]] += lot["quantity"]
    for amendment in snapshot.read("amendments").to_pylist():
        sign = 1 if amendment["kind"] == "add_units" else -1
        held[amendment["lot_id"]] += sign * amendment["quantity"]
    billed = dict.fromkeys(last, Decimal(0))
    for billing in snapshot.read("billings").to_pylist():
        billed[billing["contract_id"]] += billing["amount"]

    assert imported.is_published
    assert held == last
    assert billed == last


def test_no_delivery_is_taken_back_beyond_its_quantity(imported: ImportReport, store: Path) -> None:
    lines = {line["consumption_id"]: line for line in open_snapshot(store).read("consumption").to_pylist()}
    left = {key: line["quantity"] for key, line in lines.items() if line["quantity"] > 0}
    for line in lines.values():
        if line["quantity"] < 0:
            left[line["reverses"]] += line["quantity"]
            assert lines[line["reverses"]]["contract_id"] == line["contract_id"]

    assert imported.is_published
    assert min(left.values()) >= 0
    assert all((line["quantity"] > 0) == (line["reverses"] is None) for line in lines.values())


@pytest.mark.parametrize("file", ["FY-2013-Q4.csv", "FY-2015-Q1.csv", "FY-2016-Q4.csv"])
def test_the_figures_of_a_snapshot_add_up_to_its_report(imported: ImportReport, store: Path, file: str) -> None:
    snapshot_id = next(result.snapshot_id for result in imported.files if result.file == file)
    book = Book(open_snapshot(store, snapshot_id))
    totals = book.run("contract_totals", as_of=book.snapshot.dated_on)
    delivered = dict(totals.select("contract_id", "delivered_quantity").rows())
    covered = totals["drawn_quantity"] + totals["overage_quantity"]

    assert book.failed_checks() == {}
    assert covered.equals(totals["delivered_quantity"])
    for item, (_, payments) in used_totals()[file].items():
        assert delivered.get(item, Decimal(0)) == payments
