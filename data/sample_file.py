"""The first rows of a file that no mapping has been chosen for yet."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from data.csv_file import UnreadableError
from data.mapping import MappingError
from data.mapping_rows import DELIMITERS
from data.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROWS: Final = 1_000
_HEADER_BYTES: Final = 100_000


@dataclass(frozen=True)
class SampleFile:
    """A file's header and what its first rows hold.

    `count` says how many of those rows satisfy a SQL condition over their trimmed texts, in columns named c0, c1, …
    """

    file: str
    headers: tuple[str, ...]
    delimiter: str
    count: Callable[[str], int]


@contextmanager
def open_sample(path: Path) -> Iterator[SampleFile]:
    """Open a file for as long as questions are asked about it.

    Raises:
        MappingError: it can't be read as rows.
    """
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        try:
            delimiter = _delimiter(path)
            source = open_source(connection, str(path), Path(folder), delimiter=delimiter, encoding="utf-8")
            texts = ", ".join(f"coalesce(trim(c{place}), '') AS c{place}" for place in range(len(source.header)))
            connection.execute(f"CREATE TABLE sample AS SELECT {texts} FROM ({source.relation}) LIMIT {_ROWS}")
        except (OSError, UnreadableError, duckdb.Error) as error:
            raise MappingError(f"{path.name} can't be read: {error}") from error

        def count(condition: str) -> int:
            return int(connection.execute(f"SELECT count(*) FROM sample WHERE {condition}").fetchall()[0][0])

        yield SampleFile(path.name, source.header, delimiter, count)


def _delimiter(path: Path) -> str:
    """What stands between the names of a CSV header: of the marks that may, the one it holds most of."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES).splitlines()[:1] or [b""]
    return max(DELIMITERS, key=lambda mark: header[0].count(mark.encode()))
