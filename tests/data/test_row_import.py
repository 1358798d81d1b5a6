"""Rows on top of a snapshot: added, corrected, reversed and replaced, and the difference said before."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow.parquet as pq
import pytest

from data.canonical import CANONICAL
from data.importer import import_files, prepared
from data.mapping_file import load_mapping
from data.schema import TABLES
from data.snapshots import SnapshotError, StaleStoreError, list_snapshots, open_snapshot
from tests.data.small_book import BOOK, expected_rows, stored_rows, taken, with_cell, write_book

if TYPE_CHECKING:
    from pathlib import Path

    from data.difference import Difference
    from data.import_report import ImportReport

_HEADER: Final = BOOK["consumption"].splitlines()[0]
_TOGGL: Final = (
    "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags"
)
_PROJECTS: Final = "project_id,contract_id,name\nP1,C1,Implementation\nP2,0002,Support\n"
_XERO: Final = "InvoiceNumber,Reference,InvoiceDate,InventoryItemCode,Description,LineAmount,Currency,Type,Status"


@pytest.fixture(scope="module")
def taken_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("once")
    taken(write_book(folder / "in", {"projects": _PROJECTS}), folder / "store")
    return folder


@pytest.fixture
def book(taken_once: Path, tmp_path: Path) -> Path:
    """A store that holds the small book; its files lie in `in`."""
    shutil.copytree(taken_once, tmp_path, dirs_exist_ok=True)
    return tmp_path


def again(folder: Path, table: str, text: str, *, accept_good: bool = False, day: date | None = None) -> ImportReport:
    path = folder / f"{table}.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return taken([str(path)], folder / "store", accept_good=accept_good, dated_on=day)


def tracked(folder: Path, *entries: str, day: str = "2025-03-31") -> ImportReport:
    """A time tracker's export into the store, each entry as `client|project|task|description|day|duration`."""
    return imported(folder, [export(folder / "toggl.csv", *entries)], "toggl", day)


def imported(folder: Path, paths: list[str], mapping: str, day: str) -> ImportReport:
    return import_files(
        paths,
        load_mapping(mapping),
        folder / "store",
        accept_good=False,
        dated_on=date.fromisoformat(day),
        on_file=lambda *_: None,
    )


def export(path: Path, *entries: str) -> str:
    lines = []
    for entry in entries:
        client, project, task, description, on, duration = entry.split("|")
        lines.append(f"User,user@example.com,{client},{project},{task},{description},Yes,{on},09:00:00,,,{duration},")
    path.write_text("\n".join([_TOGGL, *lines]) + "\n", encoding="utf-8")
    return str(path)


def counts(report: ImportReport) -> dict[str, tuple[int, int, int]]:
    return {one.table: (one.added, one.changed, one.removed) for one in report.differences}


