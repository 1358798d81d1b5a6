"""From the rows of random books to the source tables, through the path every contract takes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from data.integrity import arrow_type
from data.schema import TABLES
from data.snapshots import publish
from queries.book import Book

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.property.brute_force import Rows

KNOWN_ON = date(2025, 12, 31)
#: Columns whose values are ids of rows, and so carry a book's prefix.
IDS = (
    "contract_id",
    "lot_id",
    "to_lot_id",
    "consumption_id",
    "reverses",
    "amendment_id",
    "billing_id",
    "estimate_id",
    "assessment_id",
)


def prefixed(book: Rows, number: int) -> Rows:
    """The book with every id prefixed `number.`, so that it can share tables with others.

    The account and the estimates that hold for everybody are shared.
    """
    return {
        name: [
            row if _is_shared(name, row) else row | {key: f"{number}.{row[key]}" for key in IDS if row.get(key)}
            for row in rows
        ]
        for name, rows in book.items()
    }


def merged(books: Iterable[Rows]) -> Rows:
    """Many books, prefixed, in one; what they share is there once."""
    together: Rows = {name: [] for name in TABLES}
    shared: set[str] = set()
    for book in books:
        for name, rows in book.items():
            together[name] += [row for row in rows if not (_is_shared(name, row) and str(row) in shared)]
            shared |= {str(row) for row in rows if _is_shared(name, row)}
    return together


def _is_shared(name: str, row: dict[str, object]) -> bool:
    return name == "accounts" or (name == "breakage_estimates" and row["contract_id"] is None)


def tables(book: Rows) -> dict[str, pa.Table]:
    """The book as tables of the schema's types."""
    return {
        name: pa.Table.from_pylist(
            book[name], schema=pa.schema([(column.name, arrow_type(column)) for column in table.columns])
        )
        for name, table in TABLES.items()
    }


def published(book: Rows, store: Path) -> Book:
    """The book through the real path: published as a snapshot and opened."""
    return Book(publish(store, tables(book), KNOWN_ON, {}))
