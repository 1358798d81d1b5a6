"""The manifest of a snapshot: which files it consists of, and what each must hold."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from data.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST: Final = "manifest.json"
SCHEMA_VERSION: Final = 1
_TYPES: Final = {"snapshot_id": str, "dated_on": str, "number": int, "source": dict, "tables": dict}
_ENTRY_TYPES: Final = {"file": str, "rows": int, "bytes": int, "sha256": str}


class ManifestError(ValueError):
    """A manifest that can't be used; the message continues the name of its file."""


class NewerManifestError(ManifestError):
    """A manifest that a newer version wrote."""


# Every page of everyone asks for the same ones again and again.
@lru_cache(maxsize=1_024)
def parse_manifest(content: bytes, wanted: str) -> dict[str, Any]:
    """Read a snapshot's manifest and check that everything a reader needs is there.

    Args:
        content: the file's bytes.
        wanted: the id of the snapshot it must be of.

    Returns:
        The manifest, shared by all who ask: not to be changed.

    Raises:
        NewerManifestError: it has a later schema version than this one.
        ManifestError: it is damaged, or of another snapshot.
    """
    try:
        manifest: dict[str, Any] = json.loads(content)
        _check(manifest, wanted)
    except ManifestError:
        raise
    except KeyError as error:
        raise ManifestError(f"is damaged: it has no {error.args[0]}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ManifestError(f"is damaged: {error}") from error
    return manifest


def _check(manifest: Mapping[str, Any], wanted: str) -> None:
    _check_version(int(manifest["schema_version"]))
    _check_types(manifest, _TYPES)
    entries = manifest["tables"]
    for name in TABLES:
        _check_types(entries[name], _ENTRY_TYPES)
    for entry in entries.values():
        if Path(entry["file"]).name != entry["file"] or entry["file"].startswith(".") or entry["file"] == MANIFEST:
            raise ManifestError(f"is damaged: {entry['file']} is no file beside it")
    found = manifest["snapshot_id"], snapshot_id(date.fromisoformat(manifest["dated_on"]), entries)
    if found != (wanted, wanted):
        raise ManifestError(f"is damaged: it is not that of {wanted}")


def _check_version(version: int) -> None:
    if version != SCHEMA_VERSION:
        kind = NewerManifestError if version > SCHEMA_VERSION else ManifestError
        raise kind(f"is of schema version {version}; this version reads {SCHEMA_VERSION}")


def _check_types(values: Mapping[str, Any], types: Mapping[str, type]) -> None:
    for name, type_ in types.items():
        if not isinstance(values[name], type_):
            raise TypeError(f"{name} is {values[name]!r}")


def snapshot_id(dated_on: date, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """The day, and eight hex digits of what the files hold: the same content of a day has the same id."""
    hashes = "".join(entries[name]["sha256"] for name in sorted(entries))
    return f"{dated_on.isoformat()}-{hashlib.sha256(hashes.encode()).hexdigest()[:8]}"


def file_problems(folder: Path, entries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with the files of a snapshot: one missing, or not the bytes that were published.

    Args:
        folder: where the files are.
        entries: the manifest's tables.
    """
    found = []
    for entry in entries.values():
        path = folder / entry["file"]
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
        except OSError as error:
            found.append(f"{path} can't be read: {error.strerror}")
            continue
        if size != entry["bytes"]:
            found.append(f"{path} has {size:,} bytes instead of {entry['bytes']:,}")
        elif digest != entry["sha256"]:
            found.append(f"{path} is not what was published: its SHA-256 differs")
    return found
