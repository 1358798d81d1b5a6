"""Small books by hand: one contract, k0, of a few literal rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from data.schema import TABLES

if TYPE_CHECKING:
    from tests.property.brute_force import Row, Rows

ACCOUNT = {"account_id": "A", "name": "A", "segment": None, "region": None}
NEW_YEAR = date(2024, 1, 1)


def _row(table: str, values: dict[str, Any]) -> Row:
    names = [column.name for column in TABLES[table].columns]
    assert not values.keys() - set(names), f"{table} has no {values.keys() - set(names)}"
    return dict.fromkeys(names) | {"contract_id": "k0"} | values


def a_contract(**values: Any) -> Row:
    """Contract k0 in USD from New Year 2024 on, booked ratable by day."""
    defaults = {
        "account_id": "A",
        "owner": "team",
        "vehicle": "SOW",
        "booked_on": NEW_YEAR,
        "starts_on": NEW_YEAR,
        "currency": "USD",
        "transaction_price": Decimal(0),
        "recognition_method": "ratable",
        "recognition_convention": "daily",
        "draw_order": "fefo",
    }
    return _row("contracts", defaults | values)


def a_lot(lot_id: str, quantity: str, valid_from: date, expires_on: date | None, **values: Any) -> Row:
    """A lot of contract k0, in hours, of any service, 1 USD an hour."""
    defaults = {
        "lot_id": lot_id,
        "service": "training",
        "unit": "hour",
        "quantity": Decimal(quantity),
        "amount": Decimal(quantity),
        "valid_from": valid_from,
        "expires_on": expires_on,
        "scope": "any",
    }
    return _row("lots", defaults | values)


def a_line(consumption_id: str, line_no: int, quantity: str, **values: Any) -> Row:
    """A line of contract k0, hours of advice on 1 January 2024."""
    defaults = {
        "consumption_id": consumption_id,
        "line_no": line_no,
        "service_date": NEW_YEAR,
        "posted_on": NEW_YEAR,
        "service_type": "advice",
        "unit": "hour",
        "quantity": Decimal(quantity),
    }
    return _row("consumption", defaults | values)


def an_amendment(kind: str, lot_id: str, effective_on: date, **values: Any) -> Row:
    """An amendment of a lot of contract k0."""
    for name in ("quantity", "amount"):
        if name in values:
            values[name] = Decimal(values[name])
    defaults = {"amendment_id": f"{kind} {lot_id}", "lot_id": lot_id, "kind": kind, "effective_on": effective_on}
    return _row("amendments", defaults | values)


def a_billing(lot_id: str | None, billed_on: date, amount: str) -> Row:
    values = {"billing_id": f"{lot_id} {billed_on} {amount}", "lot_id": lot_id, "billed_on": billed_on}
    return _row("billings", values | {"amount": Decimal(amount)})


def an_estimate(rate: str, effective_on: date, lot_id: str | None = None) -> Row:
    values = {"estimate_id": f"{rate} {effective_on}", "lot_id": lot_id, "effective_on": effective_on}
    return _row("breakage_estimates", values | {"rate": Decimal(rate)})


def an_assessment(assessed_on: date, lot_id: str | None = None) -> Row:
    values = {"assessment_id": f"{assessed_on}", "lot_id": lot_id, "assessed_on": assessed_on, "evidence": "dormant"}
    return _row("remote_assessments", values)


#: What tells the rows of a table from those of others.
KEYS = {
    "amendments": "amendment_id",
    "consumption": "consumption_id",
    "billings": "billing_id",
    "breakage_estimates": "estimate_id",
    "remote_assessments": "assessment_id",
    "lots": "quantity",
}


def small_book(*rows: Row, **values: Any) -> Rows:
    """Contract k0 with what is said of it, and the rows given."""
    book: Rows = {name: [] for name in TABLES} | {"accounts": [dict(ACCOUNT)], "contracts": [a_contract(**values)]}
    for row in rows:
        book[next(table for table, key in KEYS.items() if key in row)].append(row)
    return book
