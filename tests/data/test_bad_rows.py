"""Each kind of bad row: file, line, column, value and reason, and that every other row arrives as written.

All of them stand in one set of files, so that no fault may hide another or cost a good row.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from data.gate import Issue
from data.schema import TABLES
from tests.data.small_book import BOOK, expected_rows, numbered, stored_rows, taken, write_book

if TYPE_CHECKING:
    from pathlib import Path

    from data.import_report import ImportReport

_NOT_A_DATE: Final = "is not a date as declared (%Y-%m-%d)"
_NOT_A_NUMBER: Final = "is not a number as declared (plain digits)"
_NO_CALENDAR_DAY: Final = "is not a day of the calendar"
_FORMULA: Final = "is a spreadsheet formula or error, not a value"
_EMPTY: Final = "is required and empty"
_TOO_LARGE: Final = "is too large"
_TWICE: Final = "{} appears more than once"
_SHARES: Final = "is one of shares that do not add up to 1 (R12.1)"

#: A good row of each table, which a case spoils; its key is the case's own.
_TEMPLATES: Final = {
    "accounts": {"name": "Client 3"},
    "contracts": {
        "account_id": "A1",
        "owner": "Team Cedar",
        "vehicle": "SOW",
        "booked_on": "2025-01-01",
        "starts_on": "2025-01-01",
        "ends_on": "2025-12-31",
        "currency": "USD",
        "transaction_price": "100",
        "recognition_method": "on_delivery",
        "recognition_convention": "daily",
        "draw_order": "fefo",
    },
    "lots": {
        "contract_id": "C1",
        "service": "consulting",
        "unit": "hour",
        "quantity": "1",
        "amount": "10",
        "valid_from": "2025-01-01",
        "expires_on": "2025-12-31",
        "scope": "any",
    },
    "consumption": {
        "contract_id": "C1",
        "line_no": "1",
        "service_date": "2025-03-01",
        "posted_on": "2025-03-01",
        "service_type": "Design",
        "unit": "hour",
        "quantity": "1",
    },
    "consumption_departments": {"consumption_id": "D6", "department": "Design", "share": "1"},
    "billings": {"contract_id": "C1", "billed_on": "2025-01-05", "amount": "1"},
}


@dataclass(frozen=True)
class Case:
    """Rows of a table with some values as given, and what is said of each: (place of the row, column, reason).

    The value reported is what the row holds in the column.
    """

    name: str
    table: str
    rows: tuple[dict[str, str], ...]
    said: tuple[tuple[int, str | None, str], ...]


def cell(name: str, column: str, value: str, reason: str, table: str = "consumption") -> Case:
    return Case(name, table, ({column: value},), ((0, column, reason),))


CASES: Final = (
    cell("day and month by slashes", "service_date", "01/02/2025", _NOT_A_DATE),
    cell("day and month by points", "service_date", "01.02.2025", _NOT_A_DATE),
    cell("month by name", "service_date", "1 Feb 2025", _NOT_A_DATE),
    cell("ISO week", "service_date", "2025-W05-1", _NOT_A_DATE),
    cell("basic ISO date", "service_date", "20250201", _NOT_A_DATE),
    cell("two-digit year", "service_date", "25-02-01", _NOT_A_DATE),
    cell("day and time", "service_date", "2025-02-01T00:00:00Z", _NOT_A_DATE),
    cell("infinite date", "service_date", "infinity", _NOT_A_DATE),
    cell("inf in a date", "service_date", "inf", _NOT_A_DATE),
    cell("word for a date", "service_date", "today", _NOT_A_DATE),
    cell("spreadsheet serial", "service_date", "45689", _NOT_A_DATE),
    cell("30 February", "service_date", "2025-02-30", _NO_CALENDAR_DAY),
    cell("29 February of no leap year", "service_date", "2025-02-29", _NO_CALENDAR_DAY),
    cell("month 13", "service_date", "2025-13-01", _NO_CALENDAR_DAY),
    cell("year 0", "service_date", "0000-01-01", _NOT_A_DATE),
    cell("year of five digits", "service_date", "12025-02-01", _NOT_A_DATE),
    cell("before Christ", "service_date", "2025-02-01 (BC)", _NOT_A_DATE),
    cell("required date empty", "service_date", "", _EMPTY),
    cell("NaN", "quantity", "NaN", _NOT_A_NUMBER),
    cell("inf", "quantity", "inf", _NOT_A_NUMBER),
    cell("null in words", "quantity", "NULL", _NOT_A_NUMBER),
    cell("1e30", "quantity", "1e30", _NOT_A_NUMBER),
    cell("exponent", "quantity", "1.5E2", _NOT_A_NUMBER),
    cell("thousands separators", "quantity", "1,234.5", _NOT_A_NUMBER),
    cell("decimal comma", "quantity", "7,5", _NOT_A_NUMBER),
    cell("thousands by blanks", "quantity", "1 234.5", _NOT_A_NUMBER),
    cell("thousands by underscores", "quantity", "1_234", _NOT_A_NUMBER),
    cell("currency sign", "amount", "$100", _NOT_A_NUMBER, "billings"),
    cell("euro sign", "amount", "100 €", _NOT_A_NUMBER, "billings"),
    cell("parentheses", "amount", "(100.00)", _NOT_A_NUMBER, "billings"),
    cell("minus behind", "amount", "100-", _NOT_A_NUMBER, "billings"),
    cell("typographic minus", "amount", "−100", _NOT_A_NUMBER, "billings"),  # noqa: RUF001
    cell("plus sign", "amount", "+100", _NOT_A_NUMBER, "billings"),
    cell("percent", "escheat_rate", "25%", _NOT_A_NUMBER, "contracts"),
    cell("hexadecimal", "amount", "0x10", _NOT_A_NUMBER, "billings"),
    cell("fullwidth digits", "amount", "１２", _NOT_A_NUMBER, "billings"),  # noqa: RUF001
    cell("dash for nothing", "amount", "-", _NOT_A_NUMBER, "billings"),
    cell("hours by the clock", "quantity", "7:30", _NOT_A_NUMBER),
    cell("boolean for a number", "quantity", "true", _NOT_A_NUMBER),
    cell("five decimals of a quantity", "quantity", "19.99995", "has more than 4 decimals"),
    cell("four decimals of an amount", "amount", "19.9950000001", "has more than 3 decimals", "billings"),
    cell("decimals of a line's number", "line_no", "1.5", "has more than 0 decimals"),
    cell("fifteen digits before the point", "quantity", "123456789012345", _TOO_LARGE),
    cell("two hundred digits", "amount", "9" * 200, _TOO_LARGE, "billings"),
    cell("required number empty", "quantity", "", _EMPTY),
    cell("required text empty", "service_type", "", _EMPTY),
    cell("only blanks", "service_type", " \u00a0\t", _EMPTY),
    cell("formula in an id", "lot_id", "=A1", _FORMULA),
    cell("older formula", "service_type", "@SUM(A1:A3)", _FORMULA),
    cell("spreadsheet error", "service_type", "#REF!", _FORMULA),
    cell("unknown currency", "currency", "XYZ", "is no currency of ISO 4217", "contracts"),
    cell("currency in small letters", "currency", "usd", "is no currency of ISO 4217", "contracts"),
    cell("unknown unit", "unit", "hours", "is the unit of none of the contract's lots"),
    cell(
        "unknown method",
        "recognition_method",
        "monthly",
        "must be one of 'ratable', 'on_delivery', 'proportional', 'remote'",
        "contracts",
    ),
    cell("end before start", "ends_on", "2024-12-31", "is before starts_on", "contracts"),
    cell("rate above 1", "escheat_rate", "1.5", "must be from 0 to 1", "contracts"),
    cell("expiry before start", "expires_on", "2024-12-31", "is before valid_from", "lots"),
    cell("no units", "quantity", "0", "must be above 0", "lots"),
    cell("negative price", "amount", "-10", "must not be below 0", "lots"),
    cell("unknown client", "account_id", "A9", "is not in accounts.account_id", "contracts"),
    cell("unknown contract of a delivery", "contract_id", "C9", "is not in contracts.contract_id"),
    cell("case of an id", "contract_id", "c1", "is not in contracts.contract_id"),
    cell("unknown lot", "lot_id", "L9", "is not in lots.lot_id"),
    cell("lot of another contract", "lot_id", "L2", "belongs to another contract"),
    cell(
        "takes nothing back",
        "quantity",
        "-1",
        "is negative and names no delivery that it takes back: correct the delivery itself",
    ),
    Case(
        "takes back what is unknown",
        "consumption",
        ({"quantity": "-1", "reverses": "D9"},),
        ((0, "reverses", "is not in consumption.consumption_id"),),
    ),
    Case(
        "takes back with units that are not negative",
        "consumption",
        ({"quantity": "1", "reverses": "D6"},),
        ((0, "reverses", "is given for units that are not negative"),),
    ),
    Case(
        "takes back more than was delivered",
        "consumption",
        ({"consumption_id": "T1"}, {"consumption_id": "T2", "reverses": "T1", "quantity": "-1.0001"}),
        ((1, "reverses", "is taken back further than it was delivered"),),
    ),
    Case(
        "takes back twice",
        "consumption",
        (
            {"consumption_id": "T3", "quantity": "2"},
            {"consumption_id": "T4", "reverses": "T3", "quantity": "-2"},
            {"consumption_id": "T5", "reverses": "T3", "quantity": "-1"},
        ),
        tuple((place, "reverses", "is taken back further than it was delivered") for place in (1, 2)),
    ),
    Case(
        "an id twice",
        "consumption",
        ({"consumption_id": "S1"}, {"consumption_id": "S1", "quantity": "3"}),
        tuple((place, "consumption_id", _TWICE.format("consumption_id")) for place in (0, 1)),
    ),
    Case(
        "shares of less than 1",
        "consumption_departments",
        ({"department": "Design", "share": "0.5"}, {"department": "Care", "share": "0.499"}),
        tuple((place, "share", _SHARES) for place in (0, 1)),
    ),
    Case(
        "refers to a row that is refused",
        "contracts",
        ({"contract_id": "R1", "currency": "Dollar"},),
        ((0, "currency", "is no currency of ISO 4217"),),
    ),
    cell("lot of a contract that is refused", "contract_id", "R1", "is not in contracts.contract_id", "lots"),
    Case(
        "refers to a row with a bad value",
        "consumption",
        ({"consumption_id": "R2", "quantity": "x"}, {"quantity": "-1", "reverses": "R2"}),
        ((0, "quantity", _NOT_A_NUMBER), (1, "reverses", "is not in consumption.consumption_id")),
    ),
    Case(
        "several faults of one row",
        "consumption",
        ({"service_date": "x", "quantity": "y"},),
        ((0, "service_date", _NOT_A_DATE), (0, "quantity", _NOT_A_NUMBER)),
    ),
    Case(
        "a total",
        "billings",
        ({"billing_id": "Total", "contract_id": "", "billed_on": "", "amount": "17"},),
        ((0, "contract_id", _EMPTY), (0, "billed_on", _EMPTY)),
    ),
    Case(
        "only separators",
        "accounts",
        ({"account_id": "", "name": ""},),
        ((0, None, "the line is blank"),),
    ),
)


@dataclass(frozen=True)
class Outcome:
    """The files with all cases in them, what was reported, and where each case's first row stands."""

    files: dict[str, str]
    report: ImportReport
    store: Path
    lines: dict[str, list[int]]
    rows: dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("rows")
    files, lines, rows = {}, {}, {}
    for name, text in BOOK.items():
        header = numbered(text)[0][1]
        added: list[list[str]] = []
        places: dict[str, list[int]] = {}
        for case in (case for case in CASES if case.table == name):
            key = TABLES[name].key[0]
            written = [{key: f"X{CASES.index(case)}"} | _TEMPLATES[name] | changes for changes in case.rows]
            places[case.name] = list(range(len(added), len(added) + len(written)))
            rows[case.name] = written
            added.extend([row.get(column, "") for column in header] for row in written)
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(added)
        files[name] = text + out.getvalue()
        stands = [line for line, _ in numbered(files[name])][len(numbered(text)) :]
        lines |= {case: [stands[place] for place in found] for case, found in places.items()}
    report = taken(write_book(folder, files), folder / "store", accept_good=True)
    return Outcome(files, report, folder / "store", lines, rows)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_row_is_named_with_line_column_value_and_reason(outcome: Outcome, case: Case) -> None:
    file, lines = f"{case.table}.csv", outcome.lines[case.name]
    found = [issue for issue in outcome.report.issues if issue.file == file and issue.line in lines]

    assert found == [
        Issue(file, lines[place], column, outcome.rows[case.name][place][column].strip() if column else None, reason)
        for place, column, reason in case.said
    ]


def test_nothing_else_is_reported_and_every_row_counts_once(outcome: Outcome) -> None:
    refused = {(issue.file, issue.line) for issue in outcome.report.issues}
    said = {(f"{case.table}.csv", outcome.lines[case.name][place]) for case in CASES for place, _, _ in case.said}

    assert refused == said
    for file in outcome.report.files:
        assert file.rows_in == len(numbered(outcome.files[file.file.removesuffix(".csv")])) - 1
        assert file.rows_rejected == len({line for name, line in refused if name == file.file})
        assert file.rows_in == file.rows_used + file.rows_rejected + file.rows_left_out


@pytest.mark.parametrize("table", list(BOOK))
def test_every_other_row_arrives_exactly_as_written(outcome: Outcome, table: str) -> None:
    refused = frozenset(issue.line for issue in outcome.report.issues if issue.file == f"{table}.csv")

    assert stored_rows(outcome.store, table) == expected_rows(table, outcome.files[table], refused)
