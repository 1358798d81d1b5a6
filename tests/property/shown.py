"""A random book to read, and smaller ones to look for the smallest that still goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.property.brute_force import Rows

#: What every row of a random book says alike, or no rule reads.
BESIDE_THE_POINT = {"account_id", "owner", "vehicle", "booked_on", "starts_on", "service", "posted_on", "evidence"}


def shown(book: Rows) -> str:
    """The book's rows, one a line, with what they hold."""
    lines = []
    for table, rows in book.items():
        for row in rows if table != "accounts" else ():
            values = (f"{name}={row[name]}" for name in row if row[name] is not None and name not in BESIDE_THE_POINT)
            lines.append(f"  {table}: {' '.join(values)}")
    return "\n".join(lines)


def only(book: Rows, contract_id: str) -> Rows:
    """The book of one of its contracts, with the estimates that hold for everybody."""
    return {name: [row for row in rows if row.get("contract_id") in (None, contract_id)] for name, rows in book.items()}


def smaller(book: Rows) -> Iterator[Rows]:
    """The book with one row, and all that refers to it, left out, each in turn."""
    for table in LEFT_OUT:
        for gone in book[table]:
            rest = book | {table: [row for row in book[table] if row is not gone]}
            for _ in range(len(book["consumption"])):  # a reversal of a reversal of ...
                rest = _consistent(rest)
            yield _consistent(rest)


LEFT_OUT = (
    "contracts",
    "lots",
    "amendments",
    "consumption",
    "billings",
    "breakage_estimates",
    "remote_assessments",
    "rate_card",
)
REFERENCES = {
    "contract_id": ("contracts", "contract_id"),
    "lot_id": ("lots", "lot_id"),
    "to_lot_id": ("lots", "lot_id"),
    "reverses": ("consumption", "consumption_id"),
}


def _consistent(book: Rows) -> Rows:
    """Without the rows that refer to what is not there."""
    there: dict[str, set[object]] = {
        column: {None, *(row[key] for row in book[table])} for column, (table, key) in REFERENCES.items()
    }
    return {
        name: [row for row in rows if all(row.get(column) in there[column] for column in there)]
        for name, rows in book.items()
    }
