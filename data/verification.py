"""Whether a published snapshot still is what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from data.integrity import arrow_type
from data.manifest import MANIFEST, file_problems
from data.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data.snapshots import Snapshot


def verify(snapshot: Snapshot) -> list[str]:
    """What is wrong with a snapshot's files; empty means that nothing is.

    Every file of the manifest is there with its size, SHA-256, rows and the schema's columns, and no other file.
    Whether the figures hold together is for `queries/checks`.
    """
    entries = snapshot.manifest["tables"]
    expected = {MANIFEST, *(entry["file"] for entry in entries.values())}
    found = file_problems(snapshot.folder, entries)
    if not found:
        found = [problem for name in TABLES for problem in _table_problems(snapshot, name)]
    others = sorted(path.name for path in snapshot.folder.iterdir() if path.name not in expected)
    return [*found, *(f"{snapshot.folder / name} is no part of the snapshot" for name in others)]


def _table_problems(snapshot: Snapshot, name: str) -> Iterator[str]:
    path = snapshot.path(name)
    try:
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
    except (OSError, pa.ArrowException) as error:
        yield f"{path} is no Parquet file: {error}"
        return
    if rows != snapshot.row_count(name):
        yield f"{path} has {rows:,} rows instead of {snapshot.row_count(name):,}"
    found = dict(zip(schema.names, schema.types, strict=True))
    wanted = {column.name: arrow_type(column) for column in TABLES[name].columns}
    wrong = [f"{column} is {found.get(column, 'missing')}" for column in wanted if found.get(column) != wanted[column]]
    unknown = [f"{column} is unknown" for column in found if column not in wanted]
    if wrong or unknown:
        yield f"{path} does not have the schema's columns: {', '.join([*wrong, *unknown])}"
