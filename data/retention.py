"""Which snapshots are kept: the last few, those that closed months rest on, and those just published."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from data.closes import list_closes
from data.snapshots import SnapshotError, changing, list_snapshots, set_aside_snapshots
from data.store_files import REMOVING, locked, rename_synced, sweep

if TYPE_CHECKING:
    from pathlib import Path

    from data.snapshots import Snapshot

#: How long a snapshot is kept in any case, for whoever is opening it.
GRACE: Final = timedelta(hours=1)


def prune(store: Path, keep: int, now: datetime) -> list[str]:
    """Remove old snapshots and those set aside; damaged ones are left for whoever mends them.

    Args:
        store: the store's folder.
        keep: how many of the last snapshots to keep beside those that closes name, 1 or more.
        now: the moment, with its time zone; nothing published within GRACE before it is removed.

    Returns:
        The ids of the removed snapshots.

    Raises:
        CloseError: a close can't be read, so what it rests on is not known.
        SnapshotError: `keep` is less than 1, or the store can't be written.
    """
    if keep < 1:
        raise SnapshotError(f"At least 1 snapshot is kept, not {keep}.")
    with changing(store, "Not everything was removed"), locked(store):
        sweep(store / "snapshots")
        listed = list_snapshots(store)
        named = {close.snapshot_id for close in list_closes(store)}
        removable = [*set_aside_snapshots(store), *listed[:-keep]]
        removed = [one for one in removable if one.snapshot_id not in named and now - _published_at(one) >= GRACE]
        for snapshot in removed:
            _remove(snapshot.folder)
            shutil.rmtree(snapshot.derived, ignore_errors=True)
    return [snapshot.snapshot_id for snapshot in removed]


def _published_at(snapshot: Snapshot) -> datetime:
    # The manifest was the last file to come into the folder, just before the folder was renamed.
    return datetime.fromtimestamp(snapshot.folder.stat().st_mtime, UTC)


def _remove(folder: Path) -> None:
    """Gone at once for readers; should this process die, `sweep` removes the rest."""
    aside = folder.with_name(f"{REMOVING}{folder.name}")
    rename_synced(folder, aside)
    shutil.rmtree(aside, ignore_errors=True)
