"""The gate every CSV file passes before its rows count: nothing is guessed, nothing is dropped in silence.

Three stages. The file: encoding, quotes, header. The rows: read as text by DuckDB, counted against the file. The
values: rules in SQL that list every value they refuse with the physical line it stands on.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from data.csv_file import Records, UnreadableError, normalised
from data.values import literal, reason, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from data.mapping import SourceColumn, SourceMapping


@dataclass(frozen=True)
class Issue:
    """One thing refused: `line` is the physical line (the header's is 1), `column` the header as written."""

    file: str
    line: int
    column: str | None
    value: str | None
    reason: str


@dataclass(frozen=True)
class RowRule:
    """A rule about a whole row: SQL over `typed`, whose columns are the mapping's own names and `line`."""

    column: str
    condition: str
    reason: str


@dataclass(frozen=True)
class GatedFile:
    """What came through: `rows` holds the good rows typed, with their `line`; None when the file can't be read."""

    rows: pa.Table | None
    issues: tuple[Issue, ...]
    rows_in: int = 0

    @property
    def rows_used(self) -> int:
        """Rows without an issue."""
        return 0 if self.rows is None else int(self.rows.num_rows)


def read_report(path: Path, mapping: SourceMapping, rules: Sequence[RowRule]) -> GatedFile:
    """Take a CSV file through the gate.

    Args:
        path: the file.
        mapping: which columns to expect and how their values are written.
        rules: what a row must satisfy beyond its values' types.
    """
    try:
        content = normalised(path)
        records = Records.scan(content)
        header = _Header.match(records.header(content), mapping)
        connection = duckdb.connect()
        _read_cells(connection, content, header, records)
    except UnreadableError as error:
        return GatedFile(None, (Issue(path.name, error.line, error.column, error.value, error.reason),))
    _type_cells(connection, header)
    issues = _issues(connection, path.name, header, rules, records.blank_lines)
    good = connection.sql("SELECT * FROM typed WHERE line NOT IN (SELECT line FROM issues) ORDER BY line")
    return GatedFile(good.to_arrow_table(), issues, rows_in=len(records.lines) + len(records.blank_lines))


# --- the header -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Header:
    """The file's columns in its own order: `names` in the reader, and which of them the mapping knows."""

    names: tuple[str, ...]
    written: dict[str, str]
    columns: tuple[SourceColumn, ...]
    nameless: str | None

    @classmethod
    def match(cls, headers: list[str], mapping: SourceMapping) -> _Header:
        """Match the header to the mapping by name; order does not matter.

        Raises:
            UnreadableError: a column is missing, appears twice, or is not in the mapping.
        """
        known = {header: column for column in mapping.columns.values() for header in column.headers}
        # A separator too many at the end of every line is a common export fault; its values must all be empty.
        nameless = "nameless column" if headers[-1] == "" else None
        named = headers[:-1] if nameless else headers
        for header in named:
            if headers.count(header) > 1:
                raise UnreadableError(1, f"the header names {header!r} more than once", header)
            if header not in known and header not in mapping.ignored_columns:
                raise UnreadableError(
                    1, f"the column {header!r} is neither in the mapping nor among its ignored_columns", header
                )
        matched = [(known[header], header) for header in named if header in known]
        for column in mapping.columns.values():
            found = [header for match, header in matched if match is column]
            if not found:
                raise UnreadableError(1, f"the column {' or '.join(column.headers)} is missing", column.headers[0])
            if len(found) > 1:
                raise UnreadableError(1, f"{' and '.join(found)} both name the column {column.name}", found[1])
        names = [known[header].name if header in known else f"ignored {place}" for place, header in enumerate(named)]
        return cls(
            names=(*names, nameless) if nameless else tuple(names),
            written={column.name: header for column, header in matched},
            columns=tuple(column for column, _ in matched),
            nameless=nameless,
        )


# --- the rows ---------------------------------------------------------------------------------------------------


def _read_cells(connection: duckdb.DuckDBPyConnection, content: bytes, header: _Header, records: Records) -> None:
    """Fill the table `cells`: every value as text, trimmed of blanks, with the physical line of its row.

    Raises:
        UnreadableError: a row has too few or too many values, or the reader's count is not the file's.
    """
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in header.names)
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(content)
        file.flush()
        try:
            # One thread of reading (parallel=false) must never meet store_rejects: an unterminated quote would then
            # drop every later row with an empty rejects table.
            connection.execute(
                f"""
                CREATE TEMP TABLE read AS
                SELECT * FROM read_csv(?, columns = {{{columns}}}, auto_detect = false, header = true, delim = ',',
                                       quote = '"', escape = '"', store_rejects = true)
                """,
                [file.name],
            )
        except duckdb.Error as error:
            raise UnreadableError(1, f"the rows can't be read: {str(error).splitlines()[0]}") from error
    _check_rejects(connection, content)
    read = connection.execute("SELECT count(*) FROM read").fetchall()[0][0]
    if read != len(records.lines):
        raise UnreadableError(1, f"the file holds {len(records.lines)} rows and the reader found {read}")
    connection.register("places", pa.table({"place": _int64(np.arange(read)), "line": _int64(records.lines)}))
    values = ", ".join(
        f"""coalesce(regexp_replace(read."{name}", '^[\\s\u00a0]+|[\\s\u00a0]+$', '', 'g'), '') AS "{name}" """
        for name in header.names
    )
    connection.execute(
        f"CREATE TEMP TABLE cells AS SELECT places.line, {values} FROM read JOIN places ON places.place = read.rowid"
    )


