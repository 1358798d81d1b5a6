"""Each shipped mapping on an export with its tool's real header: what the store gets, and what is said of the rest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from data.csv_file import UnreadableError
from data.fills import fills, row_rules
from data.gate import Gate
from data.mapping_file import load_mapping, with_date_format
from data.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data.gate import Gated
    from data.mapping import SourceMapping

EXPORTS = Path(__file__).parent / "exports"
DATED_ON = date(2025, 10, 31)

#: What the store knows before: two clients with a project of the same name, and lots with the ids that exports hold.
STORE = """
    INSERT INTO accounts BY NAME SELECT * FROM (VALUES
        ('001000000000001AAA', 'Client 1'), ('001000000000002AAA', 'Client 2')) AS known(account_id, name);
    INSERT INTO contracts BY NAME SELECT * FROM (VALUES
        ('C1', '001000000000001AAA', 'USD'), ('C2', '001000000000002AAA', 'EUR')
    ) AS known(contract_id, account_id, currency);
    INSERT INTO projects BY NAME SELECT * FROM (VALUES
        ('a0P000000000001AAA', 'C1', 'Implementation'), ('a0P000000000002AAA', 'C2', 'Implementation'),
        ('P3', 'C1', 'Support')) AS known(project_id, contract_id, name);
    INSERT INTO lots BY NAME SELECT * FROM (VALUES
        ('KEY-1', 'C1', 'training unit'), ('KEY-2', 'C2', 'training day'), ('a2L000000000001AAA', 'C1', 'credit')
    ) AS known(lot_id, contract_id, unit);
"""


class Import:
    """An export taken through the gate and into the tables' rows."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection, self.folder = connection, folder
        self.count = 0

    def take(self, path: Path, mapping: SourceMapping) -> Gated:
        self.count += 1
        gate = Gate(self.connection, str(path), mapping, name=f"import_{self.count}", folder=self.folder)
        gate.apply(row_rules(mapping))
        return gate.result()

    def rows(self, path: Path, mapping: SourceMapping) -> dict[str, list[dict[str, Any]]]:
        """The rows of each table the mapping fills, in the file's order."""
        self.take(path, mapping)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW typed AS SELECT *, DATE '{DATED_ON}' AS dated_on FROM import_{self.count}"
        )
        found = {}
        for fill in fills(mapping):
            relation = self.connection.sql(f"SELECT * FROM ({fill.select}) ORDER BY ALL")
            assert relation.columns == ["line", *fill.columns]
            names = [column.name for column in TABLES[fill.table].columns if column.name in fill.columns]
            assert {name: str(type_) for name, type_ in zip(relation.columns, relation.types, strict=True)} == {
                "line": "BIGINT",
                **{name: TABLES[fill.table].column(name).type for name in names},
            }
            found[fill.table] = relation.to_arrow_table().to_pylist()
        return found


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[Import]:
    with duckdb.connect() as connection:
        for table in TABLES.values():
            columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
            connection.execute(f"CREATE TABLE {table.name} ({columns})")
        connection.execute(STORE)
        yield Import(connection, tmp_path)


#: File, mapping, and the rows of the tables it fills: line, then the columns named at the table.
CONSUMPTION = ("contract_id", "project_id", "service_date", "posted_on", "service_type", "unit", "quantity")
CREDITS = ("consumption_id", "contract_id", "lot_id", "service_date", "service_type", "unit", "quantity")
P1, P2 = "a0P000000000001AAA", "a0P000000000002AAA"


def hours(line: int, contract: str, project: str, day: str, service: str, quantity: str) -> tuple[Any, ...]:
    return (line, contract, project, date.fromisoformat(day), DATED_ON, service, "hour", Decimal(quantity))


TRACKED = {
    ("toggl.csv", "toggl"): [
        hours(2, "C1", P1, "2025-09-01", "Time", "1.5"),
        hours(3, "C1", P1, "2025-09-01", "Time", "1.5"),
        hours(4, "C2", P2, "2025-09-02", "Training", "0.5056"),
        hours(6, "C1", "P3", "2025-09-04", "Care", "0.1"),
    ],
    ("harvest.csv", "harvest"): [
        hours(2, "C1", P1, "2025-09-01", "Consulting", "7.5"),
        hours(3, "C2", P2, "2025-09-02", "Training", "0.01"),
    ],
    ("harvest_2015.csv", "harvest"): [hours(2, "C1", "P3", "2015-01-26", "Consulting", "1.25")],
    ("clockify.csv", "clockify"): [
        hours(2, "C1", P1, "2025-09-01", "Design", "1"),
        hours(3, "C2", P2, "2025-09-25", "Time", "0.33"),
    ],
    ("clockify_older.csv", "clockify"): [
        hours(2, "C1", "P3", "2025-09-25", "Care", "1"),
        hours(3, "C1", "P3", "2025-10-01", "Care", "0.5"),
    ],
    ("kimai.csv", "kimai"): [
        hours(2, "C1", P1, "2025-09-01", "Design", "1.5"),
        hours(3, "C1", P1, "2025-09-01", "Design", "0.11"),
        hours(4, "C2", P2, "2025-09-02", "Training", "0.1"),
    ],
    ("salesforce_timecards.csv", "salesforce_timecards"): [
        hours(2, "C1", P1, "2025-09-01", "Professional services", "8"),
        hours(2, "C1", P1, "2025-09-02", "Professional services", "7.5"),
        hours(2, "C1", P1, "2025-09-05", "Professional services", "8"),
        hours(3, "C2", P2, "2025-08-31", "Professional services", "2"),
        hours(3, "C2", P2, "2025-09-01", "Professional services", "8"),
    ],
}


