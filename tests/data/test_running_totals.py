"""Reports in, whole tables out. One item, A1, of Water with Vendor 1, unless a test says otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from data.running_totals import add_report
from data.snapshots import publish

if TYPE_CHECKING:
    from pathlib import Path

    from data.mapping import SourceMapping

Q1, Q2, Q3, Q4 = date(2013, 9, 30), date(2013, 12, 31), date(2014, 3, 31), date(2014, 6, 30)
START, END = date(2013, 7, 1), date(2014, 5, 31)
Tables = dict[str, pa.Table]


def report(*rows: dict[str, Any]) -> pa.Table:
    """A report as the gate types it; a row says only what differs from item A1, 100 bought and 10 used."""
    usual = {
        "item": "A1",
        "department": "Water",
        "vendor": "Vendor 1",
        "service": "Legal Services",
        "starts_on": START,
        "ends_on": END,
        "amount": "100",
        "used_to_date": "10",
    }
    filled = [usual | row | {"line": line} for line, row in enumerate(rows, start=2)]
    table = pa.Table.from_pylist(filled)
    for name in ("amount", "used_to_date"):
        exact = pa.array([Decimal(row[name]) for row in filled], pa.decimal128(18, 4))
        table = table.set_column(table.column_names.index(name), name, exact)
    return table


def after(mapping: SourceMapping, *reports: tuple[date, pa.Table]) -> Tables:
    tables: Tables = {}
    for reported_on, rows in reports:
        tables = add_report(tables, rows, mapping, reported_on)
    return tables


def rows(tables: Tables, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a table as texts, in their order."""
    picked = tables[table].select(list(columns)).to_pylist()
    return sorted(tuple(None if value is None else plain(value) for value in row.values()) for row in picked)


