"""The store: immutable snapshots of the source tables, published whole or not at all.

A store is a folder: `snapshots/<id>/*.parquet` with a `manifest.json` each. Publishing writes a temporary folder
on the same file system, syncs it, and renames it into place under a lock, so that a reader sees all of a snapshot
or nothing of it. Readers open the files the manifest lists, never a glob. The current snapshot is the last one that
is not set aside.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from data.integrity import conform_all, violations
from data.manifest import (
    MANIFEST,
    SCHEMA_VERSION,
    ManifestError,
    NewerManifestError,
    file_problems,
    parse_manifest,
    snapshot_id,
)
from data.schema import TABLES
from data.set_aside import SET_ASIDE, read_set_aside, write_set_aside
from data.staging import Staging, staged
from data.store_files import building, locked, rename_synced, write_synced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

_AGAIN: Final = "Move its folder away and import again."
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSALS: Final = (*_FULL, errno.EROFS, errno.EACCES, errno.EPERM)


class SnapshotError(Exception):
    """A snapshot that can't be published or opened; the message says why and what to do."""


class StaleStoreError(SnapshotError):
    """The store changed while the work that was to be published was prepared."""


@dataclass(frozen=True)
class Snapshot:
    """One published snapshot: what was known on `dated_on`."""

    snapshot_id: str
    dated_on: date
    number: int
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def derived(self) -> Path:
        """A folder of the store for what is made from this snapshot; it can be made again at any time."""
        return self.folder.parent.parent / "derived" / self.snapshot_id

    def path(self, table: str) -> Path:
        """The Parquet file of a table."""
        return self.folder / str(self.manifest["tables"][table]["file"])

    def row_count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.manifest["tables"][table]["rows"])

    def read(self, table: str) -> pa.Table:
        """All rows of a table.

        Raises:
            SnapshotError: its file is missing or damaged.
        """
        try:
            return pq.read_table(self.path(table))
        except (OSError, pa.ArrowException) as error:
            raise SnapshotError(f"{self.path(table)} is missing or damaged. {_AGAIN}") from error


@dataclass(frozen=True)
class Damage:
    """A folder among the snapshots that can't be opened; `reason` says why and what to do."""

    name: str
    reason: str


