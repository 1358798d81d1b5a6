"""Seeded random books, small but nasty, and the way from their rows to the source tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import gcd
from random import Random
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from data.integrity import arrow_type
from data.schema import TABLES
from data.snapshots import publish
from queries.book import Book
from tests.property.brute_force import Row, Rows, months_later, usable_until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

KNOWN_ON = date(2025, 12, 31)
SERVICES = ("advice", "build", "care")
SCOPES = ("any", "any", "any", "any", "advice", "build", "advice|build", "build|care")
PINNED_DAYS = (date(2024, 2, 29), date(2024, 2, 28), date(2023, 12, 31), date(2024, 1, 31), date(2024, 4, 30))
ACCOUNT = {"account_id": "A", "name": "A", "segment": None, "region": None}
#: Columns whose values are ids of rows, and so carry a book's prefix.
IDS = ("contract_id", "lot_id", "consumption_id", "reverses", "amendment_id", "billing_id")


@dataclass(frozen=True)
class Nastiness:
    """What a random book may hold."""

    #: reversals of more than was delivered, before it, or of nothing; lines out of their file's order
    faults: bool = True
    #: reversals and units taken back
    givebacks: bool = True
    #: amendments that take effect before their lot's first day
    early: bool = False
    contracts: int = 4


ANYTHING = Nastiness(early=True)
FAULTLESS = Nastiness(faults=False)


def seeded(seed: int) -> Random:
    """Random numbers that are the same on every run."""
    return Random(seed)  # noqa: S311 - seeded books are no secret


def random_book(rng: Random, nastiness: Nastiness = ANYTHING) -> Rows:
    """A book of 1 to `nastiness.contracts` contracts."""
    book: Rows = {name: [] for name in TABLES} | {"accounts": [dict(ACCOUNT)]}
    for number in range(rng.randint(1, nastiness.contracts)):
        _add_contract(rng, book, f"k{number}", nastiness)
    return book


def _add_contract(rng: Random, book: Rows, contract_id: str, nastiness: Nastiness) -> None:
    days = _days(rng)
    currency = rng.choice(("USD", "USD", "JPY", "KWD"))
    lots = [_lot(rng, contract_id, number, days, currency) for number in range(rng.choice((0, 1, 1, 2, 2, 3, 4, 5)))]
    book["lots"] += lots
    book["contracts"].append(
        {
            "contract_id": contract_id,
            "account_id": "A",
            "owner": "team",
            "vehicle": "SOW",
            "booked_on": min(days),
            "starts_on": min(days),
            "ends_on": rng.choice((None, max(days))),
            "currency": currency,
            "transaction_price": sum((lot["amount"] for lot in lots), Decimal(0)),
            "recognition_method": rng.choice(("ratable", "on_delivery")),
            "recognition_convention": rng.choice(("daily", "month_even", "month_half", "month_actual")),
            "draw_order": rng.choice(("fefo", "current_term_first")),
        }
    )
    book["rate_card"] += [
        {
            "contract_id": contract_id,
            "service_type": service,
            "overage_rate": _money(rng.choice((0, 150, 33.333, 0.125)), currency),
        }
        for service in SERVICES
        if rng.random() < 0.5
    ]
    book["billings"] += [_billing(rng, lot, days) for lot in lots for _ in range(rng.randint(0, 2))]
    for number, billing in enumerate(row for row in book["billings"] if row["contract_id"] == contract_id):
        billing["billing_id"] = f"{contract_id}b{number}"
    if lots:
        kinds = ("add_units", "remove_units") if nastiness.givebacks else ("add_units",)
        book["amendments"] += [
            _amendment(rng, f"{contract_id}a{number}", rng.choice(lots), rng.choice(kinds), days, early=nastiness.early)
            for number in range(rng.choice((0, 0, 0, 1, 2, 3)))
        ]
    book["consumption"] += _lines(rng, contract_id, lots, days, nastiness)


def _days(rng: Random) -> list[date]:
    """A few days everything of a contract happens on, so that dates coincide."""
    first = date(2023, 11, 1) + timedelta(days=rng.randint(0, 120))
    span = rng.choice((6, 40, 130, 500))
    days = [first + timedelta(days=rng.randint(0, span)) for _ in range(rng.randint(3, 9))]
    return sorted({*days, *rng.sample(PINNED_DAYS, rng.randint(0, 2))})


def _near(rng: Random, days: list[date]) -> date:
    return rng.choice(days) + timedelta(days=rng.choice((-1, 0, 0, 0, 1)))


def _lot(rng: Random, contract_id: str, number: int, days: list[date], currency: str) -> Row:
    valid_from = rng.choice((min, min, max))(_near(rng, days), _near(rng, days))
    expires_on = _expiry(rng, valid_from, days)
    grace_until = None
    if expires_on and rng.random() < 0.45:
        later = [day for day in days if day >= expires_on]
        grace_until = rng.choice([*later, _carried_over(expires_on, rng.randint(1, 6))])
    quantity = rng.choice((*map(Decimal, ("1", "3", "10", "12.5", "0.3333", "3.3333", "0.0001", "40")),))
    cap = None
    if grace_until and rng.random() < 0.5:
        cap = rng.choice((Decimal(0), Decimal(1), (quantity / 3).quantize(Decimal("0.0001")), quantity, quantity + 1))
    return {
        "lot_id": f"{contract_id}l{number}",
        "contract_id": contract_id,
        "service": "training",
        "unit": rng.choice(("hour", "hour", "hour", "hour", "hour", "credit")),
        "quantity": quantity,
        "amount": _money(rng.choice((0, 0.01, 1, 100, 100.04, 999.99, 1234.567, 5000)), currency),
        "valid_from": valid_from,
        "expires_on": expires_on,
        "grace_until": grace_until,
        "carry_over_cap_quantity": cap,
        "scope": rng.choice(SCOPES),
        "standalone_price": None,
    }


def _expiry(rng: Random, valid_from: date, days: list[date]) -> date | None:
    if rng.random() < 0.12:
        return None
    later = [day for day in days if day >= valid_from] or [valid_from]
    chosen = max(rng.choice(later), rng.choice(later))
    month_end = months_later(chosen.replace(day=1), 1) - timedelta(days=1)
    return rng.choice((chosen, later[-1], month_end))


def _carried_over(expires_on: date, months: int) -> date:
    """Some months later; a month-end stays a month-end (R1.3)."""
    day_after = expires_on + timedelta(days=1)
    if day_after.day == 1:
        return months_later(day_after, months) - timedelta(days=1)
    return months_later(expires_on, months)


def _money(amount: float, currency: str) -> Decimal:
    digits = {"USD": "0.01", "JPY": "1", "KWD": "0.001"}[currency]
    return Decimal(str(amount)).quantize(Decimal(digits))


def _billing(rng: Random, lot: Row, days: list[date]) -> Row:
    return {
        "contract_id": lot["contract_id"],
        "lot_id": lot["lot_id"],
        "billed_on": _near(rng, days),
        "amount": lot["amount"] * rng.choice((1, 1, 1, -1)),
        "fx_rate": None,
    }


def _amendment(rng: Random, amendment_id: str, lot: Row, kind: str, days: list[date], *, early: bool) -> Row:
    """Units at the lot's own unit price, in a quantity whose price is exact to a thousandth."""
    quantity, amount = int(lot["quantity"] * 10000), int(lot["amount"] * 1000)
    step = quantity // gcd(quantity, amount)
    times = rng.randint(1, max(1, 2 * quantity // step))
    return {
        "amendment_id": amendment_id,
        "contract_id": lot["contract_id"],
        "lot_id": lot["lot_id"],
        "kind": kind,
        "effective_on": _near(rng, days) if early else max(_near(rng, days), lot["valid_from"]),
        "quantity": Decimal(step * times) / 10000,
        "amount": Decimal(amount * step * times // quantity) / 1000,
    }


def _lines(rng: Random, contract_id: str, lots: list[Row], days: list[date], nastiness: Nastiness) -> list[Row]:
    lines: list[Row] = []
    untaken: dict[str, Decimal] = {}
    for number in range(rng.choice((0, 1, 2, 4, 6, 9, 14))):
        line = {
            "consumption_id": f"{contract_id}u{number}",
            "contract_id": contract_id,
            "lot_id": rng.choice(lots)["lot_id"] if lots and rng.random() < 0.15 else None,
            "line_no": number + 1,
            "service_date": _near(rng, days),
            "posted_on": max(days),
            "service_type": rng.choice(SERVICES),
            "unit": "credit" if rng.random() < 0.1 else "hour",
            "quantity": rng.choice((*map(Decimal, ("1", "2", "0.3333", "0.6667", "3.3334", "7", "0.0001", "0.0001")),)),
            "reverses": None,
            "project_id": None,
            "request_id": None,
        }
        reversible = [row for row in lines if untaken.get(row["consumption_id"], Decimal(0)) > 0 or nastiness.faults]
        if nastiness.givebacks and reversible and rng.random() < 0.4:
            line |= _reversal(rng, rng.choice(reversible), untaken, days, nastiness)
        else:
            untaken[line["consumption_id"]] = line["quantity"]
        lines.append(line)
    if nastiness.faults:
        if rng.random() < 0.3:
            for line, place in zip(lines, rng.sample(range(len(lines)), len(lines)), strict=True):
                line["line_no"] = place
        if lines and rng.random() < 0.1:
            lines[-1] |= {"quantity": -abs(lines[-1]["quantity"]), "reverses": None}
    return lines


def _reversal(rng: Random, original: Row, untaken: dict[str, Decimal], days: list[date], nastiness: Nastiness) -> Row:
    """Takes back a part, the rest or, with faults, anything of a line before it."""
    reverses, service_date = original["consumption_id"], original["service_date"]
    left = untaken.get(reverses, Decimal(1))
    parts = [left, left, (left / 3).quantize(Decimal("0.0001")) or left, min(left, Decimal(1))]
    on = rng.choice([day for day in [*days, max(days) + timedelta(days=1)] if day >= service_date] or [service_date])
    if nastiness.faults:
        parts += [original["quantity"].copy_abs(), left + 1]
        on = rng.choice((on, on, on, on, _near(rng, days)))
    quantity = rng.choice([part for part in parts if part > 0] or [Decimal(1)])
    if reverses in untaken:
        untaken[reverses] -= quantity
    taken = {"quantity": -quantity, "reverses": reverses, "service_date": on}
    copied = ("service_type", "unit") if nastiness.faults else ("service_type", "unit", "lot_id")
    return taken | {key: original[key] for key in copied}


# Small books by hand


def a_lot(lot_id: str, quantity: str, valid_from: date, expires_on: date | None, **changes: Any) -> Row:
    """A lot of contract k0, in hours, of any service, 1 USD an hour."""
    return {
        "lot_id": lot_id,
        "contract_id": "k0",
        "service": "training",
        "unit": "hour",
        "quantity": Decimal(quantity),
        "amount": Decimal(quantity),
        "valid_from": valid_from,
        "expires_on": expires_on,
        "grace_until": None,
        "carry_over_cap_quantity": None,
        "scope": "any",
        "standalone_price": None,
    } | changes


def a_line(consumption_id: str, line_no: int, quantity: str, **changes: Any) -> Row:
    """A line of contract k0, hours of advice on 1 January 2024."""
    return {
        "consumption_id": consumption_id,
        "contract_id": "k0",
        "lot_id": None,
        "line_no": line_no,
        "service_date": date(2024, 1, 1),
        "posted_on": date(2024, 1, 1),
        "service_type": "advice",
        "unit": "hour",
        "quantity": Decimal(quantity),
        "reverses": None,
        "project_id": None,
        "request_id": None,
    } | changes


def an_amendment(kind: str, lot_id: str, quantity: str, effective_on: date) -> Row:
    """An amendment of a lot of contract k0, 1 USD an hour."""
    return {
        "amendment_id": f"{kind} {lot_id}",
        "contract_id": "k0",
        "lot_id": lot_id,
        "kind": kind,
        "effective_on": effective_on,
        "quantity": Decimal(quantity),
        "amount": Decimal(quantity),
    }


def small_book(*rows: Row, convention: str = "daily") -> Rows:
    """Contract k0, ratable, in USD, with the lots, lines and amendments given."""
    contract = {
        "contract_id": "k0",
        "account_id": "A",
        "owner": "team",
        "vehicle": "SOW",
        "booked_on": date(2024, 1, 1),
        "starts_on": date(2024, 1, 1),
        "ends_on": None,
        "currency": "USD",
        "transaction_price": Decimal(0),
        "recognition_method": "ratable",
        "recognition_convention": convention,
        "draw_order": "fefo",
    }
    book: Rows = {name: [] for name in TABLES} | {"accounts": [dict(ACCOUNT)], "contracts": [contract]}
    for row in rows:
        table = "amendments" if "amendment_id" in row else "consumption" if "consumption_id" in row else "lots"
        book[table].append(row)
    return book


# From books to tables


def prefixed(book: Rows, number: int) -> Rows:
    """The book with every id but the account's prefixed `number.`, so that it can share tables with others."""
    return {
        name: [row | {key: f"{number}.{row[key]}" for key in IDS if row.get(key) is not None} for row in rows]
        for name, rows in book.items()
    }


def merged(books: Iterable[Rows]) -> Rows:
    """Many books, prefixed, in one; they share one account."""
    together: Rows = {name: [] for name in TABLES}
    for book in books:
        for name, rows in book.items():
            together[name] += rows
    together["accounts"] = together["accounts"][:1]
    return together


def tables(book: Rows) -> dict[str, pa.Table]:
    """The book as tables of the schema's types."""
    return {
        name: pa.Table.from_pylist(
            book[name], schema=pa.schema([(column.name, arrow_type(column)) for column in table.columns])
        )
        for name, table in TABLES.items()
    }


def source_connection(book: Rows) -> duckdb.DuckDBPyConnection:
    """A connection with the book in schema `source`, without a snapshot's checks."""
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA source")
    for name, rows in tables(book).items():
        connection.register("rows_of", rows)
        connection.execute(f"CREATE TABLE source.{name} AS SELECT * FROM rows_of")
        connection.unregister("rows_of")
    return connection


def published(book: Rows, store: Path) -> Book:
    """The book through the real path: published as a snapshot and opened."""
    return Book(publish(store, tables(book), KNOWN_ON, {}))


# To read a book


def shown(book: Rows) -> str:
    """The book's contracts, lots, amendments and lines, one a line."""
    text = []
    for contract in book["contracts"]:
        key = contract["contract_id"]
        text.append(f"contract {key} {contract['draw_order']} {contract['recognition_convention']}")
        text += [
            f"  lot {lot['lot_id']}: {lot['quantity']} {lot['unit']} for {lot['amount']} {contract['currency']},"
            f" {lot['valid_from']}..{lot['expires_on']}, grace {lot['grace_until']},"
            f" cap {lot['carry_over_cap_quantity']}, scope {lot['scope']}, usable until {usable_until(lot)}"
            for lot in book["lots"]
            if lot["contract_id"] == key
        ]
        text += [
            f"  {change['effective_on']} {change['kind']} {change['amendment_id']}: {change['quantity']}"
            f" to {change['lot_id']}"
            for change in book["amendments"]
            if change["contract_id"] == key
        ]
        text += [
            f"  {line['service_date']} line {line['consumption_id']} (no {line['line_no']}): {line['quantity']}"
            f" {line['unit']} of {line['service_type']}, pin {line['lot_id']}, reverses {line['reverses']}"
            for line in sorted(book["consumption"], key=lambda row: (row["service_date"], row["line_no"]))
            if line["contract_id"] == key
        ]
    return "\n".join(text)


def smaller(book: Rows) -> Iterable[Rows]:
    """The book with one row, and all that refers to it, left out, each in turn."""
    for table, key in (
        ("contracts", "contract_id"),
        ("lots", "lot_id"),
        ("consumption", "consumption_id"),
        ("amendments", "amendment_id"),
    ):
        for gone in book[table]:
            yield {
                name: [row for row in rows if row.get(key) != gone[key] and row.get("reverses") != gone[key]]
                for name, rows in book.items()
            }
