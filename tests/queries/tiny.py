"""Books of a few literal rows, and their figures as text tables, so that a test is read at a glance.

A row states what its test is about; everything else has a default: contracts of client Acme in USD, booked on the
first day of 2026 and recognised on delivery; lots of hours usable in 2026 for any service. One book holds many
situations, each a contract named after what it shows; a test narrows its question to the ones it is about.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from data.integrity import arrow_type
from data.schema import TABLES
from data.snapshots import publish
from queries import catalog
from queries.book import Book

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import duckdb
    import polars as pl

    from data.schema import Table

Row = dict[str, Any]

DEFAULTS: dict[str, Row] = {
    "accounts": {},
    "contracts": {
        "account_id": "Acme",
        "owner": "Team A",
        "vehicle": "SOW",
        "booked_on": "2026-01-01",
        "starts_on": "2026-01-01",
        "currency": "USD",
        "transaction_price": 0,
        "recognition_method": "on_delivery",
        "recognition_convention": "daily",
        "draw_order": "fefo",
    },
    "lots": {"service": "consulting", "unit": "hour", "scope": "any"},
    "consumption": {"service_type": "consulting", "unit": "hour"},
    "requests": {"service_type": "consulting", "unit": "hour"},
    "rate_card": {"service_type": "consulting"},
    "remote_assessments": {"evidence": "the client was wound up"},
    "fx_rates": {"currency": "USD", "functional_currency": "EUR"},
}


def account(account_id: str, **other: object) -> Row:
    return {"account_id": account_id, "name": account_id, **other}


def contract(contract_id: str, **other: object) -> Row:
    return {"contract_id": contract_id, **other}


def lot(lot_id: str, quantity: object, amount: object, term: str = "2026-01-01..2026-12-31", **other: object) -> Row:
    """A lot of the contract of the same name; `term` is its first and last day, `2026-01-01..` if it never expires."""
    valid_from, expires_on = term.split("..")
    return {
        "lot_id": lot_id,
        "contract_id": lot_id,
        "quantity": quantity,
        "amount": amount,
        "valid_from": valid_from,
        "expires_on": expires_on or None,
        **other,
    }


def used(consumption_id: str, contract_id: str, on: str, quantity: object, **other: object) -> Row:
    return {
        "consumption_id": consumption_id,
        "contract_id": contract_id,
        "service_date": on,
        "posted_on": on,
        "quantity": quantity,
        **other,
    }


def amended(amendment_id: str, lot_id: str, on: str, kind: str, **terms: object) -> Row:
    """A change to a lot of the contract of the same name."""
    return {
        "amendment_id": amendment_id,
        "contract_id": lot_id,
        "lot_id": lot_id,
        "effective_on": on,
        "kind": kind,
        **terms,
    }


def extended(amendment_id: str, lot_id: str, on: str, until: str, **other: object) -> Row:
    return amended(amendment_id, lot_id, on, "extension", new_expires_on=until, **other)


def transferred(amendment_id: str, contract_id: str, lots: str, on: str, quantity: object, **other: object) -> Row:
    """Units moved between two lots of a contract; `lots` is `from..to`."""
    lot_id, to_lot_id = lots.split("..")
    moved = {"contract_id": contract_id, "to_lot_id": to_lot_id, "quantity": quantity}
    return amended(amendment_id, lot_id, on, "transfer", **moved, **other)


def added(amendment_id: str, lot_id: str, on: str, quantity: object, amount: object, **other: object) -> Row:
    return amended(amendment_id, lot_id, on, "add_units", quantity=quantity, amount=amount, **other)


def removed(amendment_id: str, lot_id: str, on: str, quantity: object, amount: object, **other: object) -> Row:
    return amended(amendment_id, lot_id, on, "remove_units", quantity=quantity, amount=amount, **other)


def repriced(amendment_id: str, lot_id: str, on: str, amount: object, **other: object) -> Row:
    """A price change, negative = a concession: of what is not yet delivered, unless `treatment` says it catches up."""
    terms = {"amount": amount, "treatment": "prospective"} | other
    return amended(amendment_id, lot_id, on, "price_change", **terms)


def terminated(amendment_id: str, lot_id: str, on: str, **other: object) -> Row:
    """`on` is the first day without service."""
    return amended(amendment_id, lot_id, on, "termination", **other)


def estimated(estimate_id: str, on: str, rate: object, **of: object) -> Row:
    """A breakage estimate of the whole portfolio, or `of` a contract_id or lot_id."""
    return {"estimate_id": estimate_id, "effective_on": on, "rate": rate, **of}


def assessed(assessment_id: str, contract_id: str, on: str, **other: object) -> Row:
    """A judgement that a contract, or one lot of it, will not be used any more."""
    return {"assessment_id": assessment_id, "contract_id": contract_id, "assessed_on": on, **other}


def delivered_by(consumption_id: str, **shares: object) -> list[Row]:
    """The departments of a delivery with their shares."""
    return [
        {"consumption_id": consumption_id, "department": department, "share": share}
        for department, share in shares.items()
    ]


def billed(billing_id: str, contract_id: str, on: str, amount: object, **other: object) -> Row:
    """An invoice line; a credit note is negative."""
    return {"billing_id": billing_id, "contract_id": contract_id, "billed_on": on, "amount": amount, **other}


class OpenBook(Book):
    """A book whose tables a test can look at, or spoil, with SQL."""

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """What DuckDB answers; tables, and figures without parameters, are `source.*`."""
        self._macros.ensure(catalog.asked_by(statement))
        return self._root.execute(statement).fetchall()

    @contextmanager
    def spoiled(self, by: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """The book while SQL has spoiled it; whole again afterwards."""
        self._macros.ensure(catalog.figures())
        self._root.begin()
        try:
            self._root.execute(by)
            yield self._root
        finally:
            self._root.rollback()


def book(store: Path, **tables: Sequence[Row]) -> OpenBook:
    """A book of these rows; contracts and accounts they name and don't describe are added with their defaults."""
    rows = {name: [DEFAULTS.get(name, {}) | row for row in given] for name, given in tables.items()}
    for number, row in enumerate(rows.get("consumption", [])):
        row.setdefault("line_no", number)
    named = [row["contract_id"] for given in rows.values() for row in given if row.get("contract_id")]
    _add_missing(rows, "contracts", "contract_id", named)
    owners = [row["account_id"] for name in ("contracts", "programs") for row in rows.get(name, [])]
    _add_missing(rows, "accounts", "account_id", owners)
    for row in rows["accounts"]:
        row.setdefault("name", row["account_id"])
    published = {name: _table(TABLES[name], given) for name, given in rows.items() if given}
    return OpenBook(publish(store, published, date(2027, 1, 1), {"mapping": "tiny"}))


