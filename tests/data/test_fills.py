"""What a mapping of the kind `rows` does with good rows: ids, look-ups, weekdays, products, and what it refuses."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from data.fills import fills, row_rules, skip_conditions
from data.mapping_file import load_mapping
from data.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from data.mapping import SourceMapping

HOURS = """
kind = "rows"
replaces_period = true

[columns.project]
names = ["Project"]
type = "text"
required = true

[columns.client]
names = ["Client"]
type = "text"

[columns.worked_on]
names = ["Date"]
type = "date"
required = true
formats = ["%Y-%m-%d"]

[columns.hours]
names = ["Hours"]
type = "duration"
required = true
formats = ["decimal"]

[columns.sunday]
names = ["Sunday"]
type = "decimal"

[columns.price]
names = ["Price"]
type = "decimal"
required = true

[columns.reverses]
names = ["Reverses"]
type = "text"

[[skip]]
column = "client"
is = ["Client 9", "Team Cedar's own"]
reason = "is internal"

[[skip]]
empty = ["project", "worked_on"]
reason = "is a total"

[tables.consumption]
consumption_id = "hours-{fingerprint}"
contract_id = { take = "projects.contract_id", where = { "accounts.name" = "{client}", "projects.name" = "{project}" } }
service_date = "{worked_on}"
posted_on = "{dated_on}"
service_type = "Work"
unit = "hour"
quantity = "{hours}"
line_no = "{line}"
"""
REVERSES = HOURS.replace('line_no = "{line}"', 'reverses = "{reverses}"')
WEEK = HOURS.replace(
    "[tables", '[unpivot]\nfrom = "worked_on"\nweekdays = { hours = 1, sunday = 7 }\n\n[tables'
).replace('hours-{fingerprint}"', 'hours-{project}-{day}"')
WEEK = WEEK.replace('"{worked_on}"', '"{day}"').replace('"{hours}"', '"{day_value}"')
BILLS = """
[tables.billings]
billing_id = "hours-{fingerprint}"
contract_id = "C1"
billed_on = "{worked_on}"
amount = { product = ["hours", "price"] }

[tables.rate_card]
contract_id = "hours-C1"
service_type = "{project}"
overage_rate = "{price}"
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        for table in TABLES.values():
            columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
            opened.execute(f"CREATE TABLE {table.name} ({columns})")
        opened.execute(
            """
            INSERT INTO accounts BY NAME SELECT * FROM (VALUES
                ('A1', 'Client 1'), ('A2', 'Client 2')) t(account_id, name);
            INSERT INTO contracts BY NAME SELECT * FROM (VALUES ('C1', 'A1'), ('C2', 'A2')) t(contract_id, account_id);
            INSERT INTO projects BY NAME SELECT * FROM (VALUES
                ('P1', 'C1', 'Website'), ('P2', 'C2', 'Website'), ('P3', 'C1', 'Care'), ('P4', 'C1', 'Care')
            ) t(project_id, contract_id, name);
            """
        )
        yield opened


def load(tmp_path: Path, text: str) -> SourceMapping:
    path = tmp_path / "hours.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(str(path))


def take(connection: duckdb.DuckDBPyConnection, mapping: SourceMapping, *rows: dict[str, Any]) -> None:
    """Put rows into `typed`: Website for Client 1, 1.5 hours on Monday 1 September, unless told otherwise."""
    usual = {"project": "Website", "client": "Client 1", "worked_on": date(2025, 9, 1), "hours": 1.5, "price": 100}
    columns = ", ".join(f"{column.quoted} {column.sql_type}" for column in mapping.columns.values())
    connection.execute(f"CREATE OR REPLACE TABLE typed (line BIGINT, dated_on DATE, {columns})")
    for line, row in enumerate(rows, start=2):
        values = [line, date(2025, 10, 31), *((usual | row).get(name) for name in mapping.columns)]
        connection.execute(f"INSERT INTO typed VALUES ({', '.join('?' * len(values))})", values)


def filled(connection: duckdb.DuckDBPyConnection, mapping: SourceMapping, table: str) -> list[dict[str, Any]]:
    fill = next(fill for fill in fills(mapping) if fill.table == table)
    rows = connection.sql(f"SELECT * FROM ({fill.select}) ORDER BY ALL").to_arrow_table().to_pylist()
    assert all(tuple(row) == ("line", *fill.columns) for row in rows)
    return rows


def refused(connection: duckdb.DuckDBPyConnection, mapping: SourceMapping) -> list[tuple[int, str, str]]:
    return sorted(
        (line, rule.column, why)
        for rule in row_rules(mapping)
        for line, why in connection.execute(f"SELECT line, {rule.reason} FROM typed WHERE {rule.condition}").fetchall()
    )


