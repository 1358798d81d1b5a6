"""Files of a store that are there whole or not at all: written aside, synced, renamed, swept when their writer died."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Prefixes of folders that are no snapshots: one is being written, the other removed.
BUILDING: Final = ".publishing-"
REMOVING: Final = ".removing-"


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """One process at a time changes the store; the lock goes with the process that holds it."""
    with (store / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def building(store: Path) -> Iterator[Path]:
    """A new folder beside the snapshots, removed afterwards unless it was renamed into place.

    It is locked as long as its process lives, which is how `sweep` tells it from one left behind.

    Raises:
        OSError: the store can't be written.
    """
    snapshots = store / "snapshots"
    snapshots.mkdir(parents=True, exist_ok=True)
    folder = snapshots / f"{BUILDING}{secrets.token_hex(8)}"
    with locked(store):
        sweep(snapshots)
        folder.mkdir()
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def sweep(snapshots: Path) -> None:
    """Remove what processes that died left behind; the store must be locked."""
    for folder in snapshots.glob(f"{REMOVING}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in snapshots.glob(f"{BUILDING}*"):
        if not _is_in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return True  # another user's, or gone by now
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def rename_synced(folder: Path, target: Path) -> None:
    """Rename a folder whose files are synced; what it is called afterwards survives a power cut."""
    sync_folder(folder)
    folder.rename(target)
    sync_folder(target.parent)


def replace_synced(path: Path, content: bytes) -> None:
    """Write a file in the place of one there may be: a reader sees the old one or the new one."""
    aside = path.with_name(f".{path.name}")
    write_synced(aside, content)
    aside.replace(path)
    sync_folder(path.parent)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
