"""Whether a set of tables may become a snapshot: types, required values, keys, references, allowed values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from data.schema import CONTRACTS, TABLES, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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


def violations(tables: Mapping[str, pa.Table]) -> list[Violation]:
    """Every rule of the schema that the tables break; empty means they may be published.

    Args:
        tables: all tables of the schema by name, already conformed.
    """
    connection = duckdb.connect()
    for name, rows in tables.items():
        connection.register(name, rows)
    found = []
    for table in TABLES.values():
        if tables[table.name].num_rows == 0:
            continue
        for column, reason, condition in _rules(table, tables[table.name]):
            rows, example = connection.execute(
                f"SELECT count(*), min(CAST({column} AS VARCHAR)) FROM {table.name} AS subject WHERE {condition}"
            ).fetchall()[0]
            if rows:
                found.append(Violation(table.name, column, reason, rows, str(example)))
    return found


def _rules(table: Table, rows: pa.Table) -> Iterator[tuple[str, str, str]]:
    """(column, reason, SQL condition that selects the rows breaking it); none where the rows can't break it."""
    key = ", ".join(table.key)
    yield (
        table.key[0],
        f"{key} appears more than once",
        f"({key}) IN (SELECT ({key}) FROM {table.name} GROUP BY {key} HAVING count(*) > 1)",
    )
    for rule in table.rules:
        yield rule.column, rule.reason, f"{rule.column} IS NOT NULL AND ({rule.broken_by})"
    for column in table.columns:
        null_count = rows[column.name].null_count
        if column.is_required and null_count:
            yield column.name, "is required and empty", f"{column.name} IS NULL"
        if null_count == rows.num_rows:
            continue
        if column.allowed:
            listed = ", ".join(f"'{value}'" for value in column.allowed)
            yield column.name, f"must be one of {listed}", f"{column.name} NOT IN ({listed})"
        if column.references:
            target, target_column = column.references.split(".")
            yield (
                column.name,
                f"is not in {column.references}",
                f"{column.name} IS NOT NULL AND {column.name} NOT IN (SELECT {target_column} FROM {target})",
            )
            if _has_contract(table) and _has_contract(TABLES[target]) and target != CONTRACTS.name:
                elsewhere = (
                    f"target.{target_column} = subject.{column.name} AND target.contract_id <> subject.contract_id"
                )
                yield (
                    column.name,
                    "belongs to another contract",
                    f"EXISTS (SELECT 1 FROM {target} AS target WHERE {elsewhere})",
                )


def _has_contract(table: Table) -> bool:
    return any(column.name == "contract_id" for column in table.columns)
