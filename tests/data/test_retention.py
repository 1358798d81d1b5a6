"""Pruning keeps the last snapshots, those that closed months rest on, and those just published."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from data.closes import CloseError, close_period
from data.retention import GRACE, prune
from data.snapshots import Snapshot, SnapshotError, list_snapshots, open_snapshot, publish, restore, set_aside_snapshots
from tests.data.test_snapshots import names, tables

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 10, 2, 9, 30, tzinfo=UTC)


def at(snapshot: Snapshot, published: datetime) -> Snapshot:
    os.utime(snapshot.folder, (published.timestamp(),) * 2)
    return snapshot


@pytest.fixture
def four(tmp_path: Path) -> list[Snapshot]:
    """Snapshots of four month ends, all published the day before."""
    days = (date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30))
    published = [publish(tmp_path, tables(number), on, {}) for number, on in enumerate(days, start=1)]
    return [at(snapshot, NOW - timedelta(days=1)) for snapshot in published]


def test_the_last_are_kept(tmp_path: Path, four: list[Snapshot]) -> None:
    assert prune(tmp_path, 2, NOW) == [snapshot.snapshot_id for snapshot in four[:2]]
    assert list_snapshots(tmp_path) == four[2:]
    assert names(tmp_path) == [snapshot.snapshot_id for snapshot in four[2:]]
    assert prune(tmp_path, 2, NOW) == []


def test_what_a_closed_month_rests_on_is_kept(tmp_path: Path, four: list[Snapshot]) -> None:
    close_period(tmp_path, date(2026, 6, 30), four[0].snapshot_id, NOW)

    assert prune(tmp_path, 1, NOW) == [four[1].snapshot_id, four[2].snapshot_id]
    assert list_snapshots(tmp_path) == [four[0], four[3]]


def test_a_close_that_cannot_be_read_stops_pruning(tmp_path: Path, four: list[Snapshot]) -> None:
    close_period(tmp_path, date(2026, 6, 30), four[0].snapshot_id, NOW)
    (tmp_path / "closes" / "2026-06-30.json").write_text("{", encoding="utf-8")

    with pytest.raises(CloseError, match=r"2026-06-30\.json is damaged"):
        prune(tmp_path, 1, NOW)
    assert list_snapshots(tmp_path) == four


def test_what_was_published_within_the_grace_is_kept(tmp_path: Path, four: list[Snapshot]) -> None:
    at(four[0], NOW - GRACE + timedelta(seconds=1))
    at(four[1], NOW - GRACE)

    assert prune(tmp_path, 2, NOW) == [four[1].snapshot_id]


def test_what_is_set_aside_does_not_count_and_goes(tmp_path: Path, four: list[Snapshot]) -> None:
    restore(tmp_path, four[2].snapshot_id)

    assert prune(tmp_path, 2, NOW) == [four[3].snapshot_id, four[0].snapshot_id]
    assert list_snapshots(tmp_path) == four[1:3]
    assert set_aside_snapshots(tmp_path) == []


def test_a_pruned_snapshot_that_was_set_aside_is_listed_when_published_again(
    tmp_path: Path, four: list[Snapshot]
) -> None:
    restore(tmp_path, four[2].snapshot_id)
    prune(tmp_path, 2, NOW)

    again = publish(tmp_path, tables(4), four[3].dated_on, {})
    assert again.snapshot_id == four[3].snapshot_id
    assert open_snapshot(tmp_path) == again


def test_damaged_snapshots_are_left_and_do_not_count(tmp_path: Path, four: list[Snapshot]) -> None:
    (four[3].folder / "manifest.json").write_text("{", encoding="utf-8")

    assert prune(tmp_path, 2, NOW) == [four[0].snapshot_id]
    assert four[3].folder.exists()


def test_a_removal_cut_short_is_finished(tmp_path: Path, four: list[Snapshot]) -> None:
    four[0].folder.rename(four[0].folder.with_name(f".removing-{four[0].snapshot_id}"))

    assert list_snapshots(tmp_path) == four[1:]
    assert prune(tmp_path, 3, NOW) == []
    assert names(tmp_path) == [snapshot.snapshot_id for snapshot in four[1:]]


def test_the_current_snapshot_is_never_removed(tmp_path: Path, four: list[Snapshot]) -> None:
    with pytest.raises(SnapshotError, match="At least 1 snapshot is kept, not 0"):
        prune(tmp_path, 0, NOW)
    prune(tmp_path, 1, NOW)
    assert list_snapshots(tmp_path) == four[3:]
