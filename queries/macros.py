"""The figures of an open snapshot as DuckDB macros and tables.

Tables are computed at once; a macro is made when it is first asked for: to bind them all takes longer than to open a
snapshot otherwise does.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Final

import duckdb

from data.sql import literal
from queries import catalog, kept
from queries.computed import STEPS, TYPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from data.snapshots import Snapshot
    from queries.computed import Step

#: What the kept tables depend on besides the snapshot: they are the book's own.
_OF: Final = "book"


class Macros:
    """Makes the figures of one book. Safe to share between threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
        """Compute the figures without parameters and the tables they rest on."""
        self._connection, self._snapshot = connection, snapshot
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
            self._keep(connection, step)
        if figure:
            connection.execute(figure.sql)
            if not figure.parameters:
                connection.execute(f"CREATE TABLE source.{name} AS FROM {name}()")
                connection.execute(f"CREATE VIEW {name} AS FROM source.{name}")
        self._made.add(maker)

    def _keep(self, connection: duckdb.DuckDBPyConnection, step: Step) -> None:
        """Have a step's tables in schema `source`: from the files the store has kept, else computed and kept there."""
        paths = kept.find(self._snapshot, _OF, step.makes)
        if paths is not None:
            with suppress(duckdb.Error):  # a damaged file is as good as none
                _read(connection, paths)
                return
        try:
            _read(connection, kept.stream(self._snapshot, _OF, step.compute(connection)))
        except OSError:  # the store can't be written
            with TemporaryDirectory() as folder:
                _read(connection, kept.write(step.compute(connection), Path(folder)))


def _read(connection: duckdb.DuckDBPyConnection, paths: Mapping[str, Path]) -> None:
    """Make computed tables, typed, of their files, without a frame that would take as much memory again."""
    for name, path in paths.items():
        connection.execute(f"CREATE OR REPLACE TEMP VIEW computed AS FROM read_parquet({literal(str(path))})")
        connection.execute(f"CREATE OR REPLACE TABLE source.{name} AS {TYPED[name]}")
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS FROM source.{name}")
