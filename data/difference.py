"""What an import changes in one table of the snapshot it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from data.schema import TABLES

if TYPE_CHECKING:
    import duckdb

_CHANGES_LISTED: Final = 1_000


@dataclass(frozen=True)
class Change:
    """One value that is corrected: the row's key, the column, and both values as text."""

    key: str
    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Difference:
    """Rows of a table by what becomes of them; `changes` lists the first corrected values."""

    table: str
    before: int
    added: int
    changed: int
    removed: int
    changes: tuple[Change, ...]

    @property
    def after(self) -> int:
        """Rows once it is published."""
        return self.before + self.added - self.removed


def difference(connection: duckdb.DuckDBPyConnection, name: str) -> Difference:
    """What the rows of `renewed.<name>` and the keys of `removed.<name>` change in `base.<name>`.

    Args:
        connection: has the three.
        name: the table.
    """
    table = TABLES[name]
    same_key = " AND ".join(f"renewed.{key} = base.{key}" for key in table.key)
    others = [column.name for column in table.columns if column.name not in table.key]
    is_changed = " OR ".join(f"renewed.{other} IS DISTINCT FROM base.{other}" for other in others) or "false"
    before, removed = (_count(connection, f"{schema}.{name}") for schema in ("base", "removed"))
    joined = f"renewed.{name} AS renewed JOIN base.{name} AS base ON {same_key}"
    known, changed = connection.execute(f"SELECT count(*), count(*) FILTER ({is_changed}) FROM {joined}").fetchall()[0]
    return Difference(
        table=name,
        before=before,
        added=_count(connection, f"renewed.{name}") - known,
        changed=changed,
        removed=removed,
        changes=_changes(connection, joined, table.key, others) if changed else (),
    )


def _changes(
    connection: duckdb.DuckDBPyConnection, joined: str, key: tuple[str, ...], others: list[str]
) -> tuple[Change, ...]:
    shown_key = f"concat_ws(' ', {', '.join(f'base.{part}' for part in key)})"
    found = " UNION ALL ".join(
        f"SELECT {shown_key} AS key, '{other}' AS changed,"
        f" CAST(base.{other} AS VARCHAR), CAST(renewed.{other} AS VARCHAR)"
        f" FROM {joined} WHERE renewed.{other} IS DISTINCT FROM base.{other}"
        for other in others
    )
    rows = connection.execute(f"{found} ORDER BY key, changed LIMIT {_CHANGES_LISTED}").fetchall()
    return tuple(Change(*row) for row in rows)


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])