@pytest.mark.parametrize(("file", "mapping"), TRACKED)
def test_hours_become_consumption_of_their_projects_contract(importing: Import, file: str, mapping: str) -> None:
    rows = importing.rows(EXPORTS / file, load_mapping(mapping))["consumption"]

    assert [(row["line"], *(row[name] for name in CONSUMPTION)) for row in rows] == TRACKED[file, mapping]
    ids = [row["consumption_id"] for row in rows]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith(f"{mapping}-") for name in ids)


def test_two_equal_rows_are_two_deliveries(importing: Import) -> None:
    rows = importing.rows(EXPORTS / "toggl.csv", load_mapping("toggl"))["consumption"]

    first, second = (row["consumption_id"] for row in rows[:2])
    assert (first[:-2], first[-2:], second[:-2], second[-2:]) == (second[:-2], "-1", first[:-2], "-2")


def test_a_weeks_timecard_names_its_days(importing: Import) -> None:
    rows = importing.rows(EXPORTS / "salesforce_timecards.csv", load_mapping("salesforce_timecards"))["consumption"]

    assert [row["consumption_id"] for row in rows[:2]] == [
        "salesforce_timecards-a1T000000000001AAA-2025-09-01",
        "salesforce_timecards-a1T000000000001AAA-2025-09-02",
    ]


def test_credit_purchases_become_contracts_with_a_lot(importing: Import) -> None:
    tables = importing.rows(EXPORTS / "salesforce_credit_purchases.csv", load_mapping("salesforce_credit_purchases"))

    first, second = "a2L000000000001AAA", "a2L000000000002AAA"
    client1, client2 = "001000000000001AAA", "001000000000002AAA"
    contract = ("contract_id", "account_id", "starts_on", "ends_on", "currency", "transaction_price", "draw_order")
    assert [tuple(row[name] for name in contract) for row in tables["contracts"]] == [
        (first, client1, date(2025, 1, 1), date(2025, 12, 31), "USD", Decimal(1250), "fefo"),
        (second, client2, date(2025, 7, 1), date(2026, 6, 30), "EUR", Decimal(1250), "fefo"),
    ]
    lot = ("lot_id", "contract_id", "unit", "quantity", "amount", "valid_from", "expires_on")
    assert [tuple(row[name] for name in lot) for row in tables["lots"]] == [
        (first, first, "credit", Decimal(100), Decimal(1250), date(2025, 1, 1), date(2025, 12, 31)),
        (second, second, "credit", Decimal(100_000), Decimal(1250), date(2025, 7, 1), date(2026, 6, 30)),
    ]


def test_credits_consumed_draw_on_their_purchase(importing: Import) -> None:
    mapping = load_mapping("salesforce_credit_consumption")
    rows = importing.rows(EXPORTS / "salesforce_credit_consumption.csv", mapping)["consumption"]

    lot, service = "a2L000000000001AAA", "Services credits"
    assert [tuple(row[name] for name in CREDITS) for row in rows] == [
        ("a3C000000000001AAA", "C1", lot, date(2025, 9, 1), service, "credit", Decimal(10)),
        ("a3C000000000002AAA", "C1", lot, date(2025, 9, 2), service, "credit", Decimal("0.5")),
    ]


def test_redeemed_training_units_draw_on_their_keycode(importing: Import) -> None:
    mapping = load_mapping("cornerstone_redemptions")
    rows = importing.rows(EXPORTS / "cornerstone_redemptions.csv", mapping)["consumption"]

    day = date(2025, 9, 3)
    assert [tuple(row[name] for name in CREDITS) for row in rows] == [
        ("T-1001-KEY-1", "C1", "KEY-1", day, "Training", "training unit", Decimal("2.5")),
        ("T-1001-KEY-2", "C2", "KEY-2", day, "Training", "training day", Decimal("0.5")),
    ]


