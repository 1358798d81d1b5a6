"""A snapshot that is not what was published any more is found out, file by file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.snapshots import Snapshot, publish
from data.verification import verify
from tests.data.test_snapshots import DAY, tables

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return publish(tmp_path, tables(3), DAY, {})


def with_entry_of_its_file(snapshot: Snapshot, table: str, **changes: int) -> Snapshot:
    """The snapshot with a manifest that knows the bytes a table's file has now."""
    content = snapshot.path(table).read_bytes()
    entry = snapshot.manifest["tables"][table] | changes
    entry |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest = json.loads(json.dumps(snapshot.manifest))
    manifest["tables"][table] = entry
    return replace(snapshot, manifest=manifest)


def test_what_was_published_is_verified(snapshot: Snapshot) -> None:
    assert verify(snapshot) == []


def test_every_flipped_bit_is_found(snapshot: Snapshot) -> None:
    path = snapshot.path("accounts")
    content = path.read_bytes()
    for place in (4, len(content) // 2, len(content) - 5):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert verify(snapshot) == [f"{path} is not what was published: its SHA-256 differs"]


def test_a_file_missing_cut_short_or_not_its_own_is_named(snapshot: Snapshot) -> None:
    lots, accounts = snapshot.path("lots"), snapshot.path("accounts")
    size = lots.stat().st_size
    lots.write_bytes(lots.read_bytes()[:-1])
    accounts.unlink()
    (snapshot.folder / "notes.txt").touch()

    assert sorted(verify(snapshot)) == [
        f"{accounts} can't be read: No such file or directory",
        f"{lots} has {size - 1:,} bytes instead of {size:,}",
        f"{snapshot.folder / 'notes.txt'} is no part of the snapshot",
    ]


def test_other_rows_or_columns_than_the_manifests_and_the_schemas_are_named(snapshot: Snapshot) -> None:
    path = snapshot.path("accounts")

    assert verify(with_entry_of_its_file(snapshot, "accounts", rows=4)) == [f"{path} has 3 rows instead of 4"]
    rows = snapshot.read("accounts")
    changed = rows.set_column(1, "name", pa.array([1, 2, 3])).rename_columns(
        ["account_id", "name", "segment", "country"]
    )
    pq.write_table(changed, path)
    assert verify(with_entry_of_its_file(snapshot, "accounts")) == [
        f"{path} does not have the schema's columns: name is int64, region is missing, country is unknown"
    ]
    path.write_bytes(b"nothing")
    (problem,) = verify(with_entry_of_its_file(snapshot, "accounts"))
    assert problem.startswith(f"{path} is no Parquet file: ")
