"""Where rows come from: CSV, XLSX and Parquet files, and PostgreSQL tables. Everything is read as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from data.csv_file import UnreadableError, normalise
from data.database import is_database, read_database
from data.records import Records
from data.sheet_file import read_sheet
from data.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb

    from data.sheet_file import Suspect

_SPREADSHEETS: Final = (".xlsx", ".xlsm")


@dataclass(frozen=True)
class Source:
    """A source whose rows can be asked for in SQL, as often as needed.

    Attributes:
        header: the names of its columns, as written.
        relation: SQL to select from; it gives the rows in their order, the cells' text in columns c0, c1, …
        count: how many rows it holds, counted without the reader.
        shifts: from each place (of the first row: 0) on, what to add to a row's place for the line it stands on.
        header_line: where the header stands.
        blank_lines: lines between the rows that hold nothing.
        copy: the normalised text the reader reads, whose rejected rows it lists in `reject_errors`.
        has_true_dates: days come as days, written YYYY-MM-DD, and not as somebody typed them.
        misfit: what is wrong with the first row that has too few or too many values.
        suspects: cells of a spreadsheet that can't be taken as they stand.
        floats: columns of binary floating-point numbers: whatever was an id in them is none any more.
    """

    header: tuple[str, ...]
    relation: str
    count: int
    shifts: tuple[tuple[int, int], ...]
    header_line: int = 1
    blank_lines: tuple[int, ...] = ()
    copy: Path | None = None
    has_true_dates: bool = False
    misfit: UnreadableError | None = None
    suspects: tuple[Suspect, ...] = ()
    floats: frozenset[str] = frozenset()


def open_source(
    connection: duckdb.DuckDBPyConnection, location: str, folder: Path, *, delimiter: str, encoding: str
) -> Source:
    """Open a file or a database's table.

    Args:
        connection: where the rows will be asked for.
        location: the path of a file, or `postgresql://…#table`.
        folder: for copies; they are needed until the rows have been read.
        delimiter: between the values of a CSV file.
        encoding: of a CSV file.

    Raises:
        UnreadableError: it can't be read as rows.
    """
    if is_database(location):
        rows = read_database(location)
        return _from_arrow(connection, tuple(rows.column_names), rows, first_line=1)
    path = Path(location)
    kind = path.suffix.lower()
    if kind in _SPREADSHEETS:
        sheet = read_sheet(path)
        return _from_arrow(connection, sheet.header, sheet.rows, sheet.first_line, sheet.suspects)
    if kind == ".parquet":
        return _from_parquet(path)
    return _from_csv(path, folder, delimiter, encoding)


def _from_csv(path: Path, folder: Path, delimiter: str, encoding: str) -> Source:
    copy = folder / f"{uuid4().hex}.csv"
    normalise(path, encoding, copy)
    records = Records.scan(copy, delimiter)
    columns = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(records.header)))
    # One thread of reading (parallel=false) must never meet store_rejects: an unterminated quote would then drop every
    # later row with an empty rejects table.
    relation = (
        f"read_csv({literal(str(copy))}, columns = {{{columns}}}, auto_detect = false, header = true, quote = '\"',"
        f" escape = '\"', delim = {literal(delimiter)}, store_rejects = true)"
    )
    return Source(
        records.header,
        relation,
        records.count,
        records.shifts,
        blank_lines=records.blank_lines,
        copy=copy,
        misfit=records.misfit,
    )


def _from_parquet(path: Path) -> Source:
    try:
        with pq.ParquetFile(path) as file:
            schema, count = file.schema_arrow, file.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise UnreadableError(1, f"the file can't be read as Parquet: {str(error).splitlines()[0]}") from error
    if count == 0:
        raise UnreadableError(1, "the file has columns and no rows")
    for field in schema:
        if pa.types.is_nested(field.type) or pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            raise UnreadableError(
                1, f"holds {field.type}, which is no text, number or day: write it as text", field.name
            )
    header = tuple(schema.names)
    texts = ", ".join(f"CAST({identifier(name)} AS VARCHAR) AS c{place}" for place, name in enumerate(header))
    # Names of folders, account_id=…, are no values.
    relation = f"(SELECT {texts} FROM read_parquet({literal(str(path))}, hive_partitioning = false))"
    floats = frozenset(field.name for field in schema if pa.types.is_floating(field.type))
    return Source(header, relation, count, ((0, 1),), has_true_dates=True, floats=floats)


def _from_arrow(
    connection: duckdb.DuckDBPyConnection,
    header: tuple[str, ...],
    rows: pa.Table,
    first_line: int,
    suspects: tuple[Suspect, ...] = (),
) -> Source:
    if rows.num_rows == 0:
        raise UnreadableError(1, "the table has columns and no rows")
    name = f"rows_{uuid4().hex}"
    connection.register(name, rows.rename_columns([f"c{place}" for place in range(rows.num_columns)]))
    header_line = max(first_line - 1, 1)
    shifts = ((0, first_line),)
    return Source(header, name, rows.num_rows, shifts, header_line, has_true_dates=True, suspects=suspects)