def test_invoice_lines_become_billings_of_the_contract_in_the_reference(importing: Import) -> None:
    rows = importing.rows(EXPORTS / "xero_invoice_lines.csv", load_mapping("xero_invoice_lines"))["billings"]

    assert [(row["line"], row["contract_id"], row["billed_on"], row["amount"]) for row in rows] == [
        (2, "C1", date(2025, 9, 1), Decimal(1000)),
        (3, "C1", date(2025, 9, 1), Decimal(1000)),
        (4, "C2", date(2025, 9, 30), Decimal("1250.5")),
    ]
    assert len({row["billing_id"] for row in rows}) == 3
    assert all(row["billing_id"].startswith("xero_invoice_lines-INV-") for row in rows)


NEGATIVE = "is negative and names no delivery that it takes back: correct the delivery itself"
#: What each export leaves out, and what is refused: line, column, value, reason.
LEFT_OUT = {
    ("toggl.csv", "toggl"): {5: "is not billable"},
    ("harvest.csv", "harvest"): {5: "is not billable"},
    ("clockify.csv", "clockify"): {4: "is not billable"},
    ("kimai.csv", "kimai"): {5: "is not billable", 6: "is not billable", 8: "is a subtotal"},
    ("salesforce_timecards.csv", "salesforce_timecards"): {
        4: "is not approved",
        5: "is not billable",
        6: "is deleted",
    },
    ("salesforce_credit_purchases.csv", "salesforce_credit_purchases"): {4: "is deleted"},
    ("salesforce_credit_consumption.csv", "salesforce_credit_consumption"): {
        5: "is an expiry, which follows from the lot's own last day"
    },
    ("cornerstone_redemptions.csv", "cornerstone_redemptions"): {
        4: "was bought by the learner and draws on no contract",
        6: "is a total",
    },
    ("xero_invoice_lines.csv", "xero_invoice_lines"): {6: "is not issued"},
}
REFUSED = {
    "kimai.csv": [(7, "Duration", "-0:30", NEGATIVE)],
    "salesforce_timecards.csv": [
        (7, "pse__Tuesday_Hours__c", "-1.0", NEGATIVE),
        (
            8,
            "pse__Project__c",
            "a0P000000000009AAA",
            "is no projects.project_id of the store: import projects first, or correct it here",
        ),
    ],
    "salesforce_credit_purchases.csv": [
        (5, "Number_of_Services_Credits__c", "300.0", "times 33.333333 has more than 3 decimals")
    ],
    "salesforce_credit_consumption.csv": [
        (4, "pse__Services_Credits_Consumed__c", "-2.0", NEGATIVE),
        (
            6,
            "pse__Consumption_Type__c",
            "Transfer",
            "is not one of Consumption, Consumption Adjustment, Expiry",
        ),
        (
            7,
            "pse__Services_Credits_Purchase__c",
            "a2L000000000009AAA",
            "is no lots.lot_id of the store: import lots first, or correct it here",
        ),
    ],
    "cornerstone_redemptions.csv": [(5, "Keycode", "", "is required and empty")],
    "xero_invoice_lines.csv": [
        (
            5,
            "Reference",
            "C2",
            (
                "is no contracts.contract_id of the store with contracts.currency USD: "
                "import contracts first, or correct it here"
            ),
        ),
        (7, "Type", "Sales credit note", "is not one of Sales invoice"),
    ],
}


@pytest.mark.parametrize(("file", "mapping"), LEFT_OUT)
def test_every_other_row_has_a_reason(importing: Import, file: str, mapping: str) -> None:
    gated = importing.take(EXPORTS / file, load_mapping(mapping))

    left_out = {issue.line: issue.reason for issue in gated.issues if issue.is_left_out}
    assert left_out == LEFT_OUT[file, mapping]
    found = [(issue.line, issue.column, issue.value, issue.reason) for issue in gated.issues if not issue.is_left_out]
    assert found == REFUSED.get(file, [])
    assert gated.rows_in == gated.rows_used + len(left_out) + len({line for line, *_ in found})


def test_days_that_can_be_read_in_two_orders_refuse_the_file(importing: Import) -> None:
    with pytest.raises(UnreadableError) as refused:
        importing.take(EXPORTS / "clockify_ambiguous.csv", load_mapping("clockify"))

    assert (refused.value.line, refused.value.column) == (1, "Start Date")
    assert refused.value.reason == (
        "can be read as %m/%d/%Y and as %d/%m/%Y, and no row decides which; "
        'say which with --date-format "Start Date=%m/%d/%Y"'
    )


@pytest.mark.parametrize(("date_format", "day"), [("%m/%d/%Y", date(2025, 9, 1)), ("%d/%m/%Y", date(2025, 1, 9))])
def test_the_order_of_days_can_be_told(importing: Import, date_format: str, day: date) -> None:
    mapping = with_date_format(load_mapping("clockify"), "Start Date", date_format)
    rows = importing.rows(EXPORTS / "clockify_ambiguous.csv", mapping)["consumption"]

    assert [row["service_date"] for row in rows] == [day, date(2025, 9, 9)]
