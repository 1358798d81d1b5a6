"""Rows of a PostgreSQL database, by ADBC, every value as the server itself writes it as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag

import adbc_driver_postgresql.dbapi as postgresql

from data.csv_file import UnreadableError
from data.sql import identifier

if TYPE_CHECKING:
    import pyarrow as pa

_SCHEMES: Final = ("postgresql://", "postgres://")


def is_database(location: str) -> bool:
    """Whether a location names a database's table and not a file."""
    return location.startswith(_SCHEMES)


def table_of(location: str) -> str:
    """The table or view that a location names behind its #."""
    return urldefrag(location).fragment


def read_database(location: str) -> pa.Table:
    """Every row of a table or view, in the order of its first column.

    Args:
        location: `postgresql://user@host/database#table`, or `#schema.table`; the password may come from the
            environment, as PGPASSWORD.

    Raises:
        UnreadableError: the server, the table or its rows can't be had.
    """
    url, table = urldefrag(location)
    if not table:
        raise UnreadableError(1, "the location names no table: write it as postgresql://host/database#table")
    name = ".".join(map(identifier, table.split(".")))
    try:
        with postgresql.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {name} LIMIT 0")
            columns = [column[0] for column in cursor.description or ()]
            # Cast on the server: a driver would have to squeeze an unconstrained NUMERIC into a type of its own.
            texts = ", ".join(f"{identifier(column)}::text AS {identifier(column)}" for column in columns)
            cursor.execute(f"SELECT {texts} FROM {name} ORDER BY 1")
            return cursor.fetch_arrow_table()
    except postgresql.Error as error:
        raise UnreadableError(1, f"the database can't be read: {str(error).splitlines()[0]}") from error