def _int64(numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Array:
    """The numbers in Arrow, from their buffer: pa.array would import pandas only to see that they are not its own."""
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


def _check_rejects(connection: duckdb.DuckDBPyConnection, content: bytes) -> None:
    """Raise for the first row the reader refused; its own `line` counts records, so lines are counted here."""
    rejected = connection.execute(
        "SELECT line_byte_position, error_message, csv_line FROM reject_errors ORDER BY line_byte_position LIMIT 1"
    ).fetchone()
    if rejected is not None:
        position, message, row = rejected
        raise UnreadableError(content.count(b"\n", 0, position - 1) + 1, str(message).splitlines()[0], value=row)


# --- the values -------------------------------------------------------------------------------------------------


def _type_cells(connection: duckdb.DuckDBPyConnection, header: _Header) -> None:
    """Fill `judged`, the cells with a reason beside each, and `typed`, the values of those that have none."""
    reasons = ", ".join(f'{reason(column)} AS "{column.name} reason"' for column in header.columns)
    connection.execute(f"CREATE TEMP TABLE judged AS SELECT *, {reasons} FROM cells")
    values = ", ".join(
        f'CASE WHEN "{column.name} reason" IS NULL THEN {value(column)} END AS {column.quoted}'
        for column in header.columns
    )
    connection.execute(f"CREATE TEMP TABLE typed AS SELECT line, {values} FROM judged")


def _issues(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    header: _Header,
    rules: Sequence[RowRule],
    blank_lines: tuple[int, ...],
) -> tuple[Issue, ...]:
    """Fill the table `issues`, a line and column for every reason, and list it with the blank lines."""
    connection.execute(
        "CREATE TEMP TABLE issues (line BIGINT, place INTEGER, column_name VARCHAR, value VARCHAR, reason VARCHAR)"
    )
    for refusal in _refusals(header, rules):
        connection.execute(f"INSERT INTO issues {refusal}")
    found = connection.execute(
        "SELECT line, column_name, value, reason FROM issues ORDER BY line, place, reason"
    ).fetchall()
    blank = [Issue(file, line, None, None, "the line is blank") for line in blank_lines]
    return tuple(sorted([*(Issue(file, *row) for row in found), *blank], key=lambda issue: issue.line))


def _refusals(header: _Header, rules: Sequence[RowRule]) -> Iterator[str]:
    """One query for each mapped column and each rule: (line, place, column, value, reason) of what it refuses."""
    places = {name: place for place, name in enumerate(header.names)}
    for column in header.columns:
        yield f"""
            SELECT line, {places[column.name]}, {literal(header.written[column.name])}, {column.quoted},
                   "{column.name} reason"
            FROM judged WHERE "{column.name} reason" IS NOT NULL
        """
    if header.nameless:
        yield f"""
            SELECT line, {places[header.nameless]}, '', "{header.nameless}", 'stands in a column without a name'
            FROM judged WHERE "{header.nameless}" <> ''
        """
    for rule in rules:
        yield f"""
            SELECT line, {places[rule.column]}, {literal(header.written[rule.column])}, judged."{rule.column}", reason
            FROM (SELECT line, {rule.reason} AS reason FROM typed WHERE {rule.condition}) JOIN judged USING (line)
        """
