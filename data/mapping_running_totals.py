"""Mappings of the kind `running_totals`, checked: what they must say, and what is worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from data.file_date import FileDate
from data.mapping import SourceColumn, SourceMapping, Template
from data.mapping_columns import check_headers, read_columns
from data.mapping_targets import read_template
from data.schema import TABLES
from data.toml_sections import expect_keys, section, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What the import of running totals calls its own columns; a mapping's would be taken for them.
_RUNNING_TOTALS_NAMES: Final = (
    "amended",
    "consumption_id",
    "delivered",
    "has_lot",
    "last_line_no",
    "line",
    "line_no",
    "lot_amount",
    "reason",
    "reported_on",
    "reverses",
    "service_date",
    "used",
)
_RUNNING_TOTALS_DECIMALS: Final = 3  # money's own scale; a finer quantity would not fit the amount derived from it


@dataclass(frozen=True)
class _RunningTotals:
    """What running totals need from their mapping, and which target columns they work out."""

    columns: Mapping[str, str]
    works_out: Mapping[str, frozenset[str]]


_RUNNING_TOTALS: Final = _RunningTotals(
    columns={
        "item": "text",
        "starts_on": "date",
        "ends_on": "date",
        "amount": "decimal",
        "used_to_date": "decimal",
    },
    works_out={
        "accounts": frozenset(),
        "contracts": frozenset({"contract_id", "transaction_price"}),
        "lots": frozenset({"lot_id", "contract_id", "quantity", "amount"}),
        "billings": frozenset({"billing_id", "contract_id", "lot_id", "amount"}),
        "consumption": frozenset(
            {
                "consumption_id",
                "contract_id",
                "lot_id",
                "line_no",
                "service_date",
                "posted_on",
                "quantity",
                "reverses",
            }
        ),
        "consumption_departments": frozenset({"consumption_id", "share"}),
        "rate_card": frozenset({"contract_id"}),
    },
)


def read_running_totals(name: str, document: Mapping[str, Any]) -> SourceMapping:
    """Read a mapping of the kind `running_totals`.

    Raises:
        ValueError: it breaks a rule.
    """
    expect_keys(
        "the mapping",
        document,
        required={"kind", "file_date", "columns", "tables"},
        optional={"ignored_columns"},
    )
    columns = read_columns(document, _RUNNING_TOTALS_NAMES, _RUNNING_TOTALS_DECIMALS)
    ignored = texts("ignored_columns", document.get("ignored_columns", []))
    check_headers(columns.values(), ignored)
    for column, type_ in _RUNNING_TOTALS.columns.items():
        if column not in columns:
            raise ValueError(f"running_totals needs columns.{column} ({type_})")
        if columns[column].type != type_ or not columns[column].is_required:
            raise ValueError(
                f"columns.{column} must be of type {type_} and required, running_totals is worked out from it"
            )
    tables = section("tables", document["tables"])
    expect_keys("tables", tables, required=set(_RUNNING_TOTALS.works_out))
    return SourceMapping(
        name=name,
        kind="running_totals",
        file_date=FileDate.from_toml(section("file_date", document["file_date"])),
        columns=columns,
        ignored_columns=frozenset(ignored),
        tables={
            table: _templates(table, worked_out, columns, section(f"tables.{table}", tables[table]))
            for table, worked_out in _RUNNING_TOTALS.works_out.items()
        },
    )


def _templates(
    table: str, worked_out: frozenset[str], columns: Mapping[str, SourceColumn], keys: Mapping[str, Any]
) -> dict[str, Template]:
    """The templates of one target table: all its required columns, none that are worked out."""
    targets = {column.name: column for column in TABLES[table].columns if column.name not in worked_out}
    required = {name for name, column in targets.items() if column.is_required}
    expect_keys(f"tables.{table}", keys, required=required, optional=set(targets))
    return {name: read_template(f"tables.{table}.{name}", text, targets[name], columns) for name, text in keys.items()}