def brute_force(name: str, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> dict[str, Any]:
    """The difference between two tables, row by row."""
    old, new = ({tuple(row[key] for key in TABLES[name].key): row for row in rows} for rows in (before, after))
    changes = {
        (" ".join(map(str, key)), column, _text(old[key][column]), _text(new[key][column]))
        for key in old.keys() & new.keys()
        for column in old[key]
        if old[key][column] != new[key][column]
    }
    return {
        "before": len(old),
        "added": len(new.keys() - old.keys()),
        "removed": len(old.keys() - new.keys()),
        "changed": len({key for key, *_ in changes}),
        "after": len(new),
        "changes": changes,
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def said(one: Difference) -> dict[str, Any]:
    return {
        "before": one.before,
        "added": one.added,
        "removed": one.removed,
        "changed": one.changed,
        "after": one.after,
        "changes": {(change.key, change.column, change.before, change.after) for change in one.changes},
    }


def test_rows_are_added_corrected_and_reversed_by_their_key(book: Path) -> None:
    before = stored_rows(book / "store", "consumption")
    text = (
        f"{_HEADER}\n"
        "D5,C1,,5,2025-02-07,2025-02-08,Care,hour,1.25,\n"  # corrected: no lot, more units
        "D7,C1,L1,7,2025-03-01,2025-03-02,Care,hour,3,\n"  # added
        "D8,C1,L1,8,2025-03-02,2025-03-02,Care,hour,-2,D6\n"  # takes back what the store knew
    )

    report = again(book, "consumption", text)

    after = stored_rows(book / "store", "consumption")
    written = {row["consumption_id"]: row for row in expected_rows("consumption", text)}
    assert after == [written.get(row["consumption_id"], row) for row in after]
    assert len(after) == len(before) + 2
    assert [said(one) for one in report.differences] == [brute_force("consumption", before, after)]
    assert counts(report) == {"consumption": (2, 1, 0)}
    assert str(open_snapshot(book / "store").dated_on) == "2025-03-02"


def test_the_same_files_again_change_nothing(book: Path) -> None:
    first = open_snapshot(book / "store").snapshot_id

    report = taken(write_book(book / "in", {"projects": _PROJECTS}), book / "store")

    assert {file.snapshot_id for file in report.files} == {first}
    assert report.differences == ()
    assert len(list_snapshots(book / "store")) == 1


def test_a_book_in_parts_is_the_book(book: Path, tmp_path: Path) -> None:
    for path in write_book(tmp_path / "in", {"projects": _PROJECTS}):
        taken([path], tmp_path / "parts", dated_on=date(2025, 2, 8))

    assert open_snapshot(tmp_path / "parts").snapshot_id == open_snapshot(book / "store").snapshot_id


def test_what_a_file_has_no_column_for_stays_as_it_is_known(book: Path) -> None:
    report = again(book, "accounts", "account_id,name\nA1,Client 1\nA3,Client 3\n")

    stored = {row["account_id"]: row for row in stored_rows(book / "store", "accounts")}
    assert stored["A1"] == {"account_id": "A1", "name": "Client 1", "segment": "Large", "region": "West"}
    assert stored["A3"] == {"account_id": "A3", "name": "Client 3", "segment": None, "region": None}
    assert [(change.key, change.column) for change in report.differences[0].changes] == [("A1", "name")]


def test_an_empty_value_in_a_column_takes_what_was_known_away(book: Path) -> None:
    again(book, "accounts", "account_id,name,segment\nA1,Client 1,\n")

    stored = {row["account_id"]: row for row in stored_rows(book / "store", "accounts")}
    assert (stored["A1"]["segment"], stored["A1"]["region"]) == (None, "West")


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("D7,C1,L1,7,2025-01-31,2025-02-09,Care,hour,-1,D5", "service_date", "is before the delivery it takes back"),
        ("D7,C1,,7,2025-02-08,2025-02-09,Care,credit,-1,D5", "unit", "is not the unit of the delivery it takes back"),
    ],
)
def test_a_reversal_comes_after_its_delivery_and_in_its_unit(book: Path, line: str, column: str, reason: str) -> None:
    report = again(book, "consumption", f"{_HEADER}\n{line}\n", accept_good=True)

    assert (column, reason) in {(issue.column, issue.reason) for issue in report.issues}
    assert (report.files[0].rows_used, report.files[0].rows_rejected) == (0, 1)


def test_a_rejected_correction_keeps_the_last_good_row_and_the_rejected_is_kept(book: Path) -> None:
    before = stored_rows(book / "store", "consumption")
    text = f"{_HEADER}\nD5,C1,L1,5,2025-02-07,2025-02-08,Care,hour,x,\nD9,C1,L1,9,2025-03-01,2025-03-01,Care,hour,1,\n"

    report = again(book, "consumption", text, accept_good=True)

    after = stored_rows(book / "store", "consumption")
    source = open_snapshot(book / "store").manifest["source"]
    kept = pq.read_table(book / "store" / source["rejected"]).to_pylist()
    assert [row for row in after if row["consumption_id"] != "D9"] == before
    assert (source["rows_used"], source["rows_rejected"]) == (1, 1)
    assert [(row["file"], row["line"], row["column"], row["value"]) for row in kept] == [
        ("consumption.csv", 2, "quantity", "x")
    ]
    assert '"consumption_id": "D5"' in kept[0]["row"]
    assert source["rejected"].startswith("rejected/")
    assert counts(report) == {"consumption": (1, 0, 0)}


def test_strict_publishes_nothing_and_says_what_it_would_come_to(book: Path) -> None:
    report = again(book, "consumption", with_cell("consumption", 7, "quantity", "x"))

    assert not report.is_published
    assert len(list_snapshots(book / "store")) == 1
    assert not (book / "store" / "rejected").exists()


def test_what_refers_to_a_refused_row_is_refused_with_it_down_to_the_last(book: Path) -> None:
    new = {
        "contracts": BOOK["contracts"]
        + BOOK["contracts"].splitlines()[1].replace("C1,", "C9,").replace("USD", "Dollar")
        + "\n",
        "lots": BOOK["lots"] + BOOK["lots"].splitlines()[1].replace("L1,C1", "L9,C9") + "\n",
        "consumption": f"{_HEADER}\nD9,C9,L9,1,2025-02-07,2025-02-08,Care,hour,1,\n",
        "consumption_departments": "consumption_id,department,share\nD9,Care,1\n",
    }

    report = taken(write_book(book / "new", new), book / "store", accept_good=True)

    assert {(issue.file, issue.column, issue.value) for issue in report.issues} == {
        ("contracts.csv", "currency", "Dollar"),
        ("lots.csv", "contract_id", "C9"),
        ("consumption.csv", "contract_id", "C9"),
        ("consumption.csv", "lot_id", "L9"),
        ("consumption_departments.csv", "consumption_id", "D9"),
    }
    assert counts(report) == {}


