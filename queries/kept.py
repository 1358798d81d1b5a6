"""Tables kept in the store, so that who asks next need not wait for them: forecasts, and what a book computes.

They are made from a snapshot, which never changes, by this package: as long as both are the same, so are they. Whether
they are there affects what an answer costs, never what it is.
"""

from __future__ import annotations

import contextlib
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data.snapshots import Snapshot


def load(snapshot: Snapshot, of: str, tables: tuple[str, ...]) -> dict[str, pl.DataFrame] | None:
    """The rows of some tables; None unless all are there and whole.

    Args:
        snapshot: what they were made from.
        of: what else they depend on, such as the day forecast from.
        tables: their names.
    """
    try:
        return {name: pl.read_parquet(_path(snapshot, of, name)) for name in tables}
    except (OSError, pl.exceptions.PolarsError):
        return None


def keep(snapshot: Snapshot, of: str, tables: Mapping[str, pl.DataFrame]) -> None:
    """Keep the rows of some tables; a store that can't be written goes without."""
    for name, rows in tables.items():
        path = _path(snapshot, of, name)
        aside = path.with_name(f".{uuid4().hex}")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            rows.write_parquet(aside)
            aside.replace(path)


def _path(snapshot: Snapshot, of: str, table: str) -> Path:
    return snapshot.derived / f"{of}-{table}-{_version()}.parquet"


@cache
def _version() -> str:
    """Eight hex digits of the code that makes them, and of the figures it reads."""
    folder = Path(__file__).parent
    files = sorted(path for kind in ("*.py", "*.sql") for path in folder.rglob(kind))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8]
