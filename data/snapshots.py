"""The store: immutable snapshots of the source tables, published whole or not at all.

A store is a folder: `snapshots/<id>/*.parquet` with a `manifest.json` each. Publishing writes a temporary folder
on the same file system, syncs it, and renames it into place under a lock, so that a reader sees all of a snapshot
or nothing of it. Readers open the files the manifest lists, never a glob.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from data.integrity import conform, empty_table, violations
from data.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFEST: Final = "manifest.json"
SCHEMA_VERSION: Final = 1
_SORT_FIRST: Final = ("contract_id", "service_date", "line_no")


class SnapshotError(Exception):
    """A snapshot that can't be published or opened; the message says why and what to do."""


@dataclass(frozen=True)
class Snapshot:
    """One published snapshot: what was known on `dated_on`."""

    snapshot_id: str
    dated_on: date
    number: int
    folder: Path
    manifest: Mapping[str, Any]

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
            raise SnapshotError(
                f"{self.path(table)} is missing or damaged. Move its folder away and import again."
            ) from error


def publish(store: Path, tables: Mapping[str, pa.Table], dated_on: date, source: Mapping[str, Any]) -> Snapshot:
    """Publish tables as one snapshot; the same tables and date again give the snapshot already there.

    Args:
        store: the store's folder, made if missing.
        tables: source tables by name; a table left out is empty.
        dated_on: the day whose knowledge the tables hold.
        source: where they came from, kept in the manifest (mapping, files and their SHA-256).

    Raises:
        SnapshotError: the tables break a rule of the schema, or the store can't be written.
    """
    complete = _complete(tables)
    try:
        snapshots = store / "snapshots"
        snapshots.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".publishing-", dir=snapshots))
    except OSError as error:
        raise SnapshotError(f"{store} can't be written: {error.strerror}. Choose another --store.") from error
    try:
        entries = {name: _write(building, name, rows) for name, rows in complete.items()}
        snapshot_id = f"{dated_on.isoformat()}-{_fingerprint(entries)}"
        with _locked(store):
            if (snapshots / snapshot_id).exists():
                return open_snapshot(store, snapshot_id)
            manifest = {
                "snapshot_id": snapshot_id,
                "dated_on": dated_on.isoformat(),
                "number": max((known.number for known in list_snapshots(store)), default=0) + 1,
                "schema_version": SCHEMA_VERSION,
                "source": dict(source),
                "tables": entries,
            }
            _write_synced(building / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
            _sync_folder(building)
            building.rename(snapshots / snapshot_id)
            _sync_folder(snapshots)
    except OSError as error:
        raise SnapshotError(f"Nothing was published to {store}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return open_snapshot(store, snapshot_id)


def open_snapshot(store: Path, wanted: str | date | None = None) -> Snapshot:
    """A snapshot by id, by date (the latest dated on or before it), or the latest one.

    Raises:
        SnapshotError: the store is empty, or has no such snapshot.
    """
    known = list_snapshots(store)
    if not known:
        raise SnapshotError(f"{store} holds no snapshot yet. Import reports with `drawdown import`.")
    if wanted is None:
        return known[-1]
    on = wanted if isinstance(wanted, date) else _as_date(wanted)
    if on is not None:
        earlier = [snapshot for snapshot in known if snapshot.dated_on <= on]
        if not earlier:
            raise SnapshotError(f"No snapshot is dated on or before {on}; the first is {known[0].snapshot_id}.")
        return earlier[-1]
    for snapshot in known:
        if snapshot.snapshot_id == wanted:
            return snapshot
    raise SnapshotError(f"There is no snapshot {wanted}. `drawdown snapshots` lists those there are.")


def list_snapshots(store: Path) -> list[Snapshot]:
    """Every published snapshot, oldest knowledge first.

    Raises:
        SnapshotError: a manifest can't be read.
    """
    found = [_read_manifest(path) for path in (store / "snapshots").glob(f"[!.]*/{MANIFEST}")]
    return sorted(found, key=lambda snapshot: (snapshot.dated_on, snapshot.number))


def _read_manifest(path: Path) -> Snapshot:
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["schema_version"] != SCHEMA_VERSION:
            raise SnapshotError(f"{path} is of schema version {manifest['schema_version']}, not {SCHEMA_VERSION}.")
        return Snapshot(
            snapshot_id=manifest["snapshot_id"],
            dated_on=date.fromisoformat(manifest["dated_on"]),
            number=manifest["number"],
            folder=path.parent,
            manifest=manifest,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"{path} is damaged: {error}. Move its folder away and import again.") from error


def _as_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _complete(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    unknown = set(tables) - set(TABLES)
    if unknown:
        raise SnapshotError(f"The schema has no table {', '.join(sorted(unknown))}.")
    try:
        complete = {
            name: conform(table, {column: tables[name][column] for column in tables[name].column_names})
            if name in tables
            else empty_table(table)
            for name, table in TABLES.items()
        }
    except ValueError as error:
        raise SnapshotError(str(error)) from error
    broken = violations(complete)
    if broken:
        raise SnapshotError("Nothing was published:\n" + "\n".join(f"  {violation}" for violation in broken))
    return complete


def _write(folder: Path, name: str, rows: pa.Table) -> dict[str, Any]:
    """Write one table, sorted so that one contract's rows lie together; its manifest entry."""
    sort_by = [column for column in (*_SORT_FIRST, *TABLES[name].key) if column in rows.column_names]
    path = folder / f"{name}.parquet"
    pq.write_table(
        rows.sort_by([(column, "ascending") for column in dict.fromkeys(sort_by)]),
        path,
        compression="zstd",
        version="2.6",
    )
    content = path.read_bytes()
    with path.open("rb") as written:
        os.fsync(written.fileno())
    return {
        "file": path.name,
        "rows": rows.num_rows,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _fingerprint(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Eight hex digits of what the files hold: the same content has the same id."""
    return hashlib.sha256("".join(entries[name]["sha256"] for name in sorted(entries)).encode()).hexdigest()[:8]


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    """One publisher at a time; the lock goes with the process that holds it."""
    with (store / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
