"""Tables kept in the store, so that who asks next need not wait for them: forecasts, and what a book computes.

They are made from a snapshot, which never changes, by this package: as long as both are the same, so are they. Whether
they are there affects what an answer costs, never what it is.
"""

from __future__ import annotations

import contextlib
import hashlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from data.snapshots import Snapshot

    #: The rows of some tables, or a part of them, by table.
    Tables = Mapping[str, pl.DataFrame]

_ROW_GROUP: Final = 122_880


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


def find(snapshot: Snapshot, of: str, tables: tuple[str, ...]) -> dict[str, Path] | None:
    """The files of some tables; None unless all are there and whole. Arguments as of `load`."""
    paths = {name: _path(snapshot, of, name) for name in tables}
    try:
        for path in paths.values():
            pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return None
    return paths


def keep(snapshot: Snapshot, of: str, tables: Tables) -> None:
    """Keep the rows of some tables; a store that can't be written goes without."""
    with contextlib.suppress(OSError):
        stream(snapshot, of, [tables])


def stream(snapshot: Snapshot, of: str, parts: Iterable[Tables]) -> dict[str, Path]:
    """Keep tables that come in parts, of which memory holds one.

    Args:
        snapshot: what they were made from.
        of: what else they depend on.
        parts: their rows; every part names every table.

    Returns:
        The file of each table.

    Raises:
        OSError: the store can't be written.
    """
    snapshot.derived.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=snapshot.derived, prefix=".") as folder:
        written = write(parts, Path(folder))
        return {name: path.replace(_path(snapshot, of, name)) for name, path in written.items()}


def write(parts: Iterable[Tables], folder: Path) -> dict[str, Path]:
    """Write tables that come in parts as Parquet files of a folder: their paths by table."""
    writers: dict[str, pq.ParquetWriter] = {}
    with contextlib.ExitStack() as files:
        for part in parts:
            for name, frame in part.items():
                rows = frame.to_arrow()
                if name not in writers:
                    path = folder / f"{name}.parquet"
                    writers[name] = files.enter_context(pq.ParquetWriter(path, rows.schema, compression="zstd"))
                writers[name].write_table(rows, _ROW_GROUP)
    return {name: folder / f"{name}.parquet" for name in writers}


def _path(snapshot: Snapshot, of: str, table: str) -> Path:
    return snapshot.derived / f"{of}-{table}-{_version()}.parquet"


@cache
def _version() -> str:
    """Eight hex digits of the code that makes them, and of the figures it reads."""
    folder = Path(__file__).parent
    files = sorted(path for kind in ("*.py", "*.sql") for path in folder.rglob(kind))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8]
