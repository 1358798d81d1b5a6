"""Which snapshots are set aside: kept on disk, but not listed since an older one was restored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from data.store_files import replace_synced

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

SET_ASIDE: Final = "set_aside.json"


def read_set_aside(store: Path) -> frozenset[str]:
    """The ids of the snapshots set aside.

    Raises:
        ValueError: the file is damaged.
        OSError: it can't be read.
    """
    try:
        return parse_set_aside((store / SET_ASIDE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()


def write_set_aside(store: Path, ids: AbstractSet[str]) -> None:
    """Set exactly these snapshots aside; the store must be locked.

    Raises:
        ValueError: the file is damaged.
        OSError: the store can't be written.
    """
    if ids != read_set_aside(store):
        replace_synced(store / SET_ASIDE, format_set_aside(ids))


def parse_set_aside(content: bytes) -> frozenset[str]:
    """Read the list of ids.

    Raises:
        ValueError: it is none.
    """
    ids = json.loads(content)
    if not isinstance(ids, list) or not all(isinstance(id_, str) for id_ in ids):
        raise ValueError("it is not a list of ids")
    return frozenset(ids)


def format_set_aside(ids: Iterable[str]) -> bytes:
    """The file's content: the same ids are the same bytes."""
    return json.dumps(sorted(ids), indent=1).encode()
