"""How the stages are asked for: the same doors that opening a snapshot goes through, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import duckdb

from data.schema import TABLES
from data.sql import literal
from queries import kept
from queries.book import Book
from queries.computed import STEPS

if TYPE_CHECKING:
    from data.snapshots import Snapshot

#: What a book's own tables are kept under, so that it finds the draws made here when it is opened.
_OF: Final = "book"


def make_draws(snapshot: Snapshot) -> None:
    """Draw every delivery of a snapshot, and keep the draws beside it."""
    with duckdb.connect() as connection:
        for name in TABLES:
            path = literal(str(snapshot.path(name)))
            connection.execute(f"CREATE VIEW {name} AS FROM read_parquet({path}, hive_partitioning = false)")
        kept.stream(snapshot, _OF, STEPS["unit_ledger"].compute(connection))


def make_marts(snapshot: Snapshot) -> None:
    """Make what else a book computes once: its draws are kept, so they are read."""
    Book(snapshot)
