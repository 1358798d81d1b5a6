"""Rows on top of a snapshot: what a mapping of the kind `rows`, or the canonical one, makes of good rows.

In the staging's database: schema `base` holds what the snapshot knows, `incoming` what the files fill (with the source
and line each row came from), `renewed` that with what is kept of known rows, `removed` the keys that are gone. The
tables of the schema, under their own names, are what would be known: base without removed and renewed, and renewed.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Final

from data.difference import Difference, difference
from data.fills import Fill, fills
from data.integrity import intake_rules
from data.mapping import Template
from data.schema import TABLES, Table
from data.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    import duckdb

    from data.gate import Gate
    from data.mapping import Target
    from data.snapshots import Snapshot

#: Facts that many rows of an export repeat: the last row's are taken. Of every other table a key comes once.
_CONTEXT: Final = ("accounts", "contracts", "programs", "projects", "rate_card")
#: The target columns whose dates say by when a row was known.
_KNOWN_ON: Final = {
    "consumption": ("posted_on", "service_date"),
    "contracts": ("booked_on",),
    "requests": ("requested_on",),
    "remote_assessments": ("assessed_on",),
    "breakage_estimates": ("effective_on",),
    "billings": ("billed_on",),
}
#: The day a row of a table belongs to, where an export of a period can stand for all of that period's rows.
_DAY_OF: Final = {"consumption": "service_date", "billings": "billed_on"}


def open_base(connection: duckdb.DuckDBPyConnection, base: Snapshot | None) -> None:
    """Make the tables of a snapshot known, under their names and in schema `base`; without one they are empty."""
    for schema in ("base", "incoming", "renewed", "removed"):
        connection.execute(f"CREATE SCHEMA {schema}")
    for table in TABLES.values():
        typed = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        if base is None:
            connection.execute(f"CREATE TABLE base.{table.name} ({typed})")
        else:
            listed = ", ".join(column.name for column in table.columns)
            path = literal(str(base.path(table.name)))
            connection.execute(
                f"CREATE VIEW base.{table.name} AS SELECT {listed} FROM read_parquet({path}, hive_partitioning = false)"
            )
        connection.execute(f"CREATE VIEW {table.name} AS FROM base.{table.name}")
        connection.execute(f"CREATE TABLE incoming.{table.name} ({typed}, source VARCHAR, line BIGINT)")
        keys = ", ".join(f"{key} {table.column(key).type}" for key in table.key)
        connection.execute(f"CREATE TABLE removed.{table.name} ({keys})")


class RowImport:
    """Good rows of some sources, filled into the tables and held against the rules of the schema."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, gates: Sequence[Gate], dated_on: date) -> None:
        """Fill the tables; `findings` are then in the gates, and the tables without what was refused.

        Args:
            connection: `open_base` made the tables in it, and the gates their rows.
            gates: the sources.
            dated_on: the day of the snapshot to be.
        """
        self.connection, self.gates, self.dated_on = connection, {gate.name: gate for gate in gates}, dated_on
        self.headers: dict[tuple[str, str], dict[str, str]] = {}
        self.filled: dict[str, dict[str, set[str]]] = {}
        self.kept: dict[str, set[str]] = {}
        for gate in gates:
            for fill in fills(gate.mapping):
                self._fill(gate, fill)
        for name in self.filled:
            self._renew(name)
            self._combine(name)
        self._refuse_what_breaks_rules()
        self._remove_replaced()

    def differences(self) -> tuple[Difference, ...]:
        """What the import changes, by table; tables it leaves alone are left out."""
        found = (difference(self.connection, name) for name in TABLES if name in self.filled)
        return tuple(one for one in found if one.added or one.changed or one.removed)

    # --- what the files fill ------------------------------------------------------------------------------------

    def _fill(self, gate: Gate, fill: Fill) -> None:
        self._show_typed(gate.name)
        listed = ", ".join(fill.columns)
        self.connection.execute(
            f"INSERT INTO incoming.{fill.table} BY NAME"
            f" SELECT {listed}, {literal(gate.name)} AS source, line FROM ({fill.select})"
        )
        self.headers[gate.name, fill.table] = fill.headers
        targets = gate.mapping.tables[fill.table]
        first_known = {
            name for name, target in targets.items() if isinstance(target, Template) and target.columns == ("dated_on",)
        }
        for name in fill.columns:
            if _says(gate, targets[name]):
                self.filled.setdefault(fill.table, {}).setdefault(name, set()).add(gate.name)
        self.kept.setdefault(fill.table, set()).update(first_known)

    def _renew(self, name: str) -> None:
        """Known rows keep what the files do not say, and the day they became known."""
        table = TABLES[name]
        values = ", ".join(f"{self._renewed(name, column.name)} AS {column.name}" for column in table.columns)
        is_last = (
            f" QUALIFY row_number() OVER (PARTITION BY {', '.join(f'incoming.{key}' for key in table.key)}"
            " ORDER BY incoming.source DESC, incoming.line DESC) = 1"
        )
        is_repeated = name in _CONTEXT and not self._is_canonical()
        self.connection.execute(
            f"CREATE VIEW renewed.{name} AS SELECT {values}, incoming.source, incoming.line"
            f" FROM incoming.{name} AS incoming LEFT JOIN base.{name} AS base"
            f" ON {' AND '.join(f'incoming.{key} = base.{key}' for key in table.key)}{is_last if is_repeated else ''}"
        )

    def _renewed(self, table: str, column: str) -> str:
        """SQL for a column's value: what the source says, else what is known."""
        said_by = self.filled[table].get(column, set())
        if not said_by:
            # An export that numbers no lines has them in the order of the day.
            return "coalesce(base.line_no, incoming.line)" if column == "line_no" else f"base.{column}"
        if column in self.kept[table]:
            return f"coalesce(base.{column}, incoming.{column})"
        if said_by == {gate.name for gate in self._filling(table)}:
            return f"incoming.{column}"
        sources = ", ".join(map(literal, sorted(said_by)))
        return f"CASE WHEN incoming.source IN ({sources}) THEN incoming.{column} ELSE base.{column} END"

    def _is_canonical(self) -> bool:
        return any(gate.mapping.kind == "canonical" for gate in self.gates.values())

    # --- what is gone -------------------------------------------------------------------------------------------

    def _remove_replaced(self) -> None:
        """An export without ids stands for its whole period: lines of it that are gone were corrected or deleted.

        One with rows refused removes nothing: those may be what is missing.
        """
        for name, day in _DAY_OF.items():
            for gate in self._filling(name):
                if gate.mapping.replaces_period and not gate.has_refused():
                    self._remove_lines_of(gate, TABLES[name], day)
        self.connection.execute(
            "INSERT INTO removed.consumption_departments SELECT consumption_id, department"
            " FROM base.consumption_departments SEMI JOIN removed.consumption USING (consumption_id)"
        )

    def _remove_lines_of(self, gate: Gate, table: Table, day: str) -> None:
        """Remove what is gone from the period and contracts of a file; rows left out on purpose belong to both."""
        key = table.key[0]
        [fill] = [fill for fill in fills(gate.mapping) if fill.table == table.name]
        self._show_typed(f"{gate.name}_rows")
        self.connection.execute(
            f"""
            INSERT INTO removed.{table.name}
            WITH named AS (SELECT contract_id, {day} AS day FROM ({fill.select}))
            SELECT {key}
            FROM base.{table.name}
            WHERE starts_with({key}, {literal(gate.mapping.name + "-")})
                AND contract_id IN (SELECT contract_id FROM named)
                AND {day} BETWEEN (SELECT min(day) FROM named) AND (SELECT max(day) FROM named)
                AND {key} NOT IN (SELECT {key} FROM incoming.{table.name})
            """
        )

    def _show_typed(self, rows: str) -> None:
        """Let fills see some rows of a source."""
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW typed AS SELECT *, {_day(self.dated_on)} AS dated_on FROM {rows}"
        )

    def _combine(self, name: str) -> None:
        columns = ", ".join(column.name for column in TABLES[name].columns)
        key = ", ".join(TABLES[name].key)
        self.connection.execute(
            f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM base.{name}"
            f" ANTI JOIN renewed.{name} USING ({key}) ANTI JOIN removed.{name} USING ({key})"
            f" UNION ALL SELECT {columns} FROM renewed.{name}"
        )

    # --- rules --------------------------------------------------------------------------------------------------

    def _refuse_what_breaks_rules(self) -> None:
        """Refuse rows until those left break no rule: a row refused may be one that others refer to."""
        while any(self._refuse(name) for name in _in_order_of_reference(self.filled)):
            pass

    def _refuse(self, name: str) -> int:
        """Refuse the rows of one table that break a rule, with all that their lines filled; how many there were."""
        found = 0
        for rule in intake_rules(TABLES[name]):
            for gate in self._filling(name):
                header = self.headers[gate.name, name].get(rule.column)
                broken = (
                    f"SELECT line, {literal(rule.reason)} FROM renewed.{name} AS subject"
                    f" WHERE source = {literal(gate.name)} AND ({rule.broken_by})"
                )
                found += gate.refuse(header, broken)
        if found:
            self._drop_refused_lines()
        return found

    def _drop_refused_lines(self) -> None:
        for name in self.filled:
            for gate in self._filling(name):
                self.connection.execute(
                    f"DELETE FROM incoming.{name} WHERE source = {literal(gate.name)}"
                    f" AND line IN (SELECT line FROM {gate.name}_faults)"
                )

    def _filling(self, name: str) -> list[Gate]:
        return [gate for gate in self.gates.values() if (gate.name, name) in self.headers]