def test_a_known_row_that_is_good_again_keeps_what_refers_to_it(book: Path) -> None:
    text = with_cell("contracts", 2, "currency", "Dollar")

    report = taken(write_book(book / "new", {"contracts": text}), book / "store", accept_good=True)

    assert [(issue.file, issue.line) for issue in report.issues] == [("contracts.csv", 2)]
    assert stored_rows(book / "store", "contracts") == expected_rows("contracts", BOOK["contracts"])


# --- exports without ids ----------------------------------------------------------------------------------------


def _hours(folder: Path) -> dict[str, tuple[Decimal, date]]:
    rows = stored_rows(folder / "store", "consumption")
    return {
        f"{row['service_type']} {row['service_date']}": (row["quantity"], row["posted_on"])
        for row in rows
        if row["consumption_id"].startswith("toggl-")
    }


def test_an_edited_entry_replaces_the_old_one_and_the_others_keep_their_day(book: Path) -> None:
    tracked(book, "|Implementation|Design|a|2025-03-03|01:30:00", "|Implementation|Care|b|2025-03-04|01:00:00")
    known = {row["consumption_id"]: row for row in stored_rows(book / "store", "consumption")}

    report = tracked(
        book,
        "|Implementation|Care|b|2025-03-04|01:00:00",
        "|Implementation|Design|a|2025-03-03|02:00:00",
        day="2025-04-30",
    )

    after = stored_rows(book / "store", "consumption")
    assert counts(report) == {"consumption": (1, 0, 1)}
    assert said(report.differences[0]) == brute_force("consumption", list(known.values()), after)
    assert _hours(book) == {
        "Design 2025-03-03": (Decimal(2), date(2025, 4, 30)),
        "Care 2025-03-04": (Decimal(1), date(2025, 3, 31)),
    }
    kept = [row for row in after if row["consumption_id"] in known]
    assert kept == [known[row["consumption_id"]] for row in kept]


def test_an_entry_that_is_no_longer_to_be_counted_goes_though_it_is_the_last_of_the_period(book: Path) -> None:
    tracked(book, "|Implementation|Design|a|2025-03-03|01:00:00", "|Implementation|Care|b|2025-03-31|05:00:00")
    path = book / "toggl.csv"
    first, second = path.read_text(encoding="utf-8").splitlines()[1:]
    path.write_text("\n".join([_TOGGL, first, second.replace(",Yes,", ",No,")]) + "\n", encoding="utf-8")

    report = imported(book, [str(path)], "toggl", "2025-03-31")

    assert counts(report) == {"consumption": (0, 0, 1)}
    assert set(_hours(book)) == {"Design 2025-03-03"}


def test_an_export_with_refused_rows_removes_nothing(book: Path) -> None:
    tracked(book, "|Implementation|Design|a|2025-03-03|01:00:00", "|Implementation|Care|b|2025-03-04|05:00:00")
    path = export(
        book / "toggl.csv", "|Implementaton|Design|a|2025-03-03|01:00:00", "|Implementation|Care|b|2025-03-04|05:00:00"
    )

    report = import_files([path], load_mapping("toggl"), book / "store", accept_good=True, on_file=lambda *_: None)

    assert report.files[0].rows_rejected == 1
    assert set(_hours(book)) == {"Design 2025-03-03", "Care 2025-03-04"}


def test_the_same_export_in_another_order_changes_nothing(book: Path) -> None:
    entries = ["|Implementation|Design|a|2025-03-03|01:30:00"] * 2 + ["|Implementation|Care|b|2025-03-04|01:00:00"]
    tracked(book, *entries)
    first = open_snapshot(book / "store").snapshot_id

    report = tracked(book, *reversed(entries))

    assert report.differences == ()
    assert report.files[0].snapshot_id == first


def test_only_the_period_and_the_contracts_of_the_export_are_replaced(book: Path) -> None:
    again(book, "lots", BOOK["lots"] + "L3,0002,care,hour,10,10,2025-01-02,,,,any,\n")
    tracked(
        book,
        "|Implementation|Design|a|2025-03-03|01:00:00",
        "|Implementation|Design|a|2025-03-10|01:00:00",
        "|Implementation|Design|a|2025-03-20|01:00:00",
        "|Support|Care|b|2025-03-10|01:00:00",
    )

    report = tracked(
        book, "|Implementation|Design|a|2025-03-09|03:00:00", "|Implementation|Design|a|2025-03-20|01:00:00"
    )

    assert counts(report) == {"consumption": (1, 0, 1)}
    assert set(_hours(book)) == {
        "Design 2025-03-03",
        "Design 2025-03-09",
        "Design 2025-03-20",
        "Care 2025-03-10",
    }
    assert len(stored_rows(book / "store", "consumption")) == 6 + 4


