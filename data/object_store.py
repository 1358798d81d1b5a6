"""Push a store's snapshots to a bucket, and pull them into another store: each is there whole or not at all.

An interrupted push leaves objects that nobody reads, and the next one writes them again; an interrupted pull leaves a
folder that is swept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from data.bucket import BrokenSnapshotError, Bucket
from data.manifest import MANIFEST, ManifestError, NewerManifestError, file_problems, parse_manifest
from data.set_aside import read_set_aside, write_set_aside
from data.snapshots import Snapshot, SnapshotError, changing, list_snapshots, set_aside_snapshots
from data.store_files import building, locked, rename_synced, write_synced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from data.bucket import Contents

    #: Called after each file with how many bytes are done and how many there are.
    Progress = Callable[[int, int], None]


Item = TypeVar("Item")


def push(store: Path, url: str, on_progress: Progress) -> list[str]:
    """Upload the snapshots a bucket lacks; those the store has are set aside there as they are here.

    Args:
        store: the store's folder.
        url: the bucket, as `Bucket` takes it.
        on_progress: called after each file with how many bytes are done and how many there are.

    Returns:
        The ids of the uploaded snapshots.

    Raises:
        SnapshotError: the bucket can't be reached, another push set snapshots aside meanwhile, or some snapshots are
            damaged here; the others are pushed all the same.
    """
    bucket = Bucket(url)
    there = bucket.contents()
    listed, aside = list_snapshots(store), set_aside_snapshots(store)
    aside_here = {snapshot.snapshot_id for snapshot in aside}
    missing = [snapshot for snapshot in (*aside, *listed) if snapshot.snapshot_id not in there.files]
    # What comes set aside is so before it can be seen.
    there = bucket.set_aside(there, there.set_aside | (aside_here - there.files.keys()))
    total = sum(entry["bytes"] for snapshot in missing for entry in snapshot.manifest["tables"].values())
    count = _counting(total, on_progress)
    pushed, broken = _each(missing, lambda snapshot: _upload(bucket, snapshot, count))
    bucket.set_aside(there, (there.set_aside - {snapshot.snapshot_id for snapshot in listed}) | aside_here)
    _raise_all(broken)
    return [snapshot.snapshot_id for snapshot in pushed]


def pull(store: Path, url: str, on_progress: Progress) -> list[str]:
    """Download the snapshots a store lacks; those the bucket has are set aside here as they are there.

    Args:
        store: the store's folder, made if missing.
        url: the bucket, as `Bucket` takes it.
        on_progress: called after each file with how many bytes are done and how many there are.

    Returns:
        The ids of the downloaded snapshots.

    Raises:
        SnapshotError: the bucket can't be reached, the store can't be written, or objects of some snapshots are
            missing or damaged; the others are pulled all the same.
    """
    bucket = Bucket(url)
    there = bucket.contents()
    here = {snapshot.snapshot_id for snapshot in (*list_snapshots(store), *set_aside_snapshots(store))}
    with changing(store, "Not everything was pulled"):
        store.mkdir(parents=True, exist_ok=True)
        with locked(store):
            # What comes set aside is so before it can be seen.
            write_set_aside(store, read_set_aside(store) | (there.set_aside - here))
        missing = sorted(there.files.keys() - here)
        count = _counting(sum(sum(there.files[snapshot_id].values()) for snapshot_id in missing), on_progress)
        pulled, broken = _each(
            missing, lambda snapshot_id: _download(bucket, there, store / "snapshots" / snapshot_id, count)
        )
        with locked(store):
            write_set_aside(store, (read_set_aside(store) - there.files.keys()) | there.set_aside)
    _raise_all(broken)
    return pulled


def _upload(bucket: Bucket, snapshot: Snapshot, on_bytes: Callable[[int], None]) -> None:
    problems = file_problems(snapshot.folder, snapshot.manifest["tables"])
    if problems:
        raise BrokenSnapshotError(f"{snapshot.snapshot_id} was not pushed: {'; '.join(problems)}.")
    bucket.upload(snapshot.folder, snapshot.manifest["tables"], on_bytes)


def _download(bucket: Bucket, there: Contents, target: Path, on_bytes: Callable[[int], None]) -> None:
    if target.exists():
        raise BrokenSnapshotError(f"{target} is damaged. Move it away and pull again.")
    store, snapshot_id = target.parents[1], target.name
    content = bucket.read_manifest(snapshot_id)
    entries = _entries(bucket, snapshot_id, content)
    with building(store) as folder:
        for entry in entries.values():
            bucket.download(there, snapshot_id, entry, folder / entry["file"])
            on_bytes(entry["bytes"])
        write_synced(folder / MANIFEST, content)
        on_bytes(len(content))
        with locked(store):
            if not target.exists():
                rename_synced(folder, target)


def _entries(bucket: Bucket, snapshot_id: str, manifest: bytes) -> dict[str, Any]:
    try:
        return dict(parse_manifest(manifest, snapshot_id)["tables"])
    except NewerManifestError as error:
        raise BrokenSnapshotError(f"{bucket.url}: {snapshot_id} {error}. Update Drawdown to pull it.") from error
    except ManifestError as error:
        where = f"{bucket.url}/snapshots/{snapshot_id}/{MANIFEST}"
        raise BrokenSnapshotError(f"{where} {error}. {bucket.remedy(snapshot_id)}") from error


def _each(items: Iterable[Item], transfer: Callable[[Item], None]) -> tuple[list[Item], list[str]]:
    """Transfer one after the other: those that were, and why the broken ones were not."""
    transferred, broken = [], []
    for item in items:
        try:
            transfer(item)
        except BrokenSnapshotError as error:
            broken.append(str(error))
        else:
            transferred.append(item)
    return transferred, broken


def _raise_all(broken: list[str]) -> None:
    if broken:
        raise SnapshotError("\n".join(broken))


def _counting(total: int, on_progress: Progress) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        on_progress(done, total)

    return count
