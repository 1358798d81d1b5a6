"""An older snapshot becomes the current one; later ones are kept aside until asked for again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from data.closes import close_period, list_closes
from data.snapshots import (
    Snapshot,
    SnapshotError,
    StaleStoreError,
    list_snapshots,
    open_snapshot,
    publish,
    restore,
    set_aside_snapshots,
)
from tests.data.test_snapshots import DAY, tables

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 10, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def three(tmp_path: Path) -> list[Snapshot]:
    """Snapshots of the ends of March, April and May."""
    days = (date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31))
    return [publish(tmp_path, tables(number), on, {}) for number, on in enumerate(days, start=1)]


def test_the_restored_snapshot_is_the_current_one(tmp_path: Path, three: list[Snapshot]) -> None:
    assert restore(tmp_path, three[0].snapshot_id) == three[0]

    assert list_snapshots(tmp_path) == three[:1]
    assert set_aside_snapshots(tmp_path) == three[1:]
    assert open_snapshot(tmp_path) == open_snapshot(tmp_path, date(2024, 12, 31)) == three[0]


def test_one_that_is_set_aside_comes_back_with_those_before_it(tmp_path: Path, three: list[Snapshot]) -> None:
    restore(tmp_path, three[0].snapshot_id)
    restore(tmp_path, three[1].snapshot_id)

    assert list_snapshots(tmp_path) == three[:2]
    restore(tmp_path, three[2].snapshot_id)
    assert list_snapshots(tmp_path) == three


def test_a_closed_month_still_finds_the_snapshot_it_rests_on(tmp_path: Path, three: list[Snapshot]) -> None:
    close_period(tmp_path, date(2024, 5, 31), None, NOW)
    restore(tmp_path, three[0].snapshot_id)

    assert open_snapshot(tmp_path, list_closes(tmp_path)[0].snapshot_id) == three[2]


def test_what_is_published_after_a_restore_is_listed(tmp_path: Path, three: list[Snapshot]) -> None:
    restore(tmp_path, three[0].snapshot_id)
    corrected = publish(tmp_path, tables(9), three[2].dated_on, {})

    assert list_snapshots(tmp_path) == [three[0], corrected]
    assert corrected.number == 4


def test_publishing_what_is_set_aside_brings_it_back(tmp_path: Path, three: list[Snapshot]) -> None:
    restore(tmp_path, three[0].snapshot_id)

    assert publish(tmp_path, tables(3), three[2].dated_on, {}) == three[2]
    assert list_snapshots(tmp_path) == [three[0], three[2]]
    assert set_aside_snapshots(tmp_path) == [three[1]]


def test_a_damaged_or_unknown_snapshot_is_not_restored(tmp_path: Path, three: list[Snapshot]) -> None:
    three[0].path("lots").write_bytes(b"PAR1")
    (three[1].folder / "manifest.json").unlink()

    for wanted, message in (
        (three[0].snapshot_id, r"lots\.parquet has 4 bytes instead of .* import again"),
        (three[1].snapshot_id, r"manifest\.json is damaged: No such file"),
        ("2024-01-01-00000000", r"There is no snapshot 2024-01-01-00000000\."),
    ):
        with pytest.raises(SnapshotError, match=message):
            restore(tmp_path, wanted)
    assert open_snapshot(tmp_path) == three[2]


def test_a_damaged_snapshot_stays_set_aside_should_it_be_mended(tmp_path: Path, three: list[Snapshot]) -> None:
    restore(tmp_path, three[0].snapshot_id)
    manifest = three[2].folder / "manifest.json"
    content = manifest.read_bytes()
    manifest.unlink()
    restore(tmp_path, three[1].snapshot_id)
    manifest.write_bytes(content)

    assert list_snapshots(tmp_path) == three[:2]


@pytest.mark.parametrize("content", ["{", "{}", "[1]"])
def test_a_damaged_list_is_named(tmp_path: Path, three: list[Snapshot], content: str) -> None:
    (tmp_path / "set_aside.json").write_text(content, encoding="utf-8")

    with pytest.raises(SnapshotError, match=r"set_aside\.json is damaged: .* Move it away, and restore"):
        open_snapshot(tmp_path)


def test_work_prepared_before_another_publication_or_restore_is_not_published(
    tmp_path: Path, three: list[Snapshot]
) -> None:
    with pytest.raises(StaleStoreError, match=rf"changed since .* \({three[2].snapshot_id} came\)\. Run the import"):
        publish(tmp_path, tables(9), DAY, {}, expected=three[:2])
    restore(tmp_path, three[1].snapshot_id)
    with pytest.raises(StaleStoreError, match=rf"{three[2].snapshot_id} went"):
        publish(tmp_path, tables(9), DAY, {}, expected=three)
    assert list_snapshots(tmp_path) == three[:2]

    assert publish(tmp_path, tables(9), DAY, {}, expected=three[:2]).number == 4
    assert publish(tmp_path / "new", tables(), DAY, {}, expected=[]).number == 1
