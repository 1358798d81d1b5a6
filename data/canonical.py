"""The canonical mapping: files named after the tables of the schema, with the tables' own columns.

`contracts.csv` fills contracts, `consumption.xlsx` consumption. Columns that need no value may be left out.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from data.csv_file import UnreadableError
from data.database import is_database, table_of
from data.mapping import SourceColumn, SourceMapping, Template
from data.schema import TABLES, Column

#: Stands for all tables: which one is read says the file's name.
CANONICAL: Final = SourceMapping("canonical", "canonical", columns={}, ignored_columns=frozenset(), tables={})


def table_mapping(location: str) -> SourceMapping:
    """The mapping for one file or database table, by its name.

    Raises:
        UnreadableError: it is not named after a table.
    """
    name = table_of(location).rpartition(".")[2] if is_database(location) else PurePosixPath(location).stem
    table = TABLES.get(name)
    if table is None:
        raise UnreadableError(1, f"the file must be named after a table: {', '.join(TABLES)}")
    return replace(
        CANONICAL,
        columns={column.name: _source_column(column) for column in table.columns},
        tables={name: {column.name: Template.parse(f"{{{column.name}}}") for column in table.columns}},
    )


def _source_column(column: Column) -> SourceColumn:
    kind = {"VARCHAR": "text", "DATE": "date"}.get(column.type, "decimal")
    return SourceColumn(
        name=column.name,
        headers=(column.name,),
        type=kind,
        is_required=column.is_required,
        may_be_missing=not column.is_required,
        formats=("%Y-%m-%d",) if kind == "date" else (),
        decimals=int(column.type.rpartition(",")[2].rstrip(")")) if column.type.startswith("DECIMAL") else 0,
    )
