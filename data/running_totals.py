"""A report of running totals on top of the previous snapshot: lots, amendments, consumption and reversals.

Such a report names each item once, with its term, its amount and what was used of it to date. An item is one
contract with at most one lot, and the item's id is both their ids. What happened since the previous report is the
difference: a total that rose is consumption, one that fell takes consumption back, an amount that changed is an
amendment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb

from data.row_rule import RowRule
from data.schema import TABLES, Table
from data.sql import literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pyarrow as pa

    from data.mapping import SourceMapping, Template

#: What a row must satisfy beyond its values' types. Item ids are compared as written in all rows of the report, so
#: both rows of a pair are refused even where one of them is refused for something else too.
ROW_RULES: Final = (
    RowRule("ends_on", "ends_on < starts_on", "'is before the first day of the term, ' || starts_on"),
    RowRule("amount", "amount < 0", "'is negative: it reduces an earlier term that the report does not name'"),
    RowRule("used_to_date", "used_to_date < 0", "'is negative: there is nothing it could take back'"),
    RowRule(
        "item",
        "item IN (SELECT item FROM typed GROUP BY item HAVING count(*) > 1)",
        """'appears more than once in this report, also on line ' || (
            SELECT string_agg(other.line, ', ' ORDER BY other.line)
            FROM typed AS other WHERE other.item = typed.item AND other.line <> typed.line
        )""",
    ),
)

#: What each item had before the report and what the report changes. `lot_amount` is what the lot was first reported
#: with, `held` what it had come to with its amendments; both NULL without a lot.
_CHANGES: Final = """
    CREATE TEMP TABLE changes AS
    WITH amended AS (
        SELECT lot_id, sum(CASE kind WHEN 'add_units' THEN quantity ELSE -quantity END) AS quantity
        FROM amendments
        GROUP BY lot_id
    ), held AS (
        SELECT lots.lot_id, lots.quantity AS lot_amount, lots.quantity + coalesce(amended.quantity, 0) AS held
        FROM lots
        LEFT JOIN amended ON amended.lot_id = lots.lot_id
    ), used AS (
        SELECT contract_id, sum(quantity) AS quantity, max(line_no) AS last_line_no
        FROM consumption
        GROUP BY contract_id
    )
    SELECT
        report.*,
        CAST(? AS DATE) AS reported_on,
        held.lot_amount,
        held.lot_id IS NOT NULL OR report.amount > 0 AS has_lot,
        CASE WHEN held.lot_id IS NOT NULL THEN report.amount - held.held ELSE 0 END AS amended,
        report.used_to_date - coalesce(used.quantity, 0) AS used,
        coalesce(used.last_line_no, 0) AS last_line_no
    FROM report
    LEFT JOIN held ON held.lot_id = report.item
    LEFT JOIN used ON used.contract_id = report.item
"""

#: One delivery where the total rose; where it fell, as many reversals as it takes, of the last deliveries first and
#: never more than what is left of each. Numbered within the item, so that a day's lines keep the reports' order. Dated
#: on the report or the expiry, whichever is first.
_DELIVERIES: Final = """
    CREATE TEMP TABLE deliveries AS
    WITH reversed AS (
        SELECT reverses, sum(quantity) AS quantity
        FROM consumption
        WHERE reverses IS NOT NULL
        GROUP BY reverses
    ), standing AS (
        SELECT
            consumption.contract_id,
            consumption.consumption_id,
            consumption.line_no,
            consumption.quantity + coalesce(reversed.quantity, 0) AS standing
        FROM consumption
        LEFT JOIN reversed ON reversed.reverses = consumption.consumption_id
        WHERE consumption.quantity > 0
    ), later AS (
        SELECT
            standing.*,
            sum(standing) OVER (PARTITION BY contract_id ORDER BY line_no DESC) - standing AS standing_later
        FROM standing
    ), parts AS (
        SELECT item, used AS delivered, NULL AS reverses, 1 AS part
        FROM changes
        WHERE used > 0
        UNION ALL
        SELECT
            changes.item,
            -least(later.standing, -changes.used - later.standing_later),
            later.consumption_id,
            row_number() OVER (PARTITION BY changes.item ORDER BY later.line_no DESC)
        FROM changes
        JOIN later ON later.contract_id = changes.item
        WHERE later.standing > 0 AND later.standing_later < -changes.used
    )
    SELECT
        changes.*,
        parts.item || '-' || changes.reported_on || '-' || parts.part AS consumption_id,
        changes.last_line_no + parts.part AS line_no,
        greatest(changes.starts_on, least(changes.reported_on, changes.ends_on)) AS service_date,
        parts.delivered,
        parts.reverses
    FROM parts
    JOIN changes ON changes.item = parts.item
