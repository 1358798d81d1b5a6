"""Snapshots in a bucket of object storage (S3 API): the same files as in a store, each written whole by the service.

A snapshot never changes, so it is there once its manifest is, which is written last and only where there is none.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import from_url

from data.manifest import MANIFEST
from data.set_aside import SET_ASIDE, format_set_aside, parse_set_aside
from data.snapshots import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from obstore import ObjectMeta, PutMode, PutResult, UpdateVersion

#: Bytes asked for at once, and uploads at once: little enough for a slow line within the client's 30 seconds a request.
_PART: Final = 8 * 1024**2
_AT_ONCE: Final = 4
_RETRIES: Final = 3
_PATIENCE: Final = timedelta(seconds=30)


class BrokenSnapshotError(SnapshotError):
    """A snapshot that can't be taken over; others can."""


@dataclass(frozen=True)
class Contents:
    """What a bucket holds at one moment.

    Attributes:
        files: of each published snapshot, those set aside included, how many bytes each of its files has.
        set_aside: the snapshots set aside.
        version: the condition on which `set_aside` is overwritten: nobody else did so in between.
    """

    files: Mapping[str, Mapping[str, int]]
    set_aside: frozenset[str]
    version: PutMode


class Bucket:
    """The snapshots under an address.

    Args:
        url: `s3://bucket/path`; endpoint and credentials come from the usual AWS_* variables.

    Raises:
        SnapshotError: by every method, where the bucket can't be reached.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        with self._reaching():
            self._objects = from_url(self.url, retry_config={"max_retries": _RETRIES, "retry_timeout": _PATIENCE})

    def contents(self) -> Contents:
        """Which snapshots are there, and which are set aside."""
        while True:
            set_aside, version = self._set_aside()
            with self._reaching():
                listed = [meta for page in obstore.list(self._objects, "snapshots") for meta in page]
            # What is set aside is held against the snapshots of the same moment.
            if self._set_aside() == (set_aside, version):
                break
        found: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for meta in listed:
            folder, _, name = meta["path"].removeprefix("snapshots/").rpartition("/")
            found[folder][name] = meta["size"]
        return Contents({id_: files for id_, files in found.items() if MANIFEST in files}, set_aside, version)

    def _set_aside(self) -> tuple[frozenset[str], PutMode]:
        with self._reaching():
            try:
                found = obstore.get(self._objects, SET_ASIDE)
            except FileNotFoundError:
                return frozenset(), "create"
            content = bytes(found.bytes())
        try:
            return parse_set_aside(content), _version(found.meta)
        except ValueError as error:
            raise SnapshotError(f"{self.url}/{SET_ASIDE} is damaged: {error}. Delete it and push again.") from error

    def set_aside(self, there: Contents, ids: frozenset[str]) -> Contents:
        """Set exactly these snapshots aside.

        Raises:
            SnapshotError: another process did so since `there` was read.
        """
        if ids == there.set_aside:
            return there
        try:
            with self._reaching():
                put = obstore.put(self._objects, SET_ASIDE, format_set_aside(ids), mode=there.version)
        except (AlreadyExistsError, PreconditionError) as error:
            raise SnapshotError(
                f"{self.url}/{SET_ASIDE} was changed by another push. Pull, see which snapshot is current, push again."
            ) from error
        return replace(there, set_aside=ids, version=_version(put))

    def read_manifest(self, snapshot_id: str) -> bytes:
        """A published snapshot's manifest, unchecked."""
        with self._reaching():
            return bytes(obstore.get(self._objects, f"snapshots/{snapshot_id}/{MANIFEST}").bytes())

    def upload(self, folder: Path, entries: Mapping[str, Mapping[str, Any]], on_bytes: Callable[[int], None]) -> None:
        """Write a snapshot: its files, then its manifest, unless another process was first."""
        with self._reaching():
            for entry in entries.values():
                path = folder / entry["file"]
                obstore.put(self._objects, f"snapshots/{folder.name}/{path.name}", path, max_concurrency=_AT_ONCE)
                on_bytes(entry["bytes"])
            manifest = (folder / MANIFEST).read_bytes()
            with suppress(AlreadyExistsError):
                obstore.put(self._objects, f"snapshots/{folder.name}/{MANIFEST}", manifest, mode="create")

    def download(self, there: Contents, snapshot_id: str, entry: Mapping[str, Any], target: Path) -> None:
        """Write one file of a snapshot to disk, synced.

        Args:
            there: what the bucket holds.
            snapshot_id: the snapshot.
            entry: the manifest's entry of the file.
            target: where it goes.

        Raises:
            BrokenSnapshotError: it is missing, or not what was published.
            OSError: the disk can't be written.
        """
        key = f"snapshots/{snapshot_id}/{entry['file']}"
        size, digest = entry["bytes"], hashlib.sha256()
        if there.files[snapshot_id].get(entry["file"]) == size:
            with target.open("wb") as file:
                for start in range(0, size, _PART):
                    with self._reaching():
                        part = obstore.get_range(self._objects, key, start=start, end=min(start + _PART, size))
                    digest.update(part)
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
        if digest.hexdigest() != entry["sha256"]:
            raise BrokenSnapshotError(f"{self.url}/{key} is missing or damaged. {self.remedy(snapshot_id)}")

    def remedy(self, snapshot_id: str) -> str:
        """What to do about a damaged snapshot."""
        manifest = f"{self.url}/snapshots/{snapshot_id}/{MANIFEST}"
        return f"Delete {manifest}, and push again from a store that has the snapshot."

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Failed conditions pass; every other failure says what to do."""
        try:
            yield
        except (AlreadyExistsError, PreconditionError):
            raise
        except (BaseError, FileNotFoundError, ValueError) as error:
            said = str(error)
            code = re.search(r"<Code>(\w+)</Code>", said)
            reason = code[1] if code else said.partition("\n")[0]
            raise SnapshotError(
                f"{self.url} can't be used: {reason}. Check the address, and AWS_ENDPOINT_URL, AWS_REGION,"
                " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            ) from error


def _version(found: ObjectMeta | PutResult) -> PutMode:
    """The condition that an object still is the one found."""
    version: UpdateVersion = {"e_tag": found["e_tag"]}
    if found["version"] is not None:
        version["version"] = found["version"]
    return version