def plain(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def consumption(tables: Tables) -> list[tuple[Any, ...]]:
    return rows(tables, "consumption", "consumption_id", "lot_id", "line_no", "service_date", "quantity", "reverses")


def test_a_first_report_is_contract_lot_billing_and_consumption(philadelphia: SourceMapping, tmp_path: Path) -> None:
    tables = after(philadelphia, (Q1, report({})))

    assert tables["accounts"].to_pylist() == [
        {"account_id": "Vendor 1", "name": "Vendor 1", "segment": None, "region": None}
    ]
    assert tables["contracts"].to_pylist() == [
        {
            "contract_id": "A1",
            "account_id": "Vendor 1",
            "owner": "Water",
            "vehicle": "professional services contract",
            "booked_on": START,
            "starts_on": START,
            "ends_on": END,
            "currency": "USD",
            "transaction_price": Decimal(100),
            "recognition_method": "on_delivery",
            "recognition_convention": "daily",
            "draw_order": "fefo",
            "escheat_rate": None,
        }
    ]
    assert tables["lots"].to_pylist() == [
        {
            "lot_id": "A1",
            "contract_id": "A1",
            "service": "Legal Services",
            "unit": "USD",
            "quantity": Decimal(100),
            "amount": Decimal(100),
            "valid_from": START,
            "expires_on": END,
            "grace_until": None,
            "carry_over_cap_quantity": None,
            "scope": "any",
            "standalone_price": None,
        }
    ]
    assert tables["billings"].to_pylist() == [
        {
            "billing_id": "A1-bought",
            "contract_id": "A1",
            "lot_id": "A1",
            "billed_on": START,
            "amount": Decimal(100),
            "fx_rate": None,
        }
    ]
    assert tables["consumption"].to_pylist() == [
        {
            "consumption_id": "A1-2013-09-30-1",
            "contract_id": "A1",
            "lot_id": "A1",
            "line_no": 1,
            "service_date": Q1,
            "posted_on": Q1,
            "service_type": "Legal Services",
            "unit": "USD",
            "quantity": Decimal(10),
            "reverses": None,
            "project_id": None,
            "request_id": None,
        }
    ]
    assert tables["consumption_departments"].to_pylist() == [
        {"consumption_id": "A1-2013-09-30-1", "department": "Water", "share": Decimal(1)}
    ]
    assert tables["rate_card"].to_pylist() == [
        {"contract_id": "A1", "service_type": "Legal Services", "overage_rate": Decimal(1)}
    ]
    assert tables["amendments"].num_rows == 0
    assert publish(tmp_path, tables, Q1, {}).row_count("lots") == 1


def test_a_rise_is_consumption_and_no_rise_is_none(philadelphia: SourceMapping) -> None:
    tables = after(
        philadelphia,
        (Q1, report({"used_to_date": "0"})),
        (Q2, report({"used_to_date": "25.50"})),
        (Q3, report({"used_to_date": "25.5"})),
        (Q4, report({"used_to_date": "140"})),
    )

    assert consumption(tables) == [
        ("A1-2013-12-31-1", "A1", "1", "2013-12-31", "25.5", None),
        ("A1-2014-06-30-1", "A1", "2", "2014-05-31", "114.5", None),
    ]
    assert rows(tables, "consumption", "posted_on") == [("2013-12-31",), ("2014-06-30",)]
    assert rows(tables, "lots", "quantity") == [("100",)]


def test_a_fall_takes_back_the_last_deliveries_first(philadelphia: SourceMapping, tmp_path: Path) -> None:
    totals = (Q1, "10"), (Q2, "30"), (Q3, "60"), (Q4, "5")
    tables = after(philadelphia, *((day, report({"used_to_date": total})) for day, total in totals))

    assert consumption(tables) == [
        ("A1-2013-09-30-1", "A1", "1", "2013-09-30", "10", None),
        ("A1-2013-12-31-1", "A1", "2", "2013-12-31", "20", None),
        ("A1-2014-03-31-1", "A1", "3", "2014-03-31", "30", None),
        ("A1-2014-06-30-1", "A1", "4", "2014-05-31", "-30", "A1-2014-03-31-1"),
        ("A1-2014-06-30-2", "A1", "5", "2014-05-31", "-20", "A1-2013-12-31-1"),
        ("A1-2014-06-30-3", "A1", "6", "2014-05-31", "-5", "A1-2013-09-30-1"),
    ]
    assert tables["consumption_departments"].num_rows == 6
    assert publish(tmp_path, tables, Q4, {}).row_count("consumption") == 6


def test_a_delivery_is_never_taken_back_twice(philadelphia: SourceMapping) -> None:
    totals = (Q1, "10"), (Q2, "30"), (Q3, "15"), (Q4, "4")
    tables = after(philadelphia, *((day, report({"used_to_date": total})) for day, total in totals))

    assert consumption(tables)[2:] == [
        ("A1-2014-03-31-1", "A1", "3", "2014-03-31", "-15", "A1-2013-12-31-1"),
        ("A1-2014-06-30-1", "A1", "4", "2014-05-31", "-5", "A1-2013-12-31-1"),
        ("A1-2014-06-30-2", "A1", "5", "2014-05-31", "-6", "A1-2013-09-30-1"),
    ]


def test_items_whose_ids_begin_alike_keep_their_own_billings(philadelphia: SourceMapping) -> None:
    other = {"item": "A1-2013-12-31", "amount": "777"}
    tables = after(philadelphia, (Q1, report({}, other)), (Q2, report({"amount": "150"}, other)))

    assert rows(tables, "billings", "contract_id", "amount") == [("A1", "100"), ("A1", "50"), ("A1-2013-12-31", "777")]


def test_a_term_moved_by_a_later_report_keeps_what_was_paid_within_the_amount(philadelphia: SourceMapping) -> None:
    moved = report({"amount": "150", "starts_on": date(2013, 8, 1), "ends_on": date(2013, 8, 31)})
    tables = after(philadelphia, (Q1, report({"amount": "120"})), (Q2, moved))

    assert [line[3:5] for line in consumption(tables)] == [("2013-08-31", "10")]
    assert rows(tables, "amendments", "effective_on", "quantity") == [("2013-08-31", "30")]


def test_no_reversal_comes_before_its_delivery(philadelphia: SourceMapping) -> None:
    shortened = report({"used_to_date": "4", "ends_on": date(2013, 8, 31)})
    tables = after(philadelphia, (Q1, report({})), (Q2, shortened))

    assert [line[3:5] for line in consumption(tables)] == [("2013-08-31", "10"), ("2013-08-31", "-6")]


def test_all_can_be_taken_back_and_used_again(philadelphia: SourceMapping) -> None:
    totals = (Q1, "10"), (Q2, "0"), (Q3, "7"), (Q4, "0")
    tables = after(philadelphia, *((day, report({"used_to_date": total})) for day, total in totals))

    assert [(line[4], line[5]) for line in consumption(tables)] == [
        ("10", None),
        ("-10", "A1-2013-09-30-1"),
        ("7", None),
        ("-7", "A1-2014-03-31-1"),
    ]


def test_a_changed_amount_is_an_amendment_and_a_billing(philadelphia: SourceMapping, tmp_path: Path) -> None:
    amounts = (Q1, "100"), (Q2, "150"), (Q3, "150"), (Q4, "120.25")
    tables = after(philadelphia, *((day, report({"amount": amount})) for day, amount in amounts))

    assert rows(tables, "amendments", "amendment_id", "lot_id", "kind", "effective_on", "quantity", "amount") == [
        ("A1-2013-12-31", "A1", "add_units", "2013-12-31", "50", "50"),
        ("A1-2014-06-30", "A1", "remove_units", "2014-05-31", "29.75", "29.75"),
    ]
    assert rows(tables, "billings", "billing_id", "lot_id", "billed_on", "amount") == [
        ("A1-2013-12-31", "A1", "2013-12-31", "50"),
        ("A1-2014-06-30", "A1", "2014-05-31", "-29.75"),
        ("A1-bought", "A1", "2013-07-01", "100"),
    ]
    assert rows(tables, "lots", "quantity", "amount") == [("100", "100")]
    assert rows(tables, "contracts", "transaction_price") == [("100",)]
    assert publish(tmp_path, tables, Q4, {}).row_count("amendments") == 2


def test_an_amount_of_zero_is_a_contract_without_a_lot(philadelphia: SourceMapping, tmp_path: Path) -> None:
    tables = after(philadelphia, (Q1, report({"amount": "0"})))

    assert rows(tables, "contracts", "contract_id", "transaction_price") == [("A1", "0")]
    assert [tables[name].num_rows for name in ("lots", "billings", "amendments")] == [0, 0, 0]
    assert consumption(tables) == [("A1-2013-09-30-1", None, "1", "2013-09-30", "10", None)]
    assert rows(tables, "rate_card", "service_type", "overage_rate") == [("Legal Services", "1")]
    assert publish(tmp_path, tables, Q1, {}).row_count("contracts") == 1


def test_the_lot_appears_with_the_first_amount(philadelphia: SourceMapping) -> None:
    tables = after(
        philadelphia,
        (Q1, report({"amount": "0"})),
        (Q2, report({"amount": "80", "used_to_date": "30"})),
    )

    assert rows(tables, "lots", "lot_id", "quantity", "valid_from") == [("A1", "80", "2013-07-01")]
    assert rows(tables, "billings", "billing_id", "billed_on", "amount") == [("A1-bought", "2013-07-01", "80")]
    assert rows(tables, "contracts", "transaction_price") == [("80",)]
    assert tables["amendments"].num_rows == 0
    assert [line[:2] for line in consumption(tables)] == [("A1-2013-09-30-1", None), ("A1-2013-12-31-1", "A1")]


def test_a_lot_can_be_amended_to_nothing_and_back(philadelphia: SourceMapping) -> None:
    amounts = (Q1, "100"), (Q2, "0"), (Q3, "40")
    tables = after(philadelphia, *((day, report({"amount": amount})) for day, amount in amounts))

    assert rows(tables, "amendments", "kind", "quantity") == [("add_units", "40"), ("remove_units", "100")]
    assert rows(tables, "lots", "quantity") == [("100",)]


def test_the_latest_facts_win_and_older_consumption_keeps_its_own(philadelphia: SourceMapping) -> None:
    changed = {
        "department": "Law",
        "vendor": "Vendor 2",
        "service": "Consulting",
        "starts_on": date(2013, 8, 1),
        "ends_on": date(2014, 1, 15),
        "used_to_date": "25",
    }
    tables = after(philadelphia, (Q1, report({})), (Q3, report(changed)))

    assert rows(tables, "contracts", "account_id", "owner", "starts_on", "ends_on") == [
        ("Vendor 2", "Law", "2013-08-01", "2014-01-15")
    ]
    assert rows(tables, "lots", "service", "valid_from", "expires_on") == [("Consulting", "2013-08-01", "2014-01-15")]
    assert rows(tables, "billings", "billed_on") == [("2013-08-01",)]
    assert rows(tables, "consumption", "service_date", "service_type", "quantity") == [
        ("2013-09-30", "Legal Services", "10"),
        ("2014-01-15", "Consulting", "15"),
    ]
    assert rows(tables, "consumption_departments", "department") == [("Law",), ("Water",)]
    assert rows(tables, "rate_card", "service_type") == [("Consulting",), ("Legal Services",)]
    assert rows(tables, "accounts", "account_id") == [("Vendor 1",), ("Vendor 2",)]


def test_an_item_not_reported_keeps_its_last_state(philadelphia: SourceMapping) -> None:
    first = after(philadelphia, (Q1, report({}, {"item": "B2"})))
    second = add_report(first, report({"item": "B2", "used_to_date": "12"}), philadelphia, Q2)

    assert [row for row in second["contracts"].to_pylist() if row["contract_id"] == "A1"] == [
        row for row in first["contracts"].to_pylist() if row["contract_id"] == "A1"
    ]
    assert rows(second, "consumption", "contract_id", "quantity") == [("A1", "10"), ("B2", "10"), ("B2", "2")]


def test_tables_the_reports_say_nothing_about_stay(philadelphia: SourceMapping) -> None:
    before = after(philadelphia, (Q1, report({})))
    programs = pa.table({"program_id": ["P"], "account_id": ["Vendor 1"], "name": ["Programme"]})

    tables = add_report(before | {"programs": programs}, report({}), philadelphia, Q2)

    assert tables["programs"].to_pylist() == programs.to_pylist()
    assert tables["consumption"].to_pylist() == before["consumption"].to_pylist()
