"""Snapshots appear whole or not at all, and are found by id, by date or as the latest."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from data.schema import TABLES
from data.snapshots import SnapshotError, list_snapshots, open_snapshot, publish

ROOT = Path(__file__).parents[2]
DAY = date(2024, 3, 31)


def tables(account_count: int = 1, **changes: Any) -> dict[str, pa.Table]:
    """Clients, and one contract with a lot; `changes` go to the lot."""
    clients = [f"client {number}" for number in range(account_count)]
    lot = {
        "lot_id": "L",
        "contract_id": "K",
        "service": "Training",
        "unit": "hour",
        "quantity": Decimal(10),
        "amount": Decimal(1000),
        "valid_from": date(2024, 1, 1),
        "expires_on": date(2024, 12, 31),
        "scope": "any",
    }
    contract = {
        "contract_id": "K",
        "account_id": "client 0",
        "owner": "Team",
        "vehicle": "SOW",
        "booked_on": date(2024, 1, 1),
        "starts_on": date(2024, 1, 1),
        "currency": "USD",
        "transaction_price": Decimal(1000),
        "recognition_method": "on_delivery",
        "recognition_convention": "daily",
        "draw_order": "fefo",
    }
    return {
        "accounts": pa.table({"account_id": clients, "name": clients}),
        "contracts": pa.Table.from_pylist([contract]),
        "lots": pa.Table.from_pylist([lot | changes]),
    }


def names(store: Path) -> list[str]:
    """What lies in the store's folder of snapshots, temporary folders included."""
    return sorted(path.name for path in (store / "snapshots").iterdir())


def test_a_snapshot_holds_every_table_of_the_schema(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, tables(), DAY, {"mapping": "by hand"})

    assert set(snapshot.manifest["tables"]) == set(TABLES)
    assert snapshot.row_count("consumption") == 0
    assert snapshot.read("consumption").column_names == [column.name for column in TABLES["consumption"].columns]
    assert snapshot.read("accounts").to_pylist() == [
        {"account_id": "client 0", "name": "client 0", "segment": None, "region": None}
    ]
    assert snapshot.manifest["source"] == {"mapping": "by hand"}


def test_the_same_content_is_the_same_snapshot(tmp_path: Path) -> None:
    first = publish(tmp_path, tables(3), DAY, {})
    shuffled = tables(3)
    shuffled["accounts"] = shuffled["accounts"].take([2, 0, 1])

    assert publish(tmp_path, shuffled, DAY, {}) == first
    assert publish(tmp_path / "elsewhere", tables(3), DAY, {}).snapshot_id == first.snapshot_id
    assert names(tmp_path) == [first.snapshot_id]


def test_other_content_or_another_day_is_another_snapshot(tmp_path: Path) -> None:
    ids = {
        publish(tmp_path, tables(), DAY, {}).snapshot_id,
        publish(tmp_path, tables(2), DAY, {}).snapshot_id,
        publish(tmp_path, tables(), date(2024, 4, 30), {}).snapshot_id,
    }

    assert len(ids) == 3
    assert [snapshot.number for snapshot in list_snapshots(tmp_path)] == [1, 2, 3]


def test_open_by_id_by_date_or_the_latest(tmp_path: Path) -> None:
    march = publish(tmp_path, tables(1), date(2024, 3, 31), {})
    june = publish(tmp_path, tables(2), date(2024, 6, 30), {})
    april = publish(tmp_path, tables(3), date(2024, 4, 30), {})

    assert open_snapshot(tmp_path) == june
    assert open_snapshot(tmp_path, march.snapshot_id) == march
    assert open_snapshot(tmp_path, date(2024, 4, 30)) == april
    assert open_snapshot(tmp_path, "2024-06-29") == april
    assert open_snapshot(tmp_path, "2024-04-29") == march


def test_the_last_published_of_a_day_is_that_days_snapshot(tmp_path: Path) -> None:
    publish(tmp_path, tables(2), DAY, {})
    corrected = publish(tmp_path, tables(1), DAY, {})

    assert open_snapshot(tmp_path, DAY) == corrected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("2024-03-31-00000000", r"There is no snapshot 2024-03-31-00000000\. `drawdown snapshots` lists"),
        (date(2024, 3, 30), r"No snapshot is dated on or before 2024-03-30; the first is 2024-03-31-"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, wanted: str | date, message: str) -> None:
    publish(tmp_path, tables(), DAY, {})

    with pytest.raises(SnapshotError, match=message):
        open_snapshot(tmp_path, wanted)


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"holds no snapshot yet\. Import reports with `drawdown import`"):
        open_snapshot(tmp_path)


