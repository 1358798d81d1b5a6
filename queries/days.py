"""Figures of one day that many others read: computed once for the whole book and each day asked about, then narrowed.

A row of theirs belongs to one contract and rests on nothing of another, so narrowing them before or after is the same.
For one question they stand in the place of the macros of their name: whether they are there affects what an answer
costs, never what it is.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from queries import catalog

if TYPE_CHECKING:
    from datetime import date

    import duckdb

#: In the order in which they read each other.
DAILY: Final = (
    "lot_balance",
    "first_lapse",
    "unused_forecast",
    "watch_list",
    "usable_lots",
    "request_cover",
    "request_lines",
    "lot_reach",
    "backlog",
    "forecast_scores",
)
_TABLE: Final = "{}_by_day"


def read_by(figure: str) -> tuple[str, ...]:
    """The figures of DAILY that a figure is, or reads without one of them in between."""
    if figure in DAILY:
        return (figure,)
    found = catalog.figures().get(figure)
    below = {name for read in found.reads for name in read_by(read)} if found and "as_of" in found.parameters else ()
    return tuple(name for name in DAILY if name in below)


def tables_of(figure: str) -> frozenset[str]:
    """The tables a figure is asked of where those of the day are there."""
    found = catalog.figures().get(figure)
    if figure in DAILY:
        return frozenset({_TABLE.format(figure)})
    if found is None or not found.parameters:
        return frozenset({figure})
    return frozenset().union(*map(tables_of, found.reads))


def stand_in(cursor: duckdb.DuckDBPyConnection, figures: tuple[str, ...]) -> None:
    """Let the cursor read some figures from their tables; the day it asks about must be there."""
    for name in figures:
        columns = ", ".join(column.name for column in catalog.figure(name).columns)
        cursor.execute(
            f"CREATE TEMP MACRO {name}(as_of DATE) AS TABLE"
            f" SELECT {columns} FROM {_TABLE.format(name)} WHERE asked_on = as_of"
        )


class Days:
    """Computes and holds them for one book. Safe to share between threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the empty tables."""
        self._connection = connection
        self._there: set[tuple[str, date]] = set()
        self._lock = Lock()
        for name in DAILY:
            columns = ", ".join(f"{column.name} {column.type}" for column in catalog.figure(name).columns)
            connection.execute(f"CREATE TABLE source.{_TABLE.format(name)} (asked_on DATE, {columns})")
            connection.execute(f"CREATE VIEW {_TABLE.format(name)} AS FROM source.{_TABLE.format(name)}")

    def ensure(self, figures: tuple[str, ...], as_of: date) -> None:
        """Have some figures of a day in their tables, computed from those they read; their macros must be there."""
        if {(name, as_of) for name in figures} <= self._there:  # who asks about a day that is there does not wait
            return
        wanted = {read for name in figures for read in _closure(name)}
        with self._lock, self._connection.cursor() as cursor:
            for name in (name for name in DAILY if name in wanted):
                if (name, as_of) not in self._there:
                    cursor.execute(
                        f"INSERT INTO source.{_TABLE.format(name)} BY NAME"
                        f" SELECT CAST($as_of AS DATE) AS asked_on, * FROM {name}(CAST($as_of AS DATE))",
                        {"as_of": as_of},
                    )
                    self._there.add((name, as_of))
                stand_in(cursor, (name,))


def _closure(figure: str) -> frozenset[str]:
    """A figure of DAILY with those it reads."""
    below = (read_by(read) for read in catalog.figure(figure).reads)
    return frozenset({figure}).union(*(_closure(name) for names in below for name in names))
