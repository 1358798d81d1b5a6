"""Changes of a book that R13 says something about."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.property.rounding import minor_digits

if TYPE_CHECKING:
    from random import Random

    from tests.property.brute_force import Row, Rows

TICK = Decimal("0.0001")
#: The columns of money; stand-alone prices only weigh.
MONEY = {
    "contracts": ("transaction_price",),
    "lots": ("amount",),
    "amendments": ("amount",),
    "billings": ("amount",),
    "rate_card": ("overage_rate",),
}


def nothing_expected_unused(book: Rows) -> Rows:
    """Every estimate is nil, and nobody judged further use remote (4)."""
    estimates = [row | {"rate": Decimal(0)} for row in book["breakage_estimates"]]
    return book | {"breakage_estimates": estimates, "remote_assessments": []}


def as_agreed(book: Rows) -> Rows:
    """No amendments, nothing owed to a government (5)."""
    contracts = [row | {"escheat_rate": None} for row in book["contracts"]]
    return book | {"amendments": [], "contracts": contracts}


def only_forward(book: Rows) -> Rows:
    """As agreed, nothing taken back, and estimates of use that only fall (8)."""
    estimates = [row for row in book["breakage_estimates"] if row["contract_id"] is not None]
    rates = sorted(row["rate"] for row in estimates)
    estimates.sort(key=lambda row: (row["effective_on"], row["estimate_id"]))
    falling = [row | {"lot_id": None, "rate": rate} for row, rate in zip(estimates, rates, strict=True)]
    lines = [row for row in book["consumption"] if row["quantity"] > 0]
    return as_agreed(book) | {"breakage_estimates": falling, "consumption": lines}


def in_two(book: Rows, rng: Random) -> Rows:
    """Every line that nothing takes back is two lines of the same day, one after the other (7)."""
    taken_back = {line["reverses"] for line in book["consumption"]}
    lines = []
    for line in book["consumption"]:
        first = line | {"line_no": 2 * line["line_no"]}
        part = (line["quantity"] * rng.randint(1, 9) / 10).quantize(TICK)
        if line["consumption_id"] in taken_back or not 0 < part < line["quantity"]:
            lines.append(first)
            continue
        second = {"consumption_id": f"{line['consumption_id']}+", "line_no": 2 * line["line_no"] + 1}
        lines += [first | {"quantity": part}, first | second | {"quantity": line["quantity"] - part}]
    return book | {"consumption": lines}


def other_currency(book: Rows) -> Rows:
    """As many yen as there were cents or fils, as many cents as there were yen (9)."""
    return scaled(book, times_of(book["contracts"][0])) | {
        "contracts": [
            _scaled(row, ("transaction_price",), times_of(row)) | {"currency": other_of(row)}
            for row in book["contracts"]
        ]
    }


def other_of(contract: Row) -> str:
    return "USD" if contract["currency"] == "JPY" else "JPY"


def times_of(contract: Row) -> Decimal:
    """What an amount is in the other currency."""
    return Decimal(10) ** (minor_digits(contract["currency"]) - minor_digits(other_of(contract)))


def scaled(book: Rows, times: Decimal) -> Rows:
    """Every amount so many times itself."""
    return {name: [_scaled(row, MONEY.get(name, ()), times) for row in rows] for name, rows in book.items()}


def _scaled(row: Row, columns: tuple[str, ...], times: Decimal) -> Row:
    times_of_row = {column: row[column] for column in columns if row[column] is not None}
    return row | {column: value * times for column, value in times_of_row.items()}
