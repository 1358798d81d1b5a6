"""The gate every source passes before its rows count: nothing is guessed, nothing is dropped in silence.

Three stages. The source: can it be read, and does its header match the mapping. The rows: read as text by DuckDB and
counted against the source. The values: rules in SQL that list every value they refuse with the line it stands on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

from data.csv_file import UnreadableError, line_at
from data.database import database_name, is_database
from data.fills import skip_conditions
from data.header import Header
from data.settle import UnsettledError, settle_formats
from data.sources import open_source
from data.sql import literal
from data.values import reason, value

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from data.mapping import SourceMapping
    from data.row_rule import RowRule

#: Blanks at either end of a value don't count. Most values have no blank at all, which is quicker to see.
_EDGES: Final = r"'^[\s\x{00a0}]+|[\s\x{00a0}]+$'"
_BLANKS: Final = ("' '", "'\t'", "'\n'", "'\u00a0'")
_EMPTY: Final = "''"
_TRUE_DATES: Final = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
_BLANK: Final = "the line is blank"
_NO_CELL: Final = -1
#: Rows that can be listed one by one: a source with more of them at fault is at fault itself.
MOST_AT_FAULT: Final = 500_000
_SHOWN_OF_TOO_MANY: Final = 100


@dataclass(frozen=True)
class Issue:
    """One thing refused, or left out as the mapping says.

    `line` is the physical line (the header's is 1), `column` the header as written, `row` the row's cells as JSON.
    """

    file: str
    line: int
    column: str | None
    value: str | None
    reason: str
    is_left_out: bool = False
    row: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Gated:
    """What became of a source's rows; a source that can't be read as rows has none."""

    file: str
    issues: tuple[Issue, ...]
    rows_in: int = 0
    rows_used: int = 0
    rows_left_out: int = 0

    @property
    def rows_rejected(self) -> int:
        """Rows refused."""
        return self.rows_in - self.rows_used - self.rows_left_out


def unreadable(location: str, error: UnreadableError) -> Gated:
    """What is reported of a source that can't be read as rows."""
    file = display_name(location)
    return Gated(file, (Issue(file, error.line, error.column, error.value, error.reason),))


def display_name(location: str) -> str:
    """What a source is called in reports: never a password."""
    return database_name(location) if is_database(location) else location.rpartition("/")[2]


class Gate:
    """One source on its way through; what comes through is the view `<name>`: each row's `line` and its values."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, location: str, mapping: SourceMapping, *, name: str, folder: Path
    ) -> None:
        """Read a source and type every row, in one pass.

        Args:
            connection: where the rows go.
            location: a file's path, or a database's table.
            mapping: which columns to expect and how their values are written.
            name: of the view; the tables behind it begin with it.
            folder: for a copy, needed until the result is had.

        Raises:
            UnreadableError: the source can't be read, its header is not the mapping's, a row has too few or too many
                values, or the rows leave open how they write their dates.
        """
        self.connection, self.file, self.mapping, self.name = connection, display_name(location), mapping, name
        self.source = open_source(connection, location, folder, delimiter=mapping.delimiter, encoding=mapping.encoding)
        self.header = self._match()
        if self.source.misfit:
            raise self.source.misfit
        self._check_floats()
        self._settle_formats()
        self._read()
        self._create_views()
        self._insert_suspects()

    def _match(self) -> Header:
        try:
            return Header.match(self.source.header, self.mapping)
        except UnreadableError as error:
            error.line = self.source.header_line
            raise

    def apply(self, rules: Iterable[RowRule]) -> None:
        """Refuse the rows that break a rule about whole rows; the rules see every row that is not left out."""
        self._execute(
            f"CREATE OR REPLACE TEMP VIEW typed AS"
            f" SELECT * EXCLUDE (is_left_out, is_refused) FROM {self.name}_rows WHERE NOT is_left_out"
        )
        for rule in rules:
            self.refuse(rule.column, f"SELECT line, {rule.reason} FROM typed WHERE {rule.condition}")

    def refuse(self, column: str | None, lines: str) -> int:
        """Refuse rows for a reason of their own.

        Args:
            column: the mapping's column to report them under, if any.
            lines: SQL that gives (line, reason).

        Returns:
            How many (line, reason) there were.
        """
        cell = self.header.places.get(column, _NO_CELL) if column else _NO_CELL
        count = self.connection.execute(
            f"INSERT INTO {self.name}_faults SELECT line, {cell}, reason FROM ({lines}) AS refused (line, reason)"
        ).fetchall()[0][0]
        return int(count)

    def has_refused(self) -> bool:
        """Whether any row was refused."""
        return bool(self._count(f"{self.name}_faults") or self._count(f"{self.name}_rows WHERE is_refused"))

    def result(self) -> Gated:
        """What became of every row."""
        at_fault = self._count(f"({self._lines_at_fault()})")
        if at_fault > MOST_AT_FAULT:
            return self._too_many(at_fault)
        issues = self._issues(self._lines_at_fault()) if at_fault else []
        blank = [Issue(self.file, line, None, None, _BLANK) for line in self.source.blank_lines]
        return Gated(
            file=self.file,
            issues=tuple(sorted([*issues, *blank], key=lambda issue: issue.line)),
            rows_in=self.source.count + len(blank),
            rows_used=self._count(self.name),
            rows_left_out=self._count(f"{self.name}_rows WHERE is_left_out"),
        )

    # --- the rows -----------------------------------------------------------------------------------------------

    def _check_floats(self) -> None:
        for column in self.header.columns:
            header = self.header.header_of(column.name)
            if column.type == "text" and header in self.source.floats:
                raise UnreadableError(1, "holds floating-point numbers, which lose digits: write it as text", header)

    def _read(self) -> None:
        columns = self.mapping.columns.values()
        values = ", ".join(
            f'CASE WHEN "{column.name} reason" IS NULL THEN {value(column)} END AS {column.quoted}'
            for column in columns
        )
        has_reason = " OR ".join(f'"{name} reason" IS NOT NULL' for name in self._reasons())
        self._execute(
            f"CREATE TABLE {self.name}_values AS"
            f" SELECT {values}, left_out IS NOT NULL AS is_left_out, left_out IS NULL AND ({has_reason}) AS is_refused"
            f" FROM ({self._judged(self.source.relation)})"
        )
        if self.source.copy:
            _check_rejects(self.connection, self.source.copy)
        read = self._count(f"{self.name}_values")
        if read != self.source.count:
            raise UnreadableError(1, f"the source holds {self.source.count} rows and the reader found {read}")

    def _create_views(self) -> None:
        self.connection.register(f"{self.name}_shifts", _shifts(self.source.shifts))
        self._execute(f"CREATE TABLE {self.name}_faults (line BIGINT, cell INTEGER, reason VARCHAR)")
        rows = self._lined(f"SELECT rowid AS place, * FROM {self.name}_values")
        self._execute(f"CREATE TEMP VIEW {self.name}_rows AS {rows}")
        self._execute(
            f"CREATE TEMP VIEW {self.name} AS SELECT * EXCLUDE (is_left_out, is_refused) FROM {self.name}_rows"
            f" WHERE NOT is_left_out AND NOT is_refused AND line NOT IN (SELECT line FROM {self.name}_faults)"
        )

    # --- the texts ----------------------------------------------------------------------------------------------

    def _cells(self) -> str:
        """SQL for the trimmed texts, under the mapping's names; a column that may be missing is empty where it is."""
        texts = [
            f"{_trimmed(f'c{self.header.places[name]}') if name in self.header.places else _EMPTY} AS {column.quoted}"
            for name, column in self.mapping.columns.items()
        ]
        if self.header.nameless is not None:
            texts.append(f"{_trimmed(f'c{self.header.nameless}')} AS nameless")
        return ", ".join(texts)

    def _left_out(self) -> str:
        """SQL for why a row is left out as the mapping says, NULL where it is not."""
        cases = "".join(
            f" WHEN {condition} THEN {literal(reason)}" for _, condition, reason in skip_conditions(self.mapping)
        )
        return f"CASE{cases} END" if cases else "NULL"

    def _judged(self, relation: str, *beside: str) -> str:
        """SQL for the texts with the reason, if any, why each is refused, and why the row is left out.

        Args:
            relation: the source's rows.
            beside: SQL for other columns to be had beside the texts.
        """
        reasons = ", ".join(f'{sql} AS "{name} reason"' for name, sql in self._reasons().items())
        return (
            f"SELECT *, {reasons}, {self._left_out()} AS left_out"
            f" FROM (SELECT {', '.join([*beside, self._cells()])} FROM {relation})"
        )

    def _reasons(self) -> dict[str, str]:
        """SQL for why a value is refused, by column."""
        reasons = {name: reason(column) for name, column in self.mapping.columns.items()}
        if self.header.nameless is not None:
            reasons["nameless"] = "CASE WHEN nameless <> '' THEN 'stands in a column without a name' END"
        return reasons

    def _settle_formats(self) -> None:
        """Fix how days are written where the mapping leaves a choice to the file.

        Raises:
            UnreadableError: the rows leave it open, or are at odds.
        """
        if self.source.has_true_dates:
            self.mapping = _with_true_dates(self.mapping)
        texts = f"(SELECT *, {self._left_out()} AS left_out FROM (SELECT {self._cells()} FROM {self.source.relation}))"
        try:
            self.mapping = settle_formats(
                self.mapping, lambda condition: self._count(f"{texts} WHERE left_out IS NULL AND ({condition})")
            )
        except UnsettledError as error:
            header = self.header.header_of(error.column.name)
            raise UnreadableError(1, str(error), header) from error

    # --- the faults ---------------------------------------------------------------------------------------------

    def _insert_suspects(self) -> None:
        """The cells of a spreadsheet that can't be taken as they stand, as far as the mapping reads them."""
        read = {self.header.places[column.name]: column for column in self.header.columns}
        first_line = self.source.shifts[0][1]
        for suspect in self.source.suspects:
            column = read.get(suspect.cell)
            if column and (column.type == "text" or not suspect.only_in_text):
                row = [suspect.place + first_line, suspect.cell, suspect.reason]
                self.connection.execute(f"INSERT INTO {self.name}_faults VALUES (?, ?, ?)", row)

    def _lines_at_fault(self) -> str:
        """SQL for the lines of the rows that are refused or left out."""
        return (
            f"SELECT line FROM {self.name}_faults"
            f" UNION SELECT line FROM {self.name}_rows WHERE is_left_out OR is_refused"
        )

    def _too_many(self, at_fault: int) -> Gated:
        """So many rows are at fault that the whole source is: the first of them say what is wrong with it."""
        first = self._issues(f"SELECT line FROM ({self._lines_at_fault()}) ORDER BY line LIMIT {_SHOWN_OF_TOO_MANY}")
        reason = (
            f"{at_fault:,} rows are refused or left out, more than the {MOST_AT_FAULT:,} that can be listed:"
            " mend what is wrong with the first of them, or split the file"
        )
        return Gated(self.file, (Issue(self.file, 1, None, None, reason), *first))

    def _issues(self, lines: str) -> list[Issue]:
        """Every reason on some lines, with the text it is about; the rows are read again for their texts."""
        texts = ", ".join(_trimmed(f"c{place}") for place in range(len(self.source.header)))
        numbered = self._lined(f"SELECT row_number() OVER () - 1 AS place, * FROM {self.source.relation}")
        at_fault = f"(SELECT * FROM ({numbered}) WHERE line IN ({lines}))"
        # Only what is at fault is judged again.
        judged = self._judged(at_fault, "line", f"[{texts}] AS texts")
        self._execute(f"CREATE TABLE {self.name}_at_fault AS {judged}")
        for name in self._reasons():
            place = self.header.nameless if name == "nameless" else self.header.places.get(name, _NO_CELL)
            self._execute(
                f'INSERT INTO {self.name}_faults SELECT line, {place}, "{name} reason" FROM {self.name}_at_fault'
                f' WHERE left_out IS NULL AND "{name} reason" IS NOT NULL'
            )
        found = self.connection.execute(
            f"SELECT at_fault.line, faults.cell, faults.reason, at_fault.left_out, at_fault.texts"
            f" FROM {self.name}_at_fault AS at_fault LEFT JOIN {self.name}_faults AS faults USING (line)"
            " ORDER BY at_fault.line, faults.cell, faults.reason"
        ).fetchall()
        return list(dict.fromkeys(self._issue(*row) for row in found))

    def _issue(self, line: int, cell: int | None, why: str, left_out: str | None, texts: list[str]) -> Issue:
        row = json.dumps(dict(zip(self.source.header, texts, strict=True)), ensure_ascii=False)
        if left_out is not None:
            return Issue(self.file, line, None, None, left_out, is_left_out=True, row=row)
        if not any(texts):
            return Issue(self.file, line, None, None, _BLANK, row=row)
        if cell is None or cell < 0:
            return Issue(self.file, line, None, None, why, row=row)
        return Issue(self.file, line, self.source.header[cell], texts[cell], why, row=row)

    # --- SQL ----------------------------------------------------------------------------------------------------

    def _lined(self, rows: str) -> str:
        """SQL for rows with their `line` in place of their `place`."""
        if len(self.source.shifts) == 1:
            return f"SELECT place + {self.source.shifts[0][1]} AS line, * EXCLUDE (place) FROM ({rows})"
        return (
            "SELECT numbered.place + shifts.shift AS line, numbered.* EXCLUDE (place)"
            f" FROM ({rows}) AS numbered ASOF JOIN {self.name}_shifts AS shifts ON numbered.place >= shifts.place"
        )

    def _execute(self, statement: str) -> None:
        try:
            self.connection.execute(statement)
        except duckdb.InvalidInputException as error:
            raise UnreadableError(1, f"the rows can't be read: {str(error).splitlines()[0]}") from error

    def _count(self, relation: str) -> int:
        return int(self.connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])