"""


#: Where a report moves an item's term, what was known before falls inside it too: units paid for within the amount
#: would otherwise turn into overage.
_REDATE: Final = (
    """
    UPDATE consumption SET service_date = greatest(starts_on, least(service_date, ends_on))
    FROM changes WHERE consumption.contract_id = changes.item
    """,
    """
    UPDATE amendments SET effective_on = least(effective_on, ends_on)
    FROM changes WHERE amendments.contract_id = changes.item
    """,
)


@dataclass(frozen=True)
class _Fill:
    """Rows a table gains, or renews by their key: the columns worked out, the mapping's templates giving the rest."""

    table: str
    source: str
    columns: Mapping[str, str]


_FIRST_AMOUNT: Final = "coalesce(lot_amount, amount)"
#: A change seen only after the term ended was made within it: units added later than the last usable day are no use.
_EFFECTIVE_ON: Final = "least(reported_on, ends_on)"
_IDS: Final = {"contract_id": "item", "lot_id": "item"}
_FILLS: Final = (
    _Fill("accounts", "changes", {}),
    _Fill("contracts", "changes", {"contract_id": "item", "transaction_price": _FIRST_AMOUNT}),
    _Fill("lots", "changes WHERE has_lot", {**_IDS, "quantity": _FIRST_AMOUNT, "amount": _FIRST_AMOUNT}),
    _Fill("billings", "changes WHERE has_lot", {**_IDS, "billing_id": "item || '-bought'", "amount": _FIRST_AMOUNT}),
    _Fill(
        "billings",
        "changes WHERE amended <> 0",
        {**_IDS, "billing_id": "item || '-' || reported_on", "billed_on": _EFFECTIVE_ON, "amount": "amended"},
    ),
    _Fill(
        "amendments",
        "changes WHERE amended <> 0",
        {
            **_IDS,
            "amendment_id": "item || '-' || reported_on",
            "kind": "CASE WHEN amended > 0 THEN 'add_units' ELSE 'remove_units' END",
            "effective_on": _EFFECTIVE_ON,
            "quantity": "abs(amended)",
            "amount": "abs(amended)",
        },
    ),
    _Fill(
        "consumption",
        "deliveries",
        {
            "consumption_id": "consumption_id",
            "contract_id": "item",
            "lot_id": "CASE WHEN has_lot THEN item END",
            "line_no": "line_no",
            "service_date": "service_date",
            "posted_on": "reported_on",
            "quantity": "delivered",
            "reverses": "reverses",
        },
    ),
    _Fill("consumption_departments", "deliveries", {"consumption_id": "consumption_id", "share": "1"}),
    _Fill("rate_card", "changes", {"contract_id": "item"}),
)


def add_report(
    previous: Mapping[str, pa.Table], report: pa.Table, mapping: SourceMapping, reported_on: date
) -> dict[str, pa.Table]:
    """The source tables once a report is known.

    Args:
        previous: the tables of the snapshot before it, by name; a table left out is empty.
        report: the report's good rows as the gate typed them, one for each item.
        mapping: gives the columns that are not worked out.
        reported_on: the last day the report speaks for.
    """
    connection = duckdb.connect()
    for table in TABLES.values():
        _create(connection, table, previous)
    connection.register("report", report)
    connection.execute(_CHANGES, [reported_on])
    connection.execute(_DELIVERIES)
    for redate in _REDATE:
        connection.execute(redate)
    for fill in _FILLS:
        connection.execute(_renewal(fill, mapping.templates(fill.table)))
    return {name: connection.table(name).to_arrow_table() for name in TABLES}


def _create(connection: duckdb.DuckDBPyConnection, table: Table, previous: Mapping[str, pa.Table]) -> None:
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    connection.execute(f"CREATE TABLE {table.name} ({columns})")
    if table.name in previous:
        connection.register("previous", previous[table.name])
        connection.execute(f"INSERT INTO {table.name} BY NAME SELECT * FROM previous")
        connection.unregister("previous")


def _renewal(fill: _Fill, templates: Mapping[str, Template]) -> str:
    """SQL that adds a fill's rows, or renews those of the same key; of several for one key the report's last."""
    columns = {name: _expression(template) for name, template in templates.items()} | dict(fill.columns)
    selected = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    key = TABLES[fill.table].key
    same = ", ".join(columns[name] for name in key)
    return f"""
        MERGE INTO {fill.table} USING (
            SELECT {selected} FROM {fill.source}
            QUALIFY row_number() OVER (PARTITION BY {same} ORDER BY line DESC) = 1
        ) AS fresh USING ({", ".join(key)})
        WHEN MATCHED THEN UPDATE BY NAME
        WHEN NOT MATCHED THEN INSERT BY NAME
    """


def _expression(template: Template) -> str:
    """SQL for a template: the column itself where it is nothing else, so that it keeps its type; else text."""
    if template.is_single_column:
        return f'"{template.columns[0]}"'
    pieces = [literal(text) + (f""" || "{name}" """ if name else "") for text, name in template.parts]
    return " || ".join(pieces)
