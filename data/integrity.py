"""Whether a set of tables may become a snapshot: types, required values, keys, references, allowed values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from data.schema import CONTRACTS, TABLES, Column, Rule, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb


@dataclass(frozen=True)
class Violation:
    """One thing wrong with a table: the rule broken, how often, and the first value that breaks it."""

    table: str
    column: str
    reason: str
    rows: int
    example: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}: {self.reason} ({self.rows} rows, first: {self.example})"


def empty_table(table: Table) -> pa.Table:
    """The table with no rows and the schema's types."""
    return conform(table, {})


def conform_all(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """All tables of the schema, in its columns and types.

    Args:
        tables: by name; a table left out is empty.

    Raises:
        ValueError: the schema does not know a table or column, a required column is missing, or a value does not fit.
    """
    unknown = set(tables) - set(TABLES)
    if unknown:
        raise ValueError(f"The schema has no table {', '.join(sorted(unknown))}.")
    return {
        name: conform(table, {column: tables[name][column] for column in tables[name].column_names})
        if name in tables
        else empty_table(table)
        for name, table in TABLES.items()
    }


def conform(table: Table, columns: Mapping[str, pa.ChunkedArray | pa.Array]) -> pa.Table:
    """The columns in the schema's order and types; a missing optional column becomes nulls.

    Raises:
        ValueError: a column the schema does not know, a required column missing, or a value that does not
            fit its type.
    """
    unknown = set(columns) - {column.name for column in table.columns}
    if unknown:
        raise ValueError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    row_count = len(next(iter(columns.values()))) if columns else 0
    arrays = [_typed(table, column, columns, row_count) for column in table.columns]
    return pa.table(dict(zip((column.name for column in table.columns), arrays, strict=True)))


def _typed(
    table: Table, column: Column, columns: Mapping[str, pa.ChunkedArray | pa.Array], row_count: int
) -> pa.ChunkedArray | pa.Array:
    type_ = arrow_type(column)
    if column.name not in columns:
        if column.is_required and row_count:
            raise ValueError(f"{table.name}.{column.name} is required and missing")
        return pa.nulls(row_count, type_)
    try:
        return columns[column.name].cast(type_)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"{table.name}.{column.name} does not fit {column.type}: {error}") from error


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type that stores a column."""
    if column.type.startswith("DECIMAL"):
        precision, scale = column.type.removeprefix("DECIMAL(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return {"VARCHAR": pa.string(), "DATE": pa.date32(), "BIGINT": pa.int64()}[column.type]


def violations(connection: duckdb.DuckDBPyConnection) -> list[Violation]:
    """Every rule of the schema that the tables break; empty means they may be published.

    Args:
        connection: has all tables of the schema under their names.
    """
    found = []
    for table in TABLES.values():
        rows, filled = _counts(connection, table)
        required = [column.name for column in table.columns if column.is_required and filled[column.name] < rows]
        for rule in (
            *(Rule(name, "is required and empty", f"{name} IS NULL") for name in required),
            # A column without a value can't break a rule about its values.
            *(rule for rule in rules(table) if filled[rule.column]),
        ):
            broken, example = connection.execute(
                f"SELECT count(*), min(CAST({rule.column} AS VARCHAR)) FROM {table.name} AS subject"
                f" WHERE {rule.broken_by}"
            ).fetchall()[0]
            if broken:
                found.append(Violation(table.name, rule.column, rule.reason, broken, str(example)))
    return found


def _counts(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[int, dict[str, int]]:
    """A table's rows, and how many have a value in each column."""
    names = [column.name for column in table.columns]
    counted = ", ".join(f"count({name})" for name in names)
    rows, *filled = connection.execute(f"SELECT count(*), {counted} FROM {table.name}").fetchall()[0]
    return rows, dict(zip(names, filled, strict=True))


def rules(table: Table) -> list[Rule]:
    """What the rows of a table must satisfy beyond their types: conditions over the table as `subject`."""
    key = ", ".join(table.key)
    return [
        Rule(
            table.key[0],
            f"{key} appears more than once",
            f"({key}) IN (SELECT ({key}) FROM {table.name} GROUP BY {key} HAVING count(*) > 1)",
        ),
        *map(_about_values, table.rules),
        *(rule for column in table.columns for rule in _column_rules(table, column)),
    ]


def intake_rules(table: Table) -> list[Rule]:
    """What rows that are imported must satisfy: `rules`, and what only they are held to."""
    return [*rules(table), *map(_about_values, table.intake_rules)]


def _about_values(rule: Rule) -> Rule:
    return replace(rule, broken_by=f"{rule.column} IS NOT NULL AND ({rule.broken_by})")


def _column_rules(table: Table, column: Column) -> Iterator[Rule]:
    if column.allowed:
        listed = ", ".join(f"'{value}'" for value in column.allowed)
        yield Rule(column.name, f"must be one of {listed}", f"{column.name} NOT IN ({listed})")
    if column.references:
        target, target_column = column.references.split(".")
        known = f"SELECT {target_column} FROM {target}"
        yield Rule(
            column.name,
            f"is not in {column.references}",
            f"{column.name} IS NOT NULL AND {column.name} NOT IN ({known})",
        )
        if _has_contract(table) and _has_contract(TABLES[target]) and target != CONTRACTS.name:
            elsewhere = f"target.{target_column} = subject.{column.name} AND target.contract_id <> subject.contract_id"
            yield Rule(
                column.name,
                "belongs to another contract",
                f"EXISTS (SELECT 1 FROM {target} AS target WHERE {elsewhere})",
            )


def _has_contract(table: Table) -> bool:
    return any(column.name == "contract_id" for column in table.columns)