def publish(
    store: Path,
    tables: Mapping[str, pa.Table] | Staging,
    dated_on: date,
    source: Mapping[str, Any],
    *,
    expected: Sequence[Snapshot] | None = None,
) -> Snapshot:
    """Publish tables as one snapshot; the same tables and date again give the snapshot already there.

    Args:
        store: the store's folder, made if missing.
        tables: source tables by name, a table left out being empty; or a staging that holds them.
        dated_on: the day whose knowledge the tables hold.
        source: where they came from, kept in the manifest (mapping, files and their SHA-256).
        expected: what `list_snapshots` gave when the tables were prepared; None publishes whatever is there now.

    Raises:
        StaleStoreError: the store lists others than expected by now.
        SnapshotError: the tables break a rule of the schema, or the store can't be written.
    """
    with changing(store, "Nothing was published"), _staged(tables) as staging, building(store) as folder:
        _check_rules(staging)
        entries = {name: staging.write(name, folder) for name in TABLES}
        published = snapshot_id(dated_on, entries)
        with locked(store):
            if expected is not None:
                _check_unchanged(store, expected)
            if (store / "snapshots" / published).exists():
                _check_intact(open_snapshot(store, published))
            else:
                manifest = {
                    "snapshot_id": published,
                    "dated_on": dated_on.isoformat(),
                    "number": max((known.number for known in _survey(store).all), default=0) + 1,
                    "schema_version": SCHEMA_VERSION,
                    "source": dict(source),
                    "tables": entries,
                }
                write_synced(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
                rename_synced(folder, store / "snapshots" / published)
            set_aside = read_set_aside(store)
            if published in set_aside:
                write_set_aside(store, set_aside - {published})
    return open_snapshot(store, published)


def restore(store: Path, wanted: str) -> Snapshot:
    """Make a snapshot the current one: those after it are set aside, and no one before it is any more.

    Args:
        store: the store's folder.
        wanted: the snapshot's id; one that is set aside comes back.

    Raises:
        SnapshotError: there is no such snapshot, its files are damaged, or the store can't be written.
    """
    with changing(store, "Nothing was restored"):
        restored = open_snapshot(store, wanted)
        _check_intact(restored)
        with locked(store):
            known = _survey(store).all
            later = {other.snapshot_id for other in known if _place(other) > _place(restored)}
            # What can't be opened now stays set aside, should it be mended.
            unknown = read_set_aside(store) - {other.snapshot_id for other in known}
            write_set_aside(store, later | unknown)
    return restored


def open_snapshot(store: Path, wanted: str | date | None = None) -> Snapshot:
    """A snapshot by id (one that is set aside, too), by date (the latest dated on or before it), or the current one.

    Raises:
        SnapshotError: the store is empty, or has no such snapshot, or it is damaged.
    """
    found = _survey(store)
    on = _as_date(wanted) if isinstance(wanted, str) else wanted
    if isinstance(wanted, str) and on is None:
        return _by_id(found, wanted)
    if not found.listed:
        _refuse_empty(store, found)
    if on is None:
        return found.listed[-1]
    earlier = [snapshot for snapshot in found.listed if snapshot.dated_on <= on]
    if not earlier:
        raise SnapshotError(f"No snapshot is dated on or before {on}; the first is {found.listed[0].snapshot_id}.")
    return earlier[-1]


def _by_id(found: _Found, wanted: str) -> Snapshot:
    for snapshot in found.all:
        if snapshot.snapshot_id == wanted:
            return snapshot
    for damage in found.damaged:
        if damage.name == wanted:
            raise SnapshotError(damage.reason)
    raise SnapshotError(f"There is no snapshot {wanted}. `drawdown snapshots` lists those there are.")


def _refuse_empty(store: Path, found: _Found) -> None:
    if found.damaged:
        raise SnapshotError("\n".join(damage.reason for damage in found.damaged))
    raise SnapshotError(f"{store} holds no snapshot yet. Import reports with `drawdown import`.")


def list_snapshots(store: Path) -> list[Snapshot]:
    """Every published snapshot that can be opened and is not set aside, oldest knowledge first.

    Raises:
        SnapshotError: the store can't be read.
    """
    return _survey(store).listed


def set_aside_snapshots(store: Path) -> list[Snapshot]:
    """Those that `restore` set aside, oldest knowledge first.

    Raises:
        SnapshotError: the store can't be read.
    """
    return _survey(store).set_aside


def damaged_snapshots(store: Path) -> list[Damage]:
    """The folders among the snapshots that can't be opened, by name; a newer version's count as such.

    Raises:
        SnapshotError: the store can't be read.
    """
    return _survey(store).damaged


@dataclass(frozen=True)
class _Found:
    """What a store holds at one moment."""

    listed: list[Snapshot]
    set_aside: list[Snapshot]
    damaged: list[Damage]

    @property
    def all(self) -> list[Snapshot]:
        return [*self.set_aside, *self.listed]


def _survey(store: Path) -> _Found:
    try:
        while True:
            set_aside = read_set_aside(store)
            found = [_read(folder) for folder in (store / "snapshots").glob("[!.]*") if folder.is_dir()]
            # What is set aside is held against the folders of the same moment.
            if read_set_aside(store) == set_aside:
                break
    except ValueError as error:
        raise SnapshotError(
            f"{store / SET_ASIDE} is damaged: {error}. Move it away, and restore the snapshot that was the current one."
        ) from error
    except OSError as error:
        raise SnapshotError(f"{store} can't be read: {error.strerror}. Choose another --store.") from error
    snapshots = sorted((one for one in found if isinstance(one, Snapshot)), key=_place)
    return _Found(
        listed=[one for one in snapshots if one.snapshot_id not in set_aside],
        set_aside=[one for one in snapshots if one.snapshot_id in set_aside],
        damaged=sorted((one for one in found if isinstance(one, Damage)), key=lambda damage: damage.name),
    )


def _place(snapshot: Snapshot) -> tuple[date, int, str]:
    """Where it stands among the others: by what it knows, then by when it was published here."""
    return snapshot.dated_on, snapshot.number, snapshot.snapshot_id


def _read(folder: Path) -> Snapshot | Damage | None:
    """What a folder holds; None where it was removed in the meantime."""
    path = folder / MANIFEST
    try:
        manifest = parse_manifest(path.read_bytes(), folder.name)
    except NewerManifestError as error:
        return Damage(folder.name, f"{path} {error}. Update Drawdown to open it.")
    except ManifestError as error:
        return Damage(folder.name, f"{path} {error}. {_AGAIN}")
    except OSError as error:
        if not folder.exists():
            return None
        return Damage(folder.name, f"{path} is damaged: {error.strerror}. {_AGAIN}")
    return Snapshot(
        snapshot_id=folder.name,
        dated_on=date.fromisoformat(manifest["dated_on"]),
        number=manifest["number"],
        folder=folder,
        manifest=manifest,
    )


def _check_unchanged(store: Path, expected: Sequence[Snapshot]) -> None:
    now, then = ({one.snapshot_id for one in listed} for listed in (list_snapshots(store), expected))
    if now != then:
        changed = ", ".join(
            [*(f"{id_} came" for id_ in sorted(now - then)), *(f"{id_} went" for id_ in sorted(then - now))]
        )
        raise StaleStoreError(
            f"Nothing was published: {store} changed since this was prepared ({changed}). Run the import again."
        )


def _check_intact(snapshot: Snapshot) -> None:
    problems = file_problems(snapshot.folder, snapshot.manifest["tables"])
    if problems:
        raise SnapshotError(f"{snapshot.snapshot_id} is damaged: {'; '.join(problems)}. {_AGAIN}")


@contextmanager
def changing(store: Path, undone: str) -> Iterator[None]:
    """Say what was not done, why, and what to do where the system refuses to write.

    Args:
        store: the store's folder.
        undone: the first words of the message.

    Raises:
        SnapshotError: an operation within could not write.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SnapshotError(f"{undone}: {store} can't be written: {reason}. {_advice(reason)}") from error
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        # DuckDB gives no error number, and wraps what the system said in its own words.
        reason = next((said for said in map(os.strerror, _REFUSALS) if said in str(error)), str(error))
        raise SnapshotError(f"{undone}: {store} can't be written: {reason}. {_advice(reason)}") from error


def _advice(reason: str) -> str:
    if reason in map(os.strerror, _FULL):
        return "Free some space, then run it again; what was published before is unharmed."
    return "Make it writable, or choose another --store."


def _as_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _staged(tables: Mapping[str, pa.Table] | Staging) -> AbstractContextManager[Staging]:
    if isinstance(tables, Staging):
        return nullcontext(tables)
    try:
        return staged(conform_all(tables))
    except ValueError as error:
        raise SnapshotError(str(error)) from error


def _check_rules(staging: Staging) -> None:
    broken = violations(staging.connection)
    if broken:
        raise SnapshotError("Nothing was published:\n" + "\n".join(f"  {violation}" for violation in broken))