def _says(gate: Gate, target: Target) -> bool:
    """Whether a source says anything about a target column: not where its own column is missing."""
    if isinstance(target, Template) and target.is_single_column and target.columns[0] in gate.mapping.columns:
        column = gate.mapping.columns[target.columns[0]]
        return column.name in gate.header.places or column.default is not None
    return True


def latest_day(connection: duckdb.DuckDBPyConnection, gates: Sequence[Gate]) -> date | None:
    """The last day that good rows tell of: the day their snapshot speaks for, unless somebody says another.

    Days that may lie ahead, such as an expiry, don't count.
    """
    days = (day for gate in gates for day in _days_of(connection, gate))
    return max((day for day in days if day is not None), default=None)


def _days_of(connection: duckdb.DuckDBPyConnection, gate: Gate) -> Iterator[date | None]:
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW typed AS SELECT *, CAST(NULL AS DATE) AS dated_on FROM {gate.name}"
    )
    for fill in fills(gate.mapping):
        for name in set(fill.columns) & set(_KNOWN_ON.get(fill.table, ())):
            yield connection.execute(f"SELECT max({name}) FROM ({fill.select})").fetchall()[0][0]


def _in_order_of_reference(names: Mapping[str, object]) -> list[str]:
    """Tables after those they refer to."""
    ordered = TopologicalSorter({table.name: _referred(table) for table in TABLES.values()}).static_order()
    return [name for name in ordered if name in names]


def _referred(table: Table) -> set[str]:
    targets = {column.references.partition(".")[0] for column in table.columns if column.references}
    return targets - {table.name}


def _day(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
