"""Which lots of a random book were billed for what was agreed, and so must end with nothing left to recognise."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tests.property.brute_force import lot_amounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.property.brute_force import Row
    from tests.property.portfolio import Portfolio

NIL = Fraction(0)
#: The sign with which an amendment's amount counts into the price.
SIGNS = {"add_units": 1, "remove_units": -1, "price_change": 1}


def billed_as_agreed(books: Portfolio, contract: Row) -> Iterator[tuple[list[str], Fraction]]:
    """(lots, what they were billed): each lot by itself, or all where units or billings don't keep to one.

    A lot that was ended early is settled at whatever it was billed. Not so where a billing names no lot and others of
    the contract go on: nobody can say then for which lot it is.
    """
    key = contract["contract_id"]
    lots, changes, billings = (books.expected.of_contract(name, key) for name in ("lots", "amendments", "billings"))
    agreed = lot_amounts(contract, lots)
    for change in changes:
        agreed[change["lot_id"]] += SIGNS.get(change["kind"], 0) * Fraction(change["amount"] or 0)
    ended = {row["lot_id"] for row in changes if row["kind"] == "termination"}
    billed = dict.fromkeys([*agreed, None], NIL)
    for row in billings:
        billed[row["lot_id"]] += Fraction(row["amount"])
    names_lots = all(row["lot_id"] for row in billings)
    total = sum(billed.values(), NIL)
    if not _could_be_taken_back(books, changes):
        return
    if names_lots:
        settled = [name for name in agreed if name in ended or billed[name] == agreed[name]]
        if all(row["kind"] != "transfer" for row in changes):
            yield from (([name], billed[name]) for name in settled)
        elif len(settled) == len(agreed):
            yield settled, total
    elif len(ended) == len(agreed) or (not ended and total == sum(agreed.values())):
        yield list(agreed), total


def _could_be_taken_back(books: Portfolio, changes: list[Row]) -> bool:
    """Units that were not left can't be taken back: a credit note for them is a mistake, and stays one."""
    moved = books.expected.reading.moved
    return all(
        change["quantity"] == moved.get(change["amendment_id"], (None,))[0]
        for change in changes
        if change["kind"] == "remove_units"
    )