@pytest.mark.parametrize("content", ["{", '{"snapshot_id": "x"}', '{"snapshot_id": "x", "dated_on": "soon"}'])
def test_a_damaged_manifest_is_named(tmp_path: Path, content: str) -> None:
    snapshot = publish(tmp_path, tables(), DAY, {})
    (snapshot.folder / "manifest.json").write_text(content, encoding="utf-8")

    with pytest.raises(SnapshotError, match=r"manifest\.json is damaged: .*Move its folder away and import again"):
        open_snapshot(tmp_path)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (tables(contract_id="none"), r"lots\.contract_id: is not in contracts\.contract_id \(1 rows, first: none\)"),
        (tables(unit=None), r"lots\.unit: is required and empty"),
        (tables(colour="red"), r"lots has no column colour"),
        (tables(quantity=Decimal(0)), r"lots\.quantity: must be above 0"),
        (tables(amount=Decimal(-1)), r"lots\.amount: must not be below 0"),
        (tables(expires_on=date(2023, 12, 31)), r"lots\.expires_on: is before valid_from"),
        (tables(grace_until=date(2024, 6, 30)), r"lots\.grace_until: is before expires_on"),
        (tables(quantity=Decimal("0.00001")), r"lots\.quantity does not fit DECIMAL\(18,4\)"),
        (tables() | {"tranches": pa.table({})}, r"The schema has no table tranches"),
        (
            tables() | {"accounts": pa.table({"account_id": ["client 0"] * 2, "name": ["a", "b"]})},
            r"accounts\.account_id: account_id appears more than once",
        ),
    ],
)
def test_tables_that_break_a_rule_are_not_published(tmp_path: Path, broken: dict[str, pa.Table], message: str) -> None:
    publish(tmp_path, tables(), DAY, {})
    before = names(tmp_path)

    with pytest.raises(SnapshotError, match=message):
        publish(tmp_path, broken, date(2024, 4, 30), {})

    assert names(tmp_path) == before


def test_a_store_that_cant_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(SnapshotError, match=r"can't be written: .*choose another --store"):
        publish(tmp_path / "file", tables(), DAY, {})


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SnapshotError, match=r"Nothing was published: .*No space left on device\. Free some space"):
        publish(tmp_path, tables(), DAY, {})

    assert names(tmp_path) == []


KILLED_BEFORE_THE_RENAME = """
import os, signal
from datetime import date
from pathlib import Path
from tests.data.test_snapshots import tables
from data.snapshots import publish

Path.rename = lambda building, target: os.kill(os.getpid(), signal.SIGKILL)
publish(Path({store!r}), tables(2), date(2024, 4, 30), {{}})
"""


def test_a_killed_publisher_leaves_no_visible_snapshot_and_no_lock(tmp_path: Path) -> None:
    first = publish(tmp_path, tables(), DAY, {})
    script = KILLED_BEFORE_THE_RENAME.format(store=str(tmp_path))
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert [name for name in names(tmp_path) if name.startswith(".publishing-")] != []
    assert list_snapshots(tmp_path) == [first]
    second = publish(tmp_path, tables(2), date(2024, 4, 30), {})
    assert second.number == 2
    assert names(tmp_path) == [first.snapshot_id, second.snapshot_id]


def _publish_some(store: Path, publisher: int) -> None:
    for month in range(1, 5):
        publish(store, tables(publisher * 10 + month), date(2024, month, 28), {})
    publish(store, tables(), DAY, {})


def test_publishers_at_once_all_succeed_and_readers_see_whole_snapshots(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    publishers = [context.Process(target=_publish_some, args=(tmp_path, number)) for number in (1, 2)]
    for publisher in publishers:
        publisher.start()
    while any(publisher.is_alive() for publisher in publishers):
        for snapshot in list_snapshots(tmp_path):
            assert snapshot.read("accounts").num_rows == snapshot.row_count("accounts")

    assert [publisher.exitcode for publisher in publishers] == [0, 0]
    snapshots = list_snapshots(tmp_path)
    assert sorted(snapshot.number for snapshot in snapshots) == list(range(1, 10))
    assert names(tmp_path) == sorted(snapshot.snapshot_id for snapshot in snapshots)


def test_the_manifest_is_the_fingerprint_of_the_files(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, tables(), DAY, {})
    manifest = json.loads((snapshot.folder / "manifest.json").read_text(encoding="utf-8"))

    assert {entry["file"] for entry in manifest["tables"].values()} == {f"{name}.parquet" for name in TABLES}
    assert all(snapshot.path(name).stat().st_size == entry["bytes"] for name, entry in manifest["tables"].items())
