"""A source's header held against its mapping: by name, never by place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.csv_file import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.mapping import SourceColumn, SourceMapping


@dataclass(frozen=True)
class Header:
    """Which of a source's cells a mapping reads.

    `places` is each column's place in the source, `columns` those found, in the source's order. The cells of a last
    column without a name, at `nameless`, must all be empty.
    """

    written: tuple[str, ...]
    columns: tuple[SourceColumn, ...]
    places: dict[str, int]
    nameless: int | None

    @classmethod
    def match(cls, written: Sequence[str], mapping: SourceMapping) -> Header:
        """Match a header to a mapping.

        Raises:
            UnreadableError: a column is missing, appears twice, or is not in the mapping.
        """
        # A separator too many at the end of every line is a common export fault.
        nameless = len(written) - 1 if written[-1] == "" else None
        named = list(written[:nameless])
        known = {header: column for column in mapping.columns.values() for header in column.headers}
        _check_known(named, known, mapping)
        found: dict[str, int] = {}
        for place, header in enumerate(named):
            column = known.get(header)
            if column is None:
                continue
            if column.name in found:
                other = named[found[column.name]]
                raise UnreadableError(1, f"{other} and {header} both name the column {column.name}", header)
            found[column.name] = place
        for column in mapping.columns.values():
            if column.name not in found and not column.may_be_missing:
                raise UnreadableError(1, f"the column {' or '.join(column.headers)} is missing", column.headers[0])
        columns = tuple(mapping.columns[name] for name in found)
        return cls(tuple(written), columns, found, nameless)

    def header_of(self, column: str) -> str:
        """The header of a column, as written."""
        return self.written[self.places[column]]


def _check_known(named: Sequence[str], known: dict[str, SourceColumn], mapping: SourceMapping) -> None:
    for header in named:
        is_used = header in known or not mapping.ignores_others
        if is_used and named.count(header) > 1:
            raise UnreadableError(1, f"the header names {header!r} more than once", header)
        if is_used and header not in known and header not in mapping.ignored_columns:
            raise UnreadableError(
                1, f"the column {header!r} is neither in the mapping nor among its ignored_columns", header
            )