def _add_missing(rows: dict[str, list[Row]], table: str, key: str, named: Iterable[str]) -> None:
    there = rows.setdefault(table, [])
    known = {row[key] for row in there}
    there.extend(DEFAULTS[table] | {key: name} for name in dict.fromkeys(named) if name not in known)


def _table(table: Table, rows: list[Row]) -> pa.Table:
    unknown = {name for row in rows for name in row} - {column.name for column in table.columns}
    assert not unknown, f"{table.name} has no {unknown}"
    return pa.table(
        {
            column.name: pa.array([_typed(column.type, row.get(column.name)) for row in rows], arrow_type(column))
            for column in table.columns
        }
    )


def _typed(type_: str, value: Any) -> Any:
    if value is None or type_ in ("VARCHAR", "BIGINT"):
        return value
    return date.fromisoformat(value) if type_ == "DATE" else Decimal(str(value))


def earned(book: Book, policy: str, contract_id: str, *days: str) -> list[str]:
    """What a contract has recognised by each day, as `delivery 50 breakage 20`; components of nil are left out."""
    rows = book.run("revenue_by_lot", boundaries=days, contract=contract_id).filter(policy=policy)
    return [_summed(rows.filter(rows["period_end"] <= date.fromisoformat(day))) for day in days]


def _summed(rows: pl.DataFrame) -> str:
    sums = {name: rows[name].sum() for name in ("ratable", "delivery", "breakage", "adjustment", "escheat")}
    return " ".join(f"{name} {_shown(amount)}" for name, amount in sums.items() if amount)


def across(figure: pl.DataFrame) -> list[list[str]]:
    """A figure as rows of text, its column names first."""
    return [list(figure.columns), *([_shown(value) for value in row] for row in figure.rows())]


def down(figure: pl.DataFrame) -> list[list[str]]:
    """A wide figure turned: one line for each of its columns."""
    return [list(line) for line in zip(*across(figure), strict=True)]


def text(table: str) -> list[list[str]]:
    """An expected figure; two spaces or more separate its values, `-` is an empty one."""
    return [re.split(r"  +", line.strip()) for line in table.strip().splitlines()]


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{round(value, 6):.6f}".rstrip("0").rstrip(".")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    return str(value)
