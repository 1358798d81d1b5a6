"""The tables of a snapshot to be: in DuckDB, so that they can be larger than memory, under their schema names."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow.parquet as pq

from data.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

_SORT_FIRST: Final = ("contract_id", "service_date", "line_no")
#: What DuckDB may hold in memory; beyond it, it uses the disk.
_MEMORY: Final = "1GB"
_ROW_GROUP: Final = 122_880


@dataclass(frozen=True)
class Staging:
    """A connection in which every table of the schema can be asked for."""

    connection: duckdb.DuckDBPyConnection

    def write(self, name: str, folder: Path) -> dict[str, Any]:
        """Write one table as Parquet, one contract's rows together and the same rows always the same bytes.

        Args:
            name: the table.
            folder: where its file goes.

        Returns:
            The table's entry in the manifest: file, rows, bytes and SHA-256.
        """
        columns = [column.name for column in TABLES[name].columns]
        sort_by = dict.fromkeys(column for column in (*_SORT_FIRST, *TABLES[name].key) if column in columns)
        path, count = folder / f"{name}.parquet", 0
        ordered = self.connection.sql(f"SELECT {', '.join(columns)} FROM {name} ORDER BY {', '.join(sort_by)}")
        # DuckDB's own writer leaves a few bytes of its version 2 pages to chance, and the bytes name the snapshot.
        with (
            ordered.to_arrow_reader(_ROW_GROUP) as rows,
            pq.ParquetWriter(path, rows.schema, compression="zstd", version="2.6") as writer,
        ):
            for batch in rows:
                writer.write_batch(batch)
                count += batch.num_rows
        with path.open("rb") as written:
            os.fsync(written.fileno())
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        return {"file": path.name, "rows": count, "bytes": path.stat().st_size, "sha256": digest}


@contextmanager
def staging_in(folder: Path) -> Iterator[Staging]:
    """An empty staging that uses the disk for what memory does not hold.

    Args:
        folder: for its files, on the disk that has room for them.
    """
    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "temp_directory": str(folder / "spilled"),
    }
    with duckdb.connect(folder / "staging.duckdb", config=options) as connection:
        connection.execute("SET enable_progress_bar = false")
        yield Staging(connection)


@contextmanager
def staged(tables: Mapping[str, pa.Table]) -> Iterator[Staging]:
    """Tables in memory as a staging: all of the schema's, as `conform_all` gives them."""
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        yield Staging(connection)