def test_a_row_fills_every_column_in_the_schemas_type(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    mapping = load(tmp_path, HOURS)
    take(connection, mapping, {})

    (row,) = filled(connection, mapping, "consumption")
    assert row | {"consumption_id": ""} == {
        "line": 2,
        "consumption_id": "",
        "contract_id": "C1",
        "service_date": date(2025, 9, 1),
        "posted_on": date(2025, 10, 31),
        "service_type": "Work",
        "unit": "hour",
        "quantity": Decimal("1.5000"),
        "line_no": 2,
    }
    assert refused(connection, mapping) == []


def test_a_value_is_reported_under_the_column_it_comes_from(tmp_path: Path) -> None:
    (fill,) = fills(load(tmp_path, WEEK))

    assert fill.headers["contract_id"] == "client"
    assert fill.headers["consumption_id"] == "project"
    assert fill.headers["quantity"] == "worked_on"  # of seven columns none is the row's own
    assert "unit" not in fill.headers


def test_a_fingerprint_outlives_order_and_counts_equal_rows(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    mapping = load(tmp_path, HOURS)
    rows = [{}, {"hours": 2}, {}, {"client": None, "project": "Care"}]
    take(connection, mapping, *rows)
    first = [row["consumption_id"] for row in filled(connection, mapping, "consumption")]
    take(connection, mapping, *reversed(rows))
    second = [row["consumption_id"] for row in filled(connection, mapping, "consumption")]

    assert sorted(first) == sorted(second)
    assert len(set(first)) == 4
    assert (first[0][:-2], first[0][-2:], first[2][-2:]) == (first[2][:-2], "-1", "-2")


def test_an_empty_value_is_not_the_text_of_its_neighbour(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    mapping = load(tmp_path, HOURS)
    take(connection, mapping, {"client": "Client 1", "reverses": None}, {"client": None, "reverses": "Client 1"})

    first, second = (row["consumption_id"][:-2] for row in filled(connection, mapping, "consumption"))
    assert first != second


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"client": "Client 2"}, []),
        ({"project": "Care"}, []),  # two projects of one contract
        ({"project": "Care", "client": None}, []),
        (
            {"client": None},
            [(2, "project", "is the projects.name of several projects whose contract_id differs: give each its own")],
        ),
        (
            {"client": "Client 3"},
            [
                (
                    2,
                    "project",
                    (
                        "is no projects.name of the store with accounts.name Client 3: "
                        "import projects first, or correct it here"
                    ),
                )
            ],
        ),
        (
            {"project": "website", "client": None},
            [(2, "project", "is no projects.name of the store: import projects first, or correct it here")],
        ),
    ],
)
def test_a_look_up_finds_one_contract_or_says_why_not(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, row: dict[str, Any], expected: list[tuple[int, str, str]]
) -> None:
    mapping = load(tmp_path, HOURS)
    take(connection, mapping, row)

    assert refused(connection, mapping) == expected


def test_weekdays_fall_into_the_week_whatever_day_it_starts(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    mapping = load(tmp_path, WEEK)
    take(
        connection,
        mapping,
        {"sunday": 2},
        {"worked_on": date(2025, 9, 7), "sunday": 4, "hours": 0},
        {"worked_on": date(2025, 9, 13), "hours": 8, "sunday": None},
    )

    assert [
        (row["line"], row["consumption_id"], row["service_date"], row["quantity"])
        for row in filled(connection, mapping, "consumption")
    ] == [
        (2, "hours-Website-2025-09-01", date(2025, 9, 1), Decimal("1.5")),
        (2, "hours-Website-2025-09-07", date(2025, 9, 7), Decimal(2)),
        (3, "hours-Website-2025-09-07", date(2025, 9, 7), Decimal(4)),
        (4, "hours-Website-2025-09-15", date(2025, 9, 15), Decimal(8)),
    ]


NEGATIVE = "is negative and names no delivery that it takes back: correct the delivery itself"


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        (HOURS, {"hours": -1}, [(2, "hours", NEGATIVE)]),
        (WEEK, {"sunday": -1}, [(2, "sunday", NEGATIVE)]),
        (REVERSES, {"hours": -1}, [(2, "hours", NEGATIVE)]),
        (REVERSES, {"hours": -1, "reverses": "hours-1"}, []),
    ],
)
def test_a_negative_delivery_names_the_one_it_takes_back(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    text: str,
    row: dict[str, Any],
    expected: list[tuple[int, str, str]],
) -> None:
    mapping = load(tmp_path, text)
    take(connection, mapping, row)

    assert refused(connection, mapping) == expected


def test_a_product_is_exact_or_refused(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    mapping = load(tmp_path, HOURS + BILLS)
    take(
        connection,
        mapping,
        {"hours": "0.0125", "price": "80000000000"},
        {"hours": "33.3333"},
        {"hours": "0.3333", "price": "33.33"},
    )

    assert refused(connection, mapping) == [(4, "hours", "times 33.3300 has more than 3 decimals")]
    assert [row["amount"] for row in filled(connection, mapping, "billings")][:2] == [
        Decimal("1000000000.000"),
        Decimal("3333.330"),
    ]


def test_a_number_too_large_for_its_target_is_refused(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    mapping = load(tmp_path, HOURS + BILLS)
    take(connection, mapping, {"price": "1234567890123"}, {"hours": 90_000, "price": "99999999999"})

    assert refused(connection, mapping) == [
        (2, "price", "is too large"),
        (3, "hours", "times 99999999999.0000 is too large"),
    ]


def test_skips_are_conditions_on_texts(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    mapping = load(tmp_path, HOURS)
    connection.execute(
        """CREATE TABLE texts AS SELECT * FROM (VALUES
            (1, 'Website', 'Client 9', ''), (2, 'Website', 'Team Cedar''s own', 'x'), (3, '', '', ''),
            (4, '', '', '2025-09-01'), (5, 'Website', '', '')) t(line, project, client, worked_on)"""
    )
    found = [
        (column, reason, connection.execute(f"SELECT list(line ORDER BY line) FROM texts WHERE {condition}").fetchall())
        for column, condition, reason in skip_conditions(mapping)
    ]

    assert found == [("client", "is internal", [([1, 2],)]), ("project", "is a total", [([3],)])]
