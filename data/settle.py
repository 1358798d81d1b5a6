"""Which of the formats a mapping allows a file uses: its own rows decide, or the file is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.values import reason, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from data.mapping import SourceColumn, SourceMapping


class UnsettledError(Exception):
    """The rows leave open which format they use, or use several; the message says how to settle it."""

    def __init__(self, column: SourceColumn, message: str) -> None:
        super().__init__(message)
        self.column = column


def settle_formats(mapping: SourceMapping, count: Callable[[str], int]) -> SourceMapping:
    """The mapping with one format for each column that allows one of several.

    Args:
        mapping: a mapping, of any kind.
        count: how many of the file's rows satisfy a SQL condition over their trimmed texts, rows left out excepted.

    Raises:
        UnsettledError: some rows can only be read in one format and some only in another, or every row can be read in
            each of them and they differ.
    """
    for column in mapping.columns.values():
        if column.one_of_formats:
            chosen = _chosen(column, mapping, count)
            mapping = mapping.with_formats(column.name, (*column.formats, chosen))
    return mapping


def _chosen(column: SourceColumn, mapping: SourceMapping, count: Callable[[str], int]) -> str:
    settled = {
        one: mapping.with_formats(column.name, (*column.formats, one)).columns[column.name]
        for one in column.one_of_formats
    }
    refused = {one: f"({reason(candidate)}) IS NOT NULL" for one, candidate in settled.items()}
    only = {}
    for one in settled:
        others = " AND ".join(refused[other] for other in settled if other != one)
        only[one] = count(f"{column.quoted} <> '' AND NOT {refused[one]} AND {others}")
    decided = [one for one, rows in only.items() if rows]
    if len(decided) == 1:
        return decided[0]
    if decided:
        listed = ", ".join(f"{rows} can only be {one}" for one, rows in only.items() if rows)
        raise UnsettledError(column, f"the rows are written in several ways: {listed}; {_remedy(column)}")
    first, *rest = settled
    values = {one: value(candidate) for one, candidate in settled.items()}
    differ = " OR ".join(f"{values[first]} IS DISTINCT FROM {values[one]}" for one in rest)
    open_rows = count(f"{column.quoted} <> '' AND NOT {refused[first]} AND ({differ})")
    if open_rows:
        listed = " and as ".join(settled)
        raise UnsettledError(column, f"can be read as {listed}, and no row decides which; {_remedy(column)}")
    return first


def _remedy(column: SourceColumn) -> str:
    if column.type == "date":
        return f'say which with --date-format "{column.headers[0]}={column.one_of_formats[0]}"'
    return f"copy the mapping and write in columns.{column.name} formats what the file uses"