def test_two_exports_of_one_period_do_not_remove_each_others_rows(book: Path) -> None:
    entries = ["|Implementation|Design|a|2025-03-03|01:00:00", "|Implementation|Care|b|2025-03-03|02:00:00"]
    tracked(book, *entries)
    paths = [export(book / name, entry) for name, entry in zip(("one.csv", "two.csv"), entries, strict=True)]

    report = imported(book, paths, "toggl", "2025-03-31")

    assert report.issues == ()
    assert report.differences == ()
    assert len(_hours(book)) == 2


def test_billings_of_an_export_replace_those_of_its_period(book: Path) -> None:
    def invoices(*lines: str) -> ImportReport:
        path = book / "xero.csv"
        rows = [
            f"{invoice},C1,{day},C,{what},{amount},USD,,Paid" for invoice, day, what, amount in map(str.split, lines)
        ]
        path.write_text(
            "\n".join([_XERO.replace("Type,", ""), *(row.replace(",,Paid", ",Paid") for row in rows)]) + "\n"
        )
        return imported(book, [str(path)], "xero_invoice_lines", "2025-03-31")

    invoices("I1 2025-03-01 Credits 100", "I2 2025-03-15 Credits 50", "I3 2025-03-31 Credits 25")
    before = stored_rows(book / "store", "billings")

    report = invoices("I1 2025-03-01 Credits 100", "I2 2025-03-15 Credits 60")

    after = stored_rows(book / "store", "billings")
    assert said(report.differences[0]) == brute_force("billings", before, after)
    assert counts(report) == {"billings": (1, 0, 1)}
    assert sorted(row["amount"] for row in after if row["billing_id"].startswith("xero")) == [25, 60, 100]


# --- the day, and the store in the meantime ---------------------------------------------------------------------


def test_a_snapshot_speaks_for_the_last_day_its_rows_were_known(book: Path) -> None:
    assert str(open_snapshot(book / "store").dated_on) == "2025-02-08"
    again(book, "consumption", f"{_HEADER}\nD9,C1,L1,9,2025-03-01,2025-03-05,Care,hour,1,\n")
    assert str(open_snapshot(book / "store").dated_on) == "2025-03-05"
    again(book, "consumption", f"{_HEADER}\nD10,C1,L1,9,2025-01-01,2025-01-05,Care,hour,1,\n")
    assert str(open_snapshot(book / "store").dated_on) == "2025-03-05"
    again(book, "consumption", f"{_HEADER}\nD11,C1,L1,9,2025-01-01,2025-01-05,Care,hour,1,\n", day=date(2025, 4, 1))
    assert str(open_snapshot(book / "store").dated_on) == "2025-04-01"


def test_a_snapshot_cant_speak_for_a_day_before_the_one_it_stands_on(book: Path) -> None:
    with pytest.raises(SnapshotError, match="can't speak for 2025-01-01"):
        again(book, "consumption", BOOK["consumption"], day=date(2025, 1, 1))


def test_rows_without_any_day_need_one_said(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="--dated-on"):
        again(tmp_path, "accounts", BOOK["accounts"])
    assert again(tmp_path, "accounts", BOOK["accounts"], day=date(2025, 1, 1)).is_published


def test_rows_that_are_all_refused_are_reported_though_they_tell_no_day(tmp_path: Path) -> None:
    report = again(
        tmp_path, "contracts", BOOK["contracts"].replace(",2024-12-20,", ",x,").replace(",2025-01-02,2025", ",x,2025")
    )

    assert [(issue.line, issue.column, issue.value) for issue in report.issues] == [
        (2, "booked_on", "x"),
        (3, "booked_on", "x"),
    ]


def test_what_was_prepared_is_not_published_on_a_store_that_changed(book: Path) -> None:
    path = book / "consumption.csv"
    path.write_text(f"{_HEADER}\nD9,C1,L1,9,2025-03-01,2025-03-01,Care,hour,1,\n", encoding="utf-8")
    with prepared([str(path)], CANONICAL, book / "store", on_file=lambda *_: None) as waiting:
        taken([str(book / "in" / "lots.csv")], book / "store", dated_on=date(2025, 5, 1))
        with pytest.raises(StaleStoreError, match="changed since"):
            waiting.publish(lambda *_: None)

    assert "D9" not in {row["consumption_id"] for row in stored_rows(book / "store", "consumption")}


def test_a_difference_agreed_to_is_not_published_on_another_snapshot(book: Path) -> None:
    with pytest.raises(StaleStoreError, match="Look at the new one first"):
        import_files(
            [str(book / "in" / "accounts.csv")],
            CANONICAL,
            book / "store",
            accept_good=False,
            expected="2025-01-01-00000000",
            on_file=lambda *_: None,
        )
    assert len(list_snapshots(book / "store")) == 1