def _trimmed(cell: str) -> str:
    """SQL for a cell's text without blanks at its ends. Few have any, and to see that is quicker than to replace."""
    ends = " OR ".join(f"suffix({cell}, {blank})" for blank in _BLANKS)
    has_edges = f"{cell} < '!' OR prefix({cell}, '\u00a0') OR {ends}"
    trimmed = f"regexp_replace({cell}, {_EDGES}, '', 'g')"
    return f"CASE WHEN {cell} IS NULL THEN '' WHEN {has_edges} THEN {trimmed} ELSE {cell} END"


def _with_true_dates(mapping: SourceMapping) -> SourceMapping:
    """The mapping for a source whose days are days: they come as ISO dates beside what the mapping declares."""
    for column in mapping.columns.values():
        if column.type == "date":
            formats = tuple(dict.fromkeys((*column.formats, *_TRUE_DATES)))
            mapping = replace(mapping, columns={**mapping.columns, column.name: replace(column, formats=formats)})
    return mapping


def _shifts(shifts: tuple[tuple[int, int], ...]) -> pa.Table:
    places, amounts = zip(*shifts, strict=True)
    return pa.table({"place": pa.array(places, pa.int64()), "shift": pa.array(amounts, pa.int64())})


def _check_rejects(connection: duckdb.DuckDBPyConnection, copy: Path) -> None:
    """Raise for the first row the reader refused; its own `line` counts records, so lines are counted here."""
    rejected = connection.execute(
        "SELECT line_byte_position, error_message, csv_line FROM reject_errors"
        " WHERE file_id IN (SELECT file_id FROM reject_scans WHERE file_path = ?) ORDER BY line_byte_position LIMIT 1",
        [str(copy)],
    ).fetchone()
    if rejected is not None:
        position, message, row = rejected
        raise UnreadableError(line_at(copy, position - 1), str(message).splitlines()[0], value=row)
