"""Damaged files, full disks and read-only stores: named with what to do, and the last good snapshot is still served."""

from __future__ import annotations

import json
import os
import resource
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data.snapshots import (
    Snapshot,
    SnapshotError,
    damaged_snapshots,
    list_snapshots,
    open_snapshot,
    publish,
    restore,
)
from tests.data.kill_workers import started
from tests.data.test_snapshots import DAY, names, tables

NOBODY = 65534
APRIL = date(2024, 4, 30)


@pytest.fixture
def march(tmp_path: Path) -> Snapshot:
    return publish(tmp_path, tables(), DAY, {})


@pytest.fixture
def april(tmp_path: Path, march: Snapshot) -> Snapshot:
    return publish(tmp_path, tables(2), APRIL, {})


def changed(snapshot: Snapshot, **changes: Any) -> bytes:
    """Its manifest with other values."""
    return json.dumps({**snapshot.manifest, **changes}).encode()


def entries(snapshot: Snapshot, table: str, **changes: Any) -> dict[str, Any]:
    return snapshot.manifest["tables"] | {table: snapshot.manifest["tables"][table] | changes}


@pytest.mark.parametrize(
    "damaged",
    [
        lambda _: b"",
        lambda _: b"\xff",
        lambda _: b"[]",
        lambda april: changed(april)[:-9],
        lambda april: changed(april, schema_version=None),
        lambda april: changed(april, number="2"),
        lambda april: changed(april, dated_on="2024-04-31"),
        lambda april: changed(april, snapshot_id="2024-04-30-00000000"),
        lambda april: changed(april, source=None),
        lambda april: changed(april, tables={}),
        lambda april: changed(april, tables=entries(april, "lots", rows=None)),
        lambda april: changed(april, tables=entries(april, "lots", sha256="0" * 64)),
        lambda april: changed(april, tables=entries(april, "lots", file="../lots.parquet")),
        lambda april: changed(april, tables=entries(april, "lots", file="manifest.json")),
    ],
)
def test_a_damaged_manifest_is_named_and_the_last_good_snapshot_served(
    tmp_path: Path, march: Snapshot, april: Snapshot, damaged: Any
) -> None:
    (april.folder / "manifest.json").write_bytes(damaged(april))

    assert list_snapshots(tmp_path) == [march]
    assert open_snapshot(tmp_path) == march
    (damage,) = damaged_snapshots(tmp_path)
    assert damage.name == april.snapshot_id
    assert "manifest.json is damaged: " in damage.reason
    assert damage.reason.endswith("Move its folder away and import again.")
    with pytest.raises(SnapshotError) as error:
        open_snapshot(tmp_path, april.snapshot_id)
    assert str(error.value) == damage.reason


def test_a_newer_versions_snapshot_is_named_as_such(tmp_path: Path, march: Snapshot, april: Snapshot) -> None:
    (april.folder / "manifest.json").write_bytes(changed(april, schema_version=99, tables=["unknown"]))

    assert open_snapshot(tmp_path) == march
    with pytest.raises(SnapshotError, match=r"is of schema version 99; this version reads \d+\. Update Drawdown to"):
        open_snapshot(tmp_path, april.snapshot_id)


def test_a_folder_without_a_manifest_or_under_another_name_is_damaged(tmp_path: Path, march: Snapshot) -> None:
    (tmp_path / "snapshots" / "empty").mkdir()
    march.folder.rename(march.folder.with_name("copy"))

    assert [damage.name for damage in damaged_snapshots(tmp_path)] == ["copy", "empty"]
    with pytest.raises(SnapshotError, match=r"copy/manifest\.json is damaged: it is not that of copy"):
        open_snapshot(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"PAR1 but not for long PAR1"])
def test_a_damaged_table_is_named_when_it_is_read_and_when_it_is_published_again(
    tmp_path: Path, march: Snapshot, content: bytes | None
) -> None:
    march.path("lots").unlink()
    if content is not None:
        march.path("lots").write_bytes(content)

    with pytest.raises(SnapshotError, match=r"lots\.parquet is missing or damaged\. Move its folder away and import"):
        march.read("lots")
    with pytest.raises(SnapshotError, match=r"lots\.parquet .*Move its folder away and import again"):
        publish(tmp_path, tables(), DAY, {})
    march.folder.rename(tmp_path / "away")
    assert publish(tmp_path, tables(), DAY, {}).read("lots").num_rows == 1


@pytest.mark.parametrize("largest_file", [100, 20_000])
def test_a_full_disk_publishes_nothing_and_says_so(tmp_path: Path, march: Snapshot, largest_file: int) -> None:
    said = tmp_path / "said"
    started(_publish_with_no_more_room_than, largest_file, tmp_path, said).join()

    message = said.read_text(encoding="utf-8")
    assert message.startswith(f"Nothing was published: {tmp_path} ")
    assert message.endswith(
        "can't be written: File too large. Free some space, then run it again; what was published before is unharmed."
    )
    assert names(tmp_path) == [march.snapshot_id]
    assert open_snapshot(tmp_path) == march
    assert publish(tmp_path, tables(30_000), DAY, {}).number == 2


def _publish_with_no_more_room_than(largest_file: int, store: Path, said: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, limits[1]))
    try:
        publish(store, tables(30_000), DAY, {})
    except SnapshotError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        said.write_text(str(error), encoding="utf-8")


def test_a_read_only_store_is_read_and_says_that_it_cannot_be_written(
    tmp_path: Path, march: Snapshot, april: Snapshot
) -> None:
    said = tmp_path / "said"
    folders = [tmp_path, tmp_path / "snapshots"]
    said.touch()
    said.chmod(0o666)
    for folder in folders:
        folder.chmod(0o555)
    started(_change_as_nobody, tmp_path, march.snapshot_id, said).join()
    for folder in folders:
        folder.chmod(0o755)

    reason = ".: . can't be written: Permission denied. Make it writable, or choose another --store."
    assert said.read_text(encoding="utf-8").splitlines() == [
        april.snapshot_id,
        f"Nothing was published{reason[1:]}",
        f"Nothing was restored{reason[1:]}",
    ]
    assert list_snapshots(tmp_path) == [march, april]


def _change_as_nobody(store: Path, older: str, said: Path) -> None:
    """What is said to a user who may only read the store; root may always write, so it is root no more."""
    with said.open("w", encoding="utf-8") as answers:
        os.chdir(store)  # folders above may be closed to others
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        here = Path()
        print(open_snapshot(here).snapshot_id, file=answers)
        for change in (lambda: publish(here, tables(9), APRIL, {}), lambda: restore(here, older)):
            try:
                change()
            except SnapshotError as error:
                print(error, file=answers)
