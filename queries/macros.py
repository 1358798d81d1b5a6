"""The figures of an open snapshot as DuckDB macros and tables.

Tables are computed at once; a macro is made when it is first asked for: to bind them all takes longer than to open a
snapshot otherwise does.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from queries import catalog
from queries.computed import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb
    import polars as pl


class Macros:
    """Makes the figures of one book. Safe to share between threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Compute the figures without parameters and the tables they rest on."""
        self._connection = connection
        self._made: set[object] = set()
        self._lock = Lock()
        self.ensure([*STEPS, *(name for name, figure in catalog.figures().items() if not figure.parameters)])

    def ensure(self, names: Iterable[str]) -> None:
        """Have figures, and those they read, in the catalog; what is no figure is passed over."""
        with self._lock, self._connection.cursor() as cursor:
            for name in names:
                self._make(cursor, name)

    def _make(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Make a figure, or what computes a table, once those it reads are there; macros bind when they are created."""
        figure, step = catalog.figures().get(name), STEPS.get(name)
        maker = figure.name if figure else step
        if maker is None or maker in self._made:
            return
        for read in figure.reads if figure else step.reads if step else ():
            self._make(connection, read)
        if step:
            step.compute(connection, _keep)
        if figure:
            connection.execute(figure.sql)
            if not figure.parameters:
                connection.execute(f"CREATE TABLE source.{name} AS FROM {name}()")
                connection.execute(f"CREATE VIEW {name} AS FROM source.{name}")
        self._made.add(maker)


def _keep(connection: duckdb.DuckDBPyConnection, name: str, rows: pl.DataFrame, statement: str) -> None:
    """Keep a computed table in schema `source`, as the statement types it."""
    connection.register("computed", rows.to_arrow())
    connection.execute(f"CREATE TABLE source.{name} AS {statement}")
    connection.unregister("computed")
    connection.execute(f"CREATE VIEW {name} AS FROM source.{name}")
