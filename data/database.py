"""Rows of a PostgreSQL database, by ADBC, every value as the server itself writes it as text."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag

import adbc_driver_postgresql.dbapi as postgresql

from data.csv_file import UnreadableError
from data.schema import TABLES
from data.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_SCHEMES: Final = ("postgresql://", "postgres://")
#: What a table's bare name leads to.
_VISIBLE: Final = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = ANY (current_schemas(false)) ORDER BY table_name
"""


def is_database(location: str) -> bool:
    """Whether a location names a database's table and not a file."""
    return location.startswith(_SCHEMES)


def table_of(location: str) -> str:
    """The table or view that a location names behind its #."""
    return urldefrag(location).fragment


def database_name(location: str) -> str:
    """What a location is called in reports, `database#table`: never a password, wherever it stands in the address."""
    address = location.partition("://")[2].rpartition("@")[2]
    database, _, table = re.sub(r"\?.*(?=#)|\?[^#]*$", "", address).partition("#")
    return f"{database.rpartition('/')[2]}#{table}" if table else database.rpartition("/")[2]


def tables_in(location: str) -> list[str]:
    """The locations of a database's tables and views that hold rows, where the location names none itself.

    Raises:
        UnreadableError: the server or a table can't be had.
    """
    with _reading(location) as cursor:
        cursor.execute(_VISIBLE)
        names = [name for (name,) in cursor.fetchall() if name in TABLES]
        filled = []
        for name in names:
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {identifier(name)})")
            if cursor.fetchone()[0]:
                filled.append(f"{location.rstrip('#')}#{name}")
    if not filled:
        raise UnreadableError(1, f"the database holds no rows in a table named {', '.join(TABLES)}")
    return filled


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
    with _reading(url) as cursor:
        cursor.execute(f"SELECT * FROM {name} LIMIT 0")
        columns = [column[0] for column in cursor.description or ()]
        # Cast on the server: a driver would have to squeeze an unconstrained NUMERIC into a type of its own.
        texts = ", ".join(f"{identifier(column)}::text AS {identifier(column)}" for column in columns)
        cursor.execute(f"SELECT {texts} FROM {name} ORDER BY 1")
        return cursor.fetch_arrow_table()


@contextmanager
def _reading(url: str) -> Iterator[postgresql.Cursor]:
    """A cursor whose texts do not depend on how the server or the user is set up.

    Raises:
        UnreadableError: the server can't be reached, or refuses what is asked of it.
    """
    try:
        with postgresql.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("SET datestyle = 'ISO'")
            cursor.execute("SET extra_float_digits = 3")
            yield cursor
    except postgresql.Error as error:
        raise UnreadableError(1, f"the database can't be read: {_message(error)}") from error


def _message(error: postgresql.Error) -> str:
    """What the server says; an address that can't be understood is not repeated, for the password in it."""
    message = str(error).splitlines()[0].rpartition("[libpq] Failed to connect: ")[2]
    if message.startswith(("invalid", "missing", "unexpected", "end of string", "forbidden", "extra")):
        return "the address is not understood: write # % / ? and @ in a password as %23 %25 %2F %3F and %40"
    return message
